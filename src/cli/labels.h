/* SPDX-License-Identifier: ISC */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"

/* Class labels as people's files have them: 1, 1.0 and "1" are one label. */

bool labels_find(const struct model *m, struct str label, uint32_t *ret);
bool labels_find_number(const struct model *m, double label, uint32_t *ret);
/* `what` ("the target") is no class: which there are. Returns false. */
bool labels_refuse(const struct model *m, const char *what, struct str label,
    struct err *err);

#endif
