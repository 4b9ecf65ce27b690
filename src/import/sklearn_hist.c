/* SPDX-License-Identifier: ISC
 *
 * HistGradientBoostingClassifier and -Regressor: the first guess plus each
 * tree's leaf, the learning rate in it already. Cells are compared as double,
 * and every split says where a missing one goes. Splits on categories are
 * columns of sklearn_hist_category.c.
 */
#include <float.h>
#include <math.h>

#include "import/sklearn_hist.h"
#include "import/sklearn_tree.h"

static const char node_fields[] =
    "value count feature_idx num_threshold missing_go_to_left left right "
    "gain depth is_leaf bin_threshold is_categorical bitset_idx";

static bool
read_doubles(const struct step *s, const struct array *nodes,
    const char *name, double **ret, struct err *err)
{
	struct array field;

	if (!array_field(nodes, name, &field, err))
		return step_context(s, err);
	*ret = array_doubles(&field, s->sk->mem);
	return *ret != NULL || step_full(s, err);
}

/* The nodes that split on categories ask for columns of their own. */
static bool
read_category_splits(const struct step *s, const struct array *nodes,
    const int32_t *left, const int32_t *category, struct hist_columns *columns,
    int32_t *feature, double *threshold, struct err *err)
{
	struct array bitsets = {0};
	int32_t *set;
	uint32_t column;
	bool some = false;

	for (size_t i = 0; i < nodes->count; i++)
		some |= left[i] >= 0 && category[i] != 0;
	if (!some)
		return true;
	if (!step_array(s, "raw_left_cat_bitsets", &bitsets, err) ||
	    !sk_nodes_links(s, nodes, "bitset_idx", 0,
		(double)bitsets.dim[0], &set, err))
		return false;
	for (size_t i = 0; i < nodes->count; i++) {
		if (left[i] < 0 || category[i] == 0)
			continue;
		if (!sk_hist_split(s, columns, (uint32_t)feature[i], &bitsets,
			(size_t)set[i], &column, err))
			return false;
		feature[i] = (int32_t)column;
		threshold[i] = 0.5;
	}
	return true;
}

/* The nodes of one TreePredictor. */
static bool
read_tree(const struct step *s, struct hist_columns *columns,
    struct build_tree *t, struct err *err)
{
	int32_t *left, *right, *feature, *leaf, *category, *missing;
	double *threshold, *value;
	uint8_t *missing_left;
	struct array nodes;
	double n;

	if (!step_array(s, "nodes", &nodes, err) ||
	    !sk_nodes_check(s, &nodes, node_fields, err))
		return false;
	if (nodes.count == 0)
		return step_err(s, err, ERR_MODEL, "the tree has no nodes");
	n = (double)nodes.count;
	if (!sk_nodes_links(s, &nodes, "is_leaf", 0, 2, &leaf, err) ||
	    !sk_nodes_links(s, &nodes, "left", 0, n, &left, err) ||
	    !sk_nodes_links(s, &nodes, "right", 0, n, &right, err) ||
	    !sk_nodes_links(s, &nodes, "feature_idx", 0, columns->flow.n,
		&feature, err) ||
	    !sk_nodes_links(s, &nodes, "missing_go_to_left", 0, 2, &missing,
		err) ||
	    !sk_nodes_links(s, &nodes, "is_categorical", 0, 2, &category,
		err) ||
	    !read_doubles(s, &nodes, "num_threshold", &threshold, err) ||
	    !read_doubles(s, &nodes, "value", &value, err))
		return false;
	missing_left = ARENA_ARRAY(s->sk->mem, nodes.count, uint8_t);
	if (missing_left == NULL)
		return step_full(s, err);
	for (size_t i = 0; i < nodes.count; i++) {
		if (leaf[i] != 0) {
			left[i] = right[i] = -1;
			continue;
		}
		missing_left[i] = missing[i] != 0;
		/* "All but the missing go left", see sklearn_tree.c. */
		if (threshold[i] == INFINITY)
			threshold[i] = DBL_MAX;
	}
	if (!read_category_splits(s, &nodes, left, category, columns, feature,
		threshold, err))
		return false;
	*t = (struct build_tree){
	    .n_nodes = (uint32_t)nodes.count,
	    .left = left,
	    .right = right,
	    .feature = feature,
	    .threshold = threshold,
	    .missing_left = missing_left,
	    .value = value,
	};
	return true;
}

