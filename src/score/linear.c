/* SPDX-License-Identifier: ISC
 *
 * Weighted sums, in the order in which training added them.
 */
#include <math.h>
#include <string.h>

#include "score/steps.h"

/* One row: the sum stays out of memory between any two products. */
static inline double
sum_row(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += coef[i] * b->frame[src[i] * b->stride];
	return sum;
}

/* Many rows, eight at a time, whose sums stay in registers. */
static inline void
sum_rows(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n, double *y)
{
	typedef double two __attribute__((vector_size(16),
	    aligned(8), may_alias));
	size_t r = 0;

	for (; r + 8 <= b->rows; r += 8) {
		two sum[4] = {{0}, {0}, {0}, {0}};

		for (uint32_t i = 0; i < n; i++) {
			const two *x = (const two *)(b->frame +
			    src[i] * b->stride + r);

			sum[0] += coef[i] * x[0];
			sum[1] += coef[i] * x[1];
			sum[2] += coef[i] * x[2];
			sum[3] += coef[i] * x[3];
		}
		memcpy(y + r, sum, sizeof(sum));
	}
	for (; r < b->rows; r++) {
		y[r] = 0;
		for (uint32_t i = 0; i < n; i++)
			y[r] += coef[i] * b->frame[src[i] * b->stride + r];
	}
}

static inline void
products(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n, double *y)
{
	if (b->rows == 1)
		y[0] = sum_row(b, src, coef, n);
	else
		sum_rows(b, src, coef, n, y);
}

void
score_products(const struct block *b, const uint32_t *src,
    const double *coef, uint32_t n, double *y)
{
	products(b, src, coef, n, y);
}

void
score_linear(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	const double *coef = b->m->params + s->at;
	const double *intercept = coef + (size_t)s->n_src * s->width;

	score_check_slots(b, b->m->lists + s->extra, s->count, false,
	    INFINITY);
	for (uint32_t k = 0; k < s->width; k++, coef += s->n_src) {
		double *y = b->frame + (s->dst + k) * b->stride;

		products(b, src, coef, s->n_src, y);
		for (size_t r = 0; r < b->rows; r++)
			y[r] += intercept[k];
	}
}

/* A product of two floats is exact as a double, so that rounding the sum is
 * what a fused multiply-add does. */
static inline double
fused(double coef, double x, double sum)
{
	return (double)(float)(coef * x + sum);
}

/* One row: several sums at a time, since each product waits for the one
 * before it. */
static void
fuse_row(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n, uint32_t n_out, double *y)
{
	enum { LANES = 8 };

	for (uint32_t k = 0; k < n_out; k += LANES) {
		uint32_t lanes = n_out - k < LANES ? n_out - k : LANES;
		double sum[LANES] = {0};
		const double *c[LANES];

		for (uint32_t j = 0; j < LANES; j++)
			c[j] = coef + (size_t)(k + (j < lanes ? j : 0)) * n;
		for (uint32_t i = 0; i < n; i++) {
			double x = b->frame[src[i] * b->stride];

			for (uint32_t j = 0; j < LANES; j++)
				sum[j] = fused(c[j][i], x, sum[j]);
		}
		for (uint32_t j = 0; j < lanes; j++)
			y[(k + j) * b->stride] = sum[j];
	}
}

/* Many rows: one product of each at a time. */
static void
fuse_rows(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n, double *y)
{
	for (size_t r = 0; r < b->rows; r++)
		y[r] = 0;
	for (uint32_t i = 0; i < n; i++) {
		const double *x = b->frame + src[i] * b->stride;

		for (size_t r = 0; r < b->rows; r++)
			y[r] = fused(coef[i], x[r], y[r]);
	}
}

void
score_linear_fma(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	const double *coef = b->m->params + s->at;
	const double *intercept = coef + (size_t)s->n_src * s->width;
	double *y = b->frame + s->dst * b->stride;

	score_check_slots(b, b->m->lists + s->extra, s->count, false,
	    INFINITY);
	if (b->rows == 1)
		fuse_row(b, src, coef, s->n_src, s->width, y);
	for (uint32_t k = 0; k < s->width; k++, y += b->stride) {
		if (b->rows != 1)
			fuse_rows(b, src, coef + (size_t)k * s->n_src,
			    s->n_src, y);
		for (size_t r = 0; r < b->rows; r++)
			y[r] = (double)(float)(y[r] + intercept[k]);
	}
}

void
score_linear_float(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	const double *coef = b->m->params + s->at;
	const double *start = coef + (size_t)s->n_src * s->width;

	score_check_slots(b, src, s->n_src, true, FLOAT_LIMIT);
	for (uint32_t k = 0; k < s->width; k++, coef += s->n_src) {
		double *y = b->frame + (s->dst + k) * b->stride;

		for (size_t r = 0; r < b->rows; r++) {
			float sum = (float)start[k];

			for (uint32_t i = 0; i < s->n_src; i++) {
				float x = (float)b->frame[src[i] * b->stride +
				    r];

				if (!isnan(x))
					sum += x * (float)coef[i];
			}
			y[r] = (double)sum;
		}
	}
}

/* The value of one leaf for row r: its terms lie from `at` to `end`. */
static double
leaf_value(const struct block *b, const uint32_t *src, const int32_t *feature,
    const double *coef, int32_t at, int32_t end, const double *leaf, size_t r)
{
	double sum = leaf[0];

	for (int32_t i = at; i < end; i++) {
		double x = b->frame[src[feature[i]] * b->stride + r];

		if (isnan(x))
			return leaf[1];
		sum += coef[i] * x;
	}
	return sum;
}

void
score_leaves(struct block *b, const struct image_step *s)
{
	const int32_t *map = b->m->maps + s->extra, *end = map + 1;
	uint32_t n = s->count, n_trees = (uint32_t)map[0];
	const uint32_t *trees = b->m->lists + s->src, *src = trees + n_trees;
	const double *coef = b->m->params + s->at, *leaves = coef + end[n - 1];

	score_check_slots(b, src, s->n_src - n_trees, true, INFINITY);
	for (uint32_t t = 0; t < n_trees; t++) {
		const double *leaf = b->frame + trees[t] * b->stride;
		double *y = b->frame + (s->dst + t % s->width) * b->stride;

		for (size_t r = 0; r < b->rows; r++) {
			/* Any slot may be named as a tree's. */
			uint32_t i = leaf[r] >= 0 && leaf[r] < n ?
			    (uint32_t)leaf[r] : 0;

			y[r] += leaf_value(b, src, end + n, coef,
			    i > 0 ? end[i - 1] : 0, end[i],
			    leaves + 2 * (size_t)i, r);
		}
	}
}
