/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_XGBOOST_BINARY_H
#define IMPORT_XGBOOST_BINARY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/doc.h"

/* Whether the bytes are a model in XGBoost's binary form, as a file or as
 * they stand in a pickle. */
bool xgboost_probe_binary(struct str bytes);
/* Such bytes as the document that its JSON form is, as far as it counts for
 * predictions. Texts of it lie in the bytes. ERR_INPUT for bytes cut off. */
MUST_USE bool xgboost_read_binary(struct str bytes, struct arena *mem,
    struct doc **ret, struct err *err);

#endif
