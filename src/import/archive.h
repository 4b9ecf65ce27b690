/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ARCHIVE_H
#define IMPORT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A zip archive in memory, by libzip. Nothing is ever written to disk: its
 * entries are looked up by name and unpacked into the arena.
 */
#define ARCHIVE_ENTRIES_MAX ((size_t)1 << 20)
#define ARCHIVE_BYTES_MAX   ((size_t)2 << 30) /* unpacked, all together */

struct archive;

bool archive_probe(struct str bytes);
/* Index the archive; `bytes` must outlive it. To be closed. ERR_INPUT for
 * what is damaged, encrypted, has two entries of one name or a folder;
 * ERR_LIMIT past the limits or mem. */
MUST_USE bool archive_open(struct str bytes, struct arena *mem,
    struct archive **ret, struct err *err);
bool archive_has(const struct archive *a, struct str name);
/* The bytes of an entry, in the arena; unpacked once, checksum held.
 * ERR_INPUT where there is no such entry or it is damaged. */
MUST_USE bool archive_read(struct archive *a, struct str name,
    struct str *ret, struct err *err);
void archive_close(struct archive *a);

#endif
