/* SPDX-License-Identifier: ISC */
#ifndef SCORE_SCORE_H
#define SCORE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/model.h"

/*
 * Cells in, probabilities (or the regression's number) out. Allocates
 * nothing, checks nothing of the model: it was verified when opened.
 */

/* Bytes of scratch, 64-byte aligned, that calls with at most n rows want:
 * a little for one row, and no more for a million than for some dozens. */
size_t score_scratch_bytes(const struct model *m, size_t n);

/* Why the model cannot score a row. */
enum score_refusal {
	SCORE_MISSING,     /* NaN where the model takes none */
	SCORE_NOT_FINITE,  /* infinite in the model's own type */
	SCORE_UNKNOWN,     /* a category an encoder was told to refuse */
	SCORE_NO_NUMBER,   /* NaN that no missing value brought */
};
struct score_fault {
	size_t row;
	enum score_refusal why;
	int32_t column;  /* the input it came from, or -1 */
};

/* Score n rows: cells are n * model_inputs(m) doubles, out receives
 * n * model_outputs(m). False at the first refused row (*fault says which
 * and why); rows before it have been scored. */
MUST_USE bool score_rows(const struct model *m, const double *cells, size_t n,
    double *out, void *scratch, struct score_fault *fault);

/* In two or three words, how a batch of n rows goes through the trees. */
const char *score_way(const struct model *m, size_t n);

/* The class of a target predicted from one row's outputs, as the model
 * numbers them: the first of the greatest probability or score; for two
 * classes of one target class 1 where its probability reaches
 * FIGURE_THRESHOLD, if that is not 0.5. */
uint32_t score_class(const struct model *m, uint32_t target,
    const double *out);

#endif
