/* SPDX-License-Identifier: ISC */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"

/* Class labels as people's files have them: 1, 1.0 and "1" are one label.
 * They are looked for among the classes of one target; *ret numbers them
 * through all. */

bool labels_find(const struct model *m, uint32_t target, struct str label,
    uint32_t *ret);
bool labels_find_number(const struct model *m, uint32_t target, double label,
    uint32_t *ret);
/* `what` ("the target") is no class: which there are. Returns false. */
bool labels_refuse(const struct model *m, uint32_t target, const char *what,
    struct str label, struct err *err);

#define LABELS_COLUMN_MAX (MODEL_TARGET_NAME_MAX + 32)
/* What the column of a target's predictions is called: "prediction", of
 * several targets "prediction_NAME". */
void labels_prediction(const struct model *m, uint32_t target,
    char column[LABELS_COLUMN_MAX]);
/* And the columns of its probabilities, in front of the class:
 * "probability_", "probability_NAME_". */
void labels_probability(const struct model *m, uint32_t target,
    char column[LABELS_COLUMN_MAX]);

#endif
