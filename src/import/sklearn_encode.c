/* SPDX-License-Identifier: ISC
 *
 * OneHotEncoder and OrdinalEncoder. Both first find a category's index, then
 * group the infrequent ones; here both become one table over the codes of
 * the column, made once.
 */
#include "import/sklearn_encode.h"

#include <math.h>
#include <string.h>

/* The categories of a column are all texts or all numbers, plus at most one
 * missing. Texts take the codes of the column's dictionary; numbers are
 * looked up, and their code is their place among the numbers. */
static bool
read_categories(const struct step *s, uint32_t column, uint32_t slot,
    const struct node *list, struct categories *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	struct categories c = {.slot = slot, .missing = -1, .infrequent = -1};
	struct array a;
	double *numbers;
	uint32_t n_numbers = 0, n_texts = 0;

	if (!array_view(list, &a, err)) {
		err_context(err, "attribute categories_, column %u", column);
		return step_context(s, err);
	}
	if (a.n_dims != 1)
		return step_err(s, err, ERR_MODEL,
		    "attribute categories_, column %u: not a list", column);
	if (!step_charge(s, a.count, err))
		return false;
	c.n = (uint32_t)a.count;
	c.code = ARENA_ARRAY(s->sk->mem, a.count + 1, uint32_t);
	c.group = ARENA_ARRAY(s->sk->mem, a.count + 1, int32_t);
	numbers = ARENA_ARRAY(s->sk->mem, a.count + 1, double);
	if (c.code == NULL || c.group == NULL || numbers == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < c.n; i++) {
		struct value v = array_value(&a, i, s->sk->mem);

		c.group[i] = (int32_t)i;
		if (value_is_missing(&v)) {
			if (c.missing >= 0)
				return step_err(s, err, ERR_MODEL,
				    "column %u has both None and NaN as "
				    "categories, which clients cannot tell "
				    "apart; train with one of them", column);
			/* scikit-learn's imputer fills NaN and leaves None,
			 * or the other way round; a client's null is one
			 * thing. */
			if (model_build_slot_is_filled(b, slot))
				return step_err(s, err, ERR_MODEL,
				    "column %u has a missing category behind "
				    "an imputer, which did not take it for "
				    "missing: it fills NaN or None, not both; "
				    "make them one before training, as with "
				    "DataFrame.fillna(numpy.nan)", column);
			c.missing = (int32_t)i;
			c.missing_is_nan = v.kind == VALUE_FLOAT;
		} else if (value_is_number(&v)) {
			if (v.kind == VALUE_BOOL)
				model_build_booleans(b, slot);
			c.code[i] = n_numbers;
			numbers[n_numbers++] = v.number;
		} else if (v.kind == VALUE_TEXT) {
			n_texts++;
			if (!model_build_code(b, slot, v.text, &c.code[i],
				err))
				return step_context(s, err);
		} else {
			return s->sk->mem->over ? step_full(s, err) :
			    step_err(s, err, ERR_MODEL,
				"column %u has a category that is neither "
				"text nor a number", column);
		}
	}
	if (n_numbers > 0 && n_texts > 0)
		return step_err(s, err, ERR_MODEL,
		    "column %u has both texts and numbers as categories; "
		    "train with one kind", column);
	if (n_numbers > 0 &&
	    !model_build_lookup(b, slot, numbers, n_numbers, &c.slot, err))
		return step_context(s, err);
	if (c.missing >= 0)
		model_build_missing_seen(b, c.slot);
	c.codes = n_numbers > 0 ? n_numbers : n_texts > 0 ?
	    model_build_codes(b, slot) : 0;
	c.n_groups = c.n;
	*ret = c;
	return true;
}

/* What min_frequency and max_categories made of the categories of a column.
 * A missing category may stand outside the mapping: it stays. */
static bool
read_groups(const struct step *s, const struct node *mapping,
    struct categories *c, struct err *err)
{
	struct array a;
	int32_t most = -1;

