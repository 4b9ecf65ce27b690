/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_HANDOVER_H
#define SUPERVISOR_HANDOVER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"
#include "metrics/metrics_file.h"
#include "supervisor/service.h"

/*
 * What one lightscored leaves to the next, which takes its place by exec: the
 * processes stay its children and the sockets stay open. Written as lines of
 * text, since the two may be of different versions.
 */
enum { HANDOVER_VERSION = 1, HANDOVER_MAX = 64 << 10 };
#define HANDOVER_ENV "LIGHTSCORED_HANDOVER" /* its descriptor */

/* Numbers that there is one of; fds are descriptors, -1 for none. */
#define HANDOVER_FDS(X) \
	X(lock_fd) X(public_fd) X(worker_fd) X(exporter_fd) \
	X(web_log_fd) X(web_err_fd) X(notify_fd)
#define HANDOVER_NUMBERS(X) \
	HANDOVER_FDS(X) X(notify_every_ns) X(passing) X(made) \
	X(generation) X(generations) X(exporter_pid) X(web_pid)

struct handover_process {
	char kind; /* 'w' worker, 'r' reserve, 'e' exporter, 'l' web server */
	int slot;  /* of a worker */
	int pid;
	int64_t kill_at_ns; /* told to end; killed then; 0: not told */
};

enum { HANDOVER_PROCESSES = METRICS_SLOTS + 2 * SERVICE_LEAVING };
struct handover {
#define FIELD(name) int64_t name;
	HANDOVER_NUMBERS(FIELD)
#undef FIELD
	char dir[PATH_MAX];     /* the state directory */
	char sockets[PATH_MAX]; /* the directory they are in */
	size_t n_images;
	char images[CONFIG_MODELS_MAX][CONFIG_SLOT_MAX + 1];
	size_t n_processes; /* workers, and others on their way out */
	struct handover_process processes[HANDOVER_PROCESSES];
};

void handover_format(const struct handover *h, struct buf *b);
/* ERR_INPUT where it is of a version that is not known, or damaged. */
MUST_USE bool handover_parse(struct str text, struct handover *ret,
    struct err *err);

#endif
