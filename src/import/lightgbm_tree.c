/* SPDX-License-Identifier: ISC
 *
 * The trees of LightGBM's model text: splits and leaves in lists, categories
 * as sets of bits, and leaves that may be linear functions.
 */
#include "import/lightgbm_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "import/lightgbm_category.h"
#include "import/lightgbm_text.h"

/* Bits of a decision_type. */
enum {
	DECISION_CATEGORY = 1 << 0,
	DECISION_LEFT = 1 << 1, /* missing goes left */
	DECISION_KIND = 3 << 2,
};
/* What counts as missing at a split: else a NaN is 0. */
enum { KIND_NONE = 0, KIND_ZERO = 1 << 2, KIND_NAN = 2 << 2 };

/* The sets of categories of one tree: set k is words[starts[k]] up to
 * words[starts[k + 1]]. */
struct tree_sets {
	uint32_t n;
	const double *starts, *words;
};

/* The sets of a tree with `n` of them. */
static bool
read_sets(struct lgb *l, struct str text, uint32_t number,
    struct tree_sets *ret, struct err *err)
{
	struct arena *mem = l->im->mem;
	uint32_t n;
	double words = 0;

	if (!lightgbm_whole(text, "num_cat", 0, INT32_MAX / 2, &n) ||
	    n > text.n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has more categories than text", number);
	*ret = (struct tree_sets){.n = n};
	if (n == 0)
		return true;
	if (!lightgbm_list(mem, text, number, "cat_boundaries", n + 1,
		&ret->starts, err))
		return false;
	for (uint32_t k = 0; k <= n; k++) {
		if (!(ret->starts[k] >= words && ret->starts[k] <= text.n) ||
		    ret->starts[k] != floor(ret->starts[k]))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u: cat_boundaries do not ascend", number);
		words = ret->starts[k];
	}
	return lightgbm_list(mem, text, number, "cat_threshold",
	    (uint32_t)words, &ret->words, err);
}

/* Split i of a tree: a feature that is 0 or 1 stands for the categories. */
static bool
split_on_set(struct lgb *l, const struct tree_sets *sets, uint32_t feature,
    double set, const struct ensemble_nodes *nodes, uint32_t i,
    uint32_t number, struct err *err)
{
	uint32_t k, start;

	if (!(set >= 0 && set < sets->n) || l->columns == NULL ||
	    l->columns[feature].n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u splits on categories that are not "
		    "there", i, number);
	start = (uint32_t)sets->starts[(uint32_t)set];
	if (!ensemble_set_add(l->im, &l->sets, feature, sets->words + start,
		(uint32_t)sets->starts[(uint32_t)set + 1] - start, &k, err))
		return false;
	nodes->feature[i] = (int32_t)(2 * l->e.n_features + k);
	nodes->threshold[i] = 0.5;
	return true;
}

/* Split i of a tree. */
static bool
read_split(struct lgb *l, const struct tree_sets *sets, double feature,
    double decision, double threshold, const struct ensemble_nodes *nodes,
    uint32_t i, uint32_t number, struct err *err)
{
	uint32_t type = decision >= 0 && decision < 16 ?
	    (uint32_t)decision : UINT32_MAX;

	if (type == UINT32_MAX || (type & DECISION_KIND) == DECISION_KIND ||
	    !(feature >= 0 && feature < l->e.n_features))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u has a decision type or a feature "
		    "that is not known", i, number);
	nodes->feature[i] = (int32_t)feature;
	if ((type & DECISION_CATEGORY) != 0)
		return split_on_set(l, sets, (uint32_t)feature, threshold,
		    nodes, i, number, err);
	if (l->columns != NULL && l->columns[nodes->feature[i]].n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u compares categories", i, number);
	/* Infinity parts missing from all else; no row that is scored has
	 * an infinite value. */
	nodes->threshold[i] = threshold == INFINITY ? DBL_MAX : threshold;
	nodes->missing_left[i] = (type & DECISION_LEFT) != 0;
	if ((type & DECISION_KIND) == KIND_NONE)
		nodes->missing_left[i] = 0 <= threshold;
	if ((type & DECISION_KIND) == KIND_ZERO) {
		l->zero_missing[nodes->feature[i]] = l->any_zero = true;
		nodes->feature[i] += (int32_t)l->e.n_features;
	}
	return true;
}

/* The functions in the n leaves of a linear tree. */
static bool
read_linear(struct lgb *l, struct str text, uint32_t number, uint32_t n,
    const double *value, struct build_leaf *leaves, struct err *err)
{
	const double *constant, *counts, *features, *coef;
	struct arena *mem = l->im->mem;
	uint32_t terms, at = 0, *feature;

	if (!lightgbm_list(mem, text, number, "leaf_const", n, &constant,
		err) ||
	    !lightgbm_list(mem, text, number, "num_features", n, &counts,
		err) ||
	    !lightgbm_terms(mem, text, number, "leaf_features", counts, n,
		&features, &terms, err) ||
	    !lightgbm_terms(mem, text, number, "leaf_coeff", counts, n,
		&coef, &terms, err))
		return false;
	feature = ARENA_ARRAY(l->im->mem, terms, uint32_t);
	if (feature == NULL)
		return lightgbm_full(l, err);
	for (uint32_t i = 0; i < terms; i++) {
		if (!(features[i] >= 0 && features[i] < l->e.n_features) ||
		    (l->columns != NULL &&
			l->columns[(uint32_t)features[i]].n > 0))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u: a leaf has a feature that is not there",
			    number);
		feature[i] = (uint32_t)features[i];
	}
	for (uint32_t i = 0; i < n; i++) {
		leaves[i] = (struct build_leaf){.n = (uint32_t)counts[i],
		    .feature = feature + at, .coef = coef + at,
		    .constant = constant[i], .otherwise = value[i]};
		at += leaves[i].n;
	}
	return true;
}

