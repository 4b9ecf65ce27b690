/* SPDX-License-Identifier: ISC */
#ifndef SCORE_RANKS_H
#define SCORE_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "model/model_ranks.h"
#include "score/steps.h"

/*
 * The inner loops over byte ranks, once for any machine and once for wider
 * registers. All give the same bytes.
 */
struct ranks_code {
	/* All columns of n rows from row `from`, RANKS_ROWS at most, `stride`
	 * bytes from one column to the next. */
	void (*make)(const struct block *b, const struct image_forest *f,
	    const struct ranks *r, size_t from, size_t n, int8_t *columns,
	    size_t stride);
	/* The leaves of trees [tree, tree + n) of any shape, or whole, for
	 * RANKS_ROWS rows: column c of them at columns + c * RANKS_ROWS, tree
	 * t's leaves at leaves + t * RANKS_ROWS. Trees of any shape start at
	 * a multiple of RANKS_SIDE, and end there for `leaves`; values hold
	 * the constants, and room behind them. */
	void (*whole)(const struct ranks *r, uint32_t tree, uint32_t n,
	    const int8_t *columns, uint8_t *leaves);
	void (*any)(const struct ranks *r, uint32_t tree, uint32_t n,
	    const int8_t *columns, uint8_t *values, uint8_t *leaves);
	/* The leaves of RANKS_GROUP trees for one row, from the group's
	 * slots, which it leaves behind, and their counts; or the sum of all
	 * n trees onto what there is. NULL where there is no good way. */
	void (*trees)(const struct ranks *r, const int8_t *columns,
	    const struct ranks_slot **slots, const uint16_t *count,
	    uint8_t *leaves);
	float (*sum_floats)(const struct ranks *r, uint32_t n,
	    const int8_t *columns, float sum);
	double (*sum_doubles)(const struct ranks *r, uint32_t n,
	    const int8_t *columns, double sum);
};

extern const struct ranks_code ranks_plain;
#ifdef __x86_64__
extern const struct ranks_code ranks_avx2;
#endif
/* The code for this machine. */
const struct ranks_code *ranks_code(const struct model *m);

/* The columns of n values of a lane. */
void ranks_columns(const struct ranks *r, const struct ranks_scale *s,
    const double *x, size_t n, int8_t *to, size_t stride);
/* The same columns as those of the lane before, which lie before. */
void ranks_again(const struct ranks_scale *s, const double *x, size_t n,
    int8_t *to, size_t stride);

/* Add the numbers of a leaf to sums that lie `stride` apart. A sum of two
 * floats is exact enough in double that rounding it changes nothing. */
static inline void
ranks_add(const struct ranks *r, uint32_t n_values, bool floats, size_t leaf,
    double *sum, size_t stride)
{
	for (uint32_t j = 0; j < n_values; j++) {
		double v = r->leaf32 != NULL ? (double)r->leaf32[leaf] :
		    r->leaf64[leaf * n_values + j];

		v += sum[j * stride];
		sum[j * stride] = floats ? (double)(float)v : v;
	}
}

#endif
