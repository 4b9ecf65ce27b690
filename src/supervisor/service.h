/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SERVICE_H
#define SUPERVISOR_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "metrics/process.h"
#include "supervisor/child.h"

/*
 * One process that should always run, other than the workers: the exporter,
 * the web server. Restarted with back-off. Replaced by trying another one
 * beside it, since both can hold the socket: only when the other has proved
 * itself the old one is told to end.
 */
enum { SERVICE_LEAVING = 4 };
struct service {
	const char *name;       /* for the log */
	int stop_signal;        /* that makes it finish what it has */
	struct child_spec spec; /* kept, with what it points to */
	struct process *shown;  /* where status looks */
	uint32_t deaths;        /* in a row */
	pid_t pid;              /* 0: does not run */
	pid_t next_pid;         /* the one that is tried; 0: none */
	uint64_t next_started_ns;
	uint64_t started_ns, restart_at_ns, delay_ns;
	struct {
		pid_t pid;
		uint64_t kill_at_ns;
	} leaving[SERVICE_LEAVING];
	bool stopping;
};

MUST_USE bool service_start(struct service *s, uint64_t now_ns,
    struct err *err);
/* Start another one with those arguments beside it; next_pid is 0 again when
 * it has ended. */
MUST_USE bool service_try(struct service *s, const char *const argv[],
    uint64_t now_ns, struct err *err);
/* It runs already (pid 0: it is to be started), or is one on its way out:
 * started by the program before us. */
void service_adopt(struct service *s, pid_t pid, uint64_t now_ns);
void service_adopt_leaving(struct service *s, pid_t pid, uint64_t kill_at_ns);
/* It takes the place of the old one, which has until `kill_at_ns`; started
 * again, it is with the arguments of the spec. */
void service_keep(struct service *s, uint64_t kill_at_ns);
/* Or it has itself to end until then. */
void service_drop(struct service *s, uint64_t kill_at_ns);
/* Restart it when that is due, kill what has not ended in time. */
void service_tick(struct service *s, uint64_t now_ns);
uint64_t service_due_ns(const struct service *s);
/* A process has ended; false where it is none of its. */
bool service_reaped(struct service *s, pid_t pid, int status,
    uint64_t now_ns);
/* The service stops: where it ends by itself from here on, that is its end. */
void service_drain(struct service *s);
/* Tell it to end for good. */
void service_stop(struct service *s, uint64_t kill_at_ns);
bool service_is_empty(const struct service *s);

#endif
