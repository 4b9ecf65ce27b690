/* SPDX-License-Identifier: ISC
 *
 * Keeping one process alive.
 */
#include "supervisor/service.h"

#include <signal.h>

#include "base/log.h"
#include "supervisor/backoff.h"

bool
service_start(struct service *s, uint64_t now_ns, struct err *err)
{
	s->started_ns = now_ns;
	s->restart_at_ns = 0;
	return child_start(&s->spec, &s->pid, err);
}

static void
try_start(struct service *s, uint64_t now)
{
	struct err err;

	if (service_start(s, now, &err)) {
		log_info("%s started pid=%d", s->name, (int)s->pid);
		return;
	}
	s->pid = 0;
	log_error("%s not started: %s", s->name, err.text);
	s->delay_ns = backoff_next(s->delay_ns, 0);
	s->restart_at_ns = now + s->delay_ns;
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
service_keep(struct service *s, uint64_t kill_at_ns)
{
	if (s->pid != 0)
		let_go(s, s->pid, kill_at_ns);
	s->pid = s->next_pid;
	s->next_pid = 0;
	s->started_ns = s->next_started_ns;
	s->restart_at_ns = s->pid == 0 ? s->started_ns : 0;
	s->delay_ns = 0;
	if (s->pid != 0)
		log_info("%s started pid=%d", s->name, (int)s->pid);
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

bool
service_reaped(struct service *s, pid_t pid, int status, uint64_t now_ns)
{
	char text[64];

	for (int i = 0; i < SERVICE_LEAVING; i++) {
		if (s->leaving[i].pid == pid) {
			s->leaving[i].pid = 0;
			return true;
		}
	}
	if (s->next_pid != 0 && s->next_pid == pid) {
		s->next_pid = 0;
		return true;
	}
	if (s->pid != pid)
		return false;
	s->pid = 0;
	s->delay_ns = backoff_next(s->delay_ns, now_ns - s->started_ns);
	s->restart_at_ns = now_ns + s->delay_ns;
	log_warn("%s died pid=%d: %s", s->name, (int)pid,
	    child_ended_text(status, text, sizeof(text)));
	return true;
}

void
service_stop(struct service *s, uint64_t kill_at_ns)
{
	s->stopping = true;
	for (int i = 0; i < SERVICE_LEAVING; i++)
		s->leaving[i].kill_at_ns = kill_at_ns;
	service_drop(s, kill_at_ns);
	if (s->pid != 0)
		let_go(s, s->pid, kill_at_ns);
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
