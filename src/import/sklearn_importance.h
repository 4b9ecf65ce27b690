/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_IMPORTANCE_H
#define IMPORT_SKLEARN_IMPORTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "import/sklearn_step.h"

/* What SelectFromModel asks its estimator: how much each of n columns
 * matters, by coefficients or trees, and the threshold that it has made of
 * these. ERR_MODEL for estimators that tell neither. */
MUST_USE bool sk_importances(const struct step *s, uint32_t n, double **ret,
    double *threshold, struct err *err);

#endif
