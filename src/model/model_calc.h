/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_CALC_H
#define MODEL_MODEL_CALC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Arithmetic on numbers a, b and c, each rule once: the steps that run it,
 * what `inspect` calls it, and importers that work constants out come from
 * here. Truth is 1 and 0; what is not 0 is true. Comparisons with NaN are
 * false.
 */
/*	     name       text       operands, value */
#define MODEL_CALCS(CALC) \
	CALC(FLOAT,     "float",        1, (double)(float)a) \
	CALC(TRUNC,     "truncate",     1, trunc(a)) \
	CALC(FLOOR,     "floor",        1, floor(a)) \
	CALC(CEIL,      "ceiling",      1, ceil(a)) \
	CALC(ROUND,     "round",        1, rint(a)) \
	CALC(NEG,       "negate",       1, -a) \
	CALC(ABS,       "absolute",     1, fabs(a)) \
	CALC(SIGN,      "sign",         1, (a > 0) - (a < 0)) \
	CALC(SQRT,      "square root",  1, sqrt(a)) \
	CALC(CBRT,      "cube root",    1, cbrt(a)) \
	CALC(EXP,       "exp",          1, exp(a)) \
	CALC(EXPM1,     "exp minus 1",  1, expm1(a)) \
	CALC(LOG,       "log",          1, log(a)) \
	CALC(LOG1P,     "log of 1 plus",1, log1p(a)) \
	CALC(LOG2,      "log to base 2",1, log2(a)) \
	CALC(LOG10,     "log to base 10",1, log10(a)) \
	CALC(SIN,       "sine",         1, sin(a)) \
	CALC(COS,       "cosine",       1, cos(a)) \
	CALC(TANH,      "tanh",         1, tanh(a)) \
	CALC(SIGMOID,   "sigmoid",      1, 1 / (1 + exp(-a))) \
	CALC(SOFTPLUS,  "softplus",     1, a > 0 ? a + log1p(exp(-a)) : \
	                                       log1p(exp(a))) \
	CALC(ERF,       "erf",          1, erf(a)) \
	CALC(NOT,       "not",          1, a == 0) \
	CALC(IS_NAN,    "is missing",   1, isnan(a) != 0) \
	CALC(IS_INF,    "is infinite",  1, isinf(a) != 0) \
	CALC(ADD,       "+",            2, a + b) \
	CALC(SUB,       "-",            2, a - b) \
	CALC(SUB_FROM,  "from",         2, b - a) \
	CALC(MUL,       "*",            2, a * b) \
	CALC(DIV,       "/",            2, a / b) \
	CALC(DIV_INTO,  "into",         2, b / a) \
	CALC(MOD,       "modulo",       2, a - b * floor(a / b)) \
	CALC(FMOD,      "remainder",    2, fmod(a, b)) \
	CALC(POW,       "power",        2, pow(a, b)) \
	CALC(EXPONENT,  "exponent",     2, pow(b, a)) \
	CALC(MIN,       "least",        2, a < b || isnan(a) ? a : b) \
	CALC(MAX,       "greatest",     2, a > b || isnan(a) ? a : b) \
	CALC(EQUAL,     "=",            2, a == b) \
	CALC(LESS,      "<",            2, a < b) \
	CALC(LESS_EQUAL,"<=",           2, a <= b) \
	CALC(GREATER,   ">",            2, a > b) \
	CALC(GREATER_EQUAL, ">=",       2, a >= b) \
	CALC(AND,       "and",          2, a != 0 && b != 0) \
	CALC(OR,        "or",           2, a != 0 || b != 0) \
	CALC(XOR,       "xor",          2, (a != 0) != (b != 0)) \
	CALC(REPLACE,   "replace",      3, a == b ? c : a) \
	CALC(WHERE,     "where",        3, a != 0 ? b : c) \
	CALC(TAN,       "tangent",      1, tan(a)) \
	CALC(NORMAL,    "normal quantile", 1, model_normal_quantile(a))

/* The x below which a normal distribution has p: a rough guess, and Halley's
 * steps to the last bits. */
