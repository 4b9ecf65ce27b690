/* SPDX-License-Identifier: ISC
 *
 * Models that are weighted sums: LogisticRegression, and the regressions that
 * differ only in how training found the weights.
 */
#include "import/sklearn_step.h"

bool
sk_linear(const struct step *s, const struct flow *in, uint32_t n_out,
    uint32_t *dst, struct err *err)
{
	double *coef, *intercept, one;
	size_t n;

	if (__builtin_mul_overflow((size_t)in->n, (size_t)n_out, &n))
		return step_err(s, err, ERR_LIMIT, "too many coefficients");
	if (!step_width(s, in, err) ||
	    !step_doubles(s, "coef_", n, &coef, err))
		return false;
	/* Without fit_intercept it is one plain 0.0 for all. */
	if (value_number(step_get(s, "intercept_"), &one)) {
		intercept = ARENA_ARRAY(s->sk->mem, n_out, double);
		if (intercept == NULL)
			return step_full(s, err);
		for (uint32_t k = 0; k < n_out; k++)
			intercept[k] = one;
	} else {
		struct array a;

		if (!step_array(s, "intercept_", &a, err))
			return false;
		if (!step_doubles(s, "intercept_", a.count == 1 ? 1 : n_out,
			&intercept, err))
			return false;
		if (a.count == 1 && n_out > 1)
			return step_err(s, err, ERR_MODEL,
			    "attribute intercept_ has 1 number for %u "
			    "classes", n_out);
	}
	s->sk->features = in->n;
	return model_build_linear(s->sk->build, in->slot, in->n, n_out, coef,
	    intercept, dst, err) || step_context(s, err);
}

/* One row of coefficients for each number that is predicted. */
bool
read_linear_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array coef;
	uint32_t first;
	size_t n;

	if (!step_array(s, "coef_", &coef, err))
		return false;
	n = coef.n_dims == 2 ? coef.dim[0] : 1;
	if (coef.n_dims > 2 || n == 0 || n > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute coef_ is of another form");
	if (!sk_linear(s, in, (uint32_t)n, &first, err) ||
	    !step_flow(s, (uint32_t)n, out, err))
		return false;
	for (uint32_t k = 0; k < out->n; k++)
		out->slot[k] = first + k;
	out->kind = FLOW_VALUE;
	return true;
}

/* The coefficients are of the columns less their means. */
bool
read_pls_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow centred;
	double *mean;

	if (s->prepares)
		return step_err(s, err, ERR_MODEL,
		    "prepares what others see, which is not supported; use "
		    "PCA, or PLSRegression as the last step");
	if (s->version > 0 && s->version < 1003)
		return step_err(s, err, ERR_MODEL,
		    "is read of scikit-learn 1.3 and newer; train with one "
		    "of these");
	if (!step_width(s, in, err) ||
	    !step_doubles(s, "_x_mean", in->n, &mean, err) ||
	    !step_flow(s, in->n, &centred, err))
		return false;
	for (uint32_t i = 0; i < in->n; i++)
		if (!model_build_sub_div(s->sk->build, in->slot[i], mean[i],
			1, &centred.slot[i], err))
			return step_context(s, err);
	return read_linear_regression(s, &centred, out, err);
}

/* A generalised linear model with the logarithm as its link. */
bool
read_log_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_linear_regression(s, in, out, err) &&
	    (model_build_link(s->sk->build, LINK_EXP, out->slot, 1, out->slot,
		err) || step_context(s, err));
}

/* The logarithm is its link from a power of 1 on, unless told otherwise. */
bool
read_tweedie_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	enum { AUTO, IDENTITY, LOG };
	static const char *const words[] = {"auto", "identity", "log"};
	double power;
	size_t link;

	if (!step_word(s, "link", words, countof(words), AUTO, &link, err) ||
	    !step_number(s, "power", &power, err))
		return false;
	return link == LOG || (link == AUTO && power > 0) ?
	    read_log_regression(s, in, out, err) :
	    read_linear_regression(s, in, out, err);
}

/* The estimator that agrees with most rows predicts. */
bool
read_ransac(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	if (!step_has(s, "estimator_"))
		return step_err(s, err, ERR_MODEL,
		    "no estimator_: was the model fitted?");
	return step_read(s, STR("estimator_"), step_get(s, "estimator_"), in,
	    out, err);
}

/* One sigmoid a class, instead of a softmax over all. */
static bool
is_one_vs_rest(const struct step *s, size_t n_classes)
{
	const struct node *multi_class = step_get(s, "multi_class");
	const struct node *solver = step_get(s, "solver");

	if (node_is_text(multi_class, "ovr"))
		return true;
	if (node_is_text(multi_class, "multinomial"))
		return false;
	if (n_classes <= 2 || node_is_text(solver, "liblinear"))
		return true;
	/* Before 1.6 this solver could not do better either. */
	return node_is_text(solver, "newton-cholesky") &&
	    s->version > 0 && s->version < 1006;
}

/* One sigmoid a class, divided by their sum: since 1.9 all the same where all
 * of them are 0, and the margins still decide. */
static bool
one_against_rest(const struct step *s, const uint32_t *scores,
    const struct array *classes, struct flow *out, struct err *err)
{
	uint32_t first, n = (uint32_t)classes->count;

	if (!step_flow(s, n, out, err))
		return false;
	if (!model_build_calc(s->sk->build, CALC_SIGMOID, false, scores, NULL,
		n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		out->slot[k] = first + k;
	out->kind = FLOW_PROBABILITIES;
	out->classes = *classes;
	return sk_shares(s, out->slot, n, err) &&
	    sk_margins(s, scores, n, out, err) &&
	    sk_slots(s, scores[0], n, &out->decision, err);
}

bool
sk_logistic(const struct step *s, const struct flow *in,
    const struct array *classes, enum model_link two, enum model_link more,
    struct flow *out, struct err *err)
{
	uint32_t n = classes->count == 2 ? 1 : (uint32_t)classes->count;
	uint32_t first, *scores;

	if (!sk_linear(s, in, n, &first, err) ||
	    !sk_slots(s, first, n, &scores, err))
		return false;
	if (n > 1 && more == LINK_OVR && s->version >= 1009)
		return one_against_rest(s, scores, classes, out, err);
	return sk_probabilities(s, n == 1 ? two : more, scores, n, classes,
		out, err) &&
	    sk_margins(s, scores, n, out, err);
}

bool
read_logistic_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"auto", "ovr", "multinomial",
	    "deprecated", "warn"};
	struct array classes;
	size_t ignored;

	if (!step_word(s, "multi_class", words, countof(words), 0, &ignored,
		err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	return is_one_vs_rest(s, classes.count) ?
	    sk_logistic(s, in, &classes, LINK_SIGMOID, LINK_OVR, out, err) :
	    sk_logistic(s, in, &classes, LINK_SIGMOID2, LINK_SOFTMAX, out,
	    err);
}
