/* SPDX-License-Identifier: ISC
 *
 * What the attributes of a tree ensemble say, in either form: lists of one
 * entry a node, which up to opset 4 name each other by numbers of the file's
 * own. Every node, child and target that is named is there; whether the nodes
 * are trees is found out where they are walked.
 */
#include "import/onnx_tree.h"

#include <math.h>
#include <stdlib.h>

/* --- attributes ----------------------------------------------------------- */

/* Whole numbers, as many as there are nodes; NULL where there are none. */
static bool
node_ints(const struct onnx *g, const char *name, size_t n, bool needed,
    const int64_t **ret, struct err *err)
{
	size_t have;

	onnx_attr_ints(g, name, ret, &have);
	if (have == 0 && !needed) {
		*ret = NULL;
		return true;
	}
	return have == n || onnx_wrong(err, "%s has %zu entries, not %zu",
	    name, have, n);
}

/* Numbers, as floats or, in a tensor, as doubles. */
static bool
numbers(struct onnx *g, const char *name, const char *tensor,
    const double **ret, size_t *n, struct err *err)
{
	if (!onnx_attr_list(g, name, ret, n, err))
		return false;
	return *n > 0 || onnx_attr_list(g, tensor, ret, n, err);
}

static bool
number_list(struct onnx *g, const char *name, const char *tensor, size_t n,
    const double **ret, struct err *err)
{
	size_t have;

	return numbers(g, name, tensor, ret, &have, err) && (have == n ||
	    onnx_wrong(err, "%s has %zu entries, not %zu", name, have, n));
}

bool
onnx_tree_base(struct onnx *g, const double **ret, size_t *n,
    struct err *err)
{
	return numbers(g, "base_values", "base_values_as_tensor", ret, n,
	    err);
}

static bool
mode_of(struct str text, enum tree_mode *ret, struct err *err)
{
	static const char *const names[] = {
	    [MODE_LEQ] = "BRANCH_LEQ", [MODE_LT] = "BRANCH_LT",
	    [MODE_GTE] = "BRANCH_GTE", [MODE_GT] = "BRANCH_GT",
	    [MODE_EQ] = "BRANCH_EQ", [MODE_NEQ] = "BRANCH_NEQ",
	    [MODE_MEMBER] = "BRANCH_MEMBER", [MODE_LEAF] = "LEAF"};

	for (size_t i = 0; i < countof(names); i++)
		if (i != MODE_MEMBER && str_eq(text, str_of(names[i]))) {
			*ret = (enum tree_mode)i;
			return true;
		}
	return onnx_cannot(err, "the mode %.*s of a node is not known",
	    (int)(text.n < 64 ? text.n : 64), text.p);
}

/* --- the form up to opset 4 ----------------------------------------------- */

/* A node by the names it has in the file. */
struct node_name {
	int64_t tree, node;
	uint32_t place;
};

