/* SPDX-License-Identifier: ISC
 *
 * Steps: each reads slots that exist and appends the slots it makes, so the
 * program is in single assignment by construction. Forests are in
 * model_build_forest.c.
 */
#include "model/model_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_ir.h"

/* --- shared with model_build.c and model_build_forest.c ------------------ */

bool
ir_use(struct model_build *b, uint32_t slot, enum slot_kind kind,
    struct err *err)
{
	struct ir_slot *s;

	if (slot >= b->slots.n)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a step reads slot %u of %u", slot, b->slots.n);
	s = ir_slot(b, slot);
	if (slot < b->columns.n)
		ir_column(b, slot)->used = true;
	if (kind == SLOT_UNDECIDED || s->kind == kind)
		return true;
	if (s->kind == SLOT_UNDECIDED) {
		s->kind = kind;
		return true;
	}
	if (s->column < 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a step takes slot %u as %s", slot,
		    kind == SLOT_TEXT ? "text" : "a number");
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "column \"%.*s\" is used as text and as a number",
	    STR_ARG(model_build_input_name(b, (uint32_t)s->column)));
}

bool
ir_use_all(struct model_build *b, const uint32_t *src, uint32_t n,
    struct err *err)
{
	for (uint32_t i = 0; i < n; i++)
		if (!ir_use(b, src[i], SLOT_NUMBER, err))
			return false;
	return true;
}

bool
ir_add_step(struct model_build *b, struct ir_step step, uint32_t width,
    struct ir_slot like, uint32_t *dst, struct err *err)
{
	struct ir_step *at;
	struct ir_slot *slots;

	if (width > IMAGE_SLOTS_MAX - b->slots.n)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the model has more than %u intermediate values",
		    IMAGE_SLOTS_MAX);
	step.dst = b->slots.n;
	step.width = width;
	at = ir_grow(b->mem, &b->steps, 1, sizeof(*at));
	slots = ir_grow(b->mem, &b->slots, width, sizeof(*slots));
	if (at == NULL || slots == NULL)
		return ir_full(b, err);
	*at = step;
	for (uint32_t i = 0; i < width; i++)
		slots[i] = like;
	*dst = step.dst;
	return true;
}

int32_t
ir_common_column(const struct model_build *b, const uint32_t *src, uint32_t n)
{
	int32_t column = n > 0 ? ir_slot(b, src[0])->column : -1;

	for (uint32_t i = 1; i < n; i++)
		if (ir_slot(b, src[i])->column != column)
			return -1;
	return column;
}

static bool
not_finite(struct err *err, const char *what)
{
	return err_set(err, ERR_MODEL, ERR_NOWHERE, "%s is not a finite number",
	    what);
}

/* A step from one slot, with params; the new slots are like the source but
 * for kind and finiteness. */
static bool
add(struct model_build *b, enum step_op op, uint32_t src, const double *params,
    uint32_t n_params, struct ir_slot like, uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = op, .src = src, .n_src = 1,
	    .n_params = n_params};

	return ir_copy(b, params, n_params, sizeof(*params), &step.params,
	    err) && ir_add_step(b, step, 1, like, dst, err);
}

static struct ir_slot
number_from(const struct model_build *b, uint32_t src)
{
	return (struct ir_slot){.kind = SLOT_NUMBER,
	    .column = ir_slot(b, src)->column, .dict = -1};
}

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
		return not_finite(err, "the value for missing ones");
	like = *ir_slot(b, src);
	like.filled = !isnan(fill);
	/* The only category so far: its encoder has yet to tell of others. */
	if (like.kind == SLOT_TEXT && like.dict >= 0 && fill == 0 &&
	    model_build_codes(b, src) == 1)
		ir_column(b, (uint32_t)like.dict)->fill_first = true;
	return add(b, STEP_IMPUTE, src, &fill, 1, like, dst, err);
}

bool
model_build_missing_if(struct model_build *b, uint32_t src, double value,
    uint32_t *dst, struct err *err)
{
	struct ir_slot like;

	if (!use_kept(b, src, err))
		return false;
	if (!isfinite(value))
		return not_finite(err, "the value that means missing");
	like = *ir_slot(b, src);
	like.finite = like.filled = false;
	return add(b, STEP_MISSING_IF, src, &value, 1, like, dst, err);
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
	return add(b, STEP_REQUIRE, src, NULL, 0, like, dst, err);
}

/* --- numbers ------------------------------------------------------------- */

bool
model_build_indicator(struct model_build *b, uint32_t src, uint32_t *dst,
    struct err *err)
{
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_UNDECIDED, err))
		return false;
	like = number_from(b, src);
	like.finite = true;
	return add(b, STEP_INDICATOR, src, NULL, 0, like, dst, err);
}

bool
model_build_missing_near(struct model_build *b, uint32_t src, double radius,
    uint32_t *dst, struct err *err)
{
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (!isfinite(radius))
		return not_finite(err, "how near to 0 missing is");
	like = number_from(b, src);
	like.finite = false;
	return add(b, STEP_MISSING_NEAR, src, &radius, 1, like, dst, err);
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
	return add(b, STEP_SUB_DIV, src, params, countof(params),
	    number_from(b, src), dst, err);
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
	return add(b, STEP_MUL_ADD, src, params, countof(params),
	    number_from(b, src), dst, err);
}

bool
model_build_constant(struct model_build *b, double value, uint32_t *dst,
    struct err *err)
{
	struct ir_slot like = {.kind = SLOT_NUMBER, .column = -1, .dict = -1,
	    .finite = true};
	struct ir_step step = {.op = STEP_CONSTANT, .n_params = 1};

