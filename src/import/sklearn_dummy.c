/* SPDX-License-Identifier: ISC
 *
 * DummyClassifier and DummyRegressor, who answer the same to every row: as a
 * model of their own, and as the first guess of boosting.
 */
#include "import/sklearn_step.h"

/* The class that is always predicted, of those with these shares. */
static bool
find_constant(const struct step *s, const double *p, bool most_frequent,
    const struct array *classes, uint32_t *ret, struct err *err)
{
	struct value constant;
	uint32_t best = 0;

	if (most_frequent) {
		for (uint32_t k = 1; k < classes->count; k++)
			if (p[k] > p[best])
				best = k;
		*ret = best;
		return true;
	}
	constant = value_of(step_get(s, "constant"), s->sk->mem);
	for (; best < classes->count; best++) {
		struct value c = array_value(classes, best, s->sk->mem);

		if (value_eq(&c, &constant))
			break;
	}
	*ret = best;
	return best < classes->count || step_err(s, err, ERR_MODEL,
	    "its constant is none of the classes");
}

bool
sk_dummy_probabilities(const struct step *s, const struct array *classes,
    double **ret, struct err *err)
{
	enum { PRIOR, MOST_FREQUENT, CONSTANT };
	static const char *const words[] = {"prior", "most_frequent",
	    "constant"};
	size_t strategy;
	uint32_t best;
	double *p;

	if (!step_word(s, "strategy", words, countof(words), PRIOR, &strategy,
		err) ||
	    !step_doubles(s, "class_prior_", classes->count, &p, err))
		return false;
	if (strategy != PRIOR) {
		if (!find_constant(s, p, strategy == MOST_FREQUENT, classes,
			&best, err))
			return false;
		for (uint32_t k = 0; k < classes->count; k++)
			p[k] = k == best;
	}
	*ret = p;
	return true;
}

/* n numbers that are always the same. */
static bool
constants(const struct step *s, const double *values, struct flow *out,
    struct err *err)
{
	for (uint32_t k = 0; k < out->n; k++)
		if (!model_build_constant(s->sk->build, values[k],
			&out->slot[k], err))
			return step_context(s, err);
	return true;
}

bool
read_dummy_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;
	double *p, n;

	(void)in;
	if (value_number(step_get(s, "n_outputs_"), &n) && n != 1)
		return step_err(s, err, ERR_MODEL,
		    "predicts several labels, which is not supported; train "
		    "one model for each");
	if (!sk_classes(s, 1, &classes, err) ||
	    !sk_dummy_probabilities(s, &classes, &p, err) ||
	    !step_flow(s, (uint32_t)classes.count, out, err) ||
	    !constants(s, p, out, err))
		return false;
	out->kind = FLOW_PROBABILITIES;
	out->classes = classes;
	return true;
}

bool
read_dummy_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array a;
	double *values;

	(void)in;
	if (!step_array(s, "constant_", &a, err))
		return false;
	if (a.count == 0 || a.count > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_MODEL,
		    "attribute constant_ has %zu numbers", a.count);
	if (!step_charge(s, a.count, err) ||
	    !step_doubles(s, "constant_", a.count, &values, err) ||
	    !step_flow(s, (uint32_t)a.count, out, err) ||
	    !constants(s, values, out, err))
		return false;
	out->kind = FLOW_VALUE;
	return true;
}
