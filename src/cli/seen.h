/* SPDX-License-Identifier: ISC */
#ifndef CLI_SEEN_H
#define CLI_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"

/* What the values of a column are like in a file, before anything is made of
 * them. */
struct seen {
	uint64_t rows;
	uint64_t missing;  /* null, an empty cell, or not there */
	uint64_t unknown;  /* a text that is no category of the model */
	uint64_t booleans; /* of a column of numbers */
	bool whole;        /* every number is */
	struct str origin; /* "reference data FILE" */
};

/* One for each column of the model, in mem; *ret is NULL where `path` is no
 * regular file, which could not be read once more. Rows that are no CSV or
 * JSON count for nothing here. */
MUST_USE bool seen_read(const char *path, const struct model *m,
    struct arena *mem, const struct seen **ret, struct err *err);

#endif
