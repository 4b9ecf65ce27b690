/* SPDX-License-Identifier: ISC
 *
 * What happens while the service runs: signals, ends of processes, words of
 * the web server, time. One thread, one poll, nothing that blocks.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "sandbox/sandbox.h"
#include "supervisor/backoff.h"
#include "supervisor/parts.h"
#include "supervisor/signals.h"

/* How often the queue is looked at, and with it the deadlines: while there
 * is a queue, while there is something to see, and else. A queue that has
 * twice as many as may wait came so quickly that none of them has waited for
 * long: then several looks would cost more than one. */
#define QUEUE_LONG_NS (5 * MILLISECOND_NS)
#define QUEUE_FAR_NS  (20 * MILLISECOND_NS)
#define QUEUE_BUSY_NS (20 * MILLISECOND_NS)
#define QUEUE_IDLE_NS (40 * MILLISECOND_NS)
/* Signals to stop within this time are one wish: timeout(1) sends its own to
 * its child and again to the group of both, and so does a wrapper that passes
 * on the Ctrl-C of a terminal. One that comes later means: now. */
#define ONE_WISH_NS (1000 * MILLISECOND_NS)

/* --- the end -------------------------------------------------------------- */

static uint64_t
patience_ns(struct supervisor *s)
{
	return (uint64_t)supervisor_config(s)->stop_timeout * MILLISECOND_NS;
}

/* Whoever waits has waited enough. */
static void
end_now(struct supervisor *s, uint64_t now)
{
	s->kill_at_ns = now;
	service_stop(&s->web, now);
	if (s->phase == PHASE_ENDING) {
		service_stop(&s->exporter, now);
		pool_stop(&s->pool, now);
	}
}

void
supervisor_stop(struct supervisor *s, uint64_t now)
{
	if (s->phase >= PHASE_DRAINING) {
		if (now - s->stop_at_ns >= ONE_WISH_NS)
			end_now(s, now);
		return;
	}
	log_info("stop begins");
	notify_stopping(&s->notify);
	metrics_set_draining(&s->metrics);
	supervisor_enter(s, PHASE_DRAINING);
	s->stop_at_ns = now;
	s->kill_at_ns = now + patience_ns(s);
	ready_done(&s->ready);
	load_cancel(&s->load);
	pool_drain(&s->pool);
	service_drain(&s->exporter);
	if (s->public_fd >= 0)
		close(s->public_fd);
	s->public_fd = -1;
	service_stop(&s->web, s->kill_at_ns);
}

/* Nothing has been promised to anybody yet: end at once. */
void
supervisor_fail(struct supervisor *s, const struct err *why)
{
	uint64_t now = clock_mono_ns();

	if (s->failed)
		return;
	s->failed = true;
	s->fail = *why;
	supervisor_stop(s, now);
	end_now(s, now);
}

static void
drain_step(struct supervisor *s, uint64_t now)
{
	/* Workers get the last fifth of the time whatever comes before. */
	uint64_t workers_at = s->kill_at_ns - patience_ns(s) / 5;

	if (s->phase == PHASE_DRAINING &&
	    (service_is_empty(&s->web) || now >= workers_at)) {
		supervisor_enter(s, PHASE_ENDING);
		pool_stop(&s->pool, s->kill_at_ns);
		service_stop(&s->exporter, s->kill_at_ns);
	}
	if (s->phase == PHASE_ENDING && service_is_empty(&s->web) &&
	    service_is_empty(&s->exporter) && pool_is_empty(&s->pool) &&
	    s->load.running == 0)
		supervisor_enter(s, PHASE_ENDED);
}

/* --- the beginning -------------------------------------------------------- */

static void
announce(struct supervisor *s)
{
	const struct config *c = supervisor_config(s);
	char name[128];
	size_t at = 0;

	supervisor_enter(s, PHASE_SERVING);
	if (supervisor_has_web(s))
		printf("lightscore: ready on http://%s\n", s->address.text);
	else
		printf("lightscore: ready on unix:%s\n",
		    s->state.worker_sock);
	fflush(stdout);
	notify_ready(&s->notify);
	log_init("lightscored", settings_log_level(supervisor_config(s)));
	if (s->root_because.text[0] != '\0')
		log_warn("still root: %s; settings: user, state_dir",
		    s->root_because.text);
	if (strcmp(c->sandbox, "off") != 0 && sandbox_missing() != NULL)
		log_warn("sandbox: %s", sandbox_missing());
	while (config_environment_unknown(&at, name, sizeof(name)))
		log_warn("%s is set, and there is no such setting", name);
	if (config_has_default_models(c) && c->file != NULL)
		log_warn("%s names no models: the shipped ones are served",
		    c->file);
	log_info("serving models=%zu workers=%d state_dir=%s",
	    s->generation->n_images, s->generation->workers, s->state.dir);
	if (s->reload_wanted)
		reload_begin(s);
}

