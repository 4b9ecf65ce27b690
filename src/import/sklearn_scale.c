/* SPDX-License-Identifier: ISC
 *
 * The scalers, in the arithmetic and the order of scikit-learn, so that each
 * double comes out the same.
 */
#include "import/sklearn_step.h"

#include <float.h>
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

/* --- by row --------------------------------------------------------------- */

enum { NORM_L1, NORM_L2, NORM_MAX };

/* The norm of the row in one slot. */
static bool
row_norm(const struct step *s, const struct flow *x, size_t norm,
    uint32_t *ret, struct err *err)
{
	static const enum model_fold folds[] = {FOLD_SUM, FOLD_SUM,
	    FOLD_GREATEST};
	struct model_build *b = s->sk->build;
	uint32_t first, *parts = ARENA_ARRAY(s->sk->mem, 2 * (size_t)x->n,
	    uint32_t);

	if (parts == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < x->n; i++)
		parts[i] = parts[x->n + i] = x->slot[i];
	if (!model_build_calc(b, norm == NORM_L2 ? CALC_MUL : CALC_ABS, false,
		parts, NULL, x->n, &first, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < x->n; i++)
		parts[i] = first + i;
	if (!model_build_fold(b, folds[norm], false, parts, x->n, 1, ret,
		err) || (norm == NORM_L2 && !model_build_calc(b, CALC_SQRT,
		false, ret, NULL, 1, ret, err)))
		return step_context(s, err);
	return true;
}

bool
read_normalizer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const names[] = {"l1", "l2", "max"};
	/* A row of nought stays; scikit-learn takes for nought what is below
	 * ten times the precision, in a sparse matrix nought alone. */
	const double least = 10 * DBL_EPSILON, zero = 0, one = 1;
	struct model_build *b = s->sk->build;
	uint32_t where[3], first, *parts;
	struct flow x;
	size_t norm;

	if (!step_width(s, in, err) ||
	    !step_word(s, "norm", names, countof(names), NORM_L2, &norm,
		err) || !step_require(s, in, &x, err) ||
	    !step_flow(s, in->n, out, err))
		return false;
	parts = ARENA_ARRAY(s->sk->mem, 2 * (size_t)in->n, uint32_t);
	if (parts == NULL)
		return step_full(s, err);
	out->sparse = in->sparse;
	if (in->n == 0)
		return true;
	if (!row_norm(s, &x, norm, &where[2], err))
		return false;
	if (!model_build_calc(b, in->sparse ? CALC_EQUAL : CALC_LESS, false,
		&where[2], in->sparse ? &zero : &least, 1, &where[0], err) ||
	    !model_build_constant(b, one, &where[1], err) ||
	    !model_build_calc(b, CALC_WHERE, false, where, NULL, 1, &where[0],
		err))
		return step_context(s, err);
	for (uint32_t i = 0; i < in->n; i++) {
		parts[i] = x.slot[i];
		parts[in->n + i] = where[0];
	}
	if (!model_build_calc(b, CALC_DIV, false, parts, NULL, in->n, &first,
		err))
		return step_context(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		out->slot[i] = first + i;
	return true;
}

bool
read_binarizer(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	double threshold;
	struct flow x;

	if (!step_width(s, in, err) ||
	    !step_number(s, "threshold", &threshold, err) ||
	    !step_require(s, in, &x, err) || !step_flow(s, in->n, out, err))
		return false;
	out->sparse = in->sparse;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_calc(s->sk->build, CALC_GREATER, false,
			&x.slot[i], &threshold, 1, &out->slot[i], err))
			return step_context(s, err);
	return true;
}
