/* SPDX-License-Identifier: ISC
 *
 * Decision trees out of scikit-learn's node arrays, and the estimators that
 * are a tree or an average of trees. The node type is read from the file,
 * field by field: a field that we do not know may change where a row goes.
 */
#include "import/sklearn_tree.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "import/sklearn_several.h"

static const char node_fields[] =
    "left_child right_child feature threshold impurity n_node_samples "
    "weighted_n_node_samples missing_go_to_left";

bool
sk_is_among(const struct node *n, const char *list)
{
	struct str rest = str_of(list);

	while (n->kind == NODE_TEXT && rest.n > 0)
		if (str_eq(str_cut(&rest, ' '), n->text))
			return true;
	return false;
}

bool
sk_nodes_check(const struct step *s, const struct array *nodes,
    const char *known, struct err *err)
{
	char what[80];

	if (nodes->dtype.type != ARRAY_RECORD)
		return step_err(s, err, ERR_MODEL,
		    "the nodes of the tree are not records");
	if (!step_charge(s, (size_t)nodes->dtype.names->n +
		nodes->dtype.fields->n, err))
		return false;
	for (uint32_t i = 0; i < nodes->dtype.names->n; i++)
		if (!sk_is_among(nodes->dtype.names->items[i], known))
			return step_err(s, err, ERR_MODEL,
			    "the nodes of the tree have a field %s that is "
			    "not known; train with scikit-learn 1.0 to 1.9",
			    node_describe(nodes->dtype.names->items[i], what,
				sizeof(what)));
	s->sk->tree_nodes += nodes->count;
	s->sk->trees++;
	if (nodes->count > INT32_MAX || s->sk->tree_nodes > SKLEARN_NODES_MAX)
		return step_err(s, err, ERR_LIMIT,
		    "more than the %zu tree nodes allowed",
		    SKLEARN_NODES_MAX);
	return true;
}

bool
sk_nodes_links(const struct step *s, const struct array *nodes,
    const char *name, double low, double high, int32_t **ret,
    struct err *err)
{
	int32_t *out = ARENA_ARRAY(s->sk->mem, nodes->count, int32_t);
	struct array field;

	if (out == NULL)
		return step_full(s, err);
	if (!array_field(nodes, name, &field, err))
		return step_context(s, err);
	for (size_t i = 0; i < nodes->count; i++) {
		double v;

		if (!array_number(&field, i, &v) || !(v >= low && v < high))
			return step_err(s, err, ERR_MODEL,
			    "node %zu of the tree has a %s out of range", i,
			    name);
		out[i] = (int32_t)v;
	}
	*ret = out;
	return true;
}

static bool
read_nodes(const struct step *s, const struct array *nodes,
    uint32_t n_features, struct build_tree *t, struct err *err)
{
	double n = (double)nodes->count;
	int32_t *left, *right, *feature;
	double *threshold;
	struct array field;
	struct err none;

	/* scikit-learn marks a leaf by a left child of -1 and fills its
	 * feature with -2. */
	if (!sk_nodes_links(s, nodes, "left_child", -1, n, &left, err) ||
	    !sk_nodes_links(s, nodes, "right_child", -1, n, &right, err) ||
	    !sk_nodes_links(s, nodes, "feature", -2, n_features, &feature,
		err))
		return false;
	for (size_t i = 0; i < nodes->count; i++) {
		if (left[i] == -1) {
			right[i] = -1;
			feature[i] = 0;
		} else if (feature[i] < 0) {
			return step_err(s, err, ERR_MODEL,
			    "node %zu of the tree splits on no feature", i);
		}
	}
	t->left = left;
	t->right = right;
	t->feature = feature;
	if (!array_field(nodes, "threshold", &field, err))
		return step_context(s, err);
	threshold = array_doubles(&field, s->sk->mem);
	if (threshold == NULL)
		return step_full(s, err);
	/* "All but the missing go left" is an infinite threshold; the largest
	 * float, which is what cells are compared as, says the same. */
	for (size_t i = 0; i < nodes->count; i++)
		if (threshold[i] == INFINITY)
			threshold[i] = (double)FLT_MAX;
	t->threshold = threshold;
	if (array_field(nodes, "missing_go_to_left", &field, &none)) {
		uint8_t *missing = ARENA_ARRAY(s->sk->mem, nodes->count,
		    uint8_t);

		if (missing == NULL)
			return step_full(s, err);
		for (size_t i = 0; i < nodes->count; i++) {
			double v;

			missing[i] = array_number(&field, i, &v) && v != 0;
		}
		t->missing_left = missing;
	}
	return true;
}

