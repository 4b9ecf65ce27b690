/* SPDX-License-Identifier: ISC
 *
 * CalibratedClassifierCV: what each estimator answers (its margins where it
 * has them, else its probabilities) through calibrators of its own - a sigmoid
 * or a line of many points for each class, or one temperature for all - and
 * the average of the pairs.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* The sigmoid of -(a x + b). */
static bool
sigmoid(const struct step *s, uint32_t slot, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	double slope, shift;

	if (!step_number(s, "a_", &slope, err) ||
	    !step_number(s, "b_", &shift, err))
		return false;
	if (!isfinite(slope) || !isfinite(shift))
		return step_err(s, err, ERR_MODEL,
		    "holds a number that is not finite");
	if (!model_build_mul_add(b, slot, -slope, -shift, -INFINITY, INFINITY,
		&slot, err) ||
	    !model_build_link(b, LINK_SIGMOID, &slot, 1, ret, err))
		return step_context(s, err);
	*ret += 1;
	return true;
}

/* IsotonicRegression: lines between points, level outside of them. */
static bool
isotonic(const struct step *s, uint32_t slot, uint32_t *ret, struct err *err)
{
	struct array points;
	double *x, *y;

	if (!node_is_text(step_get(s, "out_of_bounds"), "clip"))
		return step_err(s, err, ERR_MODEL,
		    "is supported with out_of_bounds='clip' only");
	if (!step_array(s, "X_thresholds_", &points, err))
		return false;
	if (points.count == 0 || points.count > SKLEARN_ITEMS_MAX)
		return step_err(s, err, ERR_MODEL, "has %zu points",
		    points.count);
	if (!step_charge(s, points.count, err) ||
	    !step_doubles(s, "X_thresholds_", points.count, &x, err) ||
	    !step_doubles(s, "y_thresholds_", points.count, &y, err))
		return false;
	return model_build_interpolate(s->sk->build, slot, x, y,
	    (uint32_t)points.count, ret, err) || step_context(s, err);
}

static bool
calibrate(const struct step *s, const struct node *object, uint32_t slot,
    uint32_t *ret, struct err *err)
{
	struct step step;

	if (!step_open(s->sk, s, STR("calibrators"), object, &step, err))
		return false;
	if (str_eq(str_of(step.class->name), STR("_SigmoidCalibration")))
		return sigmoid(&step, slot, ret, err);
	if (str_eq(str_of(step.class->name), STR("IsotonicRegression")))
		return isotonic(&step, slot, ret, err);
	return step_err(&step, err, ERR_MODEL, "is no calibrator");
}

/* The class of all that class k of the estimator inside is. */
static bool
find_class(const struct step *s, const struct array *classes,
    const struct flow *f, uint32_t k, uint32_t *ret, struct err *err)
{
	struct value v = array_value(&f->classes, k, s->sk->mem);

	if (!step_charge(s, classes->count, err))
		return false;
	for (uint32_t i = 0; i < classes->count; i++) {
		struct value c = array_value(classes, i, s->sk->mem);

		if (value_eq(&v, &c)) {
			*ret = i;
			return true;
		}
	}
	return step_err(s, err, ERR_MODEL,
	    "the estimator inside knows a class that the others do not");
}

/* A calibrator a class; each probability's share of all of them. */
static bool
one_a_class(const struct step *s, const struct array *classes,
    const struct flow *f, struct flow *out, struct err *err)
{
	const uint32_t *src = f->n_margins > 0 ? f->margin : f->slot;
	uint32_t n = (uint32_t)classes->count;
	const struct node *const *list;
	uint32_t zero, k;

	if (n == 2) {
		if (f->n != 2)
			return step_err(s, err, ERR_MODEL,
			    "the estimator inside does not tell two classes "
			    "apart");
		if (!step_list(s, "calibrators", 1, &list, err) ||
		    !calibrate(s, list[0], f->n_margins == 1 ? src[0] : src[1],
			&out->slot[1], err))
			return false;
		return model_build_mul_add(s->sk->build, out->slot[1], -1, 1,
		    -INFINITY, INFINITY, &out->slot[0], err) ||
		    step_context(s, err);
	}
	if (f->n_margins > 0 && f->n_margins != f->n)
		return step_err(s, err, ERR_MODEL,
		    "the estimator inside tells only two classes apart");
	if (!step_list(s, "calibrators", f->n, &list, err))
		return false;
	if (!model_build_constant(s->sk->build, 0, &zero, err))
		return step_context(s, err);
	for (uint32_t i = 0; i < n; i++)
		out->slot[i] = zero;
	for (uint32_t i = 0; i < f->n; i++)
		if (!find_class(s, classes, f, i, &k, err) ||
		    !calibrate(s, list[i], src[i], &out->slot[k], err))
			return false;
	return sk_shares(s, out->slot, n, err);
}

