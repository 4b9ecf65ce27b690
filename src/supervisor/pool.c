/* SPDX-License-Identifier: ISC
 *
 * Keeping workers alive and replacing them. What stays true: never fewer
 * workers serve because of a reload. The new one is ready before an old one
 * is told to end, and if none becomes ready the old ones serve on.
 */
#include "supervisor/pool.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"

void
pool_init(struct pool *p, const struct slot_world *world)
{
	*p = (struct pool){.world = *world};
	for (int i = 0; i < METRICS_SLOTS; i++)
		p->slots[i] = (struct slot){.number = i, .ready_fd = -1};
}

/* Slots of that generation in that state. */
static int
count(const struct pool *p, const struct generation *g, enum process_state state)
{
	int n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++)
		n += p->slots[i].state == state && p->slots[i].generation == g;
	return n;
}

static struct slot *
find_free(struct pool *p)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].state == PROCESS_FREE)
			return &p->slots[i];
	return NULL;
}

/* --- what should run ------------------------------------------------------ */

static bool
has_reserve(const struct pool *p, const struct generation *g)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].reserve && p->slots[i].generation == g &&
		    p->slots[i].state != PROCESS_STOPPING)
			return true;
	return false;
}

/* The workers of a generation, and their reserve last; false where none is
 * missing. */
static bool
start_missing(struct pool *p, struct generation *g, uint64_t now)
{
	int n = count(p, g, PROCESS_STARTING) +
	    count(p, g, PROCESS_SERVING) + count(p, g, PROCESS_WAITING);
	struct slot *s = find_free(p);

	if (n > g->workers || s == NULL) /* until one that stops has ended */
		return false;
	s->reserve = n == g->workers && !has_reserve(p, g);
	slot_start(&p->world, s, g, now);
	return true;
}

static void
fill(struct pool *p, uint64_t now)
{
	while (start_missing(p, p->now, now))
		;
}

static void
restart(struct pool *p, uint64_t now)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == PROCESS_WAITING && s->restart_at_ns <= now)
			slot_start(&p->world, s, s->generation, now);
	}
}

/* One worker that is not of the next generation; one that waits to be
 * started again is the cheapest to lose. */
static struct slot *
find_old(struct pool *p)
{
	static const enum process_state order[] = {PROCESS_WAITING, PROCESS_STARTING,
	    PROCESS_SERVING};

	for (size_t k = 0; k < countof(order); k++)
		for (int i = 0; i < METRICS_SLOTS; i++)
			if (p->slots[i].state == order[k] &&
			    p->slots[i].generation != p->next)
				return &p->slots[i];
	return NULL;
}

static void
finish_roll(struct pool *p, enum pool_roll how)
{
	struct generation *gone = how == POOL_ROLLED ? p->now : p->next;

	if (how == POOL_ROLLED)
		p->now = p->next;
	p->next = NULL;
	p->rolled = how;
	generation_release(gone);
	metric_set(&p->world.metrics->server->workers_limit, p->now->workers);
}

/* One step of a replacement: a new worker, and only when it is ready (it has
 * ended an old one then, in pool_readable) the next. */
static void
roll(struct pool *p, uint64_t now)
{
	struct slot *s;

	if (count(p, p->next, PROCESS_STARTING) +
	    count(p, p->next, PROCESS_WAITING) > 0)
		return;
	if (count(p, p->next, PROCESS_SERVING) <= p->next->workers) {
		start_missing(p, p->next, now);
		return;
	}
	while ((s = find_old(p)) != NULL)
		slot_stop(&p->world, s, now + p->next->stop_timeout_ns);
	finish_roll(p, POOL_ROLLED);
}

void
pool_set(struct pool *p, struct generation *g)
{
	generation_hold(g);
	if (p->now != NULL) {
		p->next = g;
		p->next_serves = false;
		return;
	}
	p->now = g;
	metric_set(&p->world.metrics->server->workers_limit, g->workers);
}

void
pool_adopt(struct pool *p, struct generation *g, int slot, bool reserve,
    pid_t pid, uint64_t kill_at_ns)
{
	p->slots[slot].reserve = reserve;
	slot_adopt(&p->world, &p->slots[slot], g, pid, kill_at_ns);
}

enum pool_roll
pool_rolled(struct pool *p)
{
	enum pool_roll news = p->rolled;

	p->rolled = POOL_NO_ROLL;
	return news;
}

void
pool_tick(struct pool *p, uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].pid > 0)
			slot_check(&p->world, &p->slots[i], now_ns);
	if (p->stopping || p->now == NULL)
		return;
	restart(p, now_ns);
	if (p->next != NULL)
		roll(p, now_ns);
	else
		fill(p, now_ns);
}

