/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "metrics/metrics_file.h"
#include "supervisor/generation.h"

/*
 * The workers: which should run, and what is done so that they do. A slot is
 * a place in the counters file; its worker goes through these states.
 */
enum slot_state {
	SLOT_FREE,
	SLOT_STARTING, /* runs, has not said that it is ready */
	SLOT_SERVING,
	SLOT_STOPPING, /* told to end */
	SLOT_WAITING,  /* died; is started again at restart_at_ns */
};

struct slot {
	enum slot_state state;
	pid_t pid;
	struct generation *generation; /* held, unless SLOT_FREE */
	int ready_fd;                  /* while SLOT_STARTING */
	uint64_t started_ns;
	uint64_t kill_at_ns;    /* SLOT_STARTING, SLOT_STOPPING */
	uint64_t restart_at_ns; /* SLOT_WAITING */
	uint64_t delay_ns;      /* of the last restart */
	uint64_t stalled_since_ns; /* idle while connections wait; or 0 */
	uint64_t stopped_since_ns; /* seen not to run; or 0 */
	bool timed_out;         /* killed by us, for taking too long */
};

/* What became of a replacement of all workers by the next generation's. */
enum pool_roll { POOL_NO_ROLL, POOL_ROLLED, POOL_ROLL_FAILED };

struct pool {
	struct metrics_file *metrics;
	const char *metrics_path;
	const char *program; /* lightscore-worker */
	int listener_fd;
	struct generation *now;  /* what should run; NULL before the first */
	struct generation *next; /* what is to replace it, or NULL */
	bool next_serves;        /* a worker of it has become ready */
	enum pool_roll rolled;   /* news for pool_rolled */
	bool stopping;
	bool refused;            /* a worker said it can never start */
	uint64_t ended_cpu_ns;   /* of workers that have ended */
	uint64_t oom_kills;      /* oom_kills() when last looked at */
	struct slot slots[METRICS_SLOTS];
};

void pool_init(struct pool *p, struct metrics_file *metrics,
    const char *metrics_path, const char *program, int listener_fd);
/* Run workers of this generation; the pool holds it. The first is started by
 * the next pool_tick, later ones replace all others one at a time. */
void pool_set(struct pool *p, struct generation *g);
/* News of a replacement, told once. */
enum pool_roll pool_rolled(struct pool *p);

/* Do what is due: start, restart, replace, end what is stuck. */
void pool_tick(struct pool *p, uint64_t now_ns);
/* When pool_tick has something to do at the latest, deadlines that a request
 * can bring about aside. UINT64_MAX: never. */
uint64_t pool_due_ns(const struct pool *p);
/* `length` connections wait for a worker, as read now. */
void pool_note_queue(struct pool *p, uint32_t length, uint64_t now_ns);
/* The worker of a slot was found stopped (by a signal), or running. */
void pool_note_stopped(struct pool *p, int slot, bool stopped,
    uint64_t now_ns);
/* Descriptors to wait for, at most METRICS_SLOTS; returns how many. */
size_t pool_poll_fds(const struct pool *p, struct pollfd *fds);
/* One of them is readable. */
void pool_readable(struct pool *p, int fd);
/* A process has ended; false where it is none of ours. */
bool pool_reaped(struct pool *p, pid_t pid, int status,
    const struct rusage *usage, uint64_t now_ns);

/* Tell all workers to finish; those that have not by `kill_at_ns` are
 * killed. None is started again. */
void pool_stop(struct pool *p, uint64_t kill_at_ns);
/* Whether a worker process is left. */
bool pool_is_empty(const struct pool *p);
/* Whether all workers that should run serve. */
bool pool_is_complete(const struct pool *p);

#endif