/* One number that all margins are multiplied by, before a softmax. */
static bool
temperature(const struct step *s, const struct array *classes,
    const struct flow *f, struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t n = (uint32_t)classes->count, first;
	const struct node *const *list;
	struct flow logits;
	struct step step;
	double beta;
	bool ok = true;

	if (!step_list(s, "calibrators", 1, &list, err) ||
	    !step_open(s->sk, s, STR("calibrators"), list[0], &step, err) ||
	    !step_number(&step, "beta_", &beta, err))
		return false;
	if (f->n != n || !isfinite(beta) ||
	    (f->n_margins > 0 && f->n_margins != (n == 2 ? 1 : n)))
		return step_err(s, err, ERR_MODEL,
		    "the estimator inside does not know all classes");
	if (!step_flow(s, n, &logits, err))
		return false;
	for (uint32_t k = 0; ok && k < n; k++) {
		uint32_t *to = &logits.slot[k];

		if (f->n_margins == 1) {
			ok = model_build_mul_add(b, f->margin[0],
			    k == 0 ? -1 : 1, 0, -INFINITY, INFINITY, to, err);
		} else if (f->n_margins > 0) {
			*to = f->margin[k];
		} else {
			ok = model_build_mul_add(b, f->slot[k], 1, 1e-12,
			    -INFINITY, INFINITY, to, err) &&
			    model_build_calc(b, CALC_LOG, false, to, NULL, 1,
				to, err);
		}
		ok = ok && model_build_mul_add(b, *to, beta, 0, -INFINITY,
		    INFINITY, to, err);
	}
	if (!ok || !model_build_link(b, LINK_SOFTMAX, logits.slot, n, &first,
		err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		out->slot[k] = first + k;
	return true;
}

/* One pair of estimator and calibrators: a probability a class. */
static bool
read_pair(const struct step *s, const struct node *object,
    const struct flow *in, const struct array *classes, struct flow *out,
    struct err *err)
{
	const struct node *estimator;
	struct step pair;
	struct flow f;

	if (!step_open(s->sk, s, STR("calibrated_classifiers_"), object,
		&pair, err))
		return false;
	if (!str_eq(str_of(pair.class->name), STR("_CalibratedClassifier")))
		return step_err(&pair, err, ERR_MODEL,
		    "is no calibrated estimator");
	/* It got its second name in 1.2. */
	estimator = step_get(&pair, "estimator");
	if (estimator == NULL)
		estimator = step_get(&pair, "base_estimator");
	if (!step_read(&pair, STR("estimator"), estimator, in, &f, err))
		return false;
	if (f.kind != FLOW_PROBABILITIES &&
	    (f.kind != FLOW_SCORES || f.n_margins == 0))
		return step_err(&pair, err, ERR_MODEL,
		    "the estimator inside has neither margins nor "
		    "probabilities");
	if (!step_flow(s, (uint32_t)classes->count, out, err))
		return false;
	return node_is_text(step_get(s, "method"), "temperature") ?
	    temperature(&pair, classes, &f, out, err) :
	    one_a_class(&pair, classes, &f, out, err);
}

bool
read_calibrated_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"sigmoid", "isotonic",
	    "temperature"};
	const struct node *list = step_get(s, "calibrated_classifiers_");
	struct array classes;
	struct flow *pairs;
	uint32_t *slots;
	size_t ignored;

	if (!step_word(s, "method", words, countof(words), 0, &ignored,
		err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of calibrated_classifiers_: was the model "
		    "fitted?");
	slots = ARENA_ARRAY(s->sk->mem, list->n, uint32_t);
	pairs = ARENA_ARRAY(s->sk->mem, list->n, struct flow);
	if (slots == NULL || pairs == NULL)
		return step_full(s, err);
	if (!step_flow(s, (uint32_t)classes.count, out, err))
		return false;
	for (uint32_t i = 0; i < list->n; i++)
		if (!read_pair(s, list->items[i], in, &classes, &pairs[i],
			err))
			return false;
	for (uint32_t k = 0; k < out->n; k++) {
		for (uint32_t i = 0; i < list->n; i++)
			slots[i] = pairs[i].slot[k];
		if (!step_charge(s, list->n, err) ||
		    !sk_average(s, slots, list->n, NULL, &out->slot[k], err))
			return false;
	}
	out->kind = FLOW_PROBABILITIES;
	out->classes = classes;
	return true;
}
