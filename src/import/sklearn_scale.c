/* SPDX-License-Identifier: ISC
 *
 * The scalers and SimpleImputer, in the arithmetic and the order of
 * scikit-learn, so that each double comes out the same.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* (x - sub) / div by column, each by an attribute or, without a name, not. */
static bool
shift_and_scale(const struct step *s, const struct flow *in,
    const char *sub_name, const char *div_name, struct flow *out,
    struct err *err)
{
	double *sub = NULL, *div = NULL;

	if (!step_width(s, in, err) || !step_flow(s, in->n, out, err) ||
	    (sub_name != NULL &&
		!step_doubles(s, sub_name, in->n, &sub, err)) ||
	    (div_name != NULL &&
		!step_doubles(s, div_name, in->n, &div, err)))
		return false;
	out->sparse = in->sparse;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_sub_div(s->sk->build, in->slot[i],
			sub != NULL ? sub[i] : 0, div != NULL ? div[i] : 1,
			&out->slot[i], err))
			return step_context(s, err);
	return true;
}

bool
read_standard_scaler(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	bool mean, std;

	return step_flag(s, "with_mean", true, &mean, err) &&
	    step_flag(s, "with_std", true, &std, err) &&
	    shift_and_scale(s, in, mean ? "mean_" : NULL,
	    std ? "scale_" : NULL, out, err);
}

bool
read_robust_scaler(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	bool centre, scale;

	return step_flag(s, "with_centering", true, &centre, err) &&
	    step_flag(s, "with_scaling", true, &scale, err) &&
	    shift_and_scale(s, in, centre ? "center_" : NULL,
	    scale ? "scale_" : NULL, out, err);
}

bool
read_maxabs_scaler(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	bool clip;

	if (!step_flag(s, "clip", false, &clip, err) ||
	    !shift_and_scale(s, in, NULL, "scale_", out, err))
		return false;
	for (uint32_t i = 0; clip && i < in->n; i++)
		if (!model_build_mul_add(s->sk->build, out->slot[i], 1, 0,
			-1, 1, &out->slot[i], err))
			return step_context(s, err);
	return true;
}

bool
read_minmax_scaler(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *range = step_get(s, "feature_range");
	double *add, *mul, low = -INFINITY, high = INFINITY;
	bool clip;

	if (!step_width(s, in, err) || !step_flow(s, in->n, out, err) ||
	    !step_flag(s, "clip", false, &clip, err) ||
	    !step_doubles(s, "min_", in->n, &add, err) ||
	    !step_doubles(s, "scale_", in->n, &mul, err))
		return false;
	if (clip && (!value_number(node_item(range, 0), &low) ||
	    !value_number(node_item(range, 1), &high)))
		return step_err(s, err, ERR_MODEL,
		    "attribute feature_range is no pair of numbers");
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_mul_add(s->sk->build, in->slot[i], mul[i],
			add[i], low, high, &out->slot[i], err))
			return step_context(s, err);
	return true;
}

/* --- SimpleImputer -------------------------------------------------------- */

/* A slot where only NaN is missing: what the imputer looks for becomes NaN,
 * and a NaN that it does not look for refuses the row, as scikit-learn
 * refuses it. */
static bool
mark_missing(const struct step *s, const struct value *missing,
    uint32_t slot, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double what = missing->number;
	const double one = 1, zero = 0;
	uint32_t code;

	if (value_is_missing(missing)) {
		*ret = slot;
		return true;
	}
	if (missing->kind == VALUE_TEXT) {
		if (!model_build_code(b, slot, missing->text, &code, err))
			return step_context(s, err);
		what = code;
	} else if (value_is_number(missing)) {
		if (!model_build_linear(b, &slot, 1, 1, &one, &zero, &slot,
			err))
			return step_context(s, err);
	} else {
		return step_err(s, err, ERR_MODEL,
		    "missing_values is neither a number, a text nor missing");
	}
	return model_build_missing_if(b, slot, what, ret, err) ||
	    step_context(s, err);
}

static bool
impute(const struct step *s, const struct value *fill, uint32_t slot,
    uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double what = fill->number;
	uint32_t code;

	if (value_is_missing(fill)) {
		*ret = slot;
		return true;
	}
	if (fill->kind == VALUE_BOOL)
		model_build_booleans(b, slot);
	if (fill->kind == VALUE_TEXT) {
		if (!model_build_code(b, slot, fill->text, &code, err))
			return step_context(s, err);
		what = code;
	} else if (!value_is_number(fill)) {
		return step_err(s, err, ERR_MODEL,
		    "attribute statistics_ holds neither numbers nor texts");
	}
	return model_build_impute(b, slot, what, ret, err) ||
	    step_context(s, err);
}

/* The 0-or-1 columns that add_indicator appends, from the slots as marked. */
static bool
add_indicators(const struct step *s, const uint32_t *marked, uint32_t n_in,
    struct flow *out, struct err *err)
{
	struct step indicator;
	struct array features;

	if (!step_open(s->sk, s, STR("indicator"),
		step_get(s, "indicator_"), &indicator, err) ||
	    !step_array(&indicator, "features_", &features, err))
		return false;
	for (size_t i = 0; i < features.count; i++) {
		double column;

		if (!array_number(&features, i, &column) || column < 0 ||
		    column >= (double)n_in || i >= n_in)
			return step_err(&indicator, err, ERR_MODEL,
			    "features_ names a column that is not there");
		if (!model_build_indicator(s->sk->build,
			marked[(uint32_t)column], &out->slot[out->n++], err))
			return step_context(s, err);
	}
	return true;
}

bool
read_simple_imputer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const strategies[] = {"mean", "median",
	    "most_frequent", "constant"};
	struct value missing = {.kind = VALUE_NONE};
	bool keep_empty, indicator, drops;
	struct array statistics;
	struct flow marked;
	size_t strategy;
	uint32_t n = 0;

	if (!step_width(s, in, err) || !step_flow(s, in->n, &marked, err) ||
	    !step_array(s, "statistics_", &statistics, err) ||
	    !step_word(s, "strategy", strategies, countof(strategies), 0,
		&strategy, err) ||
	    !step_flag(s, "keep_empty_features", false, &keep_empty, err) ||
	    !step_flag(s, "add_indicator", false, &indicator, err) ||
	    !step_flow(s, indicator ? 2 * in->n : in->n, out, err))
		return false;
	if (statistics.count != in->n)
		return step_err(s, err, ERR_MODEL,
		    "has %zu statistics for %u columns", statistics.count,
		    in->n);
	if (step_get(s, "missing_values") != NULL)
		missing = value_of(step_get(s, "missing_values"),
		    s->sk->mem);
	/* Columns that had no value in training are dropped; a constant
	 * fills them all the same before 1.8. */
	drops = !keep_empty && (strategy != 3 || s->version == 0 ||
	    s->version >= 1008);
	for (uint32_t i = 0; i < in->n; i++) {
		struct value fill = array_value(&statistics, i, s->sk->mem);

		if (!mark_missing(s, &missing, in->slot[i], &marked.slot[i],
			err))
			return false;
		if (drops && fill.kind == VALUE_FLOAT && isnan(fill.number))
			continue;
		if (!impute(s, &fill, marked.slot[i], &out->slot[n++], err))
			return false;
	}
	out->n = n;
	out->sparse = in->sparse;
	return !indicator ||
	    add_indicators(s, marked.slot, in->n, out, err);
}
