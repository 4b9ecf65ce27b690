/* SPDX-License-Identifier: ISC
 *
 * FixedThresholdClassifier and TunedThresholdClassifierCV: the answer of the
 * estimator inside, with another bound on the score of the positive class.
 * FrozenEstimator and SelfTrainingClassifier are the estimator inside.
 */
#include "import/sklearn_step.h"

#include <math.h>

bool
read_frozen(const struct step *s, const struct flow *in, struct flow *out,
    struct err *err)
{
	return (s->prepares ? step_prepare : step_read)(s, STR("estimator"),
	    step_get(s, "estimator"), in, out, err);
}

bool
read_self_training(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const char *name = step_has(s, "estimator_") ? "estimator_" :
	    "base_estimator_";

	if (!step_has(s, name))
		return step_err(s, err, ERR_MODEL,
		    "no estimator_: was the model fitted?");
	return step_read(s, str_of(name), step_get(s, name), in, out, err);
}

/* Which class `label` is; the second where there is none. */
static bool
find_positive(const struct step *s, const struct flow *f,
    const struct node *label, uint32_t *ret, struct err *err)
{
	struct value want = value_of(label, s->sk->mem);

	*ret = 1;
	if (label == NULL || want.kind == VALUE_NONE)
		return true;
	for (uint32_t k = 0; k < 2; k++) {
		struct value c = array_value(&f->classes, k, s->sk->mem);

		if (value_eq(&c, &want)) {
			*ret = k;
			return true;
		}
	}
	return step_err(s, err, ERR_MODEL,
	    "its positive label is none of the classes");
}

/* The scores' answer: at `threshold` and above it is `positive`. */
static bool
decide(const struct step *s, struct flow *f, uint32_t score,
    double threshold, uint32_t positive, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t half;

	f->decision = ARENA_ARRAY(s->sk->mem, 2, uint32_t);
	if (f->decision == NULL)
		return step_full(s, err);
	if (!model_build_calc(b, CALC_GREATER_EQUAL, false, &score,
		&threshold, 1, &f->decision[positive], err) ||
	    !model_build_constant(b, 0.5, &half, err))
		return step_context(s, err);
	f->decision[1 - positive] = half;
	if (f->kind == FLOW_SCORES) {
		f->slot = f->decision;
		f->decision = NULL;
	}
	return true;
}

/* The estimator inside, and `threshold` on its score; NaN: what separates
 * the classes without tuning. */
static bool
read_inside(const struct step *s, const struct flow *in, double threshold,
    const struct node *label, struct flow *out, struct err *err)
{
	enum { AUTO, PREDICT_PROBA, DECISION_FUNCTION };
	static const char *const words[] = {"auto", "predict_proba",
	    "decision_function"};
	const char *name = step_has(s, "estimator_") ? "estimator_" :
	    "estimator";
	uint32_t positive, score;
	size_t method;

	if (!step_word(s, "response_method", words, countof(words), AUTO,
		&method, err) ||
	    !step_read(s, str_of(name), step_get(s, name), in, out, err))
		return false;
	if ((out->kind != FLOW_PROBABILITIES && out->kind != FLOW_SCORES) ||
	    out->n != 2)
		return step_err(s, err, ERR_MODEL,
		    "the estimator inside does not tell two classes apart");
	if (method == AUTO)
		method = out->kind == FLOW_PROBABILITIES ? PREDICT_PROBA :
		    DECISION_FUNCTION;
	if ((method == PREDICT_PROBA && out->kind != FLOW_PROBABILITIES) ||
	    (method == DECISION_FUNCTION && out->n_margins != 1))
		return step_err(s, err, ERR_MODEL,
		    "the estimator inside does not answer to %s",
		    words[method]);
	if (!find_positive(s, out, label, &positive, err))
		return false;
	score = method == PREDICT_PROBA ? out->slot[positive] :
	    out->margin[0];
	if (isnan(threshold))
		threshold = method == PREDICT_PROBA ? 0.5 : 0;
	/* People are told this one, and may set it to another. */
	if (method == PREDICT_PROBA && positive == 1)
		out->threshold = threshold;
	if (method == DECISION_FUNCTION && positive == 0 &&
	    !model_build_mul_add(s->sk->build, score, -1, 0, -INFINITY,
		INFINITY, &score, err))
		return step_context(s, err);
	return decide(s, out, score, threshold, positive, err);
}

bool
read_fixed_threshold(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double threshold = NAN;

	if (!node_is_text(step_get(s, "threshold"), "auto") &&
	    !step_number(s, "threshold", &threshold, err))
		return false;
	return read_inside(s, in, threshold, step_get(s, "pos_label"), out,
	    err);
}

/* The label whose score was tuned: the one given to the measure, else that
 * of the measures of scikit-learn, 1. */
bool
read_tuned_threshold(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	const struct node *scorer = step_get(s, "_curve_scorer");
	const struct node *label = node_get(node_get(scorer, "_kwargs"),
	    "pos_label");
	struct value first;
	double threshold;

	if (!step_number(s, "best_threshold_", &threshold, err) ||
	    !read_inside(s, in, threshold, label, out, err))
		return false;
	first = array_value(&out->classes, 0, s->sk->mem);
	if (label == NULL && value_is_number(&first) && first.number == 1)
		return step_err(s, err, ERR_MODEL,
		    "does not say which class is the positive one; train with "
		    "make_scorer(..., pos_label=...)");
	return true;
}
