/* SPDX-License-Identifier: ISC
 *
 * Tensors: elements and the shape they stand in. No tensor has more than
 * ONNX_ELEMS_MAX of them, nor do its axes but for those of no length, so
 * that every product of its axes can be counted to.
 */
#include "import/onnx_tensor.h"

#include <math.h>
#include <string.h>

#include "import/onnx_graph.h"

bool
onnx_is_float(int type)
{
	return type == ONNX_FLOAT ||
	    type == ONNX_DOUBLE;
}

bool
onnx_is_number(int type)
{
	switch (type) {
	case ONNX_FLOAT:
	case ONNX_DOUBLE:
	case ONNX_UINT8:
	case ONNX_INT8:
	case ONNX_UINT16:
	case ONNX_INT16:
	case ONNX_INT32:
	case ONNX_INT64:
	case ONNX_UINT32:
	case ONNX_UINT64:
	case ONNX_BOOL:
		return true;
	default:
		return false;
	}
}

bool
onnx_make(struct onnx *g, int type, int rank, const int64_t *dims, int batch,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	size_t n = 1, most = 1; /* as if no axis were of no length */

	if (rank > ONNX_RANK_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "a tensor of %d axes, of which there may be %d", rank,
		    ONNX_RANK_MAX);
	*ret = (struct onnx_tensor){.type = type, .rank = rank,
	    .batch = batch};
	for (int i = 0; i < rank; i++) {
		ret->dims[i] = i == batch ? 1 : dims[i];
		if (ret->dims[i] < 0)
			return onnx_wrong(err, "an axis of %lld",
			    (long long)ret->dims[i]);
		n *= (size_t)ret->dims[i];
		if (ret->dims[i] > ONNX_ELEMS_MAX || (ret->dims[i] > 0 &&
		    (most *= (size_t)ret->dims[i]) > ONNX_ELEMS_MAX))
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "a tensor of more than %d numbers",
			    ONNX_ELEMS_MAX);
	}
	ret->n = n;
	*elems = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	ret->elems = *elems;
	return *elems != NULL || onnx_full(g, err);
}

bool
onnx_make_like(struct onnx *g, const struct onnx_tensor *x, int type,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	return onnx_make(g, type, x->rank, x->dims, x->batch, ret, elems,
	    err);
}

bool
onnx_make_row(struct onnx *g, int type, uint32_t n, struct onnx_tensor *ret,
    struct onnx_elem **elems, struct err *err)
{
	int64_t dims[] = {1, n};

	return onnx_make(g, type, 2, dims, 0, ret, elems, err);
}

bool
onnx_copy(struct onnx *g, const struct onnx_tensor *x,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err)
{
	struct onnx_tensor from = *x; /* may be ret */

	if (!onnx_make(g, from.type, from.rank, from.dims, from.batch, ret,
		elems, err))
		return false;
	memcpy(*elems, from.elems, from.n * sizeof(**elems));
	return true;
}

bool
onnx_axis(const struct onnx_tensor *x, int64_t axis, int *ret,
    struct err *err)
{
	if (axis < -x->rank || axis >= x->rank)
		return onnx_wrong(err, "axis %lld of a tensor of %d",
		    (long long)axis, x->rank);
	*ret = (int)(axis < 0 ? axis + x->rank : axis);
	return true;
}

bool
onnx_row(const struct onnx_tensor *x, uint32_t *n, struct err *err)
{
	if (x->batch > 0 || x->rank > 2)
		return onnx_cannot(err, "its input is no matrix of rows");
	*n = (uint32_t)x->n;
	return true;
}

bool
onnx_ints(struct onnx *g, const struct onnx_tensor *x, const char *what,
    int64_t **ret, struct err *err)
{
	*ret = ARENA_ARRAY(g->im->mem, x->n, int64_t);
	if (*ret == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < x->n; i++) {
		const struct onnx_elem *e = &x->elems[i];

		if (e->kind == ELEM_ROWS)
			(*ret)[i] = ONNX_ROWS_MARK;
		else if (e->kind != ELEM_NUMBER || isnan(e->number))
			return onnx_cannot(err, "its %s depends on the row",
			    what);
		else if (fabs(e->number) < 0x1p53)
			(*ret)[i] = (int64_t)e->number;
		else
			(*ret)[i] = e->number < 0 ? -(1ll << 53) : 1ll << 53;
	}
	return true;
}
