/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_TREE_H
#define IMPORT_ONNX_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "import/onnx_graph.h"

/* Nodes as both ways of writing trees have them: one list for all trees, in
 * which nodes name each other by their places. */
enum tree_mode {
	MODE_LEQ, MODE_LT, MODE_GTE, MODE_GT, MODE_EQ, MODE_NEQ, MODE_MEMBER,
	MODE_LEAF,
};
struct tree_weight {
	uint32_t target;
	double weight;
};
struct tree_node {
	enum tree_mode mode;
	bool tracks;          /* a missing value goes to yes */
	bool joined;          /* it stands for others as well */
	uint32_t feature;
	double value;
	uint32_t yes, no;
	uint32_t first, n;    /* of a leaf: its weights */
	const double *members;/* of MODE_MEMBER: n of them */
};
struct tree_list {
	struct tree_node *nodes;
	uint32_t n_nodes;
	uint32_t *roots;
	uint32_t n_trees;
	struct tree_weight *weights;
	uint32_t n_weights;
	uint32_t n_targets;
};

/* Both forms of attributes to a list (onnx_tree_read.c), whose n_targets are
 * known: nodes, weights and targets that are named are there, and nothing
 * else is said of them. Up to opset 4; `weights` names the attributes of
 * trees, nodes, targets, weights, and weights in a tensor: */
MUST_USE bool onnx_tree_read(struct onnx *g, const char *const weights[5],
    struct tree_list *list, struct err *err);
/* From opset 5 on: */
MUST_USE bool onnx_tree_read_ensemble(struct onnx *g, struct tree_list *list,
    struct err *err);
/* Base values, as floats or, in a tensor, as doubles; n is 0 without. */
MUST_USE bool onnx_tree_base(struct onnx *g, const double **ret, size_t *n,
    struct err *err);

/* Add base[i] to e[i], i < n (onnx_tree_regressor.c). */
MUST_USE bool onnx_tree_add_base(struct onnx *g, int type,
    struct onnx_elem *e, uint32_t n, const double *base, struct err *err);

/* The sums of the trees over a row of x, in its arithmetic: n_targets of
 * them, each by `aggregate`: SUM, AVERAGE, MIN or MAX
 * (onnx_tree.c). */
MUST_USE bool onnx_trees(struct onnx *g, struct tree_list *list,
    const struct onnx_tensor *x, struct str aggregate, struct onnx_elem *ret,
    struct err *err);

#endif
