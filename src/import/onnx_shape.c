/* SPDX-License-Identifier: ISC
 *
 * Operators that only move elements about. The axis of rows may go anywhere,
 * but nothing may look along it: an answer must not depend on the rows that
 * came with it.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <string.h>

enum {
	INT64 = ONNX__TENSOR_PROTO__DATA_TYPE__INT64,
	FLOAT = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
	STRING = ONNX__TENSOR_PROTO__DATA_TYPE__STRING,
};

bool
onnx_along_rows(struct err *err)
{
	return onnx_cannot(err, "it works along the rows");
}

bool
onnx_reshaped(struct onnx *g, const struct onnx_tensor *x, int rank,
    const int64_t *dims, int batch, struct onnx_tensor *ret, struct err *err)
{
	struct onnx_tensor from = *x; /* may be ret */
	struct onnx_elem *e;

	if (!onnx_make(g, from.type, rank, dims, batch, ret, &e, err))
		return false;
	if (ret->n != from.n)
		return onnx_wrong(err, "%zu numbers are to be %zu", from.n,
		    ret->n);
	memcpy(e, from.elems, from.n * sizeof(*e));
	ret->scores = from.scores;
	return true;
}

/* --- shapes that stretch -------------------------------------------------- */

static void
strides_of(const struct onnx_tensor *x, size_t *strides)
{
	size_t n = 1;

	for (int i = x->rank; i-- > 0;) {
		strides[i] = n;
		n *= (size_t)x->dims[i];
	}
}

/* x at the shape of y, whose axes end with those of x. */
static bool
stretch(struct onnx *g, const struct onnx_tensor *x,
    const struct onnx_tensor *y, const struct onnx_elem **ret,
    struct err *err)
{
	size_t strides[ONNX_RANK_MAX], at[ONNX_RANK_MAX] = {0};
	struct onnx_elem *e;
	int ahead = y->rank - x->rank;

	*ret = x->elems;
	if (x->n == y->n)
		return true;
	e = ARENA_ARRAY(g->im->mem, y->n, struct onnx_elem);
	if (e == NULL)
		return onnx_full(g, err);
	strides_of(x, strides);
	for (size_t i = 0; i < y->n; i++) {
		size_t from = 0;

		for (int k = 0; k < x->rank; k++)
			if (x->dims[k] != 1)
				from += at[ahead + k] * strides[k];
		e[i] = x->elems[from];
		for (int k = y->rank; k-- > 0;) {
			if (++at[k] < (size_t)y->dims[k])
				break;
			at[k] = 0;
		}
	}
	*ret = e;
	return true;
}

static bool
widen(int64_t *dims, int rank, int *batch, const struct onnx_tensor *x,
    struct err *err)
{
	int ahead = rank - x->rank;

	if (x->batch >= 0 && *batch >= 0 && *batch != ahead + x->batch)
		return onnx_cannot(err, "it crosses rows with rows");
	if (x->batch >= 0)
		*batch = ahead + x->batch;
	for (int k = 0; k < x->rank; k++) {
		int64_t *d = &dims[ahead + k];

		if (*d == 1)
			*d = x->dims[k];
		else if (x->dims[k] != 1 && x->dims[k] != *d)
			return onnx_wrong(err, "an axis of %lld meets one of "
			    "%lld", (long long)*d, (long long)x->dims[k]);
	}
	return true;
}

