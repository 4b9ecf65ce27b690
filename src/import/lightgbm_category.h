/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_LIGHTGBM_CATEGORY_H
#define IMPORT_LIGHTGBM_CATEGORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/ensemble.h"

/* Which of n features are categories, and which: from the line
 * feature_infos, and from the line pandas_categorical (p NULL: absent) where
 * training read a data frame. *ret is NULL where all are numbers. */
MUST_USE bool lightgbm_columns(struct import *im, struct str infos,
    struct str pandas, uint32_t n, struct ensemble_column **ret,
    struct err *err);

/* The distinct sets of categories that splits ask for. Zeroed is empty. */
struct lightgbm_sets {
	struct ensemble_set *first, *last;
	uint32_t n;
	struct lightgbm_bucket *table[1024];
};
/* The number of the set of `feature` with these words, added if new.
 * ERR_INPUT for words that are none. */
MUST_USE bool lightgbm_set_add(struct import *im, struct lightgbm_sets *sets,
    uint32_t feature, const double *words, uint32_t n, uint32_t *ret,
    struct err *err);

#endif