/* The values of a leaf that hold counts become fractions; what is fractions
 * already (scikit-learn from 1.4 on) keeps its last bit. */
static void
normalise(double *value, uint32_t n)
{
	double sum = 0;

	for (uint32_t k = 0; k < n; k++)
		sum += value[k];
	if (sum == 0 || fabs(sum - 1) < 1e-12)
		return;
	for (uint32_t k = 0; k < n; k++)
		value[k] /= sum;
}

/* Nodes, and `outputs` rows of `width` values each. */
static bool
read_tree(const struct step *s, uint32_t n_features, uint32_t n_outputs,
    uint32_t width, struct build_tree *ret, double **values_ret,
    struct err *err)
{
	const struct node *tree = step_get(s, "tree_");
	const struct node *state = node_attributes(tree);
	struct build_tree t = {0};
	struct array nodes, values;
	double features, outputs, *value;

	if (tree == NULL || state == NULL ||
	    !node_is_global(tree->object.callee, "sklearn.tree._tree",
		"Tree"))
		return step_err(s, err, ERR_MODEL,
		    "no tree_ with its state: was the model fitted?");
	if (!step_charge(s, state->n, err))
		return false;
	for (uint32_t i = 0; i + 1 < state->n; i += 2)
		if (!sk_is_among(state->items[i],
			"max_depth node_count nodes values"))
			return step_err(s, err, ERR_MODEL,
			    "the tree holds something that is not known; "
			    "train with scikit-learn 1.0 to 1.9");
	if (!value_number(node_item(tree->object.args, 0), &features) ||
	    !value_number(node_item(tree->object.args, 2), &outputs) ||
	    features != n_features)
		return step_err(s, err, ERR_MODEL,
		    "the tree was not made for %u columns", n_features);
	if (outputs != n_outputs)
		return step_err(s, err, ERR_MODEL,
		    "predicts %g values, which is not expected", outputs);
	if (!array_view(node_get(state, "nodes"), &nodes, err) ||
	    !array_view(node_get(state, "values"), &values, err)) {
		err_context(err, "the tree");
		return step_context(s, err);
	}
	if (!sk_nodes_check(s, &nodes, node_fields, err))
		return false;
	if (nodes.count == 0 || values.n_dims != 3 ||
	    values.dim[0] != nodes.count || values.dim[1] != n_outputs ||
	    values.dim[2] != width)
		return step_err(s, err, ERR_MODEL,
		    "the tree's values do not fit its %zu nodes and %u %s",
		    nodes.count, n_outputs > 1 ? n_outputs : width,
		    n_outputs > 1 ? "outputs" : "classes");
	t.n_nodes = (uint32_t)nodes.count;
	if (!read_nodes(s, &nodes, n_features, &t, err))
		return false;
	value = array_doubles(&values, s->sk->mem);
	if (value == NULL)
		return step_full(s, err);
	*ret = t;
	*values_ret = value;
	return true;
}

bool
sk_tree_read(const struct step *s, uint32_t n_features, enum leaf_kind kind,
    uint32_t n_values, double scale, struct build_tree *ret, struct err *err)
{
	bool classes = kind == LEAF_CLASSES;
	double *value;

	if (!read_tree(s, n_features, classes ? 1 : n_values,
		classes ? n_values : 1, ret, &value, err))
		return false;
	for (size_t i = 0; classes && i < ret->n_nodes; i++)
		normalise(value + i * n_values, n_values);
	for (size_t i = 0; i < (size_t)ret->n_nodes * n_values; i++)
		value[i] *= scale;
	ret->value = value;
	return true;
}

/* The classes of several targets. In the file each has as many values as the
 * one with the most classes. */
