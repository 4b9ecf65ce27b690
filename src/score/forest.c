/* SPDX-License-Identifier: ISC
 *
 * Forests: which of the ways through the trees a block of rows takes. All of
 * them add up the same leaves in the order of the file, in the type in which
 * the library does, so they give the same bits.
 */
#include <math.h>

#include "model/model_build.h"
#include "score/steps.h"

/* Rows side by side of n: as many whole groups as there are, and what is left
 * where that pays. Never one alone, whatever the image says: the scratch of
 * one row has no room for a group. */
static size_t
rows_side_by_side(const struct image_forest *f, const struct ranks *ranks,
    size_t n)
{
	size_t left = n % RANKS_ROWS;

	if (ranks == NULL || f->rows_from == 0 || n == 1)
		return 0;
	return left >= f->rows_from ? n : n - left;
}

/* Whether the n rows that are left go one by one, with trees side by side. */
static bool
trees_side_by_side(const struct model *m, const struct image_forest *f,
    const struct ranks *ranks, size_t n)
{
	return ranks != NULL && ranks->planes > 0 && m->wide &&
	    n <= f->trees_to;
}

static void
score_sums(struct block *b, const struct image_forest *f,
    const struct ranks *ranks, uint32_t outputs, double *y)
{
	size_t row = rows_side_by_side(f, ranks, b->rows);

	if (row > 0)
		score_forest_rows(b, f, ranks, outputs, y, row);
	if (trees_side_by_side(b->m, f, ranks, b->rows - row))
		for (; row < b->rows; row++)
			score_forest_trees(b, f, ranks, outputs, y, row);
	if (row < b->rows)
		score_forest_walk(b, f, outputs, y, row, b->rows - row);
}

const char *
score_way(const struct model *m, size_t n)
{
	const char *way = "no trees";

	if (n > m->block_rows)
		n = m->block_rows;
	for (uint32_t i = 0; i < m->n_forests; i++) {
		const struct image_forest *f = &m->forests[i];
		const char *next =
		    rows_side_by_side(f, m->ranks[i], n) > 0 ?
		    "rows side by side" :
		    trees_side_by_side(m, f, m->ranks[i], n) ?
		    "trees side by side" : "walks";

		if (i > 0 && next != way)
			return "by the forest";
		way = next;
	}
	return way;
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
