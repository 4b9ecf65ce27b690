/* SPDX-License-Identifier: ISC
 *
 * Rows are scored some hundreds at a time, which is what the engine likes,
 * and keep their order whatever becomes of each.
 */
#include "cli/batch.h"

#include <string.h>

#include "score/input.h"
#include "score/score.h"

/* A batch ends early once the texts of its rows are this long. */
enum { ENOUGH_TEXT = 1 << 20, KEEP = 1 << 21 };
/* As much as input_refusal writes. */
enum { REASON_BYTES = 24 << 10 };

bool
batch_init(struct batch *b, const struct model *m, struct arena *mem,
    struct err *err)
{
	char *scratch;

	*b = (struct batch){.model = m};
	b->cells = ARENA_ARRAY(mem, (size_t)BATCH_ROWS * model_inputs(m),
	    double);
	b->out = ARENA_ARRAY(mem, (size_t)BATCH_ROWS * model_outputs(m),
	    double);
	scratch = arena_alloc(mem,
	    score_scratch_bytes(m, BATCH_ROWS) + CACHE_LINE);
	if (mem->over)
		return arena_err(mem, "scoring", err);
	scratch += -(uintptr_t)scratch % CACHE_LINE;
	b->scratch = scratch;
	/* Texts and reasons: the last row may be as long as a row can be. */
	return arena_init(&b->kept, 4 * SOURCE_RECORD_MAX, err);
}

void
batch_done(struct batch *b)
{
	arena_done(&b->kept);
}

static bool
keep_reason(struct batch *b, struct batch_row *row, struct str why,
    struct err *err)
{
	row->reason = arena_str(&b->kept, why).p;
	return row->reason != NULL || arena_err(&b->kept, "a batch", err);
}

static bool
add_row(struct batch *b, const struct row *read, double *cells, struct err *err)
{
	struct batch_row *row = &b->rows[b->n];
	struct err why = read->why;
	uint32_t unknown;

	/* All that is wrong, for those who mend the file. */
	char reason[REASON_BYTES];
	struct buf all;

	*row = (struct batch_row){.number = read->number,
	    .text = arena_str(&b->kept, read->text),
	    .extra = arena_str(&b->kept, read->extra), .cells = cells};
	if (b->kept.over)
		return arena_err(&b->kept, "a batch", err);
	b->n++;
	if (read->raw != NULL &&
	    input_row(b->model, read->raw, cells, &unknown, &why))
		return true;
	row->cells = NULL;
	if (read->raw == NULL)
		return keep_reason(b, row, str_of(why.text), err);
	buf_init(&all, reason, sizeof(reason));
	input_refusal(b->model, read->raw, &all);
	return keep_reason(b, row, buf_view(&all), err);
}

/* Scoring stops at a row the model refuses: note why, go on behind it. */
static bool
score(struct batch *b, size_t n_good, struct err *err)
{
	size_t inputs = model_inputs(b->model);
	size_t outputs = model_outputs(b->model), from = 0;
	struct batch_row *good[BATCH_ROWS];
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (b->rows[i].reason == NULL)
			good[n++] = &b->rows[i];
	}
	for (size_t i = 0; i < n; i++)
		good[i]->out = b->out + i * outputs;
	while (from < n_good) {
		struct score_fault fault;
		struct err why;

		if (score_rows(b->model, b->cells + from * inputs,
		    n_good - from, b->out + from * outputs, b->scratch,
		    &fault))
			return true;
		from += fault.row;
		input_fault(b->model, &fault, &why);
		good[from]->out = NULL;
		if (!keep_reason(b, good[from], str_of(why.text), err))
			return false;
		from++;
	}
	return true;
}

bool
batch_next(struct batch *b, struct rows *rows, struct err *err)
{
	size_t inputs = model_inputs(b->model), good = 0;
	enum rows_result got = ROWS_ROW;
	struct row row;

	arena_reset(&b->kept, KEEP);
	b->n = 0;
	while (b->n < BATCH_ROWS && b->kept.used < ENOUGH_TEXT) {
		got = rows_next(rows, &row, err);
		if (got != ROWS_ROW)
			break;
		if (!add_row(b, &row, b->cells + good * inputs, err))
			return false;
		good += b->rows[b->n - 1].reason == NULL;
	}
	/* An unreadable rest must not take the rows before it with it. */
	if (got == ROWS_FAILED) {
		struct err why = *err;

		if (score(b, good, err))
			*err = why;
		return false;
	}
	return score(b, good, err);
}
