/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SERVICE_H
#define SUPERVISOR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "supervisor/child.h"

/*
 * One process that should always run, other than the workers: the exporter,
 * the web server. Restarted with back-off; replaced by starting the new one
 * before the old one is told to end, since both can hold the socket.
 */
enum { SERVICE_LEAVING = 4 };
struct service {
	const char *name;       /* for the log */
	int stop_signal;        /* that makes it finish what it has */
	struct child_spec spec; /* kept, with what it points to */
	pid_t pid;              /* 0: does not run */
	uint64_t started_ns, restart_at_ns, delay_ns;
	struct {
		pid_t pid;
		uint64_t kill_at_ns;
	} leaving[SERVICE_LEAVING];
	bool stopping;
};

MUST_USE bool service_start(struct service *s, uint64_t now_ns,
    struct err *err);
/* Start another one in its place; the old one has until `kill_at_ns`. */
void service_replace(struct service *s, uint64_t now_ns, uint64_t kill_at_ns);
/* Restart it when that is due, kill what has not ended in time. */
void service_tick(struct service *s, uint64_t now_ns);
uint64_t service_due_ns(const struct service *s);
/* A process has ended; false where it is none of its. */
bool service_reaped(struct service *s, pid_t pid, int status,
    uint64_t now_ns);
/* Tell it to end for good. */
void service_stop(struct service *s, uint64_t kill_at_ns);
bool service_is_empty(const struct service *s);

#endif
