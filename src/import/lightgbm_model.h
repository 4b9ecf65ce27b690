/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_LIGHTGBM_MODEL_H
#define IMPORT_LIGHTGBM_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/ensemble.h"

/* What is known of one file; all of it lives in the arena of the import. */
struct lgb {
	struct import *im;
	struct str head;    /* the lines ahead of the trees */
	bool *zero_missing; /* one a feature */
	bool any_zero;
	struct ensemble_column *columns;
	struct ensemble_sets sets;
	struct build_leaf *leaves; /* of all trees, where one is linear */
	uint32_t n_leaves;
	struct ensemble e;
};

/* ERR_LIMIT: memory ran out (lightgbm.c). */
bool lightgbm_full(const struct lgb *l, struct err *err);
/* Say that it is a LightGBM model with this wrong; false (lightgbm.c). */
bool lightgbm_bad(struct err *err, const char *what);
/* The trees in `text` into l->e, those of the first iterations, all where 0:
 * the text of err names the tree and the node (lightgbm_tree.c). */
MUST_USE bool lightgbm_trees(struct lgb *l, struct str text,
    uint32_t iterations, struct err *err);

#endif
