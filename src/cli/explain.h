/* SPDX-License-Identifier: ISC */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "base/buf.h"
#include "cli/seen.h"
#include "model/model.h"
#include "model/model_build.h"

/* Every line of the input schema with where it came from: m is the model
 * that b became, `seen` what the reference data has, a column each, or NULL
 * without any. */
void explain_text(const struct model *m, const struct model_build *b,
    const struct seen *seen, struct buf *out);
void explain_json(const struct model *m, const struct model_build *b,
    const struct seen *seen, struct buf *out);

#endif
