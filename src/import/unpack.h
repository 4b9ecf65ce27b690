/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_UNPACK_H
#define IMPORT_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* What a compressed file may unpack to. */
#define UNPACK_BYTES_MAX ((size_t)2 << 30)

/* The bytes of a file that joblib may have compressed, told by its first
 * bytes: zlib and gzip are unpacked into mem, plain bytes given back as they
 * are (*packed tells). ERR_INPUT for other compressions, naming them and
 * what to do, and for damage; ERR_LIMIT beyond UNPACK_BYTES_MAX or mem. */
MUST_USE bool unpack(struct str bytes, struct arena *mem, struct str *ret,
    bool *packed, struct err *err);

#endif