bool
onnx_broadcast(struct onnx *g, const struct onnx_tensor *const *x, size_t n,
    int type, struct onnx_tensor *ret, struct onnx_elem **elems,
    const struct onnx_elem **lists, struct err *err)
{
	int64_t dims[ONNX_RANK_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};
	int rank = 0, batch = -1;

	for (size_t i = 0; i < n; i++)
		if (x[i]->rank > rank)
			rank = x[i]->rank;
	for (size_t i = 0; i < n; i++)
		if (!widen(dims, rank, &batch, x[i], err))
			return false;
	if (batch >= 0 && dims[batch] != 1)
		return onnx_cannot(err, "its constant has a number for each "
		    "of %lld rows", (long long)dims[batch]);
	if (!onnx_make(g, type, rank, dims, batch, ret, elems, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!stretch(g, x[i], ret, &lists[i], err))
			return false;
	return true;
}

bool
onnx_op_expand(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *shape;
	struct onnx_tensor y, like = {.batch = -1};
	const struct onnx_tensor *both[2] = {NULL, &like};
	const struct onnx_elem *lists[2];
	struct onnx_elem *e;
	int64_t *dims;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &shape, err) ||
	    !onnx_ints(g, shape, "shape", &dims, err))
		return false;
	if (shape->n > ONNX_RANK_MAX)
		return onnx_cannot(err, "a shape of %zu axes", shape->n);
	for (size_t i = 0; i < shape->n; i++) {
		bool rows = dims[i] == ONNX_ROWS_MARK;

		if (rows)
			like.batch = (int)i;
		dims[i] = rows ? 1 : dims[i];
	}
	if (!onnx_make(g, x->type, (int)shape->n, dims, like.batch, &like,
		&e, err))
		return false;
	both[0] = x;
	if (!onnx_broadcast(g, both, 2, x->type, &y, &e, lists, err))
		return false;
	memcpy(e, lists[0], y.n * sizeof(*e));
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_tile(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *times;
	size_t strides[ONNX_RANK_MAX], at[ONNX_RANK_MAX] = {0};
	int64_t *n, dims[ONNX_RANK_MAX];
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &times, err) ||
	    !onnx_ints(g, times, "repeats", &n, err))
		return false;
	if (times->n != (size_t)x->rank)
		return onnx_wrong(err, "%zu repeats of %d axes", times->n,
		    x->rank);
	for (int k = 0; k < x->rank; k++) {
		if (k == x->batch && n[k] != 1)
			return onnx_along_rows(err);
		if (n[k] < 0 || n[k] > ONNX_ELEMS_MAX)
			return onnx_cannot(err, "it repeats %lld times",
			    (long long)n[k]);
		dims[k] = x->dims[k] * n[k];
	}
	if (!onnx_make(g, x->type, x->rank, dims, x->batch, &y, &e, err))
		return false;
	strides_of(x, strides);
	for (size_t i = 0; i < y.n; i++) {
		size_t from = 0;

		for (int k = 0; k < x->rank; k++)
			from += at[k] % (size_t)x->dims[k] * strides[k];
		e[i] = x->elems[from];
		for (int k = y.rank; k-- > 0;) {
			if (++at[k] < (size_t)y.dims[k])
				break;
			at[k] = 0;
		}
	}
	return onnx_output(g, 0, &y, err);
}

/* --- constants ------------------------------------------------------------ */

bool
onnx_op_identity(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;

	return onnx_input(g, 0, &x, err) && onnx_output(g, 0, x, err);
}

