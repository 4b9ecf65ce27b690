/* SPDX-License-Identifier: ISC
 *
 * Operators that take tensors apart and put them together: columns by their
 * places, labels by the best class, slices, and what is joined. Never along
 * the rows, but for parts that a Reshape sets side by side again.
 */
#include "import/onnx_graph.h"

#include <string.h>

/* --- parts ---------------------------------------------------------------- */

/* Of x the places `index` along an axis; `rank` and `dims` of the indices. */
static bool
take(struct onnx *g, const struct onnx_tensor *x, int axis,
    const int64_t *index, size_t n, int rank, const int64_t *index_dims,
    struct onnx_tensor *ret, struct err *err)
{
	int64_t dims[ONNX_RANK_MAX], d = x->dims[axis];
	size_t ahead = (size_t)onnx_product(x->dims, 0, axis);
	size_t behind = (size_t)onnx_product(x->dims, axis + 1, x->rank);
	struct onnx_elem *e;
	int batch = x->batch, n_dims = 0;

	if (axis == x->batch)
		return onnx_along_rows(err);
	if (x->rank - 1 + rank > ONNX_RANK_MAX)
		return onnx_cannot(err, "it makes too many axes");
	for (int i = 0; i < axis; i++)
		dims[n_dims++] = x->dims[i];
	for (int i = 0; i < rank; i++)
		dims[n_dims++] = index_dims[i];
	for (int i = axis + 1; i < x->rank; i++)
		dims[n_dims++] = x->dims[i];
	if (batch > axis)
		batch += rank - 1;
	for (size_t i = 0; i < n; i++)
		if (index[i] < -d || index[i] >= d)
			return onnx_wrong(err, "it takes number %lld of %lld",
			    (long long)index[i], (long long)d);
	if (!onnx_make(g, x->type, n_dims, dims, batch, ret, &e, err))
		return false;
	for (size_t a = 0; a < ahead; a++)
		for (size_t i = 0; i < n; i++)
			for (size_t b = 0; b < behind; b++)
				*e++ = x->elems[(a * (size_t)d +
				    (size_t)(index[i] < 0 ? index[i] + d :
				    index[i])) * behind + b];
	return true;
}

/* Constants by the best class: its label is one of them. */
static bool
take_label(struct onnx *g, const struct onnx_tensor *x,
    const struct onnx_tensor *index, const int64_t *dims, int rank,
    int batch, struct err *err)
{
	const struct onnx_class *c = index->elems[0].class_;
	struct onnx_class *copy = ARENA_NEW(g->im->mem, struct onnx_class);
	struct onnx_elem *labels = ARENA_ARRAY(g->im->mem, c->n,
	    struct onnx_elem), *e;
	struct onnx_elem *scores = ARENA_ARRAY(g->im->mem, c->n,
	    struct onnx_elem);
	struct onnx_tensor y;

	if (copy == NULL || labels == NULL || scores == NULL)
		return onnx_full(g, err);
	*copy = *c;
	copy->labels = labels;
	copy->scores = scores;
	copy->n = 0;
	for (uint32_t i = 0; i < c->n; i++) {
		double at = c->labels[i].kind == ELEM_NUMBER ?
		    c->labels[i].number : -1;

		/* Of several targets some have fewer classes: the last never
		 * win, or the runtime would give no answer. */
		if (at >= (double)x->n && copy->n >= 2)
			continue;
		if (!(at >= 0 && at < (double)x->n))
			return onnx_wrong(err, "it takes label %g of %zu",
			    at, x->n);
		labels[copy->n] = x->elems[(size_t)at];
		if (labels[copy->n].kind != ELEM_NUMBER &&
		    labels[copy->n].kind != ELEM_STRING)
			return onnx_cannot(err, "it takes by a class what "
			    "depends on the row");
		scores[copy->n++] = c->scores[i];
	}
	copy->has_slot &= copy->n == c->n;
	if (!onnx_make(g, x->type, rank, dims, batch, &y, &e, err))
		return false;
	e[0] = (struct onnx_elem){.kind = ELEM_CLASS, .class_ = copy};
	return onnx_output(g, 0, &y, err);
}

