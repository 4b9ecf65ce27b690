/* SPDX-License-Identifier: ISC
 *
 * Cells to features: the steps that work on one slot. A code may be any
 * double here; what is no code of the table counts as unknown.
 */
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

/* Entry of a table over `count - TABLE_CODES` codes. */
static inline uint32_t
entry(double code, uint32_t count)
{
	if (isnan(code))
		return TABLE_MISSING;
	if (code >= 0 && code < count - TABLE_CODES)
		return TABLE_CODES + (uint32_t)code;
	return TABLE_UNKNOWN;
}

static void
lookup(struct block *b, const struct image_step *s, const double *x,
    double *y)
{
	const double *values = b->m->params + s->at;
	const int32_t *codes = b->m->maps + s->extra;

	for (size_t r = 0; r < b->rows; r++) {
		uint32_t low = 0, high = s->count;

		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (values[mid] < x[r])
				low = mid + 1;
			else
				high = mid;
		}
		if (isnan(x[r]))
			y[r] = x[r];
		else if (low < s->count && values[low] == x[r])
			y[r] = codes[low];
		else
			y[r] = CODE_UNKNOWN;
	}
}

/* How many of the cuts are at most x. */
static void
bins(struct block *b, const struct image_step *s, const double *x, double *y)
{
	const double *cuts = b->m->params + s->at;

	for (size_t r = 0; r < b->rows; r++) {
		uint32_t low = 0, high = s->count;

		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (cuts[mid] <= x[r])
				low = mid + 1;
			else
				high = mid;
		}
		y[r] = isnan(x[r]) ? x[r] : low;
	}
}

static void
require(struct block *b, const struct image_step *s, const double *x,
    double *y)
{
	score_check_slots(b, &s->src, 1, false, INFINITY);
	for (size_t r = 0; r < b->rows; r++)
		y[r] = x[r];
}

static enum score_refusal
why(double code)
{
	return isnan(code) ? SCORE_MISSING : SCORE_UNKNOWN;
}

static void
table(struct block *b, const struct image_step *s, const double *x, double *y)
{
	const double *entries = b->m->params + s->at;

	for (size_t r = 0; r < b->rows; r++) {
		y[r] = entries[entry(x[r], s->count)];
		if (y[r] == TABLE_REFUSE)
			score_refuse(b, r, why(x[r]), s->src);
	}
}

/* The frame is 0 where nothing was written. */
static void
onehot(struct block *b, const struct image_step *s, const double *x,
    double *y)
{
	const int32_t *map = b->m->maps + s->at;
	size_t stride = b->stride, rows = b->rows;
	uint32_t count = s->count;

	for (size_t r = 0; r < rows; r++) {
		int32_t to = map[entry(x[r], count)];

		if (to >= 0) {
			y[(size_t)to * stride + r] = 1;
		} else if (to == ONEHOT_REFUSE) {
			score_refuse(b, r, why(x[r]), s->src);
			return;
		}
	}
}

/* In the way of numpy.interp. */
static void
interpolate(struct block *b, const struct image_step *s, const double *v,
    double *out)
{
	const double *x = b->m->params + s->at, *y = x + s->count / 2;
	uint32_t n = s->count / 2;

	for (size_t r = 0; r < b->rows; r++) {
		uint32_t low = 0, high = n;

		while (low < high) {
			uint32_t mid = low + (high - low) / 2;

			if (x[mid] <= v[r])
				low = mid + 1;
			else
				high = mid;
		}
		if (isnan(v[r]))
			out[r] = v[r];
		else if (low == 0)
			out[r] = y[0];
		else if (low == n || x[low - 1] == v[r])
			out[r] = y[low - 1];
		else
			out[r] = (y[low] - y[low - 1]) /
			    (x[low] - x[low - 1]) * (v[r] - x[low - 1]) +
			    y[low - 1];
	}
}

static double
clip(double v, double low, double high)
{
	if (v < low)
		return low;
	return v > high ? high : v;
}

void
score_feature(struct block *b, const struct image_step *s)
{
	const double *params = b->m->params + s->at;
	const double *x = b->frame + s->src * b->stride;
	double *y = b->frame + s->dst * b->stride;
	size_t n = b->rows;

	switch ((enum step_op)s->op) {
	case STEP_IMPUTE:
		for (size_t r = 0; r < n; r++)
			y[r] = isnan(x[r]) ? params[0] : x[r];
		break;
	case STEP_MISSING_IF:
		for (size_t r = 0; r < n; r++)
			y[r] = x[r] == params[0] ? NAN : x[r];
		break;
	case STEP_MISSING_NEAR:
		for (size_t r = 0; r < n; r++)
			y[r] = fabs(x[r]) <= params[0] ? NAN : x[r];
		break;
	case STEP_INDICATOR:
		for (size_t r = 0; r < n; r++)
			y[r] = isnan(x[r]);
		break;
	case STEP_SUB_DIV:
		for (size_t r = 0; r < n; r++)
			y[r] = (x[r] - params[0]) / params[1];
		break;
	case STEP_MUL_ADD:
		for (size_t r = 0; r < n; r++)
			y[r] = clip(x[r] * params[0] + params[1], params[2],
			    params[3]);
		break;
	case STEP_CONSTANT:
		for (size_t r = 0; r < n; r++)
			y[r] = params[0];
		break;
	case STEP_LOOKUP:
		lookup(b, s, x, y);
		break;
	case STEP_TABLE:
		table(b, s, x, y);
		break;
	case STEP_ONEHOT:
		onehot(b, s, x, y);
		break;
	case STEP_INTERPOLATE:
		interpolate(b, s, x, y);
		break;
	case STEP_REQUIRE:
		require(b, s, x, y);
		break;
	case STEP_BINS:
		bins(b, s, x, y);
		break;
	case STEP_MEDIAN:
	case STEP_LINEAR:
	case STEP_LINEAR_FMA:
	case STEP_LINEAR_F32:
	case STEP_LEAVES:
	case STEP_FOREST:
	case STEP_LINK:
	case STEP_CALC:
	case STEP_FOLD:
	case STEP_SORT:
	case STEP_KERNEL:
	case STEP_COUPLE:
	case STEP_COUNT:
		break;
	}
}
