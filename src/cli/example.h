/* SPDX-License-Identifier: ISC */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/model_build.h"

/* Whether the model scores the example that comes with it, if one does, and
 * knows each of its columns, and answers recorded rows as was recorded, to
 * COMPARE_TOLERANCE. ERR_INPUT, or ERR_MODEL where the answer is another
 * one, with the place. Documents show the example as what may be sent. */
MUST_USE bool example_check(struct model_build *build, struct err *err);

#endif
