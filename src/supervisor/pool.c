/* SPDX-License-Identifier: ISC
 *
 * Keeping workers alive and replacing them. What stays true:
 * - never fewer workers serve because of a reload: the new one is ready
 *   before an old one is told to end, and if none becomes ready the old ones
 *   serve on;
 * - a slot has one process at a time, so its slab has one writer;
 * - every end is counted with its reason.
 */
#include "supervisor/pool.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "supervisor/backoff.h"
#include "supervisor/child.h"
#include "supervisor/oom.h"
#include "supervisor/worker_argv.h"

/* Reading a model of gigabytes for the first time takes its time. */
#define START_TIMEOUT_NS (60 * SECOND_NS)
/* As lightscore-worker says it (worker/worker.h). */
enum { EXIT_REFUSED = 2, EXIT_MAX_REQUESTS = 3 };

void
pool_init(struct pool *p, struct metrics_file *metrics,
    const char *metrics_path, const char *program, int listener_fd)
{
	*p = (struct pool){
	    .metrics = metrics,
	    .metrics_path = metrics_path,
	    .program = program,
	    .listener_fd = listener_fd,
	    .oom_kills = oom_kills(),
	};
}

static int
slot_number(const struct pool *p, const struct slot *s)
{
	return (int)(s - p->slots);
}

/* Slots of that generation (NULL: of any) in that state. */
static int
count(const struct pool *p, const struct generation *g, enum slot_state state)
{
	int n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++)
		n += p->slots[i].state == state &&
		    (g == NULL || p->slots[i].generation == g);
	return n;
}

static struct slot *
find(struct pool *p, enum slot_state state)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].state == state)
			return &p->slots[i];
	return NULL;
}

static void
free_slot(struct slot *s)
{
	if (s->generation != NULL)
		generation_release(s->generation);
	*s = (struct slot){.state = SLOT_FREE, .ready_fd = -1};
}

/* --- starting and stopping one -------------------------------------------- */

static void
wait_again(struct pool *p, struct slot *s, uint64_t now)
{
	s->state = SLOT_WAITING;
	s->pid = 0;
	s->timed_out = false;
	s->delay_ns = backoff_next(s->delay_ns, now - s->started_ns);
	s->restart_at_ns = now + s->delay_ns;
	if (s->delay_ns > 0)
		log_info("worker waits slot=%d ms=%ju", slot_number(p, s),
		    (uintmax_t)(s->delay_ns / MILLISECOND_NS));
}

static bool
spawn(struct pool *p, struct slot *s, struct err *err)
{
	struct worker_argv argv;
	struct child_spec spec = {.in_fd = p->listener_fd, .err_fd = -1};
	int i = slot_number(p, s);
	bool ok;

	if (!metrics_slot_prepare(p->metrics, i, err) ||
	    !child_pipe(&s->ready_fd, &spec.ready_fd, err))
		return false;
	worker_argv_make(&argv, p->program, p->metrics_path, i, s->generation);
	spec.argv = argv.argv;
	ok = child_start(&spec, &s->pid, err);
	close(spec.ready_fd);
	if (!ok)
		close(s->ready_fd);
	return ok;
}

static void
start(struct pool *p, struct slot *s, struct generation *g, uint64_t now)
{
	struct err err;

	if (s->generation != g) {
		if (s->generation != NULL)
			generation_release(s->generation);
		s->generation = generation_hold(g);
		s->delay_ns = 0;
	}
	s->started_ns = now;
	if (!spawn(p, s, &err)) {
		log_error("worker not started slot=%d: %s", slot_number(p, s),
		    err.text);
		wait_again(p, s, now);
		return;
	}
	s->state = SLOT_STARTING;
	s->kill_at_ns = now + START_TIMEOUT_NS;
	s->stalled_since_ns = s->stopped_since_ns = 0;
	metrics_slot_started(p->metrics, slot_number(p, s), (int32_t)s->pid);
	metric_add(&p->metrics->server->worker_starts, 1);
	log_debug("worker starts slot=%d pid=%d generation=%u",
	    slot_number(p, s), (int)s->pid, g->number);
}

static void
stop(struct pool *p, struct slot *s, uint64_t kill_at_ns)
{
	if (s->state == SLOT_WAITING) {
		free_slot(s);
		return;
	}
	if (s->state == SLOT_STARTING) {
		close(s->ready_fd);
		s->ready_fd = -1;
	}
	s->state = SLOT_STOPPING;
	s->kill_at_ns = kill_at_ns;
	metrics_slot_stopping(p->metrics, slot_number(p, s));
	kill(s->pid, SIGTERM);
	log_debug("worker stops slot=%d pid=%d", slot_number(p, s),
	    (int)s->pid);
}

static void
kill_stuck(struct pool *p, struct slot *s, const char *why)
{
	if (s->timed_out)
		return; /* killed already; its end has not been reaped */
	log_warn("worker killed slot=%d pid=%d: %s", slot_number(p, s),
	    (int)s->pid, why);
	s->timed_out = true;
	kill(s->pid, SIGKILL);
}

/* --- what should run ------------------------------------------------------ */

