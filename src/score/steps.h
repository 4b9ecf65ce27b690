/* SPDX-License-Identifier: ISC */
#ifndef SCORE_STEPS_H
#define SCORE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model_format.h"
#include "model/model_ranks.h"
#include "model/model_view.h"
#include "score/score.h"

/* What the steps work on, for score.c and the files that run them. */
struct block {
	const struct model *m;
	double *frame;    /* slot s of row r: frame[s * stride + r]; what no
	                   * step has written is 0 */
	union {           /* room for one forest at a time: */
		uint32_t *keys; /* of walks: keys_max a row; for more than one
		                 * row a multiple of SCORE_WALKS of them */
		int8_t *bytes;  /* of rows side by side */
	};
	size_t stride;    /* rows the block began with */
	size_t rows;      /* rows still in it: the first of these */
	bool refused;
	struct score_fault fault; /* of row `rows`, where refused */
};

#define SLOT_NONE UINT32_MAX

/* Magnitudes from here on round to infinity as float: halfway between the
 * greatest float and the next power of two, to even. */
#define FLOAT_LIMIT 0x1.ffffffp127

/* Walks that a forest has in flight. */
enum { SCORE_WALKS = 8 };

/* A block of so many rows (block_rows of the model at most) over scratch for
 * as many, which is left as it is. */
struct block score_block(const struct model *m, size_t rows, void *scratch);
/* Cut the block before `row` (< rows), for what stands in `slot`. */
void score_refuse(struct block *b, size_t row, enum score_refusal why,
    uint32_t slot);
/* Refuse the rows in which one of n slots is not of a magnitude below
 * `limit`, or is NaN where takes_nan is false. */
void score_check_slots(struct block *b, const uint32_t *slots, uint32_t n,
    bool takes_nan, double limit);

void score_feature(struct block *b, const struct image_step *s);
void score_linear(struct block *b, const struct image_step *s);
void score_linear_fma(struct block *b, const struct image_step *s);
void score_linear_float(struct block *b, const struct image_step *s);
void score_leaves(struct block *b, const struct image_step *s);
void score_forest(struct block *b, const struct image_step *s);
void score_link(struct block *b, const struct image_step *s);
void score_calc(struct block *b, const struct image_step *s);
void score_fold(struct block *b, const struct image_step *s);
void score_median(struct block *b, const struct image_step *s);
void score_sort(struct block *b, const struct image_step *s);
void score_kernel(struct block *b, const struct image_step *s);
void score_couple(struct block *b, const struct image_step *s);

/* y[r] = the sum of coef[i] times slot src[i] of row r, added in the order of
 * i. */
void score_products(const struct block *b, const uint32_t *src,
    const double *coef, uint32_t n, double *y);

/* Add all trees to the sums of n rows from row `from`, which lie at y and
 * hold what the sums start from. */
void score_forest_walk(struct block *b, const struct image_forest *f,
    uint32_t outputs, double *y, size_t from, size_t n);
/* The same for the first n rows, side by side. */
void score_forest_rows(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t outputs, double *y, size_t n);
/* The same for one row, with trees side by side (where it has planes). */
void score_forest_trees(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t outputs, double *y, size_t row);

#endif
