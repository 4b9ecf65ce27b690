/* SPDX-License-Identifier: ISC
 *
 * Walks through trees. Numbers become keys once a row (see model_format.h),
 * then every step down is one unsigned comparison whose outcome is added to
 * an address: no branch to guess wrong. Several walks are in flight at once,
 * since one alone mostly waits for memory; a walk that has come to its leaf
 * stays there. Sums are taken tree after tree in the order of the file,
 * whichever way the walks went, so one row and many give the same bits.
 */
#include <float.h>
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

enum { WALKS = 8 };

/* Magnitudes from here on round to infinity as float: halfway between the
 * greatest float and the next power of two, to even. */
#define FLOAT_LIMIT 0x1.ffffffp127

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

/* keys[r * width + lane] for every row. */
static void
make_keys(struct block *b, const struct image_forest *f)
{
	const struct image_lane *lanes = b->m->lanes + f->lane;
	size_t width = (size_t)f->lanes + 1;

	for (size_t r = 0; r < b->rows; r++)
		b->keys[r * width] = UINT32_MAX;
	for (uint32_t k = 0; k < f->lanes; k++) {
		const struct image_lane *lane = &lanes[k];
		const double *x = b->frame + lane->slot * b->stride;
		const double *cuts = b->m->params + lane->cut;
		uint32_t *key = b->keys + k + 1;

		for (size_t r = 0; r < b->rows; r++, key += width) {
			if (isnan(x[r]))
				*key = missing_key(lane);
			else if (lane->cuts > 0)
				*key = rank(cuts, lane->cuts, x[r]);
			else
				*key = image_key((float)x[r]);
		}
	}
}

static inline const struct image_node *
step(const struct image_node *n, const uint32_t *keys, uint32_t bits,
    uint32_t mask)
{
	uint32_t link = n->link;

	return n + (link >> bits) - (keys[link & mask] < n->key);
}

static inline const double *
leaf(const struct block *b, const struct image_forest *f,
    const struct image_node *n)
{
	return b->m->leaves + f->leaf + (size_t)n->key * f->n_values;
}

/* One row through all trees, several trees at a time. */
static void
score_row(struct block *b, const struct image_forest *f, double *y)
{
	const struct image_node *nodes = b->m->nodes;
	const struct image_tree *trees = b->m->trees + f->tree;
	const uint32_t *keys = b->keys;
	uint32_t bits = f->lane_bits, mask = (1u << bits) - 1;

	for (uint32_t t = 0; t < f->trees; t += WALKS) {
		const struct image_node *at[WALKS];
		uint32_t n = f->trees - t, depth = 0;

		if (n > WALKS)
			n = WALKS;
		for (uint32_t i = 0; i < WALKS; i++) {
			const struct image_tree *tree =
			    &trees[t + (i < n ? i : 0)];

			at[i] = nodes + tree->node;
			if (tree->depth > depth)
				depth = tree->depth;
		}
		while (depth-- > 0)
			for (uint32_t i = 0; i < WALKS; i++)
				at[i] = step(at[i], keys, bits, mask);
		for (uint32_t i = 0; i < n; i++) {
			const double *v = leaf(b, f, at[i]);
			double *sum = y + trees[t + i].first_output *
			    b->stride;

			for (uint32_t j = 0; j < f->n_values; j++)
				sum[j * b->stride] += v[j];
		}
	}
}

/* All rows through all trees, several rows at a time through one tree. */
static void
score_block(struct block *b, const struct image_forest *f, double *y)
{
	size_t width = (size_t)f->lanes + 1;
	uint32_t bits = f->lane_bits, mask = (1u << bits) - 1;

	for (uint32_t t = 0; t < f->trees; t++) {
		const struct image_tree *tree = b->m->trees + f->tree + t;
		const struct image_node *root = b->m->nodes + tree->node;
		double *sum = y + tree->first_output * b->stride;

		for (size_t r = 0; r < b->rows; r += WALKS) {
			const struct image_node *at[WALKS];
			const uint32_t *keys[WALKS];
			size_t n = b->rows - r;

			if (n > WALKS)
				n = WALKS;
			for (size_t i = 0; i < WALKS; i++) {
				at[i] = root;
				keys[i] = b->keys +
				    (r + (i < n ? i : 0)) * width;
			}
			for (uint32_t d = 0; d < tree->depth; d++)
				for (uint32_t i = 0; i < WALKS; i++)
					at[i] = step(at[i], keys[i], bits,
					    mask);
			for (size_t i = 0; i < n; i++) {
				const double *v = leaf(b, f, at[i]);

				for (uint32_t j = 0; j < f->n_values; j++)
					sum[j * b->stride + r + i] += v[j];
			}
		}
	}
}

void
score_forest(struct block *b, const struct image_step *s)
{
	const struct image_forest *f = b->m->forests + s->at;
	const double *base = b->m->params + f->base;
	double *y = b->frame + s->dst * b->stride;

	score_check_slots(b, b->m->lists + f->check, f->checks, f->takes_nan,
	    f->compare == TREE_F64_LE_F64 ? INFINITY : FLOAT_LIMIT);
	if (b->rows == 0)
		return;
	make_keys(b, f);
	for (uint32_t k = 0; k < s->width; k++)
		for (size_t r = 0; r < b->rows; r++)
			y[k * b->stride + r] = base[k];
	if (b->rows == 1)
		score_row(b, f, y);
	else
		score_block(b, f, y);
	if (f->divide == 1)
		return;
	for (uint32_t k = 0; k < s->width; k++)
		for (size_t r = 0; r < b->rows; r++)
			y[k * b->stride + r] /= f->divide;
}
