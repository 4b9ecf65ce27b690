/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_OVERLOAD_H
#define SUPERVISOR_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/metrics_file.h"
#include "supervisor/generation.h"

/* How many requests may wait for a worker: as many as get their turn within
 * queue_time, by what the last ones took; between OVERLOAD_LEAST for each
 * worker and queue_limit. */
enum { OVERLOAD_LEAST = 4 };

struct overload {
	bool begun;                 /* what earlier services did is past */
	uint64_t worked, worked_ns; /* of all workers, when last looked at */
	double recent, recent_ns;   /* the same, the past fading */
};

/* Take in what the workers have done since the last call. */
void overload_note(struct overload *o, const struct metrics_file *f);
uint32_t overload_limit(const struct overload *o, const struct generation *g);

#endif
