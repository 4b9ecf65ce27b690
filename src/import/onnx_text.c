/* SPDX-License-Identifier: ISC
 *
 * Categories: a text is the code of its column's dictionary or of a list that
 * an encoder made, a number is looked up. Either way a table says what it
 * becomes.
 */
#include "import/onnx_graph.h"

#include <math.h>

/* Of texts that an encoder makes of others: they are few. */
enum { DICT_MAX = 4096 };

/* Comparisons of constants with keys in a whole graph: a second of them, far
 * more than any converter's graph asks for. */
#define COMPARED_MAX ((uint64_t)1 << 30)

bool
onnx_charge(struct onnx *g, uint64_t values, uint64_t keys, struct err *err)
{
	uint64_t n;

	if (__builtin_mul_overflow(values, keys, &n) ||
	    n > COMPARED_MAX - g->compared)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "it looks %ju values up among %ju, with those before it "
		    "more than the %ju comparisons allowed", (uintmax_t)values,
		    (uintmax_t)keys, (uintmax_t)COMPARED_MAX);
	g->compared += n;
	return true;
}

/* Whether a constant is the key. */
static bool
is_key(const struct onnx_elem *x, const struct onnx_elem *key)
{
	if (x->kind != key->kind)
		return false;
	if (x->kind == ELEM_STRING)
		return str_eq(x->text, key->text);
	return x->number == key->number ||
	    (isnan(x->number) && isnan(key->number));
}

static const struct onnx_elem *
find(const struct onnx_elem *x, const struct onnx_elem *keys,
    const struct onnx_elem *values, uint32_t n, const struct onnx_elem *none)
{
	for (uint32_t i = 0; i < n; i++)
		if (is_key(x, &keys[i]))
			return &values[i];
	return none;
}

/* The code that each key is in x: `entry`, of n_entries. A key that x cannot
 * be, or that stands before, has none: SIZE_MAX. */
struct places {
	size_t *entry;
	size_t n_entries;
	uint32_t slot; /* of the codes */
};

static bool
text_places(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *keys, uint32_t n, struct places *ret,
    struct err *err)
{
	ret->slot = x->slot;
	if (x->dict != NULL && !onnx_charge(g, n, x->dict->n, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t code = 0;

		ret->entry[i] = SIZE_MAX;
		if (keys[i].kind != ELEM_STRING)
			return onnx_cannot(err, "a text is compared with "
			    "numbers");
		if (x->dict != NULL)
			while (code < x->dict->n &&
			    !str_eq(x->dict->texts[code], keys[i].text))
				code++;
		else if (!model_build_code(g->im->build, x->slot,
			keys[i].text, &code, err))
			return false;
		if (x->dict == NULL || code < x->dict->n)
			ret->entry[i] = TABLE_CODES + (size_t)code;
	}
	ret->n_entries = TABLE_CODES + (x->dict != NULL ? x->dict->n :
	    model_build_codes(g->im->build, x->slot));
	return true;
}

static bool
number_places(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *keys, uint32_t n, struct places *ret,
    struct err *err)
{
	double *values = ARENA_ARRAY(g->im->mem, n, double);
	struct onnx_map seen = {0};
	uint32_t n_values = 0;

