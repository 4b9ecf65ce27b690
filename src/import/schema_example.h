/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SCHEMA_EXAMPLE_H
#define IMPORT_SCHEMA_EXAMPLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "model/model_build.h"
#include "yaml/yaml.h"

/* Tell the builder of a schema's `example` and the `answer` to it; either
 * may be NULL. Whether they fit the model is for those who can score. */
MUST_USE bool schema_example_apply(const struct yaml_node *example,
    const struct yaml_node *answer, struct arena *mem, struct model_build *b,
    struct err *err);

#endif