static inline double
model_normal_quantile(double p)
{
	double tail = p > 0.5 ? 1 - p : p, t, x;

	if (!(p > 0 && p < 1))
		return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
	t = sqrt(-2 * log(tail));
	x = (2.515517 + t * (0.802853 + t * 0.010328)) /
	    (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
	for (int i = 0; i < 3; i++) {
		double u = (0.5 * erfc(-x * M_SQRT1_2) - tail) *
		    (M_SQRT2 / M_2_SQRTPI * 2) * exp(x * x / 2);

		x -= u / (1 + x * u / 2);
	}
	return p > 0.5 ? -x : x;
}

enum model_calc {
#define CALC(name, text, operands, value) CALC_##name,
	MODEL_CALCS(CALC)
#undef CALC
	CALC_COUNT
};

/* What many numbers become. Of equal ones the first, or the last, is the
 * greatest or least; its index counts from 0. */
/*	     name          text */
#define MODEL_FOLDS(FOLD) \
	FOLD(SUM,         "sum") \
	FOLD(PRODUCT,     "product") \
	FOLD(GREATEST,    "greatest of") \
	FOLD(LEAST,       "least of") \
	FOLD(ARGMAX,      "index of the greatest of") \
	FOLD(ARGMAX_LAST, "last index of the greatest of") \
	FOLD(ARGMIN,      "index of the least of") \
	FOLD(ARGMIN_LAST, "last index of the least of")

enum model_fold {
#define FOLD(name, text) FOLD_##name,
	MODEL_FOLDS(FOLD)
#undef FOLD
	FOLD_COUNT
};

/* Operands that a calculation has, 0 for one that is none. */
static inline uint32_t
model_calc_operands(enum model_calc calc)
{
	switch (calc) {
#define CALC(name, text, operands, value) case CALC_##name: return operands;
	MODEL_CALCS(CALC)
#undef CALC
	case CALC_COUNT:
		break;
	}
	return 0;
}

/* Whether the result is 1 or 0, whatever the operands are. */
static inline bool
model_calc_is_truth(enum model_calc calc)
{
	return (calc >= CALC_EQUAL && calc <= CALC_XOR) || calc == CALC_NOT ||
	    calc == CALC_IS_NAN || calc == CALC_IS_INF;
}

/* Operands beyond those that it has do not matter. */
static inline double
model_calc_value(enum model_calc calc, double a, double b, double c)
{
	switch (calc) {
#define CALC(name, text, operands, value) case CALC_##name: return value;
	MODEL_CALCS(CALC)
#undef CALC
	case CALC_COUNT:
		break;
	}
	return NAN;
}

/* A fold under way: zeroed before the first number. */
struct model_fold_state {
	uint32_t n, best; /* numbers so far; the index among them */
	double value;     /* sum, product, greatest or least so far */
};

/* With `floats` a sum or product is rounded to float after each number. */
static inline void
model_fold_add(enum model_fold fold, bool floats, double v,
    struct model_fold_state *s)
{
	uint32_t i = s->n++;
	bool better = i == 0;

	switch (fold) {
	case FOLD_SUM:
		s->value = i == 0 ? v : s->value + v;
		if (floats)
			s->value = (double)(float)s->value;
		return;
	case FOLD_PRODUCT:
		s->value = i == 0 ? v : s->value * v;
		if (floats)
			s->value = (double)(float)s->value;
		return;
	case FOLD_GREATEST:
	case FOLD_ARGMAX:
		better |= v > s->value;
		break;
	case FOLD_ARGMAX_LAST:
		better |= v >= s->value;
		break;
	case FOLD_LEAST:
	case FOLD_ARGMIN:
		better |= v < s->value;
		break;
	case FOLD_ARGMIN_LAST:
		better |= v <= s->value;
		break;
	case FOLD_COUNT:
		break;
	}
	if (better) {
		s->value = v;
		s->best = i;
	}
}

static inline double
model_fold_value(enum model_fold fold, const struct model_fold_state *s)
{
	return fold >= FOLD_ARGMAX ? s->best : s->value;
}

#endif
