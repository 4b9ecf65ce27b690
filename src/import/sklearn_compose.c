/* SPDX-License-Identifier: ISC
 *
 * What holds other steps: Pipeline, FeatureUnion, ColumnTransformer, and the
 * searches that hold the best of several. Columns are slots, so choosing and
 * joining them only moves numbers around.
 */
#include "import/sklearn_step.h"

#include <math.h>
#include <string.h>

/* The name and the estimator of (name, estimator[, columns]). */
static bool
entry(const struct step *s, const struct node *tuple, uint32_t width,
    struct str *name, const struct node **estimator, struct err *err)
{
	if (!step_charge(s, 1, err))
		return false;
	if (tuple->kind != NODE_TUPLE || tuple->n != width ||
	    tuple->items[0]->kind != NODE_TEXT)
		return step_err(s, err, ERR_MODEL,
		    "a step that is no tuple of %u with a name first", width);
	*name = tuple->items[0]->text;
	*estimator = tuple->items[1];
	return true;
}

bool
read_pipeline(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	const struct node *steps = step_get(s, "steps");
	struct flow at = *in;

	if (steps == NULL || steps->kind != NODE_LIST || steps->n == 0)
		return step_err(s, err, ERR_MODEL, "no list of steps");
	for (uint32_t i = 0; i < steps->n; i++) {
		const struct node *estimator;
		struct flow next;
		struct str name;

		if (!entry(s, steps->items[i], 2, &name, &estimator, err))
			return false;
		if (step_is_passthrough(estimator))
			continue;
		if (at.kind != FLOW_FEATURES)
			return step_err(s, err, ERR_MODEL,
			    "step %.*s comes behind an estimator",
			    STR_ARG(name));
		if (!(i + 1 < steps->n || s->prepares ? step_prepare :
		    step_read)(s, name, estimator, &at, &next, err))
			return false;
		at = next;
	}
	*out = at;
	return true;
}

bool
read_search(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	if (!step_has(s, "best_estimator_"))
		return step_err(s, err, ERR_MODEL,
		    "no best_estimator_: search with refit=True, or save the "
		    "estimator that it found");
	return (s->prepares ? step_prepare : step_read)(s,
	    STR("best_estimator_"), step_get(s, "best_estimator_"), in, out,
	    err);
}

/* What several transformers make, side by side. */
struct join {
	const struct step *step;
	struct flow all;
	uint32_t cap;
	const struct node *weights; /* name -> factor, or NULL */
};

static bool
join_add(struct join *j, struct str name, const struct flow *part,
    struct err *err)
{
	const struct step *s = j->step;
	const struct node *factor = NULL;
	double weight = 1;

	if (part->kind != FLOW_FEATURES)
		return step_err(s, err, ERR_MODEL,
		    "%.*s is an estimator among transformers", STR_ARG(name));
	if (j->weights != NULL && !step_charge(s, j->weights->n, err))
		return false;
	for (uint32_t i = 0; j->weights != NULL && i + 1 < j->weights->n;
	     i += 2)
		if (j->weights->items[i]->kind == NODE_TEXT &&
		    str_eq(j->weights->items[i]->text, name))
			factor = j->weights->items[i + 1];
	if (factor != NULL && !value_number(factor, &weight))
		return step_err(s, err, ERR_MODEL,
		    "the weight of %.*s is no number", STR_ARG(name));
	j->all.sparse |= part->sparse;
	if (!step_charge(s, part->n, err))
		return false;
	if (part->n > j->cap - j->all.n) {
		struct flow larger;

		j->cap = 2 * (j->all.n + part->n);
		if (j->cap > SKLEARN_COLUMNS_MAX)
			j->cap = j->all.n + part->n;
		if (!step_flow(s, j->cap, &larger, err))
			return false;
		memcpy(larger.slot, j->all.slot,
		    j->all.n * sizeof(larger.slot[0]));
		j->all.slot = larger.slot;
	}
	for (uint32_t i = 0; i < part->n; i++) {
		uint32_t slot = part->slot[i];

		if (factor != NULL && !model_build_mul_add(s->sk->build, slot,
			weight, 0, -INFINITY, INFINITY, &slot, err))
			return step_context(s, err);
		j->all.slot[j->all.n++] = slot;
	}
	return true;
}

static bool
join_init(struct join *j, const struct step *s, struct err *err)
{
	*j = (struct join){.step = s, .cap = 16};
	j->weights = step_get(s, "transformer_weights");
	if (j->weights != NULL && j->weights->kind != NODE_DICT)
		j->weights = NULL;
	if (!step_flow(s, j->cap, &j->all, err))
		return false;
	j->all.n = 0;
	return true;
}

