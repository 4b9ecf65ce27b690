/* SPDX-License-Identifier: ISC
 *
 * What the files that fill a build stand on: copies in its arena, the kind of
 * a slot, which its first use decides, and steps. A step makes slots behind
 * all that there are, so the program is in single assignment.
 */
#include "model/model_ir.h"

#include <string.h>

bool
ir_full(const struct model_build *b, struct err *err)
{
	return arena_err(b->mem, "the model", err);
}

bool
ir_copy(struct model_build *b, const void *p, size_t count, size_t size,
    void *ret, struct err *err)
{
	void *copy = arena_array(b->mem, count, size);

	if (copy == NULL)
		return ir_full(b, err);
	if (count > 0)
		memcpy(copy, p, count * size);
	memcpy(ret, &copy, sizeof(copy));
	return true;
}

bool
ir_text(struct model_build *b, const char *what, struct str s,
    struct str *ret, struct err *err)
{
	size_t bad;

	if (!str_is_utf8(s, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is not UTF-8 at its byte %zu", what, bad);
	*ret = arena_str(b->mem, s);
	return ret->p != NULL || ir_full(b, err);
}

bool
ir_not_finite(struct err *err, const char *what)
{
	return err_set(err, ERR_MODEL, ERR_NOWHERE, "%s is not a finite number",
	    what);
}

bool
ir_use(struct model_build *b, uint32_t slot, enum slot_kind kind,
    struct err *err)
{
	struct ir_slot *s;

	if (slot >= b->slots.n)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a step reads slot %u of %u", slot, b->slots.n);
	s = ir_slot(b, slot);
	if (slot < b->columns.n)
		ir_column(b, slot)->used = true;
	if (kind == SLOT_UNDECIDED || s->kind == kind)
		return true;
	if (s->kind == SLOT_UNDECIDED) {
		s->kind = kind;
		return true;
	}
	if (s->column < 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a step takes slot %u as %s", slot,
		    kind == SLOT_TEXT ? "text" : "a number");
	return err_set(err, ERR_MODEL, ERR_NOWHERE,
	    "column \"%.*s\" is used as text and as a number",
	    STR_ARG(model_build_input_name(b, (uint32_t)s->column)));
}

bool
ir_use_all(struct model_build *b, const uint32_t *src, uint32_t n,
    struct err *err)
{
	for (uint32_t i = 0; i < n; i++)
		if (!ir_use(b, src[i], SLOT_NUMBER, err))
			return false;
	return true;
}

bool
ir_add_step(struct model_build *b, struct ir_step step, uint32_t width,
    struct ir_slot like, uint32_t *dst, struct err *err)
{
	struct ir_step *at;
	struct ir_slot *slots;

	if (width > IMAGE_SLOTS_MAX - b->slots.n)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the model has more than %u intermediate values",
		    IMAGE_SLOTS_MAX);
	step.dst = b->slots.n;
	step.width = width;
	at = ir_grow(b->mem, &b->steps, 1, sizeof(*at));
	slots = ir_grow(b->mem, &b->slots, width, sizeof(*slots));
	if (at == NULL || slots == NULL)
		return ir_full(b, err);
	*at = step;
	for (uint32_t i = 0; i < width; i++)
		slots[i] = like;
	*dst = step.dst;
	return true;
}

int32_t
ir_common_column(const struct model_build *b, const uint32_t *src, uint32_t n)
{
	int32_t column = n > 0 ? ir_slot(b, src[0])->column : -1;

	for (uint32_t i = 1; i < n; i++)
		if (ir_slot(b, src[i])->column != column)
			return -1;
	return column;
}

struct ir_slot
ir_number_from(const struct model_build *b, uint32_t src)
{
	return (struct ir_slot){.kind = SLOT_NUMBER,
	    .column = ir_slot(b, src)->column, .dict = -1};
}

bool
ir_add_from(struct model_build *b, enum step_op op, uint32_t src,
    const double *params, uint32_t n_params, struct ir_slot like,
    uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = op, .src = src, .n_src = 1,
	    .n_params = n_params};

	return ir_copy(b, params, n_params, sizeof(*params), &step.params,
	    err) && ir_add_step(b, step, 1, like, dst, err);
}
