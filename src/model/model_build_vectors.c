/* SPDX-License-Identifier: ISC
 *
 * Steps of support vector machines, and the sort that medians need: each over
 * numbers that are there and finite, which a step before it sees to.
 */
#include "model/model_build.h"

#include <math.h>
#include <string.h>

#include "model/model_ir.h"

/* The slots, those that may be missing or infinite behind a step that
 * refuses these. */
static bool
finite_slots(struct model_build *b, const uint32_t *src, uint32_t n,
    const uint32_t **ret, struct err *err)
{
	uint32_t *list = ARENA_ARRAY(b->mem, n, uint32_t);

	if (n == 0 || n > IMAGE_SLOTS_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a step over %u numbers", n);
	if (list == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n; i++) {
		list[i] = src[i];
		if (!ir_use(b, src[i], SLOT_NUMBER, err))
			return false;
		if (!ir_slot(b, src[i])->finite &&
		    !model_build_require(b, src[i], &list[i], err))
			return false;
	}
	*ret = list;
	return true;
}

bool
model_build_sort(struct model_build *b, const uint32_t *src, uint32_t n,
    uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_SORT, .n_src = n};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1,
	    .finite = true};

	if (!finite_slots(b, src, n, &step.list, err))
		return false;
	like.column = ir_common_column(b, step.list, n);
	return ir_add_step(b, step, 2 * n, like, dst, err);
}

bool
model_build_kernel(struct model_build *b, const uint32_t *src, uint32_t n,
    const struct build_kernel *kernel, uint32_t *dst, struct err *err)
{
	const double head[] = {kernel->gamma, kernel->coef0, kernel->degree};
	uint64_t numbers = (uint64_t)n * kernel->n_vectors;
	struct ir_step step = {.op = STEP_KERNEL, .n_src = n,
	    .calc = kernel->kind | (kernel->floats ? IMAGE_CALC_FLOATS : 0)};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};
	double *params;

	if (kernel->n_vectors == 0 || numbers > INT32_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a kernel of %u vectors", kernel->n_vectors);
	if (!finite_slots(b, src, n, &step.list, err))
		return false;
	params = ARENA_ARRAY(b->mem, countof(head) + (size_t)numbers, double);
	if (params == NULL)
		return ir_full(b, err);
	memcpy(params, head, sizeof(head));
	memcpy(params + countof(head), kernel->vectors,
	    (size_t)numbers * sizeof(*params));
	step.params = params;
	step.n_params = countof(head) + (uint32_t)numbers;
	for (uint32_t i = 0; i < step.n_params; i++)
		if (!isfinite(params[i]))
			return err_set(err, ERR_MODEL, ERR_NOWHERE,
			    "a number of a kernel is not finite");
	like.column = ir_common_column(b, step.list, n);
	return ir_add_step(b, step, kernel->n_vectors, like, dst, err);
}

bool
model_build_couple(struct model_build *b, const uint32_t *src, uint32_t k,
    uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_COUPLE, .calc = k};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1};

	if (k < 2 || k > IMAGE_COUPLE_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a coupling of %u classes", k);
	step.n_src = k * (k - 1) / 2;
	if (!finite_slots(b, src, step.n_src, &step.list, err))
		return false;
	like.column = ir_common_column(b, step.list, step.n_src);
	if (!ir_add_step(b, step, k * (k + 2), like, dst, err))
		return false;
	*dst += k * (k + 1); /* before it: room to work */
	return true;
}
