/* SPDX-License-Identifier: ISC
 *
 * Trees of a graph as a forest. A forest goes left where a number is below a
 * cut, so every other comparison is turned into that one: "at most" by the
 * next number up, "greater" by the other side, and "equal" or "one of" by a
 * number of its own that says whether it holds. Sums are rounded to float
 * after each tree, as the runtime's are, unless the input is of doubles.
 */
#include "import/onnx_tree.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* So many times the nodes that a file has may its trees have. */
enum { SHARED_MAX = 4, NODES_MAX = 1 << 28 };

/* Is a feature equal to a value? */
struct question {
	double value;
	uint32_t feature;
	bool counts;    /* missing counts as equal */
	uint32_t place; /* of the answer, in src */
};

struct builder {
	struct onnx *g;
	struct tree_list *list;
	int type;              /* ONNX_FLOAT or ONNX_DOUBLE */
	uint32_t *src;         /* features, then answers to questions */
	uint32_t n_features, n_src, cap_src;
	struct question *questions;
	uint32_t n_questions, cap_questions;
	struct onnx_map asked; /* by a number made of them */
	struct build_forest forest;
	struct build_tree *trees;
	uint32_t *order;       /* nodes of the tree being built, */
	uint32_t n_order;      /* for which there is room */
	uint64_t left;         /* nodes that all trees may still have */
};

static bool
full(const struct builder *b, struct err *err)
{
	return onnx_full(b->g, err);
}

/* --- questions that have an answer of their own --------------------------- */

static bool
add_source(struct builder *b, uint32_t slot, uint32_t *ret, struct err *err)
{
	if (b->n_src == b->cap_src) {
		uint32_t cap = b->cap_src * 2 + 16;
		uint32_t *more = ARENA_ARRAY(b->g->im->mem, cap, uint32_t);

		if (more == NULL)
			return full(b, err);
		memcpy(more, b->src, b->n_src * sizeof(*more));
		b->src = more;
		b->cap_src = cap;
	}
	*ret = b->n_src;
	b->src[b->n_src++] = slot;
	return true;
}

/* What differs goes to yes of NEQ, and so does missing in any case. */
static bool
counts(const struct tree_node *node)
{
	return node->tracks && node->mode != MODE_NEQ;
}

/* Above 0.5 where the feature is one of the members, or is missing and counts
 * as one. */
static bool
ask(struct builder *b, const struct tree_node *node, const double *members,
    uint32_t n, uint32_t *ret, struct err *err)
{
	struct onnx_elem *keys = ARENA_ARRAY(b->g->im->mem, (size_t)n + 1,
	    struct onnx_elem);
	struct onnx_elem *ones = ARENA_ARRAY(b->g->im->mem, (size_t)n + 1,
	    struct onnx_elem);
	struct onnx_elem x = elem_slot(b->src[node->feature], false);
	uint32_t n_keys = 0;

	if (keys == NULL || ones == NULL)
		return full(b, err);
	for (uint32_t i = 0; i < n; i++)
		if (!isnan(members[i]))
			keys[n_keys++] = elem_number(members[i]);
	for (uint32_t i = 0; i < n_keys; i++)
		ones[i] = elem_number(1);
	/* A number of its own, so that missing is seen to be taken. */
	keys[n_keys] = elem_number(NAN);
	ones[n_keys++] = elem_number(counts(node) ? 2 : -1);
	return onnx_numbers(b->g, b->type, &x, 1, err) &&
	    onnx_lookup(b->g, &x, keys, ones, n_keys, elem_number(0), &x,
		err) && add_source(b, x.slot, ret, err);
}

/* The same question asked twice is asked once. */
static bool
ask_equal(struct builder *b, const struct tree_node *node, uint32_t *ret,
    struct err *err)
{
	union {
		double d;
		uint64_t u;
	} bits = {.d = node->value + 0.0};
	struct question q = {.value = node->value, .feature = node->feature,
	    .counts = counts(node)}, *more;
	uint64_t key = (bits.u ^ node->feature) * 2654435761u + q.counts;
	const uint32_t *known;

