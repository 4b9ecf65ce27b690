/* SPDX-License-Identifier: ISC
 *
 * StackingClassifier and -Regressor: what several estimators answer, and
 * perhaps the columns themselves, are the columns of the last one.
 */
#include "import/sklearn_step.h"

#include <math.h>
#include <string.h>

enum method { PREDICT_PROBA, DECISION_FUNCTION, PREDICT };
static const char *const methods[] = {"predict_proba", "decision_function",
    "predict"};

/* The columns of the last estimator, as they come. */
struct stack {
	const struct step *step;
	uint32_t n_classes; /* 0 for a regressor */
	struct flow all;
	uint32_t cap;
};

static bool
stack_add(struct stack *t, const uint32_t *slots, uint32_t n, struct err *err)
{
	const struct step *s = t->step;

	if (!step_charge(s, n, err))
		return false;
	if (n > t->cap - t->all.n) {
		struct flow larger;

		if (!step_flow(s, 2 * (t->all.n + n), &larger, err))
			return false;
		memcpy(larger.slot, t->all.slot,
		    t->all.n * sizeof(*larger.slot));
		t->cap = larger.n;
		t->all.slot = larger.slot;
	}
	memcpy(t->all.slot + t->all.n, slots, n * sizeof(*slots));
	t->all.n += n;
	return true;
}

/* The label that is predicted, as a number. */
static bool
add_label(struct stack *t, const struct flow *f, struct err *err)
{
	const struct step *s = t->step;
	double *labels = ARENA_ARRAY(s->sk->mem, f->n, double), zero = 0;
	uint32_t *votes, label;

	if (labels == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < f->n; k++)
		if (!array_number(&f->classes, k, &labels[k]) ||
		    !isfinite(labels[k]))
			return step_err(s, err, ERR_MODEL,
			    "stacks labels that are no numbers");
	if (!sk_predicted(s, f, &votes, err))
		return false;
	if (!model_build_linear(s->sk->build, votes, f->n, 1, labels, &zero,
		&label, err))
		return step_context(s, err);
	return stack_add(t, &label, 1, err);
}

static bool
add_answer(struct stack *t, const struct flow *f, enum method method,
    struct err *err)
{
	uint32_t drop = t->n_classes == 2;

	if (method == PREDICT && f->kind == FLOW_VALUE)
		return stack_add(t, f->slot, f->n, err);
	if (method == PREDICT &&
	    (f->kind == FLOW_PROBABILITIES || f->kind == FLOW_SCORES))
		return add_label(t, f, err);
	if (method == DECISION_FUNCTION && f->n_margins > 0)
		return stack_add(t, f->margin, f->n_margins, err);
	/* Of two probabilities one says it all. */
	if (method == PREDICT_PROBA && f->kind == FLOW_PROBABILITIES &&
	    f->n > drop)
		return stack_add(t, f->slot + drop, f->n - drop, err);
	return step_err(t->step, err, ERR_MODEL,
	    "an estimator does not answer to %s", methods[method]);
}

static bool
add_estimators(struct stack *t, const struct flow *in, struct err *err)
{
	const struct step *s = t->step;
	const struct node *list = step_get(s, "estimators_");
	const struct node *const *names;

	if (list == NULL || list->kind != NODE_LIST || list->n == 0)
		return step_err(s, err, ERR_MODEL,
		    "no list of estimators_: was the model fitted?");
	if (!step_list(s, "stack_method_", list->n, &names, err))
		return false;
	for (uint32_t i = 0; i < list->n; i++) {
		enum method method = PREDICT_PROBA;
		struct flow f;

		while (method < PREDICT &&
		    !node_is_text(names[i], methods[method]))
			method++;
		if (!node_is_text(names[i], methods[method]))
			return step_err(s, err, ERR_MODEL,
			    "attribute stack_method_ names a method that is "
			    "not known");
		if (!step_read(s, STR("estimators_"), list->items[i], in, &f,
			err) ||
		    !add_answer(t, &f, method, err))
			return false;
	}
	return true;
}

/* The last estimator over all of that. */
static bool
read_stack(const struct step *s, const struct flow *in, uint32_t n_classes,
    struct flow *out, struct err *err)
{
	struct stack t = {.step = s, .n_classes = n_classes, .cap = 16};
	bool passthrough;

	if (!step_flag(s, "passthrough", false, &passthrough, err) ||
	    !step_flow(s, t.cap, &t.all, err))
		return false;
	t.all.n = 0;
	if (!add_estimators(&t, in, err) ||
	    (passthrough && !stack_add(&t, in->slot, in->n, err)))
		return false;
	t.all.sparse = passthrough && in->sparse;
	return step_read(s, STR("final_estimator_"),
	    step_get(s, "final_estimator_"), &t.all, out, err);
}

bool
read_stacking_classifier(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct array classes;

	if (!sk_classes(s, 2, &classes, err) ||
	    !read_stack(s, in, (uint32_t)classes.count, out, err))
		return false;
	if ((out->kind != FLOW_PROBABILITIES && out->kind != FLOW_SCORES) ||
	    out->n != classes.count)
		return step_err(s, err, ERR_MODEL,
		    "the last estimator does not tell the classes apart");
	/* It knows them by their numbers. */
	out->classes = classes;
	return true;
}

bool
read_stacking_regressor(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	return read_stack(s, in, 0, out, err) && (out->kind == FLOW_VALUE ||
	    step_err(s, err, ERR_MODEL, "the last estimator predicts no "
		"number"));
}
