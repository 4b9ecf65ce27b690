/* SPDX-License-Identifier: ISC
 *
 * A forest over many rows side by side: numbers to byte ranks, the leaves of
 * some trees for a group of rows, and their values added up in the order of
 * the file, as a walk would.
 */
#include <math.h>
#include <string.h>

#include "score/ranks.h"
#include "score/steps.h"

static const struct ranks_code *
code_for(const struct model *m)
{
#ifdef __x86_64__
	if (m->wide)
		return &ranks_avx2;
#endif
	(void)m;
	return &ranks_plain;
}

/* What a value's rank is in a column that has not the first of the cuts. */
static int8_t
rank_beyond(uint32_t rank, uint32_t column)
{
	uint32_t before = column * RANKS_CUTS;

	if (rank <= before)
		return RANKS_LEAST;
	return rank - before >= RANKS_CUTS ? RANKS_MOST :
	    (int8_t)((int)(rank - before) + RANKS_LEAST);
}

/* The columns of a lane with more cuts than one holds. */
static void
rank_columns(const struct ranks *r, const struct ranks_scale *s,
    const double *x, size_t n, int8_t *bytes)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t low = 0, left = s->cuts;

		while (left > 0) {
			uint32_t half = left - left / 2;
			uint32_t at = s->cut + low + half - 1;
			bool reached = r->floats != NULL ?
			    r->floats[at] <= (float)x[i] :
			    r->doubles[at] < x[i];

			low += reached ? half : 0;
			left -= half;
		}
		for (uint32_t k = 0; k < s->columns; k++)
			bytes[k * RANKS_ROWS + i] = isnan(x[i]) ? s->missing :
			    rank_beyond(low, k);
	}
}

/* All columns of n rows from row `from`, RANKS_ROWS at most. */
static void
make_ranks(const struct block *b, const struct ranks *r, uint32_t lanes,
    size_t from, size_t n, const struct ranks_code *code, int8_t *columns)
{
	for (uint32_t k = 0; k < lanes; k++) {
		const struct ranks_scale *s = &r->scales[k];
		const double *x = b->frame + s->slot * b->stride + from;
		int8_t *bytes = columns + (size_t)s->column * RANKS_ROWS;

		if (s->columns > 1)
			rank_columns(r, s, x, n, bytes);
		else if (s->columns == 1 && r->floats != NULL)
			code->floats(s, r->floats, x, n, bytes);
		else if (s->columns == 1)
			code->doubles(s, r->doubles, x, n, bytes);
	}
}

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
		const uint32_t *leaf = &r->leaf[tree + t];

		if (r->leaf32 != NULL) {
			sum_floats(r->leaf32, leaf, at, 1, sum, m);
			continue;
		}
		for (uint32_t j = 0; j < f->n_values; j++, sum += b->stride)
			for (size_t i = 0; i < m; i++) {
				double a = sum[i] + r->leaf64[((size_t)*leaf +
				    at[i]) * f->n_values + j];

				sum[i] = floats ? (double)(float)a : a;
			}
	}
}

void
score_forest_rows(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t outputs, double *y, size_t n)
{
	const struct ranks_code *code = code_for(b->m);
	size_t group = (size_t)r->columns * RANKS_ROWS;
	int8_t *columns = b->bytes;
	uint8_t *leaves = (uint8_t *)columns +
	    (n + RANKS_ROWS - 1) / RANKS_ROWS * group;
	uint8_t *values = leaves + RANKS_TREES * RANKS_ROWS;

	for (size_t i = 0; i < n; i += RANKS_ROWS)
		make_ranks(b, r, f->lanes, i, n - i < RANKS_ROWS ? n - i :
		    RANKS_ROWS, code, columns + i / RANKS_ROWS * group);
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
