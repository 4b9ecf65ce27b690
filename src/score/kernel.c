/* SPDX-License-Identifier: ISC
 *
 * Support vector machines: how alike a row and each vector are, and the
 * probabilities of several classes from those of each pair of them.
 */
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

/* --- kernels -------------------------------------------------------------- */

static void
distances(const struct block *b, const uint32_t *src, const double *v,
    uint32_t n, double *y)
{
	for (size_t r = 0; r < b->rows; r++)
		y[r] = 0;
	for (uint32_t i = 0; i < n; i++) {
		const double *x = b->frame + src[i] * b->stride;

		for (size_t r = 0; r < b->rows; r++)
			y[r] += (x[r] - v[i]) * (x[r] - v[i]);
	}
}

/* Rounded after each operation, in the order of the columns. */
static void
distances_float(const struct block *b, const uint32_t *src, const double *v,
    uint32_t n, double *y)
{
	for (size_t r = 0; r < b->rows; r++)
		y[r] = 0;
	for (uint32_t i = 0; i < n; i++) {
		const double *x = b->frame + src[i] * b->stride;

		for (size_t r = 0; r < b->rows; r++) {
			float d = (float)x[r] - (float)v[i];
			float square = d * d;

			y[r] = (double)((float)y[r] + square);
		}
	}
}

static double
similarity(enum model_kernel kind, const double *params, double v)
{
	double gamma = params[0], coef0 = params[1], degree = params[2];

	switch (kind) {
	case KERNEL_POLY:
		return pow(gamma * v + coef0, degree);
	case KERNEL_RBF:
		return exp(-gamma * v);
	case KERNEL_SIGMOID:
		return tanh(gamma * v + coef0);
	case KERNEL_LINEAR:
	case KERNEL_COUNT:
		break;
	}
	return v;
}

static double
similarity_float(enum model_kernel kind, const double *params, double v)
{
	float sum = (float)v;

	if (kind == KERNEL_RBF)
		return (double)expf(-(float)params[0] * sum);
	if (kind != KERNEL_LINEAR)
		sum = (float)(params[0] * v + params[1]);
	if (kind == KERNEL_POLY)
		sum = (float)pow((double)sum, params[2]);
	if (kind == KERNEL_SIGMOID)
		sum = (float)tanh((double)sum);
	return (double)sum;
}

void
score_kernel(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	const double *params = b->m->params + s->at, *v = params + 3;
	enum model_kernel kind = s->extra & ~IMAGE_CALC_FLOATS;
	bool floats = (s->extra & IMAGE_CALC_FLOATS) != 0;
	double *y = b->frame + s->dst * b->stride;

	for (uint32_t k = 0; k < s->width; k++, v += s->n_src,
	    y += b->stride) {
		if (kind != KERNEL_RBF)
			score_products(b, src, v, s->n_src, y);
		else if (floats)
			distances_float(b, src, v, s->n_src, y);
		else
			distances(b, src, v, s->n_src, y);
		for (size_t r = 0; r < b->rows; r++)
			y[r] = floats ? similarity_float(kind, params, y[r]) :
			    similarity(kind, params, y[r]);
	}
}

/* --- pairs to classes ----------------------------------------------------- */

/* Of one row; what is called by two classes is at [i * k + j]. */
struct coupling {
	uint32_t k;
	size_t stride;
	double *q, *qp, *p; /* k * k, k and k numbers */
};

static double *
pair(const struct coupling *c, uint32_t i, uint32_t j)
{
	return &c->q[((size_t)i * c->k + j) * c->stride];
}

/* q[i][i] is the sum of the squares of all r[j][i], q[i][j] = -r[j][i] *
 * r[i][j], where r[i][j] is the probability of i against j. */
static void
begin(const struct coupling *c, const struct block *b, const uint32_t *src,
    size_t r)
{
	for (uint32_t i = 0; i < c->k; i++) {
		*pair(c, i, i) = 0;
		c->p[i * c->stride] = 1.0 / c->k;
	}
	for (uint32_t i = 0; i < c->k; i++)
		for (uint32_t j = i + 1; j < c->k; j++) {
			double p = b->frame[*src++ * b->stride + r];

			*pair(c, i, i) += (1 - p) * (1 - p);
			*pair(c, j, j) += p * p;
			*pair(c, i, j) = *pair(c, j, i) = -p * (1 - p);
		}
}

/* The gradient into qp; how far it is from even is returned. */
static double
uneven(const struct coupling *c, double *mean)
{
	double worst = 0;

	*mean = 0;
	for (uint32_t i = 0; i < c->k; i++) {
		double sum = 0;

		for (uint32_t j = 0; j < c->k; j++)
			sum += *pair(c, i, j) * c->p[j * c->stride];
		c->qp[i * c->stride] = sum;
		*mean += c->p[i * c->stride] * sum;
	}
	for (uint32_t i = 0; i < c->k; i++)
		worst = fmax(worst, fabs(c->qp[i * c->stride] - *mean));
	return worst;
}

static void
improve(const struct coupling *c, double mean)
{
	for (uint32_t i = 0; i < c->k; i++) {
		double own = *pair(c, i, i), at = c->qp[i * c->stride];
		double diff = (mean - at) / own;

		c->p[i * c->stride] += diff;
		mean = (mean + diff * (diff * own + 2 * at)) / (1 + diff) /
		    (1 + diff);
		for (uint32_t j = 0; j < c->k; j++) {
			c->qp[j * c->stride] = (c->qp[j * c->stride] +
			    diff * *pair(c, i, j)) / (1 + diff);
			c->p[j * c->stride] /= 1 + diff;
		}
	}
}

void
score_couple(struct block *b, const struct image_step *s)
{
	const uint32_t *src = b->m->lists + s->src;
	uint32_t k = s->extra, rounds = k > 100 ? k : 100;
	size_t stride = b->stride;

	for (size_t r = 0; r < b->rows; r++) {
		double *q = b->frame + s->dst * stride + r, mean;
		struct coupling c = {.k = k, .stride = stride, .q = q,
		    .qp = q + (size_t)k * k * stride,
		    .p = q + (size_t)k * (k + 1) * stride};

		begin(&c, b, src, r);
		for (uint32_t i = 0; i < rounds &&
		    !(uneven(&c, &mean) < 0.005 / k); i++)
			improve(&c, mean);
	}
}