static void
starting_step(struct supervisor *s, uint64_t now)
{
	if (pool_is_waiting(&s->pool))
		supervisor_fail(s, &s->pool.world.start_err);
	if (!pool_is_complete(&s->pool))
		return;
	if (supervisor_has_web(s) && !ready_step(&s->ready, now))
		return;
	ready_done(&s->ready);
	announce(s);
}

/* A process that ends before the service is ready would end again. */
static void
fail_early(struct supervisor *s, const char *name, int status)
{
	struct err err;
	char text[64];

	bool is_web = strcmp(name, "web server") == 0;

	process_ended_text(status, text, sizeof(text));
	if (!is_web && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		err = (struct err){0}; /* it has said why */
	else if (is_web && s->web_said[0] != '\0')
		err_set(&err, ERR_SYSTEM, ERR_NOWHERE,
		    "the web server does not start: %s", s->web_said);
	else
		err_set(&err, ERR_SYSTEM, ERR_NOWHERE,
		    "the %s does not start: %s", name, text);
	supervisor_fail(s, &err);
}

/* --- events --------------------------------------------------------------- */

static void
reap(struct supervisor *s, uint64_t now)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		const char *name = NULL;

		if (load_reaped(&s->load, pid, status) ||
		    upgrade_reaped(s, pid, status))
			continue;
		if (pool_reaped(&s->pool, pid, status, &usage, now)) {
			/* Our own probe may have been all that one does. */
			if (!WIFEXITED(status) ||
			    WEXITSTATUS(status) != EXIT_MAX_REQUESTS)
				name = "worker";
		} else if (service_reaped(&s->exporter, pid, status, now)) {
			name = "exporter";
		} else if (service_reaped(&s->web, pid, status, now)) {
			name = "web server";
			web_read_log(s);
		}
		if (name != NULL && s->phase < PHASE_SERVING)
			fail_early(s, name, status);
	}
}

static void
take_signals(struct supervisor *s, uint64_t now)
{
	int signo;

	while ((signo = signals_next(s->signal_fd)) != 0) {
		switch (signo) {
		case SIGCHLD:
			reap(s, now);
			break;
		case SIGUSR2:
			s->upgrade_wanted = true;
			break;
		case SIGHUP:
			reload_begin(s);
			break;
		default:
			supervisor_stop(s, now);
			break;
		}
	}
}

/* --- time ----------------------------------------------------------------- */

static bool
is_busy(const struct supervisor *s)
{
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (s->pool.slots[i].pid > 0 &&
		    atomic_load_explicit(
			&s->metrics.slabs[i].state.busy_since_ns,
			memory_order_relaxed) != 0)
			return true;
	return false;
}

/* What waits beyond the limit is shed from the head of the queue: it has
 * waited longest. `taken` was read before the queue was, so what has been
 * found too much once may look less now, but is not. Whatever is set, a
 * quarter of the room stays free, since a full backlog is a 500. Returns how
 * many may wait. */
static uint32_t
shed(struct supervisor *s, uint32_t length, uint32_t room, uint64_t taken)
{
	uint32_t may_wait;

	overload_note(&s->overload, &s->metrics);
	may_wait = overload_limit(&s->overload, s->generation);
	if (may_wait > room / 4 * 3)
		may_wait = room / 4 * 3;
	metric_set(&s->metrics.server->queue_shed, may_wait);
	if (s->shed_until <= taken || length == 0)
		s->shed_until = 0;
	if (length > may_wait && taken + length - may_wait > s->shed_until)
		s->shed_until = taken + length - may_wait;
	metrics_set_shed(&s->metrics, s->shed_until);
	if (s->shed_until != 0)
		pool_call_reserve(&s->pool);
	return may_wait;
}

static uint64_t
next_look_ns(const struct supervisor *s, uint32_t may_wait)
{
	if (s->queue_length / 2 > may_wait)
		return QUEUE_FAR_NS;
	if (s->queue_length > 0)
		return QUEUE_LONG_NS;
	return is_busy(s) ? QUEUE_BUSY_NS : QUEUE_IDLE_NS;
}