	if (mapping == NULL || mapping->kind == NODE_NONE)
		return true;
	if (!array_view(mapping, &a, err)) {
		err_context(err, "attribute _default_to_infrequent_mappings");
		return step_context(s, err);
	}
	if (a.count == 0 || a.count > c->n || a.count + 1 < c->n ||
	    (a.count < c->n && c->missing != (int32_t)c->n - 1))
		return step_err(s, err, ERR_MODEL,
		    "attribute _default_to_infrequent_mappings groups %zu "
		    "categories of %u", a.count, c->n);
	for (uint32_t i = 0; i < a.count; i++) {
		double to;

		if (!array_number(&a, i, &to) || to < 0 ||
		    to >= (double)c->n || to != (double)(int32_t)to)
			return step_err(s, err, ERR_MODEL,
			    "attribute _default_to_infrequent_mappings maps "
			    "to no category");
		c->group[i] = (int32_t)to;
		if (c->group[i] > most)
			most = c->group[i];
	}
	c->grouped = true;
	c->infrequent = most;
	c->n_groups = (uint32_t)most + 1;
	return true;
}

bool
sk_categories(const struct step *s, const struct flow *in,
    struct categories **ret, struct err *err)
{
	const struct node *const *lists, *const *mappings = NULL;
	struct categories *c;
	bool grouped;

	if (!step_width(s, in, err) ||
	    !step_list(s, "categories_", in->n, &lists, err) ||
	    !step_flag(s, "_infrequent_enabled", false, &grouped, err) ||
	    (grouped && !step_list(s, "_default_to_infrequent_mappings",
		in->n, &mappings, err)))
		return false;
	c = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1, struct categories);
	if (c == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		if (!read_categories(s, i, in->slot[i], lists[i], &c[i],
			err) ||
		    (mappings != NULL &&
			!read_groups(s, mappings[i], &c[i], err)))
			return false;
	*ret = c;
	return true;
}

/* --- OneHotEncoder -------------------------------------------------------- */

enum unknown { UNKNOWN_ERROR, UNKNOWN_IGNORE, UNKNOWN_INFREQUENT,
	UNKNOWN_WARN };

/* The output column of a group when one group is dropped. */
static int32_t
undropped(int32_t group, int32_t drop)
{
	if (drop < 0 || group < drop)
		return group;
	return group == drop ? ONEHOT_NONE : group - 1;
}

static bool
onehot_column(const struct step *s, const struct categories *c, int32_t drop,
    enum unknown unknown, uint32_t *first, uint32_t *width, struct err *err)
{
	uint32_t n = TABLE_CODES + c->codes;
	int32_t *map = ARENA_ARRAY(s->sk->mem, n, int32_t);
	int32_t other = unknown == UNKNOWN_ERROR ? ONEHOT_REFUSE :
	    ONEHOT_NONE;

	if (map == NULL)
		return step_full(s, err);
	/* 'warn' forgot to say that unknown means infrequent before 1.8. */
	if (c->grouped && (unknown == UNKNOWN_INFREQUENT ||
	    (unknown == UNKNOWN_WARN &&
	    (s->version == 0 || s->version >= 1008))))
		other = undropped(c->infrequent, drop);
	for (uint32_t i = 0; i < n; i++)
		map[i] = other;
	for (uint32_t i = 0; i < c->n; i++)
		map[(int32_t)i == c->missing ? TABLE_MISSING :
		    TABLE_CODES + c->code[i]] =
		    undropped(c->group[i], drop);
	*width = c->n_groups - (drop >= 0 ? 1 : 0);
	return model_build_onehot(s->sk->build, c->slot, map, n, *width,
	    first, err) || step_context(s, err);
}