	for (; (known = onnx_map_get(&b->asked, key)) != NULL; key++) {
		const struct question *old = &b->questions[*known];

		if (old->value == q.value && old->feature == q.feature &&
		    old->counts == q.counts) {
			*ret = old->place;
			return true;
		}
	}
	if (b->n_questions == b->cap_questions) {
		uint32_t cap = b->cap_questions * 2 + 16;

		more = ARENA_ARRAY(b->g->im->mem, cap, struct question);
		if (more == NULL)
			return full(b, err);
		if (b->n_questions > 0)
			memcpy(more, b->questions,
			    b->n_questions * sizeof(*more));
		b->questions = more;
		b->cap_questions = cap;
	}
	if (!ask(b, node, &node->value, 1, ret, err))
		return false;
	q.place = *ret;
	b->questions[b->n_questions] = q;
	return onnx_map_put(b->g->im->mem, &b->asked, key,
	    b->n_questions++) || full(b, err);
}

/* --- one node ------------------------------------------------------------- */

/* The number that x is below exactly if it is at most v; of the type. Past
 * the ends of what can be scored it does not matter by how much. */
static double
above(const struct builder *b, double v)
{
	if (b->type == ONNX_FLOAT)
		v = (double)nextafterf((float)v, INFINITY);
	return v;
}

static double
below(double v)
{
	return nextafter(v, -INFINITY);
}

static double
within(const struct builder *b, double v)
{
	double most = b->type == ONNX_FLOAT ?
	    (double)FLT_MAX : DBL_MAX;

	return v > most ? most : v < -most ? -most : v;
}

/* A comparison as "left where below" (floats) or "at most" (doubles): its
 * threshold, and whether yes is left. */
static void
compare(const struct builder *b, const struct tree_node *node, double *cut,
    bool *yes_left)
{
	bool floats = b->type == ONNX_FLOAT;
	bool closed = node->mode == MODE_LEQ || node->mode == MODE_GT;

	*yes_left = node->mode == MODE_LEQ || node->mode == MODE_LT;
	if (floats)
		*cut = closed ? above(b, node->value) :
		    (double)(float)node->value;
	else
		*cut = closed ? node->value : below(node->value);
	*cut = within(b, *cut);
}

struct out_node {
	int32_t *left, *right, *feature;
	double *threshold, *value;
	uint8_t *missing_left;
};

static bool
write_split(struct builder *b, const struct tree_node *node,
    const struct out_node *o, uint32_t i, uint32_t first, struct err *err)
{
	bool yes_left, missing_yes = node->tracks;
	uint32_t feature = node->feature;

	if (node->feature >= b->n_features)
		return onnx_wrong(err, "a tree asks for column %u of %u",
		    node->feature, b->n_features);
	if (isnan(node->value) && node->mode != MODE_MEMBER)
		return onnx_wrong(err, "a tree compares with no number");
	if (node->mode <= MODE_GT) {
		compare(b, node, &o->threshold[i], &yes_left);
	} else {
		if (!(node->mode == MODE_MEMBER ?
		    ask(b, node, node->members, node->n, &feature,
			err) : ask_equal(b, node, &feature, err)))
			return false;
		o->threshold[i] = 0.5;
		yes_left = node->mode == MODE_NEQ;
	}
	o->feature[i] = (int32_t)feature;
	o->left[i] = (int32_t)(first + (yes_left ? 0 : 1));
	o->right[i] = (int32_t)(first + (yes_left ? 1 : 0));
	o->missing_left[i] = missing_yes == yes_left;
	b->forest.takes_nan |= node->tracks;
	return true;
}

static void
write_leaf(const struct builder *b, const struct tree_node *node,
    const struct out_node *o, uint32_t i)
{
	uint32_t k = b->forest.n_values;

	o->left[i] = o->right[i] = -1;
	for (uint32_t w = 0; w < node->n; w++) {
		const struct tree_weight *t =
		    &b->list->weights[node->first + w];

		o->value[(size_t)i * k + (k > 1 ? t->target : 0)] +=
		    t->weight;
	}
}

/* --- a tree --------------------------------------------------------------- */

/* A list of "equal to this, or else to that" with one outcome is one question:
 * so converters write sets of categories, and share what follows. */
