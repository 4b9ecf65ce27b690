/* SPDX-License-Identifier: ISC
 *
 * Weighted sums, in the order in which training added them.
 */
#include <math.h>

#include "score/steps.h"

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

		for (size_t r = 0; r < b->rows; r++)
			y[r] = 0;
		for (uint32_t i = 0; i < s->n_src; i++) {
			const double *x = b->frame + src[i] * b->stride;

			for (size_t r = 0; r < b->rows; r++)
				y[r] += coef[i] * x[r];
		}
		for (size_t r = 0; r < b->rows; r++)
			y[r] += intercept[k];
	}
}
