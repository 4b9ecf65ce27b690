/* SPDX-License-Identifier: ISC
 *
 * Keeping one process alive.
 */
#include "supervisor/service.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "supervisor/backoff.h"

bool
service_start(struct service *s, uint64_t now_ns, struct err *err)
{
	s->started_ns = now_ns;
	s->restart_at_ns = 0;
	if (!child_start(&s->spec, &s->pid, err))
		return false;
	process_set(s->shown, PROCESS_SERVING, s->pid);
	return true;
}

/* It has died, and is started again after a pause. */
static void
wait_again(struct service *s, int status, uint64_t alive_ns, uint64_t now)
{
	char text[64];

	s->pid = 0;
	s->delay_ns = backoff_next(s->delay_ns, alive_ns);
	s->deaths = s->delay_ns > 0 ? s->deaths + 1 : 1;
	s->restart_at_ns = now + s->delay_ns;
	process_set_waiting(s->shown, s->deaths, status, s->restart_at_ns);
	if (s->delay_ns > 0)
		log_info("%s waits ms=%ju deaths=%u: %s", s->name,
		    (uintmax_t)(s->delay_ns / MILLISECOND_NS), s->deaths,
		    process_ended_text(status, text, sizeof(text)));
}

static void
try_start(struct service *s, uint64_t now)
{
	struct err err;

	if (service_start(s, now, &err)) {
		log_info("%s started pid=%d", s->name, (int)s->pid);
		return;
	}
	log_error("%s not started: %s", s->name, err.text);
	wait_again(s, W_EXITCODE(127, 0), 0, now);
}

/* The process is on its way out; where too many are, it goes at once. */
static void
let_go(struct service *s, pid_t pid, uint64_t kill_at_ns)
{
	for (int i = 0; i < SERVICE_LEAVING; i++) {
		if (s->leaving[i].pid != 0)
			continue;
		s->leaving[i].pid = pid;
		s->leaving[i].kill_at_ns = kill_at_ns;
		kill(pid, s->stop_signal);
		return;
	}
	kill(pid, SIGKILL);
}

bool
service_try(struct service *s, const char *const argv[], uint64_t now_ns,
    struct err *err)
{
	struct child_spec spec = s->spec;

	spec.argv = argv;
	s->next_started_ns = now_ns;
	return child_start(&spec, &s->next_pid, err);
}

void
service_adopt(struct service *s, pid_t pid, uint64_t now_ns)
{
	s->pid = pid;
	s->started_ns = s->restart_at_ns = now_ns;
	if (pid != 0)
		process_set(s->shown, PROCESS_SERVING, pid);
}

void
service_adopt_leaving(struct service *s, pid_t pid, uint64_t kill_at_ns)
{
	for (int i = 0; i < SERVICE_LEAVING; i++) {
		if (s->leaving[i].pid == 0) {
			s->leaving[i].pid = pid;
			s->leaving[i].kill_at_ns = kill_at_ns;
			return;
		}
	}
}

void
service_keep(struct service *s, uint64_t kill_at_ns)
{
	if (s->pid != 0)
		let_go(s, s->pid, kill_at_ns);
	s->pid = s->next_pid;
	s->next_pid = 0;
	s->started_ns = s->next_started_ns;
	s->restart_at_ns = s->pid == 0 ? s->started_ns : 0;
	s->delay_ns = 0;
	if (s->pid != 0) {
		process_set(s->shown, PROCESS_SERVING, s->pid);
		log_info("%s started pid=%d", s->name, (int)s->pid);
	}
}

void
service_drop(struct service *s, uint64_t kill_at_ns)
{
	if (s->next_pid != 0)
		let_go(s, s->next_pid, kill_at_ns);
	s->next_pid = 0;
}

void
service_tick(struct service *s, uint64_t now_ns)
{
	for (int i = 0; i < SERVICE_LEAVING; i++) {
		if (s->leaving[i].pid == 0 ||
		    s->leaving[i].kill_at_ns > now_ns)
			continue;
		log_warn("%s killed pid=%d: it did not end in time", s->name,
		    (int)s->leaving[i].pid);
		kill(s->leaving[i].pid, SIGKILL);
		s->leaving[i].kill_at_ns = UINT64_MAX;
	}
	if (!s->stopping && s->pid == 0 && s->restart_at_ns != 0 &&
	    s->restart_at_ns <= now_ns)
		try_start(s, now_ns);
}

uint64_t
service_due_ns(const struct service *s)
{
	uint64_t due = UINT64_MAX;

	if (s->pid == 0 && s->restart_at_ns != 0 && !s->stopping)
		due = s->restart_at_ns;
	for (int i = 0; i < SERVICE_LEAVING; i++)
		if (s->leaving[i].pid != 0 && s->leaving[i].kill_at_ns < due)
			due = s->leaving[i].kill_at_ns;
	return due;
}

static bool
is_told_end(int status)
{
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
	    (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

bool
service_reaped(struct service *s, pid_t pid, int status, uint64_t now_ns)
{
	char text[64];

	for (int i = 0; i < SERVICE_LEAVING; i++) {
		if (s->leaving[i].pid == pid) {
			s->leaving[i].pid = 0;
			if (s->pid == 0 && s->stopping)
				process_set(s->shown, PROCESS_FREE, 0);
			return true;
		}
	}
	if (s->next_pid != 0 && s->next_pid == pid) {
		s->next_pid = 0;
		return true;
	}
	if (s->pid != pid)
		return false;
	process_ended_text(status, text, sizeof(text));
	if (!s->stopping) {
		log_warn("%s died pid=%d: %s", s->name, (int)pid, text);
		wait_again(s, status, now_ns - s->started_ns, now_ns);
		return true;
	}
	/* Whoever stops the service may have told its processes too. */
	if (is_told_end(status))
		log_info("%s ended pid=%d: %s", s->name, (int)pid, text);
	else
		log_warn("%s died pid=%d: %s", s->name, (int)pid, text);
	s->pid = 0;
	process_set(s->shown, PROCESS_FREE, 0);
	return true;
}

void
service_drain(struct service *s)
{
	s->stopping = true;
}

void
service_stop(struct service *s, uint64_t kill_at_ns)
{
	s->stopping = true;
	for (int i = 0; i < SERVICE_LEAVING; i++)
		s->leaving[i].kill_at_ns = kill_at_ns;
	service_drop(s, kill_at_ns);
	if (s->pid != 0) {
		let_go(s, s->pid, kill_at_ns);
		process_set(s->shown, PROCESS_STOPPING, s->pid);
	}
	s->pid = 0;
}

bool
service_is_empty(const struct service *s)
{
	for (int i = 0; i < SERVICE_LEAVING; i++)
		if (s->leaving[i].pid != 0)
			return false;
	return s->pid == 0;
}
