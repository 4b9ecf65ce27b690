/* SPDX-License-Identifier: ISC
 *
 * Calculations, lane by lane. What is constant is worked out here, by the
 * table that scoring goes by; what is left becomes one step for all lanes
 * that are alike. Where a number can only be one of a few, its slot says so.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- calculations --------------------------------------------------------- */

struct lanes {
	enum model_calc calc;
	int type;
	uint32_t operands;
	struct onnx_elem *x[3]; /* numbers */
	size_t n;
	struct onnx_elem *ret;
};

static enum model_calc
swapped(enum model_calc calc)
{
	switch (calc) {
	case CALC_SUB:
		return CALC_SUB_FROM;
	case CALC_DIV:
		return CALC_DIV_INTO;
	case CALC_POW:
		return CALC_EXPONENT;
	case CALC_LESS:
		return CALC_GREATER;
	case CALC_LESS_EQUAL:
		return CALC_GREATER_EQUAL;
	case CALC_GREATER:
		return CALC_LESS;
	case CALC_GREATER_EQUAL:
		return CALC_LESS_EQUAL;
	case CALC_ADD:
	case CALC_MUL:
	case CALC_EQUAL:
	case CALC_AND:
	case CALC_OR:
	case CALC_XOR:
		return calc;
	default:
		return CALC_COUNT;
	}
}

static double
fold_constants(const struct lanes *l, size_t i)
{
	double v[3] = {0};

	for (uint32_t k = 0; k < l->operands; k++)
		v[k] = l->x[k][i].number;
	v[0] = model_calc_value(l->calc, v[0], v[1], v[2]);
	return l->type == ONNX_FLOAT ? (double)(float)v[0] : v[0];
}

/* What leaves a number as it is needs no step. */
static bool
is_nothing(enum model_calc calc, const struct onnx_elem *b)
{
	return elem_is_constant(b) &&
	    (((calc == CALC_MUL || calc == CALC_DIV) && b->number == 1) ||
	    ((calc == CALC_ADD || calc == CALC_SUB) && b->number == 0));
}

enum lane { LANE_DONE, LANE_SLOTS, LANE_LAST, LANE_FIRST };

/* How lane i is computed; done where no step is needed. */
static enum lane
lane_kind(const struct lanes *l, size_t i)
{
	bool constant = true;

	for (uint32_t k = 0; k < l->operands; k++)
		constant &= elem_is_constant(&l->x[k][i]);
	if (constant) {
		l->ret[i] = elem_number(fold_constants(l, i));
		return LANE_DONE;
	}
	/* Of whole numbers, none is missing. */
	if (l->calc == CALC_MUL && !onnx_is_float(l->type) &&
	    ((elem_is_constant(&l->x[1][i]) && l->x[1][i].number == 0) ||
	    (elem_is_constant(&l->x[0][i]) && l->x[0][i].number == 0))) {
		l->ret[i] = elem_number(0);
		return LANE_DONE;
	}
	if (l->operands == 2 && is_nothing(l->calc, &l->x[1][i])) {
		l->ret[i] = l->x[0][i];
		return LANE_DONE;
	}
	if (l->calc == CALC_WHERE && elem_is_constant(&l->x[0][i])) {
		l->ret[i] = l->x[l->x[0][i].number != 0 ? 1 : 2][i];
		return LANE_DONE;
	}
	if (l->operands > 1 && elem_is_constant(&l->x[l->operands - 1][i]))
		return LANE_LAST;
	if (l->operands == 2 && elem_is_constant(&l->x[0][i]) &&
	    swapped(l->calc) != CALC_COUNT)
		return LANE_FIRST;
	return LANE_SLOTS;
}

/* --- what a slot may hold ------------------------------------------------- */

enum { SET_MAX = 4096 };

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

const struct onnx_set *
onnx_set(struct onnx *g, double *v, uint32_t n)
{
	struct onnx_set *set = ARENA_NEW(g->im->mem, struct onnx_set);

	if (set == NULL)
		return NULL;
	qsort(v, n, sizeof(*v), by_value);
	for (uint32_t i = 0; i < n; i++)
		if (set->n == 0 || v[i] != v[set->n - 1])
			v[set->n++] = v[i];
	set->v = v;
	return set;
}

/* The numbers of an operand: NULL where it may be any. */
static const double *
numbers_of(const struct onnx_elem *e, uint32_t *n)
{
	if (e->kind == ELEM_NUMBER && !isnan(e->number)) {
		*n = 1;
		return &e->number;
	}
	if (e->kind != ELEM_SLOT || e->set == NULL)
		return NULL;
	*n = e->set->n;
	return e->set->v;
}

/* Of one or two operands all that they make of each other; of a choice both
 * sides. NULL where that is not known, or more than is worth it. */
