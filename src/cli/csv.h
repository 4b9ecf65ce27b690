/* SPDX-License-Identifier: ISC */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/source.h"

/*
 * CSV as RFC 4180 has it: commas, quotes doubled inside quotes, line ends
 * inside quotes, CRLF or LF. Empty lines are passed over.
 */
enum { CSV_CELLS_MAX = 65536 };

struct csv {
	struct source *in;
	struct str *cells;  /* of the record, good until the next csv_next */
	size_t n;
	struct str text;    /* the record as it stands, without its line end */
	uint64_t line;      /* where it begins, from 1 */
	uint64_t next_line;
	char *plain;        /* cells that had doubled quotes */
};

enum csv_result {
	CSV_RECORD,
	CSV_BAD,    /* this record is no CSV: text and err say */
	CSV_END,
	CSV_FAILED, /* the file cannot be read on: err says */
};

MUST_USE bool csv_init(struct csv *c, struct source *in, struct arena *mem,
    struct err *err);
MUST_USE enum csv_result csv_next(struct csv *c, struct err *err);
/* One cell that reads `before` and then `cell`, in quotes where it needs
 * them. */
void csv_cell(struct buf *b, const char *before, struct str cell);

#endif
