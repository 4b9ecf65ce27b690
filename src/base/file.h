/* SPDX-License-Identifier: ISC */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* A regular file mapped read-only; empty files map to n == 0. */
struct file_map {
	const void *p;
	size_t n;
};

/* Map a regular file of at most `limit` bytes. ERR_SYSTEM where it cannot be
 * opened, ERR_INPUT where it is no regular file, ERR_LIMIT where too large. */
MUST_USE bool file_map(const char *path, size_t limit, struct file_map *ret,
    struct err *err);
void file_unmap(struct file_map *m);
/* Put the bytes at `path` as a whole or not at all: written beside it,
 * synced, renamed over it. ERR_INPUT where something else than a file is. */
MUST_USE bool file_write(const char *path, struct str bytes, struct err *err);
/* A file of nobody else's, for writing: what is there already, a link that
 * leads elsewhere too, is removed, not followed. -1 and errno. */
int file_create(const char *path, mode_t mode);
bool file_is_directory(const char *path);
/* Whether both paths name the same regular file. */
bool file_is_same(const char *a, const char *b);
/* Write everything or fail; restarts after signals. */
MUST_USE bool file_write_fd(int fd, struct str bytes, struct err *err);
/* Make a directory and the missing ones above it, mode 0700 for the last. */
MUST_USE bool file_make_dirs(const char *path, struct err *err);
/* Open (creating) and lock for this process; *ret stays open as long as the
 * lock is wanted. ERR_INPUT "in use" where another process holds it. */
MUST_USE bool file_lock(const char *path, int *ret, struct err *err);

#endif
