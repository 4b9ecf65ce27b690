/* SPDX-License-Identifier: ISC */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/csv.h"
#include "cli/items.h"
#include "cli/source.h"
#include "model/model.h"
#include "score/input.h"

/* The rows of a data file for one model, whatever its format. */

enum rows_format { ROWS_CSV, ROWS_JSON, ROWS_NDJSON };

struct rows {
	struct source in;
	enum rows_format format;
	const struct model *model;
	struct csv csv;
	struct items items;
	struct str header;     /* CSV: as it stands */
	size_t header_cells;
	int32_t *columns;      /* CSV: cell of each model column, or -1 */
	enum model_kind *kinds;/* of each model column */
	bool *booleans;        /* ... whether it takes them */
	int32_t extra;         /* CSV: cell of `extra` of rows_open, or -1 */
	struct raw *raw;       /* one a model column */
	uint64_t number;       /* rows read */
	struct arena tree;     /* JSON: of one row */
};

/* What rows_next found. */
struct row {
	uint64_t number;       /* from 1 */
	struct str text;       /* as it stands in the file */
	const struct raw *raw; /* one a model column; NULL for a bad row */
	struct str extra;      /* CSV: its cell */
	struct err why;        /* of a bad row */
};
enum rows_result { ROWS_ROW, ROWS_END, ROWS_FAILED };

/* Open `path` (NULL or "-": stdin). The format is found by the name's end,
 * else by content. `extra` names one more column wanted of a CSV, or is NULL.
 * Fails where a CSV lacks a column that the model requires. */
MUST_USE bool rows_open(const char *path, const struct model *m,
    const char *extra, struct arena *mem, struct rows *ret, struct err *err);
void rows_close(struct rows *r);
/* The next row, good until the next call. ROWS_FAILED: the file cannot be
 * read on, and err says why. */
MUST_USE enum rows_result rows_next(struct rows *r, struct row *ret,
    struct err *err);

#endif