static bool
is_class(const struct onnx_tensor *x)
{
	return x->n == 1 && x->elems[0].kind == ELEM_CLASS;
}

/* Of a list that the rows have in common, by places of each row. */
static bool
gather_by_row(struct onnx *g, const struct onnx_tensor *x, int axis,
    const struct onnx_tensor *index, struct err *err)
{
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (x->rank != 1 || x->batch >= 0)
		return onnx_cannot(err, "it takes rows of a table by an index "
		    "that depends on the row");
	return onnx_make(g, x->type, index->rank, index->dims, index->batch,
	    &y, &e, err) && onnx_pick(g, x, axis, index, e, err) &&
	    onnx_output(g, 0, &y, err);
}

/* Columns at one place of each row, along the last axis, which becomes that
 * of the rows; or at several of a list, which then stand row after row. */
static bool
extract_by_row(struct onnx *g, const struct onnx_tensor *x,
    const struct onnx_tensor *index, struct err *err)
{
	int64_t dims[ONNX_RANK_MAX] = {1, (int64_t)index->n};
	int rank = x->rank == 1 ? 2 : x->rank;
	bool many = index->n != 1;
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (x->batch >= 0 || (many && (x->rank != 1 || index->batch != 0)))
		return onnx_cannot(err, "it takes columns by an index that "
		    "depends on the row");
	if (x->rank > 1)
		memcpy(dims, x->dims, sizeof(dims));
	if (!onnx_make(g, x->type, rank, dims, many ? 0 : rank - 1, &y, &e,
		err) || !onnx_pick(g, x, x->rank - 1, index, e, err))
		return false;
	y.flat = many;
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_sequence(struct onnx *g, struct err *err)
{
	struct onnx_tensor *parts = ARENA_ARRAY(g->im->mem,
	    g->node->n_input + 1, struct onnx_tensor), y = {.batch = -1};
	const struct onnx_tensor *x;

	if (parts == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err))
			return false;
		parts[i] = *x;
	}
	y.parts = parts;
	y.n_parts = g->node->n_input;
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_gather(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *index;
	struct onnx_tensor y;
	int64_t *at;
	int axis;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &index, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", 0), &axis, err))
		return false;
	if (is_class(index) && x->rank == 1)
		return take_label(g, x, index, index->dims, index->rank,
		    index->batch, err);
	if (onnx_depends_on_row(index))
		return gather_by_row(g, x, axis, index, err);
	return onnx_ints(g, index, "index", &at, err) &&
	    take(g, x, axis, at, index->n, index->rank, index->dims, &y,
		err) && onnx_output(g, 0, &y, err);
}

bool
onnx_op_extract(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *index;
	struct onnx_tensor y;
	int64_t *at, n, one_row[2];

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &index, err))
		return false;
	if (x->rank == 0)
		return onnx_wrong(err, "it takes columns of one number");
	n = (int64_t)index->n;
	one_row[0] = 1;
	one_row[1] = n;
	if (is_class(index) && (x->rank == 1 ||
	    (x->rank == 2 && x->dims[0] == 1)))
		return take_label(g, x, index, one_row, 2,
		    index->batch >= 0 ? 1 : -1, err);
	if (onnx_depends_on_row(index))
		return extract_by_row(g, x, index, err);
	if (!onnx_ints(g, index, "index", &at, err) ||
	    !take(g, x, x->rank - 1, at, index->n, 1, &n, &y, err))
		return false;
	if (x->rank == 1 && !onnx_reshaped(g, &y, 2, one_row, -1, &y, err))
		return false;
	return onnx_output(g, 0, &y, err);
}