static void
look_at_queue(struct supervisor *s, uint64_t now)
{
	uint32_t length, limit, may_wait = UINT32_MAX;
	uint64_t taken;

	if (now < s->queue_due_ns)
		return;
	taken = metrics_taken(&s->metrics);
	if (queue_read(&s->queue, &length, &limit)) {
		if (s->generation != NULL)
			may_wait = shed(s, length, limit, taken);
		s->queue_length = length;
		metric_set(&s->metrics.server->queue, length);
		metric_set(&s->metrics.server->queue_limit, limit);
		pool_note_queue(&s->pool, length, now);
	}
	s->queue_due_ns = now + next_look_ns(s, may_wait);
}

static void
take_sample(struct supervisor *s, uint64_t now)
{
	struct sample_process processes[METRICS_SLOTS + 2];
	size_t n = 0;

	if (s->phase != PHASE_SERVING || now < s->sample_due_ns)
		return;
	s->sample_due_ns = now + SAMPLE_EVERY_NS;
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (s->pool.slots[i].pid > 0)
			processes[n++] = (struct sample_process){
			    .pid = s->pool.slots[i].pid, .slot = i};
	if (s->exporter.pid > 0)
		processes[n++] = (struct sample_process){
		    .pid = s->exporter.pid, .slot = -1};
	if (s->web.pid > 0)
		processes[n++] = (struct sample_process){
		    .pid = s->web.pid, .slot = -1};
	sample_take(&s->sample, &s->metrics, processes, n,
	    s->pool.world.ended_cpu_ns, now);
	for (size_t i = 0; i < n; i++) {
		if (processes[i].slot < 0)
			continue;
		slot_note_stopped(&s->pool.slots[processes[i].slot],
		    processes[i].stopped, now);
		pool_note_memory(&s->pool, processes[i].slot,
		    processes[i].own_bytes, now);
	}
}

static void
tick(struct supervisor *s, uint64_t now)
{
	look_at_queue(s, now);
	load_tick(&s->load, now);
	switch (s->phase) {
	case PHASE_LOADING:
		reload_first_step(s);
		break;
	case PHASE_STARTING:
		starting_step(s, now);
		break;
	case PHASE_SERVING:
		reload_step(s);
		upgrade_step(s, now);
		break;
	default:
		drain_step(s, now);
		break;
	}
	/* After the decisions, so that what they ask for begins now. */
	pool_tick(&s->pool, now);
	service_tick(&s->exporter, now);
	service_tick(&s->web, now);
	take_sample(s, now);
	notify_tick(&s->notify, now);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int
wait_ms(struct supervisor *s)
{
	uint64_t now = clock_mono_ns(), due = s->queue_due_ns;

	due = earlier(due, pool_due_ns(&s->pool));
	due = earlier(due, service_due_ns(&s->exporter));
	due = earlier(due, service_due_ns(&s->web));
	due = earlier(due, notify_due_ns(&s->notify));
	if (s->phase == PHASE_STARTING && pool_is_complete(&s->pool))
		due = earlier(due, ready_due_ns(&s->ready));
	if (due <= now)
		return 0;
	return (int)((due - now + MILLISECOND_NS - 1) / MILLISECOND_NS);
}

void
supervisor_turn(struct supervisor *s)
{
	enum { SIGNALS, WEB_LOG, READY, FIRST };
	struct pollfd fds[FIRST + METRICS_SLOTS];
	uint64_t now;
	size_t n = FIRST;

	fds[SIGNALS] =
	    (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
	fds[WEB_LOG] =
	    (struct pollfd){.fd = s->web_log.fd, .events = POLLIN};
	fds[READY] = ready_poll_fd(&s->ready);
	n += pool_poll_fds(&s->pool, fds + n);
	if (poll(fds, n, wait_ms(s)) < 0) {
		n = 0; /* the signal is there to be read */
		fds[SIGNALS].revents = POLLIN;
	}
	now = clock_mono_ns();
	for (size_t i = FIRST; i < n; i++)
		if (fds[i].revents != 0)
			pool_readable(&s->pool, fds[i].fd, now);
	if (fds[WEB_LOG].revents != 0)
		web_read_log(s);
	if (fds[SIGNALS].revents != 0)
		take_signals(s, now);
	tick(s, clock_mono_ns());
}
