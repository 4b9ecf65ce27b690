/* SPDX-License-Identifier: ISC */
#ifndef CLI_EXAMPLE_H
#define CLI_EXAMPLE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "model/model_build.h"

/* Whether the model scores the example that its schema gives, if it gives
 * one, and knows each of its columns: ERR_INPUT with its place where not.
 * Documents show it as what may be sent. */
MUST_USE bool example_check(struct model_build *build, struct err *err);

#endif
