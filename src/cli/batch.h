/* SPDX-License-Identifier: ISC */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/rows.h"
#include "model/model.h"

/* Some rows at a time: read, scored together, each good or with a reason. */
enum { BATCH_ROWS = 512 };

struct batch_row {
	uint64_t number;
	struct str text;     /* as it stands in the file */
	struct str extra;    /* see rows_open */
	const char *reason;  /* NULL: it was scored */
	const double *cells; /* of a good row: model_inputs */
	const double *out;   /* and model_outputs */
};
struct batch {
	const struct model *model;
	struct batch_row rows[BATCH_ROWS];
	size_t n;
	double *cells, *out; /* of all good rows, closed up */
	void *scratch;
	struct arena kept;   /* texts and reasons */
};

MUST_USE bool batch_init(struct batch *b, const struct model *m,
    struct arena *mem, struct err *err);
void batch_done(struct batch *b);
/* Read and score the next rows; n == 0 at the end. Fails where the file
 * cannot be read on; the rows before that are in the batch. */
MUST_USE bool batch_next(struct batch *b, struct rows *rows, struct err *err);

#endif
