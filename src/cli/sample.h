/* SPDX-License-Identifier: ISC */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"

/* Rows to measure with: as a client sends them and as scoring takes them. */
struct sample {
	size_t n;
	struct str *objects; /* JSON, one a row */
	double *cells;       /* n * model_inputs */
};

/* At most `most` rows of the file; without one, `most` rows made from the
 * model's schema: numbers over their ranges, categories in turn. Rows that
 * cannot be used are an error. */
MUST_USE bool sample_read(const char *path, const struct model *m,
    size_t most, struct arena *mem, struct sample *ret, struct err *err);

#endif
