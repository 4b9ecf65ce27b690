/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_XGBOOST_H
#define IMPORT_XGBOOST_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"

/* Whether the bytes look like what Booster.save_model writes. */
bool xgboost_probe_json(struct str bytes);
bool xgboost_probe_ubjson(struct str bytes);
/* Read it into im->build. The text of err names the tree and node, or the
 * part of the model that is not supported. */
MUST_USE bool xgboost_read_json(struct import *im, struct err *err);
MUST_USE bool xgboost_read_ubjson(struct import *im, struct err *err);

#endif
