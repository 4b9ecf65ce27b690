/* SPDX-License-Identifier: ISC
 *
 * One worker process: started, told to end, ended when it hangs, counted
 * when it is gone. What stays true: every end is counted with its reason,
 * and a slab is prepared only when its last writer has been reaped.
 */
#include "supervisor/slot.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "supervisor/backoff.h"
#include "supervisor/child.h"
#include "supervisor/oom.h"
#include "supervisor/sample.h"
#include "supervisor/worker_argv.h"

/* Reading a model of gigabytes for the first time takes its time. */
#define START_TIMEOUT_NS (60 * SECOND_NS)

/* --- start, stop ---------------------------------------------------------- */

static bool
spawn(struct slot_world *w, struct slot *s, struct err *err)
{
	struct worker_argv argv;
	/* Open, since a disk may have become read-only. */
	const int fds[] = {w->metrics->worker_fd, s->generation->rate_fd};
	struct child_spec spec = {.in_fd = w->listener_fd, .err_fd = -1,
	    .fds = fds, .n_fds = s->generation->rate_fd >= 0 ? 2 : 1};
	bool ok;

	if (!metrics_slot_prepare(w->metrics, s->number, err) ||
	    !child_pipe(&s->ready_fd, &spec.ready_fd, err))
		return false;
	worker_argv_make(&argv, w->program, w->metrics_path, s->number,
	    s->reserve, s->generation);
	spec.argv = argv.argv;
	ok = child_start(&spec, &s->pid, err);
	close(spec.ready_fd);
	if (!ok)
		close(s->ready_fd);
	return ok;
}

void
slot_start(struct slot_world *w, struct slot *s, struct generation *g,
    uint64_t now_ns)
{
	if (s->generation != g) {
		if (s->generation != NULL)
			generation_release(s->generation);
		s->generation = generation_hold(g);
		s->delay_ns = 0;
		s->deaths = 0;
	}
	s->started_ns = now_ns;
	if (!spawn(w, s, &w->start_err)) {
		log_warn("worker not started slot=%d: %s", s->number,
		    w->start_err.text);
		slot_wait(w, s, W_EXITCODE(127, 0), false, now_ns);
		return;
	}
	s->state = PROCESS_STARTING;
	s->kill_at_ns = now_ns + START_TIMEOUT_NS;
	s->stalled_since_ns = s->stopped_since_ns = 0;
	s->timed_out = s->outgrown = false;
	s->late_kill_at_ns = 0;
	metrics_slot_started(w->metrics, s->number, (int32_t)s->pid);
	metric_add(&w->metrics->server->worker_starts, 1);
	log_debug("worker starts slot=%d pid=%d generation=%u", s->number,
	    (int)s->pid, g->number);
}

void
slot_adopt(struct slot_world *w, struct slot *s, struct generation *g,
    pid_t pid, uint64_t kill_at_ns)
{
	s->generation = generation_hold(g);
	s->pid = pid;
	s->state = kill_at_ns != 0 ? PROCESS_STOPPING : PROCESS_SERVING;
	s->kill_at_ns = kill_at_ns;
	s->first_bytes = sample_own_bytes(pid);
	process_set(&w->metrics->slots[s->number].process, s->state, pid);
}

static void
close_ready(struct slot *s)
{
	if (s->ready_fd >= 0)
		close(s->ready_fd);
	s->ready_fd = -1;
}

void
slot_stop(struct slot_world *w, struct slot *s, uint64_t kill_at_ns)
{
	if (s->state == PROCESS_WAITING) {
		slot_free(s);
		return;
	}
	if (s->state == PROCESS_STARTING)
		close_ready(s);
	s->state = PROCESS_STOPPING;
	s->kill_at_ns = kill_at_ns;
	metrics_slot_stopping(w->metrics, s->number);
	kill(s->pid, SIGTERM);
	log_debug("worker stops slot=%d pid=%d", s->number, (int)s->pid);
}

