/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_NODE_H
#define IMPORT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/*
 * What a pickle says, as inert nodes: a class is its name, a call is the
 * name and the arguments, an object is a class and a state. Nothing is ever
 * resolved. The graph may share nodes and may have cycles: whoever walks it
 * bounds the depth.
 */
struct array;

enum node_kind {
	NODE_NONE,
	NODE_BOOL,   /* integer: 0 or 1 */
	NODE_INT,
	NODE_BIG,    /* an integer beyond 64 bits; text: its bytes */
	NODE_FLOAT,
	NODE_TEXT,   /* UTF-8 */
	NODE_BYTES,
	NODE_LIST,
	NODE_TUPLE,
	NODE_SET,
	NODE_DICT,   /* items: key, value, key, value ... */
	NODE_GLOBAL, /* the name of a class or function */
	NODE_OBJECT, /* callee(args), perhaps with a state and items */
	NODE_ARRAY,  /* numbers that joblib wrote in line */
};

struct node {
	enum node_kind kind;
	uint32_t n, cap; /* of items */
	struct node **items;
	union {
		int64_t integer;
		double real;
		struct str text;
		struct {
			struct str module, name;
		} global;
		struct {
			const struct node *callee, *args;
			struct node *state; /* NULL: none given */
		} object;
		const struct array *array;
	};
};

/* Append to the items; false past the bound of mem. */
MUST_USE bool node_append(struct arena *mem, struct node *list,
    struct node *item);
/* The value under a text key of a dict, or of an object's state; NULL where
 * there is none. The last of equal keys counts, as in Python. */
const struct node *node_get(const struct node *dict, const char *key);
/* The attributes of an object: its state if that is a dict, else NULL. */
const struct node *node_attributes(const struct node *object);
/* The class an object is of; false for what is no object. */
MUST_USE bool node_class(const struct node *object, struct str *module,
    struct str *name);
/* Whether this is the global `name` of `module`; "numpy.core" stands for
 * "numpy._core" as well, and "builtins" and "copyreg" for what protocol 2
 * calls them. */
bool node_is_global(const struct node *n, const char *module,
    const char *name);
/* Whether this is the call (or object) of that global. */
bool node_is_call(const struct node *n, const char *module,
    const char *name);
/* Item i of a list or tuple, or NULL. */
const struct node *node_item(const struct node *list, uint32_t i);
bool node_is_text(const struct node *n, const char *text);

/* What it is, for messages: "None", "a list", "an object of class
 * numpy.ndarray"; at most size bytes with the NUL. Returns text. */
const char *node_describe(const struct node *n, char *text, size_t size);

#endif
