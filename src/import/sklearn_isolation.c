/* SPDX-License-Identifier: ISC
 *
 * IsolationForest: trees whose leaves say how many splits it took to come
 * there. Class 1 is an inlier, -1 an outlier; the score is what
 * decision_function gives, below 0 for an outlier.
 */
#include "import/sklearn_tree.h"

#include <float.h>
#include <math.h>

#define EULER_GAMMA 0.57721566490153286

/* The splits that it takes on average to tell n rows apart. */
static double
average_path(double n)
{
	if (n <= 1)
		return 0;
	if (n == 2)
		return 1;
	return 2 * (log(n - 1) + EULER_GAMMA) - 2 * (n - 1) / n;
}

/* Leaves of the tree become lengths of paths. */
static bool
measure(const struct step *s, struct build_tree *t, struct err *err)
{
	const struct node *state = node_attributes(step_get(s, "tree_"));
	double *length = ARENA_ARRAY(s->sk->mem, t->n_nodes, double), rows;
	double *value = ARENA_ARRAY(s->sk->mem, t->n_nodes, double);
	struct array nodes, samples;

	if (length == NULL || value == NULL)
		return step_full(s, err);
	if (!array_view(node_get(state, "nodes"), &nodes, err) ||
	    !array_field(&nodes, "n_node_samples", &samples, err))
		return step_context(s, err);
	length[0] = 1;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (!array_number(&samples, i, &rows))
			return step_err(s, err, ERR_MODEL,
			    "node %u of the tree has no number of rows", i);
		value[i] = length[i] + average_path(rows) - 1;
		if (t->left[i] < 0)
			continue;
		/* The builder will say so where they lead astray. */
		if (t->left[i] > (int32_t)i)
			length[t->left[i]] = length[i] + 1;
		if (t->right[i] > (int32_t)i)
			length[t->right[i]] = length[i] + 1;
	}
	t->value = value;
	return true;
}

/* The columns of one tree, as those of all. */
static bool
spread_features(const struct step *s, const struct node *list, uint32_t n,
    struct build_tree *t, uint32_t n_columns, struct err *err)
{
	int32_t *feature = ARENA_ARRAY(s->sk->mem, t->n_nodes, int32_t);
	struct array columns;
	double at;

	if (feature == NULL)
		return step_full(s, err);
	if (!array_view(list, &columns, err)) {
		err_context(err, "attribute estimators_features_");
		return step_context(s, err);
	}
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (t->left[i] < 0)
			continue;
		if ((uint32_t)t->feature[i] >= n || columns.count != n ||
		    !array_number(&columns, (size_t)t->feature[i], &at) ||
		    !(at >= 0) || at >= n_columns)
			return step_err(s, err, ERR_MODEL,
			    "estimators_features_ names a column that is not "
			    "there");
		feature[i] = (int32_t)at;
	}
	t->feature = feature;
	return true;
}

static bool
read_trees(const struct step *s, const struct flow *in, double divide,
    uint32_t *ret, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");
	const struct node *const *columns;
	struct build_forest forest = {
	    .compare = TREE_F32_LE_F64,
	    /* As training did; before 1.6 it refuses what is missing. */
	    .takes_nan = s->version >= 1006,
	    .n_values = 1,
	    .n_outputs = 1,
	    .divide = divide,
	};
	struct build_tree *trees;
	double n;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of trees in estimators_: was the model fitted?");
	if (!step_width(s, in, err) || !step_list(s, "estimators_features_",
		list->n, &columns, err))
		return false;
	forest.divide *= list->n;
	trees = ARENA_ARRAY(s->sk->mem, list->n, struct build_tree);
	if (trees == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		struct build_tree *t = &trees[i];
		struct step tree;

		if (!step_open(s->sk, s, STR("estimators_"), list->items[i],
			&tree, err))
			return false;
		if (tree.class->read != read_tree_regressor)
			return step_err(&tree, err, ERR_MODEL, "is no tree");
		if (!value_number(step_get(&tree, "n_features_in_"), &n) ||
		    !(n >= 1 && n <= in->n))
			return step_err(&tree, err, ERR_MODEL,
			    "does not say how many columns it has");
		if (!sk_tree_read(&tree, (uint32_t)n, LEAF_NUMBER, 1, 1, t,
			err) ||
		    !measure(&tree, t, err) ||
		    !spread_features(&tree, columns[i], (uint32_t)n, t, in->n,
			err))
			return false;
		if (t->missing_left == NULL)
			forest.takes_nan = false;
		/* In a sparse matrix it goes where it is not below. */
		if (in->sparse)
			t->missing_left = ARENA_ARRAY(s->sk->mem, t->n_nodes,
			    uint8_t);
		if (in->sparse && t->missing_left == NULL)
			return step_full(s, err);
	}
	for (uint32_t i = 0; i < list->n && !forest.takes_nan; i++)
		trees[i].missing_left = NULL;
	forest.n_trees = list->n;
	forest.trees = trees;
	return sk_forest_build(s, in, &forest, ret, err);
}

bool
read_isolation_forest(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	const double two = 2;
	const char *name = step_has(s, "max_samples_") ? "max_samples_" :
	    "_max_samples";
	double offset, rows;
	uint32_t score;

	if (!step_number(s, "offset_", &offset, err) ||
	    !step_number(s, name, &rows, err))
		return false;
	if (!isfinite(offset) || !(rows >= 2))
		return step_err(s, err, ERR_MODEL,
		    "was trained on %g rows a tree", rows);
	if (!read_trees(s, in, average_path(rows), &score, err) ||
	    !step_flow(s, 2, out, err))
		return false;
	/* -(2 ** -depth) - offset; and its opposite, for the outliers. */
	if (!model_build_calc(b, CALC_NEG, false, &score, NULL, 1, &score,
		err) ||
	    !model_build_calc(b, CALC_EXPONENT, false, &score, &two, 1,
		&score, err) ||
	    !model_build_mul_add(b, score, -1, -offset, -INFINITY, INFINITY,
		&out->slot[0], err) ||
	    !model_build_mul_add(b, out->slot[0], -1, 0, -INFINITY, INFINITY,
		&out->slot[1], err))
		return step_context(s, err);
	out->kind = FLOW_OUTLIERS;
	return true;
}