void
slot_wait(struct slot_world *w, struct slot *s, int status, bool never,
    uint64_t now_ns)
{
	char text[64];

	s->delay_ns = backoff_next(s->delay_ns, now_ns - s->started_ns);
	s->deaths = s->delay_ns > 0 ? s->deaths + 1 : 1;
	s->restart_at_ns = never ? UINT64_MAX : now_ns + s->delay_ns;
	s->state = PROCESS_WAITING;
	process_set_waiting(&w->metrics->slots[s->number].process, s->deaths,
	    status, s->restart_at_ns);
	process_ended_text(status, text, sizeof(text));
	if (never)
		log_error("worker waits slot=%d for a reload: %s", s->number,
		    text);
	else if (s->delay_ns > 0)
		log_info("worker waits slot=%d ms=%ju deaths=%u: %s",
		    s->number, (uintmax_t)(s->delay_ns / MILLISECOND_NS),
		    s->deaths, text);
}

void
slot_free(struct slot *s)
{
	if (s->generation != NULL)
		generation_release(s->generation);
	*s = (struct slot){.number = s->number, .ready_fd = -1};
}

bool
slot_is_ready(struct slot_world *w, struct slot *s)
{
	char byte;
	ssize_t got = read(s->ready_fd, &byte, 1);
	bool ready = got == 1;

	if (got < 0)
		return false; /* to be read again */
	/* Else it has ended, which is told when it is reaped; the descriptor
	 * would be readable until then. */
	close_ready(s);
	if (ready) {
		s->state = PROCESS_SERVING;
		s->first_bytes = sample_own_bytes(s->pid);
		process_set(&w->metrics->slots[s->number].process, s->state,
		    s->pid);
		log_info("worker ready slot=%d pid=%d generation=%u",
		    s->number, (int)s->pid, s->generation->number);
	}
	return ready;
}

/* --- deadlines ------------------------------------------------------------ */

static void
kill_stuck(struct slot *s, const char *why)
{
	if (s->timed_out)
		return; /* killed already; its end has not been reaped */
	log_warn("worker killed slot=%d pid=%d: %s", s->number, (int)s->pid,
	    why);
	s->timed_out = true;
	kill(s->pid, SIGKILL);
}

/* Its request is to be answered by itself; if it cannot even do that, it is
 * killed in a moment. */
#define LATE_NS (2 * SECOND_NS)

static void
tell_late(struct slot *s, uint64_t now_ns)
{
	if (s->timed_out)
		return;
	s->timed_out = true;
	s->late_kill_at_ns = now_ns + LATE_NS;
	kill(s->pid, SIGALRM);
	log_warn("worker told to give up slot=%d pid=%d: %s", s->number,
	    (int)s->pid, process_overdue(PROCESS_SERVING));
}

static bool
is_past(const struct slot *s, uint64_t since_ns, uint64_t now_ns)
{
	return since_ns != 0 && now_ns > since_ns &&
	    now_ns - since_ns > s->generation->request_timeout_ns;
}

void
slot_check(struct slot_world *w, struct slot *s, uint64_t now_ns)
{
	enum label_STATE state;
	uint64_t busy_since;

	if (s->late_kill_at_ns != 0 && now_ns >= s->late_kill_at_ns) {
		s->late_kill_at_ns = 0;
		kill(s->pid, SIGKILL);
	}
	if (s->state != PROCESS_SERVING && now_ns >= s->kill_at_ns)
		kill_stuck(s, process_overdue(s->state));
	else if (metrics_slot_state(w->metrics, s->number, &state,
		     &busy_since) && is_past(s, busy_since, now_ns))
		tell_late(s, now_ns);
	else if (is_past(s, s->stalled_since_ns, now_ns))
		kill_stuck(s, "it takes no request while connections wait");
}

/* A process that does not run is never busy, so it never oversteps a
 * deadline. But one that is idle each time connections are seen waiting
 * takes none of them. */
