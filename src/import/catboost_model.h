/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_CATBOOST_MODEL_H
#define IMPORT_CATBOOST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/doc.h"
#include "import/ensemble.h"

/* What CatBoost's two formats have in common. */
struct cat_float {
	uint32_t column;
	bool missing_right;
};
struct cat_category {
	uint32_t column;
	uint32_t n;
	uint32_t *hashes;  /* of the categories that splits ask for */
};
struct cat_split {
	bool category;
	uint32_t feature;  /* index among floats or categories */
	float border;
	uint32_t place;    /* index among the hashes */
};
struct cat {
	struct import *im;
	uint32_t n_floats, n_categories;
	struct cat_float *floats;
	struct cat_category *categories;
	struct str *names; /* one a column; p NULL where there is none yet */
	bool named;        /* one of them is the file's own */
	struct ensemble_column *columns;
	struct ensemble_sets sets;
	struct ensemble e;
};

/* An empty model in that format, zeroed but for what never changes. */
struct cat cat_begin(struct import *im, const char *format);
/* ERR_INPUT for a file that contradicts itself; ERR_LIMIT for the arena. */
bool cat_bad(struct err *err, const char *what);
bool cat_full(const struct cat *c, struct err *err);
/* Room for so many columns and features of each kind. */
MUST_USE bool cat_features(struct cat *c, uint32_t columns, uint32_t floats,
    uint32_t categories, struct err *err);
/* Column `at` is there, under that name. ERR_INPUT where it was before. */
MUST_USE bool cat_column(struct cat *c, double at, struct str name,
    uint32_t *ret, struct err *err);
/* Split a node as CatBoost does: to the right where it is true. */
MUST_USE bool cat_split(struct cat *c, const struct cat_split *split,
    const struct ensemble_nodes *nodes, uint32_t node, struct err *err);
/* A tree whose levels have a split each, the first of them telling the lowest
 * bit of a leaf's number. */
MUST_USE bool cat_oblivious(struct cat *c, const struct cat_split *splits,
    uint32_t depth, const double *leaves, struct build_tree *ret,
    struct err *err);
/* Arrays of a tree of n nodes; *leaves are n_outputs numbers a node. */
MUST_USE bool cat_tree(struct cat *c, uint32_t n, struct ensemble_nodes *nodes,
    double **leaves, struct build_tree *ret, struct err *err);
/* What the model's information says of the whole. */
struct cat_info {
	const struct doc *params, *classes; /* NULL: not there */
	struct str version;
	struct str threshold; /* of class 1; empty: 0.5 */
};
/* What is left when the trees are read: what becomes of the sums, from the
 * training's parameters; labels; names. `bias` has one number an output. */
MUST_USE bool cat_end(struct cat *c, const struct cat_info *info,
    double scale, const double *bias, struct ensemble *ret, struct err *err);

#endif
