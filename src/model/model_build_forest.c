/* SPDX-License-Identifier: ISC
 *
 * Trees as importers have them to trees as they lie in the image: nodes level
 * by level, splits as unsigned keys, each split naming a lane (a feature and
 * the side that missing values take). The outcome of every comparison stays
 * what the compare rule says; the keys below prove it rule by rule.
 */
#include "model/model_build.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_ir.h"
#include "model/model_ranks.h"

/* Rows go side by side from so many on, until someone measures it. */
enum { ROWS_FROM = 16 };

/* What is known while one forest is compiled. */
struct compile {
	struct model_build *b;
	const struct build_forest *in;
	const uint32_t *src;
	uint32_t n_src;
	uint32_t *lane[2];      /* lane of a feature by nan_left, 0: none */
	double **cuts;          /* of a feature, where the rule wants them */
	uint32_t *n_cuts;
	struct ir_forest *out;
	uint32_t at_node;
	int32_t *queue;         /* nodes of one tree, level by level */
	bool *seen;             /* nodes of one tree that have a parent */
};

static bool
bad_tree(struct err *err, uint32_t tree, uint32_t node, const char *what)
{
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "node %u of tree %u %s", node, tree, what);
}

static bool
is_leaf(const struct build_tree *t, uint32_t i)
{
	return t->left[i] == -1 && t->right[i] == -1;
}

/* The side that missing takes at node i; 0 too where none can come, so that
 * a feature needs no second lane. */
static bool
nan_left(const struct compile *c, const struct build_tree *t, uint32_t i)
{
	return c->in->takes_nan && t->missing_left != NULL &&
	    t->missing_left[i] != 0 &&
	    !ir_slot(c->b, c->src[t->feature[i]])->finite;
}

/* Whether v is a finite number of the type that sums have. */
static bool
is_sum(const struct compile *c, double v)
{
	return c->in->compare == TREE_F32_LT_F32 ? isfinite((float)v) :
	    isfinite(v);
}

/* Hold one tree against its own counts, and mark the lanes it needs. */
static bool
check_tree(struct compile *c, uint32_t number, struct err *err)
{
	const struct build_tree *t = &c->in->trees[number];
	uint32_t n_values = c->in->n_values;

	if (t->n_nodes == 0 || t->n_nodes > INT32_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "tree %u has %u nodes", number, t->n_nodes);
	if (n_values > c->in->n_outputs ||
	    t->first_output > c->in->n_outputs - n_values)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "tree %u adds to output %u of %u", number,
		    t->first_output, c->in->n_outputs);
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		if (is_leaf(t, i)) {
			for (uint32_t j = 0; j < n_values; j++)
				if (!is_sum(c, t->value[(size_t)i * n_values +
				    j]))
					return bad_tree(err, number, i,
					    "has a value that is not finite");
			continue;
		}
		if (t->left[i] <= (int64_t)i || t->right[i] <= (int64_t)i ||
		    (uint32_t)t->left[i] >= t->n_nodes ||
		    (uint32_t)t->right[i] >= t->n_nodes ||
		    t->left[i] == t->right[i])
			return bad_tree(err, number, i,
			    "has children that are not two later nodes");
		if (t->feature[i] < 0 || (uint32_t)t->feature[i] >= c->n_src)
			return bad_tree(err, number, i,
			    "splits on a feature that is not there");
		if (!isfinite(t->threshold[i]))
			return bad_tree(err, number, i,
			    "has a threshold that is not finite");
		c->lane[nan_left(c, t, i)][t->feature[i]] = 1;
		c->n_cuts[t->feature[i]]++;
	}
	return true;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The distinct thresholds of every feature, ascending. Each is a number of
 * at most one node, so together they are no more than the nodes. */
static bool
collect_cuts(struct compile *c, struct err *err)
{
	c->cuts = ARENA_ARRAY(c->b->mem, c->n_src, double *);
	if (c->cuts == NULL)
		return ir_full(c->b, err);
	for (uint32_t f = 0; f < c->n_src; f++) {
		c->cuts[f] = ARENA_ARRAY(c->b->mem, c->n_cuts[f], double);
		if (c->cuts[f] == NULL)
			return ir_full(c->b, err);
		c->n_cuts[f] = 0;
	}
	for (uint32_t k = 0; k < c->in->n_trees; k++) {
		const struct build_tree *t = &c->in->trees[k];

		for (uint32_t i = 0; i < t->n_nodes; i++)
			if (!is_leaf(t, i))
				c->cuts[t->feature[i]]
				    [c->n_cuts[t->feature[i]]++] =
				    t->threshold[i];
	}
	for (uint32_t f = 0; f < c->n_src; f++) {
		uint32_t n = 0;

		qsort(c->cuts[f], c->n_cuts[f], sizeof(double),
		    compare_doubles);
		for (uint32_t i = 0; i < c->n_cuts[f]; i++)
			if (n == 0 || c->cuts[f][n - 1] != c->cuts[f][i])
				c->cuts[f][n++] = c->cuts[f][i];
		c->n_cuts[f] = n;
	}
	return true;
}

