/* SPDX-License-Identifier: ISC */
#ifndef JSON_JSON_H
#define JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * JSON read by cJSON, behind a scan that makes it strict: RFC 8259 to the
 * letter, well-formed UTF-8, bounded depth and count, offsets in errors.
 * Walk the tree by child and next: cJSON's own look-up is linear and blind to
 * case. Duplicate keys are all there, in order; the last one counts.
 */
struct json_limits {
	unsigned depth; /* levels of nesting, at most JSON_DEPTH_MAX */
	size_t values;  /* values in all, containers included */
};

#define JSON_DEPTH_MAX 64

struct json_scan; /* json_scan.h */

/* Read one JSON text; a UTF-8 byte order mark before it is skipped. The tree
 * lives in mem and is never freed. ERR_INPUT with the offset of the wrong
 * byte; ERR_LIMIT past limits->values or the memory. Not for threads: cJSON's
 * allocator is process-global. */
MUST_USE bool json_parse(struct arena *mem, struct str text,
    const struct json_limits *limits, const cJSON **ret, struct err *err);
/*
 * A list of records, with the tree of one of them at a time: a thousand
 * take no more memory than the largest, and that stays in the cache.
 */
struct json_list {
	bool is_list;      /* else one value, counted as an item */
	size_t items;
	size_t odd;        /* the first item that is no object, or items */
	char odd_first;    /* its first byte */
	struct json_scan *scan;
	size_t at, number; /* how far json_list_next has come */
};

/* Hold the whole text against the grammar and the limits, as json_parse. The
 * text must outlive r. */
MUST_USE bool json_list_init(struct json_list *r, struct arena *mem,
    struct str text, const struct json_limits *limits, struct err *err);
/* The tree of the next of r->items items, in mem, where it can be released
 * when done with. ERR_LIMIT past the memory. */
MUST_USE bool json_list_next(struct json_list *r, struct arena *mem,
    const cJSON **ret, struct err *err);
/* A number written without point and exponent (1, but not 1.0 or 1e0). */
bool json_is_integer(const cJSON *item);
/* Where byte `at` of text stands, both from 1; a column is a byte. */
void json_place(struct str text, size_t at, size_t *line, size_t *column);

#endif
