/* SPDX-License-Identifier: ISC
 *
 * Boosted trees from a library's own model file to the intermediate
 * representation. Missing values are taken in every column, as the libraries
 * do; class labels are not in such files, so classes are 0, 1, ... until a
 * schema names them.
 */
#include "import/ensemble.h"

#include <math.h>
#include <stdio.h>

static bool
full(struct import *im, struct err *err)
{
	return arena_err(im->mem, "the model", err);
}

bool
ensemble_tree(struct import *im, uint32_t n_nodes,
    struct ensemble_nodes *nodes, struct build_tree *ret, struct err *err)
{
	nodes->left = ARENA_ARRAY(im->mem, n_nodes, int32_t);
	nodes->right = ARENA_ARRAY(im->mem, n_nodes, int32_t);
	nodes->feature = ARENA_ARRAY(im->mem, n_nodes, int32_t);
	nodes->threshold = ARENA_ARRAY(im->mem, n_nodes, double);
	nodes->value = ARENA_ARRAY(im->mem, n_nodes, double);
	nodes->missing_left = ARENA_ARRAY(im->mem, n_nodes, uint8_t);
	if (nodes->left == NULL || nodes->right == NULL ||
	    nodes->feature == NULL || nodes->threshold == NULL ||
	    nodes->value == NULL || nodes->missing_left == NULL)
		return full(im, err);
	*ret = (struct build_tree){.n_nodes = n_nodes, .left = nodes->left,
	    .right = nodes->right, .feature = nodes->feature,
	    .threshold = nodes->threshold, .value = nodes->value,
	    .missing_left = nodes->missing_left};
	return true;
}

/* The first that does so: an example of what can be read. */
static const char *
example_of(const struct ensemble_objective *list, size_t n, bool classifies)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].classifies == classifies)
			return list[i].name;
	return "";
}

bool
ensemble_objective(struct ensemble *e, const struct ensemble_objective *list,
    size_t n, const char *key, struct str name, struct err *err)
{
	const struct ensemble_objective *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (str_eq(name, str_of(list[i].name)))
			found = &list[i];
	if (found == NULL)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "is a %s model with %s '%.*s', which is not "
		    "supported; train it with another, such as '%s' or '%s'",
		    e->library, key, (int)(name.n < 64 ? name.n : 64),
		    name.p != NULL ? name.p : "", example_of(list, n, true),
		    example_of(list, n, false));
	e->objective = name;
	e->classifies = found->classifies;
	e->end = found->end;
	e->link = found->link;
	return true;
}

bool
ensemble_sums_classes(const struct ensemble *e)
{
	return e->end == END_SIGMOIDS || (e->end == END_LINK &&
	    (e->link == LINK_SOFTMAX || e->link == LINK_SOFTMAX_F32));
}

/* A column of categories: *slot becomes the slot of its codes, *codes the
 * code of each category. */
static bool
add_codes(struct import *im, const struct ensemble_column *c,
    uint32_t *slot, uint32_t **codes, struct err *err)
{
	*codes = ARENA_ARRAY(im->mem, c->n, uint32_t);
	if (*codes == NULL)
		return full(im, err);
	for (uint32_t k = 0; k < c->n; k++) {
		(*codes)[k] = k;
		if (c->texts != NULL && !model_build_code(im->build, *slot,
			c->texts[k], &(*codes)[k], err))
			return false;
	}
	if (c->coded && !model_build_calc(im->build, CALC_FLOOR, false, slot,
		NULL, 1, slot, err))
		return false;
	if (c->hashes != NULL)
		return model_build_hashed(im->build, *slot, c->hashes, c->n,
		    slot, err);
	return c->texts != NULL || model_build_lookup(im->build, *slot,
	    c->values, c->n, slot, err);
}

static bool
in_set(const struct ensemble_set *s, uint32_t place)
{
	return place / 32 < s->n_words &&
	    (s->words[place / 32] >> place % 32 & 1) != 0;
}

/* The number that stands for set s, by the code of the category. The
 * column's dictionary may have texts that training did not. */
