/* SPDX-License-Identifier: ISC
 *
 * Forests: which of the ways through the trees a block of rows takes. All of
 * them add up the same leaves in the order of the file, in the type in which
 * the library does, so they give the same bits.
 */
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

/* Rows side by side for as many whole groups as there are, and for what is
 * left where that pays; the rest walks. */
static void
score_sums(struct block *b, const struct image_forest *f,
    const struct ranks *ranks, uint32_t outputs, double *y)
{
	size_t side = 0;

	if (b->rows == 1 && b->stride == 1 && ranks != NULL &&
	    ranks->planes > 0 && b->m->wide) {
		score_forest_trees(b, f, ranks, outputs, y);
		return;
	}
	if (ranks != NULL && f->rows_from > 0) {
		side = b->rows / RANKS_ROWS * RANKS_ROWS;
		if (b->rows - side >= f->rows_from)
			side = b->rows;
	}
	if (side > 0)
		score_forest_rows(b, f, ranks, outputs, y, side);
	if (side < b->rows)
		score_forest_walk(b, f, outputs, y, side, b->rows - side);
}

void
score_forest(struct block *b, const struct image_step *s)
{
	const struct image_forest *f = b->m->forests + s->at;
	const double *base = b->m->params + f->base;
	double *y = b->frame + s->dst * b->stride;

	score_check_slots(b, b->m->lists + f->check, f->checks, f->takes_nan,
	    f->compare == TREE_F64_LE_F64 ? INFINITY : FLOAT_LIMIT);
	if (b->rows == 0)
		return;
	for (uint32_t k = 0; k < s->width; k++)
		for (size_t r = 0; r < b->rows; r++)
			y[k * b->stride + r] = base[k];
	score_sums(b, f, b->m->ranks[s->at], s->width, y);
	if (f->divide == 1)
		return;
	for (uint32_t k = 0; k < s->width; k++)
		for (size_t r = 0; r < b->rows; r++)
			y[k * b->stride + r] /= f->divide;
}