/* The n leaves of a tree whose values begin at `values`, which become the
 * numbers of the leaves. */
static bool
read_leaves(struct lgb *l, struct str text, uint32_t number, uint32_t n,
    bool linear, double *values, struct err *err)
{
	struct build_leaf *leaves = l->leaves + l->n_leaves;

	if (linear && !read_linear(l, text, number, n, values, leaves, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!linear)
			leaves[i] = (struct build_leaf){
			    .constant = values[i], .otherwise = values[i]};
		values[i] = l->n_leaves + i;
	}
	l->n_leaves += n;
	return true;
}

/* The place of a child: splits come first, then the leaves, which the file
 * writes as ~leaf. -1 for what is not there. */
static int32_t
child(double v, uint32_t n_leaves)
{
	if (v >= 0 && v < n_leaves - 1)
		return (int32_t)v;
	if (v < 0 && -v <= n_leaves)
		return (int32_t)(n_leaves - 2) - (int32_t)v;
	return -1;
}

static bool
read_tree(struct lgb *l, struct str text, uint32_t number,
    struct build_tree *ret, struct err *err)
{
	const double *feature, *threshold, *decision, *left, *right, *value;
	struct arena *mem = l->im->mem;
	struct ensemble_nodes nodes;
	struct tree_sets sets;
	uint32_t n, splits, linear;

	if (!lightgbm_whole(text, "num_leaves", 0, INT32_MAX / 2, &n) ||
	    n == 0 || n > text.n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no leaves, or more than it has text",
		    number);
	if (!lightgbm_whole(text, "is_linear", 0, 1, &linear))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: is_linear is neither 0 nor 1", number);
	splits = n - 1;
	if (!lightgbm_list(mem, text, number, "leaf_value", n, &value, err) ||
	    !lightgbm_list(mem, text, number, "split_feature", splits,
		&feature, err) ||
	    !lightgbm_list(mem, text, number, "threshold", splits,
		&threshold, err) ||
	    !lightgbm_list(mem, text, number, "decision_type", splits,
		&decision, err) ||
	    !lightgbm_list(mem, text, number, "left_child", splits, &left,
		err) ||
	    !lightgbm_list(mem, text, number, "right_child", splits, &right,
		err) ||
	    !read_sets(l, text, number, &sets, err) ||
	    !ensemble_tree(l->im, splits + n, &nodes, ret, err))
		return false;
	for (uint32_t i = 0; i < splits; i++) {
		nodes.left[i] = child(left[i], n);
		nodes.right[i] = child(right[i], n);
		if (nodes.left[i] < 0 || nodes.right[i] < 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "node %u of tree %u has a child that is not "
			    "there", i, number);
		if (!read_split(l, &sets, feature[i], decision[i],
			threshold[i], &nodes, i, number, err))
			return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		nodes.left[splits + i] = nodes.right[splits + i] = -1;
		nodes.value[splits + i] = value[i];
	}
	return l->leaves == NULL || read_leaves(l, text, number, n,
	    linear != 0, nodes.value + splits, err);
}


