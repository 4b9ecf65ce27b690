/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_BOOSTER_H
#define IMPORT_SKLEARN_BOOSTER_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/ensemble.h"
#include "import/sklearn_step.h"

/* Models of boosting libraries inside of a pickle are read from this many
 * bytes in all: objects may share them. */
#define SKLEARN_MODEL_BYTES_MAX ((size_t)2 << 30)

/* Whether the object is a booster or a wrapper around one. */
bool sk_is_booster(const struct node *object);
/* Its model, up to what is to be built. */
MUST_USE bool sk_booster_parse(struct sk *sk, const struct node *object,
    struct ensemble *ret, struct err *err);

#endif
