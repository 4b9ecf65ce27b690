/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_WORKER_ARGV_H
#define SUPERVISOR_WORKER_ARGV_H

#include "supervisor/generation.h"

/* The command line of a worker, as lightscore-worker reads it. */
struct worker_argv {
	const char *argv[32 + 2 * CONFIG_MODELS_MAX];
	char numbers[10][24];
	char models[CONFIG_MODELS_MAX][CONFIG_SLOT_MAX + PATH_MAX + 2];
};

/* Points into *ret, into *g and at the texts given. */
void worker_argv_make(struct worker_argv *ret, const char *program,
    const char *metrics, int slot, bool reserve, const struct generation *g);

#endif
