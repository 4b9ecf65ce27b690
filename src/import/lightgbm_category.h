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

#endif
