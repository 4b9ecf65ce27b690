/* SPDX-License-Identifier: ISC
 *
 * Categories: numbers, hashes and bins to codes, and codes to numbers. Of a
 * table or a map every entry has been looked at.
 */
#include "model/model_build.h"

#include <math.h>
#include <stdlib.h>

#include "model/model_ir.h"

struct value {
	double value;
	int32_t index;
};

static int
compare_values(const void *a, const void *b)
{
	double x = ((const struct value *)a)->value;
	double y = ((const struct value *)b)->value;

	return (x > y) - (x < y);
}

/* A lookup in a slot whose kind has been seen to. */
static bool
add_lookup(struct model_build *b, uint32_t src, const double *values,
    uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_slot like = {.kind = SLOT_TEXT, .dict = -1, .codes = n};
	struct ir_step step = {.op = STEP_LOOKUP, .src = src, .n_src = 1,
	    .n_params = n, .n_map = n};
	struct value *sorted;
	double *params;
	int32_t *map;

	if (n > INT32_MAX)
		return ir_full(b, err);
	sorted = ARENA_ARRAY(b->mem, n, struct value);
	params = ARENA_ARRAY(b->mem, n, double);
	map = ARENA_ARRAY(b->mem, n, int32_t);
	if (sorted == NULL || params == NULL || map == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n; i++) {
		if (isnan(values[i]))
			return ir_not_finite(err, "a category");
		sorted[i] = (struct value){values[i], (int32_t)i};
	}
	qsort(sorted, n, sizeof(*sorted), compare_values);
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0 && sorted[i - 1].value == sorted[i].value)
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the category %g stands twice in one encoder",
			    sorted[i].value);
		params[i] = sorted[i].value;
		map[i] = sorted[i].index;
	}
	step.params = params;
	step.map = map;
	like.column = ir_slot(b, src)->column;
	return ir_add_step(b, step, 1, like, dst, err);
}

bool
model_build_lookup(struct model_build *b, uint32_t src, const double *values,
    uint32_t n, uint32_t *dst, struct err *err)
{
	return ir_use(b, src, SLOT_NUMBER, err) &&
	    add_lookup(b, src, values, n, dst, err);
}

bool
model_build_hashed(struct model_build *b, uint32_t column,
    const uint32_t *hashes, uint32_t n, uint32_t *dst, struct err *err)
{
	double *values = ARENA_ARRAY(b->mem, n, double);

	if (values == NULL)
		return ir_full(b, err);
	if (column >= b->columns.n)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "categories by hash of what is no column");
	if (!ir_use(b, column, SLOT_TEXT, err))
		return false;
	if (ir_column(b, column)->categories.texts.n > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "column \"%.*s\" is used as hashes and as text",
		    STR_ARG(model_build_input_name(b, column)));
	ir_column(b, column)->hashed = true;
	for (uint32_t i = 0; i < n; i++)
		values[i] = hashes[i];
	return add_lookup(b, column, values, n, dst, err);
}

bool
model_build_bins(struct model_build *b, uint32_t src, const double *cuts,
    uint32_t n, uint32_t *dst, struct err *err)
{
	struct ir_slot like = {.kind = SLOT_TEXT, .dict = -1, .codes = n + 1};

	if (!ir_use(b, src, SLOT_NUMBER, err))
		return false;
	if (n >= INT32_MAX)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n; i++)
		if (isnan(cuts[i]) || (i > 0 && cuts[i - 1] > cuts[i]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "the edges of bins do not ascend");
	like.column = ir_slot(b, src)->column;
	return ir_add_from(b, STEP_BINS, src, cuts, n, like, dst, err);
}

bool
model_build_table(struct model_build *b, uint32_t src, const double *table,
    uint32_t n, uint32_t *dst, struct err *err)
{
	if (!ir_use(b, src, SLOT_TEXT, err))
		return false;
	if (n < TABLE_CODES)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a table of codes has only %u entries", n);
	for (uint32_t i = 0; i < n; i++)
		if (table[i] == -INFINITY)
			return ir_not_finite(err, "a code");
	return ir_add_from(b, STEP_TABLE, src, table, n,
	    ir_number_from(b, src), dst, err);
}

bool
model_build_onehot(struct model_build *b, uint32_t src, const int32_t *map,
    uint32_t n, uint32_t width, uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_ONEHOT, .src = src, .n_src = 1,
	    .n_map = n};
	struct ir_slot like;

	if (!ir_use(b, src, SLOT_TEXT, err))
		return false;
	if (n < TABLE_CODES)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a one-hot encoder has only %u entries", n);
	for (uint32_t i = 0; i < n; i++)
		if (map[i] < ONEHOT_REFUSE ||
		    (map[i] >= 0 && (uint32_t)map[i] >= width))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "a one-hot encoder sets feature %d of %u", map[i],
			    width);
	like = ir_number_from(b, src);
	like.finite = true;
	return ir_copy(b, map, n, sizeof(*map), &step.map, err) &&
	    ir_add_step(b, step, width, like, dst, err);
}
