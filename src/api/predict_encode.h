/* SPDX-License-Identifier: ISC */
#ifndef API_PREDICT_ENCODE_H
#define API_PREDICT_ENCODE_H

#include <stdbool.h>

#include "api/exchange.h"
#include "api/predict_batch.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/* Make the constant parts of every answer of s, in mem. */
MUST_USE bool predict_encode_prepare(struct served *s, struct arena *mem,
    struct err *err);
/* The answer: an object, or a list of them. b->over where it does not fit. */
void predict_encode_rows(const struct served *s,
    const struct predict_batch *batch, struct buf *b);
/* A class label as JSON has it: a text, a number or a boolean. */
void predict_encode_class(struct buf *b, const struct model *m, uint32_t k);
/* "classes": a list, empty for a regression; or, of several targets, "targets":
 * a list of {"name", "classes"}. */
void predict_encode_labels(struct buf *b, const struct model *m);
/* What a regression predicts: a number, or a list of them. */
void predict_encode_numbers(struct buf *b, const struct model *m,
    const double *out);

#endif
