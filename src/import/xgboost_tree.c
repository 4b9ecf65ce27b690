/* SPDX-License-Identifier: ISC
 *
 * The trees of an XGBoost model, from whichever form of its file: splits of
 * numbers and of categories, leaves of one number or several, and how many
 * of the trees count. Numbers are rounded to float where the library holds
 * floats.
 */
#include "import/xgboost_model.h"

#include <math.h>
#include <stdio.h>

#include "import/xgboost_category.h"

static bool
full(const struct xgb *x, struct err *err)
{
	return arena_err(x->im->mem, "the model", err);
}

static bool
is_index(double v, uint32_t n)
{
	return v >= 0 && v < n && v == floor(v);
}

/* A list of a tree with one number a node. */
static bool
tree_list(const struct doc *tree, uint32_t number, const char *key, size_t n,
    const double **ret, struct err *err)
{
	const struct doc *d = doc_get(tree, key);

	if (d == NULL || d->kind != DOC_NUMBERS || d->n != n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u: %s is no list of %zu numbers", number, key, n);
	*ret = d->numbers;
	return true;
}

/* How many numbers its leaves have: one, or with multi_output_tree one an
 * output. All trees are alike. */
static bool
leaf_width(struct xgb *x, const struct doc *tree, uint32_t number,
    struct err *err)
{
	struct build_forest *f = &x->e.forest;
	uint32_t width;

	if (!xgboost_whole(doc_find(tree, "tree_param.size_leaf_vector"),
		UINT16_MAX, &width))
		width = UINT32_MAX;
	if (width == 0)
		width = 1;
	if (number == 0)
		f->n_values = width;
	if (width != f->n_values || (width > 1 && width != f->n_outputs))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has leaves that are not of one number, nor of "
		    "one for each of %u outputs", number, f->n_outputs);
	return true;
}

/* Whether each split is of categories; *ret is NULL where none is. */
static bool
split_types(const struct doc *tree, uint32_t n, const double **ret,
    uint32_t number, struct err *err)
{
	*ret = NULL;
	return doc_get(tree, "split_type") == NULL ||
	    tree_list(tree, number, "split_type", n, ret, err);
}

/* Node i, which is k in the file: of numbers as it stands, or of the set
 * that the node has. */
static bool
split_kind(const struct xgb *x, bool categories, uint32_t set,
    const struct ensemble_nodes *nodes, uint32_t i, uint32_t k,
    uint32_t number, struct err *err)
{
	bool column = x->columns != NULL &&
	    x->columns[nodes->feature[i]].n > 0;

	if (categories != column || categories != (set > 0))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "node %u of tree %u splits on a category that is not in "
		    "the file; encode the column before training", k,
		    number);
	if (categories) {
		nodes->feature[i] = (int32_t)(2 * x->e.n_features + set - 1);
		nodes->threshold[i] = 0.5;
	}
	return true;
}

/* What a leaf of dart adds. Up to 3.2 the scikit-learn classes add a tree to
 * its base first, and take that away again. */
static float
leaf_value(const struct xgb *x, uint32_t number, uint32_t group, float leaf)
{
	float base = (float)x->e.forest.base[group];

	if (x->weights == NULL)
		return leaf;
	if (x->in_place)
		leaf = (base + leaf) - base;
	return leaf * (float)x->weights[number];
}

/* Leaves of several numbers: since 3.1 a list of them, whose number stands
 * where an inner node has its right child, before that one a node. */
struct vectors {
	const double *numbers;
	size_t n;
	const double *index; /* NULL: the number of the node */
};

static bool
find_vectors(const struct xgb *x, const struct doc *tree, uint32_t number,
    const double *right, struct vectors *ret, struct err *err)
{
	const struct doc *list = doc_get(tree, "leaf_weights");

	*ret = (struct vectors){.index = list != NULL ? right : NULL};
	if (list == NULL)
		list = doc_get(tree, "base_weights");
	if (x->e.forest.n_values == 1)
		return true;
	if (list == NULL || list->kind != DOC_NUMBERS)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no list of its leaves", number);
	ret->numbers = list->numbers;
	ret->n = list->n / x->e.forest.n_values;
	return true;
}

