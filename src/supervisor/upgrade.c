/* SPDX-License-Identifier: ISC
 *
 * SIGUSR2: the program is replaced under the service. The new one is tried
 * first, with our arguments, in a process of its own; only if it can start
 * does it take our place, by exec, so that all our processes stay ours, and
 * theirs stays the parent whose death they die of. It finds what it is to go
 * on with in a memory file (handover.h), and replaces workers and exporter by
 * its own as a reload does.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "supervisor/backoff.h"
#include "supervisor/parts.h"

#define CHECK_NS (30 * SECOND_NS)

/* --- leaving -------------------------------------------------------------- */

static void
add_process(struct handover *h, char kind, int slot, pid_t pid,
    uint64_t kill_at_ns)
{
	h->processes[h->n_processes++] = (struct handover_process){
	    kind, slot, pid, (int64_t)kill_at_ns};
}

static void
add_leaving(struct handover *h, char kind, const struct service *s)
{
	for (int i = 0; i < SERVICE_LEAVING; i++)
		if (s->leaving[i].pid != 0)
			add_process(h, kind, 0, s->leaving[i].pid,
			    s->leaving[i].kill_at_ns < INT64_MAX ?
			    s->leaving[i].kill_at_ns : 1);
}

static void
collect(const struct supervisor *s, struct handover *h)
{
	const struct generation *g = s->generation;

	*h = (struct handover){
	    .lock_fd = s->state.lock_fd,
	    .public_fd = s->public_fd,
	    .worker_fd = s->worker_fd,
	    .exporter_fd = s->exporter_fd,
	    .web_log_fd = s->web_log.fd,
	    .web_err_fd = supervisor_has_web(s) ? s->web.spec.err_fd : -1,
	    .notify_fd = s->notify.fd,
	    .notify_every_ns = (int64_t)s->notify.every_ns,
	    .passing = s->state.passing,
	    .made = s->state.made,
	    .generation = g->number,
	    .generations = s->generations,
	    .exporter_pid = s->exporter.pid,
	    .web_pid = s->web.pid,
	    .n_images = g->n_images,
	};
	strcpy(h->dir, s->state.dir);
	strcpy(h->sockets, s->state.sockets);
	for (size_t i = 0; i < g->n_images; i++)
		strcpy(h->images[i], g->images[i].slot);
	for (int i = 0; i < METRICS_SLOTS; i++) {
		const struct slot *slot = &s->pool.slots[i];

		if (slot->pid > 0)
			add_process(h, slot->reserve ? 'r' : 'w', i, slot->pid,
			    slot->state == PROCESS_STOPPING
				? slot->kill_at_ns : 0);
	}
	add_leaving(h, 'e', &s->exporter);
	add_leaving(h, 'l', &s->web);
}

/* Whether they outlive an exec. */
static void
keep_fds(const struct handover *h, bool keep)
{
	const int64_t fds[] = {
#define ITEM(name) h->name,
	    HANDOVER_FDS(ITEM)
#undef ITEM
	};

	for (size_t i = 0; i < countof(fds); i++)
		if (fds[i] >= 0)
			fcntl((int)fds[i], F_SETFD, keep ? 0 : FD_CLOEXEC);
}

/* The descriptor of the text, or -1. */
static int
write_down(const struct handover *h)
{
	char *memory = malloc(HANDOVER_MAX);
	int fd = memfd_create("handover", 0);
	struct buf b;
	bool ok;

	if (memory == NULL || fd < 0) {
		free(memory);
		return -1;
	}
	buf_init(&b, memory, HANDOVER_MAX);
	handover_format(h, &b);
	ok = !b.over && pwrite(fd, b.p, b.n, 0) == (ssize_t)b.n;
	free(memory);
	if (!ok)
		close(fd);
	return ok ? fd : -1;
}

static void
leave(struct supervisor *s)
{
	static struct handover h;
	struct err err;
	char text[16];
	int fd;

	collect(s, &h);
	fd = write_down(&h);
	if (fd >= 0) {
		log_info("upgrade: %s takes over", s->programs.self);
		snprintf(text, sizeof(text), "%d", fd);
		setenv(HANDOVER_ENV, text, 1);
		keep_fds(&h, true);
		execv(s->programs.self, s->argv);
	}
	err_system(&err, "cannot run %s", s->programs.self);
	keep_fds(&h, false);
	unsetenv(HANDOVER_ENV);
	if (fd >= 0)
		close(fd);
	log_error("upgrade given up, the old program serves on: %s",
	    err.text);
}

/* --- deciding ------------------------------------------------------------- */

