/* SPDX-License-Identifier: ISC
 *
 * Several labels a row: MultiOutputClassifier and ClassifierChain, whose
 * estimators each answer for one target, and the labels of an indicator
 * matrix, each of which is there (1) or not (0).
 */
#include "import/sklearn_several.h"

#include <string.h>

bool
sk_targets(const struct step *s, uint32_t n, struct flow *out,
    struct err *err)
{
	*out = (struct flow){.kind = FLOW_TARGETS, .n_targets = n};
	if (n == 0 || n > UINT16_MAX)
		return step_err(s, err, ERR_MODEL, "predicts %u targets", n);
	out->targets = ARENA_ARRAY(s->sk->mem, n, struct flow);
	return out->targets != NULL || step_full(s, err);
}

static bool
check_classifier(const struct step *s, const struct flow *f, struct err *err)
{
	return f->kind == FLOW_PROBABILITIES || f->kind == FLOW_SCORES ||
	    step_err(s, err, ERR_MODEL,
		"an estimator does not predict one label");
}

/* --- an estimator each ---------------------------------------------------- */

bool
read_multi_output_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow *f;
	uint32_t n;

	if (!sk_read_all(s, in, &f, &n, err))
		return false;
	if (n == 1) {
		*out = f[0];
		return check_classifier(s, &f[0], err);
	}
	if (!sk_targets(s, n, out, err))
		return false;
	for (uint32_t k = 0; k < n; k++) {
		if (!check_classifier(s, &f[k], err))
			return false;
		out->targets[k] = f[k];
	}
	return true;
}

/* The label that is predicted, as the number that it is. */
static bool
hand_label(const struct step *s, const struct flow *f, uint32_t *ret,
    struct err *err)
{
	double *labels = ARENA_ARRAY(s->sk->mem, f->n, double), zero = 0;
	uint32_t *said;

	if (labels == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < f->n; k++)
		if (!array_number(&f->classes, k, &labels[k]))
			return step_err(s, err, ERR_MODEL,
			    "a chain hands on a label that is no number");
	if (!sk_predicted(s, f, &said, err))
		return false;
	return model_build_linear(s->sk->build, said, f->n, 1, labels, &zero,
	    ret, err) || step_context(s, err);
}

/* What the estimators behind this one see of it. */
static bool
hand_on(const struct step *s, const struct flow *f, uint32_t *ret,
    struct err *err)
{
	enum { PREDICT, PROBABILITY, LOG_PROBABILITY, DECISION };
	static const char *const methods[] = {"predict", "predict_proba",
	    "predict_log_proba", "decision_function"};
	size_t method;

	if (!check_classifier(s, f, err) ||
	    !step_word(s, "chain_method_", methods, countof(methods), PREDICT,
		&method, err))
		return false;
	if (method == PREDICT)
		return hand_label(s, f, ret, err);
	if (f->n != 2 || (method == DECISION ? f->n_margins != 1 :
	    f->kind != FLOW_PROBABILITIES))
		return step_err(s, err, ERR_MODEL,
		    "an estimator has no %s of two classes",
		    methods[method]);
	*ret = method == DECISION ? f->margin[0] : f->slot[1];
	return method != LOG_PROBABILITY ||
	    model_build_calc(s->sk->build, CALC_LOG, false, ret, NULL, 1, ret,
		err) || step_context(s, err);
}

bool
read_classifier_chain(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct flow *f;
	uint32_t n;

	if (!sk_read_chain(s, in, hand_on, &f, &n, err) ||
	    !sk_targets(s, n, out, err))
		return false;
	memcpy(out->targets, f, n * sizeof(*f));
	if (n == 1)
		*out = f[0];
	return true;
}

/* --- an indicator matrix -------------------------------------------------- */

bool
sk_is_indicator(const struct step *s, const char *name, bool *ret,
    struct err *err)
{
	struct step binarizer;

	*ret = false;
	if (!step_open(s->sk, s, str_of(name), step_get(s, name), &binarizer,
		err))
		return false;
	*ret = node_is_text(step_get(&binarizer, "y_type_"),
	    "multilabel-indicator");
	return true;
}

struct array
sk_indicator_classes(void)
{
	static const char labels[] = {0, 1};

	return (struct array){.dtype = {.type = ARRAY_INT, .item_bytes = 1},
	    .n_dims = 1, .dim = {2}, .count = 2, .p = labels, .stride = 1};
}

bool
sk_indicator_scores(const struct step *s, const uint32_t *src, uint32_t n,
    struct flow *out, struct err *err)
{
	struct array classes = sk_indicator_classes();

	if (!sk_targets(s, n, out, err))
		return false;
	for (uint32_t k = 0; k < n; k++)
		if (!sk_scores(s, &src[k], 1, &classes, &out->targets[k],
			err))
			return false;
	return true;
}

bool
sk_indicator_decision(const struct step *s, const struct flow *from,
    uint32_t score, double above, struct flow *out, struct err *err)
{
	uint32_t *decision = ARENA_ARRAY(s->sk->mem, 2, uint32_t);

	if (decision == NULL)
		return step_full(s, err);
	if (!model_build_constant(s->sk->build, above, &decision[0], err))
		return step_context(s, err);
	decision[1] = score;
	*out = *from;
	out->classes = sk_indicator_classes();
	out->threshold = 0;
	if (out->kind == FLOW_PROBABILITIES)
		out->decision = decision;
	else
		out->slot = decision;
	return true;
}

/* The label that all of training had. */
bool
read_constant_predictor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	double *y;
	uint32_t slot;

	(void)in;
	if (!step_doubles(s, "y_", 1, &y, err) || !step_flow(s, 2, out, err))
		return false;
	for (uint32_t k = 0; k < 2; k++)
		if (!model_build_constant(s->sk->build, k == 0 ? 1 - *y : *y,
			&out->slot[k], err))
			return step_context(s, err);
	out->kind = FLOW_PROBABILITIES;
	out->classes = sk_indicator_classes();
	slot = out->slot[1];
	return sk_margins(s, &slot, 1, out, err);
}
