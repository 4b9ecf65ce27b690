/* SPDX-License-Identifier: ISC
 *
 * TransformedTargetRegressor: what its regressor predicts, brought back by
 * the inverse of the transformer that the targets went through. In the
 * arithmetic of each class's inverse_transform.
 */
#include "import/sklearn_quantile.h"
#include "import/sklearn_step.h"

#include <float.h>
#include <math.h>

static bool
with(struct model_build *b, enum model_calc calc, uint32_t *slot,
    double constant, struct err *err)
{
	return model_build_calc(b, calc, false, slot, &constant, 1, slot,
	    err);
}

/* x * mul + add by column, each by an attribute or, without a name, not. */
static bool
scale_back(const struct step *s, const char *mul_name, const char *add_name,
    struct flow *f, struct err *err)
{
	double *mul = NULL, *add = NULL;

	if ((mul_name != NULL &&
		!step_doubles(s, mul_name, f->n, &mul, err)) ||
	    (add_name != NULL &&
		!step_doubles(s, add_name, f->n, &add, err)))
		return false;
	for (uint32_t i = 0; i < f->n; i++)
		if (!model_build_mul_add(s->sk->build, f->slot[i],
			mul != NULL ? mul[i] : 1, add != NULL ? add[i] : 0,
			-INFINITY, INFINITY, &f->slot[i], err))
			return step_context(s, err);
	return true;
}

/* Both kinds have a shift and a scale that can be left out. */
static bool
undo_scaler(const struct step *s, const char *shift_flag,
    const char *shift_name, const char *scale_flag, struct flow *f,
    struct err *err)
{
	bool shift, scale;

	return step_flag(s, shift_flag, true, &shift, err) &&
	    step_flag(s, scale_flag, true, &scale, err) &&
	    scale_back(s, scale ? "scale_" : NULL, shift ? shift_name : NULL,
		f, err);
}

static bool
undo_minmax(const struct step *s, struct flow *f, struct err *err)
{
	double *sub, *div;

	if (!step_doubles(s, "min_", f->n, &sub, err) ||
	    !step_doubles(s, "scale_", f->n, &div, err))
		return false;
	for (uint32_t i = 0; i < f->n; i++)
		if (!model_build_sub_div(s->sk->build, f->slot[i], sub[i],
			div[i], &f->slot[i], err))
			return step_context(s, err);
	return true;
}

/* exp(x) - 1, or (x * lambda + 1) ^ (1 / lambda) - 1. */
static bool
root(struct model_build *b, double lambda, uint32_t *slot, struct err *err)
{
	if (fabs(lambda) <= DBL_EPSILON)
		return model_build_calc(b, CALC_EXP, false, slot, NULL, 1,
		    slot, err) && with(b, CALC_SUB, slot, 1, err);
	return with(b, CALC_MUL, slot, lambda, err) &&
	    with(b, CALC_ADD, slot, 1, err) &&
	    with(b, CALC_POW, slot, 1 / lambda, err) &&
	    with(b, CALC_SUB, slot, 1, err);
}

static bool
undo_yeo_johnson(struct model_build *b, double lambda, uint32_t *slot,
    struct err *err)
{
	uint32_t where[] = {*slot, *slot, *slot};

	return with(b, CALC_GREATER_EQUAL, &where[0], 0, err) &&
	    root(b, lambda, &where[1], err) &&
	    with(b, CALC_MUL, &where[2], -1, err) &&
	    root(b, 2 - lambda, &where[2], err) &&
	    with(b, CALC_MUL, &where[2], -1, err) &&
	    model_build_calc(b, CALC_WHERE, false, where, NULL, 1, slot, err);
}

static bool
undo_box_cox(struct model_build *b, double lambda, uint32_t *slot,
    struct err *err)
{
	return (lambda == 0 ||
	    (with(b, CALC_MUL, slot, lambda, err) &&
	    model_build_calc(b, CALC_LOG1P, false, slot, NULL, 1, slot,
		err) && with(b, CALC_DIV, slot, lambda, err))) &&
	    model_build_calc(b, CALC_EXP, false, slot, NULL, 1, slot, err);
}