static bool
add_set(struct import *im, const struct ensemble *e, const uint32_t *codes,
    const struct ensemble_set *s, uint32_t slot, uint32_t *ret,
    struct err *err)
{
	const struct ensemble_column *c = &e->columns[s->feature];
	uint32_t n = 0;
	double *table;

	for (uint32_t k = 0; k < c->n; k++)
		if (codes[k] >= n)
			n = codes[k] + 1;
	table = ARENA_ARRAY(im->mem, TABLE_CODES + (size_t)n, double);
	if (table == NULL)
		return full(im, err);
	for (uint32_t k = 0; k < TABLE_CODES + n; k++)
		table[k] = k == TABLE_MISSING ? e->missing :
		    c->coded ? e->outside : e->unknown;
	for (uint32_t k = 0; k < c->n; k++)
		table[TABLE_CODES + codes[k]] = in_set(s,
		    c->bits != NULL ? c->bits[k] : k) ? e->inside :
		    e->outside;
	return model_build_table(im->build, slot, table, TABLE_CODES + n, ret,
	    err);
}

/* What is made of the columns before the trees see it. */
static bool
add_derived(struct import *im, const struct ensemble *e, uint32_t *slots,
    struct err *err)
{
	const struct ensemble_set *set = e->sets;
	uint32_t n = e->n_features, nothing;
	uint32_t **codes = ARENA_ARRAY(im->mem, n, uint32_t *);
	uint32_t *coded = ARENA_ARRAY(im->mem, n, uint32_t);

	if (codes == NULL || coded == NULL)
		return full(im, err);
	for (uint32_t i = 0; i < n && e->columns != NULL; i++) {
		if (e->columns[i].n == 0 && !e->columns[i].unread)
			continue;
		coded[i] = slots[i];
		if ((e->columns[i].n > 0 && !add_codes(im, &e->columns[i],
			&coded[i], &codes[i], err)) ||
		    !model_build_constant(im->build, 0, &nothing, err))
			return false;
		/* No split compares a category with a number. */
		slots[i] = nothing;
	}
	for (uint32_t i = 0; i < n; i++) {
		slots[n + i] = slots[i];
		/* LightGBM takes this for zero, as a float. */
		if (e->zero_missing != NULL && e->zero_missing[i] &&
		    !model_build_missing_near(im->build, slots[i],
			(double)1e-35f, &slots[n + i], err))
			return false;
	}
	for (uint32_t k = 0; k < e->n_sets; k++, set = set->next)
		if (!add_set(im, e, codes[set->feature], set,
			coded[set->feature], &slots[2 * n + k], err))
			return false;
	return true;
}

/* The columns as the trees number them: n of them. */
static bool
add_columns(struct import *im, const struct ensemble *e,
    const uint32_t *columns, uint32_t **ret, uint32_t *n, struct err *err)
{
	bool derived = e->zero_missing != NULL || e->columns != NULL;

	*n = derived ? 2 * e->n_features + e->n_sets : e->n_features;
	*ret = ARENA_ARRAY(im->mem, *n, uint32_t);
	if (*ret == NULL)
		return full(im, err);
	for (uint32_t i = 0; i < e->n_features; i++)
		(*ret)[i] = columns[i];
	return !derived || add_derived(im, e, *ret, err);
}

bool
ensemble_inputs(struct import *im, const struct ensemble *e, uint32_t *slots,
    struct err *err)
{
	for (uint32_t i = 0; i < e->n_features; i++) {
		char text[16];
		struct str name = {text, 0};

		if (e->names != NULL)
			name = e->names[i];
		else
			name.n = (size_t)snprintf(text, sizeof(text), "f%u",
			    i);
		if (!model_build_input(im->build, name, &slots[i], err))
			return false;
	}
	return true;
}

/* The sums of trees whose leaves are linear functions. */
static bool
add_leaves(struct import *im, const struct ensemble *e, const uint32_t *src,
    uint32_t n_src, uint32_t *dst, struct err *err)
{
	struct build_forest f = e->forest;
	uint32_t *trees = ARENA_ARRAY(im->mem, f.n_trees, uint32_t), first;

	if (trees == NULL)
		return full(im, err);
	f.n_outputs = f.n_trees;
	f.base = NULL;
	f.divide = 1;
	if (!model_build_forest(im->build, src, n_src, &f, &first, err))
		return false;
	for (uint32_t i = 0; i < f.n_trees; i++)
		trees[i] = first + i;
	/* The first of src are the columns as they are. */
	return model_build_leaves(im->build, trees, f.n_trees, src,
	    e->n_features, e->leaves, e->n_leaves, e->forest.n_outputs, dst,
	    err);
}

