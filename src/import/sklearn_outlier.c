/* SPDX-License-Identifier: ISC
 *
 * What tells outliers from the rest by one number of a row, below 0 for an
 * outlier: EllipticEnvelope by its distance from the middle, SGDOneClassSVM
 * by a weighted sum.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* decision_function is this slot. */
static bool
outliers(const struct step *s, const struct flow *in, uint32_t score,
    struct flow *out, struct err *err)
{
	s->sk->features = in->n;
	if (!step_flow(s, 2, out, err))
		return false;
	out->kind = FLOW_OUTLIERS;
	out->slot[0] = score;
	return model_build_mul_add(s->sk->build, score, -1, 0, -INFINITY,
	    INFINITY, &out->slot[1], err) || step_context(s, err);
}

bool
read_sgd_one_class(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *coef, *offset, intercept;
	uint32_t score;

	if (!step_width(s, in, err) ||
	    !step_doubles(s, "coef_", in->n, &coef, err) ||
	    !step_doubles(s, "offset_", 1, &offset, err))
		return false;
	intercept = -*offset;
	return (model_build_linear(s->sk->build, in->slot, in->n, 1, coef,
	    &intercept, &score, err) || step_context(s, err)) &&
	    outliers(s, in, score, out, err);
}

/* The squared distance in units of the covariance, the offset below it. */
bool
read_elliptic_envelope(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	double *middle, *precision, offset;
	struct flow centred, turned;
	uint32_t *both, first, score;

	if (!step_width(s, in, err) ||
	    !step_doubles(s, "location_", in->n, &middle, err) ||
	    !step_charge(s, (size_t)in->n * in->n, err) ||
	    !step_number(s, "offset_", &offset, err) ||
	    !step_flow(s, in->n, &centred, err))
		return false;
	if (!step_has(s, "precision_"))
		return step_err(s, err, ERR_MODEL,
		    "holds no precision_; train with store_precision=True");
	if (!step_doubles(s, "precision_", (size_t)in->n * in->n, &precision,
		err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_sub_div(b, in->slot[i], middle[i], 1,
			&centred.slot[i], err))
			return step_context(s, err);
	both = ARENA_ARRAY(s->sk->mem, 2 * (size_t)in->n, uint32_t);
	if (both == NULL)
		return step_full(s, err);
	if (!sk_project(s, &centred, precision, NULL, in->n, &turned, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++) {
		both[i] = centred.slot[i];
		both[in->n + i] = turned.slot[i];
	}
	if (!model_build_calc(b, CALC_MUL, false, both, NULL, in->n, &first,
		err))
		return step_context(s, err);
	for (uint32_t i = 0; i < in->n; i++)
		both[i] = first + i;
	return ((model_build_fold(b, FOLD_SUM, false, both, in->n, 1, &score,
	    err) && model_build_mul_add(b, score, -1, -offset, -INFINITY,
	    INFINITY, &score, err)) || step_context(s, err)) &&
	    outliers(s, in, score, out, err);
}