/* Places start, start + step ... of x along an axis, as ONNX counts them. */
static bool
slice(struct onnx *g, const struct onnx_tensor *x, int axis, int64_t start,
    int64_t end, int64_t step, struct onnx_tensor *ret, struct err *err)
{
	int64_t d = x->dims[axis], n = 0, *at;

	if (step == 0)
		return onnx_wrong(err, "it takes steps of 0");
	if (axis == x->batch) {
		/* All of them, or it is not of one row. */
		if (start != 0 || step != 1 || end < INT32_MAX)
			return onnx_along_rows(err);
		*ret = *x;
		return true;
	}
	start = start < 0 ? start + d : start;
	end = end < 0 ? end + d : end;
	start = start < 0 ? 0 : start > (step < 0 ? d - 1 : d) ?
	    (step < 0 ? d - 1 : d) : start;
	end = end < -1 ? -1 : end > d ? d : end;
	if (step > 0 && end < 0)
		end = 0;
	at = ARENA_ARRAY(g->im->mem, (size_t)d, int64_t);
	if (at == NULL)
		return onnx_full(g, err);
	for (int64_t i = start; step > 0 ? i < end : i > end; i += step)
		at[n++] = i;
	return take(g, x, axis, at, (size_t)n, 1, &n, ret, err);
}

/* A list of Slice: an attribute before opset 10, then an input. */
static bool
slice_list(struct onnx *g, const char *name, size_t input,
    const int64_t **ret, size_t *n, struct err *err)
{
	const struct onnx_tensor *x = onnx_optional(g, input);
	int64_t *list;

	onnx_attr_ints(g, name, ret, n);
	if (x == NULL)
		return true;
	if (!onnx_ints(g, x, name, &list, err))
		return false;
	*ret = list;
	*n = x->n;
	return true;
}

