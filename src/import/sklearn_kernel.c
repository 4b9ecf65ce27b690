/* SPDX-License-Identifier: ISC
 *
 * What compares a row with others through a kernel: KernelRidge, Nystroem,
 * and RBFSampler, which stands in for one.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* A parameter that may be None. */
static bool
number_or(const struct step *s, const char *name, double otherwise,
    double *ret, struct err *err)
{
	*ret = otherwise;
	return !step_has(s, name) || step_number(s, name, ret, err);
}

/* How alike the row is to each of those of an attribute. */
static bool
kernels(const struct step *s, const struct flow *in, const char *rows,
    uint32_t **ret, uint32_t *n, struct err *err)
{
	enum { POLYNOMIAL = KERNEL_COUNT };
	static const char *const words[] = {
	    [KERNEL_LINEAR] = "linear", [KERNEL_POLY] = "poly",
	    [KERNEL_RBF] = "rbf", [KERNEL_SIGMOID] = "sigmoid",
	    [POLYNOMIAL] = "polynomial"};
	struct build_kernel k = {0};
	uint32_t first;
	struct array a;
	double *list;
	size_t kind;

	if (!step_width(s, in, err) || !step_word(s, "kernel", words,
		countof(words), countof(words), &kind, err))
		return false;
	if (kind == countof(words))
		return step_err(s, err, ERR_MODEL, "has no kernel");
	if (!step_array(s, rows, &a, err))
		return false;
	if (a.n_dims != 2 || a.dim[1] != in->n || in->n == 0 ||
	    a.dim[0] == 0 || a.dim[0] > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute %s does not fit %u columns", rows, in->n);
	*n = k.n_vectors = (uint32_t)a.dim[0];
	k.kind = kind == POLYNOMIAL ? KERNEL_POLY : (enum model_kernel)kind;
	if (!step_charge(s, a.count, err) ||
	    !step_doubles(s, rows, a.count, &list, err) ||
	    !number_or(s, "gamma", 1.0 / in->n, &k.gamma, err) ||
	    !number_or(s, "coef0", 1, &k.coef0, err) ||
	    !number_or(s, "degree", 3, &k.degree, err))
		return false;
	k.vectors = list;
	s->sk->features = in->n;
	return (model_build_kernel(s->sk->build, in->slot, in->n, &k, &first,
	    err) || step_context(s, err)) &&
	    sk_slots(s, first, *n, ret, err);
}

/* Weights by row of training, then by number that is predicted. */
bool
read_kernel_ridge(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow alike = {0};
	double *dual, *coef;
	struct array a;
	uint32_t n;

	if (!kernels(s, in, "X_fit_", &alike.slot, &alike.n, err) ||
	    !step_array(s, "dual_coef_", &a, err))
		return false;
	n = a.n_dims == 2 && a.dim[1] <= UINT16_MAX ? (uint32_t)a.dim[1] : 1;
	if (n == 0 || !step_charge(s, a.count, err) ||
	    !step_doubles(s, "dual_coef_", (size_t)n * alike.n, &dual, err))
		return n > 0 ? false : step_err(s, err, ERR_MODEL,
		    "predicts nothing");
	coef = ARENA_ARRAY(s->sk->mem, a.count, double);
	if (coef == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < alike.n; i++)
		for (uint32_t k = 0; k < n; k++)
			coef[(size_t)k * alike.n + i] =
			    dual[(size_t)i * n + k];
	if (!sk_project(s, &alike, coef, NULL, n, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}

bool
read_nystroem(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct flow alike = {0};
	double *turn;

	return kernels(s, in, "components_", &alike.slot, &alike.n, err) &&
	    step_charge(s, (size_t)alike.n * alike.n, err) &&
	    step_doubles(s, "normalization_", (size_t)alike.n * alike.n,
		&turn, err) &&
	    sk_project(s, &alike, turn, NULL, alike.n, out, err);
}

bool
read_rbf_sampler(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *weights, *offset, *coef, *scale;
	struct model_build *b = s->sk->build;
	struct array a;
	uint32_t n, first;

	if (!step_width(s, in, err) ||
	    !step_array(s, "random_weights_", &a, err))
		return false;
	if (a.n_dims != 2 || a.dim[0] != in->n || a.dim[1] == 0 ||
	    a.dim[1] > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute random_weights_ does not fit %u columns",
		    in->n);
	n = (uint32_t)a.dim[1];
	coef = ARENA_ARRAY(s->sk->mem, a.count, double);
	scale = ARENA_ARRAY(s->sk->mem, n, double);
	if (coef == NULL || scale == NULL)
		return step_full(s, err);
	if (!step_charge(s, a.count, err) ||
	    !step_doubles(s, "random_weights_", a.count, &weights, err) ||
	    !step_doubles(s, "random_offset_", n, &offset, err))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		scale[k] = sqrt(2.0 / n);
		for (uint32_t i = 0; i < in->n; i++)
			coef[(size_t)k * in->n + i] =
			    weights[(size_t)i * n + k];
	}
	if (!sk_project(s, in, coef, offset, n, out, err))
		return false;
	if (!model_build_calc(b, CALC_COS, false, out->slot, NULL, n, &first,
		err))
		return step_context(s, err);
	if (!sk_slots(s, first, n, &out->slot, err))
		return false;
	return (model_build_calc(b, CALC_MUL, false, out->slot, scale, n,
	    &first, err) || step_context(s, err)) &&
	    sk_slots(s, first, n, &out->slot, err);
}