static bool
join_equal(struct builder *b, struct tree_node *node, struct err *err)
{
	struct tree_node *nodes = b->list->nodes;
	const struct tree_node *next = node;
	uint32_t n = 0;
	double *members;

	node->joined = true;
	do {
		n++;
		next = &nodes[next->no];
	} while (n < b->list->n_nodes && next->mode == MODE_EQ &&
	    !next->joined && next->feature == node->feature &&
	    next->yes == node->yes && next->tracks == node->tracks &&
	    !isnan(next->value));
	if (n == 1)
		return true;
	members = ARENA_ARRAY(b->g->im->mem, n, double);
	if (members == NULL)
		return full(b, err);
	next = node;
	for (uint32_t i = 0; i < n; i++) {
		members[i] = next->value;
		node->no = next->no;
		next = &nodes[next->no];
	}
	node->mode = MODE_MEMBER;
	node->members = members;
	node->n = n;
	return true;
}

/* Its nodes level by level into b->order, so that children stand behind their
 * parent, both side by side. What is reached in several ways is there several
 * times, within bounds that no cycle respects. */
static bool
order_nodes(struct builder *b, uint32_t root, uint32_t *n, struct err *err)
{
	struct tree_node *nodes = b->list->nodes;

	*n = 0;
	b->order[(*n)++] = root;
	for (uint32_t i = 0; i < *n; i++) {
		struct tree_node *node = &nodes[b->order[i]];

		if (b->left-- == 0 || *n + 2 > b->n_order)
			return onnx_wrong(err, "nodes of a tree are reached "
			    "in too many ways, or from themselves");
		if (node->mode == MODE_LEAF)
			continue;
		if (node->mode == MODE_EQ && !node->joined &&
		    !isnan(node->value) && !join_equal(b, node, err))
			return false;
		b->order[(*n)++] = node->yes;
		b->order[(*n)++] = node->no;
	}
	return true;
}

/* The only target that the leaves of the tree have, or -1. */
static int64_t
only_target(const struct builder *b, uint32_t n)
{
	int64_t only = -1;

	for (uint32_t i = 0; i < n; i++) {
		const struct tree_node *node = &b->list->nodes[b->order[i]];

		if (node->mode != MODE_LEAF)
			continue;
		for (uint32_t w = 0; w < node->n; w++) {
			int64_t target = b->list->weights[node->first +
			    w].target;

			if (only >= 0 && target != only)
				return -1;
			only = target;
		}
	}
	return only < 0 ? 0 : only;
}

static bool
write_tree(struct builder *b, uint32_t root, struct build_tree *ret,
    struct err *err)
{
	struct arena *mem = b->g->im->mem;
	struct out_node o;
	uint32_t n, first = 1;

	if (!order_nodes(b, root, &n, err))
		return false;
	o.left = ARENA_ARRAY(mem, n, int32_t);
	o.right = ARENA_ARRAY(mem, n, int32_t);
	o.feature = ARENA_ARRAY(mem, n, int32_t);
	o.threshold = ARENA_ARRAY(mem, n, double);
	o.missing_left = ARENA_ARRAY(mem, n, uint8_t);
	o.value = arena_array(mem, n, b->forest.n_values * sizeof(double));
	if (o.left == NULL || o.right == NULL || o.feature == NULL ||
	    o.threshold == NULL || o.missing_left == NULL || o.value == NULL)
		return full(b, err);
	for (uint32_t i = 0; i < n; i++) {
		const struct tree_node *node = &b->list->nodes[b->order[i]];

		if (node->mode == MODE_LEAF) {
			write_leaf(b, node, &o, i);
			continue;
		}
		if (!write_split(b, node, &o, i, first, err))
			return false;
		first += 2;
	}
	*ret = (struct build_tree){.n_nodes = n, .left = o.left,
	    .right = o.right, .feature = o.feature,
	    .threshold = o.threshold, .missing_left = o.missing_left,
	    .value = o.value,
	    .first_output = b->forest.n_values > 1 ? 0 :
		(uint32_t)only_target(b, n)};
	return true;
}

/* Whether every tree adds to one target only. */
static bool
has_single_targets(struct builder *b, bool *ret, struct err *err)
{
	*ret = true;
	for (uint32_t t = 0; t < b->list->n_trees; t++) {
		uint32_t n;

		if (!order_nodes(b, b->list->roots[t], &n, err))
			return false;
		*ret &= only_target(b, n) >= 0;
	}
	return true;
}

/* --- the forest ----------------------------------------------------------- */

/* Trees from `first` on as one step. */
static bool
add_forest(struct builder *b, uint32_t first, uint32_t n,
    struct onnx_elem *ret, struct err *err)
{
	uint32_t dst;

