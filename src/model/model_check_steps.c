/* SPDX-License-Identifier: ISC
 *
 * The proof that a model's program is one: steps read slots made before them,
 * make the next ones, and have parameters they can work with.
 */
#include "model/model_check.h"

#include <math.h>

bool
check_is_finite(double v)
{
	return isfinite(v);
}

bool
check_list(struct check *c, const void *where, uint32_t first, uint32_t n,
    uint32_t slots)
{
	const uint32_t *list = c->m->lists + first;

	if (!check_take(c, where, SECTION_lists, first, n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (list[i] >= slots)
			return check_bad(c, &list[i],
			    "a step that reads a slot not made yet");
	return true;
}

bool
check_params(struct check *c, const void *where, uint32_t first, uint64_t n,
    bool (*fits)(double))
{
	const double *params = c->m->params + first;

	if (!check_take(c, where, SECTION_params, first, n))
		return false;
	for (uint64_t i = 0; i < n; i++)
		if (!fits(params[i]))
			return check_bad(c, &params[i],
			    "a number its step cannot have");
	return true;
}

static bool
is_not_infinite(double v)
{
	return !isinf(v);
}

static bool
is_not_nan(double v)
{
	return !isnan(v);
}

static bool
is_any(double v)
{
	(void)v;
	return true;
}

static bool
is_table_entry(double v)
{
	return v != -INFINITY;
}

static bool
check_lookup(struct check *c, const struct image_step *s)
{
	const struct model *m = c->m;
	if (!check_take(c, s, SECTION_maps, s->extra, s->count))
		return false;
	for (uint32_t i = 0; i < s->count; i++) {
		const int32_t *code = &m->maps[s->extra + i];

		if (*code < 0 || (uint32_t)*code >= s->count)
			return check_bad(c, code,
			    "a lookup of a code that is not there");
		if (i > 0 && m->params[s->at + i - 1] >= m->params[s->at + i])
			return check_bad(c, &m->params[s->at + i],
			    "a lookup that does not ascend");
	}
	return true;
}

static bool
check_onehot(struct check *c, const struct image_step *s)
{
	const struct model *m = c->m;
	if (s->count < TABLE_CODES)
		return check_bad(c, s, "a map too short");
	if (!check_take(c, s, SECTION_maps, s->at, s->count))
		return false;
	for (uint32_t i = 0; i < s->count; i++) {
		int32_t to = m->maps[s->at + i];

		if (to < ONEHOT_REFUSE ||
		    (to >= 0 && (uint32_t)to >= s->width))
			return check_bad(c, &m->maps[s->at + i],
			    "a one-hot encoder beyond its features");
	}
	return true;
}

static bool
check_linear(struct check *c, const struct image_step *s)
{
	uint64_t n = ((uint64_t)s->n_src + 1) * s->width;

	return check_params(c, s, s->at, n, check_is_finite) &&
	    check_list(c, s, s->src, s->n_src, s->dst) &&
	    check_list(c, s, s->extra, s->count, s->dst);
}

static bool
check_linear_float(struct check *c, const struct image_step *s)
{
	uint64_t n = ((uint64_t)s->n_src + 1) * s->width;

	return check_params(c, s, s->at, n, check_is_finite) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

/* maps: how many trees; up to which term each of the `count` leaves goes; the
 * feature of each term. */
static bool
check_leaves(struct check *c, const struct image_step *s)
{
	const int32_t *map = c->m->maps + s->extra, *end = map + 1;
	uint32_t n = s->count;

	if (n == 0 || s->width == 0 || n > INT32_MAX ||
	    !check_take(c, s, SECTION_maps, s->extra, 1 + (uint64_t)n))
		return check_bad(c, s, "leaves that are not there");
	for (uint32_t i = 0; i < n; i++)
		if (end[i] < (i > 0 ? end[i - 1] : 0))
			return check_bad(c, &end[i],
			    "leaves that do not ascend");
	if (map[0] < 0 || (uint32_t)map[0] > s->n_src ||
	    !check_take(c, s, SECTION_maps, s->extra + 1 + n,
		(uint32_t)end[n - 1]))
		return check_bad(c, s, "trees that are not there");
	for (int32_t i = 0; i < end[n - 1]; i++)
		if (end[(int32_t)n + i] < 0 || (uint32_t)end[(int32_t)n + i] >=
		    s->n_src - (uint32_t)map[0])
			return check_bad(c, s,
			    "a leaf's feature that is not there");
	return check_params(c, s, s->at, (uint32_t)end[n - 1] +
	    2 * (uint64_t)n, check_is_finite) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_link(struct check *c, const struct image_step *s)
{
	bool binary = model_link_is_binary(s->extra);

	if (s->extra >= LINK_COUNT || s->n_src == 0 ||
	    (binary && s->n_src != 1) || s->width != (binary ? 2 : s->n_src))
		return check_bad(c, s, "a link function of no kind");
	return check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_calc(struct check *c, const struct image_step *s)
{
	uint32_t calc = s->extra & ~IMAGE_CALC_FLOATS;
	uint64_t operands = calc < CALC_COUNT ?
	    model_calc_operands((enum model_calc)calc) : 0;

	if (operands == 0 || (s->count != 0 && s->count != s->width) ||
	    operands * s->width != (uint64_t)s->n_src + s->count)
		return check_bad(c, s, "a calculation of no kind");
	return check_params(c, s, s->at, s->count, is_any) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_fold(struct check *c, const struct image_step *s)
{
	uint32_t fold = s->extra & ~IMAGE_CALC_FLOATS;

	if (fold >= FOLD_COUNT || s->count != 0 || s->width == 0 ||
	    s->n_src < s->width || s->n_src % s->width != 0)
		return check_bad(c, s, "a fold of no kind");
	return check_params(c, s, s->at, 0, is_any) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_interpolate(struct check *c, const struct image_step *s)
{
	const double *x = c->m->params + s->at;

	for (uint32_t i = 1; i < s->count / 2; i++)
		if (x[i - 1] > x[i])
			return check_bad(c, &x[i],
			    "an interpolation that does not ascend");
	return s->count >= 2 && s->count % 2 == 0 ? true :
	    check_bad(c, s, "an interpolation of no points");
}

static bool
check_bins(struct check *c, const struct image_step *s)
{
	const double *cuts = c->m->params + s->at;

	for (uint32_t i = 1; i < s->count; i++)
		if (cuts[i - 1] > cuts[i])
			return check_bad(c, &cuts[i],
			    "bins that do not ascend");
	return true;
}

static bool
check_median(struct check *c, const struct image_step *s)
{
	if (s->n_src == 0 || s->n_src >= IMAGE_SLOTS_MAX ||
	    s->width != s->n_src + 1)
		return check_bad(c, s, "a median of another width");
	return check_params(c, s, s->at, s->n_src, check_is_finite) &&
	    check_list(c, s, s->src, s->n_src, s->dst) &&
	    check_list(c, s, s->extra, s->count, s->dst);
}

static bool
check_sort(struct check *c, const struct image_step *s)
{
	if (s->n_src == 0 || s->n_src > IMAGE_SLOTS_MAX ||
	    s->width != 2 * s->n_src || s->count != 0)
		return check_bad(c, s, "a sort of another width");
	return check_params(c, s, s->at, 0, is_any) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_kernel(struct check *c, const struct image_step *s)
{
	uint64_t n = 3 + (uint64_t)s->n_src * s->width;

	if ((s->extra & ~IMAGE_CALC_FLOATS) >= KERNEL_COUNT ||
	    s->n_src == 0 || s->width == 0 || s->count != n)
		return check_bad(c, s, "a kernel of no kind");
	return check_params(c, s, s->at, n, check_is_finite) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

static bool
check_couple(struct check *c, const struct image_step *s)
{
	uint32_t k = s->extra;

	if (k < 2 || k > IMAGE_COUPLE_MAX || s->n_src != k * (k - 1) / 2 ||
	    s->width != k * (k + 2) || s->count != 0)
		return check_bad(c, s, "a coupling of another width");
	return check_params(c, s, s->at, 0, is_any) &&
	    check_list(c, s, s->src, s->n_src, s->dst);
}

/* A step from one slot to one, with n params. */
static bool
check_simple(struct check *c, const struct image_step *s, uint32_t n,
    bool (*fits)(double))
{
	if (s->op != STEP_CONSTANT && s->src >= s->dst)
		return check_bad(c, s,
		    "a step that reads a slot not made yet");
	if (s->op == STEP_ONEHOT)
		return check_onehot(c, s);
	if (s->width != 1)
		return check_bad(c, s, "a step of another width");
	return check_params(c, s, s->at, n, fits);
}

static bool
check_step(struct check *c, const struct image_step *s)
{
	const struct model *m = c->m;
	const double *params = m->params + s->at;

	switch (s->op) {
	case STEP_IMPUTE:
		return check_simple(c, s, 1, is_not_infinite);
	case STEP_MISSING_IF:
	case STEP_MISSING_NEAR:
	case STEP_CONSTANT:
		return check_simple(c, s, 1, check_is_finite);
	case STEP_INDICATOR:
		return check_simple(c, s, 0, NULL);
	case STEP_SUB_DIV:
		return check_simple(c, s, 2, check_is_finite);
	case STEP_MUL_ADD:
		if (!check_simple(c, s, 4, is_not_nan))
			return false;
		if (!isfinite(params[0]) || !isfinite(params[1]) ||
		    params[2] > params[3])
			return check_bad(c, params,
			    "a scaler without finite numbers");
		return true;
	case STEP_LOOKUP:
		return check_simple(c, s, s->count, is_not_nan) &&
		    check_lookup(c, s);
	case STEP_TABLE:
		if (s->count < TABLE_CODES)
			return check_bad(c, s, "a table too short");
		return check_simple(c, s, s->count, is_table_entry);
	case STEP_ONEHOT:
		return check_simple(c, s, 0, NULL);
	case STEP_LINEAR:
	case STEP_LINEAR_FMA:
		return check_linear(c, s);
	case STEP_FOREST:
		return check_forest(c, s);
	case STEP_LINEAR_F32:
		return check_linear_float(c, s);
	case STEP_LEAVES:
		return check_leaves(c, s);
	case STEP_LINK:
		return check_link(c, s);
	case STEP_CALC:
		return check_calc(c, s);
	case STEP_FOLD:
		return check_fold(c, s);
	case STEP_INTERPOLATE:
		return check_simple(c, s, s->count, check_is_finite) &&
		    check_interpolate(c, s);
	case STEP_MEDIAN:
		return check_median(c, s);
	case STEP_SORT:
		return check_sort(c, s);
	case STEP_KERNEL:
		return check_kernel(c, s);
	case STEP_COUPLE:
		return check_couple(c, s);
	case STEP_REQUIRE:
		return check_simple(c, s, 0, NULL);
	case STEP_BINS:
		return check_simple(c, s, s->count, is_not_nan) &&
		    check_bins(c, s);
	}
	return check_bad(c, s, "a step of no kind");
}

bool
check_steps(struct check *c)
{
	const struct model *m = c->m;
	uint32_t slots = m->n_inputs;

	if (m->about->slots > IMAGE_SLOTS_MAX ||
	    m->about->slots != m->n_origins)
		return check_bad(c, m->about, "a frame of another size");
	for (uint32_t i = 0; i < m->n_steps; i++) {
		const struct image_step *s = &m->steps[i];

		if (s->dst != slots || slots > m->about->slots ||
		    s->width > m->about->slots - slots)
			return check_bad(c, s,
			    "a step that makes slots out of order");
		if (!check_step(c, s))
			return false;
		slots += s->width;
	}
	if (slots != m->about->slots)
		return check_bad(c, m->about, "a frame of another size");
	for (uint32_t i = 0; i < m->n_origins; i++)
		if (m->origins[i] < -1 ||
		    (m->origins[i] >= 0 &&
		    (uint32_t)m->origins[i] >= m->n_inputs))
			return check_bad(c, &m->origins[i],
			    "a slot from a column that is not there");
	return true;
}