/* Number the lanes that are needed, from 1, and describe them. */
static bool
make_lanes(struct compile *c, struct err *err)
{
	struct ir_forest *out = c->out;
	uint32_t n = 0, n_cuts = 0;

	for (uint32_t f = 0; f < c->n_src; f++) {
		for (int side = 0; side < 2; side++)
			if (c->lane[side][f] != 0)
				c->lane[side][f] = ++n;
		if (c->cuts != NULL)
			n_cuts += c->n_cuts[f];
	}
	out->lanes = ARENA_ARRAY(c->b->mem, n, struct image_lane);
	out->cuts = ARENA_ARRAY(c->b->mem, n_cuts, double);
	if (out->lanes == NULL || out->cuts == NULL)
		return ir_full(c->b, err);
	for (uint32_t f = 0; f < c->n_src; f++) {
		uint32_t cut = out->n_cuts;

		if (c->cuts != NULL && c->n_cuts[f] > 0) {
			memcpy(out->cuts + cut, c->cuts[f],
			    c->n_cuts[f] * sizeof(double));
			out->n_cuts += c->n_cuts[f];
		}
		for (uint32_t side = 0; side < 2; side++)
			if (c->lane[side][f] != 0)
				out->lanes[c->lane[side][f] - 1] =
				    (struct image_lane){.slot = c->src[f],
				    .nan_left = side, .cut = cut,
				    .cuts = out->n_cuts - cut};
	}
	out->head.lanes = n;
	while (n >> out->head.lane_bits != 0)
		out->head.lane_bits++;
	return true;
}

/* The key below which a row goes left. Keys of the row are image_key(x) of
 * x as float, or the number of cuts below x; both rise with x. */
static uint32_t
split_key(const struct compile *c, int32_t feature, double threshold)
{
	float f;
	const double *cut;

	switch (c->in->compare) {
	case TREE_F32_LE_F64:
		/* With f the greatest float <= threshold, a float x is
		 * <= threshold where it is <= f: no float lies between them.
		 * And x <= f is key(x) < key(f) + 1, keys being whole. */
		f = (float)threshold;
		if ((double)f > threshold)
			f = nextafterf(f, -INFINITY);
		return image_key(f) + 1;
	case TREE_F32_LT_F32:
		/* The same, turned: f is the least float >= threshold. */
		f = (float)threshold;
		if ((double)f < threshold)
			f = nextafterf(f, INFINITY);
		return image_key(f);
	case TREE_F64_LE_F64:
		/* x <= cut j where at most j cuts are below x. */
		cut = bsearch(&threshold, c->cuts[feature],
		    c->n_cuts[feature], sizeof(double), compare_doubles);
		return (uint32_t)(cut - c->cuts[feature]) + 1;
	}
	return 0;
}

/* What a leaf's node has for a key. */
static uint32_t
leaf_key(struct compile *c, const double *value)
{
	union {
		float f;
		uint32_t u;
	} v = {.f = (float)value[0]};

	return image_leaf_is_inline(&c->out->head) ? v.u :
	    ir_leaves_add(&c->out->leaves, value);
}

static bool
compile_tree(struct compile *c, uint32_t number, struct err *err)
{
	const struct build_tree *t = &c->in->trees[number];
	struct ir_forest *out = c->out;
	struct image_tree *tree = &out->trees[number];
	struct image_node *nodes = out->nodes + c->at_node;
	uint32_t bits = out->head.lane_bits;
	uint32_t head = 0, tail = 1, level_end = 1;

	tree->node = c->at_node;
	tree->first_output = t->first_output;
	c->queue[0] = 0;
	memset(c->seen, 0, t->n_nodes * sizeof(*c->seen));
	for (; head < tail; head++) {
		uint32_t i = (uint32_t)c->queue[head];
		uint32_t delta = tail + 1 - head;

		if (head == level_end) {
			tree->depth++;
			level_end = tail;
		}
		if (is_leaf(t, i)) {
			nodes[head].key = leaf_key(c, t->value +
			    (size_t)i * c->in->n_values);
			continue;
		}
		/* A node with two parents would be laid out twice, and its
		 * own children twice as often again. */
		if (c->seen[t->left[i]] || c->seen[t->right[i]])
			return bad_tree(err, number, i,
			    "shares a child with another node");
		c->seen[t->left[i]] = c->seen[t->right[i]] = true;
		if (((uint64_t)delta << bits) > UINT32_MAX)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "tree %u with %u nodes over %u features is larger "
			    "than the compiled form allows", number,
			    t->n_nodes, out->head.lanes);
		nodes[head].key = split_key(c, t->feature[i], t->threshold[i]);
		nodes[head].link = delta << bits |
		    c->lane[nan_left(c, t, i)][t->feature[i]];
		c->queue[tail++] = t->left[i];
		c->queue[tail++] = t->right[i];
	}
	tree->nodes = tail;
	c->at_node += tail;
	return true;
}

