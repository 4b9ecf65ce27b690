/* SPDX-License-Identifier: ISC
 *
 * The program of a model, run over blocks of rows: slot s of row r of a block
 * of n rows is frame[s * n + r], so a step reads and writes runs of doubles.
 * A row that a step refuses cuts the block short before it; the rows ahead of
 * it go on, so the fault that is told is that of the first row to have one.
 */
#include "score/score.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/model_build.h"
#include "model/model_format.h"
#include "model/model_view.h"
#include "score/steps.h"

/* Rows of a block where n are left. */
static size_t
block_rows(const struct model *m, size_t n)
{
	return n < m->block_rows ? n : m->block_rows;
}

static size_t
frame_bytes(const struct model *m, size_t rows)
{
	size_t n = m->about->slots * rows * sizeof(double);

	return (n + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
}

size_t
score_scratch_bytes(const struct model *m, size_t n)
{
	size_t rows = block_rows(m, n);
	size_t walks = rows == 1 ? 1 :
	    (rows + SCORE_WALKS - 1) / SCORE_WALKS * SCORE_WALKS;
	size_t keys = m->keys_max * walks * sizeof(uint32_t);
	size_t side = (rows + RANKS_ROWS - 1) / RANKS_ROWS * RANKS_ROWS;
	size_t ranks = rows == 1 ? RANKS_TABLE :
	    m->columns_max * side + m->ranks_bytes;

	return frame_bytes(m, rows) + (keys > ranks ? keys : ranks);
}

struct block
score_block(const struct model *m, size_t rows, void *scratch)
{
	return (struct block){.m = m, .frame = scratch,
	    .keys = (uint32_t *)((char *)scratch + frame_bytes(m, rows)),
	    .rows = rows, .stride = rows};
}

void
score_refuse(struct block *b, size_t row, enum score_refusal why,
    uint32_t slot)
{
	b->refused = true;
	b->fault.row = row;
	b->fault.why = why;
	b->fault.column = slot == SLOT_NONE ? -1 : b->m->origins[slot];
	b->rows = row;
}

/* A NaN where nothing was missing came of the model's own arithmetic: of the
 * logarithm of a negative number, or of a sum that overflowed both ways. */
static enum score_refusal
why_not(const struct block *b, double x, size_t row)
{
	if (!isnan(x))
		return SCORE_NOT_FINITE;
	for (uint32_t k = 0; k < b->m->n_inputs; k++)
		if (isnan(b->frame[k * b->stride + row]))
			return SCORE_MISSING;
	return SCORE_NO_NUMBER;
}

void
score_check_slots(struct block *b, const uint32_t *slots, uint32_t n,
    bool takes_nan, double limit)
{
	for (uint32_t i = 0; i < n; i++) {
		const double *x = b->frame + slots[i] * b->stride;

		for (size_t r = 0; r < b->rows; r++) {
			if (fabs(x[r]) < limit || (takes_nan && isnan(x[r])))
				continue;
			score_refuse(b, r, why_not(b, x[r], r), slots[i]);
		}
	}
}

static void
run(struct block *b)
{
	const struct model *m = b->m;

	for (uint32_t i = 0; i < m->n_steps && b->rows > 0; i++) {
		const struct image_step *s = &m->steps[i];

		switch ((enum step_op)s->op) {
		case STEP_LINEAR_FMA:
			score_linear_fma(b, s);
			break;
		case STEP_LINEAR:
			score_linear(b, s);
			break;
		case STEP_FOREST:
			score_forest(b, s);
			break;
		case STEP_LINEAR_F32:
			score_linear_float(b, s);
			break;
		case STEP_LEAVES:
			score_leaves(b, s);
			break;
		case STEP_LINK:
			score_link(b, s);
			break;
		case STEP_CALC:
			score_calc(b, s);
			break;
		case STEP_FOLD:
			score_fold(b, s);
			break;
		case STEP_MEDIAN:
			score_median(b, s);
			break;
		case STEP_SORT:
			score_sort(b, s);
			break;
		case STEP_KERNEL:
			score_kernel(b, s);
			break;
		case STEP_COUPLE:
			score_couple(b, s);
			break;
		default:
			score_feature(b, s);
		}
	}
}

/* Probabilities and numbers that leave are finite: an overflow on the way is
 * the row's fault, not an answer. */
static void
put_out(struct block *b, double *out)
{
	const struct model *m = b->m;
	const uint32_t *slots = m->lists + m->about->output;
	uint32_t n = m->about->outputs;

	score_check_slots(b, slots, n, false, INFINITY);
	for (size_t r = 0; r < b->rows; r++)
		for (uint32_t k = 0; k < n; k++)
			out[r * n + k] = b->frame[slots[k] * b->stride + r];
}

bool
score_rows(const struct model *m, const double *cells, size_t n, double *out,
    void *scratch, struct score_fault *fault)
{
	uint32_t n_in = m->n_inputs;

	for (size_t done = 0; done < n;) {
		size_t rows = block_rows(m, n - done);
		struct block b = score_block(m, rows, scratch);

		memset(b.frame + n_in * rows, 0, (m->about->slots - n_in) *
		    rows * sizeof(*b.frame));
		for (uint32_t k = 0; k < n_in; k++)
			for (size_t r = 0; r < rows; r++)
				b.frame[k * rows + r] =
				    cells[(done + r) * n_in + k];
		run(&b);
		put_out(&b, out + done * m->about->outputs);
		if (b.refused) {
			*fault = b.fault;
			fault->row += done;
			return false;
		}
		done += rows;
	}
	return true;
}

uint32_t
score_class(const struct model *m, uint32_t target, const double *out)
{
	const struct image_target *t = &m->targets[target];
	double threshold = m->about->figures[FIGURE_THRESHOLD];
	const double *score = out + t->output + t->decision;
	uint32_t best = 0;

	if (m->n_targets == 1 && t->classes == 2 && threshold != 0.5)
		return out[1] >= threshold;
	for (uint32_t k = 1; k < t->classes; k++)
		if (score[k] > score[best])
			best = k;
	return t->class_ + best;
}
