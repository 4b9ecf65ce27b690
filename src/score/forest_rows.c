/* SPDX-License-Identifier: ISC
 *
 * A forest over many rows side by side: the leaves of some trees for a group
 * of rows, and their values added up in the order of the file, as a walk
 * would.
 */
#include <string.h>

#include "score/ranks.h"
#include "score/steps.h"

/*
 * The values of n trees' leaves onto the sums of m rows. Eight trees at a
 * time, so that a sum is fetched and stored once for them. Each value lies
 * where a row's byte says: gathering them into vectors is slower.
 */
#define EACH_OF_8(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)
#define SUM(NAME, TYPE) \
static void \
NAME(const TYPE *values, const uint32_t *leaf, const uint8_t *at, uint32_t n, \
    double *sum, size_t m) \
{ \
	for (; n >= 8; n -= 8, leaf += 8, at += 8 * RANKS_ROWS) { \
		EACH_OF_8(VALUES) \
		for (size_t r = 0; r < m; r++) { \
			TYPE a = (TYPE)sum[r]; \
\
			EACH_OF_8(ADD) \
			sum[r] = (double)a; \
		} \
	} \
	for (; n > 0; n--, leaf++, at += RANKS_ROWS) \
		for (size_t r = 0; r < m; r++) \
			sum[r] = (double)((TYPE)sum[r] + \
			    values[leaf[0] + at[r]]); \
}
#define VALUES(i) const __typeof__(*values) *v##i = values + leaf[i];
#define ADD(i)    a += v##i[at[i * RANKS_ROWS + r]];
SUM(sum_floats, float)
SUM(sum_doubles, double)

/* Leaves of several numbers, or trees that add to an output each. */
static void
sum_outputs(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t tree, uint32_t n, const uint8_t *at,
    double *y, size_t m)
{
	const struct image_tree *trees = b->m->trees + f->tree + tree;
	bool floats = f->compare == TREE_F32_LT_F32;

	for (uint32_t t = 0; t < n; t++, at += RANKS_ROWS) {
		double *sum = y + trees[t].first_output * b->stride;

		for (size_t i = 0; i < m; i++)
			ranks_add(r, f->n_values, floats, r->leaf[tree + t] +
			    at[i], sum + i, b->stride);
	}
}

void
score_forest_rows(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t outputs, double *y, size_t n)
{
	const struct ranks_code *code = ranks_code(b->m);
	size_t group = (size_t)r->columns * RANKS_ROWS;
	int8_t *columns = b->bytes;
	uint8_t *leaves = (uint8_t *)columns +
	    (n + RANKS_ROWS - 1) / RANKS_ROWS * group;
	uint8_t *values = leaves + RANKS_TREES * RANKS_ROWS;

	for (size_t i = 0; i < n; i += RANKS_ROWS)
		code->make(b, f, r, i, n - i < RANKS_ROWS ? n - i :
		    RANKS_ROWS, columns + i / RANKS_ROWS * group, RANKS_ROWS);
	for (uint32_t k = 0; k < r->constants && r->depth == 0; k++)
		memset(values + k * RANKS_ROWS, (int)k, RANKS_ROWS);
	/* Some trees stay near for all groups of rows. */
	for (uint32_t t = 0; t < f->trees; t += RANKS_TREES) {
		uint32_t some = f->trees - t < RANKS_TREES ? f->trees - t :
		    RANKS_TREES;

		for (size_t i = 0; i < n; i += RANKS_ROWS) {
			size_t m = n - i < RANKS_ROWS ? n - i : RANKS_ROWS;
			const int8_t *x = columns + i / RANKS_ROWS * group;

			if (r->depth > 0)
				code->whole(r, t, some, x, leaves);
			else
				code->any(r, t, some, x, values, leaves);
			if (outputs > 1)
				sum_outputs(b, f, r, t, some, leaves, y + i, m);
			else if (r->leaf32 != NULL)
				sum_floats(r->leaf32, r->leaf + t, leaves,
				    some, y + i, m);
			else
				sum_doubles(r->leaf64, r->leaf + t, leaves,
				    some, y + i, m);
		}
	}
}