/* One new slot for each of the n sums, in their place. */
static bool
add_sums(struct import *im, const struct ensemble *e, const uint32_t *columns,
    uint32_t *sums, uint32_t *raw, struct err *err)
{
	struct model_build *b = im->build;
	uint32_t n = e->forest.n_outputs, n_src, *src, first;

	if (e->linear != NULL) {
		if (!model_build_linear_float(b, columns, e->n_features, n,
			e->linear, e->forest.base, &first, err))
			return false;
	} else {
		if (!add_columns(im, e, columns, &src, &n_src, err))
			return false;
		if (e->leaves == NULL ?
		    !model_build_forest(b, src, n_src, &e->forest, &first,
			err) :
		    !add_leaves(im, e, src, n_src, &first, err))
			return false;
	}
	for (uint32_t k = 0; k < n; k++) {
		sums[k] = first + k;
		if (e->leaves != NULL && e->forest.divide != 1 &&
		    !model_build_sub_div(b, sums[k], 0, e->forest.divide,
			&sums[k], err))
			return false;
		if (raw != NULL)
			raw[k] = sums[k];
		if ((e->scale != 1 || e->bias != NULL) &&
		    !model_build_mul_add(b, sums[k], e->scale,
			e->bias != NULL ? e->bias[k] : 0, -INFINITY, INFINITY,
			&sums[k], err))
			return false;
	}
	return true;
}

/* A link that makes two probabilities, of each sum by itself. */
static bool
add_targets(struct import *im, const struct ensemble *e, uint32_t *out,
    uint32_t *n, struct err *err)
{
	/* Twice as many come out: from the last on, so that none is lost. */
	for (uint32_t k = *n; k-- > 0;) {
		uint32_t first;

		if (!model_build_link(im->build, e->link, &out[k], 1, &first,
			err))
			return false;
		if (!e->classifies) {
			out[k] = first + 1;
			continue;
		}
		out[2 * (size_t)k] = first;
		out[2 * (size_t)k + 1] = first + 1;
	}
	*n *= e->classifies ? 2 : 1;
	return true;
}

/* What becomes of n sums; *n is how many come out. */
static bool
add_end(struct import *im, const struct ensemble *e, uint32_t *out,
    uint32_t *n, struct err *err)
{
	struct model_build *b = im->build;
	const double zero = 0;
	uint32_t first;
	bool ok = true;

	switch (e->end) {
	case END_SUM:
		return true;
	case END_LINK:
		if (e->targets > 1)
			return add_targets(im, e, out, n, err);
		ok = model_build_link(b, e->link, out, *n, &first, err);
		if (model_link_is_binary(e->link))
			*n = 2;
		break;
	case END_STEP:
		if (!model_build_calc(b, CALC_GREATER, false, out, &zero, 1,
			&out[1], err))
			return false;
		*n = 2;
		return model_build_mul_add(b, out[1], -1, 1, -INFINITY,
		    INFINITY, &out[0], err);
	case END_SIGMOIDS:
		ok = model_build_calc(b, CALC_SIGMOID, false, out, NULL, *n,
		    &first, err);
		break;
	case END_SOFTPLUS:
		ok = model_build_link(b, LINK_EXP, out, *n, &first, err);
		for (uint32_t k = 0; k < *n; k++)
			out[k] = first + k;
		ok = ok && model_build_calc(b, CALC_LOG1P, false, out, NULL,
		    *n, &first, err);
		break;
	case END_SIGN_SQUARE:
		for (uint32_t k = 0; k < *n && ok; k++) {
			uint32_t pair[2] = {out[k]};

			ok = model_build_calc(b, CALC_ABS, false, out + k,
			    NULL, 1, &pair[1], err) &&
			    model_build_calc(b, CALC_MUL, false, pair, NULL,
				1, &out[k], err);
		}
		return ok;
	}
	for (uint32_t k = 0; k < *n && ok; k++)
		out[k] = first + k;
	return ok;
}

