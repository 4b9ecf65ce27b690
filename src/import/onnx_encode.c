/* SPDX-License-Identifier: ISC
 *
 * Operators that encode categories: one by one, by lists of keys and what
 * each becomes.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* Each element of x by its key, as elements of `type`. */
static bool
look_up(struct onnx *g, const struct onnx_tensor *x, int type,
    const struct onnx_elem *keys, const struct onnx_elem *values, uint32_t n,
    struct onnx_elem none, struct err *err)
{
	struct onnx_tensor y;
	struct onnx_elem *e;
	size_t constants = 0;

	for (size_t i = 0; i < x->n; i++)
		constants += x->elems[i].kind == ELEM_NUMBER ||
		    x->elems[i].kind == ELEM_STRING;
	if (!onnx_charge(g, constants, n, err) ||
	    !onnx_make_like(g, x, type, &y, &e, err))
		return false;
	for (size_t i = 0; i < x->n; i++) {
		struct onnx_elem key = x->elems[i];

		if (key.kind == ELEM_SLOT && !onnx_numbers(g, x->type, &key,
			1, err))
			return false;
		if (!onnx_lookup(g, &key, keys, values, n, none, &e[i], err))
			return false;
	}
	return onnx_output(g, 0, &y, err);
}

/* The first version: texts to their places, or places to texts. */
static bool
encode_classes(struct onnx *g, const struct onnx_tensor *x, struct err *err)
{
	const struct onnx_elem *texts;
	struct onnx_elem *places;
	uint32_t n;

	if (!onnx_attr_elems(g, "classes_strings", &texts, &n, err))
		return false;
	places = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (places == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		places[i] = elem_number(i);
	if (x->type == ONNX_STRING)
		return look_up(g, x, ONNX_INT64, texts, places, n,
		    elem_number((double)onnx_attr_int(g, "default_int64",
			-1)), err);
	return look_up(g, x, ONNX_STRING, places, texts, n,
	    elem_string(onnx_attr_text(g, "default_string", "_Unused")), err);
}

struct listing {
	const char *name;
	int type;
};

/* The one of the lists that the node has. */
static bool
find_list(struct onnx *g, const struct listing *names, size_t n_names,
    const struct onnx_elem **ret, uint32_t *n, int *type, struct err *err)
{
	for (size_t i = 0; i < n_names; i++) {
		const Onnx__AttributeProto *a = onnx_attr(g, names[i].name);

		if (a == NULL)
			continue;
		*type = a->t != NULL ? a->t->data_type : names[i].type;
		return onnx_attr_elems(g, names[i].name, ret, n, err);
	}
	return onnx_wrong(err, "it has no %s", names[0].name);
}

static bool
default_of(struct onnx *g, int type, struct onnx_elem *ret, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, "default_tensor");
	struct onnx_tensor t;

	/* One without a type is none. */
	if (a != NULL && a->t != NULL &&
	    a->t->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED) {
		if (!onnx_constant(g, a->t, &t, err))
			return false;
		if (t.n != 1)
			return onnx_wrong(err, "it has %zu defaults", t.n);
		*ret = t.elems[0];
	} else if (type == ONNX_STRING) {
		*ret = elem_string(onnx_attr_text(g, "default_string",
		    "_Unused"));
	} else if (onnx_is_float(type)) {
		*ret = elem_number(onnx_attr_float(g, "default_float", -0.0));
	} else {
		*ret = elem_number((double)onnx_attr_int(g, "default_int64",
		    -1));
	}
	return true;
}

bool
onnx_op_label_encoder(struct onnx *g, struct err *err)
{
	static const struct listing key_lists[] = {
	    {"keys_strings", ONNX_STRING}, {"keys_int64s", ONNX_INT64},
	    {"keys_floats", ONNX_FLOAT}, {"keys_tensor", ONNX_FLOAT}};
	static const struct listing value_lists[] = {
	    {"values_strings", ONNX_STRING}, {"values_int64s", ONNX_INT64},
	    {"values_floats", ONNX_FLOAT}, {"values_tensor", ONNX_FLOAT}};
	const struct onnx_elem *keys, *values;
	int key_type, value_type;
	const struct onnx_tensor *x;
	uint32_t n_keys, n_values;
	struct onnx_elem none;

	if (!onnx_input(g, 0, &x, err))
		return false;
	if (onnx_attr(g, "classes_strings") != NULL)
		return encode_classes(g, x, err);
	if (!find_list(g, key_lists, countof(key_lists), &keys, &n_keys,
		&key_type, err) ||
	    !find_list(g, value_lists, countof(value_lists), &values,
		&n_values, &value_type, err) ||
	    !default_of(g, value_type, &none, err))
		return false;
	if (n_keys != n_values)
		return onnx_wrong(err, "%u keys have %u values", n_keys,
		    n_values);
	return look_up(g, x, value_type, keys, values, n_keys, none, err);
}

bool
onnx_op_category_mapper(struct onnx *g, struct err *err)
{
	const struct onnx_elem *texts, *numbers;
	const struct onnx_tensor *x;
	uint32_t n, n_numbers;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, "cats_strings", &texts, &n, err) ||
	    !onnx_attr_elems(g, "cats_int64s", &numbers, &n_numbers, err))
		return false;
	if (n != n_numbers)
		return onnx_wrong(err, "%u texts have %u numbers", n,
		    n_numbers);
	if (x->type == ONNX_STRING)
		return look_up(g, x, ONNX_INT64, texts, numbers, n,
		    elem_number((double)onnx_attr_int(g, "default_int64",
			-1)), err);
	return look_up(g, x, ONNX_STRING, numbers, texts, n,
	    elem_string(onnx_attr_text(g, "default_string", "_Unused")), err);
}

bool
onnx_op_one_hot_encoder(struct onnx *g, struct err *err)
{
	bool closed = onnx_attr_int(g, "zeros", 1) == 0;
	const struct onnx_elem *categories;
	int64_t dims[ONNX_RANK_MAX];
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e, *whole;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, x->type == ONNX_STRING ? "cats_strings" :
		"cats_int64s", &categories, &n, err))
		return false;
	if (n == 0 || x->rank >= ONNX_RANK_MAX)
		return onnx_wrong(err, "it has no categories for its input");
	whole = ARENA_ARRAY(g->im->mem, x->n, struct onnx_elem);
	if (whole == NULL)
		return onnx_full(g, err);
	memcpy(whole, x->elems, x->n * sizeof(*whole));
	if (onnx_is_float(x->type) && !onnx_calc(g, CALC_TRUNC, x->type,
		x->elems, NULL, NULL, x->n, whole, err))
		return false;
	memcpy(dims, x->dims, sizeof(dims));
	dims[x->rank] = n;
	if (!onnx_make(g, ONNX_FLOAT, x->rank + 1, dims, x->batch, &y, &e, err))
		return false;
	for (size_t i = 0; i < x->n; i++)
		if (!onnx_onehot(g, &whole[i], categories, n, closed,
			e + i * n, err))
			return false;
	return onnx_output(g, 0, &y, err);
}
