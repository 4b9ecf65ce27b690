/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_LIGHTGBM_H
#define IMPORT_LIGHTGBM_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/ensemble.h"

/* Whether the bytes look like LightGBM's model text. */
bool lightgbm_probe(struct str bytes);
/* Read it into im->build. The text of err names the tree and the list, or
 * the part of the model that is not supported. */
MUST_USE bool lightgbm_read(struct import *im, struct err *err);
/* The same from a model's text, up to what is to be built: its first
 * iterations, all where 0. */
MUST_USE bool lightgbm_parse(struct import *im, struct str text,
    uint32_t iterations, struct ensemble *ret, struct err *err);

#endif
