/* SPDX-License-Identifier: ISC */
#ifndef MONITOR_PERFORMANCE_H
#define MONITOR_PERFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

/*
 * How good predictions were, once the labels are known. With two classes all
 * is about the second, the positive one. With more, precision, recall, F1 and
 * the area under the curve (each class against the rest) are means over the
 * classes, Brier's score is the sum over the classes, and calibration is that
 * of the predicted class.
 */
struct performance {
	double accuracy, precision, recall, f1;
	double roc_auc;  /* NaN where a class is never the label */
	double brier, log_loss;
	double ece;      /* ten equal bins, closed on the right */
};

/* Of n rows: probabilities of k >= 2 classes each, the label and the
 * predicted class. Sorts a copy of the scores in mem. Where `probabilities`
 * is NULL, the measures that need them are NaN. */
MUST_USE bool performance_measure(const double *probabilities,
    const uint32_t *labels, const uint32_t *predicted, size_t n, uint32_t k,
    struct arena *mem, struct performance *ret, struct err *err);

#endif
