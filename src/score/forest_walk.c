/* SPDX-License-Identifier: ISC
 *
 * Walks through trees. Numbers become keys once a row (see model_format.h),
 * then every step down is one unsigned comparison whose outcome is added to
 * an address: no branch to guess wrong. Several walks are in flight at once,
 * since one alone mostly waits for memory; a walk that has come to its leaf
 * stays there. Sums are taken tree after tree in the order of the file,
 * whichever way the walks went, so one row and many give the same bits; they
 * are rounded to float after each tree where the library's sums are floats.
 */
#include <math.h>
#include <string.h>

#include "model/model_build.h"
#include "score/steps.h"

/* Walks in flight: rows of a tree, trees of a row (which have one address of
 * keys, so there are registers for more); steps between two looks whether
 * all have arrived. */
enum { ROWS = SCORE_WALKS, TREES = 16, EAGER = 4 };

static uint32_t
missing_key(const struct image_lane *lane)
{
	return lane->nan_left ? 0 : UINT32_MAX;
}

/* How many cuts are below x. */
static uint32_t
rank(const double *cuts, uint32_t n, double x)
{
	uint32_t low = 0;

	while (n > 0) {
		uint32_t half = n / 2;

		if (cuts[low + half] < x) {
			low += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return low;
}

/* The keys of one lane, `width` apart. */
static void
make_lane(const struct image_lane *lane, const double *cuts, const double *x,
    size_t rows, uint32_t *key, size_t width)
{
	if (lane->cuts > 0) {
		for (size_t r = 0; r < rows; r++)
			key[r * width] = isnan(x[r]) ? missing_key(lane) :
			    rank(cuts, lane->cuts, x[r]);
		return;
	}
	for (size_t r = 0; r < rows; r++)
		key[r * width] = isnan(x[r]) ? missing_key(lane) :
		    image_key((float)x[r]);
}

/* keys[i * width + lane] for n rows from row `from`, and for rows that fill
 * up the last group of walks. */
static void
make_keys(struct block *b, const struct image_forest *f, size_t from, size_t n)
{
	const struct image_lane *lanes = b->m->lanes + f->lane;
	size_t width = (size_t)f->lanes + 1;
	size_t rows = (n + ROWS - 1) / ROWS * ROWS;

	for (size_t i = 0; i < n; i++)
		b->keys[i * width] = UINT32_MAX;
	for (uint32_t k = 0; k < f->lanes; k++)
		make_lane(&lanes[k], b->m->params + lanes[k].cut,
		    b->frame + lanes[k].slot * b->stride + from, n,
		    b->keys + k + 1, width);
	if (n > 1)
		memset(b->keys + n * width, 0xff,
		    (rows - n) * width * sizeof(*b->keys));
}

/* One step down. The comparison is a subtraction whose sign is spread over
 * the word (-1: left), as compilers make a branch of `<`. */
static inline const struct image_node *
step(const struct image_node *n, const uint32_t *keys, uint32_t bits,
    uint32_t mask)
{
	uint32_t link = n->link;
	int64_t less = ((int64_t)keys[link & mask] - (int64_t)n->key) >> 63;

	return n + ((int64_t)(link >> bits) + less);
}

/*
 * All walks to their leaves: `depth` steps, or fewer where all have come to
 * one before. The keys of walk i are at keys + i * stride. Written out, since
 * walks have to stay in registers: compilers keep an array in memory even
 * where they unroll every loop over it.
 */
#define EACH_ROW(DO)  DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define EACH_TREE(DO) EACH_ROW(DO) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) \
	DO(14) DO(15)
_Static_assert(ROWS == 8 && TREES == 16, "as many as EACH_ROW, EACH_TREE");

#define LOAD(i)  const struct image_node *n##i = at[i];
#define STEP(i)  n##i = step(n##i, keys + i * stride, bits, mask);
#define LINK(i)  | n##i->link
#define STORE(i) at[i] = n##i;
#define WALK(EACH) \
	uint32_t mask = (1u << bits) - 1; \
	EACH(LOAD) \
	while (depth-- > 0) { \
		EACH(STEP) \
		if (depth % EAGER == 0 && (0 EACH(LINK)) == 0) \
			break; \
	} \
	EACH(STORE)

static void
walk_rows(const struct image_node **at, const uint32_t *keys, size_t stride,
    uint32_t depth, uint32_t bits)
{
	WALK(EACH_ROW)
}

static void
walk_trees(const struct image_node **at, const uint32_t *keys, uint32_t depth,
    uint32_t bits)
{
	enum { stride = 0 };

	WALK(EACH_TREE)
}

/* The sum of two floats as a float: in double it is exact enough that
 * rounding it again changes nothing. */
static inline double
add_floats(double a, double b)
{
	return (double)(float)(a + b);
}

/* Add the leaf's numbers to sums that lie `stride` apart. */
static inline void
add_leaf(const struct image_forest *f, const double *leaves,
    const struct image_node *n, double *sum, size_t stride)
{
	const double *v = leaves + (size_t)n->key * f->n_values;

	if (image_leaf_is_inline(f)) {
		sum[0] = add_floats(sum[0], (double)image_leaf_value(n));
		return;
	}
	if (f->compare == TREE_F32_LT_F32) {
		for (uint32_t j = 0; j < f->n_values; j++)
			sum[j * stride] = add_floats(sum[j * stride], v[j]);
		return;
	}
	sum[0] += v[0];
	for (uint32_t j = 1; j < f->n_values; j++)
		sum[j * stride] += v[j];
}

/* The leaves to which n trees (TREES at most) lead the first row's keys. */
static void
find_leaves(const struct block *b, const struct image_forest *f,
    const struct image_tree *trees, uint32_t n, const struct image_node **at)
{
	uint32_t depth = 0;

	for (uint32_t i = 0; i < TREES; i++) {
		const struct image_tree *tree = &trees[i < n ? i : 0];

		at[i] = b->m->nodes + tree->node;
		if (tree->depth > depth)
			depth = tree->depth;
	}
	walk_trees(at, b->keys, depth, f->lane_bits);
}

/* One row through all trees, several trees at a time. A single sum is kept
 * out of memory: it would be written and read again between any two trees. */
static void
walk_row(struct block *b, const struct image_forest *f, uint32_t outputs,
    double *y)
{
	const struct image_tree *trees = b->m->trees + f->tree;
	const double *leaves = b->m->leaves + f->leaf;
	const struct image_node *at[TREES];
	float alone32 = (float)y[0];
	double alone64 = y[0];

	for (uint32_t t = 0; t < f->trees; t += TREES) {
		uint32_t n = f->trees - t < TREES ? f->trees - t : TREES;

		find_leaves(b, f, trees + t, n, at);
		if (outputs > 1) {
			for (uint32_t i = 0; i < n; i++)
				add_leaf(f, leaves, at[i], y + b->stride *
				    trees[t + i].first_output, b->stride);
		} else if (image_leaf_is_inline(f)) {
			for (uint32_t i = 0; i < n; i++)
				alone32 += image_leaf_value(at[i]);
		} else {
			for (uint32_t i = 0; i < n; i++)
				alone64 += leaves[at[i]->key];
		}
	}
	if (outputs == 1)
		y[0] = image_leaf_is_inline(f) ? (double)alone32 : alone64;
}

/* Rows through all trees, several rows at a time through one tree. There are
 * keys for a whole number of groups; those past the last row are of no row,
 * and their walks go for nothing. */
static void
walk_block(struct block *b, const struct image_forest *f, double *y, size_t n)
{
	size_t width = (size_t)f->lanes + 1;
	const double *leaves = b->m->leaves + f->leaf;

	for (uint32_t t = 0; t < f->trees; t++) {
		const struct image_tree *tree = b->m->trees + f->tree + t;
		const struct image_node *root = b->m->nodes + tree->node;
		double *sum = y + tree->first_output * b->stride;

		for (size_t r = 0; r < n; r += ROWS) {
			const struct image_node *at[ROWS];

			for (size_t i = 0; i < ROWS; i++)
				at[i] = root;
			walk_rows(at, b->keys + r * width, width,
			    tree->depth, f->lane_bits);
			for (size_t i = 0; i < ROWS && i < n - r; i++)
				add_leaf(f, leaves, at[i], sum + r + i,
				    b->stride);
		}
	}
}

void
score_forest_walk(struct block *b, const struct image_forest *f,
    uint32_t outputs, double *y, size_t from, size_t n)
{
	make_keys(b, f, from, n);
	if (n == 1)
		walk_row(b, f, outputs, y + from);
	else
		walk_block(b, f, y + from, n);
}
