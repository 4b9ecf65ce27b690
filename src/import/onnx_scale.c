/* SPDX-License-Identifier: ISC
 *
 * Operators that prepare the numbers of tabular models. What they say of types
 * is what ONNX Runtime does: most give floats, whatever they are given.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <string.h>

/* A list of one number a column, or one for all: at every element. */
static bool
per_column(struct onnx *g, const char *name, size_t n, double none,
    struct onnx_elem **ret, struct err *err)
{
	const double *list;
	size_t given;

	*ret = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (*ret == NULL)
		return onnx_full(g, err);
	if (!onnx_attr_list(g, name, &list, &given, err))
		return false;
	if (given > 1 && given != n)
		return onnx_wrong(err, "%s has %zu numbers for %zu columns",
		    name, given, n);
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = elem_number(given == 0 ? none :
		    list[given == 1 ? 0 : i]);
	return true;
}

bool
onnx_op_scaler(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	struct onnx_elem *offset, *scale, *e;
	struct onnx_tensor y;
	uint32_t n;
	int type;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !per_column(g, "offset", n, 0, &offset, err) ||
	    !per_column(g, "scale", n, 1, &scale, err) ||
	    !onnx_make_like(g, x, ONNX_FLOAT, &y, &e, err))
		return false;
	type = onnx_float_of(x->type);
	return onnx_calc(g, CALC_SUB, type, x->elems, offset, NULL, n, e,
	    err) &&
	    onnx_calc(g, CALC_MUL, type, e, scale, NULL, n, e, err) &&
	    onnx_numbers(g, ONNX_FLOAT, e, n, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_imputer(struct onnx *g, struct err *err)
{
	bool whole = onnx_attr(g, "imputed_value_int64s") != NULL;
	double replaced = whole ?
	    (double)onnx_attr_int(g, "replaced_value_int64", 0) :
	    onnx_attr_float(g, "replaced_value_float", 0);
	const struct onnx_tensor *x;
	struct onnx_elem *fill, *e;
	struct onnx_tensor y;
	uint32_t n, slot, *slots;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !per_column(g, whole ? "imputed_value_int64s" :
		"imputed_value_floats", n, 0, &fill, err) ||
	    !onnx_copy(g, x, &y, &e, err))
		return false;
	if (!isnan(replaced)) {
		struct onnx_elem *old = ARENA_ARRAY(g->im->mem, n,
		    struct onnx_elem);

		if (old == NULL)
			return onnx_full(g, err);
		for (uint32_t i = 0; i < n; i++)
			old[i] = elem_number(replaced);
		return onnx_calc(g, CALC_REPLACE, x->type, x->elems, old,
		    fill, n, e, err) && onnx_output(g, 0, &y, err);
	}
	if (!onnx_numbers(g, ONNX_DOUBLE, e, n, err) ||
	    !onnx_slots(g, e, n, &slots, err))
		return false;
	for (uint32_t i = 0; i < n; i++) {
		if (!model_build_impute(g->im->build, slots[i],
			fill[i].number, &slot, err))
			return false;
		e[i] = elem_slot(slot, e[i].exact);
	}
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_binarizer(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	struct onnx_tensor y;
	struct onnx_elem *e;

	return onnx_input(g, 0, &x, err) && onnx_copy(g, x, &y, &e, err) &&
	    onnx_calc_with(g, CALC_GREATER, x->type, x->elems,
		onnx_attr_float(g, "threshold", 0), x->n, e, err) &&
	    onnx_output(g, 0, &y, err);
}

/* What each number of a row is divided by: 1 rather than 0. */
static bool
norm_of(struct onnx *g, struct str norm, const struct onnx_elem *e,
    uint32_t n, struct onnx_elem *ret, struct err *err)
{
	bool greatest = str_eq(norm, STR("MAX"));
	struct onnx_elem *parts = ARENA_ARRAY(g->im->mem, n,
	    struct onnx_elem);
	const struct onnx_elem zero = elem_number(0), one = elem_number(1);

	if (parts == NULL)
		return onnx_full(g, err);
	memcpy(parts, e, n * sizeof(*e));
	if (str_eq(norm, STR("L2"))) {
		if (!onnx_calc(g, CALC_MUL, ONNX_FLOAT, e, e, NULL, n, parts,
			err))
			return false;
	} else if (str_eq(norm, STR("L1"))) {
		if (!onnx_calc(g, CALC_ABS, ONNX_FLOAT, e, NULL, NULL, n, parts,
			err))
			return false;
	} else if (!greatest) {
		return onnx_cannot(err, "the norm %.*s is not known",
		    STR_ARG(norm));
	}
	if (!onnx_fold(g, greatest ? FOLD_GREATEST : FOLD_SUM, ONNX_FLOAT,
		parts, n, 1, ret, err) ||
	    !onnx_calc(g, CALC_REPLACE, ONNX_FLOAT, ret, &zero, &one, 1, ret,
		err))
		return false;
	for (uint32_t i = 1; i < n; i++)
		ret[i] = ret[0];
	return true;
}

bool
onnx_op_normalizer(struct onnx *g, struct err *err)
{
	struct str norm = onnx_attr_text(g, "norm", "MAX");
	const struct onnx_tensor *x;
	struct onnx_elem *e, *sign, *by;
	struct onnx_tensor y;
	uint32_t n;

	if (!onnx_input(g, 0, &x, err) || !onnx_row(x, &n, err) ||
	    !onnx_make_like(g, x, ONNX_FLOAT, &y, &e, err))
		return false;
	sign = ARENA_ARRAY(g->im->mem, 2 * (size_t)n, struct onnx_elem);
	if (sign == NULL)
		return onnx_full(g, err);
	by = sign + n;
	if (!norm_of(g, norm, x->elems, n, by, err))
		return false;
	if (!str_eq(norm, STR("L2")))
		return onnx_calc(g, CALC_DIV, ONNX_FLOAT, x->elems, by, NULL, n,
		    e, err) && onnx_output(g, 0, &y, err);
	/* The runtime takes the root last. */
	return onnx_calc(g, CALC_MUL, ONNX_FLOAT, x->elems, x->elems, NULL, n,
	    e, err) &&
	    onnx_calc(g, CALC_DIV, ONNX_FLOAT, e, by, NULL, n, e, err) &&
	    onnx_calc(g, CALC_SQRT, ONNX_FLOAT, e, NULL, NULL, n, e, err) &&
	    onnx_calc(g, CALC_SIGN, ONNX_FLOAT, x->elems, NULL, NULL, n,
	    sign, err) &&
	    onnx_calc(g, CALC_MUL, ONNX_FLOAT, e, sign, NULL, n, e, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_feature_vectorizer(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int64_t dims[] = {1, 0};
	struct onnx_tensor y;
	struct onnx_elem *e;
	uint32_t n;

	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err) || !onnx_row(x, &n, err))
			return false;
		dims[1] += n;
	}
	if (!onnx_make(g, ONNX_FLOAT, 2, dims, 0, &y, &e, err))
		return false;
	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err))
			return false;
		memcpy(e, x->elems, x->n * sizeof(*e));
		e += x->n;
	}
	return onnx_output(g, 0, &y, err);
}
