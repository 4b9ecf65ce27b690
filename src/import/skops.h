/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKOPS_H
#define IMPORT_SKOPS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"

/* Newest protocol of skops that is known (skops 0.10 to 0.16 write it). */
#define SKOPS_PROTOCOL 2

/* Whether the bytes are a zip archive, as skops writes one. */
bool skops_probe(struct str bytes);
/* Read a scikit-learn estimator or pipeline that skops saved into im->build.
 * The text of err names the entry of the archive, or the step, class and
 * attribute. */
MUST_USE bool skops_read(struct import *im, struct err *err);

#endif