/* Which group of each column is dropped; -1: none. */
static bool
read_drops(const struct step *s, const struct categories *c, uint32_t n,
    int32_t **ret, struct err *err)
{
	/* Before 1.1 there are no groups and only the public attribute. */
	const char *name = step_get(s, "_drop_idx_after_grouping") != NULL ?
	    "_drop_idx_after_grouping" : "drop_idx_";
	int32_t *drop = ARENA_ARRAY(s->sk->mem, n > 0 ? n : 1, int32_t);
	bool some = step_has(s, name);
	struct array a = {0};

	if (drop == NULL)
		return step_full(s, err);
	if (some && !step_array(s, name, &a, err))
		return false;
	if (some && a.count != n)
		return step_err(s, err, ERR_MODEL,
		    "attribute %s has %zu items for %u columns", name,
		    a.count, n);
	for (uint32_t i = 0; i < n; i++) {
		struct value v = {.kind = VALUE_NONE};

		if (some)
			v = array_value(&a, i, s->sk->mem);
		drop[i] = -1;
		if (v.kind == VALUE_NONE)
			continue;
		if (!value_is_number(&v) || v.number < 0 ||
		    v.number >= c[i].n_groups ||
		    v.number != (double)(int32_t)v.number)
			return step_err(s, err, ERR_MODEL,
			    "attribute %s drops a category that is not there",
			    name);
		drop[i] = (int32_t)v.number;
	}
	*ret = drop;
	return true;
}

bool
read_onehot_encoder(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"error", "ignore",
	    "infrequent_if_exist", "warn"};
	struct categories *columns;
	size_t unknown, total = 0;
	bool sparse, ok;
	int32_t *drop;
	uint32_t n = 0;

	/* The parameter's name before 1.2; 'deprecated' for a while after. */
	if (step_get(s, "sparse_output") != NULL)
		ok = step_flag(s, "sparse_output", true, &sparse, err);
	else
		ok = step_flag(s, "sparse", true, &sparse, err);
	if (!ok || !step_word(s, "handle_unknown", words, countof(words), 0,
		&unknown, err) ||
	    !sk_categories(s, in, &columns, err) ||
	    !read_drops(s, columns, in->n, &drop, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		total += columns[i].n_groups - (drop[i] >= 0 ? 1 : 0);
	if (total > UINT32_MAX)
		return step_err(s, err, ERR_LIMIT, "too many categories");
	if (!step_flow(s, (uint32_t)total, out, err))
		return false;
	out->sparse = sparse;
	for (uint32_t i = 0; i < in->n; i++) {
		uint32_t first, width;

		if (!onehot_column(s, &columns[i], drop[i],
			(enum unknown)unknown, &first, &width, err))
			return false;
		for (uint32_t k = 0; k < width; k++)
			out->slot[n++] = first + k;
	}
	return true;
}

/* --- OrdinalEncoder ------------------------------------------------------- */

static bool
ordinal_column(const struct step *s, const struct categories *c,
    double unknown, double missing, uint32_t *dst, struct err *err)
{
	uint32_t n = TABLE_CODES + c->codes;
	double *table = ARENA_ARRAY(s->sk->mem, n, double);

	if (table == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++)
		table[i] = unknown;
	for (uint32_t i = 0; i < c->n; i++) {
		/* NaN has a number of its own; None counts with the rest. */
		if ((int32_t)i != c->missing)
			table[TABLE_CODES + c->code[i]] = c->group[i];
		else
			table[TABLE_MISSING] = c->missing_is_nan ? missing :
			    c->group[i];
	}
	return model_build_table(s->sk->build, c->slot, table, n, dst, err) ||
	    step_context(s, err);
}

bool
read_ordinal_encoder(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"error", "use_encoded_value"};
	struct categories *columns;
	double unknown = TABLE_REFUSE, missing = NAN;
	size_t handle;

	if (!step_word(s, "handle_unknown", words, countof(words), 0, &handle,
		err) ||
	    (handle == 1 && !step_number(s, "unknown_value", &unknown, err)) ||
	    (step_get(s, "encoded_missing_value") != NULL &&
		!step_number(s, "encoded_missing_value", &missing, err)) ||
	    !sk_categories(s, in, &columns, err) ||
	    !step_flow(s, in->n, out, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (!ordinal_column(s, &columns[i], unknown, missing,
			&out->slot[i], err))
			return false;
	return true;
}