	if (!isfinite(value))
		return not_finite(err, "a constant");
	return ir_copy(b, &value, 1, sizeof(value), &step.params, err) &&
	    ir_add_step(b, step, 1, like, dst, err);
}

/* --- categories ---------------------------------------------------------- */

struct value {
	double value;
	int32_t index;
};

static int
compare_values(const void *a, const void *b)
{
	double x = ((const struct value *)a)->value;
	double y = ((const struct value *)b)->value;

	return (x > y) - (x < y);
}

/* A lookup in a slot whose kind has been seen to. */
static bool
add_lookup(struct model_build *b, uint32_t src, const double *values,
    uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_slot like = {.kind = SLOT_TEXT, .dict = -1, .codes = n};
	struct ir_step step = {.op = STEP_LOOKUP, .src = src, .n_src = 1,
	    .n_params = n, .n_map = n};
	struct value *sorted;
	double *params;
	int32_t *map;

	if (n > INT32_MAX)
		return ir_full(b, err);
	sorted = ARENA_ARRAY(b->mem, n, struct value);
	params = ARENA_ARRAY(b->mem, n, double);
	map = ARENA_ARRAY(b->mem, n, int32_t);
	if (sorted == NULL || params == NULL || map == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n; i++) {
		if (isnan(values[i]))
			return not_finite(err, "a category");
		sorted[i] = (struct value){values[i], (int32_t)i};
	}
	qsort(sorted, n, sizeof(*sorted), compare_values);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && sorted[i - 1].value == sorted[i].value)
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the category %g stands twice in one encoder",
			    sorted[i].value);
		params[i] = sorted[i].value;
		map[i] = sorted[i].index;
	}
	step.params = params;
	step.map = map;
	like.column = ir_slot(b, src)->column;
	return ir_add_step(b, step, 1, like, dst, err);
}

bool
model_build_lookup(struct model_build *b, uint32_t src, const double *values,
    uint32_t n, uint32_t *dst, struct err *err)
{
	return ir_use(b, src, SLOT_NUMBER, err) &&
	    add_lookup(b, src, values, n, dst, err);
}

bool
model_build_hashed(struct model_build *b, uint32_t column,
    const uint32_t *hashes, uint32_t n, uint32_t *dst, struct err *err)
{
	double *values = ARENA_ARRAY(b->mem, n, double);

	if (values == NULL)
		return ir_full(b, err);
	if (column >= b->columns.n)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "categories by hash of what is no column");
	if (!ir_use(b, column, SLOT_TEXT, err))
		return false;
	if (ir_column(b, column)->categories.texts.n > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "column \"%.*s\" is used as hashes and as text",
		    STR_ARG(model_build_input_name(b, column)));
	ir_column(b, column)->hashed = true;
	for (uint32_t i = 0; i < n; i++)
		values[i] = hashes[i];
	return add_lookup(b, column, values, n, dst, err);
}

bool
model_build_bins(struct model_build *b, uint32_t src, const double *cuts,
    uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_slot like = {.kind = SLOT_TEXT, .dict = -1, .codes = n + 1};

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (n >= INT32_MAX)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n; i++)
		if (isnan(cuts[i]) || (i > 0 && cuts[i - 1] > cuts[i]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the edges of bins do not ascend");
	like.column = ir_slot(b, src)->column;
	return add(b, STEP_BINS, src, cuts, n, like, dst, err);
}

bool
model_build_table(struct model_build *b, uint32_t src, const double *table,
    uint32_t n, uint32_t *dst, struct err *err)
{
	if (!ir_use(b, src, SLOT_TEXT, err))
		return false;
	if (n < TABLE_CODES)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a table of codes has only %u entries", n);
	for (uint32_t i = 0; i < n; i++)
		if (table[i] == -INFINITY)
			return not_finite(err, "a code");
	return add(b, STEP_TABLE, src, table, n, number_from(b, src), dst,
	    err);
}

bool
model_build_onehot(struct model_build *b, uint32_t src, const int32_t *map,
    uint32_t n, uint32_t width, uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_ONEHOT, .src = src, .n_src = 1,
	    .n_map = n};
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_TEXT, err))
		return false;
	if (n < TABLE_CODES)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a one-hot encoder has only %u entries", n);
	for (uint32_t i = 0; i < n; i++)
		if (map[i] < ONEHOT_REFUSE ||
		    (map[i] >= 0 && (uint32_t)map[i] >= width))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "a one-hot encoder sets feature %d of %u", map[i],
			    width);
	like = number_from(b, src);
	like.finite = true;
	return ir_copy(b, map, n, sizeof(*map), &step.map, err) &&
	    ir_add_step(b, step, width, like, dst, err);
}

/* --- many slots ---------------------------------------------------------- */

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
			return not_finite(err, i < n_coef ? "a coefficient" :
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
	    .finite = calc == CALC_NOT || calc == CALC_IS_NAN ||
		calc == CALC_IS_INF || (calc >= CALC_EQUAL &&
		calc <= CALC_XOR)};

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
	return add(b, STEP_INTERPOLATE, src, params, 2 * n,
	    number_from(b, src), dst, err);
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
			return not_finite(err, "a weight");
	like.column = ir_common_column(b, src, n);
	if (!ir_copy(b, src, n, sizeof(*src), &step.list, err) ||
	    !ir_copy(b, weights, n, sizeof(*weights), &step.params, err) ||
	    !ir_add_step(b, step, n + 1, like, dst, err))
		return false;
	*dst += n; /* before it: room to sort */
	return true;
}
