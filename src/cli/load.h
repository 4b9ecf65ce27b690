/* SPDX-License-Identifier: ISC */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "model/model.h"

/* A model from a FILE argument. */
struct loaded {
	struct model *model;
	struct arena mem; /* of an import in memory */
};

/* A compiled model is opened where it lies; anything else is imported into
 * memory, with the schema that stands beside it. */
MUST_USE bool load_model(const char *path, struct loaded *ret,
    struct err *err);
void load_done(struct loaded *l);
/* Whether it is a compiled model, or says that it is one. */
MUST_USE bool load_is_image(const char *path, bool *ret, struct err *err);

#endif
