/* SPDX-License-Identifier: ISC
 *
 * The order of numbers by value, and the weighted median, as AdaBoost takes it
 * of its estimators: the order is worked out in the slots before the result.
 */
#include <math.h>

#include "score/steps.h"

static void
sort_row(const struct block *b, const uint32_t *src, uint32_t n, size_t r,
    double *order)
{
	for (uint32_t i = 0; i < n; i++) {
		double v = b->frame[src[i] * b->stride + r];
		uint32_t k = i;

		for (; k > 0; k--) {
			uint32_t before = (uint32_t)order[(k - 1) *
			    b->stride];

			if (b->frame[src[before] * b->stride + r] <= v)
				break;
			order[k * b->stride] = before;
		}
		order[k * b->stride] = i;
	}
}

void
score_median(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	const double *weights = b->m->params + s->at;
	uint32_t n = s->n_src;

	score_check_slots(b, b->m->lists + s->extra, s->count, false,
	    INFINITY);
	for (size_t r = 0; r < b->rows; r++) {
		double *order = b->frame + s->dst * b->stride + r;
		double sum = 0, half, cdf = 0;
		uint32_t i = 0;

		sort_row(b, src, n, r, order);
		for (uint32_t k = 0; k < n; k++)
			sum += weights[(uint32_t)order[k * b->stride]];
		half = 0.5 * sum;
		for (uint32_t k = 0; k < n; k++) {
			i = (uint32_t)order[k * b->stride];
			cdf += weights[i];
			if (cdf >= half)
				break;
		}
		order[n * b->stride] = b->frame[src[i] * b->stride + r];
	}
}

void
score_sort(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	uint32_t n = s->n_src;

	for (size_t r = 0; r < b->rows; r++) {
		double *order = b->frame + s->dst * b->stride + r;

		sort_row(b, src, n, r, order);
		for (uint32_t k = 0; k < n; k++)
			order[(n + k) * b->stride] = b->frame[
			    src[(uint32_t)order[k * b->stride]] * b->stride +
			    r];
	}
}