void
slot_note_queue(struct slot_world *w, struct slot *s, uint32_t length,
    uint64_t now_ns)
{
	enum label_STATE state;
	uint64_t since;

	if (length == 0 || s->state != PROCESS_SERVING ||
	    !metrics_slot_state(w->metrics, s->number, &state, &since) ||
	    state != STATE_IDLE)
		s->stalled_since_ns = 0;
	else if (s->stalled_since_ns == 0)
		s->stalled_since_ns = now_ns;
}

/* A connection wakes one worker; where that is a stopped one, others find it
 * late. So it is ended even if none waits for long. */
void
slot_note_stopped(struct slot *s, bool stopped, uint64_t now_ns)
{
	if (s->state != PROCESS_SERVING || !stopped)
		s->stopped_since_ns = 0;
	else if (s->stopped_since_ns == 0)
		s->stopped_since_ns = now_ns;
	else if (is_past(s, s->stopped_since_ns, now_ns))
		kill_stuck(s, "it has been stopped by a signal");
}

void
slot_outgrow(struct slot_world *w, struct slot *s, uint64_t bytes,
    uint64_t kill_at_ns)
{
	log_info("worker replaced slot=%d pid=%d: it has grown by %ju KiB, "
		 "more than max_growth of %ju KiB", s->number, (int)s->pid,
	    (uintmax_t)(bytes / 1024),
	    (uintmax_t)(s->generation->max_growth / 1024));
	s->outgrown = true;
	slot_stop(w, s, kill_at_ns);
}

/* --- the end -------------------------------------------------------------- */

static bool
is_out_of_memory(struct slot_world *w)
{
	uint64_t before = w->oom_kills;

	w->oom_kills = oom_kills();
	return w->oom_kills > before;
}

static enum label_ENDED
reason_of(struct slot_world *w, const struct slot *s, int status)
{
	if (s->timed_out)
		return ENDED_TIMEOUT;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return s->outgrown ? ENDED_MAX_GROWTH : ENDED_NORMAL;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_MAX_REQUESTS)
		return ENDED_MAX_REQUESTS;
	/* Before it could handle the signal. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM)
		return ENDED_NORMAL;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
	    is_out_of_memory(w))
		return ENDED_MEMORY;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return ENDED_SANDBOX;
	return ENDED_CRASH;
}

static uint64_t
cpu_ns(const struct rusage *u)
{
	return (uint64_t)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) *
	    SECOND_NS +
	    (uint64_t)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000;
}

static void
log_end(const struct slot *s, enum label_ENDED reason, int status)
{
	char text[64];

	process_ended_text(status, text, sizeof(text));
	if (reason == ENDED_NORMAL || reason == ENDED_MAX_REQUESTS ||
	    reason == ENDED_MAX_GROWTH)
		log_info("worker ended slot=%d pid=%d: %s", s->number,
		    (int)s->pid, text);
	else
		log_warn("worker died slot=%d pid=%d: %s%s", s->number,
		    (int)s->pid, text,
		    reason == ENDED_MEMORY ? ", out of memory" : "");
}

enum label_ENDED
slot_ended(struct slot_world *w, struct slot *s, int status,
    const struct rusage *usage)
{
	enum label_ENDED reason = reason_of(w, s, status);
	struct slab *slab = &w->metrics->slabs[s->number];

	metric_add(&w->metrics->server->worker_exits[reason], 1);
	/* The worker is gone, so its slab is ours to write. */
	if (reason == ENDED_TIMEOUT &&
	    atomic_load(&slab->state.busy_since_ns) != 0)
		metric_add(&slab->http_rejected[REJECTED_TIMEOUT], 1);
	metrics_slot_ended(w->metrics, s->number);
	w->ended_cpu_ns += cpu_ns(usage);
	log_end(s, reason, status);
	if (s->state == PROCESS_STARTING)
		close_ready(s);
	s->pid = 0;
	return reason;
}