bool
onnx_op_constant(struct onnx *g, struct err *err)
{
	const Onnx__AttributeProto *a = g->node->n_attribute == 1 ?
	    g->node->attribute[0] : NULL;
	const struct onnx_elem *list;
	struct onnx_tensor y;
	struct onnx_elem *e, one;
	uint32_t n;
	int64_t dim;
	int type;

	if (a == NULL)
		return onnx_wrong(err, "a constant without a value");
	if (a->t != NULL)
		return onnx_constant(g, a->t, &y, err) &&
		    onnx_output(g, 0, &y, err);
	if (!onnx_attr_elems(g, a->name, &list, &n, err))
		return false;
	type = a->has_s || a->n_strings > 0 ? STRING : a->has_f ||
	    a->n_floats > 0 ? FLOAT : INT64;
	dim = n;
	if (a->has_s || a->has_f || a->has_i) {
		one = a->has_s ? (struct onnx_elem){.kind = ELEM_STRING,
		    .text = onnx_bytes(a->s)} :
		    elem_number(a->has_f ? (double)a->f : (double)a->i);
		list = &one;
		n = 1;
	}
	if (!onnx_make(g, type, a->has_s || a->has_f || a->has_i ? 0 : 1,
		&dim, -1, &y, &e, err))
		return false;
	memcpy(e, list, n * sizeof(*e));
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_constant_of_shape(struct onnx *g, struct err *err)
{
	const Onnx__AttributeProto *a = onnx_attr(g, "value");
	const struct onnx_tensor *shape;
	struct onnx_tensor value = {.type = FLOAT, .n = 1}, y;
	struct onnx_elem zero = elem_number(0), *e;
	int batch = -1;
	int64_t *dims;

	value.elems = &zero;
	if (!onnx_input(g, 0, &shape, err) ||
	    !onnx_ints(g, shape, "shape", &dims, err))
		return false;
	if (a != NULL && (a->t == NULL ||
	    !onnx_constant(g, a->t, &value, err)))
		return onnx_wrong(err, "its value cannot be read");
	if (value.n != 1 || shape->n > ONNX_RANK_MAX)
		return onnx_wrong(err, "it has %zu values", value.n);
	for (size_t i = 0; i < shape->n; i++)
		if (dims[i] == ONNX_ROWS_MARK)
			batch = (int)i;
	if (!onnx_make(g, value.type, (int)shape->n, dims, batch, &y, &e,
		err))
		return false;
	for (size_t i = 0; i < y.n; i++)
		e[i] = value.elems[0];
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_shape(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int64_t start = onnx_attr_int(g, "start", 0), end, n;
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &x, err))
		return false;
	end = onnx_attr_int(g, "end", x->rank);
	start = start < 0 ? start + x->rank : start;
	end = end < 0 ? end + x->rank : end > x->rank ? x->rank : end;
	if (start < 0 || start > end)
		return onnx_wrong(err, "axes %lld to %lld of %d",
		    (long long)start, (long long)end, x->rank);
	n = end - start;
	if (!onnx_make(g, INT64, 1, &n, -1, &y, &e, err))
		return false;
	for (int64_t i = 0; i < n; i++)
		e[i] = start + i == x->batch ?
		    (struct onnx_elem){.kind = ELEM_ROWS} :
		    elem_number((double)x->dims[start + i]);
	return onnx_output(g, 0, &y, err);
}

/* --- the same numbers in another shape ------------------------------------ */

/*
 * Where the rows go. They must stay apart: as many numbers ahead of their
 * axis as before. A -1 is the axis of rows where the other numbers are as many
 * as a row has; else it stands for what is missing of them.
 */
static bool
place_rows(const struct onnx_tensor *x, int64_t *dims, int rank,
    int infer, int *batch, struct err *err)
{
	int64_t known = 1, bound = 1, n = (int64_t)x->n;

	for (int i = 0; i < rank; i++) {
		if (i == infer || i == *batch)
			continue;
		known *= dims[i];
		bound *= dims[i] > 0 ? dims[i] : 1;
		if (bound > ONNX_ELEMS_MAX)
			return onnx_wrong(err, "%zu numbers are to be more "
			    "than %d", x->n, ONNX_ELEMS_MAX);
	}
	if (x->batch >= 0 && *batch < 0 && infer >= 0 && known == n) {
		*batch = infer;
	} else if (infer >= 0) {
		if (known == 0 || n % known != 0)
			return onnx_wrong(err, "%lld numbers in groups of "
			    "%lld", (long long)n, (long long)known);
		dims[infer] = n / known;
	}
	/* A model of one row at a time says 1. */
	for (int i = 0; i < rank && x->batch >= 0 && *batch < 0; i++)
		if (dims[i] == 1 && onnx_product(dims, 0, i) ==
		    onnx_product(x->dims, 0, x->batch))
			*batch = i;
	if (x->batch < 0 && *batch < 0)
		return true;
	if (*batch < 0)
		return onnx_cannot(err, "it fixes the number of rows");
	dims[*batch] = 1;
	if (x->batch < 0 || onnx_product(dims, 0, *batch) !=
	    onnx_product(x->dims, 0, x->batch))
		return onnx_cannot(err, "it mixes the rows");
	return true;
}

