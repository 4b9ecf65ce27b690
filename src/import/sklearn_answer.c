/* SPDX-License-Identifier: ISC
 *
 * What a classifier answers with: its classes, and the probabilities that a
 * link makes of what its last step has computed.
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
