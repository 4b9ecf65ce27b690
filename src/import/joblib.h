/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_JOBLIB_H
#define IMPORT_JOBLIB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/array.h"
#include "import/node.h"

/* Whether this is joblib's NumpyArrayWrapper, behind which an array lies. */
bool joblib_is_wrapper(const struct node *n);
/* The array that a wrapper announces. Either it stands on the first *used
 * bytes of `rest`, or *pickled is true: then a pickle of it follows there,
 * and *ret is not set. */
MUST_USE bool joblib_array(const struct node *wrapper, struct str rest,
    struct array *ret, size_t *used, bool *pickled, struct err *err);

#endif
