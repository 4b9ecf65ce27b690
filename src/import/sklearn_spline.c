/* SPDX-License-Identifier: ISC
 *
 * SplineTransformer: the B-splines of each column, by de Boor's recursion:
 * the interval that a number falls into is a spline of degree 0, and each
 * degree more mixes two neighbours by how far the number is along.
 */
#include "import/sklearn_step.h"

#include <math.h>

enum { SPLINE_DEGREE_MAX = 8 };

enum beyond { BEYOND_CONSTANT, BEYOND_CONTINUE, BEYOND_ERROR,
	BEYOND_PERIODIC };

struct spline {
	const struct step *step;
	double *t;          /* n + degree + 1 knots */
	double *c;          /* n rows of n_out: which splines make an output */
	uint32_t n, n_out, degree;
	enum beyond beyond;
};

static bool
open_spline(const struct step *s, const struct node *object,
    struct spline *ret, struct err *err)
{
	/* scipy hid them in 1.15. */
	const char *knots = node_get(object, "t") != NULL ? "t" : "_t";
	const char *coef = node_get(object, "c") != NULL ? "c" : "_c";
	struct array t, c;
	double degree;

	if (!value_number(node_get(object, "k"), &degree) ||
	    !array_view(node_get(object, knots), &t, err) ||
	    !array_view(node_get(object, coef), &c, err))
		return step_err(s, err, ERR_MODEL,
		    "attribute bsplines_ holds something else than splines");
	if (!(degree >= 1 && degree <= SPLINE_DEGREE_MAX))
		return step_err(s, err, ERR_MODEL,
		    "degree %g is not supported; known are 1 to %d", degree,
		    SPLINE_DEGREE_MAX);
	ret->degree = (uint32_t)degree;
	if (c.n_dims != 2 || c.dim[0] == 0 || c.dim[1] == 0 ||
	    c.dim[0] > SKLEARN_COLUMNS_MAX || c.dim[1] > c.dim[0] ||
	    c.dim[0] <= ret->degree || t.count != c.dim[0] + ret->degree + 1)
		return step_err(s, err, ERR_MODEL,
		    "a spline whose knots and coefficients do not fit");
	ret->n = (uint32_t)c.dim[0];
	ret->n_out = (uint32_t)c.dim[1];
	if (!step_charge(s, t.count + c.count, err))
		return false;
	ret->t = array_doubles(&t, s->sk->mem);
	ret->c = array_doubles(&c, s->sk->mem);
	if (ret->t == NULL || ret->c == NULL)
		return s->sk->mem->over ? step_full(s, err) :
		    step_err(s, err, ERR_MODEL, "a spline without numbers");
	for (uint32_t i = 0; i < t.count; i++)
		if (!isfinite(ret->t[i]) || (i > 0 && ret->t[i] <=
		    ret->t[i - 1]))
			return step_err(s, err, ERR_MODEL,
			    "has knots that do not ascend, which is not "
			    "supported; use fewer, or knots='uniform'");
	return true;
}

/* x modulo a span that is positive, exactly. */
static bool
wrap(struct model_build *b, double span, uint32_t *x, struct err *err)
{
	const double zero = 0;
	uint32_t parts[2];

	return model_build_calc(b, CALC_FMOD, false, x, &span, 1, &parts[0],
	    err) && model_build_calc(b, CALC_LESS, false, &parts[0], &zero, 1,
	    &parts[1], err) && model_build_calc(b, CALC_MUL, false, &parts[1],
	    &span, 1, &parts[1], err) && model_build_calc(b, CALC_ADD, false,
	    parts, NULL, 1, x, err);
}

/* The number as the spline sees it: inside of the outer knots. */
static bool
bring_inside(const struct spline *p, uint32_t *x, struct err *err)
{
	struct model_build *b = p->step->sk->build;
	double low = p->t[p->degree], high = p->t[p->n], span = high - low;
	uint32_t bad[2];

	switch (p->beyond) {
	case BEYOND_CONTINUE:
		return true;
	case BEYOND_CONSTANT:
		return model_build_mul_add(b, *x, 1, 0, low, high, x, err);
	case BEYOND_PERIODIC:
		return model_build_calc(b, CALC_SUB, false, x, &low, 1, x,
		    err) && wrap(b, span, x, err) &&
		    model_build_calc(b, CALC_ADD, false, x, &low, 1, x, err);
	case BEYOND_ERROR:
		return model_build_calc(b, CALC_LESS, false, x, &low, 1,
		    &bad[0], err) &&
		    model_build_calc(b, CALC_GREATER, false, x, &high, 1,
		    &bad[1], err) &&
		    sk_refuse_if(p->step, bad[0], err) &&
		    sk_refuse_if(p->step, bad[1], err);
	}
	return false;
}

/* Degree 0: 1 for the interval, of those between the outer knots; the first
 * and the last have no end. */
static bool
intervals(const struct spline *p, uint32_t x, uint32_t *first,
    struct err *err)
{
	struct model_build *b = p->step->sk->build;
	uint32_t n = p->n - p->degree, bin;
	int32_t *map = ARENA_ARRAY(p->step->sk->mem, TABLE_CODES + (size_t)n,
	    int32_t);

