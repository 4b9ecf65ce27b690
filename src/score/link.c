/* SPDX-License-Identifier: ISC
 *
 * Margins to probabilities. The links in float round where XGBoost does, so
 * that they give its bits.
 */
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

static double
sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

/* The k values of one row, `stride` apart, in place. */
static void
softmax(double *y, uint32_t k, size_t stride)
{
	double greatest = y[0], sum = 0;

	for (uint32_t i = 1; i < k; i++)
		if (y[i * stride] > greatest)
			greatest = y[i * stride];
	for (uint32_t i = 0; i < k; i++) {
		y[i * stride] = exp(y[i * stride] - greatest);
		sum += y[i * stride];
	}
	for (uint32_t i = 0; i < k; i++)
		y[i * stride] /= sum;
}

static double
sigmoid_float(double x)
{
	/* The bound keeps expf finite. */
	return (double)(1 / (expf(fminf(-(float)x, 88.7f)) + 1));
}

/* As softmax; the sum alone is a double. */
static void
softmax_float(double *y, uint32_t k, size_t stride)
{
	double greatest = y[0], sum = 0;

	for (uint32_t i = 1; i < k; i++)
		if (y[i * stride] > greatest)
			greatest = y[i * stride];
	for (uint32_t i = 0; i < k; i++) {
		y[i * stride] = (double)expf((float)y[i * stride] -
		    (float)greatest);
		sum += y[i * stride];
	}
	for (uint32_t i = 0; i < k; i++)
		y[i * stride] = (double)((float)y[i * stride] / (float)sum);
}

/* Divided by their sum; where that is 0 and there is no answer, infinity
 * refuses the row. */
static void
normalise(double *y, uint32_t k, size_t stride, bool answer)
{
	double sum = 0;

	for (uint32_t i = 0; i < k; i++)
		sum += y[i * stride];
	if (sum == 0) {
		for (uint32_t i = 0; i < k && !answer; i++)
			y[i * stride] = INFINITY;
		return;
	}
	for (uint32_t i = 0; i < k; i++)
		y[i * stride] /= sum;
}

void
score_link(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	double *y = b->frame + s->dst * b->stride;
	size_t stride = b->stride;
	enum model_link link = s->extra;

	if (link == LINK_SIGMOID_F32) {
		const double *x = b->frame + src[0] * stride;

		for (size_t r = 0; r < b->rows; r++) {
			y[stride + r] = sigmoid_float(x[r]);
			y[r] = (double)(1 - (float)y[stride + r]);
		}
		return;
	}
	if (link == LINK_SIGMOID || link == LINK_SIGMOID2) {
		const double *x = b->frame + src[0] * stride;
		double times = link == LINK_SIGMOID ? 1 : 2;

		for (size_t r = 0; r < b->rows; r++) {
			y[stride + r] = sigmoid(times * x[r]);
			y[r] = 1 - y[stride + r];
		}
		return;
	}
	for (size_t r = 0; r < b->rows; r++) {
		for (uint32_t i = 0; i < s->n_src; i++) {
			double x = b->frame[src[i] * stride + r];

			y[i * stride + r] = link == LINK_OVR ? sigmoid(x) :
			    link == LINK_EXP ? exp(x) :
			    link == LINK_EXPM1 ? expm1(x) :
			    link == LINK_SQUARE ? x * x :
			    link == LINK_EXP_F32 ? (double)expf((float)x) : x;
		}
		if (link == LINK_SOFTMAX)
			softmax(y + r, s->n_src, stride);
		else if (link == LINK_SOFTMAX_F32)
			softmax_float(y + r, s->n_src, stride);
		else if (link == LINK_OVR || link == LINK_NORMALISE)
			normalise(y + r, s->n_src, stride,
			    link == LINK_NORMALISE);
	}
}