static void
fill(struct pool *p, uint64_t now)
{
	int n = count(p, p->now, SLOT_STARTING) +
	    count(p, p->now, SLOT_SERVING) + count(p, p->now, SLOT_WAITING);
	struct slot *s;

	for (; n < p->now->workers; n++) {
		s = find(p, SLOT_FREE);
		if (s == NULL)
			return; /* until one that stops has ended */
		start(p, s, p->now, now);
	}
}

static void
restart(struct pool *p, uint64_t now)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == SLOT_WAITING && s->restart_at_ns <= now)
			start(p, s, s->generation, now);
	}
}

/* One worker that is not of the next generation; one that waits to be
 * started again is the cheapest to lose. */
static struct slot *
find_old(struct pool *p)
{
	static const enum slot_state order[] = {SLOT_WAITING, SLOT_STARTING,
	    SLOT_SERVING};

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
}

/* One step of a replacement: a new worker, and only when it is ready (it has
 * ended an old one then, in pool_readable) the next. */
static void
roll(struct pool *p, uint64_t now)
{
	struct slot *s;

	if (count(p, p->next, SLOT_STARTING) + count(p, p->next, SLOT_WAITING) >
	    0)
		return;
	if (count(p, p->next, SLOT_SERVING) < p->next->workers) {
		s = find(p, SLOT_FREE);
		if (s != NULL)
			start(p, s, p->next, now);
		return;
	}
	while ((s = find_old(p)) != NULL)
		stop(p, s, now + p->next->stop_timeout_ns);
	finish_roll(p, POOL_ROLLED);
}

void
pool_set(struct pool *p, struct generation *g)
{
	generation_hold(g);
	if (p->now == NULL) {
		p->now = g;
	} else {
		p->next = g;
		p->next_serves = false;
	}
	metric_set(&p->metrics->server->workers_limit, g->workers);
}

enum pool_roll
pool_rolled(struct pool *p)
{
	enum pool_roll news = p->rolled;

	p->rolled = POOL_NO_ROLL;
	return news;
}

/* --- deadlines ------------------------------------------------------------ */

static void
check_deadline(struct pool *p, struct slot *s, uint64_t now)
{
	enum label_STATE state;
	uint64_t since;

	if (s->state != SLOT_SERVING && now >= s->kill_at_ns) {
		kill_stuck(p, s, s->state == SLOT_STARTING
			? "it did not become ready" : "it did not end in time");
		return;
	}
	if (!metrics_slot_state(p->metrics, slot_number(p, s), &state, &since))
		return;
	if (since != 0 && now > since &&
	    now - since > s->generation->request_timeout_ns)
		kill_stuck(p, s, "one request took longer than "
		    "request_timeout");
	else if (s->stalled_since_ns != 0 &&
	    now - s->stalled_since_ns > s->generation->request_timeout_ns)
		kill_stuck(p, s, "it takes no requests while connections "
		    "wait");
}

/* A stopped process is never busy, so it never oversteps a deadline. But one
 * that is idle each time connections are seen waiting takes none of them. */
void
pool_note_queue(struct pool *p, uint32_t length, uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];
		enum label_STATE state;
		uint64_t since;

		if (s->state != SLOT_SERVING)
			continue;
		if (length == 0 ||
		    !metrics_slot_state(p->metrics, i, &state, &since) ||
		    state != STATE_IDLE)
			s->stalled_since_ns = 0;
		else if (s->stalled_since_ns == 0)
			s->stalled_since_ns = now_ns;
	}
}

/* A connection wakes one worker; where that is a stopped one, others find it
 * late. So it is ended even if none waits for long. */
void
pool_note_stopped(struct pool *p, int slot, bool stopped, uint64_t now_ns)
{
	struct slot *s = &p->slots[slot];

	if (s->state != SLOT_SERVING || !stopped)
		s->stopped_since_ns = 0;
	else if (s->stopped_since_ns == 0)
		s->stopped_since_ns = now_ns;
	else if (now_ns - s->stopped_since_ns >
	    s->generation->request_timeout_ns)
		kill_stuck(p, s, "it has been stopped by a signal");
}

void
pool_tick(struct pool *p, uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].pid > 0)
			check_deadline(p, &p->slots[i], now_ns);
	if (p->stopping || p->now == NULL)
		return;
	restart(p, now_ns);
	if (p->next != NULL)
		roll(p, now_ns);
	else
		fill(p, now_ns);
}

uint64_t
pool_due_ns(const struct pool *p)
{
	uint64_t due = UINT64_MAX;

	for (int i = 0; i < METRICS_SLOTS; i++) {
		const struct slot *s = &p->slots[i];
		uint64_t at = UINT64_MAX;

		if (s->state == SLOT_WAITING)
			at = s->restart_at_ns;
		else if (s->state == SLOT_STARTING ||
		    s->state == SLOT_STOPPING)
			at = s->timed_out ? UINT64_MAX : s->kill_at_ns;
		if (at < due)
			due = at;
	}
	return due;
}

/* --- what happens --------------------------------------------------------- */

