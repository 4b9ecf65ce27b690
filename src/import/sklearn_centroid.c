/* SPDX-License-Identifier: ISC
 *
 * NearestCentroid: the class whose centre is nearest. Where it has
 * probabilities, they are of distances in units of each column's deviation
 * within the classes; the plain distance decides unless there are priors.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* How far the row is from a centre, in *ret: the sum of squares, or of the
 * distances by column. */
static bool
distance(const struct step *s, const struct flow *x, const double *centre,
    const double *unit, bool manhattan, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t *parts = ARENA_ARRAY(s->sk->mem, 2 * (size_t)x->n, uint32_t);
	uint32_t first;

	if (parts == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < x->n; i++) {
		if (!model_build_sub_div(b, x->slot[i], centre[i],
			unit != NULL && unit[i] != 0 ? unit[i] : 1, &parts[i],
			err))
			return step_context(s, err);
		parts[x->n + i] = parts[i];
	}
	if (!model_build_calc(b, manhattan ? CALC_ABS : CALC_MUL, false,
		parts, NULL, x->n, &first, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < x->n; i++)
		parts[i] = first + i;
	return model_build_fold(b, FOLD_SUM, false, parts, x->n, 1, ret,
	    err) || step_context(s, err);
}

/* A score a class: the less the distance, the more; and twice the logarithm
 * of the prior, where there is one. */
static bool
scores(const struct step *s, const struct flow *x, const double *centres,
    const double *unit, const double *prior, bool manhattan, uint32_t n,
    uint32_t **ret, struct err *err)
{
	*ret = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	if (*ret == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++) {
		if (!distance(s, x, centres + (size_t)k * x->n, unit,
			manhattan, &(*ret)[k], err))
			return false;
		if (!model_build_mul_add(s->sk->build, (*ret)[k], -1,
			prior != NULL ? 2 * log(prior[k]) : 0, -INFINITY,
			INFINITY, &(*ret)[k], err))
			return step_context(s, err);
	}
	return true;
}

bool
sk_nearness(const struct step *s, const struct flow *x, const double *points,
    uint32_t n, uint32_t **ret, struct err *err)
{
	if (x->n == 0 || x->n > SKLEARN_COLUMNS_MAX / n)
		return step_err(s, err, ERR_LIMIT, "has %u columns", x->n);
	return step_charge(s, (size_t)n * x->n, err) &&
	    scores(s, x, points, NULL, NULL, false, n, ret, err);
}

static bool
is_uniform(const double *prior, uint32_t n)
{
	for (uint32_t k = 0; k < n; k++)
		if (!(fabs(prior[k] - 1.0 / n) <= 1e-8 + 1e-5 / n))
			return false;
	return true;
}

bool
read_nearest_centroid(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const metrics[] = {"euclidean", "manhattan"};
	double *centres, *unit, *prior;
	uint32_t *slots, *plain, n;
	struct array classes;
	struct flow x;
	size_t metric;

	if (!step_width(s, in, err) || !sk_classes(s, 2, &classes, err) ||
	    !step_word(s, "metric", metrics, countof(metrics), 0, &metric,
		err))
		return false;
	n = (uint32_t)classes.count;
	if (in->n == 0 || in->n > SKLEARN_COLUMNS_MAX / n)
		return step_err(s, err, ERR_LIMIT, "has %u columns", in->n);
	if (!step_charge(s, (size_t)n * in->n, err) ||
	    !step_doubles(s, "centroids_", (size_t)n * in->n, &centres,
		err) ||
	    !step_require(s, in, &x, err) ||
	    !scores(s, &x, centres, NULL, NULL, metric == 1, n, &plain, err))
		return false;
	if (metric == 1 || !step_has(s, "within_class_std_dev_"))
		return sk_scores(s, plain, n, &classes, out, err) &&
		    sk_margins(s, plain, 0, out, err);
	if (!step_doubles(s, "within_class_std_dev_", in->n, &unit, err) ||
	    !step_doubles(s, "class_prior_", n, &prior, err))
		return false;
	for (uint32_t k = 0; k < n; k++)
		if (!(prior[k] > 0))
			return step_err(s, err, ERR_MODEL,
			    "has a class whose prior is 0; train without "
			    "priors, or without that class");
	if (!scores(s, &x, centres, unit, prior, false, n, &slots, err) ||
	    !sk_probabilities(s, LINK_SOFTMAX, slots, n, &classes, out, err))
		return false;
	if (is_uniform(prior, n))
		out->decision = plain;
	if (n > 2)
		return sk_margins(s, slots, n, out, err);
	return (model_build_calc(s->sk->build, CALC_SUB_FROM, false, slots,
	    NULL, 1, &slots[0], err) || step_context(s, err)) &&
	    sk_margins(s, slots, 1, out, err);
}