static bool
undo_power(const struct step *s, struct flow *f, struct err *err)
{
	static const char *const words[] = {"yeo-johnson", "box-cox"};
	struct model_build *b = s->sk->build;
	struct step scaler;
	bool standardize;
	double *lambda;
	size_t method;

	if (!step_word(s, "method", words, countof(words), 0, &method, err) ||
	    !step_flag(s, "standardize", true, &standardize, err) ||
	    !step_doubles(s, "lambdas_", f->n, &lambda, err) ||
	    (standardize && (!step_open(s->sk, s, STR("scaler"),
		step_get(s, "_scaler"), &scaler, err) ||
	    !undo_scaler(&scaler, "with_mean", "mean_", "with_std", f,
		err))))
		return false;
	for (uint32_t i = 0; i < f->n; i++)
		if (!(method == 0 ? undo_yeo_johnson : undo_box_cox)(b,
			lambda[i], &f->slot[i], err))
			return step_context(s, err);
	return true;
}

/* The share of a normal distribution below x; scikit-learn takes what is
 * within its BOUNDS_THRESHOLD of 0 or 1 for that. */
static bool
normal_share(struct model_build *b, uint32_t *slot, struct err *err)
{
	const double bound = 1e-7;

	if (!with(b, CALC_MUL, slot, M_SQRT1_2, err) ||
	    !model_build_calc(b, CALC_ERF, false, slot, NULL, 1, slot, err) ||
	    !model_build_mul_add(b, *slot, 0.5, 0.5, -INFINITY, INFINITY,
		slot, err))
		return false;
	for (int end = 0; end < 2; end++) {
		uint32_t where[] = {*slot, 0, *slot};

		if (!with(b, end == 0 ? CALC_SUB : CALC_ADD, &where[0], bound,
			err) ||
		    !with(b, end == 0 ? CALC_LESS : CALC_GREATER, &where[0],
			end, err) ||
		    !model_build_constant(b, end, &where[1], err) ||
		    !model_build_calc(b, CALC_WHERE, false, where, NULL, 1,
			slot, err))
			return false;
	}
	return true;
}

static bool
undo_quantile(const struct step *s, struct flow *f, struct err *err)
{
	struct model_build *b = s->sk->build;
	struct sk_quantiles q;

	if (!sk_quantiles_read(s, f->n, &q, err))
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		uint32_t *slot = &f->slot[i];

		sk_quantiles_column(&q, i);
		if ((q.normal && !normal_share(b, slot, err)) ||
		    !model_build_interpolate(b, *slot, q.share, q.value, q.n,
			slot, err))
			return step_context(s, err);
	}
	return true;
}

/* What undoes the transformer of the targets, by its class. */
static bool
undo(const struct step *s, struct flow *f, struct err *err)
{
	step_reader *read = s->class->read;

	if (read == read_standard_scaler)
		return undo_scaler(s, "with_mean", "mean_", "with_std", f,
		    err);
	if (read == read_robust_scaler)
		return undo_scaler(s, "with_centering", "center_",
		    "with_scaling", f, err);
	if (read == read_maxabs_scaler)
		return scale_back(s, "scale_", NULL, f, err);
	if (read == read_minmax_scaler)
		return undo_minmax(s, f, err);
	if (read == read_power_transformer)
		return undo_power(s, f, err);
	if (read == read_quantile_transformer)
		return undo_quantile(s, f, err);
	if (read != read_function_transformer)
		return step_err(s, err, ERR_MODEL,
		    "is not supported as the transformer of the target; use "
		    "a scaler, PowerTransformer, QuantileTransformer, or "
		    "inverse_func=numpy.exp or numpy.expm1");
	return !step_has(s, "inverse_func") ||
	    sk_function(s, "inverse_func", f->slot, f->n, f->slot, err);
}

bool
read_transformed_target(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct step transformer;

	if (!step_read(s, STR("regressor_"), step_get(s, "regressor_"), in,
		out, err))
		return false;
	if (out->kind != FLOW_VALUE)
		return step_err(s, err, ERR_MODEL,
		    "the estimator inside is no regressor");
	return step_open(s->sk, s, STR("transformer_"),
	    step_get(s, "transformer_"), &transformer, err) &&
	    step_width(&transformer, out, err) &&
	    undo(&transformer, out, err);
}