bool
onnx_op_reshape(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *shape = onnx_optional(g, 1);
	int64_t *list, dims[ONNX_RANK_MAX];
	const int64_t *given;
	int batch = -1, infer = -1;
	struct onnx_tensor y;
	size_t n;

	if (!onnx_input(g, 0, &x, err))
		return false;
	onnx_attr_ints(g, "shape", &given, &n);
	if (shape != NULL) {
		if (!onnx_ints(g, shape, "shape", &list, err))
			return false;
		given = list;
		n = shape->n;
	}
	if (n > ONNX_RANK_MAX)
		return onnx_cannot(err, "a shape of %zu axes", n);
	for (int i = 0; i < (int)n; i++) {
		dims[i] = given[i];
		if (given[i] == ONNX_ROWS_MARK)
			batch = i;
		else if (given[i] == -1)
			infer = i;
		else if (given[i] == 0 && onnx_attr_int(g, "allowzero", 0) ==
		    0 && i < x->rank) {
			dims[i] = x->dims[i];
			batch = i == x->batch ? i : batch;
		} else if (given[i] < 0 || given[i] > ONNX_ELEMS_MAX) {
			return onnx_wrong(err, "an axis of %lld",
			    (long long)given[i]);
		}
	}
	/* The rows set apart again, as many numbers each as there were. */
	if (x->flat && batch < 0 && infer == 0 &&
	    onnx_product(dims, 1, (int)n) == (int64_t)x->n)
		batch = 0;
	if (x->flat && batch != 0)
		return onnx_cannot(err, "it mixes the rows");
	return place_rows(x, dims, (int)n, infer, &batch, err) &&
	    onnx_reshaped(g, x, (int)n, dims, batch, &y, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_flatten(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int64_t axis = onnx_attr_int(g, "axis", 1), dims[2];
	struct onnx_tensor y;
	int batch;

	if (!onnx_input(g, 0, &x, err))
		return false;
	axis = axis < 0 ? axis + x->rank : axis;
	if (axis < 0 || axis > x->rank)
		return onnx_wrong(err, "axis %lld of %d", (long long)axis,
		    x->rank);
	if (x->flat || (axis == 0 && x->batch == 0 && x->n > 1)) {
		dims[1] = (int64_t)x->n;
		if (!onnx_reshaped(g, x, 2, dims, 0, &y, err))
			return false;
		y.flat = true;
		return onnx_output(g, 0, &y, err);
	}
	dims[0] = onnx_product(x->dims, 0, (int)axis);
	dims[1] = onnx_product(x->dims, (int)axis, x->rank);
	batch = x->batch < 0 ? -1 : x->batch >= axis;
	if (batch >= 0 && dims[batch] != 1)
		return onnx_cannot(err, "it mixes the rows");
	return onnx_reshaped(g, x, 2, dims, batch, &y, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_axes(struct onnx *g, int rank, uint32_t *ret, bool *given, struct err *err)
{
	const struct onnx_tensor *x = onnx_optional(g, 1);
	const int64_t *axes;
	int64_t *list;
	size_t n;

	onnx_attr_ints(g, "axes", &axes, &n);
	if (x != NULL) {
		if (!onnx_ints(g, x, "axes", &list, err))
			return false;
		axes = list;
		n = x->n;
	}
	*ret = 0;
	*given = n > 0;
	for (size_t i = 0; i < n; i++) {
		if (axes[i] < -rank || axes[i] >= rank)
			return onnx_wrong(err, "axis %lld of %d",
			    (long long)axes[i], rank);
		*ret |= 1u << (axes[i] < 0 ? axes[i] + rank : axes[i]);
	}
	return true;
}

bool
onnx_op_squeeze(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int64_t dims[ONNX_RANK_MAX];
	int rank = 0, batch = -1;
	struct onnx_tensor y;
	uint32_t axes;
	bool given;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axes(g, x->rank, &axes, &given, err))
		return false;
	for (int i = 0; i < x->rank; i++) {
		bool cut = given ? (axes >> i & 1) != 0 :
		    x->dims[i] == 1 && i != x->batch;

		if (cut && (i == x->batch || x->dims[i] != 1))
			return i == x->batch ? onnx_along_rows(err) :
			    onnx_wrong(err, "it drops an axis of %lld",
				(long long)x->dims[i]);
		if (cut)
			continue;
		batch = i == x->batch ? rank : batch;
		dims[rank++] = x->dims[i];
	}
	return onnx_reshaped(g, x, rank, dims, batch, &y, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_op_unsqueeze(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *axes_in = onnx_optional(g, 1);
	int64_t dims[ONNX_RANK_MAX];
	const int64_t *list;
	int rank, batch = -1;
	struct onnx_tensor y;
	uint32_t axes;
	size_t n;
	bool given;

	if (!onnx_input(g, 0, &x, err))
		return false;
	onnx_attr_ints(g, "axes", &list, &n);
	if (axes_in != NULL)
		n = axes_in->n;
	if (n > ONNX_RANK_MAX || x->rank + (int)n > ONNX_RANK_MAX)
		return onnx_cannot(err, "it makes %zu axes", n);
	rank = x->rank + (int)n;
	if (!onnx_axes(g, rank, &axes, &given, err))
		return false;
	if (__builtin_popcount(axes) != (int)n)
		return onnx_wrong(err, "it names an axis twice");
	for (int i = 0, from = 0; i < rank; i++) {
		dims[i] = 1;
		if ((axes >> i & 1) != 0)
			continue;
		batch = from == x->batch ? i : batch;
		dims[i] = x->dims[from++];
	}
	return onnx_reshaped(g, x, rank, dims, batch, &y, err) &&
	    onnx_output(g, 0, &y, err);
}

bool
onnx_transpose(struct onnx *g, const struct onnx_tensor *x, const int *perm,
    struct onnx_tensor *ret, struct err *err)
{
	size_t strides[ONNX_RANK_MAX], at[ONNX_RANK_MAX] = {0};
	int64_t dims[ONNX_RANK_MAX];
	struct onnx_elem *e;
	int batch = -1;

	for (int i = 0; i < x->rank; i++) {
		dims[i] = x->dims[perm[i]];
		batch = perm[i] == x->batch ? i : batch;
	}
	if (!onnx_make(g, x->type, x->rank, dims, batch, ret, &e, err))
		return false;
	strides_of(x, strides);
	for (size_t i = 0; i < ret->n; i++) {
		size_t from = 0;

		for (int k = 0; k < ret->rank; k++)
			from += at[k] * strides[perm[k]];
		e[i] = x->elems[from];
		for (int k = ret->rank; k-- > 0;) {
			if (++at[k] < (size_t)ret->dims[k])
				break;
			at[k] = 0;
		}
	}
	return true;
}

bool
onnx_op_transpose(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;
	int perm[ONNX_RANK_MAX];
	const int64_t *given;
	struct onnx_tensor y;
	uint32_t seen = 0;
	size_t n;

	if (!onnx_input(g, 0, &x, err))
		return false;
	onnx_attr_ints(g, "perm", &given, &n);
	if (n != 0 && n != (size_t)x->rank)
		return onnx_wrong(err, "it orders %zu axes of %d", n,
		    x->rank);
	for (int i = 0; i < x->rank; i++) {
		int64_t axis = n > 0 ? given[i] : x->rank - 1 - i;

		if (axis < 0 || axis >= x->rank || (seen >> axis & 1) != 0)
			return onnx_wrong(err, "axis %lld stands twice or is "
			    "none", (long long)axis);
		seen |= 1u << axis;
		perm[i] = (int)axis;
	}
	return onnx_transpose(g, x, perm, &y, err) &&
	    onnx_output(g, 0, &y, err);
}
