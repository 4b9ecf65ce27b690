/* SPDX-License-Identifier: ISC
 *
 * SIGUSR2: the program is replaced under the service. The new one is tried
 * first, with our arguments, in a process of its own; only if it can start
 * does it take our place, by exec, so that all our processes stay ours, and
 * theirs stays the parent whose death they die of. It finds what it is to go
 * on with in a memory file (handover.h), and replaces workers and exporter by
 * its own as a reload does. What fails before that may not fail again, and
 * all that serves is still there: so the new one begins anew until it works.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "supervisor/backoff.h"
#include "supervisor/parts.h"

#define CHECK_NS (30 * SECOND_NS)
/* Milliseconds that a takeover has waited for: its next try waits longer. */
#define PAUSE_ENV "LIGHTSCORED_HANDOVER_PAUSE"

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

/* Into `program`; errno where that fails. Without `h` it is all to be kept
 * already. */
static void
pass_on(struct supervisor *s, const char *program, const struct handover *h,
    int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	if (setenv(HANDOVER_ENV, text, 1) != 0)
		return;
	if (h != NULL)
		keep_fds(h, true);
	execv(program, s->argv);
}

static void
give_up(const struct err *why)
{
	log_error("upgrade given up, the old program serves on: %s",
	    why->text);
}

static void
leave(struct supervisor *s)
{
	static struct handover h;
	struct err err;
	int fd;

	collect(s, &h);
	fd = write_down(&h);
	if (fd >= 0) {
		log_info("upgrade: %s takes over", s->programs.self);
		pass_on(s, s->programs.self, &h, fd);
	}
	err_system(&err, "cannot run %s", s->programs.self);
	keep_fds(&h, false);
	unsetenv(HANDOVER_ENV);
	if (fd >= 0)
		close(fd);
	give_up(&err);
}

/* --- deciding ------------------------------------------------------------- */

/* More than a takeover opens anew: signals, counters, the queue. */
static bool
has_spare_fds(const struct supervisor *s, struct err *err)
{
	enum { SPARE = 8 };
	int fds[SPARE];
	size_t n = 0;

	while (n < countof(fds) && (fds[n] = fcntl(s->state.lock_fd,
		    F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	if (n < countof(fds))
		err_system(err, "no descriptors for another lightscored");
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	return n == countof(fds);
}

/* The new program, told to see whether it could. */
static void
begin_check(struct supervisor *s, uint64_t now)
{
	struct child_spec spec = {.in_fd = -1, .err_fd = -1, .ready_fd = -1};
	const char **argv = calloc((size_t)s->argc + 3, sizeof(*argv));
	char version[16];
	struct err err;

	s->upgrade = UPGRADE_NONE;
	s->upgrade_wanted = false;
	if (argv == NULL || !has_spare_fds(s, &err) ||
	    !state_can_write(&s->state, &err)) {
		if (argv == NULL)
			err_system(&err, "cannot start another lightscored");
		free(argv);
		give_up(&err);
		return;
	}
	snprintf(version, sizeof(version), "%d", HANDOVER_VERSION);
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
		give_up(&err);
	}
	free(argv);
}

bool
upgrade_reaped(struct supervisor *s, pid_t pid, int status)
{
	struct err err;
	char text[64];

	if (s->upgrade != UPGRADE_CHECKING || s->upgrade_pid != pid)
		return false;
	s->upgrade_pid = 0;
	s->upgrade = UPGRADE_CHECKED;
	if (status == 0)
		return true;
	s->upgrade = UPGRADE_NONE;
	if (s->upgrade_kill_at_ns == UINT64_MAX)
		err_set(&err, ERR_SYSTEM, ERR_NOWHERE, "%s cannot take over: "
		    "it did not end within %d s when asked whether it could",
		    s->programs.self, (int)(CHECK_NS / SECOND_NS));
	else
		err_set(&err, ERR_SYSTEM, ERR_NOWHERE,
		    "%s cannot take over: %s", s->programs.self,
		    process_ended_text(status, text, sizeof(text)));
	give_up(&err);
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
	/* What has been found good may not be what is there now. */
	if (s->upgrade_wanted && s->upgrade != UPGRADE_CHECKING)
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

static bool
read_handover(struct supervisor *s, int fd, struct err *err)
{
	char *memory = malloc(HANDOVER_MAX);
	struct handover *h = malloc(sizeof(*h));
	ssize_t n = -1;
	bool ok;

	if (memory != NULL && h != NULL)
		n = pread(fd, memory, HANDOVER_MAX, 0);
	ok = n >= 0 ? handover_parse((struct str){memory, (size_t)n}, h, err)
	    : err_system(err, "cannot read %s", HANDOVER_ENV);
	free(memory);
	if (!ok) {
		free(h);
		return false;
	}
	s->handover = h;
	return true;
}

bool
upgrade_find(struct supervisor *s, struct err *err)
{
	const char *text = getenv(HANDOVER_ENV);
	const char *pause = getenv(PAUSE_ENV);
	int fd;

	if (text == NULL)
		return true;
	fd = atoi(text);
	if (pause != NULL)
		s->takeover_pause_ns = (uint64_t)atoi(pause) *
		    MILLISECOND_NS;
	unsetenv(HANDOVER_ENV);
	unsetenv(PAUSE_ENV);
	/* To a damaged one there is no second try. */
	if (!read_handover(s, fd, err)) {
		s->handover_fd = err->kind == ERR_SYSTEM && errno == ENOMEM
		    ? fd : -1;
		return false;
	}
	s->handover_fd = fd;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	keep_fds(s->handover, false);
	return true;
}

/* Longer each time, as where a process dies again and again; but a service
 * manager that waits for signs of life gets them. */
static uint64_t
next_pause_ns(const struct supervisor *s)
{
	uint64_t pause = backoff_next(s->takeover_pause_ns, 0);

	return s->notify.every_ns != 0 && s->notify.every_ns < pause
	    ? s->notify.every_ns : pause;
}

/* Whether we have been told to end meanwhile. */
static bool
wait_again(uint64_t ns)
{
	const struct timespec pause = {.tv_sec = (time_t)(ns / SECOND_NS),
	    .tv_nsec = (long)(ns % SECOND_NS)};
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	return sigtimedwait(&ends, NULL, &pause) > 0;
}

void
upgrade_again(struct supervisor *s, const struct err *why)
{
	uint64_t pause = next_pause_ns(s);
	char text[24];

	if (s->handover_fd < 0)
		return;
	log_error("upgrade not done yet, the old processes serve on, next try "
	    "in %ju ms: %s", (uintmax_t)(pause / MILLISECOND_NS), why->text);
	notify_tick(&s->notify, clock_mono_ns());
	fcntl(s->handover_fd, F_SETFD, 0);
	snprintf(text, sizeof(text), "%ju",
	    (uintmax_t)(pause / MILLISECOND_NS));
	setenv(PAUSE_ENV, text, 1);
	while (!wait_again(pause)) /* wherever the program may have gone */
		pass_on(s, "/proc/self/exe", s->handover, s->handover_fd);
	close(s->handover_fd);
	s->handover_fd = -1;
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
	close(s->handover_fd);
	s->handover_fd = -1;
	s->exporter_is_old = true;
	supervisor_enter(s, PHASE_SERVING);
	log_init("lightscored", settings_log_level(supervisor_config(s)));
	log_info("upgrade done version=%s", PACKAGE_VERSION);
	raise(SIGCHLD); /* who has ended since the exec: it may be lost */
	reload_begin(s);
	return true;
}
