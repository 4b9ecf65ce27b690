/* SPDX-License-Identifier: ISC
 *
 * Weighted sums in the order of ONNX Runtime's matrix products, and what makes
 * probabilities of them.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* Sums of what is no constant, of `n` numbers. */
static bool
weigh(struct onnx *g, bool floats, const uint32_t *slots, size_t n,
    const double *coef, const double *add, size_t n_out, uint32_t *dst,
    struct err *err)
{
	return floats ?
	    model_build_linear_fma(g->im->build, slots, (uint32_t)n,
		(uint32_t)n_out, coef, add, dst, err) :
	    model_build_linear(g->im->build, slots, (uint32_t)n,
		(uint32_t)n_out, coef, add, dst, err);
}

/* Floats are added up as ONNX Runtime's matrix products do: one after the
 * other, in blocks whose sums are added. */
bool
onnx_linear(struct onnx *g, int type, const struct onnx_elem *e, size_t n,
    const double *coef, const double *intercept, size_t n_out,
    struct onnx_elem *ret, struct err *err)
{
	enum { BLOCK = 256 };
	struct onnx_elem *x, *part;
	size_t step = type == ONNX_FLOAT ? BLOCK : n;
	uint32_t *slots, dst;
	double *c, *none;

	if (!onnx_operand(g, type, e, n, &x, err) ||
	    !onnx_slots(g, x, n, &slots, err))
		return false;
	c = arena_array(g->im->mem, n, n_out * sizeof(*c));
	none = ARENA_ARRAY(g->im->mem, n_out, double);
	part = ARENA_ARRAY(g->im->mem, n_out, struct onnx_elem);
	if (c == NULL || none == NULL || part == NULL)
		return onnx_full(g, err);
	if (n == 0)
		return onnx_cannot(err, "it weighs nothing");
	for (size_t at = 0; at < n; at += step) {
		size_t some = n - at < step ? n - at : step;

		for (size_t k = 0; k < n_out; k++)
			for (size_t i = 0; i < some; i++)
				c[k * some + i] = coef[k * n + at + i];
		if (!weigh(g, type == ONNX_FLOAT, slots + at, some, c,
			some == n ? intercept : none, n_out, &dst, err))
			return false;
		for (size_t k = 0; k < n_out; k++)
			part[k] = elem_slot(dst++, type == ONNX_FLOAT);
		if (at == 0)
			memcpy(ret, part, n_out * sizeof(*ret));
		else if (!onnx_calc(g, CALC_ADD, type, part, ret, NULL,
		    n_out, ret, err))
			return false;
	}
	for (size_t k = 0; k < n_out; k++)
		part[k] = elem_number(intercept[k]);
	return step >= n || onnx_calc(g, CALC_ADD, type, ret, part, NULL,
	    n_out, ret, err);
}

bool
onnx_softmax(struct onnx *g, int type, const struct onnx_elem *e, size_t n,
    struct onnx_elem *ret, struct err *err)
{
	struct onnx_elem *x;
	uint32_t *src, dst;

	if (!onnx_operand(g, type, e, n, &x, err) ||
	    !onnx_slots(g, x, n, &src, err) ||
	    !model_build_link(g->im->build, LINK_SOFTMAX, src, (uint32_t)n,
		&dst, err))
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = elem_slot(dst++, false);
	return onnx_numbers(g, type, ret, n, err);
}

/* As softmax, but what is 0 stays 0 before the sum. */
static bool
softmax_zero(struct onnx *g, const struct onnx_elem *e, size_t n,
    struct onnx_elem *ret, struct err *err)
{
	const int type = ONNX_FLOAT;
	struct onnx_elem *y = ARENA_ARRAY(g->im->mem, 4 * n + 1,
	    struct onnx_elem);
	struct onnx_elem *greatest = y + n, *some = y + 2 * n;
	struct onnx_elem *zero = y + 3 * n, *sum = y + 4 * n;

	if (y == NULL)
		return onnx_full(g, err);
	if (!onnx_fold(g, FOLD_GREATEST, type, e, n, 1, greatest, err))
		return false;
	for (size_t i = 1; i < n; i++)
		greatest[i] = greatest[0];
	if (!onnx_calc(g, CALC_SUB, type, e, greatest, NULL, n, y, err) ||
	    !onnx_calc(g, CALC_EXP, type, y, NULL, NULL, n, y, err) ||
	    !onnx_calc(g, CALC_ABS, type, e, NULL, NULL, n, some, err) ||
	    !onnx_calc_with(g, CALC_GREATER, type, some, (double)1e-7f, n,
		some, err) ||
	    !onnx_calc(g, CALC_NEG, type, greatest, NULL, NULL, n, zero,
		err) ||
	    !onnx_calc(g, CALC_EXP, type, zero, NULL, NULL, n, zero, err) ||
	    !onnx_calc(g, CALC_MUL, type, e, zero, NULL, n, zero, err) ||
	    !onnx_calc(g, CALC_WHERE, type, some, y, zero, n, y, err) ||
	    !onnx_fold(g, FOLD_SUM, type, y, n, 1, sum, err))
		return false;
	for (size_t i = 0; i < n; i++)
		zero[i] = sum[0];
	return onnx_calc(g, CALC_DIV, type, y, zero, NULL, n, ret, err);
}

bool
onnx_post(struct onnx *g, struct str transform, const struct onnx_elem *e,
    size_t n, struct onnx_elem *ret, struct err *err)
{
	const int type = ONNX_FLOAT;

	if (str_eq(transform, STR("NONE"))) {
		memmove(ret, e, n * sizeof(*ret));
		return true;
	}
	if (str_eq(transform, STR("LOGISTIC")))
		return onnx_calc(g, CALC_SIGMOID, type, e, NULL, NULL, n, ret,
		    err);
	if (str_eq(transform, STR("SOFTMAX")))
		return onnx_softmax(g, type, e, n, ret, err);
	if (str_eq(transform, STR("SOFTMAX_ZERO")))
		return softmax_zero(g, e, n, ret, err);
	return onnx_cannot(err, "post_transform %.*s is not supported; import "
	    "the model that it was converted from",
	    STR_ARG(transform));
}
