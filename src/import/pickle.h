/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_PICKLE_H
#define IMPORT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/node.h"

/* Limits: a file that wants more is refused with ERR_LIMIT. Memory as a
 * whole is bounded by the arena. */
#define PICKLE_STACK_MAX ((size_t)1 << 22)
#define PICKLE_NODES_MAX ((size_t)1 << 26)
#define PICKLE_TEXT_MAX  ((size_t)1 << 24) /* one text or line */

/*
 * Read one pickle (protocols 0 to 5) with joblib's arrays in line, as inert
 * nodes in mem: they borrow from `bytes`, which must live as long. *end is
 * the offset behind the STOP; what follows it has not been looked at. The
 * text of err names the byte offset (err->at as well) and the opcode.
 */
MUST_USE bool pickle_read(struct str bytes, struct arena *mem,
    const struct node **ret, size_t *end, struct err *err);

#endif
