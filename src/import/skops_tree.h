/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKOPS_TREE_H
#define IMPORT_SKOPS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "import/archive.h"
#include "import/node.h"
#include "json/json.h"

/*
 * Inside of the skops reader: skops.c opens the file, skops_tree.c goes
 * through its tree, and the others load a node each. Nodes live in the arena;
 * texts and the tree they come from as long as it does. Where a function is
 * false or NULL, k->err says why.
 */
struct skops {
	struct arena *mem;
	struct archive *archive; /* skops.c closes it */
	struct skops_memo *memo; /* nodes by number, open addressing */
	size_t memo_size, memo_n;
	struct err *err;
};

/* --- skops_tree.c --- */
/* The node that the object stands for: of a number that is known, the same
 * one. */
struct node *skops_read_node(struct skops *k, const cJSON *state);
/* "schema.json: WHAT: DETAIL"; false. */
bool skops_fault(struct skops *k, const char *what, const char *detail);
/* The same for memory that ran out. */
bool skops_full(struct skops *k);
/* The value of a key, of equal ones the last; NULL without, or of what is no
 * object. And as a text: p is NULL where it is none. */
const cJSON *skops_get(const cJSON *object, const char *key);
struct str skops_text(const cJSON *object, const char *key);
/* A new node of the kind, empty. */
struct node *skops_node(struct skops *k, enum node_kind kind);
/* Append to a list, a tuple, ...: an item, which may be NULL (false), or all
 * nodes of a list of JSON. */
bool skops_put(struct skops *k, struct node *list, struct node *item);
bool skops_put_all(struct skops *k, const cJSON *list, struct node *n);
/* Make n the call of the class that `state` names; args NULL: without. */
bool skops_object(struct skops *k, const cJSON *state, struct node *args,
    struct node *n);

/* A node of the schema into one of ours, whose kind is still to be set. */
typedef bool skops_loader(struct skops *k, const cJSON *state,
    struct node *n);
/* --- skops_values.c --- */
skops_loader skops_load_json, skops_load_list, skops_load_set,
    skops_load_tuple, skops_load_dict, skops_load_main_dict,
    skops_load_slice, skops_load_bytes;
/* --- skops_objects.c --- */
skops_loader skops_load_name, skops_load_object, skops_load_constructor,
    skops_load_reduce, skops_load_class_only, skops_load_array;

#endif
