/* SPDX-License-Identifier: ISC
 *
 * Clusters, which are classes 0, 1, ...: KMeans and MiniBatchKMeans say which
 * centre is nearest, GaussianMixture which component a row is likely of.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* --- centres -------------------------------------------------------------- */

/* How far each centre is: what transform gives. */
static bool
distances(const struct step *s, const uint32_t *nearness, uint32_t n,
    struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t first, *slots;

	if (!model_build_calc(b, CALC_NEG, false, nearness, NULL, n, &first,
		err))
		return step_context(s, err);
	if (!sk_slots(s, first, n, &slots, err))
		return false;
	if (!model_build_calc(b, CALC_SQRT, false, slots, NULL, n, &first,
		err))
		return step_context(s, err);
	*out = (struct flow){.n = n};
	return sk_slots(s, first, n, &out->slot, err);
}

bool
read_kmeans(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct array a, classes;
	uint32_t n, *nearness;
	double *centres;
	struct flow x;

	if (!step_width(s, in, err) ||
	    !step_array(s, "cluster_centers_", &a, err))
		return false;
	if (a.n_dims != 2 || a.dim[1] != in->n || a.dim[0] == 0 ||
	    a.dim[0] > UINT16_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute cluster_centers_ does not fit %u columns",
		    in->n);
	n = (uint32_t)a.dim[0];
	if (!step_doubles(s, "cluster_centers_", a.count, &centres, err) ||
	    !step_require(s, in, &x, err) ||
	    !sk_nearness(s, &x, centres, n, &nearness, err))
		return false;
	if (s->prepares)
		return distances(s, nearness, n, out, err);
	s->sk->features = in->n;
	return sk_count_classes(s, n, &classes, err) &&
	    sk_scores(s, nearness, n, &classes, out, err) &&
	    sk_margins(s, nearness, 0, out, err);
}

/* --- mixtures ------------------------------------------------------------- */

enum covariance { FULL, TIED, DIAG, SPHERICAL };

/* Component k of a mixture over `width` columns. */
struct component {
	enum covariance type;
	uint32_t k, width;
	const double *mean, *factors; /* of the precisions, of all */
	double weight;
};

static double
factor(const struct component *c, uint32_t row, uint32_t column)
{
	size_t width = c->width;

	switch (c->type) {
	case FULL:
		return c->factors[(c->k * width + row) * width + column];
	case TIED:
		return c->factors[row * width + column];
	case DIAG:
		return row == column ? c->factors[c->k * width + row] : 0;
	case SPHERICAL:
		return row == column ? c->factors[c->k] : 0;
	}
	return 0;
}

/* The logarithm of the weighted density of a component. */
static bool
log_density(const struct step *s, const struct flow *x,
    const struct component *c, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t n = c->width, *slots, first;
	double *coef = ARENA_ARRAY(s->sk->mem, (size_t)n * n, double);
	double *add = ARENA_ARRAY(s->sk->mem, n, double);
	double half = -0.5 * n * log(2 * M_PI), minus = -0.5;

	if (coef == NULL || add == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < n; j++) {
			coef[(size_t)i * n + j] = factor(c, j, i);
			add[i] -= c->mean[j] * factor(c, j, i);
		}
		half += log(factor(c, i, i));
	}
	half += log(c->weight);
	if (!isfinite(half))
		return step_err(s, err, ERR_MODEL, "has a component that has "
		    "no weight or no precision");
	if (!model_build_linear(b, x->slot, n, n, coef, add, &first, err))
		return step_context(s, err);
	if (!sk_slots(s, first, n, &slots, err))
		return false;
	return (model_build_link(b, LINK_SQUARE, slots, n, &first, err) &&
	    (sk_slots(s, first, n, &slots, err) &&
	    model_build_fold(b, FOLD_SUM, false, slots, n, 1, ret, err)) &&
	    model_build_mul_add(b, *ret, minus, half, -INFINITY, INFINITY,
		ret, err)) || step_context(s, err);
}

bool
read_gaussian_mixture(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const types[] = {[FULL] = "full",
	    [TIED] = "tied", [DIAG] = "diag", [SPHERICAL] = "spherical"};
	struct component c = {.width = in->n};
	double *mean, *factors, *weight;
	struct array classes, a;
	size_t type, n, size;
	uint32_t *log;

	if (!step_width(s, in, err) || !step_word(s, "covariance_type",
		types, countof(types), FULL, &type, err) ||
	    !step_array(s, "weights_", &a, err))
		return false;
	n = a.count;
	if (n == 0 || n > UINT16_MAX || in->n == 0 ||
	    in->n > UINT16_MAX)
		return step_err(s, err, ERR_MODEL, "has %zu components", n);
	size = type == SPHERICAL ? n : type == DIAG ? n * in->n :
	    (type == FULL ? n : 1) * in->n * in->n;
	log = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	if (log == NULL)
		return step_full(s, err);
	if (!step_charge(s, n * in->n * in->n, err) ||
	    !step_doubles(s, "weights_", n, &weight, err) ||
	    !step_doubles(s, "means_", n * in->n, &mean, err) ||
	    !step_doubles(s, "precisions_cholesky_", size, &factors, err) ||
	    !sk_count_classes(s, (uint32_t)n, &classes, err))
		return false;
	c.type = (enum covariance)type;
	c.factors = factors;
	for (; c.k < n; c.k++) {
		c.mean = mean + (size_t)c.k * in->n;
		c.weight = weight[c.k];
		if (!log_density(s, in, &c, &log[c.k], err))
			return false;
	}
	s->sk->features = in->n;
	if (n > 1)
		return sk_probabilities(s, LINK_SOFTMAX, log, (uint32_t)n,
		    &classes, out, err);
	return step_err(s, err, ERR_MODEL, "has one component alone: every "
	    "row is of it");
}
