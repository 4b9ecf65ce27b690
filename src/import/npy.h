/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_NPY_H
#define IMPORT_NPY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/array.h"

/* Longest header read. */
#define NPY_HEADER_MAX 65536

/* The array of a .npy file (format 1 to 3): a view of its bytes, its item
 * type as nodes in mem. ERR_INPUT where the header is not as numpy writes it
 * or contradicts the bytes behind it; objects are refused. */
MUST_USE bool npy_read(struct str bytes, struct arena *mem,
    struct array *ret, struct err *err);

#endif
