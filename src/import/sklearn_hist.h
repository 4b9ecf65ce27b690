/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_HIST_H
#define IMPORT_SKLEARN_HIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/ensemble.h"
#include "import/sklearn_step.h"

/* The columns of HistGradientBoosting in the order of its trees. */
struct hist_columns {
	struct flow flow;       /* of the features; categories are numbers */
	bool *is_category;      /* one a feature; NULL where none is */
	struct ensemble_sets *sets; /* of categories that go left */
};

/* The columns, and which of them are categories: of attribute is_categorical_
 * and, from scikit-learn 1.4 on, an encoder before the trees, which then see
 * the categories first. */
MUST_USE bool sk_hist_columns(const struct step *s, const struct flow *in,
    struct hist_columns *ret, struct err *err);
/* The set at row `row` of a predictor's bit sets, as a column behind the
 * features: 0 where the category goes left, 1 right, else missing. */
MUST_USE bool sk_hist_split(const struct step *s, struct hist_columns *c,
    uint32_t feature, const struct array *bitsets, size_t row,
    uint32_t *column, struct err *err);
/* All columns: the features, and behind them one a set. */
MUST_USE bool sk_hist_flow(const struct step *s, const struct hist_columns *c,
    struct flow *ret, struct err *err);

#endif