/* Where the sums start: one number in 1.0, an array of one a score later. */
static bool
read_baseline(const struct step *s, uint32_t n_scores, double **ret,
    struct err *err)
{
	double one;

	if (n_scores != 1 ||
	    !value_number(step_get(s, "_baseline_prediction"), &one))
		return step_doubles(s, "_baseline_prediction", n_scores, ret,
		    err);
	if (!isfinite(one))
		return step_err(s, err, ERR_MODEL,
		    "attribute _baseline_prediction is not finite");
	*ret = ARENA_ARRAY(s->sk->mem, 1, double);
	if (*ret == NULL)
		return step_full(s, err);
	(*ret)[0] = one;
	return true;
}

/* All iterations as one forest: tree k of each adds to score k. */
static bool
read_iterations(const struct step *s, const struct flow *in,
    uint32_t n_scores, uint32_t *first, struct err *err)
{
	const struct node *list = step_get(s, "_predictors");
	struct build_forest forest = {
	    .compare = TREE_F64_LE_F64,
	    .takes_nan = true,
	    .n_values = 1,
	    .n_outputs = n_scores,
	    .divide = 1,
	};
	struct hist_columns columns;
	struct build_tree *trees;
	struct flow all;
	double *base;

	if (!step_width(s, in, err) ||
	    !read_baseline(s, n_scores, &base, err) ||
	    !sk_hist_columns(s, in, &columns, err))
		return false;
	if (list == NULL || list->kind != NODE_LIST)
		return step_err(s, err, ERR_MODEL,
		    "no list of trees in _predictors: was the model fitted?");
	if (list->n > SKLEARN_ITEMS_MAX / n_scores)
		return step_err(s, err, ERR_LIMIT, "too many trees");
	trees = ARENA_ARRAY(s->sk->mem, (size_t)list->n * n_scores,
	    struct build_tree);
	if (trees == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct node *row = list->items[i];

		if (row->kind != NODE_LIST || row->n != n_scores)
			return step_err(s, err, ERR_MODEL,
			    "attribute _predictors does not hold %u trees an "
			    "iteration", n_scores);
		for (uint32_t k = 0; k < n_scores; k++) {
			struct build_tree *t = &trees[forest.n_trees];
			struct step tree;

			if (!step_open(s->sk, s, STR("_predictors"),
				row->items[k], &tree, err))
				return false;
			if (tree.class->read != read_part)
				return step_err(&tree, err, ERR_MODEL,
				    "is no tree");
			if (!read_tree(&tree, &columns, t, err))
				return false;
			t->first_output = k;
			forest.n_trees++;
		}
	}
	forest.trees = trees;
	forest.base = base;
	if (!sk_hist_flow(s, &columns, &all, err) ||
	    !sk_forest_build(s, &all, &forest, first, err))
		return false;
	s->sk->features = in->n;
	return true;
}

bool
read_hist_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"log_loss", "auto",
	    "binary_crossentropy", "categorical_crossentropy"};
	struct array classes;
	uint32_t n, first, *scores;
	size_t ignored;

	if (!step_word(s, "loss", words, countof(words), 0, &ignored, err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	n = classes.count == 2 ? 1 : (uint32_t)classes.count;
	return read_iterations(s, in, n, &first, err) &&
	    sk_slots(s, first, n, &scores, err) &&
	    sk_probabilities(s, n == 1 ? LINK_SIGMOID : LINK_SOFTMAX, scores,
		n, &classes, out, err) &&
	    sk_margins(s, scores, n, out, err);
}

bool
read_hist_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	/* All but the first two predict the raw score itself. */
	static const char *const words[] = {"poisson", "gamma",
	    "squared_error", "least_squares", "absolute_error",
	    "least_absolute_deviation", "quantile"};
	size_t loss;

	if (!step_word(s, "loss", words, countof(words), 2, &loss, err) ||
	    !step_flow(s, 1, out, err) ||
	    !read_iterations(s, in, 1, out->slot, err))
		return false;
	if (loss < 2 && !model_build_link(s->sk->build, LINK_EXP, out->slot,
		1, out->slot, err))
		return step_context(s, err);
	out->kind = FLOW_VALUE;
	return true;
}
