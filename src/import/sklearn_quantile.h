/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_QUANTILE_H
#define IMPORT_SKLEARN_QUANTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/sklearn_step.h"

/* What a QuantileTransformer learnt of `width` columns: for each as many
 * quantiles as there are shares of the data below them. */
struct sk_quantiles {
	bool normal;   /* shares become normal quantiles, else they stay */
	uint32_t n;
	double *share; /* n */
	double *value; /* n, of the column asked for last */
	double *all;
	uint32_t width;
};

/* Read them into the arena. ERR_MODEL for an attribute that does not fit. */
MUST_USE bool sk_quantiles_read(const struct step *s, uint32_t width,
    struct sk_quantiles *ret, struct err *err);
/* Set q->value to the quantiles of column i. */
void sk_quantiles_column(struct sk_quantiles *q, uint32_t i);

#endif