/* What stands from the next "Tree=" up to the one after it, or to the end of
 * the trees. False where no tree is left. */
static bool
next_tree(struct str *rest, struct str *ret)
{
	const char *start = memmem(rest->p, rest->n, "\nTree=", 6), *end;
	size_t left;

	if (start == NULL)
		return false;
	start += 6;
	left = rest->n - (size_t)(start - rest->p);
	end = memmem(start, left, "\nTree=", 6);
	if (end == NULL)
		end = memmem(start, left, "\nend of trees", 13);
	*ret = (struct str){start, end != NULL ? (size_t)(end - start) : left};
	*rest = (struct str){start + ret->n, left - ret->n};
	return true;
}

bool
lightgbm_trees(struct lgb *l, struct str rest, uint32_t iterations,
    struct err *err)
{
	struct build_forest *f = &l->e.forest;
	struct build_tree *list;
	struct str count = rest, text;
	uint32_t n = 0, used, linear, leaves;
	uint64_t n_leaves = 0;
	bool any_linear = false;

	while (next_tree(&count, &text)) {
		if (lightgbm_whole(text, "is_linear", 0, 1, &linear) &&
		    linear == 1)
			any_linear = true;
		if (lightgbm_whole(text, "num_leaves", 0, INT32_MAX / 2,
			&leaves))
			n_leaves += leaves;
		n++;
	}
	if (!str_has_prefix(count, STR("\nend of trees")))
		return lightgbm_bad(err, "that is truncated: its trees have "
		    "no end");
	if (!lightgbm_columns(l->im, lightgbm_get(l->head, "feature_infos"),
		lightgbm_get(count, "pandas_categorical:"), l->e.n_features,
		&l->columns, err))
		return false;
	used = n;
	if (iterations > 0 && iterations < n / f->n_outputs)
		used = iterations * f->n_outputs;
	if (any_linear) {
		/* A tree with more leaves than text is refused. */
		if (n_leaves > rest.n)
			return lightgbm_bad(err, "with more leaves than text");
		l->leaves = ARENA_ARRAY(l->im->mem, n_leaves,
		    struct build_leaf);
		if (l->leaves == NULL)
			return lightgbm_full(l, err);
	}
	list = ARENA_ARRAY(l->im->mem, n, struct build_tree);
	l->zero_missing = ARENA_ARRAY(l->im->mem, l->e.n_features, bool);
	if (list == NULL || l->zero_missing == NULL)
		return lightgbm_full(l, err);
	for (uint32_t i = 0; i < used && next_tree(&rest, &text); i++) {
		if (!read_tree(l, text, i, &list[i], err))
			return false;
		list[i].first_output = any_linear ? i : i % f->n_outputs;
	}
	if (lightgbm_get(l->head, "average_output").p != NULL && used > 0)
		f->divide = (used + f->n_outputs - 1) / f->n_outputs;
	l->e.leaves = l->leaves;
	l->e.n_leaves = l->n_leaves;
	l->e.columns = l->columns;
	l->e.sets = l->sets.first;
	l->e.n_sets = l->sets.n;
	if (l->any_zero)
		l->e.zero_missing = l->zero_missing;
	f->trees = list;
	f->n_trees = used;
	return true;
}
