/* SPDX-License-Identifier: ISC */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/api.h"
#include "base/attr.h"
#include "base/err.h"

/* One process that answers requests: models mapped, a slab to count in, a
 * listening socket on descriptor 0. */

/* How the process ends; the supervisor reads it. */
enum worker_exit {
	WORKER_EXIT_NORMAL = 0,
	WORKER_EXIT_FAILED = 1,       /* has said why; may not fail again */
	WORKER_EXIT_CONFIG = 2,       /* would fail again: do not respawn */
	WORKER_EXIT_MAX_REQUESTS = 3, /* as asked for: respawn at once */
	WORKER_EXIT_LATE = 4,         /* by SIGALRM: a request took too long */
};

enum { WORKER_MODELS_MAX = 16 };

struct worker_model {
	const char *slot; /* "v1" */
	const char *file; /* its compiled image */
};

struct worker_options {
	const char *metrics; /* path of the shared file */
	int metrics_fd;      /* the same, open; closed when mapped; or -1 */
	int slot;            /* whose slab we count in */
	struct worker_model models[WORKER_MODELS_MAX];
	size_t n_models;
	const char *keys;       /* file of API keys; NULL: none is wanted */
	const char *rate;       /* file of buckets; NULL: no limit */
	int rate_fd;            /* the same, open; closed when mapped; or -1 */
	uint64_t request_limit; /* bytes of body */
	uint64_t rows_limit;    /* rows in a request */
	bool alerts;            /* the web server has a list at /alerts */
	uint64_t memory_limit;  /* bytes for one request, body included */
	uint64_t max_requests;  /* then end; 0: never */
	uint64_t read_timeout_ms; /* for all of a request to come */
	int ready_fd;           /* told when ready, then closed; or -1 */
	bool sandbox;           /* give up what serving does not need */
	bool reserve;           /* take only what is too much, on SIGUSR1 */
	void (*refused)(const char *call); /* as sandbox_enter wants it */
	void (*shortage)(const char *why); /* as fcgi_calls has it */
};

/* Set up, say ready, serve until SIGTERM or max_requests. *err is set unless
 * the exit is WORKER_EXIT_NORMAL or WORKER_EXIT_MAX_REQUESTS. */
MUST_USE enum worker_exit worker_run(const struct worker_options *o,
    struct err *err);

#endif
