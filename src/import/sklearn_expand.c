/* SPDX-License-Identifier: ISC
 *
 * PolynomialFeatures: products of columns, each made of one of a degree less
 * in the order of scikit-learn, so that each double comes out the same.
 */
#include "import/sklearn_step.h"

#include <string.h>

/* Highest degree: the columns would be past any limit before. */
enum { DEGREE_MAX = 64 };

struct expansion {
	const struct step *step;
	const struct flow *x;
	struct flow all;  /* degree by degree */
	uint32_t cap;
	uint32_t *index;  /* x->n + 1: where the products of the last degree
			   * begin whose first factor is column i */
	bool interaction; /* a column only once */
};

static bool
degrees(const struct step *s, uint32_t *low, uint32_t *high, struct err *err)
{
	const struct node *degree = step_get(s, "degree");
	double min = 0, max;

	if (!value_number(degree, &max) &&
	    (!value_number(node_item(degree, 0), &min) ||
		!value_number(node_item(degree, 1), &max)))
		return step_err(s, err, ERR_MODEL,
		    "degree is neither a number nor a pair of them");
	if (!(min >= 0 && min <= max && max <= DEGREE_MAX))
		return step_err(s, err, ERR_LIMIT,
		    "degree %g, more than the %d allowed", max, DEGREE_MAX);
	*low = (uint32_t)min;
	*high = (uint32_t)max;
	return true;
}

static bool
append(struct expansion *e, const uint32_t *slots, uint32_t n,
    struct err *err)
{
	struct flow larger;

	if (n > e->cap - e->all.n) {
		if (n > SKLEARN_COLUMNS_MAX - e->all.n)
			return step_err(e->step, err, ERR_LIMIT,
			    "makes more than the %d columns allowed",
			    SKLEARN_COLUMNS_MAX);
		e->cap = 2 * (e->all.n + n);
		if (e->cap > SKLEARN_COLUMNS_MAX)
			e->cap = SKLEARN_COLUMNS_MAX;
		if (!step_flow(e->step, e->cap, &larger, err))
			return false;
		memcpy(larger.slot, e->all.slot,
		    e->all.n * sizeof(larger.slot[0]));
		e->all.slot = larger.slot;
	}
	memcpy(e->all.slot + e->all.n, slots, n * sizeof(slots[0]));
	e->all.n += n;
	return true;
}

/* The products from `start` up to `end` times column i. */
static bool
multiply(struct expansion *e, uint32_t start, uint32_t end, uint32_t i,
    struct err *err)
{
	uint32_t n = end - start, first;
	uint32_t *src = ARENA_ARRAY(e->step->sk->mem, 2 * (size_t)n,
	    uint32_t);

	if (src == NULL)
		return step_full(e->step, err);
	memcpy(src, e->all.slot + start, n * sizeof(src[0]));
	for (uint32_t k = 0; k < n; k++)
		src[n + k] = e->x->slot[i];
	if (!model_build_calc(e->step->sk->build, CALC_MUL, false, src, NULL,
		n, &first, err))
		return step_context(e->step, err);
	for (uint32_t k = 0; k < n; k++)
		src[k] = first + k;
	return append(e, src, n, err);
}

/* All products of a degree more. */
static bool
raise_degree(struct expansion *e, struct err *err)
{
	uint32_t n = e->x->n, end = e->index[n];
	uint32_t *next = ARENA_ARRAY(e->step->sk->mem, n + 1, uint32_t);

	if (next == NULL)
		return step_full(e->step, err);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t start = e->interaction ? e->index[i + 1] :
		    e->index[i];

		next[i] = e->all.n;
		if (start < end && !multiply(e, start, end, i, err))
			return false;
	}
	next[n] = e->all.n;
	e->index = next;
	return true;
}

bool
read_polynomial_features(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	struct expansion e = {.step = s};
	uint32_t low, high, skip = 0;
	struct flow x;
	bool bias;

	if (!step_width(s, in, err) || !degrees(s, &low, &high, err) ||
	    !step_flag(s, "interaction_only", false, &e.interaction, err) ||
	    !step_flag(s, "include_bias", true, &bias, err) ||
	    !step_require(s, in, &x, err) ||
	    !step_flow(s, 1, &e.all, err))
		return false;
	e.x = &x;
	e.cap = 1;
	e.all.n = 0;
	e.index = ARENA_ARRAY(s->sk->mem, in->n + 1, uint32_t);
	if (e.index == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i <= in->n; i++)
		e.index[i] = i;
	for (uint32_t d = 1; d <= high; d++) {
		if (d == low)
			skip = e.all.n;
		if (d == 1 ? !append(&e, x.slot, x.n, err) :
		    !raise_degree(&e, err))
			return false;
	}
	if (!step_flow(s, e.all.n - skip + bias, out, err))
		return false;
	if (bias && !model_build_constant(s->sk->build, 1, &out->slot[0],
		err))
		return step_context(s, err);
	memcpy(out->slot + bias, e.all.slot + skip,
	    (e.all.n - skip) * sizeof(out->slot[0]));
	out->sparse = in->sparse;
	return true;
}