struct targets {
	uint32_t n, width, sum;
	struct array *classes;
};

static bool
read_target_tree(const struct step *s, uint32_t n_features,
    const struct targets *targets, struct build_tree *ret, struct err *err)
{
	double *value, *to;

	if (!read_tree(s, n_features, targets->n, targets->width, ret, &value,
		err))
		return false;
	/* To the front of where they are: never past what is yet to move. */
	to = value;
	for (size_t i = 0; i < ret->n_nodes; i++)
		for (uint32_t k = 0; k < targets->n; k++) {
			uint32_t n = (uint32_t)targets->classes[k].count;

			memmove(to, value + (i * targets->n + k) *
			    targets->width, n * sizeof(*to));
			normalise(to, n);
			to += n;
		}
	ret->value = value;
	return true;
}

bool
sk_forest_build(const struct step *s, const struct flow *in,
    const struct build_forest *forest, uint32_t *dst, struct err *err)
{
	s->sk->features = in->n;
	return model_build_forest(s->sk->build, in->slot, in->n, forest, dst,
	    err) || step_context(s, err);
}

/* --- a tree, an average of trees ------------------------------------------ */

/* Whether scikit-learn itself takes NaN in the input of this tree, which is
 * alone or in a forest. The support came class by class; without it a NaN is
 * an error there, and so it is here. */
static bool
takes_nan(const struct step *tree, bool in_forest)
{
	bool random = node_is_text(step_get(tree, "splitter"), "random");
	int since = random ? 1006 : in_forest ? 1004 : 1003;
	const struct node *criterion = step_get(tree, "criterion");

	if (step_has(tree, "monotonic_cst") ||
	    (tree->version > 0 && tree->version < since))
		return false;
	return criterion != NULL && sk_is_among(criterion,
	    "gini log_loss entropy squared_error friedman_mse poisson");
}

/* Average the trees into `out`; `targets` is NULL where they have one. */
static bool
average(const struct step *s, const struct flow *in,
    const struct node *const *trees, size_t n, bool in_forest,
    enum leaf_kind kind, const struct targets *targets, uint32_t n_values,
    struct flow *out, struct err *err)
{
	struct build_tree *t = ARENA_ARRAY(s->sk->mem, n, struct build_tree);
	struct build_forest forest = {
	    .compare = TREE_F32_LE_F64,
	    .n_values = n_values,
	    .n_outputs = n_values,
	    .n_trees = (uint32_t)n,
	    .trees = t,
	    .divide = (double)n,
	};
	uint32_t first;

	if (t == NULL)
		return step_full(s, err);
	for (size_t i = 0; i < n; i++) {
		struct step tree = *s;

		if (in_forest && !step_open(s->sk, s, STR("estimators_"),
			trees[i], &tree, err))
			return false;
		if (tree.class->read != read_tree_classifier &&
		    tree.class->read != read_tree_regressor)
			return step_err(&tree, err, ERR_MODEL,
			    "is no tree, in a forest");
		if (!(targets != NULL ?
		    read_target_tree(&tree, in->n, targets, &t[i], err) :
		    sk_tree_read(&tree, in->n, kind, n_values, 1, &t[i],
			err)))
			return false;
		if (i == 0)
			forest.takes_nan = !in->sparse &&
			    takes_nan(&tree, in_forest) &&
			    t[0].missing_left != NULL;
		if (!forest.takes_nan)
			t[i].missing_left = NULL;
		else if (t[i].missing_left == NULL)
			return step_err(&tree, err, ERR_MODEL,
			    "the trees of the forest differ in kind");
	}
	if (!step_flow(s, n_values, out, err) ||
	    !sk_forest_build(s, in, &forest, &first, err))
		return false;
	for (uint32_t k = 0; k < n_values; k++)
		out->slot[k] = first + k;
	return true;
}

/* The numbers or labels that are predicted. */
static bool
count_outputs(const struct step *s, uint32_t *ret, struct err *err)
{
	double n = 1;

	if (step_has(s, "n_outputs_") &&
	    !step_number(s, "n_outputs_", &n, err))
		return false;
	if (!(n >= 1 && n <= UINT16_MAX))
		return step_err(s, err, ERR_MODEL, "predicts %g values", n);
	*ret = (uint32_t)n;
	return true;
}

