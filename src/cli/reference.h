/* SPDX-License-Identifier: ISC */
#ifndef CLI_REFERENCE_H
#define CLI_REFERENCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "cli/seen.h"
#include "model/model_build.h"

/* Score the rows of a CSV with the model of `build` and note in it how many
 * there are, the range of each number column, which of them had booleans,
 * and - where `target` names the column of the labels - the measures of
 * monitor/performance.h. A row that cannot be scored, or whose label is no
 * class of the model, is an error. *seen is as of seen_read, in mem. */
MUST_USE bool reference_note(const char *path, const char *target,
    struct model_build *build, struct arena *mem, const struct seen **seen,
    struct err *err);

#endif
