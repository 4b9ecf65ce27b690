/* SPDX-License-Identifier: ISC
 *
 * CalibratedClassifierCV with sigmoids, for two classes: each estimator's
 * margin (where it has one, else its probability) through a sigmoid of its
 * own, then the average.
 */
#include "import/sklearn_step.h"

#include <math.h>

/* One pair of estimator and calibrator: the probability of class 1. */
static bool
read_pair(const struct step *s, const struct node *object,
    const struct flow *in, uint32_t *ret, struct err *err)
{
	struct model_build *b = s->sk->build;
	struct step pair, sigmoid;
	const struct node *estimator, *const *list;
	struct flow f;
	double slope, shift;
	uint32_t slot;

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
	if (!step_list(&pair, "calibrators", 1, &list, err) ||
	    !step_read(&pair, STR("estimator"), estimator, in, &f, err) ||
	    !step_open(s->sk, &pair, STR("calibrators"), list[0], &sigmoid,
		err))
		return false;
	if (!str_eq(str_of(sigmoid.class->name), STR("_SigmoidCalibration")))
		return step_err(&sigmoid, err, ERR_MODEL,
		    "is no sigmoid; train with method='sigmoid'");
	if (f.n_margins == 1)
		slot = f.margin[0];
	else if (f.kind == FLOW_PROBABILITIES && f.n == 2)
		slot = f.slot[1];
	else
		return step_err(&pair, err, ERR_MODEL,
		    "the estimator inside does not tell two classes apart");
	if (!step_number(&sigmoid, "a_", &slope, err) ||
	    !step_number(&sigmoid, "b_", &shift, err))
		return false;
	if (!isfinite(slope) || !isfinite(shift))
		return step_err(&sigmoid, err, ERR_MODEL,
		    "holds a number that is not finite");
	if (!model_build_mul_add(b, slot, -slope, -shift, -INFINITY, INFINITY,
		&slot, err) ||
	    !model_build_link(b, LINK_SIGMOID, &slot, 1, &slot, err))
		return step_context(s, err);
	*ret = slot + 1;
	return true;
}

bool
read_calibrated_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"sigmoid"};
	const struct node *list = step_get(s, "calibrated_classifiers_");
	struct array classes;
	uint32_t *slots;
	size_t ignored;

	if (!step_word(s, "method", words, countof(words), 0, &ignored,
		err) ||
	    !sk_classes(s, 2, &classes, err))
		return false;
	if (classes.count != 2)
		return step_err(s, err, ERR_MODEL,
		    "has %zu classes; only two are supported", classes.count);
	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of calibrated_classifiers_: was the model "
		    "fitted?");
	slots = ARENA_ARRAY(s->sk->mem, list->n, uint32_t);
	if (slots == NULL || !step_flow(s, 2, out, err))
		return step_full(s, err);
	for (uint32_t i = 0; i < list->n; i++)
		if (!read_pair(s, list->items[i], in, &slots[i], err))
			return false;
	if (!sk_average(s, slots, list->n, NULL, &out->slot[1], err))
		return false;
	if (!model_build_mul_add(s->sk->build, out->slot[1], -1, 1, -INFINITY,
		INFINITY, &out->slot[0], err))
		return step_context(s, err);
	out->kind = FLOW_PROBABILITIES;
	out->classes = classes;
	return true;
}
