/* SPDX-License-Identifier: ISC */
#ifndef API_COUNT_H
#define API_COUNT_H

#include <stdint.h>

#include "api/exchange.h"
#include "api/predict_batch.h"
#include "api/problem.h"
#include "metrics/metrics_file.h"

/* The one place in api/ that touches the numbers. All is counted before the
 * answer leaves. */

/* Find the cells that s is counted in. */
void count_init(struct served *s, const struct metrics_file *f,
    struct slab *slab);
/* Any request, once its answer stands. */
void count_request(struct exchange *x, enum label_ROUTE route);
/* A request that the transport refused. */
void count_rejected(struct slab *slab, int status);
/* A prediction request that was answered: every row, the request, times. */
void count_predictions(struct exchange *x, const struct predict_batch *b);
/* A prediction request that got no prediction. */
void count_no_prediction(const struct served *s, enum label_OUTCOME outcome);

#endif
