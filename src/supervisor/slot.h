/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SLOT_H
#define SUPERVISOR_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "metrics/metrics_file.h"
#include "supervisor/generation.h"

/* How a worker ends, as it says it (worker/worker.h). */
enum { EXIT_REFUSED = 2, EXIT_MAX_REQUESTS = 3 };

/*
 * A place in the counters file for one worker at a time, so its slab has one
 * writer. What should be in which slot is the pool's business.
 */
struct slot {
	int number;
	enum process_state state;
	pid_t pid;                     /* 0: no process */
	struct generation *generation; /* held, unless PROCESS_FREE */
	bool reserve;                  /* takes only what waits too long */
	int ready_fd;                  /* PROCESS_STARTING: says when; or -1 */
	uint64_t started_ns;
	uint64_t kill_at_ns;    /* PROCESS_STARTING, PROCESS_STOPPING */
	uint64_t restart_at_ns; /* PROCESS_WAITING */
	uint64_t delay_ns;      /* of the last restart */
	uint32_t deaths;        /* in a row */
	uint64_t stalled_since_ns; /* idle while connections wait; or 0 */
	uint64_t stopped_since_ns; /* seen not to run; or 0 */
	bool timed_out;            /* killed by us, for taking too long */
	bool outgrown;             /* told to end for its memory */
	uint64_t first_bytes;      /* sample_own_bytes as it became ready */
	uint64_t late_kill_at_ns;  /* told that its request is late; or 0 */
};

/* What all slots have in common. */
struct slot_world {
	struct metrics_file *metrics;
	const char *metrics_path;
	const char *program;    /* lightscore-worker */
	int listener_fd;
	uint64_t ended_cpu_ns;  /* CPU time of workers that have ended */
	uint64_t oom_kills;     /* oom_kills() when last looked at */
	struct err start_err;   /* why the last start failed that did */
};

/* Start a worker of that generation; where that fails the slot waits. */
void slot_start(struct slot_world *w, struct slot *s, struct generation *g,
    uint64_t now_ns);
/* A worker of that generation is there already, started by the program before
 * us; told to end until `kill_at_ns`, or 0. */
void slot_adopt(struct slot_world *w, struct slot *s, struct generation *g,
    pid_t pid, uint64_t kill_at_ns);
/* Tell its worker to finish; it is killed if it has not by kill_at_ns. */
void slot_stop(struct slot_world *w, struct slot *s, uint64_t kill_at_ns);
/* Its worker has died with that status (of wait(2)): start it again after a
 * pause, or never where it would die of the same again. */
void slot_wait(struct slot_world *w, struct slot *s, int status, bool never,
    uint64_t now_ns);
/* Nothing is to be here any more; there is no process. */
void slot_free(struct slot *s);
/* The descriptor is readable: true if the worker says that it is ready. */
bool slot_is_ready(struct slot_world *w, struct slot *s);

/* Kill the worker if it has overstepped a deadline. */
void slot_check(struct slot_world *w, struct slot *s, uint64_t now_ns);
/* `length` connections wait for a worker, as read now. */
void slot_note_queue(struct slot_world *w, struct slot *s, uint32_t length,
    uint64_t now_ns);
/* The worker was found stopped by a signal, or running. */
void slot_note_stopped(struct slot *s, bool stopped, uint64_t now_ns);
/* Tell it to finish, as slot_stop, since it has grown by so much memory. */
void slot_outgrow(struct slot_world *w, struct slot *s, uint64_t bytes,
    uint64_t kill_at_ns);

/* How the worker ended, which has been reaped: counted and logged. The slot
 * is as it was but has no process; the caller decides what becomes of it. */
enum label_ENDED slot_ended(struct slot_world *w, struct slot *s, int status,
    const struct rusage *usage);

#endif