size_t
pool_poll_fds(const struct pool *p, struct pollfd *fds)
{
	size_t n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++)
		if (p->slots[i].state == SLOT_STARTING)
			fds[n++] = (struct pollfd){
			    .fd = p->slots[i].ready_fd, .events = POLLIN};
	return n;
}

void
pool_readable(struct pool *p, int fd)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i], *old;
		char byte;

		if (s->state != SLOT_STARTING || s->ready_fd != fd)
			continue;
		if (read(fd, &byte, 1) != 1) {
			/* It has ended: told when it is reaped. The pipe
			 * would be readable until then. */
			close(fd);
			s->ready_fd = -1;
			return;
		}
		close(fd);
		s->ready_fd = -1;
		s->state = SLOT_SERVING;
		log_info("worker ready slot=%d pid=%d generation=%u", i,
		    (int)s->pid, s->generation->number);
		if (p->next == NULL || s->generation != p->next)
			return;
		p->next_serves = true;
		old = find_old(p);
		if (old != NULL)
			stop(p, old,
			    clock_mono_ns() + p->next->stop_timeout_ns);
		return;
	}
}

static bool
out_of_memory(struct pool *p)
{
	uint64_t before = p->oom_kills;

	p->oom_kills = oom_kills();
	return p->oom_kills > before;
}

static enum label_ENDED
reason_of(struct pool *p, const struct slot *s, int status)
{
	if (s->timed_out)
		return ENDED_TIMEOUT;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ENDED_NORMAL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MAX_REQUESTS)
		return ENDED_MAX_REQUESTS;
	/* Before it could handle the signal. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return ENDED_NORMAL;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    out_of_memory(p))
		return ENDED_MEMORY;
	return ENDED_CRASH;
}

static void
count_end(struct pool *p, const struct slot *s, enum label_ENDED reason,
    const struct rusage *usage)
{
	int i = slot_number(p, s);
	struct slab *slab = &p->metrics->slabs[i];
	uint64_t busy = atomic_load(&slab->state.busy_since_ns);

	metric_add(&p->metrics->server->worker_exits[reason], 1);
	/* The worker is gone, so its slab is ours to write. */
	if (reason == ENDED_TIMEOUT && busy != 0)
		metric_add(&slab->http_rejected[REJECTED_TIMEOUT], 1);
	metrics_slot_ended(p->metrics, i);
	p->ended_cpu_ns +=
	    (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		SECOND_NS +
	    (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) *
		1000;
}

static void
log_end(const struct pool *p, const struct slot *s, enum label_ENDED reason,
    int status)
{
	char text[64];

	child_ended_text(status, text, sizeof(text));
	if (reason == ENDED_NORMAL || reason == ENDED_MAX_REQUESTS)
		log_info("worker ended slot=%d pid=%d: %s", slot_number(p, s),
		    (int)s->pid, text);
	else
		log_warn("worker died slot=%d pid=%d: %s%s", slot_number(p, s),
		    (int)s->pid, text,
		    reason == ENDED_MEMORY ? ", out of memory" : "");
}

/* The next step for the slot of a worker that has ended. */
static void
after_end(struct pool *p, struct slot *s, enum label_ENDED reason,
    bool refused, uint64_t now)
{
	bool of_next = p->next != NULL && s->generation == p->next;

	if (s->state == SLOT_STOPPING || p->stopping) {
		free_slot(s);
	} else if (of_next && !p->next_serves) {
		log_error("reload given up: the first new worker did not "
			  "become ready");
		free_slot(s);
		finish_roll(p, POOL_ROLL_FAILED);
		metric_set(&p->metrics->server->workers_limit,
		    p->now->workers);
	} else if (p->next != NULL && !of_next) {
		free_slot(s); /* its replacement is on the way */
	} else if (reason == ENDED_MAX_REQUESTS) {
		free_slot(s);
	} else {
		wait_again(p, s, now);
		if (refused) /* it would only say the same again */
			s->restart_at_ns = UINT64_MAX;
	}
}

bool
pool_reaped(struct pool *p, pid_t pid, int status, const struct rusage *usage,
    uint64_t now_ns)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];
		enum label_ENDED reason;
		bool refused;

		if (s->pid != pid)
			continue;
		reason = reason_of(p, s, status);
		refused = WIFEXITED(status) &&
		    WEXITSTATUS(status) == EXIT_REFUSED;
		p->refused |= refused;
		count_end(p, s, reason, usage);
		log_end(p, s, reason, status);
		if (s->state == SLOT_STARTING && s->ready_fd >= 0)
			close(s->ready_fd);
		s->ready_fd = -1;
		s->pid = 0;
		after_end(p, s, reason, refused, now_ns);
		return true;
	}
	return false;
}

void
pool_stop(struct pool *p, uint64_t kill_at_ns)
{
	p->stopping = true;
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct slot *s = &p->slots[i];

		if (s->state == SLOT_STOPPING)
			s->kill_at_ns = kill_at_ns;
		else if (s->state != SLOT_FREE)
			stop(p, s, kill_at_ns);
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
pool_is_complete(const struct pool *p)
{
	return p->now != NULL && p->next == NULL &&
	    count(p, p->now, SLOT_SERVING) == p->now->workers;
}
