/* SPDX-License-Identifier: ISC
 *
 * PowerTransformer and QuantileTransformer: numbers to another distribution.
 * Powers are made of calculations on slots. The two branches of a power are
 * added, each being nought where the other holds: so NaN passes through.
 */
#include "import/sklearn_quantile.h"
#include "import/sklearn_step.h"

#include <float.h>
#include <math.h>

/* --- PowerTransformer ----------------------------------------------------- */

static bool
unary(struct model_build *b, enum model_calc calc, uint32_t *slot,
    struct err *err)
{
	return model_build_calc(b, calc, false, slot, NULL, 1, slot, err);
}

static bool
with(struct model_build *b, enum model_calc calc, uint32_t *slot,
    double constant, struct err *err)
{
	return model_build_calc(b, calc, false, slot, &constant, 1, slot,
	    err);
}

/* ((x + 1) ^ lambda - 1) / lambda of an x that is not negative; since 1.9 in
 * a form that is exact near nought. */
static bool
power(const struct step *s, double lambda, uint32_t *slot, struct err *err)
{
	struct model_build *b = s->sk->build;

	if (fabs(lambda) <= DBL_EPSILON)
		return unary(b, CALC_LOG1P, slot, err);
	if (s->version == 0 || s->version >= 1009)
		return unary(b, CALC_LOG1P, slot, err) &&
		    with(b, CALC_MUL, slot, lambda, err) &&
		    unary(b, CALC_EXPM1, slot, err) &&
		    with(b, CALC_DIV, slot, lambda, err);
	return with(b, CALC_ADD, slot, 1, err) &&
	    with(b, CALC_POW, slot, lambda, err) &&
	    with(b, CALC_SUB, slot, 1, err) &&
	    with(b, CALC_DIV, slot, lambda, err);
}

static bool
yeo_johnson(const struct step *s, double lambda, uint32_t *slot,
    struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t half[] = {*slot, *slot};

	return (with(b, CALC_MAX, &half[0], 0, err) &&
	    power(s, lambda, &half[0], err) &&
	    with(b, CALC_MIN, &half[1], 0, err) &&
	    unary(b, CALC_NEG, &half[1], err) &&
	    power(s, 2 - lambda, &half[1], err) &&
	    model_build_calc(b, CALC_SUB, false, half, NULL, 1, slot, err)) ||
	    step_context(s, err);
}

/* What is not positive refuses the row, as in scikit-learn. */
static bool
box_cox(const struct step *s, double lambda, uint32_t *slot, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t bad = *slot;

	if (!with(b, CALC_LESS_EQUAL, &bad, 0, err) ||
	    !sk_refuse_if(s, bad, err))
		return step_context(s, err);
	return (unary(b, CALC_LOG, slot, err) && (lambda == 0 ||
	    (with(b, CALC_MUL, slot, lambda, err) &&
	    unary(b, CALC_EXPM1, slot, err) &&
	    with(b, CALC_DIV, slot, lambda, err)))) || step_context(s, err);
}

bool
read_power_transformer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"yeo-johnson", "box-cox"};
	struct flow shaped;
	bool standardize;
	double *lambda;
	size_t method;

	if (!step_width(s, in, err) ||
	    !step_word(s, "method", words, countof(words), 0, &method, err) ||
	    !step_flag(s, "standardize", true, &standardize, err) ||
	    !step_doubles(s, "lambdas_", in->n, &lambda, err) ||
	    !step_flow(s, in->n, &shaped, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		shaped.slot[i] = in->slot[i];
		if (method == 0 ?
		    !yeo_johnson(s, lambda[i], &shaped.slot[i], err) :
		    !box_cox(s, lambda[i], &shaped.slot[i], err))
			return false;
	}
	*out = shaped;
	return !standardize || step_read(s, STR("scaler"),
	    step_get(s, "_scaler"), &shaped, out, err);
}

/* --- QuantileTransformer -------------------------------------------------- */

enum { UNIFORM, NORMAL };

/* scikit-learn's BOUNDS_THRESHOLD, and the normal quantiles that it clips
 * to: of that less the precision, and of 1 less this. */
