/* SPDX-License-Identifier: ISC
 *
 * Weighted sums, in the order in which training added them.
 */
#include <math.h>

#include "score/steps.h"

/* One row: the sum stays out of memory between any two products. */
static double
sum_row(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += coef[i] * b->frame[src[i] * b->stride];
	return sum;
}

/* Many rows: one product of each at a time. */
static void
sum_rows(const struct block *b, const uint32_t *src, const double *coef,
    uint32_t n, double *y)
{
	for (size_t r = 0; r < b->rows; r++)
		y[r] = 0;
	for (uint32_t i = 0; i < n; i++) {
		const double *x = b->frame + src[i] * b->stride;

		for (size_t r = 0; r < b->rows; r++)
			y[r] += coef[i] * x[r];
	}
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

		if (b->rows == 1)
			y[0] = sum_row(b, src, coef, s->n_src);
		else
			sum_rows(b, src, coef, s->n_src, y);
		for (size_t r = 0; r < b->rows; r++)
			y[r] += intercept[k];
	}
}