/* The new program, told to see whether it could. */
static void
begin_check(struct supervisor *s, uint64_t now)
{
	struct child_spec spec = {.in_fd = -1, .err_fd = -1, .ready_fd = -1};
	const char **argv = calloc((size_t)s->argc + 3, sizeof(*argv));
	char version[16];
	struct err err;

	snprintf(version, sizeof(version), "%d", HANDOVER_VERSION);
	if (argv == NULL)
		return;
	argv[0] = s->programs.self;
	argv[1] = "--takes-over";
	argv[2] = version;
	for (int i = 1; i < s->argc; i++)
		argv[2 + i] = s->argv[i];
	spec.argv = argv;
	log_info("upgrade begins");
	if (child_start(&spec, &s->upgrade_pid, &err)) {
		s->upgrade = UPGRADE_CHECKING;
		s->upgrade_kill_at_ns = now + CHECK_NS;
	} else {
		s->upgrade = UPGRADE_NONE;
		log_error("upgrade given up: %s", err.text);
	}
	free(argv);
}

bool
upgrade_reaped(struct supervisor *s, pid_t pid, int status)
{
	char text[64];

	if (s->upgrade != UPGRADE_CHECKING || s->upgrade_pid != pid)
		return false;
	s->upgrade_pid = 0;
	s->upgrade = UPGRADE_CHECKED;
	if (status == 0)
		return true;
	s->upgrade = UPGRADE_NONE;
	log_error("upgrade given up, the old program serves on: %s cannot "
	    "take over: %s", s->programs.self,
	    process_ended_text(status, text, sizeof(text)));
	return true;
}

/* Nothing is under way that the next one would have to know of. */
static bool
is_quiet(const struct supervisor *s)
{
	if (s->next != NULL || s->pool.next != NULL || s->load.running > 0 ||
	    s->reload_wanted || s->web.next_pid != 0 ||
	    s->exporter.next_pid != 0)
		return false;
	for (int i = 0; i < METRICS_SLOTS; i++)
		if (s->pool.slots[i].state == PROCESS_STARTING)
			return false;
	return true;
}

void
upgrade_step(struct supervisor *s, uint64_t now)
{
	if (s->upgrade == UPGRADE_WANTED)
		begin_check(s, now);
	if (s->upgrade == UPGRADE_CHECKING && now >= s->upgrade_kill_at_ns) {
		kill(s->upgrade_pid, SIGKILL);
		s->upgrade_kill_at_ns = UINT64_MAX;
	}
	if (s->upgrade == UPGRADE_CHECKED && is_quiet(s)) {
		s->upgrade = UPGRADE_NONE;
		leave(s);
	}
}

/* --- taking over ---------------------------------------------------------- */

bool
upgrade_find(struct supervisor *s, struct err *err)
{
	const char *text = getenv(HANDOVER_ENV);
	char *memory;
	ssize_t n;
	bool ok;
	int fd;

	if (text == NULL)
		return true;
	fd = atoi(text);
	unsetenv(HANDOVER_ENV);
	memory = malloc(HANDOVER_MAX);
	s->handover = malloc(sizeof(*s->handover));
	if (memory == NULL || s->handover == NULL) {
		free(memory);
		return err_system(err, "cannot take over");
	}
	n = pread(fd, memory, HANDOVER_MAX, 0);
	ok = n > 0 && handover_parse((struct str){memory, (size_t)n},
	    s->handover, err);
	if (n <= 0)
		err_system(err, "cannot read %s", HANDOVER_ENV);
	free(memory);
	close(fd);
	if (ok)
		keep_fds(s->handover, false);
	return ok;
}

/* What serves, as far as it has to be known until it is replaced. */
static struct generation *
old_generation(struct supervisor *s)
{
	const struct handover *h = s->handover;
	struct generation *g = generation_new((unsigned)h->generation,
	    supervisor_config(s), s->state.models);

	if (g != NULL)
		generation_set_slots(g, h->images, h->n_images,
		    s->state.models);
	return g;
}

static void
adopt_processes(struct supervisor *s, struct generation *g)
{
	const struct handover *h = s->handover;

	for (size_t i = 0; i < h->n_processes; i++) {
		const struct handover_process *p = &h->processes[i];

		if (p->kind == 'w' || p->kind == 'r')
			pool_adopt(&s->pool, g, p->slot, p->kind == 'r',
			    p->pid, (uint64_t)p->kill_at_ns);
		else
			service_adopt_leaving(p->kind == 'e' ? &s->exporter
				: &s->web, p->pid, (uint64_t)p->kill_at_ns);
	}
}

bool
upgrade_take_over(struct supervisor *s, struct err *err)
{
	const struct handover *h = s->handover;
	struct generation *g = old_generation(s);
	uint64_t now = clock_mono_ns();

	if (g == NULL)
		return err_system(err, "cannot take over");
	s->generations = (unsigned)h->generations;
	s->generation = g;
	pool_set(&s->pool, g);
	service_adopt(&s->exporter, (pid_t)h->exporter_pid, now);
	if (supervisor_has_web(s)) {
		if (!web_adopt(s, err))
			return false;
		service_adopt(&s->web, (pid_t)h->web_pid, now);
	}
	adopt_processes(s, g);
	free(s->handover);
	s->handover = NULL;
	s->exporter_is_old = true;
	supervisor_enter(s, PHASE_SERVING);
	log_init("lightscored", settings_log_level(supervisor_config(s)));
	log_info("upgrade done version=%s", PACKAGE_VERSION);
	reload_begin(s);
	return true;
}
