/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_DOC_H
#define IMPORT_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A document of objects, lists, texts and numbers, whichever notation it was
 * written in. A list of nothing but numbers is kept packed: nearly all of a
 * tree model is such lists. In the arena; texts of UBJSON lie in the bytes
 * that were read.
 */
enum doc_kind {
	DOC_NULL,
	DOC_NUMBER,  /* true and false too, as 1 and 0 */
	DOC_TEXT,
	DOC_NUMBERS, /* a list of numbers; an empty list */
	DOC_LIST,
	DOC_OBJECT,
};
struct doc {
	enum doc_kind kind;
	struct str key;        /* in an object */
	struct doc *next;      /* in a list or an object */
	struct str text;
	double number;
	struct doc *child;     /* the first, of a list or an object */
	const double *numbers;
	size_t n;              /* of the numbers, or of the children */
};

/* Levels of nesting that are read. */
#define DOC_DEPTH_MAX 32

/* Read a whole text. ERR_INPUT with the offset of the wrong byte, ERR_LIMIT
 * past the depth or the arena. */
MUST_USE bool doc_read_json(struct str text, struct arena *mem,
    struct doc **ret, struct err *err);
MUST_USE bool doc_read_ubjson(struct str bytes, struct arena *mem,
    struct doc **ret, struct err *err);

/* The last value under `key`; NULL where there is none or d (which may be
 * NULL) is no object. */
const struct doc *doc_get(const struct doc *d, const char *key);
/* The same along a path of keys, "a.b.c". */
const struct doc *doc_find(const struct doc *d, const char *path);
/* The text, empty where d is none. */
struct str doc_text(const struct doc *d);
/* A number, or a text that is one ("5E-1"); false where d is neither. */
bool doc_number(const struct doc *d, double *ret);
/* Put a list's children away: packed where all of them are numbers. False
 * past the bound of the arena. */
MUST_USE bool doc_pack(struct doc *list, struct arena *mem);

#endif
