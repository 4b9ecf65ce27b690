/* SPDX-License-Identifier: ISC */
#ifndef API_PREDICT_BATCH_H
#define API_PREDICT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/json.h"
#include "metrics/metrics.h"

/* The rows of one prediction request, on their way through. */
struct predict_batch {
	struct json_list json; /* the records, read one by one */
	bool list;           /* the client sent a list, and gets one */
	size_t rows;
	double *cells;       /* rows * model_inputs */
	double *out;         /* rows * model_outputs */
	uint32_t *class_;    /* rows * model_targets, the ones predicted; NULL
	                      * for a regression */
	uint64_t stage_ns[STAGE_CELLS];
};

#endif
