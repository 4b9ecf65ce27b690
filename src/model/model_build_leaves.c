/* SPDX-License-Identifier: ISC
 *
 * Leaves that are linear functions, as boosting libraries have them where they
 * boost no constants.
 */
#include "model/model_build.h"

#include <math.h>

#include "model/model_ir.h"

/* What the leaves have in all; false beyond what an image holds. */
static bool
count_leaves(const struct build_leaf *leaves, uint32_t n_leaves, uint32_t n,
    uint32_t *terms, struct err *err)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < n_leaves; i++) {
		sum += leaves[i].n;
		if (sum > INT32_MAX / 4 || n_leaves > INT32_MAX / 4)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "the leaves have too many coefficients");
		if (!isfinite(leaves[i].constant) ||
		    !isfinite(leaves[i].otherwise))
			return ir_not_finite(err, "a coefficient");
		for (uint32_t k = 0; k < leaves[i].n; k++) {
			if (leaves[i].feature[k] >= n)
				return err_set(err, ERR_MODEL, ERR_NOWHERE,
				    "a leaf reads a feature that is not "
				    "there");
			if (!isfinite(leaves[i].coef[k]))
				return ir_not_finite(err, "a coefficient");
		}
	}
	*terms = (uint32_t)sum;
	return true;
}

bool
model_build_leaves(struct model_build *b, const uint32_t *trees,
    uint32_t n_trees, const uint32_t *src, uint32_t n,
    const struct build_leaf *leaves, uint32_t n_leaves, uint32_t n_out,
    uint32_t *dst, struct err *err)
{
	struct ir_step step = {.op = STEP_LEAVES};
	struct ir_slot like = {.kind = SLOT_NUMBER, .dict = -1, .column = -1};
	uint32_t terms = 0, at = 0, *list;
	double *params;
	int32_t *map;

	if (!ir_use_all(b, trees, n_trees, err) ||
	    !ir_use_all(b, src, n, err) ||
	    !count_leaves(leaves, n_leaves, n, &terms, err))
		return false;
	if (n_leaves == 0 || n_out == 0 || n_trees > INT32_MAX)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "trees without leaves");
	list = ARENA_ARRAY(b->mem, (size_t)n_trees + n, uint32_t);
	map = ARENA_ARRAY(b->mem, 1 + (size_t)n_leaves + terms, int32_t);
	params = ARENA_ARRAY(b->mem, terms + 2 * (size_t)n_leaves, double);
	if (list == NULL || map == NULL || params == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < n_trees; i++)
		list[i] = trees[i];
	for (uint32_t i = 0; i < n; i++)
		list[n_trees + i] = src[i];
	map[0] = (int32_t)n_trees;
	for (uint32_t i = 0; i < n_leaves; i++) {
		const struct build_leaf *leaf = &leaves[i];

		for (uint32_t k = 0; k < leaf->n; k++, at++) {
			map[1 + n_leaves + at] = (int32_t)leaf->feature[k];
			params[at] = leaf->coef[k];
		}
		map[1 + i] = (int32_t)at;
		params[terms + 2 * (size_t)i] = leaf->constant;
		params[terms + 2 * (size_t)i + 1] = leaf->otherwise;
	}
	step.list = list;
	step.n_src = n_trees + n;
	step.map = map;
	step.n_map = 1 + n_leaves + terms;
	step.params = params;
	step.n_params = terms + 2 * n_leaves;
	return ir_add_step(b, step, n_out, like, dst, err);
}