	if (map == NULL)
		return arena_err(p->step->sk->mem, "the model", err);
	map[TABLE_UNKNOWN] = map[TABLE_MISSING] = ONEHOT_REFUSE;
	for (uint32_t i = 0; i < n; i++)
		map[TABLE_CODES + i] = (int32_t)i;
	return model_build_bins(b, x, p->t + p->degree + 1, n - 1, &bin,
	    err) && model_build_onehot(b, bin, map, TABLE_CODES + n, n, first,
	    err);
}

/* spline * (x - from) / (to - from). */
static bool
weigh(const struct spline *p, uint32_t x, double from, double to,
    uint32_t spline, uint32_t *ret, struct err *err)
{
	struct model_build *b = p->step->sk->build;
	uint32_t pair[] = {0, spline};

	return model_build_sub_div(b, x, from, to - from, &pair[0], err) &&
	    model_build_calc(b, CALC_MUL, false, pair, NULL, 1, ret, err);
}

/* Splines of degree d out of those of a degree less, in place: at[i] is the
 * one that begins at knot i, of those from `first` on. */
static bool
raise(const struct spline *p, uint32_t x, uint32_t d, uint32_t *at,
    struct err *err)
{
	struct model_build *b = p->step->sk->build;
	const double *t = p->t;
	uint32_t first = p->degree - d;

	for (uint32_t i = first; i < p->n; i++) {
		uint32_t pair[2], *both = &pair[0];
		bool up = i > first, down = i + 1 < p->n;

		if (up && !weigh(p, x, t[i], t[i + d], at[i], both++, err))
			return false;
		if (down && !weigh(p, x, t[i + d + 1], t[i + 1], at[i + 1],
			both++, err))
			return false;
		if (both == &pair[2] && !model_build_calc(b, CALC_ADD, false,
			pair, NULL, 1, &pair[0], err))
			return false;
		at[i] = pair[0];
	}
	return true;
}

/* Output j is the sum of the splines that count for it. */
static bool
put_outputs(const struct spline *p, const uint32_t *at, uint32_t keep,
    struct flow *out, struct err *err)
{
	for (uint32_t j = 0; j < keep; j++) {
		uint32_t sum[2], n = 0;

		for (uint32_t i = 0; i < p->n; i++) {
			double c = p->c[(size_t)i * p->n_out + j];

			if (c == 0)
				continue;
			if (c != 1 || n == 2)
				return step_err(p->step, err, ERR_MODEL,
				    "has splines of another basis");
			sum[n++] = at[i];
		}
		if (n == 0 || (n == 2 && !model_build_calc(
		    p->step->sk->build, CALC_ADD, false, sum, NULL, 1,
		    &sum[0], err)))
			return n == 0 ? step_err(p->step, err, ERR_MODEL,
			    "has splines of another basis") :
			    step_context(p->step, err);
		out->slot[out->n++] = sum[0];
	}
	return true;
}

static bool
expand(const struct spline *p, uint32_t x, uint32_t keep, struct flow *out,
    struct err *err)
{
	uint32_t *at = ARENA_ARRAY(p->step->sk->mem, p->n, uint32_t), first;

	if (at == NULL)
		return step_full(p->step, err);
	if (!bring_inside(p, &x, err) || !intervals(p, x, &first, err))
		return step_context(p->step, err);
	for (uint32_t i = p->degree; i < p->n; i++)
		at[i] = first + i - p->degree;
	for (uint32_t d = 1; d <= p->degree; d++)
		if (!raise(p, x, d, at, err))
			return step_context(p->step, err);
	return put_outputs(p, at, keep, out, err);
}

bool
read_spline_transformer(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err)
{
	static const char *const words[] = {"constant", "continue", "error",
	    "periodic"};
	static const char *const missing[] = {"error"};
	const struct node *const *list;
	size_t beyond, ignored, total = 0;
	struct spline *p;
	struct flow x;
	bool bias, sparse;

	if (!step_width(s, in, err) ||
	    !step_word(s, "extrapolation", words, countof(words), 0, &beyond,
		err) || !step_word(s, "handle_missing", missing,
		countof(missing), 0, &ignored, err) ||
	    !step_flag(s, "include_bias", true, &bias, err) ||
	    !step_flag(s, "sparse_output", false, &sparse, err) ||
	    !step_list(s, "bsplines_", in->n, &list, err) ||
	    !step_require(s, in, &x, err))
		return false;
	p = ARENA_ARRAY(s->sk->mem, in->n > 0 ? in->n : 1, struct spline);
	if (p == NULL)
		return step_full(s, err);
	for (uint32_t i = 0; i < in->n; i++) {
		p[i] = (struct spline){.step = s,
		    .beyond = (enum beyond)beyond};
		if (!open_spline(s, list[i], &p[i], err))
			return false;
		total += p[i].n_out;
	}
	if (total > SKLEARN_COLUMNS_MAX)
		return step_err(s, err, ERR_LIMIT, "makes too many columns");
	if (!step_flow(s, (uint32_t)total, out, err))
		return false;
	out->n = 0;
	out->sparse = sparse;
	for (uint32_t i = 0; i < in->n; i++)
		if (!expand(&p[i], x.slot[i], p[i].n_out - !bias, out, err))
			return false;
	return true;
}