	if (values == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++) {
		union {
			double d;
			uint64_t u;
		} key = {.d = keys[i].number + 0.0};

		ret->entry[i] = SIZE_MAX;
		if (keys[i].kind != ELEM_NUMBER)
			return onnx_cannot(err, "a number is compared with "
			    "texts");
		if (isnan(keys[i].number)) {
			ret->entry[i] = TABLE_MISSING;
			continue;
		}
		if (onnx_map_get(&seen, key.u) != NULL)
			continue;
		if (!onnx_map_put(g->im->mem, &seen, key.u, n_values))
			return onnx_full(g, err);
		ret->entry[i] = TABLE_CODES + (size_t)n_values;
		values[n_values++] = keys[i].number;
	}
	ret->n_entries = TABLE_CODES + (size_t)n_values;
	return model_build_lookup(g->im->build, x->slot, values, n_values,
	    &ret->slot, err);
}

static bool
find_places(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *keys, uint32_t n, struct places *ret,
    struct err *err)
{
	ret->entry = ARENA_ARRAY(g->im->mem, n, size_t);
	if (ret->entry == NULL)
		return onnx_full(g, err);
	return x->kind == ELEM_TEXT ?
	    text_places(g, x, keys, n, ret, err) :
	    number_places(g, x, keys, n, ret, err);
}

/* Texts as their codes in a new list. */
static bool
make_dict(struct onnx *g, const struct onnx_elem *values, uint32_t n,
    const struct onnx_elem *none, const struct onnx_dict **ret, double *codes,
    double *none_code, struct err *err)
{
	struct onnx_dict *dict = ARENA_NEW(g->im->mem, struct onnx_dict);
	struct str *texts = ARENA_ARRAY(g->im->mem, (size_t)n + 1,
	    struct str);

	if (dict == NULL || texts == NULL)
		return onnx_full(g, err);
	if (n > DICT_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%u texts become texts, %d are the most", n, DICT_MAX);
	if (!onnx_charge(g, n, n, err))
		return false;
	for (uint32_t i = 0; i <= n; i++) {
		const struct onnx_elem *v = i < n ? &values[i] : none;
		uint32_t k = 0;

		if (v->kind != ELEM_STRING)
			return onnx_wrong(err, "texts and numbers are mixed");
		while (k < dict->n && !str_eq(texts[k], v->text))
			k++;
		if (k == dict->n)
			texts[dict->n++] = v->text;
		*(i < n ? &codes[i] : none_code) = k;
	}
	dict->texts = texts;
	*ret = dict;
	return true;
}

/* The codes as a slot that can be asked for texts. */
static bool
as_codes(struct onnx *g, uint32_t number, uint32_t n, uint32_t *ret,
    struct err *err)
{
	double *codes = ARENA_ARRAY(g->im->mem, n, double);

	if (codes == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		codes[i] = i;
	return model_build_lookup(g->im->build, number, codes, n, ret, err);
}

static bool
class_lookup(struct onnx *g, const struct onnx_class *c,
    const struct onnx_elem *keys, const struct onnx_elem *values, uint32_t n,
    const struct onnx_elem *none, struct onnx_elem *ret, struct err *err)
{
	struct onnx_class *copy = ARENA_NEW(g->im->mem, struct onnx_class);
	struct onnx_elem *labels = ARENA_ARRAY(g->im->mem, c->n,
	    struct onnx_elem);

	if (copy == NULL || labels == NULL)
		return onnx_full(g, err);
	if (!onnx_charge(g, c->n, n, err))
		return false;
	for (uint32_t i = 0; i < c->n; i++)
		labels[i] = *find(&c->labels[i], keys, values, n, none);
	*copy = *c;
	copy->labels = labels;
	*ret = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = copy};
	return true;
}

bool
onnx_lookup(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *keys, const struct onnx_elem *values, uint32_t n,
    struct onnx_elem none, struct onnx_elem *ret, struct err *err)
{
	bool exact = true, texts = none.kind == ELEM_STRING;
	const struct onnx_dict *dict = NULL;
	struct places p;
	double *table, *codes, otherwise = none.number;
	uint32_t slot;

	if (x->kind == ELEM_NUMBER || x->kind == ELEM_STRING) {
		*ret = *find(x, keys, values, n, &none);
		return true;
	}
	if (x->kind == ELEM_CLASS)
		return class_lookup(g, x->class_, keys, values, n, &none, ret,
		    err);
	if (x->kind == ELEM_ROWS)
		return onnx_cannot(err, "it encodes the number of rows");
	codes = ARENA_ARRAY(g->im->mem, n, double);
	if (codes == NULL)
		return onnx_full(g, err);
	if (texts && !make_dict(g, values, n, &none, &dict, codes, &otherwise,
		err))
		return false;
	if (!find_places(g, x, keys, n, &p, err))
		return false;
	table = ARENA_ARRAY(g->im->mem, p.n_entries, double);
	if (table == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < p.n_entries; i++)
		table[i] = otherwise;
	for (uint32_t i = n; i-- > 0;) {
		double v = texts ? codes[i] : values[i].number;

		if (!texts && values[i].kind != ELEM_NUMBER)
			return onnx_wrong(err, "texts and numbers are mixed");
		if (isinf(v))
			return onnx_cannot(err, "a category becomes infinite");
		if (p.entry[i] != SIZE_MAX)
			table[p.entry[i]] = v;
		exact &= isnan(v) || (double)(float)v == v;
	}
	exact &= isnan(otherwise) || (double)(float)otherwise == otherwise;
	if (!model_build_table(g->im->build, p.slot, table,
		(uint32_t)p.n_entries, &slot, err))
		return false;
	if (!texts) {
		*ret = elem_slot(slot, exact);
		return true;
	}
	*ret = (struct onnx_elem){.kind = ELEM_TEXT, .dict = dict};
	return as_codes(g, slot, dict->n, &ret->slot, err);
}

bool
onnx_onehot(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *categories, uint32_t n, bool closed,
    struct onnx_elem *ret, struct err *err)
{
	struct onnx_elem copy = *x;
	struct places p;
	int32_t *map;
	uint32_t slot, *slots;

	if (x->kind == ELEM_STRING || x->kind == ELEM_ROWS)
		return onnx_cannot(err, "it encodes a constant");
	if (x->kind != ELEM_TEXT) {
		if (!onnx_numbers(g, ONNX_DOUBLE,
			&copy, 1, err) ||
		    !onnx_slots(g, &copy, 1, &slots, err))
			return false;
		copy = elem_slot(slots[0], false);
	}
	if (!find_places(g, &copy, categories, n, &p, err))
		return false;
	map = ARENA_ARRAY(g->im->mem, p.n_entries, int32_t);
	if (map == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < p.n_entries; i++)
		map[i] = closed ? ONEHOT_REFUSE : ONEHOT_NONE;
	for (uint32_t i = n; i-- > 0;)
		if (p.entry[i] != SIZE_MAX)
			map[p.entry[i]] = (int32_t)i;
	if (!model_build_onehot(g->im->build, p.slot, map,
		(uint32_t)p.n_entries, n, &slot, err))
		return false;
	for (uint32_t i = 0; i < n; i++)
		ret[i] = elem_slot(slot + i, true);
	return true;
}
