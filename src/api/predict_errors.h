/* SPDX-License-Identifier: ISC */
#ifndef API_PREDICT_ERRORS_H
#define API_PREDICT_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/problem.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "model/model.h"
#include "score/input.h"
#include "score/score.h"

/*
 * Every field of every row that is wrong in one request, as a JSON list of
 * {"row", "field", "error"}: the first so many, and how many there are beyond.
 * The row, counted from 1, is of a list only.
 */
enum { PREDICT_ERRORS_MAX = 100, PREDICT_ERRORS_BYTES = 1 << 15 };

struct predict_errors {
	bool list; /* the client sent one */
	struct buf text;
	uint64_t rows, all, listed; /* refused; what is wrong with them */
	bool named; /* nothing but columns that are missing */
	bool full;
};

/* Room in mem at the first problem. ERR_LIMIT past its bound. */
MUST_USE bool predict_errors_begin(struct predict_errors *e, bool list,
    struct arena *mem);
/* All that is wrong with row `row`, from 0: raw as of input_row. */
void predict_errors_add(struct predict_errors *e, const struct model *m,
    size_t row, const struct raw *raw);
/* What the model refused about it. */
void predict_errors_fault(struct predict_errors *e, const struct model *m,
    size_t row, const struct score_fault *fault);
/* Behind the last: into the answer, if there is more than its sentence says.
 * The text stays in the arena. */
void predict_errors_end(struct predict_errors *e, struct problem *p);

#endif
