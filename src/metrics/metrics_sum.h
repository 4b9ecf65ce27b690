/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_SUM_H
#define METRICS_METRICS_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "metrics/metrics_file.h"

/* What all worker slots together have counted, at about one moment. */
struct metrics_sum {
	struct slab *slab;                /* all but its state */
	bool counted[MODEL_CELLS];        /* model[m] is not all 0 */
	uint64_t requests[METRICS_SLOTS]; /* HTTP requests of each slot */
	uint64_t overflow;                /* updates that went to "other" */
};

/* Add up the slots; in mem. ERR_LIMIT where mem is too small. */
MUST_USE bool metrics_sum(const struct metrics_file *f, struct arena *mem,
    struct metrics_sum **ret, struct err *err);

#endif
