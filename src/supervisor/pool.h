/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_POOL_H
#define SUPERVISOR_POOL_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "supervisor/generation.h"
#include "supervisor/slot.h"

/* The workers: which should run, and what is done so that they do. One more
 * than the generation asks for is the reserve: it answers those that would
 * wait too long, whatever the workers do. */

/* What became of a replacement of all workers by the next generation's. */
enum pool_roll { POOL_NO_ROLL, POOL_ROLLED, POOL_ROLL_FAILED };

struct pool {
	struct slot_world world;
	struct generation *now;  /* what should run; NULL before the first */
	struct generation *next; /* what is to replace it, or NULL */
	bool next_serves;        /* a worker of it has become ready */
	enum pool_roll rolled;   /* news for pool_rolled */
	bool draining;           /* a worker may be told to end by others */
	bool stopping;
	struct slot slots[METRICS_SLOTS];
};

void pool_init(struct pool *p, const struct slot_world *world);
/* Run workers of this generation; the pool holds it. Later ones than the
 * first replace all others, one at a time. */
void pool_set(struct pool *p, struct generation *g);
/* Worker `pid` of that generation is there already, in that slot; told to end
 * until `kill_at_ns`, or 0. */
void pool_adopt(struct pool *p, struct generation *g, int slot, bool reserve,
    pid_t pid, uint64_t kill_at_ns);
/* News of a replacement, told once. */
enum pool_roll pool_rolled(struct pool *p);

/* Do what is due: start, restart, replace, end what is stuck. */
void pool_tick(struct pool *p, uint64_t now_ns);
/* When pool_tick has something to do at the latest, deadlines that a request
 * can bring about aside. UINT64_MAX: never. */
uint64_t pool_due_ns(const struct pool *p);
/* `length` connections wait for a worker, as read now. */
void pool_note_queue(struct pool *p, uint32_t length, uint64_t now_ns);
/* The worker of that slot has taken so much memory for itself. */
void pool_note_memory(struct pool *p, int slot, uint64_t bytes,
    uint64_t now_ns);
/* More wait than may: metrics_set_shed says how many. */
void pool_call_reserve(const struct pool *p);
/* Descriptors to wait for, at most METRICS_SLOTS; returns how many. */
size_t pool_poll_fds(const struct pool *p, struct pollfd *fds);
/* One of them is readable. */
void pool_readable(struct pool *p, int fd, uint64_t now_ns);
/* A process has ended; false where it is none of ours. */
bool pool_reaped(struct pool *p, pid_t pid, int status,
    const struct rusage *usage, uint64_t now_ns);

/* The service stops: a worker that ends by itself from here on has been told
 * so. Another takes its place while requests are left. */
void pool_drain(struct pool *p);
/* Tell all workers to finish; those that have not by `kill_at_ns` are
 * killed. None is started again. */
void pool_stop(struct pool *p, uint64_t kill_at_ns);
/* Whether a worker process is left. */
bool pool_is_empty(const struct pool *p);
/* Whether one that should run does not, and is to be started again. */
bool pool_is_waiting(const struct pool *p);
/* Whether all workers that should run serve. */
bool pool_is_complete(const struct pool *p);

#endif
