/* SPDX-License-Identifier: ISC
 *
 * Categories in HistGradientBoosting: a split sends those of a set to the
 * left, and what training has not met where missing values go. Each distinct
 * set becomes a column of its own, looked up by the row's category.
 */
#include "import/sklearn_hist.h"

#include <math.h>

enum { WORDS = 8, CATEGORIES_MAX = WORDS * 32 };

/* The mask is_categorical_ over the columns as clients send them. */
static bool
read_mask(const struct step *s, const struct flow *in, bool **ret,
    uint32_t *n, struct err *err)
{
	struct array mask;
	double v;

	if (!step_array(s, "is_categorical_", &mask, err))
		return false;
	*ret = ARENA_ARRAY(s->sk->mem, in->n, bool);
	if (*ret == NULL)
		return step_full(s, err);
	*n = 0;
	for (uint32_t i = 0; i < in->n; i++) {
		if (mask.count != in->n || !array_number(&mask, i, &v))
			return step_err(s, err, ERR_MODEL,
			    "attribute is_categorical_ has not one boolean a "
			    "column");
		(*ret)[i] = v != 0;
		*n += v != 0;
	}
	return true;
}

/* The encoder that the trees have before them: the first transformer. */
static bool
read_encoder(const struct step *s, const struct flow *in,
    struct hist_columns *c, const bool *mask, uint32_t n, struct err *err)
{
	const struct node *list = node_get(step_get(s, "_preprocessor"),
	    "transformers_");
	const struct node *first = node_item(list, 0);
	const struct node *encoder = node_item(first, 1);
	struct flow texts, codes;
	struct step step;
	uint32_t at = n, k = 0;

	if (!node_is_text(node_item(first, 0), "encoder"))
		return step_err(s, err, ERR_MODEL,
		    "no encoder in attribute _preprocessor");
	if (!step_open(s->sk, s, STR("_preprocessor"), encoder, &step, err))
		return false;
	if (step.class->read != read_ordinal_encoder)
		return step_err(&step, err, ERR_MODEL,
		    "is no encoder of categories");
	if (!step_flow(s, n, &texts, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		if (mask[i])
			texts.slot[k++] = in->slot[i];
		else
			c->flow.slot[at++] = in->slot[i];
	}
	if (!step.class->read(&step, &texts, &codes, err))
		return false;
	if (codes.n != n)
		return step_err(s, err, ERR_MODEL,
		    "the encoder does not give one column for each");
	for (uint32_t i = 0; i < in->n; i++)
		c->is_category[i] = i < n;
	for (uint32_t i = 0; i < n; i++)
		c->flow.slot[i] = codes.slot[i];
	return true;
}

bool
sk_hist_columns(const struct step *s, const struct flow *in,
    struct hist_columns *ret, struct err *err)
{
	bool *mask;
	uint32_t n;

	*ret = (struct hist_columns){.flow = *in};
	if (!step_has(s, "is_categorical_"))
		return true;
	ret->sets = ARENA_NEW(s->sk->mem, struct ensemble_sets);
	ret->is_category = ARENA_ARRAY(s->sk->mem, in->n, bool);
	if (ret->sets == NULL || ret->is_category == NULL)
		return step_full(s, err);
	if (!read_mask(s, in, &mask, &n, err) ||
	    !step_flow(s, in->n, &ret->flow, err))
		return false;
	ret->flow.sparse = in->sparse;
	if (step_has(s, "_preprocessor"))
		return read_encoder(s, in, ret, mask, n, err);
	for (uint32_t i = 0; i < in->n; i++) {
		ret->is_category[i] = mask[i];
		ret->flow.slot[i] = in->slot[i];
	}
	return true;
}

bool
sk_hist_split(const struct step *s, struct hist_columns *c, uint32_t feature,
    const struct array *bitsets, size_t row, uint32_t *column,
    struct err *err)
{
	double words[WORDS];
	uint32_t set;

