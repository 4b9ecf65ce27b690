/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_LIGHTGBM_H
#define IMPORT_LIGHTGBM_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"

/* Whether the bytes look like LightGBM's model text. */
bool lightgbm_probe(struct str bytes);
/* Read it into im->build. The text of err names the tree and the list, or
 * the part of the model that is not supported. */
MUST_USE bool lightgbm_read(struct import *im, struct err *err);

#endif
