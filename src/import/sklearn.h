/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_H
#define IMPORT_SKLEARN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/node.h"

/* Whether the bytes look like a pickle. */
bool sklearn_probe(struct str bytes);
/* Read a pickled scikit-learn estimator or pipeline into im->build. The text
 * of err names the byte, or the step, class and attribute. */
MUST_USE bool sklearn_read(struct import *im, struct err *err);
/* The same of the nodes that a file in `format` was read as. */
MUST_USE bool sklearn_build(struct import *im, const struct node *root,
    const char *format, struct err *err);

#endif