	if (c->is_category == NULL || !c->is_category[feature])
		return step_err(s, err, ERR_MODEL,
		    "splits on categories of a column that has none");
	if (bitsets->n_dims != 2 || bitsets->dim[1] != WORDS ||
	    row >= bitsets->dim[0])
		return step_err(s, err, ERR_MODEL,
		    "attribute raw_left_cat_bitsets does not fit the nodes");
	for (size_t i = 0; i < WORDS; i++)
		if (!array_number(bitsets, row * WORDS + i, &words[i]))
			return step_err(s, err, ERR_MODEL,
			    "attribute raw_left_cat_bitsets holds something "
			    "else than numbers");
	if (!ensemble_set_add(s->sk->im, c->sets, feature, words, WORDS, &set,
		err))
		return step_context(s, err);
	*column = c->flow.n + set;
	return true;
}

/* The categories that training has met in a feature, in the numbers that the
 * trees see. */
static bool
read_known(const struct step *s, uint32_t feature, double **ret, uint32_t *n,
    struct err *err)
{
	const struct node *list = node_get(step_get(s, "_bin_mapper"),
	    "bin_thresholds_");
	struct array a;

	if (node_item(list, feature) == NULL)
		return step_err(s, err, ERR_MODEL,
		    "no categories of column %u in attribute _bin_mapper",
		    feature);
	if (!array_view(node_item(list, feature), &a, err)) {
		err_context(err, "attribute _bin_mapper");
		return step_context(s, err);
	}
	*ret = array_doubles(&a, s->sk->mem);
	if (*ret == NULL && s->sk->mem->over)
		return step_full(s, err);
	*n = (uint32_t)a.count;
	for (size_t i = 0; i < a.count; i++)
		if (a.count > CATEGORIES_MAX || *ret == NULL ||
		    !((*ret)[i] >= 0 && (*ret)[i] < CATEGORIES_MAX) ||
		    (*ret)[i] != floor((*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "the categories of column %u are not numbers "
			    "below %d", feature, CATEGORIES_MAX);
	return true;
}

/* The column of one set: `code` is the lookup of the known categories. */
static bool
add_set(const struct step *s, const struct ensemble_set *set,
    const double *known, uint32_t n, uint32_t code, uint32_t *ret,
    struct err *err)
{
	double table[TABLE_CODES + CATEGORIES_MAX];

	table[TABLE_UNKNOWN] = table[TABLE_MISSING] = NAN;
	for (uint32_t k = 0; k < n; k++) {
		uint32_t bit = (uint32_t)known[k];

		table[TABLE_CODES + k] =
		    (set->words[bit / 32] >> bit % 32 & 1) != 0 ? 0 : 1;
	}
	return model_build_table(s->sk->build, code, table, TABLE_CODES + n,
	    ret, err) || step_context(s, err);
}

bool
sk_hist_flow(const struct step *s, const struct hist_columns *c,
    struct flow *ret, struct err *err)
{
	const struct ensemble_set *set;
	uint32_t n_sets = c->sets != NULL ? c->sets->n : 0, at = c->flow.n;
	double **known = ARENA_ARRAY(s->sk->mem, c->flow.n, double *);
	uint32_t *n = ARENA_ARRAY(s->sk->mem, c->flow.n, uint32_t);
	uint32_t *code = ARENA_ARRAY(s->sk->mem, c->flow.n, uint32_t);
	uint32_t nothing;

	if (known == NULL || n == NULL || code == NULL)
		return step_full(s, err);
	if (!step_charge(s, (size_t)n_sets * CATEGORIES_MAX, err) ||
	    !step_flow(s, c->flow.n + n_sets, ret, err))
		return false;
	ret->sparse = c->flow.sparse;
	for (uint32_t i = 0; i < c->flow.n; i++)
		ret->slot[i] = c->flow.slot[i];
	if (n_sets == 0)
		return true;
	for (set = c->sets->first; set != NULL; set = set->next) {
		uint32_t f = set->feature;

		if (known[f] == NULL &&
		    (!read_known(s, f, &known[f], &n[f], err) ||
			(!model_build_lookup(s->sk->build, c->flow.slot[f],
			     known[f], n[f], &code[f], err) &&
			    !step_context(s, err))))
			return false;
		if (!add_set(s, set, known[f], n[f], code[f],
			&ret->slot[at++], err))
			return false;
	}
	/* No split compares a category with a number. */
	if (!model_build_constant(s->sk->build, 0, &nothing, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < c->flow.n; i++)
		if (c->is_category[i])
			ret->slot[i] = nothing;
	return true;
}
