/* SPDX-License-Identifier: ISC */
#ifndef API_PREDICT_DECODE_H
#define API_PREDICT_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/predict_batch.h"
#include "api/problem.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"
#include "score/input.h"

/* True for application/json and anything +json, in UTF-8. */
bool predict_decode_is_json(struct str content_type);
/* Hold the body against JSON and the limits: b->json, list, rows. */
MUST_USE bool predict_decode_body(struct str body, const struct model *m,
    size_t rows_limit, struct arena *mem, struct predict_batch *b,
    struct problem *p);
/* All records to cells, in mem; the time it took, by stage. The problem has
 * all that is wrong with all of them. */
MUST_USE bool predict_decode_rows(const struct model *m, struct arena *mem,
    struct predict_batch *b, struct problem *p);
/* The problem of one row, from 0: its sentence, and which it is in a list.
 * Returns false. */
bool predict_decode_refuse(const struct predict_batch *b, size_t row,
    const struct err *err, struct problem *p);
/* One JSON object to model_inputs(m) raw values: absent where it has no such
 * member; members that are no column are skipped. */
void predict_decode_raw(const struct model *m, const cJSON *object,
    struct raw *raw);
/* The same from a JSON list of as many values as the model has columns, in
 * their order; false where it has another number. */
MUST_USE bool predict_decode_list(const struct model *m, const cJSON *list,
    struct raw *raw);
/* One JSON object to model_inputs(m) cells; raw is room for as many. Members
 * that are no column are skipped. Errors as input_row. */
MUST_USE bool predict_decode_row(const struct model *m, const cJSON *object,
    struct raw *raw, double *cells, uint32_t *unknown, struct err *err);

#endif
