/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_CATBOOST_H
#define IMPORT_CATBOOST_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/ensemble.h"

/* Whether the bytes look like what CatBoost's save_model writes: "cbm", its
 * own format, or "json". */
bool catboost_probe_binary(struct str bytes);
bool catboost_probe_json(struct str bytes);
/* Read it into im->build. The text of err names the tree, or the part of the
 * model that is not supported. */
MUST_USE bool catboost_read_binary(struct import *im, struct err *err);
MUST_USE bool catboost_read_json(struct import *im, struct err *err);
/* The same from the bytes of format cbm, up to what is to be built. */
MUST_USE bool catboost_parse(struct import *im, struct str bytes,
    struct ensemble *ret, struct err *err);

#endif
