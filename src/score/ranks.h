/* SPDX-License-Identifier: ISC */
#ifndef SCORE_RANKS_H
#define SCORE_RANKS_H

#include <stddef.h>
#include <stdint.h>

#include "model/model_ranks.h"

/*
 * The inner loops over byte ranks, once for any machine and once for wider
 * registers. All give the same bytes.
 */
struct ranks_code {
	/* Bytes of a lane that has one column, of n values. */
	void (*floats)(const struct ranks_scale *s, const float *cuts,
	    const double *x, size_t n, int8_t *bytes);
	void (*doubles)(const struct ranks_scale *s, const double *cuts,
	    const double *x, size_t n, int8_t *bytes);
	/* The leaves of trees [tree, tree + n) of any shape, or whole, for
	 * RANKS_ROWS rows: column c of them at columns + c * RANKS_ROWS, tree
	 * t's leaves at leaves + t * RANKS_ROWS. Trees of any shape start at
	 * a multiple of RANKS_SIDE, and end there for `leaves`; values hold
	 * the constants, and room behind them. */
	void (*whole)(const struct ranks *r, uint32_t tree, uint32_t n,
	    const int8_t *columns, uint8_t *leaves);
	void (*any)(const struct ranks *r, uint32_t tree, uint32_t n,
	    const int8_t *columns, uint8_t *values, uint8_t *leaves);
};

extern const struct ranks_code ranks_plain;
#ifdef __x86_64__
extern const struct ranks_code ranks_avx2;
#endif

#endif
