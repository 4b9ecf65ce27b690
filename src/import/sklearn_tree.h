/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_TREE_H
#define IMPORT_SKLEARN_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/sklearn_step.h"
#include "model/model_build.h"

/* What the leaves of a tree hold. */
enum leaf_kind {
	LEAF_CLASSES, /* a class each: counts or fractions, made to sum to 1 */
	LEAF_NUMBER,
};

/* Is the text among the names, a space between each? */
bool sk_is_among(const struct node *n, const char *list);
/* The nodes of a tree are records with no field but the known ones; they and
 * their tree are counted. ERR_LIMIT beyond SKLEARN_NODES_MAX. */
MUST_USE bool sk_nodes_check(const struct step *s, const struct array *nodes,
    const char *known, struct err *err);
/* The column of one field as int32, each in [low, high). */
MUST_USE bool sk_nodes_links(const struct step *s, const struct array *nodes,
    const char *name, double low, double high, int32_t **ret,
    struct err *err);

/* Read the tree_ of a fitted tree, opened as step s, over n_features; leaves
 * are multiplied by `scale`. Its arrays are in the arena; a NaN goes where
 * training said, if it said. */
MUST_USE bool sk_tree_read(const struct step *s, uint32_t n_features,
    enum leaf_kind kind, uint32_t n_values, double scale,
    struct build_tree *ret, struct err *err);
/* The forest over the flow, checked by the builder; counts trees and nodes.
 * *dst is the first of its outputs. */
MUST_USE bool sk_forest_build(const struct step *s, const struct flow *in,
    const struct build_forest *forest, uint32_t *dst, struct err *err);

#endif
