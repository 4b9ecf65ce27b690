/* SPDX-License-Identifier: ISC
 *
 * Tree ensembles as operators: what their attributes say, and what becomes of
 * the sums. Where the standard leaves it open - two classes and one score,
 * base values, which class is predicted - it is done as ONNX Runtime does.
 */
#include "import/onnx_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
	DOUBLE = ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE,
	INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
	STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING,
};

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

/* --- base values, regressions --------------------------------------------- */

static bool
add_base(struct onnx *g, int type, struct onnx_elem *e, uint32_t n,
    const double *base, struct err *err)
{
	struct onnx_elem *list = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);

	if (list == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < n; i++)
		list[i] = elem_number(base[i]);
	return onnx_calc(g, CALC_ADD, type, e, list, NULL, n, e, err);
}

/* Sums of a row each as a tensor. */
static bool
make_row(struct onnx *g, int type, uint32_t n, struct onnx_tensor *ret,
    struct onnx_elem **elems, struct err *err)
{
	int64_t dims[] = {1, n};

	return onnx_make(g, type, 2, dims, 0, ret, elems, err);
}

static bool
read_targets(const struct onnx *g, uint32_t *ret, struct err *err)
{
	int64_t n = onnx_attr_int(g, "n_targets", 1);

	if (n < 1 || n > UINT16_MAX)
		return onnx_wrong(err, "it has %lld targets", (long long)n);
	*ret = (uint32_t)n;
	return true;
}

/* The runtime transforms several targets, but not one alone. */
static bool
finish_regression(struct onnx *g, struct str post, struct onnx_elem *e,
    uint32_t n, struct err *err)
{
	if (str_eq(post, STR("PROBIT")))
		return onnx_cannot(err, "post_transform PROBIT is not "
		    "supported");
	return n == 1 || onnx_post(g, post, e, n, e, err);
}

bool
onnx_op_tree_regressor(struct onnx *g, struct err *err)
{
	static const char *const weights[] = {"target_treeids",
	    "target_nodeids", "target_ids", "target_weights",
	    "target_weights_as_tensor"};
	struct str post = onnx_attr_text(g, "post_transform", "NONE");
	const struct onnx_tensor *x;
	struct tree_list t = {0};
	struct onnx_tensor y;
	struct onnx_elem *e;
	const double *base;
	struct names names;
	size_t n_base;

	if (!onnx_input(g, 0, &x, err) ||
	    !read_targets(g, &t.n_targets, err) ||
	    !read_nodes(g, &t, &names, err) ||
	    !read_weights(g, &t, &names, weights, err) ||
	    !numbers(g, "base_values", "base_values_as_tensor", &base,
		&n_base, err) ||
	    !make_row(g, FLOAT, t.n_targets, &y, &e, err) ||
	    !onnx_trees(g, &t, x, onnx_attr_text(g, "aggregate_function",
		"SUM"), e, err))
		return false;
	if (n_base == t.n_targets && !add_base(g, x->type == DOUBLE ? DOUBLE :
		FLOAT, e, t.n_targets, base, err))
		return false;
	return finish_regression(g, post, e, t.n_targets, err) &&
	    onnx_output(g, 0, &y, err);
}

/* --- classifications ------------------------------------------------------ */

struct classifier {
	struct onnx *g;
	struct tree_list t;
	int type;            /* of the sums */
	struct str post;
	bool uses[2];        /* two classes: which have weights */
	bool positive;       /* no weight is below 0 */
	const double *base;
	size_t n_base;
	struct onnx_elem *sums, *e; /* sums, and what comes out */
	struct onnx_class *label;
};

/* Class 1 where `score` is above `bound`. */
static bool
label_above(struct classifier *c, struct onnx_elem score, double bound,
    struct err *err)
{
	struct onnx_elem *scores = ARENA_ARRAY(c->g->im->mem, 2,
	    struct onnx_elem);

	if (scores == NULL)
		return onnx_full(c->g, err);
	scores[0] = elem_number(bound);
	scores[1] = score;
	c->label->scores = scores;
	return true;
}

/* One score: {1 - s, s}, or {-s, s} where scores may be negative. */
static bool
one_score(struct classifier *c, struct onnx_elem s, bool mirrored,
    struct err *err)
{
	const struct onnx_elem one = elem_number(1);
	bool logistic = str_eq(c->post, STR("LOGISTIC"));
	struct onnx *g = c->g;

