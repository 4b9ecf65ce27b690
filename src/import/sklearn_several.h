/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_SEVERAL_H
#define IMPORT_SKLEARN_SEVERAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "import/sklearn_step.h"

/* The estimators_, each read over the columns. */
MUST_USE bool sk_read_all(const struct step *s, const struct flow *in,
    struct flow **ret, uint32_t *n, struct err *err);
/* What the estimators of a chain see of one before them: a slot. */
typedef bool sk_hand_on(const struct step *s, const struct flow *f,
    uint32_t *ret, struct err *err);
/* The estimators_ of a chain, by target; the columns of each are followed by
 * what is handed on of those before it. */
MUST_USE bool sk_read_chain(const struct step *s, const struct flow *in,
    sk_hand_on *hand_on, struct flow **ret, uint32_t *n, struct err *err);

/* `out` of n targets, each to be filled as a classifier's. */
MUST_USE bool sk_targets(const struct step *s, uint32_t n, struct flow *out,
    struct err *err);
/* Whether the LabelBinarizer in that attribute saw an indicator matrix. */
MUST_USE bool sk_is_indicator(const struct step *s, const char *name,
    bool *ret, struct err *err);
/* 0 and 1: the classes of each of its columns. */
struct array sk_indicator_classes(void);
/* Targets of an indicator matrix, each 1 where its number is above 0. */
MUST_USE bool sk_indicator_scores(const struct step *s, const uint32_t *src,
    uint32_t n, struct flow *out, struct err *err);
/* One target of it, as `from` has it, 1 where the score is above a number. */
MUST_USE bool sk_indicator_decision(const struct step *s,
    const struct flow *from, uint32_t score, double above, struct flow *out,
    struct err *err);

#endif
