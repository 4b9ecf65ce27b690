/* SPDX-License-Identifier: ISC */
#ifndef CLI_ITEMS_H
#define CLI_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/source.h"

/*
 * The single values of a JSON array, of lines (NDJSON), or of one or more
 * values that follow each other, as slices of text: only where each begins
 * and ends is looked at here.
 */
enum items_kind { ITEMS_ARRAY, ITEMS_LINES, ITEMS_VALUES };

struct items {
	struct source *in;
	enum items_kind kind;
	bool begun, ended;
};
enum items_result { ITEMS_ITEM, ITEMS_END, ITEMS_FAILED };

void items_init(struct items *it, struct source *in, enum items_kind kind);
/* *ret is good until the next call. ITEMS_FAILED where what stands between
 * the items is wrong: err names the byte. */
MUST_USE enum items_result items_next(struct items *it, struct str *ret,
    struct err *err);

#endif
