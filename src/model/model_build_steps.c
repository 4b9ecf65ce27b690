/* SPDX-License-Identifier: ISC
 *
 * Steps from one slot to one that is like it, or a number: imputers, scalers,
 * lines between points; and constants.
 */
#include "model/model_build.h"

#include <math.h>
#include <string.h>

#include "model/model_ir.h"

/* --- steps that keep the kind -------------------------------------------- */

/* Text stays text; anything else becomes a number. */
static bool
use_kept(struct model_build *b, uint32_t src, struct err *err)
{
	return ir_use(b, src, model_build_slot_kind(b, src) == SLOT_TEXT ?
	    SLOT_TEXT : SLOT_NUMBER, err);
}

bool
model_build_impute(struct model_build *b, uint32_t src, double fill,
    uint32_t *dst, struct err *err)
{
	struct ir_slot like;

	if (!use_kept(b, src, err))
		return false;
	if (isinf(fill))
		return ir_not_finite(err, "the value for missing ones");
	like = *ir_slot(b, src);
	like.filled = !isnan(fill);
	/* The only category so far: its encoder has yet to tell of others. */
	if (like.kind == SLOT_TEXT && like.dict >= 0 && fill == 0 &&
	    model_build_codes(b, src) == 1)
		ir_column(b, (uint32_t)like.dict)->fill_first = true;
	return ir_add_from(b, STEP_IMPUTE, src, &fill, 1, like, dst, err);
}

bool
model_build_missing_if(struct model_build *b, uint32_t src, double value,
    uint32_t *dst, struct err *err)
{
	struct ir_slot like;

	if (!use_kept(b, src, err))
		return false;
	if (!isfinite(value))
		return ir_not_finite(err, "the value that means missing");
	like = *ir_slot(b, src);
	like.finite = like.filled = false;
	return ir_add_from(b, STEP_MISSING_IF, src, &value, 1, like, dst, err);
}

bool
model_build_require(struct model_build *b, uint32_t src, uint32_t *dst,
    struct err *err)
{
	struct ir_slot like;

	if (!use_kept(b, src, err))
		return false;
	like = *ir_slot(b, src);
	if (like.finite) {
		*dst = src;
		return true;
	}
	like.finite = like.kind == SLOT_NUMBER;
	return ir_add_from(b, STEP_REQUIRE, src, NULL, 0, like, dst, err);
}

/* --- numbers ------------------------------------------------------------- */

bool
model_build_indicator(struct model_build *b, uint32_t src, uint32_t *dst,
    struct err *err)
{
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_UNDECIDED, err))
		return false;
	like = ir_number_from(b, src);
	like.finite = true;
	return ir_add_from(b, STEP_INDICATOR, src, NULL, 0, like, dst, err);
}

bool
model_build_missing_near(struct model_build *b, uint32_t src, double radius,
    uint32_t *dst, struct err *err)
{
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (!isfinite(radius))
		return ir_not_finite(err, "how near to 0 missing is");
	like = ir_number_from(b, src);
	like.finite = false;
	return ir_add_from(b, STEP_MISSING_NEAR, src, &radius, 1, like, dst,
	    err);
}

bool
model_build_sub_div(struct model_build *b, uint32_t src, double sub,
    double div, uint32_t *dst, struct err *err)
{
	double params[] = {sub, div};

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (!isfinite(sub) || !isfinite(div) || div == 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a scaler subtracts %g and divides by %g", sub, div);
	return ir_add_from(b, STEP_SUB_DIV, src, params, countof(params),
	    ir_number_from(b, src), dst, err);
}

bool
model_build_mul_add(struct model_build *b, uint32_t src, double mul,
    double add_, double low, double high, uint32_t *dst, struct err *err)
{
	double params[] = {mul, add_, low, high};

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (!isfinite(mul) || !isfinite(add_) || !(low <= high))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a scaler multiplies by %g, adds %g and clips to %g to %g",
		    mul, add_, low, high);
	return ir_add_from(b, STEP_MUL_ADD, src, params, countof(params),
	    ir_number_from(b, src), dst, err);
}

bool
model_build_constant(struct model_build *b, double value, uint32_t *dst,
    struct err *err)
{
	struct ir_slot like = {.kind = SLOT_NUMBER, .column = -1, .dict = -1,
	    .finite = true};
	struct ir_step step = {.op = STEP_CONSTANT, .n_params = 1};

	if (!isfinite(value))
		return ir_not_finite(err, "a constant");
	return ir_copy(b, &value, 1, sizeof(value), &step.params, err) &&
	    ir_add_step(b, step, 1, like, dst, err);
}

bool
model_build_interpolate(struct model_build *b, uint32_t src, const double *x,
    const double *y, uint32_t n, uint32_t *dst, struct err *err)
{
	double *params;

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (n == 0 || n > INT32_MAX / 2)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "lines between %u points", n);
	for (uint32_t i = 0; i < n; i++)
		if (!isfinite(x[i]) || !isfinite(y[i]) ||
		    (i > 0 && x[i] < x[i - 1]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "point %u of a line is not finite or before the "
			    "one before it", i);
	params = ARENA_ARRAY(b->mem, 2 * (size_t)n, double);
	if (params == NULL)
		return ir_full(b, err);
	memcpy(params, x, n * sizeof(*params));
	memcpy(params + n, y, n * sizeof(*params));
	return ir_add_from(b, STEP_INTERPOLATE, src, params, 2 * n,
	    ir_number_from(b, src), dst, err);
}
