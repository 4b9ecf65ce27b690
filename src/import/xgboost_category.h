/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_XGBOOST_CATEGORY_H
#define IMPORT_XGBOOST_CATEGORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/context.h"
#include "import/doc.h"
#include "import/ensemble.h"

/* The categories of n features, from `cats` of the model; *ret is NULL where
 * it has none. */
MUST_USE bool xgboost_columns(struct import *im, const struct doc *cats,
    uint32_t n, struct ensemble_column **ret, struct err *err);
/* Add the columns that a split of one of the trees takes for categories and
 * that no `cats` tells: only codes of them are known. *coded is whether there
 * are any. */
MUST_USE bool xgboost_codes(struct import *im, const struct doc *trees,
    uint32_t n, struct ensemble_column **ret, bool *coded, struct err *err);
/* How many splits of the trees are on categories. */
size_t xgboost_category_splits(const struct doc *trees);
/* The sets of a tree's splits: *ret is the set of each of its n_nodes nodes,
 * counted from 1, 0 where it has none. */
MUST_USE bool xgboost_sets(struct import *im, const struct doc *tree,
    uint32_t number, const struct ensemble_column *columns,
    uint32_t n_features, uint32_t n_nodes, struct ensemble_sets *sets,
    uint32_t **ret, struct err *err);

#endif