static int
compare_names(const void *a, const void *b)
{
	const struct node_name *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

struct names {
	struct node_name *list;
	uint32_t n;
};

static bool
find_node(const struct names *names, int64_t tree, int64_t node,
    uint32_t *ret, struct err *err)
{
	struct node_name key = {.tree = tree, .node = node};
	const struct node_name *found = bsearch(&key, names->list, names->n,
	    sizeof(key), compare_names);

	if (found == NULL)
		return onnx_wrong(err, "node %lld of tree %lld is not there",
		    (long long)node, (long long)tree);
	*ret = found->place;
	return true;
}

static bool
read_names(struct onnx *g, size_t n, struct names *ret,
    const int64_t **trees, struct err *err)
{
	const int64_t *ids;

	if (!node_ints(g, "nodes_treeids", n, true, trees, err) ||
	    !node_ints(g, "nodes_nodeids", n, true, &ids, err))
		return false;
	ret->n = (uint32_t)n;
	ret->list = ARENA_ARRAY(g->im->mem, n, struct node_name);
	if (ret->list == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		ret->list[i] = (struct node_name){(*trees)[i], ids[i], i};
	qsort(ret->list, n, sizeof(*ret->list), compare_names);
	for (uint32_t i = 1; i < n; i++)
		if (compare_names(&ret->list[i - 1], &ret->list[i]) == 0)
			return onnx_wrong(err, "node %lld of tree %lld stands "
			    "twice", (long long)ret->list[i].node,
			    (long long)ret->list[i].tree);
	return true;
}

/* A column that is no column is found out where it is used. */
static uint32_t
column_of(int64_t v)
{
	return v >= 0 && v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

static bool
read_nodes(struct onnx *g, struct tree_list *t, struct names *names,
    struct err *err)
{
	const Onnx__AttributeProto *modes = onnx_attr(g, "nodes_modes");
	const int64_t *trees, *features, *yes, *no, *tracks;
	size_t n = modes != NULL ? modes->n_strings : 0;
	const double *values;

	if (n > INT32_MAX)
		return onnx_cannot(err, "it has %zu nodes", n);
	t->n_nodes = (uint32_t)n;
	t->nodes = ARENA_ARRAY(g->im->mem, n, struct tree_node);
	t->roots = ARENA_ARRAY(g->im->mem, n, uint32_t);
	if (t->nodes == NULL || t->roots == NULL)
		return onnx_full(g, err);
	if (!read_names(g, n, names, &trees, err) ||
	    !node_ints(g, "nodes_featureids", n, true, &features, err) ||
	    !node_ints(g, "nodes_truenodeids", n, true, &yes, err) ||
	    !node_ints(g, "nodes_falsenodeids", n, true, &no, err) ||
	    !node_ints(g, "nodes_missing_value_tracks_true", n, false,
		&tracks, err) ||
	    !number_list(g, "nodes_values", "nodes_values_as_tensor", n,
		&values, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct tree_node *node = &t->nodes[i];

		if (!mode_of(onnx_bytes(modes->strings[i]), &node->mode, err))
			return false;
		node->feature = column_of(features[i]);
		node->value = values[i];
		node->tracks = tracks != NULL && tracks[i] != 0;
		if (i == 0 || trees[i] != trees[i - 1])
			t->roots[t->n_trees++] = i;
		if (node->mode != MODE_LEAF &&
		    (!find_node(names, trees[i], yes[i], &node->yes, err) ||
		    !find_node(names, trees[i], no[i], &node->no, err)))
			return false;
	}
	return true;
}

/* Weights in the order of their nodes; those of a node as in the file. */
static bool
read_weights(struct onnx *g, struct tree_list *t, const struct names *names,
    const char *const attributes[5], struct err *err)
{
	const int64_t *trees, *nodes, *targets;
	const double *weights;
	uint32_t *place, at = 0;
	size_t n;

	onnx_attr_ints(g, attributes[2], &targets, &n);
	if (n > INT32_MAX)
		return onnx_cannot(err, "it has %zu weights", n);
	if (!node_ints(g, attributes[0], n, true, &trees, err) ||
	    !node_ints(g, attributes[1], n, true, &nodes, err) ||
	    !number_list(g, attributes[3], attributes[4], n, &weights, err))
		return false;
	t->n_weights = (uint32_t)n;
	t->weights = ARENA_ARRAY(g->im->mem, n, struct tree_weight);
	place = ARENA_ARRAY(g->im->mem, n, uint32_t);
	if (t->weights == NULL || place == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < n; i++) {
		if (!find_node(names, trees[i], nodes[i], &place[i], err))
			return false;
		if (targets[i] < 0 || targets[i] >= t->n_targets)
			return onnx_wrong(err, "a leaf adds to %lld of %u",
			    (long long)targets[i], t->n_targets);
		t->nodes[place[i]].n++;
	}
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].first = at;
		at += t->nodes[i].n;
		t->nodes[i].n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		struct tree_node *node = &t->nodes[place[i]];

		t->weights[node->first + node->n++] = (struct tree_weight){
		    (uint32_t)targets[i], weights[i]};
	}
	return true;
}

bool
onnx_tree_read(struct onnx *g, const char *const weights[5],
    struct tree_list *list, struct err *err)
{
	struct names names = {0};

	return read_nodes(g, list, &names, err) &&
	    read_weights(g, list, &names, weights, err);
}

/* --- opset 5 -------------------------------------------------------------- */

/* The members of each MODE_MEMBER node stand one after the other, a NaN
 * behind each list. */
static bool
read_members(struct onnx *g, struct tree_list *t, uint32_t n_splits,
    struct err *err)
{
	const double *members;
	size_t n, first, at = 0;

	if (!onnx_attr_list(g, "membership_values", &members, &n, err))
		return false;
	if (n > INT32_MAX)
		return onnx_cannot(err, "it has %zu members", n);
	for (uint32_t i = 0; i < n_splits; i++) {
		struct tree_node *node = &t->nodes[i];

		if (node->mode != MODE_MEMBER)
			continue;
		first = at;
		while (at < n && !isnan(members[at]))
			at++;
		if (at == n)
			return onnx_wrong(err, "membership_values end before "
			    "the nodes do");
		node->members = members + first;
		node->n = (uint32_t)(at - first);
		at++;
	}
	return true;
}

/* A child: a leaf or a split. */
static bool
child(const struct tree_list *t, uint32_t n_splits, int64_t id,
    const int64_t *is_leaf, uint32_t i, uint32_t *ret, struct err *err)
{
	uint32_t n_leaves = t->n_nodes - n_splits;
	bool leaf = is_leaf[i] != 0;

	if (id < 0 || id >= (leaf ? n_leaves : n_splits))
		return onnx_wrong(err, "a node names child %lld of %u",
		    (long long)id, leaf ? n_leaves : n_splits);
	*ret = (uint32_t)id + (leaf ? n_splits : 0);
	return true;
}

static bool
read_splits(struct onnx *g, struct tree_list *t, uint32_t n,
    const double *modes, const double *values, struct err *err)
{
	const int64_t *features, *yes, *no, *yes_leaf, *no_leaf, *tracks;

	if (!node_ints(g, "nodes_featureids", n, true, &features, err) ||
	    !node_ints(g, "nodes_truenodeids", n, true, &yes, err) ||
	    !node_ints(g, "nodes_falsenodeids", n, true, &no, err) ||
	    !node_ints(g, "nodes_trueleafs", n, true, &yes_leaf, err) ||
	    !node_ints(g, "nodes_falseleafs", n, true, &no_leaf, err) ||
	    !node_ints(g, "nodes_missing_value_tracks_true", n, false,
		&tracks, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		struct tree_node *node = &t->nodes[i];

		if (!(modes[i] >= 0 && modes[i] < MODE_LEAF))
			return onnx_cannot(err, "the mode %g of a node is not "
			    "known", modes[i]);
		*node = (struct tree_node){.mode = (enum tree_mode)modes[i],
		    .feature = column_of(features[i]), .value = values[i],
		    .tracks = tracks != NULL && tracks[i] != 0};
		if (!child(t, n, yes[i], yes_leaf, i, &node->yes, err) ||
		    !child(t, n, no[i], no_leaf, i, &node->no, err))
			return false;
	}
	return true;
}

static bool
read_leaves(struct onnx *g, struct tree_list *t, uint32_t n_splits,
    struct err *err)
{
	uint32_t n = t->n_nodes - n_splits;
	const int64_t *targets;
	const double *weights;
	size_t n_weights;

	if (!node_ints(g, "leaf_targetids", n, true, &targets, err) ||
	    !onnx_attr_list(g, "leaf_weights", &weights, &n_weights, err))
		return false;
	if (n_weights != n)
		return onnx_wrong(err, "leaf_weights has %zu entries, not %u",
		    n_weights, n);
	t->n_weights = n;
	t->weights = ARENA_ARRAY(g->im->mem, n, struct tree_weight);
	if (t->weights == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++) {
		if (targets[i] < 0 || targets[i] >= t->n_targets)
			return onnx_wrong(err, "a leaf adds to %lld of %u",
			    (long long)targets[i], t->n_targets);
		t->weights[i] = (struct tree_weight){(uint32_t)targets[i],
		    weights[i]};
		t->nodes[n_splits + i] = (struct tree_node){
		    .mode = MODE_LEAF, .first = i, .n = 1};
	}
	return true;
}

/* A tree of one leaf is written as a split with that leaf on both sides. */
static void
join_single_leaves(struct tree_list *t)
{
	for (uint32_t i = 0; i < t->n_trees; i++) {
		const struct tree_node *root = &t->nodes[t->roots[i]];

		if (root->mode != MODE_LEAF && root->yes == root->no &&
		    t->nodes[root->yes].mode == MODE_LEAF)
			t->roots[i] = root->yes;
	}
}

bool
onnx_tree_read_ensemble(struct onnx *g, struct tree_list *t, struct err *err)
{
	const double *modes, *values;
	const int64_t *roots, *leaves;
	size_t n, n_values, n_roots, n_leaves;

	onnx_attr_ints(g, "tree_roots", &roots, &n_roots);
	onnx_attr_ints(g, "leaf_targetids", &leaves, &n_leaves);
	if (!onnx_attr_list(g, "nodes_modes", &modes, &n, err) ||
	    !onnx_attr_list(g, "nodes_splits", &values, &n_values, err))
		return false;
	if (n != n_values || n + n_leaves > INT32_MAX || n_roots > INT32_MAX)
		return onnx_wrong(err, "%zu modes, %zu splits, %zu leaves", n,
		    n_values, n_leaves);
	t->n_nodes = (uint32_t)(n + n_leaves);
	t->n_trees = (uint32_t)n_roots;
	t->nodes = ARENA_ARRAY(g->im->mem, t->n_nodes, struct tree_node);
	t->roots = ARENA_ARRAY(g->im->mem, n_roots, uint32_t);
	if (t->nodes == NULL || t->roots == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < t->n_trees; i++) {
		if (roots[i] < 0 || (uint64_t)roots[i] >= n)
			return onnx_wrong(err, "tree %u has the root %lld of "
			    "%zu", i, (long long)roots[i], n);
		t->roots[i] = (uint32_t)roots[i];
	}
	if (!read_splits(g, t, (uint32_t)n, modes, values, err) ||
	    !read_members(g, t, (uint32_t)n, err) ||
	    !read_leaves(g, t, (uint32_t)n, err))
		return false;
	join_single_leaves(t);
	return true;
}
