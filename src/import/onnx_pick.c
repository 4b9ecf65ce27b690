/* SPDX-License-Identifier: ISC
 *
 * Numbers at a place that depends on the row: a table where the list is
 * constant, else one choice after the other.
 */
#include "import/onnx_graph.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Places times numbers at each of one node. */
enum { PICKS_MAX = 1 << 22 };

/* Which of d numbers an index may mean: all, or those that it can be. */
struct choice {
	struct onnx_elem index;  /* a slot */
	uint32_t n;
	struct onnx_elem *keys;  /* constants */
	int64_t *places;
};

static bool
find_choice(struct onnx *g, const struct onnx_elem *index, int64_t d,
    struct choice *c, struct err *err)
{
	const struct onnx_set *set;
	uint32_t most;

	c->index = *index;
	if (!onnx_numbers(g, ONNX_INT64, &c->index,
		1, err))
		return false;
	set = c->index.kind == ELEM_SLOT ? c->index.set : NULL;
	most = set != NULL ? set->n : 2 * (uint32_t)d;
	c->keys = ARENA_ARRAY(g->im->mem, most, struct onnx_elem);
	c->places = ARENA_ARRAY(g->im->mem, most, int64_t);
	if (c->keys == NULL || c->places == NULL)
		return onnx_full(g, err);
	c->n = 0;
	for (uint32_t i = 0; i < most; i++) {
		double at = set != NULL ? set->v[i] :
		    (double)((int64_t)i - d);

		/* Another one would be an error of the row. */
		if (at != trunc(at) || !(at >= (double)-d && at < (double)d))
			continue;
		c->keys[c->n] = elem_number(at);
		c->places[c->n++] = (int64_t)(at < 0 ? at + (double)d : at);
	}
	return true;
}

static bool
are_constant(const struct onnx_elem *const *list, const struct choice *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (list[i]->kind != ELEM_NUMBER &&
		    list[i]->kind != ELEM_STRING)
			return false;
	return true;
}

/* The one of the listed that the index means. */
static bool
pick(struct onnx *g, int type, const struct choice *c,
    const struct onnx_elem *const *list, struct onnx_elem *ret,
    struct err *err)
{
	struct onnx_elem *values = ARENA_ARRAY(g->im->mem, c->n,
	    struct onnx_elem), is, none;

	if (values == NULL)
		return onnx_full(g, err);
	if (c->n == 0)
		return onnx_wrong(err, "no number is at the places that it "
		    "names");
	for (uint32_t i = 0; i < c->n; i++)
		values[i] = *list[i];
	none = values[0].kind == ELEM_STRING ? values[0] : elem_number(NAN);
	if (are_constant(list, c))
		return onnx_lookup(g, &c->index, c->keys, values, c->n, none,
		    ret, err);
	*ret = values[0];
	for (uint32_t i = 1; i < c->n; i++)
		if (!onnx_calc_with(g, CALC_EQUAL,
			ONNX_DOUBLE, &c->index,
			c->keys[i].number, 1, &is, err) ||
		    !onnx_calc(g, CALC_WHERE, type, &is, &values[i], ret, 1,
			ret, err))
			return false;
	return true;
}

bool
onnx_depends_on_row(const struct onnx_tensor *index)
{
	for (size_t i = 0; i < index->n; i++)
		if (index->elems[i].kind == ELEM_SLOT ||
		    index->elems[i].kind == ELEM_CLASS)
			return true;
	return false;
}

bool
onnx_pick(struct onnx *g, const struct onnx_tensor *x, int axis,
    const struct onnx_tensor *index, struct onnx_elem *ret, struct err *err)
{
	size_t d = (size_t)x->dims[axis];
	size_t ahead = (size_t)onnx_product(x->dims, 0, axis);
	size_t behind = (size_t)onnx_product(x->dims, axis + 1, x->rank);
	const struct onnx_elem **list;
	struct choice c;

	if (x->batch == axis)
		return onnx_along_rows(err);
	if (d == 0 || d * ahead * behind * index->n > PICKS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE, "it picks %zu of "
		    "%zu numbers by the row", index->n * ahead * behind, d);
	list = ARENA_ARRAY(g->im->mem, 2 * d, const struct onnx_elem *);
	if (list == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < index->n; i++) {
		if (!find_choice(g, &index->elems[i], (int64_t)d, &c, err))
			return false;
		assert(c.n <= 2 * d); /* whole numbers from -d to d - 1 */
		for (size_t a = 0; a < ahead; a++)
			for (size_t b = 0; b < behind; b++) {
				for (uint32_t k = 0; k < c.n; k++)
					list[k] = &x->elems[(a * d +
					    (size_t)c.places[k]) * behind +
					    b];
				if (!pick(g, x->type, &c, list,
					&ret[(a * index->n + i) * behind + b],
					err))
					return false;
			}
	}
	return true;
}

/* For each index along the last axis the number of its own row. */
bool
onnx_op_gather_elements(struct onnx *g, struct err *err)
{
	const struct onnx_tensor *x, *index;
	struct onnx_tensor y;
	struct onnx_elem *e;
	int axis;

	if (!onnx_input(g, 0, &x, err) || !onnx_input(g, 1, &index, err) ||
	    !onnx_axis(x, onnx_attr_int(g, "axis", 0), &axis, err))
		return false;
	if (x->rank != 2 || index->rank != 2 || axis != 1 || x->batch != 0 ||
	    index->batch != 0)
		return onnx_cannot(err, "only numbers of a row by places of "
		    "the same row are supported");
	return onnx_make(g, x->type, 2, index->dims, 0, &y, &e, err) &&
	    onnx_pick(g, x, 1, index, e, err) && onnx_output(g, 0, &y, err);
}
