/* SPDX-License-Identifier: ISC
 *
 * What a classifier answers with: its classes, and the probabilities that a
 * link makes of what its last step has computed, or the scores that decide
 * without them.
 */
#include "import/sklearn_step.h"

bool
sk_classes(const struct step *s, uint32_t least, struct array *ret,
    struct err *err)
{
	if (!step_array(s, "classes_", ret, err))
		return false;
	if (ret->count < least || ret->count > UINT16_MAX)
		return step_err(s, err, ERR_MODEL, "has %zu classes",
		    ret->count);
	return true;
}

bool
sk_binarized_classes(const struct step *s, const char *name,
    struct array *ret, struct err *err)
{
	struct step binarizer;
	const struct node *type;

	if (!step_open(s->sk, s, str_of(name), step_get(s, name), &binarizer,
		err) ||
	    !sk_classes(&binarizer, 2, ret, err))
		return false;
	type = step_get(&binarizer, "y_type_");
	return node_is_text(type, "binary") ||
	    node_is_text(type, "multiclass") ||
	    step_err(s, err, ERR_MODEL,
		"predicts several labels, which is not supported; train one "
		"model for each");
}

bool
sk_count_classes(const struct step *s, uint32_t n, struct array *ret,
    struct err *err)
{
	int64_t *labels = ARENA_ARRAY(s->sk->mem, n, int64_t);

	if (labels == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++)
		labels[k] = k;
	*ret = (struct array){.dtype = {.type = ARRAY_INT,
	    .item_bytes = sizeof(*labels)}, .n_dims = 1, .dim = {n},
	    .count = n, .p = (const char *)labels,
	    .stride = sizeof(*labels)};
	return true;
}

bool
sk_probabilities(const struct step *s, enum model_link link,
    const uint32_t *src, uint32_t n, const struct array *classes,
    struct flow *out, struct err *err)
{
	uint32_t first;

	if (!step_flow(s, (uint32_t)classes->count, out, err))
		return false;
	if (!model_build_link(s->sk->build, link, src, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < out->n; k++)
		out->slot[k] = first + k;
	out->kind = FLOW_PROBABILITIES;
	out->classes = *classes;
	return true;
}

bool
sk_scores(const struct step *s, const uint32_t *src, uint32_t n,
    const struct array *classes, struct flow *out, struct err *err)
{
	if (!step_flow(s, (uint32_t)classes->count, out, err))
		return false;
	if (n == 1 && out->n == 2) {
		/* The second where the number is above 0. */
		if (!model_build_constant(s->sk->build, 0, &out->slot[0],
			err))
			return step_context(s, err);
		out->slot[1] = src[0];
	} else if (n != out->n) {
		return step_err(s, err, ERR_MODEL,
		    "has %u classes but %u scores", out->n, n);
	}
	for (uint32_t k = 0; k < n && n == out->n; k++)
		out->slot[k] = src[k];
	out->kind = FLOW_SCORES;
	out->classes = *classes;
	return sk_margins(s, src, n, out, err);
}

bool
sk_predicted(const struct step *s, const struct flow *in, uint32_t **ret,
    struct err *err)
{
	struct model_build *b = s->sk->build;
	const uint32_t *scores = in->decision != NULL ? in->decision :
	    in->slot;
	double *numbers = ARENA_ARRAY(s->sk->mem, in->n, double);
	uint32_t *best = ARENA_ARRAY(s->sk->mem, in->n, uint32_t), first;

	if (numbers == NULL || best == NULL)
		return step_full(s, err);
	if (!step_charge(s, in->n, err))
		return false;
	if (!model_build_fold(b, FOLD_ARGMAX, false, scores, in->n, 1, &first,
		err))
		return step_context(s, err);
	for (uint32_t k = 0; k < in->n; k++) {
		best[k] = first;
		numbers[k] = k;
	}
	if (!model_build_calc(b, CALC_EQUAL, false, best, numbers, in->n,
		&first, err))
		return step_context(s, err);
	return sk_slots(s, first, in->n, ret, err);
}

bool
sk_shares(const struct step *s, uint32_t *slots, uint32_t n, struct err *err)
{
	struct model_build *b = s->sk->build;
	uint32_t *src = ARENA_ARRAY(s->sk->mem, 2 * (size_t)n, uint32_t);
	double *same = ARENA_ARRAY(s->sk->mem, n, double);
	uint32_t sum, first;

	if (src == NULL || same == NULL)
		return step_full(s, err);
	if (!model_build_fold(b, FOLD_SUM, false, slots, n, 1, &sum, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++) {
		src[k] = slots[k];
		src[n + k] = sum;
		same[k] = 1.0 / n;
	}
	if (!model_build_calc(b, CALC_DIV, false, src, NULL, n, &first, err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++) {
		src[k] = sum;
		src[n + k] = first + k;
	}
	if (!model_build_calc(b, CALC_WHERE, false, src, same, n, &first,
		err))
		return step_context(s, err);
	for (uint32_t k = 0; k < n; k++)
		slots[k] = first + k;
	return true;
}

bool
sk_margins(const struct step *s, const uint32_t *src, uint32_t n,
    struct flow *out, struct err *err)
{
	out->margin = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	if (out->margin == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++)
		out->margin[k] = src[k];
	out->n_margins = n;
	return true;
}

bool
sk_slots(const struct step *s, uint32_t first, uint32_t n, uint32_t **ret,
    struct err *err)
{
	*ret = ARENA_ARRAY(s->sk->mem, n, uint32_t);
	if (*ret == NULL)
		return step_full(s, err);
	for (uint32_t k = 0; k < n; k++)
		(*ret)[k] = first + k;
	return true;
}
