/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_GENERATION_H
#define SUPERVISOR_GENERATION_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "model/model.h"

/*
 * What one load of the configuration and the models gave: all that a worker
 * is started with. Never changed; a reload makes the next one. It is kept by
 * those who hold it, and its images are removed with the last of them.
 */
struct generation_image {
	char slot[CONFIG_SLOT_MAX + 1];
	char file[PATH_MAX];
	struct model *model; /* open from load to publication, else NULL */
	uint64_t load_ns;    /* how long the load took */
};

struct generation {
	unsigned number;
	unsigned holders;
	int workers;
	uint64_t request_limit, rows_limit, queue_limit, max_requests, max_growth;
	uint64_t queue_time_ns;
	char keys[PATH_MAX]; /* of API keys, or empty */
	char rate[PATH_MAX]; /* of buckets of requests, or empty */
	int rate_fd;         /* the same, open; or -1 */
	bool alerts;  /* the console shows them */
	bool sandbox; /* workers give up what they do not need */
	uint64_t request_timeout_ns, stop_timeout_ns;
	size_t n_images;
	struct generation_image images[CONFIG_MODELS_MAX];
};

/* Settings of `c`, images named in `folder` but not there yet; one holder.
 * NULL without memory. */
struct generation *generation_new(unsigned number, const struct config *c,
    const char *folder);
/* Instead, images of models of these names. */
void generation_set_slots(struct generation *g,
    const char slots[][CONFIG_SLOT_MAX + 1], size_t n, const char *folder);
struct generation *generation_hold(struct generation *g);
void generation_release(struct generation *g);

#endif