static bool
read_vector(const struct xgb *x, const struct vectors *v, uint32_t number,
    uint32_t k, double *value, struct err *err)
{
	uint32_t width = x->e.forest.n_values;
	double at = v->index != NULL ? v->index[k] : k;

	if (!(at >= 0 && at < (double)v->n) || at != floor(at))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "node %u of tree %u is a leaf that is not there", k,
		    number);
	for (uint32_t j = 0; j < width; j++)
		value[j] = (double)leaf_value(x, number, j,
		    (float)v->numbers[(size_t)at * width + j]);
	return true;
}

/* Nodes in the order in which a walk from the root meets them level by
 * level: the library uses numbers of pruned nodes again, so a child may come
 * before its parent in the file. */
static bool
read_tree(struct xgb *x, const struct doc *tree, uint32_t number,
    uint32_t group, struct build_tree *ret, struct err *err)
{
	const struct doc *list = doc_get(tree, "left_children");
	const double *left, *right, *feature, *condition, *missing_left;
	const double *type;
	uint32_t *queue, *sets, n, tail = 1, width;
	struct ensemble_nodes nodes;
	struct vectors vectors;
	double *value;

	if (list == NULL || list->n == 0 || list->n > INT32_MAX)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "tree %u has no nodes", number);
	n = (uint32_t)list->n;
	if (!leaf_width(x, tree, number, err) ||
	    !tree_list(tree, number, "left_children", n, &left, err) ||
	    !tree_list(tree, number, "right_children", n, &right, err) ||
	    !tree_list(tree, number, "split_indices", n, &feature, err) ||
	    !tree_list(tree, number, "split_conditions", n, &condition,
		err) ||
	    !tree_list(tree, number, "default_left", n, &missing_left, err) ||
	    !split_types(tree, n, &type, number, err) ||
	    !xgboost_sets(x->im, tree, number, x->columns, x->e.n_features, n,
		&x->sets, &sets, err) ||
	    !find_vectors(x, tree, number, right, &vectors, err) ||
	    !ensemble_tree(x->im, n, &nodes, ret, err))
		return false;
	width = x->e.forest.n_values;
	value = nodes.value;
	if (width > 1)
		ret->value = value = ARENA_ARRAY(x->im->mem,
		    (size_t)n * width, double);
	if (value == NULL)
		return full(x, err);
	queue = ARENA_ARRAY(x->im->mem, n, uint32_t);
	if (queue == NULL)
		return full(x, err);
	for (uint32_t i = 0; i < tail; i++) {
		uint32_t k = queue[i];

		nodes.left[i] = nodes.right[i] = -1;
		if (width == 1)
			value[i] = (double)leaf_value(x, number, group,
			    (float)condition[k]);
		else if (left[k] == -1 && !read_vector(x, &vectors, number, k,
			value + (size_t)i * width, err))
			return false;
		if (left[k] == -1)
			continue;
		if (n - tail < 2 || !is_index(left[k], n) ||
		    !is_index(right[k], n) ||
		    !is_index(feature[k], x->e.n_features))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "node %u of tree %u has a child or a feature "
			    "that is not there, or the tree goes in a circle",
			    k, number);
		nodes.threshold[i] = (double)(float)condition[k];
		nodes.feature[i] = (int32_t)feature[k];
		nodes.missing_left[i] = missing_left[k] != 0;
		if (!split_kind(x, type != NULL && type[k] != 0, sets[k],
			&nodes, i, k, number, err))
			return false;
		nodes.left[i] = (int32_t)tail;
		queue[tail++] = (uint32_t)left[k];
		nodes.right[i] = (int32_t)tail;
		queue[tail++] = (uint32_t)right[k];
	}
	ret->n_nodes = tail;
	ret->first_output = width == 1 ? group : 0;
	return true;
}

