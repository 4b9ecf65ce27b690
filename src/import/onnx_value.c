/* SPDX-License-Identifier: ISC
 *
 * Elements to slots: labels become numbers, what a graph computes in float is
 * rounded, once for each slot, and each constant has one slot.
 */
#include "import/onnx_graph.h"

#include <math.h>
#include <string.h>

bool
onnx_all_constant(const struct onnx_elem *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!elem_is_constant(&e[i]))
			return false;
	return true;
}

/* --- labels --------------------------------------------------------------- */

/* The slot of the best one's index. */
static bool
class_index(struct onnx *g, struct onnx_class *c, uint32_t *ret,
    struct err *err)
{
	struct onnx_elem *scores;
	uint32_t *slots;

	if (!c->has_slot) {
		scores = ARENA_ARRAY(g->im->mem, c->n, struct onnx_elem);
		if (scores == NULL)
			return onnx_full(g, err);
		memcpy(scores, c->scores, c->n * sizeof(*scores));
		if (!onnx_numbers(g, c->floats ?
			ONNX_FLOAT :
			ONNX_DOUBLE, scores, c->n,
			err) || !onnx_slots(g, scores, c->n, &slots, err) ||
		    !model_build_fold(g->im->build, c->fold, false, slots,
			c->n, 1, &c->slot, err))
			return false;
		c->has_slot = true;
	}
	*ret = c->slot;
	return true;
}

static bool
labels_count_up(const struct onnx_class *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->labels[i].number != i)
			return false;
	return true;
}

static bool
class_number(struct onnx *g, struct onnx_elem *e, struct err *err)
{
	struct onnx_class *c = e->class_;
	struct onnx_elem index, *keys;

	if (c->labels[0].kind != ELEM_NUMBER)
		return onnx_cannot(err, "a text is not a number");
	if (!class_index(g, c, &index.slot, err))
		return false;
	index = elem_slot(c->slot, true);
	if (labels_count_up(c)) {
		*e = index;
		return true;
	}
	keys = ARENA_ARRAY(g->im->mem, c->n, struct onnx_elem);
	if (keys == NULL)
		return onnx_full(g, err);
	for (uint32_t i = 0; i < c->n; i++)
		keys[i] = elem_number(i);
	return onnx_lookup(g, &index, keys, c->labels, c->n, elem_number(0),
	    e, err);
}

/* --- numbers -------------------------------------------------------------- */

/* Round what is no float yet, once for each slot. */
static bool
round_all(struct onnx *g, struct onnx_elem *e, size_t n, struct err *err)
{
	uint32_t *src = ARENA_ARRAY(g->im->mem, n, uint32_t), dst, width = 0;

	if (src == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == ELEM_SLOT && !e[i].exact &&
		    onnx_map_get(&g->rounded, e[i].slot) == NULL) {
			src[width++] = e[i].slot;
			/* Its place until the step is there. */
			if (!onnx_map_put(g->im->mem, &g->rounded, e[i].slot,
				0))
				return onnx_full(g, err);
		}
	if (width > 0) {
		if (!model_build_calc(g->im->build, CALC_FLOAT, false, src,
			NULL, width, &dst, err))
			return false;
		for (uint32_t i = 0; i < width; i++)
			if (!onnx_map_put(g->im->mem, &g->rounded, src[i],
				dst + i))
				return onnx_full(g, err);
	}
	for (size_t i = 0; i < n; i++)
		if (e[i].kind == ELEM_SLOT && !e[i].exact)
			e[i] = elem_slot(*onnx_map_get(&g->rounded,
			    e[i].slot), true);
	return true;
}

bool
onnx_numbers(struct onnx *g, int type, struct onnx_elem *e, size_t n,
    struct err *err)
{
	bool rounds = false;

	for (size_t i = 0; i < n; i++) {
		switch (e[i].kind) {
		case ELEM_STRING:
		case ELEM_TEXT:
			return onnx_cannot(err, "a text is not a number");
		case ELEM_ROWS:
			return onnx_cannot(err, "it computes with the number "
			    "of rows");
		case ELEM_CLASS:
			if (!class_number(g, &e[i], err))
				return false;
			break;
		case ELEM_SLOT:
			rounds |= !e[i].exact;
			break;
		case ELEM_NUMBER:
			if (type == ONNX_FLOAT)
				e[i].number = (double)(float)e[i].number;
			break;
		}
	}
	return !rounds || type != ONNX_FLOAT || round_all(g, e, n, err);
}

static bool
constant_slot(struct onnx *g, double v, uint32_t *ret, struct err *err)
{
	const uint32_t *known;
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	known = onnx_map_get(&g->constants, bits);
	if (known != NULL) {
		*ret = *known;
		return true;
	}
	/* A constant step is finite; what is not is made of one. */
	return (isfinite(v) ?
	    model_build_constant(g->im->build, v, ret, err) :
	    constant_slot(g, 1, ret, err) &&
	    model_build_calc(g->im->build, CALC_MUL, false,
		&(uint32_t){*ret}, &v, 1, ret, err)) &&
	    (onnx_map_put(g->im->mem, &g->constants, bits, *ret) ||
	    onnx_full(g, err));
}

bool
onnx_slots(struct onnx *g, const struct onnx_elem *e, size_t n,
    uint32_t **ret, struct err *err)
{
	*ret = ARENA_ARRAY(g->im->mem, n, uint32_t);
	if (*ret == NULL)
		return onnx_full(g, err);
	for (size_t i = 0; i < n; i++) {
		(*ret)[i] = e[i].slot;
		if (elem_is_constant(&e[i]) &&
		    !constant_slot(g, e[i].number, &(*ret)[i], err))
			return false;
	}
	return true;
}

bool
onnx_operand(struct onnx *g, int type, const struct onnx_elem *e, size_t n,
    struct onnx_elem **ret, struct err *err)
{
	*ret = ARENA_ARRAY(g->im->mem, n, struct onnx_elem);
	if (*ret == NULL)
		return onnx_full(g, err);
	memcpy(*ret, e, n * sizeof(**ret));
	return onnx_numbers(g, type, *ret, n, err);
}
