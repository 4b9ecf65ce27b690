/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_XGBOOST_MODEL_H
#define IMPORT_XGBOOST_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/context.h"
#include "import/doc.h"
#include "import/ensemble.h"

/* What is known of one file. */
struct xgb {
	struct import *im;
	const struct doc *learner;
	const struct doc *model;   /* of gbtree */
	const double *weights;     /* of dart, one a tree, or NULL */
	bool in_place;             /* see leaf_value in xgboost_tree.c */
	bool raw_odds;             /* see base_margin in xgboost.c */
	struct ensemble_column *columns;
	struct ensemble_sets sets;
	struct ensemble e;
};

/* A whole number from 0 to most, 0 where there is none; false for another. */
MUST_USE bool xgboost_whole(const struct doc *d, uint32_t most,
    uint32_t *ret);
/* Say that it is an XGBoost model with this wrong; false. */
bool xgboost_bad(struct err *err, const char *what);
/* The trees of x->model into x->e, up to the best iteration. The text of err
 * names the tree and the node. */
MUST_USE bool xgboost_trees(struct xgb *x, struct err *err);

#endif