/* Trees up to the best iteration, where early stopping left one: so do the
 * scikit-learn classes of the library. */
static bool
cut_trees(struct xgb *x, uint32_t *n_trees, struct err *err)
{
	const struct doc *best = doc_find(x->learner,
	    "attributes.best_iteration");
	const struct doc *starts = doc_get(x->model, "iteration_indptr");
	uint32_t iteration, parallel, limit;
	uint64_t end;
	char text[96];
	int n;

	if (best == NULL)
		return true;
	if (!xgboost_whole(best, INT32_MAX, &iteration) ||
	    !xgboost_whole(doc_find(x->model,
		"gbtree_model_param.num_parallel_tree"), 1 << 20,
		&parallel) ||
	    !xgboost_whole(doc_find(x->learner, "attributes.best_ntree_limit"),
		INT32_MAX, &limit))
		return xgboost_bad(err, "whose best_iteration is no number");
	/* Before 1.6 only this tells how many trees an iteration has. */
	if (parallel == 0)
		parallel = limit / (iteration + 1);
	end = (uint64_t)(iteration + 1) * x->e.forest.n_outputs *
	    (parallel > 0 ? parallel : 1);
	if (starts != NULL && starts->kind == DOC_NUMBERS &&
	    iteration + 1 < starts->n &&
	    starts->numbers[iteration + 1] >= 0 &&
	    starts->numbers[iteration + 1] <= *n_trees)
		end = (uint64_t)starts->numbers[iteration + 1];
	if (end >= *n_trees)
		return true;
	n = snprintf(text, sizeof(text),
	    "stops at best_iteration %u: %u of %u trees are used",
	    iteration, (uint32_t)end, *n_trees);
	*n_trees = (uint32_t)end;
	x->e.note = arena_str(x->im->mem, (struct str){text, (size_t)n});
	return x->e.note.p != NULL || full(x, err);
}

bool
xgboost_trees(struct xgb *x, struct err *err)
{
	const struct doc *trees = doc_get(x->model, "trees");
	const struct doc *groups = doc_get(x->model, "tree_info");
	const struct doc *weights = doc_find(x->learner,
	    "gradient_booster.weight_drop");
	struct build_forest *f = &x->e.forest;
	const struct doc *tree;
	struct build_tree *list;
	uint32_t n;

	if (trees == NULL || (trees->kind != DOC_LIST && trees->n > 0) ||
	    trees->n > UINT32_MAX || groups == NULL ||
	    groups->kind != DOC_NUMBERS || groups->n != trees->n)
		return xgboost_bad(err, "without a list of trees and their classes");
	n = (uint32_t)trees->n;
	/* Since 3.3 among the trees; an empty list is no dart. */
	if (weights == NULL)
		weights = doc_get(x->model, "weight_drop");
	if (weights != NULL && weights->n > 0) {
		if (weights->kind != DOC_NUMBERS || weights->n != n)
			return xgboost_bad(err, "whose weight_drop has not one number "
			    "a tree");
		x->weights = weights->numbers;
	}
	list = ARENA_ARRAY(x->im->mem, n, struct build_tree);
	if (list == NULL)
		return full(x, err);
	if (!cut_trees(x, &n, err))
		return false;
	tree = trees->child;
	for (uint32_t i = 0; i < n; i++, tree = tree->next) {
		if (!is_index(groups->numbers[i], f->n_outputs))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "tree %u is of a class that is not there", i);
		if (!read_tree(x, tree, i, (uint32_t)groups->numbers[i],
			&list[i], err))
			return false;
	}
	x->e.columns = x->columns;
	x->e.sets = x->sets.first;
	x->e.n_sets = x->sets.n;
	f->trees = list;
	f->n_trees = n;
	return true;
}
