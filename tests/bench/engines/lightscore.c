/* SPDX-License-Identifier: ISC
 *
 * Our side. Option `cells`: numbers that have been decoded before, to the
 * scorer; `texts`: a client's values, texts as texts, to cells and to the
 * scorer; `json`: the body of a request, read as a worker reads it, and the
 * rest as before.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "api/predict_decode.h"
#include "base/arena.h"
#include "base/buf.h"
#include "engine.h"
#include "json/json_write.h"
#include "score/input.h"
#include "score/score.h"

#define TEXT_BYTES    ((size_t)64 << 20)
#define REQUEST_BYTES ((size_t)256 << 20)
enum { COLUMNS_MAX = 1024 };

static enum { CELLS, TEXTS, BODY } mode;
static struct model *model;
static size_t inputs;
static size_t source[COLUMNS_MAX]; /* column of the rows, a model column */
static double *decoded, *cells, *out;
static char *scratch, *body, **objects; /* where each row's object begins */
static struct arena mem;

static void
check(bool ok, const struct err *err)
{
	if (!ok)
		fail("lightscore: %s", err->text);
}

static void
decode(const struct rows *rows, size_t first, size_t n, double *ret)
{
	struct raw raw[COLUMNS_MAX];
	uint32_t unknown;
	struct err err;

	for (size_t r = 0; r < n; r++) {
		size_t at = (first + r) * rows->columns;

		for (size_t i = 0; i < inputs; i++) {
			const char *text = rows->texts[at + source[i]];

			if (text != NULL) {
				raw[i].kind = RAW_TEXT;
				raw[i].text.p = text;
				raw[i].text.n = rows->lengths[at + source[i]];
			} else {
				raw[i].kind = RAW_FLOAT;
				raw[i].number = rows->doubles[at + source[i]];
			}
		}
		check(input_row(model, raw, ret + r * inputs, &unknown, &err),
		    &err);
	}
}

/* All rows as one JSON list. A part of it becomes a list of its own by its
 * commas at both ends becoming brackets. */
static void
write_body(const struct rows *rows)
{
	struct buf b;

	body = allocate(TEXT_BYTES, 1);
	objects = allocate(rows->n + 1, sizeof(*objects));
	buf_init(&b, body, TEXT_BYTES);
	for (size_t r = 0; r < rows->n; r++) {
		buf_char(&b, ',');
		objects[r] = body + b.n;
		buf_char(&b, '{');
		for (size_t i = 0; i < rows->columns; i++) {
			size_t at = r * rows->columns + i;

			buf_text(&b, i > 0 ? ",\"" : "\"");
			buf_text(&b, rows->names[i]);
			buf_text(&b, "\":");
			if (rows->texts[at] != NULL)
				buf_printf(&b, "\"%s\"", rows->texts[at]);
			else
				buf_printf(&b, "%.15g", rows->doubles[at]);
		}
		buf_char(&b, '}');
	}
	objects[rows->n] = body + b.n + 1;
	buf_text(&b, ",");
	if (b.over)
		fail("the rows are more than %zu bytes", TEXT_BYTES);
}

void
engine_open(const char *library, const char *path, const char *option,
    const struct rows *rows)
{
	struct err err;

	(void)library;
	mode = strcmp(option, "json") == 0 ? BODY :
	    strcmp(option, "texts") == 0 ? TEXTS : CELLS;
	check(model_open(path, &model, &err), &err);
	inputs = model_inputs(model);
	if (inputs != rows->columns || inputs > COLUMNS_MAX)
		fail("%zu inputs for %zu columns", inputs, rows->columns);
	/* A file without names has its columns in the order of training. */
	for (size_t i = 0; i < inputs; i++)
		source[i] = i;
	for (size_t i = 0; i < inputs; i++) {
		int32_t c = model_find_input(model, str_of(rows->names[i]),
		    (uint32_t)i);

		if (c >= 0)
			source[c] = i;
	}
	check(arena_init(&mem, REQUEST_BYTES, &err), &err);
	cells = decoded = allocate(rows->n * inputs, sizeof(*decoded));
	out = allocate(BATCH_MAX * model_outputs(model), sizeof(*out));
	scratch = allocate(score_scratch_bytes(model, BATCH_MAX), 1);
	if (mode == CELLS)
		decode(rows, 0, rows->n, decoded);
	else if (mode == BODY)
		write_body(rows);
}

static void
read_body(size_t first, size_t n)
{
	char *begin = objects[first], *end = objects[first + n] - 1;
	struct predict_batch batch = {.rows = 0};
	struct problem problem;

	if (n > 1) {
		*--begin = '[';
		*end++ = ']';
	}
	arena_reset(&mem, REQUEST_BYTES);
	if (!predict_decode_body((struct str){begin, (size_t)(end - begin)},
	    model, BATCH_MAX, &mem, &batch, &problem) ||
	    !predict_decode_rows(model, &mem, &batch, &problem))
		fail("lightscore: %s", problem.detail);
	if (n > 1)
		*begin = end[-1] = ',';
	cells = batch.cells;
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	struct score_fault fault;
	struct err err;

	if (mode == BODY)
		read_body(first, n);
	else if (mode == TEXTS)
		decode(rows, first, n, cells);
	else
		cells = decoded + first * inputs;
	if (!score_rows(model, cells, n, out, scratch, &fault)) {
		input_fault(model, &fault, &err);
		check(false, &err);
	}
}

void
engine_fetch(size_t n, double *answers)
{
	size_t width = model_outputs(model);

	for (size_t i = 0; i < n; i++)
		answers[i] = out[i * width + width - 1];
}
