/* SPDX-License-Identifier: ISC */
#ifndef SCORE_INPUT_H
#define SCORE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"
#include "score/score.h"

/*
 * A client's values to cells, by the model's schema: one place for HTTP,
 * CSV and NDJSON, so that all three refuse the same things with the same
 * sentence.
 */
enum raw_kind {
	RAW_ABSENT,
	RAW_NULL,
	RAW_BOOL,
	RAW_INTEGER, /* written without point and exponent; `number` holds it */
	RAW_FLOAT,
	RAW_TEXT,
	RAW_LIST,
	RAW_OBJECT,
};
struct raw {
	enum raw_kind kind;
	double number;   /* of a boolean: 1 or 0 */
	struct str text; /* of a null: the empty cell of a CSV, if it is one */
};

/* raw: one a column, model order. Fills model_inputs(m) cells. The sentence
 * of a refusal is the lab's where it has one:
 *   Missing required features: a, b          (schema order, before the rest)
 *   Invalid type for a: expected int or float, got str
 *                              (numbers before text, each in schema order)
 *   Invalid value for a: ...
 * err->at is the column that is wrong, or ERR_NOWHERE. *unknown is how many
 * text cells hold no category the model knows. */
MUST_USE bool input_row(const struct model *m, const struct raw *raw,
    double *cells, uint32_t *unknown, struct err *err);
/* One thing that is wrong with a refused row. */
enum input_wrong { INPUT_MISSING, INPUT_TYPE, INPUT_VALUE };
struct input_problem {
	uint32_t column;
	enum input_wrong what;
};
/* How many there are, and the first `most` of them: missing columns, numbers,
 * texts, each in schema order. */
uint32_t input_problems(const struct model *m, const struct raw *raw,
    struct input_problem *list, uint32_t most);
/* What was wanted and what came, without the column's name; no value is
 * repeated. At most 600 bytes. */
void input_problem_text(const struct model *m, const struct input_problem *p,
    const struct raw *raw, struct buf *b);
/* All problems of a refused row as one text: the sentence of input_row, then
 * the others, as far as a text for people goes. At most 24 KiB. */
void input_refusal(const struct model *m, const struct raw *raw,
    struct buf *b);
/* Why the model refused a row, without the column's name. */
const char *input_fault_text(const struct score_fault *fault);
/* The sentence for a row that the model refused to score. */
void input_fault(const struct model *m, const struct score_fault *fault,
    struct err *err);

#endif
