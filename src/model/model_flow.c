/* SPDX-License-Identifier: ISC
 *
 * What follows from the steps without running them: whether a missing value
 * in a column comes through. One pass backwards, since every step stands
 * behind what it reads.
 */
#include "model/model_ir.h"

#include <math.h>

static bool
same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* An encoder takes a missing value where it has a place of its own for it;
 * one that it would merely treat as unknown is better refused. NaN out of a
 * table is still missing, and for the next step to judge. */
/* A missing value is taken where training had some, or where it becomes what
 * nothing unknown does. */
static bool
table_takes(const struct model_build *b, const struct ir_step *s, bool next)
{
	double missing = s->params[TABLE_MISSING];

	if (isnan(missing))
		return next;
	return missing != TABLE_REFUSE &&
	    (ir_slot(b, s->src)->missing_seen ||
	    !same_number(missing, s->params[TABLE_UNKNOWN]));
}

static bool
onehot_takes(const struct model_build *b, const struct ir_step *s)
{
	int32_t missing = s->map[TABLE_MISSING];

	return missing != ONEHOT_REFUSE &&
	    (ir_slot(b, s->src)->missing_seen ||
	    missing != s->map[TABLE_UNKNOWN]);
}

static void
refuse_all(bool *slots, const struct ir_step *s)
{
	for (uint32_t i = 0; i < s->n_src; i++)
		slots[s->list[i]] = false;
}

/* Asking whether a value is missing takes it; what compares it otherwise
 * would quietly call it false. The rest hands it on. */
static void
flow_calc(bool *slots, const struct ir_step *s)
{
	enum model_calc calc = s->calc & ~IMAGE_CALC_FLOATS;

	for (uint32_t i = 0; i < s->n_src; i++) {
		bool next = slots[s->dst + i % s->width];

		if (calc == CALC_IS_NAN || calc == CALC_EQUAL)
			continue;
		if (calc == CALC_WHERE && i < s->width)
			continue;
		slots[s->list[i]] &= next && (calc < CALC_LESS ||
		    calc > CALC_XOR);
	}
}

static void
flow_fold(bool *slots, const struct ir_step *s)
{
	enum model_fold fold = s->calc & ~IMAGE_CALC_FLOATS;
	uint32_t n = s->n_src / s->width;

	for (uint32_t i = 0; i < s->n_src; i++)
		slots[s->list[i]] &= slots[s->dst + i / n] &&
		    fold < FOLD_GREATEST;
}

bool
ir_flow(struct model_build *b, const bool **takes, struct err *err)
{
	bool *slots;

	if (b->flow != NULL && b->flow_steps == b->steps.n &&
	    b->flow_output == b->has_output) {
		*takes = b->flow;
		return true;
	}
	slots = ARENA_ARRAY(b->mem, b->slots.n, bool);
	if (slots == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < b->slots.n; i++)
		slots[i] = true;
	for (uint32_t i = 0; i < b->outputs.n; i++)
		slots[((const uint32_t *)b->outputs.p)[i]] = false;
	for (uint32_t i = b->steps.n; i-- > 0;) {
		const struct ir_step *s = ir_step(b, i);
		bool next = s->width == 0 || slots[s->dst];

		switch (s->op) {
		case STEP_IMPUTE:
			slots[s->src] &= !isnan(s->params[0]) || next;
			break;
		case STEP_MISSING_IF:
		case STEP_MISSING_NEAR:
		case STEP_SUB_DIV:
		case STEP_MUL_ADD:
		case STEP_LOOKUP:
		case STEP_INTERPOLATE:
		case STEP_BINS:
			slots[s->src] &= next;
			break;
		case STEP_REQUIRE:
			slots[s->src] = false;
			break;
		case STEP_TABLE:
			slots[s->src] &= table_takes(b, s, next);
			break;
		case STEP_ONEHOT:
			slots[s->src] &= onehot_takes(b, s);
			break;
		case STEP_FOREST:
			if (!s->forest->head.takes_nan)
				refuse_all(slots, s);
			break;
		case STEP_LINEAR:
		case STEP_LINEAR_FMA:
		case STEP_LINK:
		case STEP_MEDIAN:
		case STEP_SORT:
		case STEP_KERNEL:
		case STEP_COUPLE:
			refuse_all(slots, s);
			break;
		case STEP_CALC:
			flow_calc(slots, s);
			break;
		case STEP_FOLD:
			flow_fold(slots, s);
			break;
		case STEP_INDICATOR:
		case STEP_CONSTANT:
		case STEP_LINEAR_F32:
		case STEP_LEAVES:
		case STEP_COUNT:
			break;
		}
	}
	b->flow_steps = b->steps.n;
	b->flow_output = b->has_output;
	*takes = b->flow = slots;
	return true;
}
