/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_XGBOOST_H
#define IMPORT_XGBOOST_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/ensemble.h"

/* Whether the bytes look like what Booster.save_model writes; the binary
 * form has a probe of its own, in xgboost_binary.h. */
bool xgboost_probe_json(struct str bytes);
bool xgboost_probe_ubjson(struct str bytes);
/* Read it into im->build. The text of err names the tree and node, or the
 * part of the model that is not supported. */
MUST_USE bool xgboost_read(struct import *im, struct err *err);
/* The same from the bytes of a Booster, saved or pickled, up to what is to
 * be built. `wrapped` is whether the library's scikit-learn class predicts:
 * it rounds once more in some. */
MUST_USE bool xgboost_parse(struct import *im, struct str bytes,
    bool wrapped, struct ensemble *ret, struct err *err);

#endif
