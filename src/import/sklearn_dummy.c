/* SPDX-License-Identifier: ISC
 *
 * DummyClassifier and DummyRegressor, who answer the same to every row: as a
 * model of their own, and as the first guess of boosting.
 */
#include "import/sklearn_several.h"

/* Which of the classes is always predicted: the most frequent, of those with
 * these shares, or a given one. */
static bool
find_constant(const struct step *s, const double *p,
    const struct value *given, const struct array *classes, uint32_t *ret,
    struct err *err)
{
	uint32_t best = 0;

	if (given == NULL) {
		for (uint32_t k = 1; k < classes->count; k++)
			if (p[k] > p[best])
				best = k;
		*ret = best;
		return true;
	}
	for (; best < classes->count; best++) {
		struct value c = array_value(classes, best, s->sk->mem);

		if (value_eq(&c, given))
			break;
	}
	*ret = best;
	return best < classes->count || step_err(s, err, ERR_MODEL,
	    "its constant is none of the classes");
}

/* What the strategy makes of the shares p that the classes had. */
static bool
answer(const struct step *s, const struct array *classes,
    struct value constant, double *p, struct err *err)
{
	enum { PRIOR, MOST_FREQUENT, CONSTANT };
	static const char *const words[] = {"prior", "most_frequent",
	    "constant"};
	size_t strategy;
	uint32_t best;

	if (!step_word(s, "strategy", words, countof(words), PRIOR, &strategy,
		err))
		return false;
	if (strategy == PRIOR)
		return true;
	if (!find_constant(s, p, strategy == CONSTANT ? &constant : NULL,
		classes, &best, err))
		return false;
	for (uint32_t k = 0; k < classes->count; k++)
		p[k] = k == best;
	return true;
}

bool
sk_dummy_probabilities(const struct step *s, const struct array *classes,
    double **ret, struct err *err)
{
	return step_doubles(s, "class_prior_", classes->count, ret, err) &&
	    answer(s, classes, value_of(step_get(s, "constant"), s->sk->mem),
		*ret, err);
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

/* Of one target: the same to every row. */
static bool
tell(const struct step *s, const struct array *classes, const double *p,
    struct flow *out, struct err *err)
{
	if (!step_flow(s, (uint32_t)classes->count, out, err) ||
	    !constants(s, p, out, err))
		return false;
	out->kind = FLOW_PROBABILITIES;
	out->classes = *classes;
	return true;
}

/* Target t of several, whose classes and shares are items of lists. */
static bool
read_target(const struct step *s, const struct node *labels,
    const struct node *shares, const struct value *constant, struct flow *out,
    struct err *err)
{
	struct array classes, prior;
	double *p;

	if (!array_view(labels, &classes, err) ||
	    !array_view(shares, &prior, err)) {
		err_context(err, "attributes classes_ and class_prior_");
		return step_context(s, err);
	}
	if (classes.count == 0 || classes.count > UINT16_MAX ||
	    prior.count != classes.count)
		return step_err(s, err, ERR_MODEL, "has %zu classes and %zu "
		    "shares of them", classes.count, prior.count);
	if (!step_charge(s, classes.count, err))
		return false;
	p = array_doubles(&prior, s->sk->mem);
	if (p == NULL)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL,
			"attribute class_prior_ holds something else than "
			"numbers");
	return answer(s, &classes, *constant, p, err) &&
	    tell(s, &classes, p, out, err);
}

static bool
read_dummy_targets(const struct step *s, uint32_t n, struct flow *out,
    struct err *err)
{
	const struct node *const *labels, *const *shares;
	const struct node *given = step_get(s, "constant");
	struct array constant = {0};
	bool listed = given != NULL && (given->kind == NODE_LIST ||
	    given->kind == NODE_TUPLE);

	if (!sk_targets(s, n, out, err) ||
	    !step_list(s, "classes_", n, &labels, err) ||
	    !step_list(s, "class_prior_", n, &shares, err))
		return false;
	if (listed)
		constant.count = given->n;
	else if (step_has(s, "constant") &&
	    !step_array(s, "constant", &constant, err))
		return false;
	if (step_has(s, "constant") && constant.count != n)
		return step_err(s, err, ERR_MODEL,
		    "has %zu constants for %u targets", constant.count, n);
	for (uint32_t t = 0; t < n; t++) {
		struct value v = constant.count > 0 && !listed ?
		    array_value(&constant, t, s->sk->mem) :
		    value_of(listed ? given->items[t] : NULL, s->sk->mem);

		if (!read_target(s, labels[t], shares[t], &v,
			&out->targets[t], err))
			return false;
	}
	return true;
}

bool
read_dummy_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;
	double *p, n = 1;

	(void)in;
	if (step_has(s, "n_outputs_") &&
	    !step_number(s, "n_outputs_", &n, err))
		return false;
	if (!(n >= 1 && n <= UINT16_MAX))
		return step_err(s, err, ERR_MODEL, "predicts %g labels", n);
	if (n > 1)
		return read_dummy_targets(s, (uint32_t)n, out, err);
	return sk_classes(s, 1, &classes, err) &&
	    sk_dummy_probabilities(s, &classes, &p, err) &&
	    tell(s, &classes, p, out, err);
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