bool
onnx_op_slice(struct onnx *g, struct err *err)
{
	const int64_t *starts, *ends, *axes, *steps;
	size_t n, n_ends, n_axes, n_steps;
	const struct onnx_tensor *x;
	struct onnx_tensor y;

	if (!onnx_input(g, 0, &x, err) ||
	    !slice_list(g, "starts", 1, &starts, &n, err) ||
	    !slice_list(g, "ends", 2, &ends, &n_ends, err) ||
	    !slice_list(g, "axes", 3, &axes, &n_axes, err) ||
	    !slice_list(g, "steps", 4, &steps, &n_steps, err))
		return false;
	if (n_ends != n || (n_axes != 0 && n_axes != n) ||
	    (n_steps != 0 && n_steps != n) || n > (size_t)x->rank)
		return onnx_wrong(err, "its lists are not of one length");
	y = *x;
	for (size_t i = 0; i < n; i++) {
		struct onnx_tensor part = y;
		int axis;
		int64_t step = n_steps > 0 ? steps[i] : 1;

		if (starts[i] == ONNX_ROWS_MARK ||
		    step <= -ONNX_ELEMS_MAX || step >= ONNX_ELEMS_MAX)
			return onnx_cannot(err, "it starts at a row, or "
			    "steps too far");
		if (!onnx_axis(&part, n_axes > 0 ? axes[i] : (int64_t)i,
			&axis, err) ||
		    !slice(g, &part, axis, starts[i],
			ends[i] == ONNX_ROWS_MARK ? INT64_MAX : ends[i],
			step, &y, err))
			return false;
	}
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_split(struct onnx *g, struct err *err)
{
	size_t parts = g->node->n_output, n;
	const struct onnx_tensor *x;
	const int64_t *sizes;
	int64_t at = 0, each;
	struct onnx_tensor y;
	int axis;

	if (!onnx_input(g, 0, &x, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", 0), &axis, err) ||
	    !slice_list(g, "split", 1, &sizes, &n, err))
		return false;
	if (axis == x->batch)
		return onnx_along_rows(err);
	if (parts == 0 || (n != 0 && n != parts))
		return onnx_wrong(err, "%zu sizes of %zu parts", n, parts);
	each = (x->dims[axis] + (int64_t)parts - 1) / (int64_t)parts;
	for (size_t i = 0; i < parts; i++) {
		int64_t size = n > 0 ? sizes[i] : each;

		if (size < 0 || size > x->dims[axis])
			return onnx_wrong(err, "a part of %lld",
			    (long long)size);
		if (!slice(g, x, axis, at, at + size, 1, &y, err) ||
		    !onnx_output(g, i, &y, err))
			return false;
		at += size;
	}
	return true;
}

/* All rows of n tensors like x one after the other. */
static bool
stack(struct onnx *g, const struct onnx_tensor *x, int axis, int64_t n,
    struct err *err)
{
	int64_t dims[ONNX_RANK_MAX + 1], ahead = onnx_product(x->dims, 0, axis);
	const struct onnx_tensor *part;
	struct onnx_tensor y;
	struct onnx_elem *e;
	size_t behind;

	memcpy(dims, x->dims, (size_t)axis * sizeof(*dims));
	dims[axis] = n;
	memcpy(dims + axis + 1, x->dims + axis,
	    (size_t)(x->rank - axis) * sizeof(*dims));
	if (!onnx_make(g, x->type, x->rank + 1, dims, axis + 1, &y, &e, err))
		return false;
	y.stacked = true;
	behind = ahead > 0 ? x->n / (size_t)ahead : 0;
	for (int64_t a = 0; a < ahead; a++)
		for (int64_t i = 0; i < n; i++, e += behind) {
			if (!onnx_input(g, (size_t)i, &part, err))
				return false;
			if (part->batch != axis)
				return onnx_along_rows(err);
			memcpy(e, part->elems + (size_t)a * behind,
			    behind * sizeof(*e));
		}
	return onnx_output(g, 0, &y, err);
}

bool
onnx_op_concat(struct onnx *g, struct err *err)
{
	int64_t dims[ONNX_RANK_MAX], total = 0, ahead;
	const struct onnx_tensor *x, *first;
	bool scores = false;
	int axis, batch = -1;
	struct onnx_tensor y;
	struct onnx_elem *e;

	if (!onnx_input(g, 0, &first, err) ||
	    !onnx_axis(first, onnx_attr_int(g, "axis", 1), &axis, err))
		return false;
	for (size_t i = 0; i < g->node->n_input; i++) {
		if (!onnx_input(g, i, &x, err))
			return false;
		if (x->rank != first->rank || x->type != first->type)
			return onnx_wrong(err, "its inputs differ in shape or "
			    "type");
		for (int k = 0; k < x->rank; k++)
			if (k != axis && x->dims[k] != first->dims[k])
				return onnx_wrong(err, "its inputs differ in "
				    "shape");
		if (x->batch >= 0 && batch >= 0 && x->batch != batch)
			return onnx_cannot(err, "it crosses rows with rows");
		batch = x->batch >= 0 ? x->batch : batch;
		scores |= x->scores;
		total += x->dims[axis];
	}
	if (batch == axis && g->node->n_input > 1)
		return stack(g, first, axis, (int64_t)g->node->n_input, err);
	memcpy(dims, first->dims, sizeof(dims));
	dims[axis] = total;
	if (!onnx_make(g, first->type, first->rank, dims, batch, &y, &e,
		err))
		return false;
	y.scores = scores;
	ahead = onnx_product(first->dims, 0, axis);
	for (int64_t a = 0; a < ahead; a++)
		for (size_t i = 0; i < g->node->n_input; i++) {
			size_t n;

			if (!onnx_input(g, i, &x, err))
				return false;
			n = x->n / (size_t)ahead;
			memcpy(e, x->elems + (size_t)a * n, n * sizeof(*e));
			e += n;
		}
	return onnx_output(g, 0, &y, err);
}
