/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/*
 * The numbers. metrics.def names each once; this makes of it the slab, the
 * block of counters that one process alone writes. Updates are relaxed
 * load + store: no lock to be left held, no lock prefix, and a reader sees
 * every cell whole. The layout is the build's own: metrics_file.h refuses a
 * file of another.
 *
 * Label values are numbered by the enums made of labels.def:
 *   RESULT_NO_INPUT, CODE_200, ROUTE_PREDICT, MODEL_CELLS, ...
 */

/* (metrics workstream: label enums, X-macro slab structs and
 *  metric_add / metric_set / metric_observe inlines stand here) */

#endif