bool
ensemble_steps(struct import *im, const struct ensemble *e,
    const uint32_t *columns, uint32_t **ret, uint32_t *n, uint32_t *raw,
    struct err *err)
{
	*n = e->forest.n_outputs;
	*ret = ARENA_ARRAY(im->mem, 2 * (size_t)*n, uint32_t);
	if (*ret == NULL)
		return full(im, err);
	return add_sums(im, e, columns, *ret, raw, err) &&
	    add_end(im, e, *ret, n, err);
}

static bool
add_classes(struct import *im, const struct model_class *labels, uint32_t n,
    struct err *err)
{
	for (uint32_t k = 0; k < n && labels != NULL; k++)
		if (!import_class(im, labels[k], err))
			return false;
	if (labels != NULL)
		return true;
	for (uint32_t k = 0; k < n; k++) {
		char text[16];
		int len = snprintf(text, sizeof(text), "%u", k);
		struct str label = arena_str(im->mem,
		    (struct str){text, (size_t)len});

		if (label.p == NULL)
			return full(im, err);
		if (!import_class(im, (struct model_class){
			.kind = CLASS_INTEGER, .text = label, .number = k},
			err))
			return false;
	}
	return true;
}

/* Labels 0 and 1 of each target. */
static bool
build_targets(struct import *im, const struct ensemble *e,
    const uint32_t *out, struct err *err)
{
	for (uint32_t k = 0; k < e->targets; k++)
		if (!model_build_target(im->build, err) ||
		    !add_classes(im, NULL, 2, err) ||
		    !model_build_output(im->build, MODEL_CLASSIFICATION,
			out + 2 * (size_t)k, 2, err))
			return false;
	return true;
}

static bool
add_facts(struct import *im, const struct ensemble *e, struct err *err)
{
	char text[160];
	double nodes = 0;
	int n;

	for (uint32_t i = 0; i < e->forest.n_trees; i++)
		nodes += e->forest.trees[i].n_nodes;
	model_build_figure(im->build, FIGURE_TREES, e->forest.n_trees);
	model_build_figure(im->build, FIGURE_NODES, nodes);
	model_build_figure(im->build, FIGURE_FEATURES, e->n_features);
	n = snprintf(text, sizeof(text), "%s %.*s", e->library,
	    (int)(e->objective.n < 64 ? e->objective.n : 64), e->objective.p);
	if (!model_build_fact(im->build, FACT_ALGORITHM,
		(struct str){text, (size_t)n}, err) ||
	    !model_build_fact(im->build, FACT_PIPELINE,
		(struct str){text, (size_t)n}, err) ||
	    !import_format(im, e->format, err))
		return false;
	if (e->version.n == 0)
		return true;
	n = snprintf(text, sizeof(text), "%s %.*s", e->library,
	    (int)(e->version.n < 64 ? e->version.n : 64), e->version.p);
	return model_build_fact(im->build, FACT_FRAMEWORK_VERSION,
	    (struct str){text, (size_t)n}, err);
}

bool
ensemble_build(struct import *im, const struct ensemble *e, struct err *err)
{
	uint32_t *columns = ARENA_ARRAY(im->mem, e->n_features, uint32_t);
	uint32_t *out, n;

	if (columns == NULL)
		return full(im, err);
	if (!ensemble_inputs(im, e, columns, err) ||
	    !ensemble_steps(im, e, columns, &out, &n, NULL, err) ||
	    (e->classifies && e->targets < 2 && !add_classes(im, e->labels, n, err)) ||
	    (e->note.n > 0 && !model_build_warn(im->build, e->note, err)) ||
	    !add_facts(im, e, err))
		return false;
	if (e->classifies && e->targets > 1)
		return build_targets(im, e, out, err);
	if (e->classifies)
		return model_build_output(im->build, MODEL_CLASSIFICATION,
		    out, n, err);
	if (e->forest.n_outputs == 1) {
		out += n - 1;
		n = 1;
	}
	return model_build_output(im->build, MODEL_REGRESSION, out, n, err);
}
