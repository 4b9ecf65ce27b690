/* SPDX-License-Identifier: ISC
 *
 * FunctionTransformer over a function of numpy's or scipy's that is known by
 * name. Its numbers are worked out here; the function itself is never
 * looked for, and any other is code that is never run.
 */
#include "import/sklearn_step.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What a function is made of; most are one calculation. */
enum form {
	FORM_CALC,
	FORM_CONSTANT, /* calc(x, constant) */
	FORM_SAME,     /* x */
	FORM_SQUARE,
	FORM_SIGN,
	FORM_LOGIT,
	FORM_NUMBER,   /* nan_to_num */
};

static const struct {
	const char *module, *name;
	enum form form;
	enum model_calc calc;
	double constant;
} functions[] = {
    {"numpy", "log", FORM_CALC, CALC_LOG, 0},
    {"numpy", "log1p", FORM_CALC, CALC_LOG1P, 0},
    {"numpy", "log2", FORM_CALC, CALC_LOG2, 0},
    {"numpy", "log10", FORM_CALC, CALC_LOG10, 0},
    {"numpy", "exp", FORM_CALC, CALC_EXP, 0},
    {"numpy", "expm1", FORM_CALC, CALC_EXPM1, 0},
    {"numpy", "exp2", FORM_CONSTANT, CALC_EXPONENT, 2},
    {"numpy", "sqrt", FORM_CALC, CALC_SQRT, 0},
    {"numpy", "cbrt", FORM_CALC, CALC_CBRT, 0},
    {"numpy", "square", FORM_SQUARE, CALC_MUL, 0},
    {"numpy", "absolute", FORM_CALC, CALC_ABS, 0},
    {"numpy", "fabs", FORM_CALC, CALC_ABS, 0},
    {"numpy", "sign", FORM_SIGN, CALC_SIGN, 0},
    {"numpy", "negative", FORM_CALC, CALC_NEG, 0},
    {"numpy", "positive", FORM_SAME, CALC_COUNT, 0},
    {"numpy", "reciprocal", FORM_CONSTANT, CALC_DIV_INTO, 1},
    {"numpy", "sin", FORM_CALC, CALC_SIN, 0},
    {"numpy", "cos", FORM_CALC, CALC_COS, 0},
    {"numpy", "tan", FORM_CALC, CALC_TAN, 0},
    {"numpy", "tanh", FORM_CALC, CALC_TANH, 0},
    {"numpy", "floor", FORM_CALC, CALC_FLOOR, 0},
    {"numpy", "ceil", FORM_CALC, CALC_CEIL, 0},
    {"numpy", "trunc", FORM_CALC, CALC_TRUNC, 0},
    {"numpy", "rint", FORM_CALC, CALC_ROUND, 0},
    {"numpy", "nan_to_num", FORM_NUMBER, CALC_COUNT, 0},
    {"scipy.special", "expit", FORM_CALC, CALC_SIGMOID, 0},
    {"scipy.special", "logit", FORM_LOGIT, CALC_COUNT, 0},
    {"scipy.special", "log1p", FORM_CALC, CALC_LOG1P, 0},
    {"scipy.special", "expm1", FORM_CALC, CALC_EXPM1, 0},
    {"scipy.special", "cbrt", FORM_CALC, CALC_CBRT, 0},
};

/* NaN has a sign of its own: itself. */
static bool
sign(struct model_build *b, uint32_t src, uint32_t *dst, struct err *err)
{
	uint32_t where[] = {0, src, 0};

	return model_build_calc(b, CALC_IS_NAN, false, &src, NULL, 1,
	    &where[0], err) &&
	    model_build_calc(b, CALC_SIGN, false, &src, NULL, 1, &where[2],
		err) &&
	    model_build_calc(b, CALC_WHERE, false, where, NULL, 1, dst, err);
}

/* log(x / (1 - x)). */
static bool
logit(struct model_build *b, uint32_t src, uint32_t *dst, struct err *err)
{
	const double one = 1;
	uint32_t ratio[] = {src, 0};

	return model_build_calc(b, CALC_SUB_FROM, false, &src, &one, 1,
	    &ratio[1], err) &&
	    model_build_calc(b, CALC_DIV, false, ratio, NULL, 1, &ratio[0],
		err) &&
	    model_build_calc(b, CALC_LOG, false, &ratio[0], NULL, 1, dst, err);
}

static bool
apply(struct model_build *b, size_t which, uint32_t src, uint32_t *dst,
    struct err *err)
{
	const uint32_t twice[] = {src, src};

	switch (functions[which].form) {
	case FORM_CALC:
		return model_build_calc(b, functions[which].calc, false, &src,
		    NULL, 1, dst, err);
	case FORM_CONSTANT:
		return model_build_calc(b, functions[which].calc, false, &src,
		    &functions[which].constant, 1, dst, err);
	case FORM_SAME:
		*dst = src;
		return true;
	case FORM_SQUARE:
		return model_build_calc(b, CALC_MUL, false, twice, NULL, 1,
		    dst, err);
	case FORM_SIGN:
		return sign(b, src, dst, err);
	case FORM_LOGIT:
		return logit(b, src, dst, err);
	case FORM_NUMBER:
		return model_build_impute(b, src, 0, &src, err) &&
		    model_build_mul_add(b, src, 1, 0, -DBL_MAX, DBL_MAX, dst,
			err);
	}
	return false;
}

bool
sk_function(const struct step *s, const char *attribute, const uint32_t *src,
    uint32_t n, uint32_t *dst, struct err *err)
{
	const struct node *function = step_get(s, attribute);
	char what[160];

	for (size_t i = 0; i < countof(functions); i++) {
		if (!node_is_global(function, functions[i].module,
			functions[i].name))
			continue;
		for (uint32_t k = 0; k < n; k++)
			if (!apply(s->sk->build, i, src[k], &dst[k], err))
				return step_context(s, err);
		return true;
	}
	return step_err(s, err, ERR_MODEL,
	    "the function %s is Python code, which is never run; use one of "
	    "numpy's, such as numpy.log1p or numpy.sqrt, apply it before the "
	    "request, or replace the step",
	    node_describe(function, what, sizeof(what)));
}

bool
read_function_transformer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *keywords = step_get(s, "kw_args");
	bool validate;
	struct flow from;

	if (!step_has(s, "func")) {
		*out = *in;
		return true;
	}
	if (keywords != NULL && keywords->kind != NODE_NONE &&
	    (keywords->kind != NODE_DICT || keywords->n > 0))
		return step_err(s, err, ERR_MODEL,
		    "calls its function with kw_args, which is not supported; "
		    "apply it before the request, or replace the step");
	if (!step_flag(s, "validate", false, &validate, err) ||
	    !step_flow(s, in->n, out, err))
		return false;
	from = *in;
	if (validate && !step_require(s, in, &from, err))
		return false;
	out->sparse = in->sparse;
	return sk_function(s, "func", from.slot, from.n, out->slot, err);
}