#define BOUND     1e-7
#define CLIP_LOW  5.199337582605575
#define CLIP_HIGH 5.19933758270342

static bool
quantile_column(const struct step *s, const struct sk_quantiles *q,
    uint32_t *slot, struct err *err)
{
	const double *x = q->value, *y = q->share;
	uint32_t n = q->n;
	struct model_build *b = s->sk->build;
	double *back = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n, double);
	uint32_t pair[2], bound[3] = {0, 0, *slot};
	const double ends[2] = {x[n - 1], x[0]};

	if (back == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++) {
		back[i] = -x[n - 1 - i];
		back[n + i] = -y[n - 1 - i];
	}
	/* Forth and back, and the mean: quantiles may stand still. */
	pair[1] = *slot;
	if (!model_build_interpolate(b, *slot, x, y, n, &pair[0], err) ||
	    !unary(b, CALC_NEG, &pair[1], err) ||
	    !model_build_interpolate(b, pair[1], back, back + n, n, &pair[1],
		err) ||
	    !model_build_calc(b, CALC_SUB, false, pair, NULL, 1, slot, err) ||
	    !with(b, CALC_MUL, slot, 0.5, err))
		return step_context(s, err);
	/* The ends: 1 at and past the last quantile, then 0 at the first. */
	for (int k = 0; k < 2; k++) {
		uint32_t at = bound[2], where[3] = {0, 0, *slot};
		bool ok;

		if (q->normal)
			ok = with(b, k == 0 ? CALC_ADD : CALC_SUB, &at, BOUND,
			    err) && with(b, k == 0 ? CALC_GREATER : CALC_LESS,
			    &at, ends[k], err);
		else
			ok = with(b, CALC_EQUAL, &at, ends[k], err);
		where[0] = at;
		if (!ok || !model_build_constant(b, k == 0 ? 1 : 0, &where[1],
			err) || !model_build_calc(b, CALC_WHERE, false, where,
			NULL, 1, slot, err))
			return step_context(s, err);
	}
	if (!q->normal)
		return true;
	return (unary(b, CALC_NORMAL, slot, err) &&
	    model_build_mul_add(b, *slot, 1, 0, -CLIP_LOW, CLIP_HIGH, slot,
		err)) || step_context(s, err);
}

bool
sk_quantiles_read(const struct step *s, uint32_t width,
    struct sk_quantiles *ret, struct err *err)
{
	static const char *const words[] = {"uniform", "normal"};
	size_t distribution;
	struct array all;

	if (!step_word(s, "output_distribution", words, countof(words),
		UNIFORM, &distribution, err) ||
	    !step_array(s, "quantiles_", &all, err))
		return false;
	if (all.n_dims != 2 || all.dim[1] != width || all.dim[0] == 0 ||
	    all.dim[0] > INT32_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute quantiles_ does not fit %u columns", width);
	*ret = (struct sk_quantiles){.normal = distribution == NORMAL,
	    .n = (uint32_t)all.dim[0], .width = width};
	ret->value = ARENA_ARRAY(s->sk->mem, ret->n, double);
	if (ret->value == NULL)
		return step_full(s, err);
	return step_charge(s, all.count, err) &&
	    step_doubles(s, "quantiles_", all.count, &ret->all, err) &&
	    step_doubles(s, "references_", ret->n, &ret->share, err);
}

void
sk_quantiles_column(struct sk_quantiles *q, uint32_t i)
{
	for (uint32_t k = 0; k < q->n; k++)
		q->value[k] = q->all[(size_t)k * q->width + i];
}

bool
read_quantile_transformer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct sk_quantiles q;

	if (!step_width(s, in, err) ||
	    !sk_quantiles_read(s, in->n, &q, err) ||
	    !step_flow(s, in->n, out, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		sk_quantiles_column(&q, i);
		out->slot[i] = in->slot[i];
		if (!quantile_column(s, &q, &out->slot[i], err))
			return false;
	}
	out->sparse = in->sparse;
	return true;
}