	c->e[1] = s;
	if (mirrored)
		return onnx_calc(g, CALC_NEG, c->type, &s, NULL, NULL, 1,
		    &c->e[0], err) && (!logistic ||
		    onnx_post(g, c->post, c->e, 2, c->e, err));
	return (!logistic || onnx_post(g, c->post, &s, 1, &c->e[1], err)) &&
	    onnx_calc(g, CALC_SUB, c->type, &one, &c->e[1], NULL, 1,
		&c->e[0], err);
}

/* Whether a row has a weight for class 1 in any case: of one that has none,
 * the runtime makes the two scores of one. */
static bool
always_second(const struct classifier *c)
{
	const struct tree_list *t = &c->t;
	bool *never = ARENA_ARRAY(c->g->im->mem, t->n_trees + 1, bool);
	uint32_t tree = 0;

	/* The nodes of a tree stand together. */
	for (uint32_t i = 0; never != NULL && i < t->n_nodes; i++) {
		bool has = false;

		if (tree + 1 < t->n_trees && t->roots[tree + 1] == i)
			tree++;
		if (t->nodes[i].mode != MODE_LEAF)
			continue;
		for (uint32_t w = 0; w < t->nodes[i].n; w++)
			has |= t->weights[t->nodes[i].first + w].target == 1;
		never[tree] |= !has;
	}
	for (uint32_t i = 0; never != NULL && i < t->n_trees; i++)
		if (!never[i])
			return true;
	return false;
}

static bool
two_classes(struct classifier *c, struct err *err)
{
	bool single = c->uses[0] != c->uses[1], two = c->uses[1];
	struct onnx_elem *s = c->sums;
	struct onnx *g = c->g;

	/* The runtime then leaves out one of the sums. */
	if (c->n_base == 2 && two)
		return onnx_cannot(err, "two base values are not supported "
		    "where class 1 has weights");
	if (c->n_base == 2 && !add_base(g, c->type, s, 2, c->base, err))
		return false;
	if (c->n_base == 1 && !add_base(g, c->type, s, 1, c->base, err))
		return false;
	if (two && c->uses[0] && !always_second(c))
		return onnx_cannot(err, "some leaves have a weight for class "
		    "1, some have none, in every tree");
	if (!label_above(c, s[two ? 1 : 0], single && c->positive ? 0.5 : 0,
		err))
		return false;
	if (!two && c->n_base < 2)
		return one_score(c, s[0], single && !c->positive, err);
	return onnx_post(g, c->post, s, 2, c->e, err);
}

/* With more, the class of the best sum. */
static bool
more_classes(struct classifier *c, struct err *err)
{
	uint32_t n = c->t.n_targets;
	struct onnx_elem *scores = ARENA_ARRAY(c->g->im->mem, n,
	    struct onnx_elem);

	if (scores == NULL)
		return onnx_full(c->g, err);
	if (c->n_base != 0 && c->n_base != n)
		return onnx_wrong(err, "it has %zu base values for %u "
		    "classes", c->n_base, n);
	if (c->n_base == n && !add_base(c->g, c->type, c->sums, n, c->base,
		err))
		return false;
	memcpy(scores, c->sums, n * sizeof(*scores));
	c->label->scores = scores;
	return onnx_post(c->g, c->post, c->sums, n, c->e, err);
}

static bool
read_classifier(struct classifier *c, const struct onnx_elem *labels,
    uint32_t n, struct err *err)
{
	static const char *const weights[] = {"class_treeids",
	    "class_nodeids", "class_ids", "class_weights",
	    "class_weights_as_tensor"};
	struct onnx *g = c->g;
	struct names names;

	if (n < 2 || n > UINT16_MAX)
		return onnx_cannot(err, "it has %u classes", n);
	c->t.n_targets = n;
	c->label = ARENA_NEW(g->im->mem, struct onnx_class);
	c->sums = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (c->label == NULL || c->sums == NULL)
		return onnx_full(g, err);
	*c->label = (struct onnx_class){.n = n, .fold = FOLD_ARGMAX,
	    .labels = labels, .floats = c->type == FLOAT};
	if (!read_nodes(g, &c->t, &names, err) ||
	    !read_weights(g, &c->t, &names, weights, err) ||
	    !numbers(g, "base_values", "base_values_as_tensor", &c->base,
		&c->n_base, err))
		return false;
	c->positive = true;
	for (uint32_t i = 0; i < c->t.n_weights; i++) {
		c->positive &= c->t.weights[i].weight >= 0;
		if (n == 2)
			c->uses[c->t.weights[i].target] = true;
	}
	return true;
}

/*
 * A tree whose leaves have a class each, which some node reads as a number:
 * the converter's way to say which leaf a row came to, where there are several
 * labels. As sums of classes the tree would hold leaves times leaves numbers.
 */