/* Leaves of the largest tree. */
static uint32_t
widest_tree(const struct ir_forest *out)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < out->head.trees; t++)
		if (out->trees[t].nodes > n)
			n = out->trees[t].nodes;
	return (n + 1) / 2;
}

static bool
make_trees(struct compile *c, uint64_t n_nodes, uint64_t n_leaves,
    uint32_t widest, struct err *err)
{
	struct arena *mem = c->b->mem;
	struct ir_forest *out = c->out;

	out->trees = ARENA_ARRAY(mem, c->in->n_trees, struct image_tree);
	out->nodes = ARENA_ARRAY(mem, n_nodes, struct image_node);
	c->queue = ARENA_ARRAY(mem, widest, int32_t);
	c->seen = ARENA_ARRAY(mem, widest, bool);
	if (out->trees == NULL || out->nodes == NULL || c->queue == NULL ||
	    c->seen == NULL || !ir_leaves_init(mem, &out->leaves,
	    c->in->n_values, image_leaf_is_inline(&out->head) ? 0 : n_leaves))
		return ir_full(c->b, err);
	for (uint32_t k = 0; k < c->in->n_trees; k++)
		if (!compile_tree(c, k, err))
			return false;
	out->n_nodes = c->at_node;
	if (widest_tree(out) <= 8 * RANKS_PLANES)
		out->head.trees_to = RANKS_ROWS;
	if (widest_tree(out) <= RANKS_LEAVES)
		out->head.rows_from = ROWS_FROM;
	out->head.trees = c->in->n_trees;
	out->head.leaves = out->leaves.n;
	return true;
}

static bool
compile_forest(struct compile *c, struct err *err)
{
	const struct build_forest *in = c->in;
	struct arena *mem = c->b->mem;
	struct ir_forest *out = c->out;
	uint64_t n_nodes = 0, n_leaves = 0;
	uint32_t widest = 0;

	c->lane[0] = ARENA_ARRAY(mem, c->n_src, uint32_t);
	c->lane[1] = ARENA_ARRAY(mem, c->n_src, uint32_t);
	c->n_cuts = ARENA_ARRAY(mem, c->n_src, uint32_t);
	out->base = ARENA_ARRAY(mem, in->n_outputs, double);
	if (c->lane[0] == NULL || c->lane[1] == NULL || c->n_cuts == NULL ||
	    out->base == NULL)
		return ir_full(c->b, err);
	for (uint32_t k = 0; k < in->n_outputs && in->base != NULL; k++) {
		if (!is_sum(c, in->base[k]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the forest starts from a number that is not "
			    "finite");
		out->base[k] = in->compare == TREE_F32_LT_F32 ?
		    (double)(float)in->base[k] : in->base[k];
	}
	for (uint32_t k = 0; k < in->n_trees; k++) {
		const struct build_tree *t = &in->trees[k];

		if (!check_tree(c, k, err))
			return false;
		n_nodes += t->n_nodes;
		for (uint32_t i = 0; i < t->n_nodes; i++)
			n_leaves += is_leaf(t, i);
		if (t->n_nodes > widest)
			widest = t->n_nodes;
	}
	if (n_nodes * sizeof(struct image_node) > MODEL_BYTES_MAX ||
	    n_leaves * in->n_values * sizeof(double) > MODEL_BYTES_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%ju tree nodes make a model of more than %zu bytes",
		    (uintmax_t)n_nodes, MODEL_BYTES_MAX);
	if (in->compare == TREE_F64_LE_F64 && !collect_cuts(c, err))
		return false;
	return make_lanes(c, err) &&
	    make_trees(c, n_nodes, n_leaves, widest, err);
}

bool
model_build_forest(struct model_build *b, const uint32_t *src, uint32_t n,
    const struct build_forest *forest, uint32_t *dst, struct err *err)
{
	struct ir_forest *out = ARENA_NEW(b->mem, struct ir_forest);
	struct compile c = {.b = b, .in = forest, .src = src, .n_src = n,
	    .out = out};
	struct ir_step step = {.op = STEP_FOREST, .n_src = n, .forest = out};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};

	if (!ir_use_all(b, src, n, err))
		return false;
	if (out == NULL)
		return ir_full(b, err);
	if (forest->n_values == 0 || forest->n_outputs == 0 ||
	    forest->n_outputs > IMAGE_SLOTS_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a forest of %u outputs with %u values a leaf",
		    forest->n_outputs, forest->n_values);
	if (!isfinite(forest->divide) || forest->divide == 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a forest divides its sums by %g", forest->divide);
	out->head.compare = forest->compare;
	out->head.takes_nan = forest->takes_nan;
	out->head.n_values = forest->n_values;
	out->head.divide = forest->divide;
	like.column = ir_common_column(b, src, n);
	return compile_forest(&c, err) &&
	    ir_copy(b, src, n, sizeof(*src), &step.list, err) &&
	    ir_add_step(b, step, forest->n_outputs, like, dst, err);
}
