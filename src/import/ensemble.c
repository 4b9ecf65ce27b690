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
	return c->texts != NULL || model_build_lookup(im->build, *slot,
	    c->values, c->n, slot, err);
}

static bool
in_set(const struct ensemble_set *s, uint32_t place)
{
	return place / 32 < s->n_words &&
	    (s->words[place / 32] >> place % 32 & 1) != 0;
}

/* The number that stands for set s, by the code of the category. */
static bool
add_set(struct import *im, const struct ensemble *e, const uint32_t *codes,
    const struct ensemble_set *s, uint32_t slot, uint32_t *ret,
    struct err *err)
{
	const struct ensemble_column *c = &e->columns[s->feature];
	double *table = ARENA_ARRAY(im->mem, TABLE_CODES + (size_t)c->n,
	    double);

	if (table == NULL)
		return full(im, err);
	for (uint32_t k = 0; k < TABLE_CODES + c->n; k++)
		table[k] = k == TABLE_UNKNOWN ? e->unknown :
		    k == TABLE_MISSING ? e->missing : e->outside;
	for (uint32_t k = 0; k < c->n; k++)
		if (codes[k] < c->n && in_set(s, c->bits[k]))
			table[TABLE_CODES + codes[k]] = e->inside;
	return model_build_table(im->build, slot, table, TABLE_CODES + c->n,
	    ret, err);
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
		if (e->columns[i].n == 0)
			continue;
		coded[i] = slots[i];
		if (!add_codes(im, &e->columns[i], &coded[i], &codes[i],
			err) ||
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

/* The columns, as slots: n of them. */
static bool
add_inputs(struct import *im, const struct ensemble *e, uint32_t **ret,
    uint32_t *n, struct err *err)
{
	bool derived = e->zero_missing != NULL || e->columns != NULL;
	uint32_t *slots;

	*n = derived ? 2 * e->n_features + e->n_sets : e->n_features;
	slots = ARENA_ARRAY(im->mem, *n, uint32_t);
	if (slots == NULL)
		return full(im, err);
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
	*ret = slots;
	return !derived || add_derived(im, e, slots, err);
}

static bool
add_classes(struct import *im, uint32_t n, struct err *err)
{
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
	uint32_t n = e->forest.n_outputs, first, n_src = 0, *src = NULL;
	uint32_t *out;

	if (!add_inputs(im, e, &src, &n_src, err) ||
	    !model_build_forest(im->build, src, n_src, &e->forest, &first,
		err))
		return false;
	out = ARENA_ARRAY(im->mem, (size_t)n + 1, uint32_t);
	if (out == NULL)
		return full(im, err);
	for (uint32_t k = 0; k < n; k++) {
		out[k] = first + k;
		if (e->scale != 1 && !model_build_mul_add(im->build, out[k],
			e->scale, 0, -INFINITY, INFINITY, &out[k], err))
			return false;
	}
	if (e->linked) {
		if (!model_build_link(im->build, e->link, out, n, &first,
			err))
			return false;
		if (e->link == LINK_SIGMOID || e->link == LINK_SIGMOID_F32)
			n = 2;
		for (uint32_t k = 0; k < n; k++)
			out[k] = first + k;
	}
	if (e->classifies && !add_classes(im, n, err))
		return false;
	return add_facts(im, e, err) && (e->classifies ?
	    model_build_output(im->build, MODEL_CLASSIFICATION, out, n, err) :
	    model_build_output(im->build, MODEL_REGRESSION, out + n - 1, 1,
		err));
}
