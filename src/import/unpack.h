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

/* The bytes of a file that may be compressed, told by its first bytes: zlib,
 * gzip, bz2, xz, lzma and lz4 are unpacked into mem and *packed names which;
 * plain bytes are given back as they are, *packed NULL. ERR_INPUT for other
 * compressions, naming them and what to do, and for damage; ERR_LIMIT beyond
 * UNPACK_BYTES_MAX or mem. */
MUST_USE bool unpack(struct str bytes, struct arena *mem, struct str *ret,
    const char **packed, struct err *err);

#endif
