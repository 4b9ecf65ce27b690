/* SPDX-License-Identifier: ISC
 *
 * Linear classifiers that decide by their weighted sums: LinearSVC,
 * RidgeClassifier, Perceptron, PassiveAggressiveClassifier and SGDClassifier,
 * the last of which has probabilities where its loss gives a meaning to them.
 */
#include "import/sklearn_several.h"

#include <math.h>

static bool
decide(const struct step *s, const struct flow *in,
    const struct array *classes, struct flow *out, struct err *err)
{
	uint32_t n = classes->count == 2 ? 1 : (uint32_t)classes->count;
	uint32_t first, *scores;

	return sk_linear(s, in, n, &first, err) &&
	    sk_slots(s, first, n, &scores, err) &&
	    sk_scores(s, scores, n, classes, out, err);
}

bool
read_linear_decision(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;

	return sk_classes(s, 2, &classes, err) &&
	    decide(s, in, &classes, out, err);
}

/* These keep their classes in what turns labels into -1 and 1. */
bool
read_ridge_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes, coef;
	uint32_t n, first, *scores;
	bool columns;

	if (!sk_is_indicator(s, "_label_binarizer", &columns, err))
		return false;
	if (!columns)
		return sk_binarized_classes(s, "_label_binarizer", &classes,
		    err) && decide(s, in, &classes, out, err);
	if (!step_array(s, "coef_", &coef, err))
		return false;
	n = coef.n_dims == 2 && coef.dim[0] <= UINT16_MAX ?
	    (uint32_t)coef.dim[0] : 0;
	return sk_targets(s, n, out, err) &&
	    sk_linear(s, in, n, &first, err) &&
	    sk_slots(s, first, n, &scores, err) &&
	    sk_indicator_scores(s, scores, n, out, err);
}

/* (clip(x, -1, 1) + 1) / 2 of each margin: a share of 1 where there are more
 * than one. */
static bool
modified_huber(const struct step *s, const struct flow *in,
    const struct array *classes, struct flow *out, struct err *err)
{
	struct model_build *b = s->sk->build;
	struct flow margins;
	bool two;

	if (!decide(s, in, classes, &margins, err) ||
	    !step_flow(s, margins.n, out, err))
		return false;
	two = margins.n_margins == 1;
	for (uint32_t k = two; k < out->n; k++)
		if (!model_build_mul_add(b, margins.slot[k], 1, 0, -1, 1,
			&out->slot[k], err) ||
		    !model_build_sub_div(b, out->slot[k], -1, 2,
			&out->slot[k], err))
			return step_context(s, err);
	if (!two && !sk_shares(s, out->slot, out->n, err))
		return false;
	if (two && !model_build_mul_add(b, out->slot[1], -1, 1, -INFINITY,
		INFINITY, &out->slot[0], err))
		return step_context(s, err);
	out->kind = FLOW_PROBABILITIES;
	out->classes = *classes;
	/* Beyond -1 and 1 the probabilities are the same, the margins not. */
	out->decision = margins.slot;
	return sk_margins(s, margins.margin, margins.n_margins, out, err);
}

bool
read_sgd_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	enum { LOG, LOG_LOSS, HUBER };
	static const char *const words[] = {"log", "log_loss",
	    "modified_huber", "hinge", "squared_hinge", "perceptron",
	    "squared_error", "squared_loss", "huber", "epsilon_insensitive",
	    "squared_epsilon_insensitive"};
	struct array classes;
	size_t loss;

	if (!step_word(s, "loss", words, countof(words), countof(words),
		&loss, err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	switch (loss) {
	case LOG:
	case LOG_LOSS:
		return sk_logistic(s, in, &classes, LINK_SIGMOID, LINK_OVR,
		    out, err);
	case HUBER:
		return modified_huber(s, in, &classes, out, err);
	default:
		return decide(s, in, &classes, out, err);
	}
}
