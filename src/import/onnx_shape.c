/* SPDX-License-Identifier: ISC
 *
 * The same elements under another shape, and the shape as numbers. The axis
 * of rows may go anywhere, but the rows stay apart: an answer must not depend
 * on the rows that came with it.
 */
#include "import/onnx_graph.h"

#include <string.h>

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

bool
onnx_op_identity(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x;

	return onnx_input(g, 0, &x, err) && onnx_output(g, 0, x, err);
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
	if (!onnx_make(g, ONNX_INT64, 1, &n, -1, &y, &e, err))
		return false;
	for (int64_t i = 0; i < n; i++)
		e[i] = start + i == x->batch ?
		    (struct onnx_elem){.kind = ELEM_ROWS} :
		    elem_number((double)x->dims[start + i]);
	return onnx_output(g, 0, &y, err);
}

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