static bool
read_targets(const struct step *s, uint32_t n, struct targets *ret,
    struct err *err)
{
	const struct node *const *lists;

	*ret = (struct targets){.n = n,
	    .classes = ARENA_ARRAY(s->sk->mem, n, struct array)};
	if (ret->classes == NULL)
		return step_full(s, err);
	if (!step_list(s, "classes_", n, &lists, err) ||
	    !step_charge(s, n, err))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		struct array *a = &ret->classes[k];

		if (!array_view(lists[k], a, err)) {
			err_context(err, "attribute classes_");
			return step_context(s, err);
		}
		if (a->count == 0 || a->count > UINT16_MAX ||
		    ret->sum + a->count > SKLEARN_COLUMNS_MAX)
			return step_err(s, err, ERR_MODEL,
			    "has %zu classes", a->count);
		ret->sum += (uint32_t)a->count;
		if (a->count > ret->width)
			ret->width = (uint32_t)a->count;
	}
	return true;
}

/* A classifier of several targets. */
static bool
read_several(const struct step *s, const struct flow *in, bool in_forest,
    const struct node *const *trees, size_t n, uint32_t n_targets,
    struct flow *out, struct err *err)
{
	struct targets targets;
	struct flow all;
	uint32_t *at;

	if (!read_targets(s, n_targets, &targets, err) ||
	    !average(s, in, trees, n, in_forest, LEAF_CLASSES, &targets,
		targets.sum, &all, err) ||
	    !sk_targets(s, n_targets, out, err))
		return false;
	at = all.slot;
	for (uint32_t k = 0; k < n_targets; k++) {
		struct flow *t = &out->targets[k];

		*t = (struct flow){.kind = FLOW_PROBABILITIES, .slot = at,
		    .n = (uint32_t)targets.classes[k].count,
		    .classes = targets.classes[k]};
		at += t->n;
	}
	return true;
}

static bool
read_classifier(const struct step *s, const struct flow *in, bool in_forest,
    const struct node *const *trees, size_t n, struct flow *out,
    struct err *err)
{
	struct array classes;
	uint32_t n_outputs;

	if (!count_outputs(s, &n_outputs, err))
		return false;
	if (n_outputs > 1)
		return read_several(s, in, in_forest, trees, n, n_outputs,
		    out, err);
	if (!sk_classes(s, 1, &classes, err) ||
	    !average(s, in, trees, n, in_forest, LEAF_CLASSES, NULL,
		(uint32_t)classes.count, out, err))
		return false;
	out->kind = FLOW_PROBABILITIES;
	out->classes = classes;
	return true;
}

static bool
read_regressor(const struct step *s, const struct flow *in, bool in_forest,
    const struct node *const *trees, size_t n, struct flow *out,
    struct err *err)
{
	uint32_t n_outputs;

	if (!count_outputs(s, &n_outputs, err) ||
	    !average(s, in, trees, n, in_forest, LEAF_NUMBER, NULL, n_outputs,
		out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

/* The list of trees of a forest. */
static bool
read_estimators(const struct step *s, const struct flow *in,
    const struct node *const **ret, size_t *n, struct err *err)
{
	const struct node *list = step_get(s, "estimators_");

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of trees in estimators_: was the model fitted?");
	*n = list->n;
	return step_width(s, in, err) &&
	    step_list(s, "estimators_", list->n, ret, err);
}

bool
read_tree_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return step_width(s, in, err) &&
	    read_classifier(s, in, false, NULL, 1, out, err);
}

bool
read_tree_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return step_width(s, in, err) &&
	    read_regressor(s, in, false, NULL, 1, out, err);
}

bool
read_forest_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *const *trees;
	size_t n;

	return read_estimators(s, in, &trees, &n, err) &&
	    read_classifier(s, in, true, trees, n, out, err);
}

bool
read_forest_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *const *trees;
	size_t n;

	return read_estimators(s, in, &trees, &n, err) &&
	    read_regressor(s, in, true, trees, n, out, err);
}
