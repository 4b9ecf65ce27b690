/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_MODELS_H
#define SUPERVISOR_MODELS_H

#include "metrics/metrics_file.h"
#include "supervisor/generation.h"

/* What the counters file says of models. */

/* Give the models and classes of a loaded generation their cells. To be done
 * before a worker of it is started, which looks them up. */
void models_name(const struct generation *g, struct metrics_file *f);
/* The generation serves now: tell what its models are, that those of `old`
 * (or NULL) which it lacks are gone, and close them. */
void models_publish(struct generation *g, const struct generation *old,
    struct metrics_file *f);
/* A reload has put `g` to work: count it for each of its models. */
void models_count_success(const struct generation *g, struct metrics_file *f);
/* A reload was given up since this model did not load. */
void models_count_failure(const struct generation_image *image,
    struct metrics_file *f);

#endif