static uint64_t
slot_due_ns(const struct slot *s)
{
	if (s->state == PROCESS_WAITING)
		return s->restart_at_ns;
	if ((s->state == PROCESS_STARTING || s->state == PROCESS_STOPPING) &&
	    !s->timed_out)
		return s->kill_at_ns;
	return UINT64_MAX;
}

uint64_t
pool_due_ns(const struct pool *p)
{
	uint64_t due = UINT64_MAX;

	for (int i = 0; i < METRICS_SLOTS; i++) {
		uint64_t at = slot_due_ns(&p->slots[i]);

		if (at < due)
			due = at;
	}
	return due;
}

/* --- what happens --------------------------------------------------------- */

void
pool_note_queue(struct pool *p, uint32_t length, uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].pid > 0)
			slot_note_queue(&p->world, &p->slots[i], length,
			    now_ns);
}

/* One at a time, so that the others serve meanwhile: while one is replaced
 * the pool is not complete. A reload replaces them all anyway. */
void
pool_note_memory(struct pool *p, int slot, uint64_t bytes, uint64_t now_ns)
{
	struct slot *s = &p->slots[slot];

	if (!p->stopping && pool_is_complete(p) &&
	    s->state == PROCESS_SERVING && s->generation->max_growth != 0 &&
	    bytes > s->first_bytes + s->generation->max_growth)
		slot_outgrow(&p->world, s, bytes - s->first_bytes,
		    now_ns + s->generation->stop_timeout_ns);
}

void
pool_call_reserve(const struct pool *p)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].reserve &&
		    p->slots[i].state == PROCESS_SERVING)
			kill(p->slots[i].pid, SIGUSR1);
}

size_t
pool_poll_fds(const struct pool *p, struct pollfd *fds)
{
	size_t n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].ready_fd >= 0)
			fds[n++] = (struct pollfd){
			    .fd = p->slots[i].ready_fd, .events = POLLIN};
	return n;
}

void
pool_readable(struct pool *p, int fd, uint64_t now_ns)
{
	struct slot *s = p->slots, *old;

	while (s < p->slots + METRICS_SLOTS && s->ready_fd != fd)
		s++;
	if (s == p->slots + METRICS_SLOTS || !slot_is_ready(&p->world, s) ||
	    p->next == NULL || s->generation != p->next)
		return;
	p->next_serves = true;
	old = find_old(p);
	if (old != NULL)
		slot_stop(&p->world, old, now_ns + p->next->stop_timeout_ns);
}

/* The next step for the slot of a worker that has ended. */
static void
after_end(struct pool *p, struct slot *s, enum label_ENDED reason,
    int status, uint64_t now)
{
	bool of_next = p->next != NULL && s->generation == p->next;
	/* It would only say the same again. */
	bool refused = WIFEXITED(status) &&
	    WEXITSTATUS(status) == EXIT_REFUSED;

	if (s->state == PROCESS_STOPPING || p->stopping ||
	    reason == ENDED_MAX_REQUESTS ||
	    (p->draining && reason == ENDED_NORMAL)) {
		slot_free(s); /* if it is missed it is filled again */
	} else if (of_next && !p->next_serves) {
		log_error("reload given up, the old workers serve on: the "
			  "first new one did not become ready");
		slot_free(s);
		finish_roll(p, POOL_ROLL_FAILED);
	} else if (p->next != NULL && !of_next) {
		slot_free(s); /* its replacement is on the way */
	} else {
		slot_wait(&p->world, s, status, refused, now);
	}
}

bool
pool_reaped(struct pool *p, pid_t pid, int status, const struct rusage *usage,
    uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];

		if (s->pid != pid)
			continue;
		after_end(p, s, slot_ended(&p->world, s, status, usage),
		    status, now_ns);
		return true;
	}
	return false;
}

void
pool_drain(struct pool *p)
{
	p->draining = true;
}

void
pool_stop(struct pool *p, uint64_t kill_at_ns)
{
	p->stopping = true;
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == PROCESS_STOPPING)
			s->kill_at_ns = kill_at_ns;
		else if (s->state != PROCESS_FREE)
			slot_stop(&p->world, s, kill_at_ns);
	}
}

bool
pool_is_empty(const struct pool *p)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].pid > 0)
			return false;
	return true;
}

bool
pool_is_waiting(const struct pool *p)
{
	return p->now != NULL && count(p, p->now, PROCESS_WAITING) > 0;
}

bool
pool_is_complete(const struct pool *p)
{
	return p->now != NULL && p->next == NULL &&
	    count(p, p->now, PROCESS_SERVING) == p->now->workers + 1;
}
