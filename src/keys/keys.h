/* SPDX-License-Identifier: ISC */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Keys that clients show. A file has a line for each: "sha256:HEX NAME", and
 * lines that begin with '#'. A key is 256 random bits, so its bare hash tells
 * nothing of it and needs no salt; the key itself is nowhere.
 */
enum {
	KEYS_MAX = 256,
	KEYS_HASH = 64,      /* hex digits */
	KEYS_TEXT = 4 + 64,  /* "lsk_" and hex digits */
	KEYS_NAME_MAX = 64,
};
struct keys {
	char hashes[KEYS_MAX][KEYS_HASH];
	size_t n;
};

/* Read the lines of a file. ERR_INPUT with the line where one is none of the
 * above, and where there is no key at all. */
MUST_USE bool keys_parse(struct str text, struct keys *ret, struct err *err);
/* The file as a whole; errors name it. */
MUST_USE bool keys_read(const char *path, struct keys *ret, struct err *err);
/* Put them into a file, without names. */
MUST_USE bool keys_write(const struct keys *k, const char *path,
    struct err *err);
/* Whether it is one of them; takes as long whichever it is, or none. */
bool keys_have(const struct keys *k, struct str key);

/* Make a key, with its NUL into `key`, and append its line to the file, which
 * is made where there is none, for its owner alone. */
MUST_USE bool keys_add(const char *path, const char *name,
    char key[KEYS_TEXT + 1], struct err *err);

#endif