static bool
names_leaves(const struct classifier *c, const struct onnx_elem *labels)
{
	const struct tree_list *t = &c->t;

	if (t->n_targets < 3 || t->n_trees != 1 || c->n_base != 0 ||
	    onnx_is_told(c->g, 0) || onnx_is_told(c->g, 1) ||
	    onnx_is_read(c->g, 1))
		return false;
	for (uint32_t i = 0; i < t->n_targets; i++)
		if (labels[i].kind != ELEM_NUMBER ||
		    fabs(labels[i].number) > 1 << 24)
			return false;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].mode == MODE_LEAF && (t->nodes[i].n != 1 ||
		    !(t->weights[t->nodes[i].first].weight > 0)))
			return false;
	return true;
}

static bool
leaf_name(struct classifier *c, const struct onnx_elem *labels,
    const struct onnx_tensor *x, struct err *err)
{
	double *names = ARENA_ARRAY(c->g->im->mem, c->t.n_weights, double);
	struct onnx_tensor y;
	struct onnx_elem *e;
	int64_t one = 1;

	if (names == NULL)
		return onnx_full(c->g, err);
	for (uint32_t i = 0; i < c->t.n_weights; i++) {
		struct tree_weight *w = &c->t.weights[i];

		names[i] = w->weight = labels[w->target].number;
		w->target = 0;
	}
	c->t.n_targets = 1;
	if (!onnx_make(c->g, INT64, 1, &one, 0, &y, &e, err) ||
	    !onnx_trees(c->g, &c->t, x, STR("SUM"), e, err))
		return false;
	e->set = onnx_set(c->g, names, c->t.n_weights);
	return onnx_output(c->g, 0, &y, err);
}

bool
onnx_op_tree_classifier(struct onnx *g, struct err *err)
{
	bool texts = onnx_attr(g, "classlabels_strings") != NULL;
	struct classifier c = {.g = g,
	    .post = onnx_attr_text(g, "post_transform", "NONE")};
	const struct onnx_elem *labels;
	const struct onnx_tensor *x;
	struct onnx_tensor y, z;
	struct onnx_elem *label;
	int64_t one = 1;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_attr_elems(g, texts ? "classlabels_strings" :
		"classlabels_int64s", &labels, &n, err))
		return false;
	c.type = x->type == DOUBLE ? DOUBLE : FLOAT;
	if (!read_classifier(&c, labels, n, err))
		return false;
	if (names_leaves(&c, labels))
		return leaf_name(&c, labels, x, err);
	if (!make_row(g, FLOAT, n, &z, &c.e, err) ||
	    !onnx_make(g, texts ? STRING : INT64, 1, &one, 0, &y, &label,
		err) ||
	    !onnx_trees(g, &c.t, x, STR("SUM"), c.sums, err) ||
	    !(n == 2 ? two_classes(&c, err) : more_classes(&c, err)))
		return false;
	label[0] = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = c.label};
	z.scores = str_eq(c.post, STR("NONE")) && !c.positive;
	return onnx_output(g, 0, &y, err) && onnx_output(g, 1, &z, err);
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

static bool
read_ensemble(struct onnx *g, struct tree_list *t, struct err *err)
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

bool
onnx_op_tree_ensemble(struct onnx *g, struct err *err)
{
	static const char *const aggregates[] = {"AVERAGE", "SUM", "MIN",
	    "MAX"};
	/* The standard has 1 and 2 the other way round. */
	static const char *const posts[] = {"NONE", "LOGISTIC", "SOFTMAX",
	    "SOFTMAX_ZERO", "PROBIT"};
	int64_t aggregate = onnx_attr_int(g, "aggregate_function", 1);
	int64_t post = onnx_attr_int(g, "post_transform", 0);
	const struct onnx_tensor *x;
	struct tree_list t = {0};
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (aggregate < 0 || aggregate >= (int64_t)countof(aggregates) ||
	    post < 0 || post >= (int64_t)countof(posts))
		return onnx_cannot(err, "aggregate_function %lld, "
		    "post_transform %lld", (long long)aggregate,
		    (long long)post);
	return onnx_input(g, 0, &x, err) &&
	    read_targets(g, &t.n_targets, err) &&
	    read_ensemble(g, &t, err) &&
	    make_row(g, x->type == DOUBLE ? DOUBLE : FLOAT, t.n_targets, &y,
		&e, err) &&
	    onnx_trees(g, &t, x, str_of(aggregates[aggregate]), e, err) &&
	    finish_regression(g, str_of(posts[post]), e, t.n_targets, err) &&
	    onnx_output(g, 0, &y, err);
}
