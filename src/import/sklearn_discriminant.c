/* SPDX-License-Identifier: ISC
 *
 * LinearDiscriminantAnalysis, whose weights hold what it has learnt, and
 * QuadraticDiscriminantAnalysis: for each class the squared distance from its
 * mean, along its own axes and in its own scale.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* What transform gives: the columns, less their mean before the solver 'svd',
 * along the axes that tell the classes apart best. */
static bool
discriminants(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	double *scalings, *mean, *coef, most;
	struct flow x = *in;
	struct array a;
	uint32_t n;

	if (!step_width(s, in, err) ||
	    !step_array(s, "scalings_", &a, err) ||
	    !step_number(s, "_max_components", &most, err))
		return false;
	if (a.n_dims != 2 || a.dim[0] != in->n || !(most >= 1) ||
	    a.dim[1] == 0 || a.dim[1] > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute scalings_ does not fit %u columns", in->n);
	n = most < (double)a.dim[1] ? (uint32_t)most : (uint32_t)a.dim[1];
	coef = ARENA_ARRAY(s->sk->mem, (size_t)n * in->n, double);
	if (coef == NULL)
		return step_full(s, err);
	if (!step_charge(s, a.count, err) ||
	    !step_doubles(s, "scalings_", a.count, &scalings, err))
		return false;
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < in->n; i++)
			coef[(size_t)k * in->n + i] =
			    scalings[(size_t)i * a.dim[1] + k];
	if (!node_is_text(step_get(s, "solver"), "svd"))
		return sk_project(s, &x, coef, NULL, n, out, err);
	if (!step_doubles(s, "xbar_", in->n, &mean, err) ||
	    !step_flow(s, in->n, &x, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_sub_div(s->sk->build, in->slot[i], mean[i],
			1, &x.slot[i], err))
			return step_context(s, err);
	return sk_project(s, &x, coef, NULL, n, out, err);
}

bool
read_linear_discriminant(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;

	if (s->prepares)
		return discriminants(s, in, out, err);
	return sk_classes(s, 2, &classes, err) &&
	    sk_logistic(s, in, &classes, LINK_SIGMOID, LINK_SOFTMAX, out,
	    err);
}

/* Item k of a list of arrays, as finite numbers. */
static bool
read_item(const struct step *s, const struct node *n, const char *name,
    struct array *a, double **ret, struct err *err)
{
	if (!array_view(n, a, err)) {
		err_context(err, "attribute %s", name);
		return step_context(s, err);
	}
	if (!step_charge(s, a->count, err))
		return false;
	*ret = array_doubles(a, s->sk->mem);
	if (*ret == NULL && s->sk->mem->over)
		return step_full(s, err);
	for (size_t i = 0; i < a->count; i++)
		if (*ret == NULL || !isfinite((*ret)[i]))
			return step_err(s, err, ERR_MODEL,
			    "attribute %s holds something else than finite "
			    "numbers", name);
	return true;
}

/* The columns less the mean, turned and scaled: the slots of their squares. */
static bool
squares(const struct step *s, const struct flow *in, const double *mean,
    const struct node *rotation, const double *scale, uint32_t n,
    uint32_t **ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *turn, *coef, *zero;
	struct flow from;
	struct array a;
	uint32_t first;

	if (!read_item(s, rotation, "rotations_", &a, &turn, err))
		return false;
	if (a.n_dims != 2 || a.dim[0] != in->n || a.dim[1] != n || n == 0)
		return step_err(s, err, ERR_MODEL,
		    "attribute rotations_ does not fit scalings_");
	coef = ARENA_ARRAY(s->sk->mem, a.count, double);
	zero = ARENA_ARRAY(s->sk->mem, n, double);
	if (coef == NULL || zero == NULL)
		return step_full(s, err);
	if (!step_flow(s, in->n, &from, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		if (!model_build_sub_div(b, in->slot[i], mean[i], 1,
			&from.slot[i], err))
			return step_context(s, err);
		for (uint32_t k = 0; k < n; k++)
			coef[(size_t)k * in->n + i] =
			    turn[(size_t)i * n + k] * pow(scale[k], -0.5);
	}
	if (!model_build_linear(b, from.slot, in->n, n, coef, zero, &first,
		err))
		return step_context(s, err);
	if (!sk_slots(s, first, n, ret, err))
		return false;
	if (!model_build_link(b, LINK_SQUARE, *ret, n, &first, err))
		return step_context(s, err);
	return sk_slots(s, first, n, ret, err);
}

/* The log likelihood of one class. */
static bool
likelihood(const struct step *s, const struct flow *in, const double *mean,
    const struct node *rotation, const struct node *scaling, double prior,
    uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *scale, sum = 0;
	struct array a;
	uint32_t *slots, n;

	if (!read_item(s, scaling, "scalings_", &a, &scale, err))
		return false;
	if (a.n_dims != 1 || a.count > in->n)
		return step_err(s, err, ERR_MODEL,
		    "attribute scalings_ is of another form");
	n = (uint32_t)a.count;
	for (uint32_t k = 0; k < n; k++) {
		if (!(scale[k] > 0))
			return step_err(s, err, ERR_MODEL,
			    "attribute scalings_ holds a number that is no "
			    "variance");
		sum += log(scale[k]);
	}
	if (!squares(s, in, mean, rotation, scale, n, &slots, err))
		return false;
	return (model_build_fold(b, FOLD_SUM, false, slots, n, 1, ret, err) &&
	    model_build_calc(b, CALC_ADD, false, ret, &sum, 1, ret, err) &&
	    model_build_mul_add(b, *ret, -0.5, log(prior), -INFINITY,
		INFINITY, ret, err)) || step_context(s, err);
}

bool
read_quadratic_discriminant(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const double difference[] = {-1, 1}, zero = 0;
	const struct node *const *rotations, *const *scalings;
	double *mean, *prior;
	struct array classes;
	struct flow log;
	size_t n, means;

	if (!sk_classes(s, 2, &classes, err) || !step_width(s, in, err))
		return false;
	n = classes.count;
	if (__builtin_mul_overflow(n, (size_t)in->n, &means))
		return step_err(s, err, ERR_LIMIT, "too many numbers");
	if (!step_doubles(s, "means_", means, &mean, err) ||
	    !step_doubles(s, "priors_", n, &prior, err) ||
	    !step_list(s, "rotations_", n, &rotations, err) ||
	    !step_list(s, "scalings_", n, &scalings, err) ||
	    !step_flow(s, (uint32_t)n, &log, err))
		return false;
	s->sk->features = in->n;
	for (uint32_t k = 0; k < n; k++)
		if (!likelihood(s, in, mean + (size_t)k * in->n, rotations[k],
			scalings[k], prior[k], &log.slot[k], err))
			return false;
	if (!sk_probabilities(s, LINK_SOFTMAX, log.slot, log.n, &classes, out,
		err))
		return false;
	if (n > 2)
		return sk_margins(s, log.slot, log.n, out, err);
	if (!model_build_linear(s->sk->build, log.slot, 2, 1, difference,
		&zero, &log.slot[0], err))
		return step_context(s, err);
	return sk_margins(s, log.slot, 1, out, err);
}
