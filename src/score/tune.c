/* SPDX-License-Identifier: ISC
 *
 * Which way through a forest is fastest: each is timed over rows made from
 * the thresholds themselves, so that every split is a toss-up, and the best
 * of some runs counts, since whatever disturbs one makes it longer.
 */
#include "score/tune.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/model.h"
#include "model/model_build.h"
#include "score/steps.h"

enum { RUNS = 15 };
/* What is the more intricate has to win by so much. */
#define WORTH 0.9

struct tune {
	const struct image_step *step;
	const struct image_forest *forest;
	const struct ranks *ranks;
	struct block b;
	uint64_t seed;
};

static uint32_t
draw(struct tune *t, uint32_t n)
{
	t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((t->seed >> 32) * n >> 32);
}

/* Rows of numbers at which the forest's lanes are cut. */
static void
fill_rows(struct tune *t)
{
	for (uint32_t k = 0; k < t->forest->lanes; k++) {
		const struct ranks_scale *s = &t->ranks->scales[k];
		double *x = t->b.frame + s->slot * t->b.stride;

		for (size_t r = 0; r < t->b.rows && s->cuts > 0; r++) {
			uint32_t at = s->cut + draw(t, s->cuts);

			x[r] = t->ranks->floats != NULL ?
			    (double)t->ranks->floats[at] :
			    t->ranks->doubles[at];
		}
	}
}

static void
walk_one_by_one(struct tune *t, double *y)
{
	for (size_t r = 0; r < t->b.rows; r++)
		score_forest_walk(&t->b, t->forest, t->step->width, y, r, 1);
}

static void
trees_one_by_one(struct tune *t, double *y)
{
	for (size_t r = 0; r < t->b.rows; r++)
		score_forest_trees(&t->b, t->forest, t->ranks, t->step->width,
		    y, r);
}

static void
walk_rows(struct tune *t, double *y)
{
	score_forest_walk(&t->b, t->forest, t->step->width, y, 0, t->b.rows);
}

static void
side_by_side(struct tune *t, double *y)
{
	score_forest_rows(&t->b, t->forest, t->ranks, t->step->width, y,
	    t->b.rows);
}

/* The least nanoseconds that `way` takes for all rows. */
static double
least_ns(struct tune *t, void (*way)(struct tune *, double *))
{
	double *y = t->b.frame + t->step->dst * t->b.stride;
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < RUNS; i++) {
		uint64_t begun = clock_mono_ns(), took;

		way(t, y);
		took = clock_mono_ns() - begun;
		if (took < least)
			least = took;
	}
	return (double)least;
}

static struct model_layout
measure(struct tune *t)
{
	struct model_layout best = {0};
	double rows, side;

	fill_rows(t);
	rows = least_ns(t, walk_rows);
	if (t->ranks->planes > 0) {
		double trees = least_ns(t, trees_one_by_one);

		if (trees < WORTH * rows) {
			best.trees_to = RANKS_ROWS;
			rows = trees;
		} else if (trees < WORTH * least_ns(t, walk_one_by_one))
			best.trees_to = 1;
	}
	if (t->b.rows == 1) /* the row is so wide that each is a block */
		return best;
	/* All rows side by side take as long as one, so it pays from as many
	 * on as else go in that time. */
	side = least_ns(t, side_by_side);
	if (side < WORTH * rows)
		best.rows_from = 1 + (uint32_t)(side / rows *
		    (double)t->b.rows);
	return best;
}

static void
tune_forests(const struct model *m, void *scratch,
    struct model_layout *layouts)
{
	size_t rows = m->block_rows < RANKS_ROWS ? m->block_rows : RANKS_ROWS;

	for (uint32_t i = 0; i < m->n_steps; i++) {
		const struct image_step *s = &m->steps[i];
		struct tune t = {.step = s, .b = score_block(m, rows,
		    scratch)};

		if (s->op != STEP_FOREST || m->ranks[s->at] == NULL)
			continue;
		t.forest = &m->forests[s->at];
		t.ranks = m->ranks[s->at];
		layouts[s->at] = measure(&t);
	}
}

bool
tune_image(struct str image, struct err *err)
{
	struct model_layout *layouts;
	struct model *m;
	void *scratch;
	bool ok;

	if (!model_open_bytes(image, &m, err))
		return false;
	layouts = calloc((size_t)m->n_forests + 1, sizeof(*layouts));
	scratch = aligned_alloc(CACHE_LINE, (score_scratch_bytes(m,
	    RANKS_ROWS) + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1));
	ok = layouts != NULL && scratch != NULL;
	if (ok) {
		memset(scratch, 0, score_scratch_bytes(m, RANKS_ROWS));
		tune_forests(m, scratch, layouts);
		model_image_layouts(image, layouts);
	} else
		err_system(err, "no memory to measure a model");
	free(scratch);
	free(layouts);
	model_close(m);
	return ok;
}
