/* SPDX-License-Identifier: ISC
 *
 * Steps over many slots: weighted sums, links, calculations lane by lane,
 * folds and medians. What they make belongs to a column where all that they
 * read does.
 */
#include "model/model_build.h"

#include <math.h>

#include "model/model_ir.h"

/* With STEP_LINEAR_F32 the numbers are rounded to float. */
static bool
add_linear(struct model_build *b, enum step_op op, const uint32_t *src,
    uint32_t n, uint32_t n_out, const double *coef, const double *intercept,
    uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = op, .n_src = n};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};
	size_t n_coef = (size_t)n * n_out;
	double *params;

	if (!ir_use_all(b, src, n, err))
		return false;
	if (n_coef + n_out > INT32_MAX)
		return ir_full(b, err);
	params = ARENA_ARRAY(b->mem, n_coef + n_out, double);
	if (params == NULL)
		return ir_full(b, err);
	for (size_t i = 0; i < n_coef + n_out; i++) {
		params[i] = i < n_coef ? coef[i] : intercept[i - n_coef];
		if (op == STEP_LINEAR_F32)
			params[i] = (double)(float)params[i];
		if (!isfinite(params[i]))
			return ir_not_finite(err, i < n_coef ? "a coefficient" :
			    "an intercept");
	}
	step.params = params;
	step.n_params = (uint32_t)(n_coef + n_out);
	like.column = ir_common_column(b, src, n);
	return ir_copy(b, src, n, sizeof(*src), &step.list, err) &&
	    ir_add_step(b, step, n_out, like, dst, err);
}

bool
model_build_linear(struct model_build *b, const uint32_t *src, uint32_t n,
    uint32_t n_out, const double *coef, const double *intercept,
    uint32_t *dst, struct err *err)
{
	return add_linear(b, STEP_LINEAR, src, n, n_out, coef, intercept, dst,
	    err);
}

bool
model_build_linear_fma(struct model_build *b, const uint32_t *src, uint32_t n,
    uint32_t n_out, const double *coef, const double *intercept,
    uint32_t *dst, struct err *err)
{
	return add_linear(b, STEP_LINEAR_FMA, src, n, n_out, coef, intercept,
	    dst, err);
}

bool
model_build_linear_float(struct model_build *b, const uint32_t *src,
    uint32_t n, uint32_t n_out, const double *coef, const double *start,
    uint32_t *dst, struct err *err)
{
	return add_linear(b, STEP_LINEAR_F32, src, n, n_out, coef, start, dst,
	    err);
}

bool
model_build_link(struct model_build *b, enum model_link link,
    const uint32_t *src, uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_LINK, .n_src = n, .link = link};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};
	bool binary = model_link_is_binary(link);

	if (!ir_use_all(b, src, n, err))
		return false;
	if (n == 0 || (binary && n != 1))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a link function over %u values", n);
	like.column = ir_common_column(b, src, n);
	return ir_copy(b, src, n, sizeof(*src), &step.list, err) &&
	    ir_add_step(b, step, binary ? 2 : n, like, dst, err);
}

bool
model_build_calc(struct model_build *b, enum model_calc calc, bool floats,
    const uint32_t *src, const double *last, uint32_t width, uint32_t *dst,
    struct err *err)
{
	uint32_t n = model_calc_operands(calc) - (last != NULL);
	struct ir_step step = {.op = STEP_CALC,
	    .calc = calc | (floats ? IMAGE_CALC_FLOATS : 0),
	    .n_params = last != NULL ? width : 0};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1,
	    .finite = model_calc_is_truth(calc)};

	if (width == 0 || width > IMAGE_SLOTS_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a calculation of %u numbers", width);
	step.n_src = n * width;
	if (!ir_use_all(b, src, step.n_src, err))
		return false;
	like.column = -1;
	if (!ir_copy(b, src, step.n_src, sizeof(*src), &step.list, err) ||
	    !ir_copy(b, last, step.n_params, sizeof(*last), &step.params,
		err) || !ir_add_step(b, step, width, like, dst, err))
		return false;
	for (uint32_t i = 0; n > 0 && i < width; i++) {
		int32_t column = ir_slot(b, src[i])->column;

		for (uint32_t k = 1; k < n; k++)
			if (ir_slot(b, src[k * width + i])->column != column)
				column = -1;
		ir_slot(b, *dst + i)->column = column;
	}
	return true;
}

bool
model_build_fold(struct model_build *b, enum model_fold fold, bool floats,
    const uint32_t *src, uint32_t n, uint32_t width, uint32_t *dst,
    struct err *err)
{
	struct ir_step step = {.op = STEP_FOLD,
	    .calc = fold | (floats ? IMAGE_CALC_FLOATS : 0)};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1,
	    .finite = fold >= FOLD_ARGMAX};

	if (n == 0 || width == 0 || width > INT32_MAX / n)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a fold of %u numbers into %u", n, width);
	step.n_src = n * width;
	if (!ir_use_all(b, src, step.n_src, err))
		return false;
	like.column = ir_common_column(b, src, step.n_src);
	return ir_copy(b, src, step.n_src, sizeof(*src), &step.list, err) &&
	    ir_add_step(b, step, width, like, dst, err);
}

bool
model_build_median(struct model_build *b, const uint32_t *src,
    const double *weights, uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_MEDIAN, .n_src = n, .n_params = n};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};

	if (!ir_use_all(b, src, n, err))
		return false;
	if (n == 0 || n >= IMAGE_SLOTS_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a median of %u numbers", n);
	for (uint32_t i = 0; i < n; i++)
		if (!isfinite(weights[i]))
			return ir_not_finite(err, "a weight");
	like.column = ir_common_column(b, src, n);
	if (!ir_copy(b, src, n, sizeof(*src), &step.list, err) ||
	    !ir_copy(b, weights, n, sizeof(*weights), &step.params, err) ||
	    !ir_add_step(b, step, n + 1, like, dst, err))
		return false;
	*dst += n; /* before it: room to sort */
	return true;
}
