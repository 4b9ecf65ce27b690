/* SPDX-License-Identifier: ISC
 *
 * What makes linear forms of the columns: PCA, IncrementalPCA, TruncatedSVD,
 * FastICA and random projections.
 */
#include "import/sklearn_step.h"

#include <float.h>
#include <math.h>

/* components_, n_out rows of in->n numbers. */
static bool
components(const struct step *s, const struct flow *in, double **ret,
    uint32_t *n_out, struct err *err)
{
	struct array a;

	if (!step_array(s, "components_", &a, err))
		return false;
	if (a.n_dims != 2 || a.dim[1] != in->n || a.dim[0] == 0 ||
	    a.dim[0] > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute components_ does not fit %u columns", in->n);
	*n_out = (uint32_t)a.dim[0];
	return step_charge(s, a.count, err) &&
	    step_doubles(s, "components_", a.count, ret, err);
}

bool
sk_project(const struct step *s, const struct flow *x, const double *coef,
    const double *intercept, uint32_t n, struct flow *out, struct err *err)
{
	double *zeros = ARENA_ARRAY(s->sk->mem, n, double);
	uint32_t first;

	if (zeros == NULL)
		return step_full(s, err);
	if (!step_flow(s, n, out, err))
		return false;
	if (!model_build_linear(s->sk->build, x->slot, x->n, n, coef,
		intercept != NULL ? intercept : zeros, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		out->slot[k] = first + k;
	return true;
}

bool
read_truncated_svd(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	uint32_t n = 0;
	double *coef;

	return step_width(s, in, err) &&
	    components(s, in, &coef, &n, err) &&
	    sk_project(s, in, coef, NULL, n, out, err);
}

/* Since 1.5 the mean is projected and subtracted after, before then it was
 * subtracted first. */
static bool
centre_first(const struct step *s, struct flow *x, const double *mean,
    struct err *err)
{
	struct flow centred;

	if (!step_flow(s, x->n, &centred, err))
		return false;
	for (uint32_t i = 0; i < x->n; i++)
		if (!model_build_sub_div(s->sk->build, x->slot[i], mean[i], 1,
			&centred.slot[i], err))
			return step_context(s, err);
	*x = centred;
	return true;
}

static bool
whiten(const struct step *s, struct flow *out, struct err *err)
{
	double *variance;

	if (!step_doubles(s, "explained_variance_", out->n, &variance, err))
		return false;
	for (uint32_t k = 0; k < out->n; k++) {
		double scale = sqrt(variance[k]);

		if (s->version >= 1005 && scale < DBL_EPSILON)
			scale = DBL_EPSILON;
		if (!model_build_sub_div(s->sk->build, out->slot[k], 0, scale,
			&out->slot[k], err))
			return step_context(s, err);
	}
	return true;
}

bool
read_pca(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	double *coef, *mean = NULL, *minus = NULL;
	bool white, after = s->version == 0 || s->version >= 1005;
	struct flow x = *in;
	uint32_t n = 0;

	if (!step_width(s, in, err) || !components(s, in, &coef, &n, err) ||
	    (step_has(s, "mean_") &&
		!step_doubles(s, "mean_", in->n, &mean, err)) ||
	    !step_flag(s, "whiten", false, &white, err))
		return false;
	if (mean != NULL && !after && !centre_first(s, &x, mean, err))
		return false;
	if (mean != NULL && after) {
		minus = ARENA_ARRAY(s->sk->mem, n, double);
		if (minus == NULL)
			return step_full(s, err);
		for (uint32_t k = 0; k < n; k++)
			for (uint32_t i = 0; i < in->n; i++)
				minus[k] -= mean[i] *
				    coef[(size_t)k * in->n + i];
	}
	return sk_project(s, &x, coef, minus, n, out, err) &&
	    (!white || whiten(s, out, err));
}

/* Whitening is in its components; the mean is subtracted with it alone. */
bool
read_fast_ica(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	struct flow x = *in;
	double *coef, *mean;
	uint32_t n = 0;

	if (!step_width(s, in, err) || !components(s, in, &coef, &n, err))
		return false;
	if (step_has(s, "mean_") &&
	    (!step_doubles(s, "mean_", in->n, &mean, err) ||
	    !centre_first(s, &x, mean, err)))
		return false;
	return sk_project(s, &x, coef, NULL, n, out, err);
}