bool
read_feature_union(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *list = step_get(s, "transformer_list");
	struct join join;

	if (list == NULL || list->kind != NODE_LIST)
		return step_err(s, err, ERR_MODEL, "no list of transformers");
	if (!join_init(&join, s, err))
		return false;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct node *estimator;
		struct flow part = *in;
		struct str name;

		if (!entry(s, list->items[i], 2, &name, &estimator, err))
			return false;
		if (node_is_text(estimator, "drop"))
			continue;
		if (!step_is_passthrough(estimator) &&
		    !step_prepare(s, name, estimator, in, &part, err))
			return false;
		if (!join_add(&join, name, &part, err))
			return false;
	}
	*out = join.all;
	return true;
}

/* The columns of a transformer, as training resolved them: names, slices and
 * masks have become indices in _transformer_to_input_indices. */
static bool
select_columns(const struct step *s, struct str name, const struct flow *in,
    struct flow *ret, struct err *err)
{
	const struct node *map = step_get(s, "_transformer_to_input_indices");
	const struct node *list = NULL;

	if (map == NULL || map->kind != NODE_DICT)
		return step_err(s, err, ERR_MODEL,
		    "no attribute _transformer_to_input_indices");
	if (!step_charge(s, map->n, err))
		return false;
	for (uint32_t i = 0; i + 1 < map->n; i += 2)
		if (map->items[i]->kind == NODE_TEXT &&
		    str_eq(map->items[i]->text, name))
			list = map->items[i + 1];
	if (list == NULL || list->kind != NODE_LIST)
		return step_err(s, err, ERR_MODEL,
		    "no columns for the transformer %.*s", STR_ARG(name));
	if (!step_charge(s, list->n, err) ||
	    !step_flow(s, list->n, ret, err))
		return false;
	for (uint32_t i = 0; i < list->n; i++) {
		double column;

		if (!value_number(list->items[i], &column) || column < 0 ||
		    column >= (double)in->n)
			return step_err(s, err, ERR_MODEL,
			    "transformer %.*s uses a column that is not there",
			    STR_ARG(name));
		ret->slot[i] = in->slot[(uint32_t)column];
	}
	return true;
}

/* scikit-learn notes where each transformer's output stands: a check on our
 * own reading. */
static bool
check_place(const struct step *s, struct str name, uint32_t first,
    uint32_t n, struct err *err)
{
	const struct node *map = step_get(s, "output_indices_");
	double start, stop;

	if (map == NULL || map->kind != NODE_DICT)
		return true;
	if (!step_charge(s, map->n, err))
		return false;
	for (uint32_t i = 0; i + 1 < map->n; i += 2) {
		const struct node *slice = map->items[i + 1];

		if (map->items[i]->kind != NODE_TEXT ||
		    !str_eq(map->items[i]->text, name) ||
		    !node_is_call(slice, "builtins", "slice") ||
		    !value_number(node_item(slice->object.args, 0), &start) ||
		    !value_number(node_item(slice->object.args, 1), &stop))
			continue;
		if (start != first || stop != first + n)
			return step_err(s, err, ERR_MODEL,
			    "transformer %.*s makes columns %u to %u, in "
			    "training it made %g to %g", STR_ARG(name), first,
			    first + n, start, stop);
	}
	return true;
}

bool
read_column_transformer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *list = step_get(s, "transformers_");
	struct join join;

	if (list == NULL || list->kind != NODE_LIST)
		return step_err(s, err, ERR_MODEL,
		    "no attribute transformers_: was the model fitted?");
	if (!step_width(s, in, err) || !join_init(&join, s, err))
		return false;
	for (uint32_t i = 0; i < list->n; i++) {
		const struct node *estimator;
		uint32_t first = join.all.n;
		struct flow columns, part;
		struct str name;

		if (!entry(s, list->items[i], 3, &name, &estimator, err))
			return false;
		if (node_is_text(estimator, "drop"))
			continue;
		if (!select_columns(s, name, in, &columns, err))
			return false;
		if (columns.n == 0)
			continue; /* scikit-learn does not fit these */
		part = columns;
		if (!step_is_passthrough(estimator) &&
		    !step_prepare(s, name, estimator, &columns, &part, err))
			return false;
		if (!join_add(&join, name, &part, err) ||
		    !check_place(s, name, first, part.n, err))
			return false;
	}
	*out = join.all;
	return step_flag(s, "sparse_output_", false, &out->sparse, err);
}

bool
read_part(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	(void)in;
	(void)out;
	return step_err(s, err, ERR_MODEL,
	    "is not supported as a step of its own; save the estimator that "
	    "it is a part of");
}
