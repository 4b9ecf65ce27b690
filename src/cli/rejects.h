/* SPDX-License-Identifier: ISC */
#ifndef CLI_REJECTS_H
#define CLI_REJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "cli/batch.h"
#include "cli/out.h"
#include "cli/rows.h"

/*
 * Rows that could not be scored, in the format they came in: CSV with the
 * columns row and reason before the original ones; else NDJSON of row,
 * reason and input. Without a path they are told on stderr.
 */
struct rejects {
	const char *path; /* or NULL */
	enum rows_format format;
	uint64_t n;
	struct out out;
};

MUST_USE bool rejects_open(const char *path, const struct rows *rows,
    struct arena *mem, struct rejects *ret, struct err *err);
MUST_USE bool rejects_add(struct rejects *r, const struct batch_row *row,
    struct err *err);
MUST_USE bool rejects_close(struct rejects *r, struct err *err);
void rejects_abandon(struct rejects *r);

#endif
