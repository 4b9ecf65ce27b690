/* SPDX-License-Identifier: ISC
 *
 * Models that are weighted sums: LogisticRegression and SGDClassifier, and
 * the regressions that differ only in how training found the weights.
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

bool
read_linear_regression(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array coef;

	if (!step_array(s, "coef_", &coef, err) ||
	    !step_flow(s, 1, out, err))
		return false;
	if (coef.n_dims > 2 || (coef.n_dims == 2 && coef.dim[0] != 1))
		return step_err(s, err, ERR_MODEL,
		    "predicts several values, which is not supported; train "
		    "one model for each");
	out->kind = FLOW_VALUE;
	return sk_linear(s, in, 1, out->slot, err);
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

/* The classes, with probabilities out of one margin each. */
static bool
classifier(const struct step *s, const struct flow *in,
    const struct array *classes, bool one_vs_rest, struct flow *out,
    struct err *err)
{
	uint32_t n = classes->count == 2 ? 1 : (uint32_t)classes->count;
	uint32_t first, *scores;
	enum model_link link;

	if (one_vs_rest)
		link = n == 1 ? LINK_SIGMOID : LINK_OVR;
	else
		link = n == 1 ? LINK_SIGMOID2 : LINK_SOFTMAX;
	return sk_linear(s, in, n, &first, err) &&
	    sk_slots(s, first, n, &scores, err) &&
	    sk_probabilities(s, link, scores, n, classes, out, err) &&
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

	return step_word(s, "multi_class", words, countof(words), 0, &ignored,
	    err) &&
	    sk_classes(s, 2, &classes, err) &&
	    classifier(s, in, &classes, is_one_vs_rest(s, classes.count),
	    out, err);
}

bool
read_sgd_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *loss = step_get(s, "loss");
	struct array classes;
	char what[80];

	/* The other losses have no probabilities, or of another form. */
	if (!node_is_text(loss, "log_loss") && !node_is_text(loss, "log"))
		return step_err(s, err, ERR_MODEL,
		    "loss=%s is not supported; train with loss='log_loss', "
		    "which gives probabilities",
		    node_describe(loss, what, sizeof(what)));
	return sk_classes(s, 2, &classes, err) &&
	    classifier(s, in, &classes, true, out, err);
}