	b->forest.trees = b->trees + first;
	b->forest.n_trees = n;
	if (!model_build_forest(b->g->im->build, b->src, b->n_src, &b->forest,
		&dst, err))
		return false;
	for (uint32_t k = 0; k < b->forest.n_outputs; k++)
		ret[k] = elem_slot(dst + k,
		    b->type == ONNX_FLOAT);
	return true;
}

/* The least or greatest tree: each is a forest of its own. */
static bool
add_best(struct builder *b, enum model_fold fold, struct onnx_elem *ret,
    struct err *err)
{
	uint32_t n = b->list->n_trees;
	struct onnx_elem *each = ARENA_ARRAY(b->g->im->mem, n,
	    struct onnx_elem);

	if (each == NULL)
		return full(b, err);
	if (b->list->n_targets != 1)
		return onnx_cannot(err, "the least or greatest of %u targets",
		    b->list->n_targets);
	for (uint32_t i = 0; i < n; i++)
		if (!add_forest(b, i, 1, &each[i], err))
			return false;
	return onnx_fold(b->g, fold, b->type, each, n, 1, ret, err);
}

/* A missing value has a way through any tree, which libraries that boost mean.
 * scikit-learn's mostly refuse it: of these a node must say that it does not. */
static bool
init(struct builder *b, const struct onnx_tensor *x, struct err *err)
{
	struct onnx *g = b->g;
	struct onnx_elem *e = ARENA_ARRAY(g->im->mem, x->n, struct onnx_elem);
	bool single;

	b->trees = ARENA_ARRAY(g->im->mem, b->list->n_trees,
	    struct build_tree);
	/* Twice: to look at the trees, and to write them. */
	b->n_order = b->list->n_nodes * SHARED_MAX + 4;
	b->left = 2 * (uint64_t)b->n_order;
	b->order = ARENA_ARRAY(g->im->mem, b->n_order, uint32_t);
	if (e == NULL || b->trees == NULL || b->order == NULL)
		return full(b, err);
	if (!onnx_row(x, &b->n_features, err))
		return false;
	memcpy(e, x->elems, x->n * sizeof(*e));
	/* As they come: the forest rounds them itself. */
	if (!onnx_numbers(g, ONNX_DOUBLE, e, x->n,
		err) || !onnx_slots(g, e, x->n, &b->src, err) ||
	    !has_single_targets(b, &single, err))
		return false;
	b->n_src = b->cap_src = b->n_features;
	b->forest = (struct build_forest){
	    .compare = b->type == ONNX_FLOAT ?
		TREE_F32_LT_F32 : TREE_F64_LE_F64,
	    .n_values = single ? 1 : b->list->n_targets,
	    .n_outputs = b->list->n_targets, .divide = 1,
	    .takes_nan = !str_eq(onnx_text(g->model->producer_name),
		STR("skl2onnx"))};
	return true;
}

bool
onnx_trees(struct onnx *g, struct tree_list *list,
    const struct onnx_tensor *x, struct str aggregate, struct onnx_elem *ret,
    struct err *err)
{
	struct builder b = {.g = g, .list = list,
	    .type = onnx_float_of(x->type)};

	if (list->n_trees == 0)
		return onnx_wrong(err, "it has no trees");
	if (list->n_nodes > NODES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "it has %u nodes, %d are the most", list->n_nodes,
		    NODES_MAX);
	if (!init(&b, x, err))
		return false;
	for (uint32_t i = 0; i < list->n_trees; i++)
		if (!write_tree(&b, list->roots[i], &b.trees[i], err))
			return err_context(err, "tree %u", i);
	if (str_eq(aggregate, STR("MIN")))
		return add_best(&b, FOLD_LEAST, ret, err);
	if (str_eq(aggregate, STR("MAX")))
		return add_best(&b, FOLD_GREATEST, ret, err);
	if (!add_forest(&b, 0, list->n_trees, ret, err))
		return false;
	if (str_eq(aggregate, STR("AVERAGE")))
		return onnx_calc_with(g, CALC_DIV, b.type, ret,
		    (double)list->n_trees, list->n_targets, ret, err);
	return str_eq(aggregate, STR("SUM")) || onnx_cannot(err,
	    "aggregate_function %.*s is not known", STR_ARG(aggregate));
}
