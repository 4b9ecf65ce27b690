/* SPDX-License-Identifier: ISC */
#ifndef CLI_ANSWERS_H
#define CLI_ANSWERS_H

#include <stdint.h>

#include "base/buf.h"
#include "cli/rows.h"
#include "model/model.h"

/* Predictions as CSV, JSON or NDJSON. */
struct answers {
	const struct model *model;
	enum rows_format format;
	uint64_t n;
};

void answers_begin(struct answers *a, const struct model *m,
    enum rows_format format, struct buf *b);
/* `out` is what scoring wrote for the row. */
void answers_row(struct answers *a, const double *out, struct buf *b);
void answers_end(struct answers *a, struct buf *b);

#endif
