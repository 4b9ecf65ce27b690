/* SPDX-License-Identifier: ISC
 *
 * What puts the elements of a tensor at other places: stretched to the shape
 * of others, repeated, or with the axes in another order. The axis of rows
 * may go anywhere, but is never made longer.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* How far apart in x the elements along each axis are. */
static void
strides_of(const struct onnx_tensor *x, size_t *strides)
{
	size_t n = 1;

	for (int i = x->rank; i-- > 0;) {
		strides[i] = n;
		n *= (size_t)x->dims[i];
	}
}

/* The n elements of a tensor of these axes: one step along axis k is
 * steps[k] elements of `from`. */
static void
walk(const struct onnx_elem *from, int rank, const int64_t *dims,
    const size_t *steps, size_t n, struct onnx_elem *ret)
{
	int64_t at[2 * ONNX_RANK_MAX] = {0};
	size_t place = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = from[place];
		for (int k = rank; k-- > 0;) {
			place += steps[k];
			if (++at[k] < dims[k])
				break;
			place -= steps[k] * (size_t)dims[k];
			at[k] = 0;
		}
	}
}

/* --- shapes that stretch -------------------------------------------------- */

/* x at the shape of y, whose axes end with those of x. */
static bool
stretch(struct onnx *g, const struct onnx_tensor *x,
    const struct onnx_tensor *y, const struct onnx_elem **ret,
    struct err *err)
{
	size_t strides[ONNX_RANK_MAX], steps[ONNX_RANK_MAX] = {0};
	struct onnx_elem *e;
	int ahead = y->rank - x->rank;

	*ret = x->elems;
	if (x->n == y->n)
		return true;
	e = ARENA_ARRAY(g->im->mem, y->n, struct onnx_elem);
	if (e == NULL)
		return onnx_full(g, err);
	strides_of(x, strides);
	for (int k = 0; k < x->rank; k++)
		steps[ahead + k] = x->dims[k] == 1 ? 0 : strides[k];
	walk(x->elems, y->rank, y->dims, steps, y->n, e);
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

/* Each axis as two: how often it is repeated, and what it was. */
bool
onnx_op_tile(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *times;
	size_t strides[ONNX_RANK_MAX], steps[2 * ONNX_RANK_MAX] = {0};
	int64_t *n, dims[ONNX_RANK_MAX], pairs[2 * ONNX_RANK_MAX];
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &times, err) ||
	    !onnx_ints(g, times, "repeats", &n, err))
		return false;
	if (times->n != (size_t)x->rank)
		return onnx_wrong(err, "%zu repeats of %d axes", times->n,
		    x->rank);
	strides_of(x, strides);
	for (int k = 0; k < x->rank; k++) {
		if (k == x->batch && n[k] != 1)
			return onnx_along_rows(err);
		if (n[k] < 0 || n[k] > ONNX_ELEMS_MAX)
			return onnx_cannot(err, "it repeats %lld times",
			    (long long)n[k]);
		pairs[2 * k] = n[k];
		pairs[2 * k + 1] = x->dims[k];
		steps[2 * k + 1] = strides[k];
		dims[k] = x->dims[k] * n[k];
	}
	if (!onnx_make(g, x->type, x->rank, dims, x->batch, &y, &e, err))
		return false;
	walk(x->elems, 2 * x->rank, pairs, steps, y.n, e);
	return onnx_output(g, 0, &y, err);
}

/* --- axes in another order ------------------------------------------------ */

bool
onnx_transpose(struct onnx *g, const struct onnx_tensor *x, const int *perm,
    struct onnx_tensor *ret, struct err *err)
{
	size_t strides[ONNX_RANK_MAX], steps[ONNX_RANK_MAX];
	int64_t dims[ONNX_RANK_MAX];
	struct onnx_elem *e;
	int batch = -1;

	strides_of(x, strides);
	for (int i = 0; i < x->rank; i++) {
		dims[i] = x->dims[perm[i]];
		steps[i] = strides[perm[i]];
		batch = perm[i] == x->batch ? i : batch;
	}
	if (!onnx_make(g, x->type, x->rank, dims, batch, ret, &e, err))
		return false;
	walk(x->elems, ret->rank, ret->dims, steps, ret->n, e);
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
