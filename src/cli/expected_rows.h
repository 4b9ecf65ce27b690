/* SPDX-License-Identifier: ISC */
#ifndef CLI_EXPECTED_ROWS_H
#define CLI_EXPECTED_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "cli/expected.h"
#include "cli/source.h"
#include "import/doc.h"
#include "model/model.h"

/* What the readers of recorded answers share; for cli/expected*.c alone. */
struct expected_reader {
	const struct model *m;
	struct arena *mem;
	struct expected *e;
	size_t cap;
	const struct doc *classes; /* in the order of "proba", or NULL */
};

/* A row that says nothing yet: its numbers. */
MUST_USE bool expected_add(struct expected_reader *r, double **numbers,
    struct err *err);
/* Of the last row; returns false. */
bool expected_fail(const struct expected_reader *r, const char *what,
    struct err *err);
/* The prediction of the last row: a label, a list with one of each target, or
 * a regression's number. */
MUST_USE bool expected_predict(struct expected_reader *r,
    const struct doc *d, struct err *err);
/* The label that the last row gets of one target. */
MUST_USE bool expected_label(struct expected_reader *r, uint32_t target,
    const struct doc *d, struct err *err);
/* All rows of a CSV. */
MUST_USE bool expected_read_csv(struct expected_reader *r, struct source *in,
    struct err *err);

#endif