static const struct onnx_set *
set_of(struct onnx *g, const struct lanes *l, size_t i)
{
	static const double one[] = {1}, truths[] = {0, 1},
	    signs[] = {-1, 0, 1};
	bool choice = l->calc == CALC_WHERE, known = false;
	const double *a = one, *b = one;
	uint32_t n_a = 1, n_b = 1, n = 0;
	uint64_t most;
	double *v;

	if (model_calc_is_truth(l->calc)) {
		a = truths;
		n_a = 2;
		known = true;
	} else if (l->calc == CALC_SIGN) {
		a = signs;
		n_a = 3;
		known = true;
	} else if (l->operands == 3 && !choice) {
		return NULL;
	} else {
		a = numbers_of(&l->x[choice ? 1 : 0][i], &n_a);
		if (l->operands > 1)
			b = numbers_of(&l->x[choice ? 2 : 1][i], &n_b);
	}
	if (a == NULL || b == NULL)
		return NULL;
	most = choice ? (uint64_t)n_a + n_b : (uint64_t)n_a * n_b;
	v = most <= SET_MAX ? ARENA_ARRAY(g->im->mem, most, double) : NULL;
	if (v == NULL)
		return NULL;
	if (choice) {
		memcpy(v, a, n_a * sizeof(*v));
		memcpy(v + n_a, b, n_b * sizeof(*v));
		return onnx_set(g, v, n_a + n_b);
	}
	for (uint32_t k = 0; k < n_a; k++)
		for (uint32_t j = 0; j < n_b; j++) {
			v[n] = known ? a[k] :
			    model_calc_value(l->calc, a[k], b[j], 0);
			if (l->type == ONNX_FLOAT)
				v[n] = (double)(float)v[n];
			if (isnan(v[n++]))
				return NULL;
		}
	return onnx_set(g, v, n);
}

/* --- steps ---------------------------------------------------------------- */

/* One step for the lanes of a kind. */
static bool
emit(struct onnx *g, const struct lanes *l, const uint8_t *kinds,
    enum lane kind, struct err *err)
{
	uint32_t listed = l->operands - (kind != LANE_SLOTS), width = 0, dst;
	struct onnx_elem *list;
	uint32_t *src;
	double *last;
	bool floats = l->type == ONNX_FLOAT;
	bool exact = floats || model_calc_is_truth(l->calc);

	for (size_t i = 0; i < l->n; i++)
		width += kinds[i] == kind;
	if (width == 0)
		return true;
	list = ARENA_ARRAY(g->im->mem, (size_t)width * listed,
	    struct onnx_elem);
	last = ARENA_ARRAY(g->im->mem, width, double);
	if (list == NULL || last == NULL)
		return onnx_full(g, err);
	width = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (kinds[i] != kind)
			continue;
		last[width++] = kind == LANE_FIRST ? l->x[0][i].number :
		    l->x[l->operands - 1][i].number;
	}
	for (uint32_t k = 0, at = 0; k < listed; k++)
		for (size_t i = 0; i < l->n; i++)
			if (kinds[i] == kind)
				list[at++] = l->x[kind == LANE_FIRST ? 1 :
				    k][i];
	if (!onnx_slots(g, list, (size_t)width * listed, &src, err) ||
	    !model_build_calc(g->im->build, kind == LANE_FIRST ?
		swapped(l->calc) : l->calc, floats, src,
		kind == LANE_SLOTS ? NULL : last, width, &dst, err))
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (kinds[i] == kind) {
			const struct onnx_set *set = set_of(g, l, i);

			l->ret[i] = elem_slot(dst++, exact);
			l->ret[i].set = set;
		}
	return true;
}

bool
onnx_calc(struct onnx *g, enum model_calc calc, int type,
    const struct onnx_elem *a, const struct onnx_elem *b,
    const struct onnx_elem *c, size_t n, struct onnx_elem *ret,
    struct err *err)
{
	const struct onnx_elem *x[] = {a, b, c};
	struct lanes l = {.calc = calc, .type = type, .n = n, .ret = ret,
	    .operands = model_calc_operands(calc)};
	uint8_t *kinds = ARENA_ARRAY(g->im->mem, n, uint8_t);

	if (kinds == NULL)
		return onnx_full(g, err);
	for (uint32_t k = 0; k < l.operands; k++)
		if (!onnx_operand(g, type, x[k], n, &l.x[k], err))
			return false;
	for (size_t i = 0; i < n; i++)
		kinds[i] = lane_kind(&l, i);
	return emit(g, &l, kinds, LANE_LAST, err) &&
	    emit(g, &l, kinds, LANE_FIRST, err) &&
	    emit(g, &l, kinds, LANE_SLOTS, err);
}

bool
onnx_calc_with(struct onnx *g, enum model_calc calc, int type,
    const struct onnx_elem *a, double b, size_t n, struct onnx_elem *ret,
    struct err *err)
{
	struct onnx_elem *list = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);

	if (list == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < n; i++)
		list[i] = elem_number(b);
	return onnx_calc(g, calc, type, a, list, NULL, n, ret, err);
}

bool
onnx_fold(struct onnx *g, enum model_fold fold, int type,
    const struct onnx_elem *e, size_t n, size_t width, struct onnx_elem *ret,
    struct err *err)
{
	bool floats = type == ONNX_FLOAT;
	struct onnx_elem *x;
	uint32_t *src, dst;

	if (n == 0)
		return onnx_cannot(err, "it reduces nothing");
	if (!onnx_operand(g, type, e, n * width, &x, err))
		return false;
	if (onnx_all_constant(x, n * width)) {
		for (size_t i = 0; i < width; i++) {
			struct model_fold_state s = {0};
			double v;

			for (size_t k = 0; k < n; k++)
				model_fold_add(fold, floats,
				    x[i * n + k].number, &s);
			v = model_fold_value(fold, &s);
			ret[i] = elem_number(floats ? (double)(float)v : v);
		}
		return true;
	}
	if (!onnx_slots(g, x, n * width, &src, err) ||
	    !model_build_fold(g->im->build, fold, floats, src, (uint32_t)n,
		(uint32_t)width, &dst, err))
		return false;
	for (size_t i = 0; i < width; i++)
		ret[i] = elem_slot(dst++, floats || fold >= FOLD_ARGMAX);
	return true;
}
