/* SPDX-License-Identifier: ISC */
#ifndef YAML_YAML_H
#define YAML_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A YAML file as a tree of nodes in an arena. One document; no anchors,
 * aliases or tags (but !!str), so a file cannot grow when it is read; no key
 * twice in a mapping. Every message reads "FILE:LINE: key: expected ...".
 */
#define YAML_BYTES_MAX ((size_t)4 << 20)
#define YAML_NODES_MAX ((size_t)1 << 18)
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool quoted;             /* scalar in quotes, a block, or !!str: text */
	uint32_t line, column;   /* counted from 1 */
	uint32_t n;              /* children */
	struct str key;          /* in a mapping; in a sequence, the list's */
	bool key_quoted;         /* a mapping may hold both 0 and "0" */
	struct str text;         /* of a scalar, with a NUL behind it */
	const struct yaml_node *first, *next; /* children, in file order */
	const char *file;        /* for messages */
};

/* Read a regular file of at most YAML_BYTES_MAX. The tree lives in mem; an
 * empty file is an empty plain scalar (yaml_is_null). */
MUST_USE bool yaml_load(const char *path, struct arena *mem,
    const struct yaml_node **ret, struct err *err);
/* The same from bytes; `name` stands for the file in messages and is kept. */
MUST_USE bool yaml_parse(struct str bytes, const char *name,
    struct arena *mem, const struct yaml_node **ret, struct err *err);

/* The value of a key of a mapping; NULL where absent or no mapping (which may
 * be NULL). */
const struct yaml_node *yaml_find(const struct yaml_node *map,
    const char *key);
/* A plain scalar that is empty, ~ or null. */
bool yaml_is_null(const struct yaml_node *node);
/* "a number", "text", "a list", ...: what a node is, for messages. */
const char *yaml_kind_name(const struct yaml_node *node);
/* Fill err with "FILE:LINE: " and, where it has one, "key: " before the
 * sentence; returns false. */
bool yaml_err(const struct yaml_node *node, struct err *err, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* Typed getters: false with err where the node is something else. */
MUST_USE bool yaml_expect(const struct yaml_node *node, enum yaml_kind kind,
    struct err *err);
MUST_USE bool yaml_text(const struct yaml_node *node, struct str *ret,
    struct err *err);
/* Plain scalars only: "1" in quotes is text. yaml_number takes .nan, .inf. */
MUST_USE bool yaml_number(const struct yaml_node *node, double *ret,
    struct err *err);
MUST_USE bool yaml_integer(const struct yaml_node *node, int64_t *ret,
    struct err *err);
/* true, false, yes, no, on, off in any case. */
MUST_USE bool yaml_bool(const struct yaml_node *node, bool *ret,
    struct err *err);
/* Every key of the mapping is one of names, else an error with the nearest
 * one: "FILE:LINE: unknown key \"worker\", did you mean \"workers\"?". */
MUST_USE bool yaml_known_keys(const struct yaml_node *map,
    const char *const names[], size_t n, struct err *err);

#endif
