/* SPDX-License-Identifier: ISC
 *
 * The service, up and down: every part is opened in order and closed in the
 * opposite one, whatever happens between.
 */
#include "supervisor/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "sandbox/sandbox.h"
#include "supervisor/backoff.h"
#include "supervisor/identity.h"
#include "supervisor/oom.h"
#include "supervisor/parts.h"
#include "supervisor/signals.h"

/* "gcc 12.2.0": the version alone does not say whose it is. */
#define TEXT(x) #x
#define DOTTED(a, b, c) TEXT(a) "." TEXT(b) "." TEXT(c)
#if defined(__clang__)
#define COMPILER "clang " \
	DOTTED(__clang_major__, __clang_minor__, __clang_patchlevel__)
#elif defined(__GNUC__)
#define COMPILER "gcc " \
	DOTTED(__GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__)
#else
#define COMPILER ""
#endif

/* Of the checkout that this was built from; else empty. */
static const char revision[] =
#include "supervisor/revision.inc"
    ;

/* Whoever started us may have closed the standard ones; nothing of ours must
 * take their place. */
static bool
open_standard_fds(struct err *err)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return err_system(err, "cannot open /dev/null");
	close(fd);
	return true;
}

static bool
open_public(struct supervisor *s, struct err *err)
{
	const struct config *c = supervisor_config(s);
	struct config_address a;

	if (s->handover != NULL && supervisor_has_web(s)) {
		s->public_fd = (int)s->handover->public_fd;
		return listen_adopt(c->listen, s->public_fd, &s->address,
		    err);
	}
	if (supervisor_has_web(s)) {
		if (!listen_given(&s->public_fd, &s->address, err))
			return false;
		if (s->public_fd >= 0)
			return true;
	}
	if (supervisor_has_web(s))
		return listen_tcp(c->listen, &s->public_fd, &s->address, err);
	if (!config_address_parse(c->listen, &a, err))
		return false;
	s->address.port = a.port;
	return true;
}

static bool
adopt_state(struct supervisor *s, struct err *err)
{
	const struct handover *h = s->handover;

	/* Not asked of the settings again: another user's may differ. */
	if (!state_adopt(h->dir, (int)h->lock_fd, h->sockets, &s->state, err))
		return false;
	s->state.passing = h->passing != 0;
	s->state.made = h->made != 0;
	return true;
}

static bool
check_sandbox(const struct config *c, struct err *err)
{
	const char *missing = sandbox_missing();

	return missing == NULL || strcmp(c->sandbox, "require") != 0 ||
	    err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		"sandbox is required, but %s", missing);
}

/* What can be known to fail before there is anything to clean up. */
static bool
check(struct supervisor *s, struct err *err)
{
	struct config *c = supervisor_config(s);

	if (!programs_find(c->web_server ? c->lighttpd : NULL, &s->programs,
		err) ||
	    !config_default_models(c, err) || !check_sandbox(c, err))
		return false;
	for (size_t i = 0; i < c->n_models; i++)
		if (access(c->models[i].file, R_OK) != 0)
			return err_system(err, "cannot read model %s from %s",
			    c->models[i].slot, c->models[i].file);
	return !supervisor_has_web(s) || web_check(c, err);
}

/* What the service uses as whoever it becomes. */
static bool
can_become(struct supervisor *s, const struct identity *id, struct err *err)
{
	const struct config *c = supervisor_config(s);
	struct identity_need needs[CONFIG_MODELS_MAX + 7] = {
	    {s->programs.worker, X_OK},
	    {s->programs.exporter, X_OK},
	    {s->programs.lightscore, X_OK},
	    {s->programs.errors, R_OK | X_OK},
	};
	size_t n = 4;

	if (supervisor_has_web(s))
		needs[n++] = (struct identity_need){s->programs.web_server,
		    X_OK};
	if (c->file != NULL)
		needs[n++] = (struct identity_need){c->file, R_OK};
	if (c->access_log[0] != '\0' && access(c->access_log, F_OK) == 0)
		needs[n++] = (struct identity_need){c->access_log, W_OK};
	for (size_t i = 0; i < c->n_models; i++)
		needs[n++] = (struct identity_need){c->models[i].file, R_OK};
	return identity_check(id, needs, n, err);
}

/* Go on as root if it may, for that reason. */
static bool
stay_root(struct supervisor *s, bool may, const struct err *why,
    struct err *err)
{
	if (may) {
		s->root_because = *why;
		return true;
	}
	*err = *why;
	return err_context(err, "cannot give up root");
}

static bool
give_up_root(struct supervisor *s, struct err *err)
{
	struct settings *settings = &s->settings[s->current];
	const char *user = settings->config.user;
	bool is_named = user[0] != '\0';
	struct identity id;
	struct err why;

	if (s->handover != NULL)
		return true; /* we are what the one before us became */
	/* Root's, whoever root is to become. */
	if (!config_state_dir(&settings->config, s->address.port,
		&settings->mem, &s->state_dir, err))
		return false;
	if (!identity_find(user, &id, &why))
		return stay_root(s, !is_named && why.kind == ERR_INPUT, &why,
		    err);
	if (id.user[0] == '\0')
		return true;
	if (can_become(s, &id, &why) &&
	    identity_prepare(&id, s->state_dir, &why))
		/* What it cannot do is told by the check of a start. */
		return identity_take(&id, err) && check(s, err);
	return stay_root(s, !is_named, &why, err);
}

static bool
open_state(struct supervisor *s, struct err *err)
{
	const struct settings *settings = &s->settings[s->current];
	struct config_address asked;

	if (s->handover != NULL)
		return adopt_state(s, err);
	if (!config_address_parse(settings->config.listen, &asked, err) ||
	    !state_open(s->state_dir, &s->state, err))
		return false;
	/* Nobody will come back to a port that the kernel chose. */
	s->state.passing = asked.port == 0 &&
	    settings->config.state_dir[0] == '\0';
	return true;
}

static bool
open_metrics(struct supervisor *s, struct err *err)
{
	const struct metrics_server_text text = {
	    .app_name = PACKAGE_NAME,
	    .version = PACKAGE_VERSION,
	    .revision = revision,
	    .compiler = COMPILER,
	    .service_name = PACKAGE_NAME,
	    .service_instance = s->address.text,
	};
	char aside[PATH_MAX];

	if (!(s->handover != NULL ? metrics_resume : metrics_create)(
		s->state.metrics, &s->metrics, aside, err))
		return false;
	if (aside[0] != '\0')
		log_warn("counters of another build begin anew; the old ones "
			 "are in %s", aside);
	metrics_set_server_text(&s->metrics, &text);
	process_set(&s->metrics.server->process[ROLE_SUPERVISOR],
	    PROCESS_SERVING, getpid());
	if (s->handover == NULL)
		supervisor_enter(s, PHASE_LOADING);
	sample_init(&s->sample, &s->metrics);
	return true;
}

static bool
open_sockets(struct supervisor *s, struct err *err)
{
	if (s->handover != NULL) {
		s->worker_fd = (int)s->handover->worker_fd;
		s->exporter_fd = (int)s->handover->exporter_fd;
		return queue_open(s->worker_fd, &s->queue, err);
	}
	return listen_unix(s->state.worker_sock, &s->worker_fd, err) &&
	    listen_unix(s->state.exporter_sock, &s->exporter_fd, err) &&
	    queue_open(s->worker_fd, &s->queue, err);
}

static void
set_exporter(struct supervisor *s)
{
	s->exporter_argv[0] = s->programs.exporter;
	s->exporter_argv[1] = "--metrics";
	s->exporter_argv[2] = s->state.metrics;
	if (strcmp(supervisor_config(s)->sandbox, "off") == 0)
		s->exporter_argv[3] = "--no-sandbox";
	s->exporter = (struct service){
	    .name = "exporter",
	    .shown = &s->metrics.server->process[ROLE_EXPORTER],
	    .stop_signal = SIGTERM,
	    .spec = {.argv = s->exporter_argv, .in_fd = s->exporter_fd,
		.err_fd = -1, .ready_fd = -1},
	};
}

/* Everything at once; the order in which they are ready does not matter. */
static bool
start(struct supervisor *s, struct err *err)
{
	if (s->handover != NULL)
		return upgrade_take_over(s, err);
	if (!service_start(&s->exporter, clock_mono_ns(), err) ||
	    !web_start(s, err))
		return false;
	reload_first(s);
	return true;
}

/* Whoever held one at the end, a load or replacement under way included. */
static void
release_generations(struct supervisor *s)
{
	struct generation *held[] = {s->generation, s->next, s->pool.now,
	    s->pool.next, s->load.generation};

	if (s->next != NULL && s->generation != NULL)
		settings_done(&s->settings[!s->current]);
	for (size_t i = 0; i < countof(held); i++)
		if (held[i] != NULL)
			generation_release(held[i]);
}

static void
serve(struct supervisor *s)
{
	const struct slot_world world = {
	    .metrics = &s->metrics,
	    .metrics_path = s->state.metrics,
	    .program = s->programs.worker,
	    .listener_fd = s->worker_fd,
	    .oom_kills = oom_kills(),
	};
	struct err err;

	/* A start that fails is one line, whatever dies of it. */
	log_init("lightscored", LOG_LEVEL_ERROR);
	pool_init(&s->pool, &world);
	set_exporter(s);
	if (!start(s, &err)) {
		upgrade_again(s, &err);
		supervisor_fail(s, &err);
	}
	while (s->phase != PHASE_ENDED)
		supervisor_turn(s);
	release_generations(s);
	free(s->web_conf);
	free(s->web_conf_next);
}

static bool
run(struct supervisor *s, struct err *err)
{
	if (!open_standard_fds(err) || !signals_open(&s->signal_fd, err) ||
	    !check(s, err) || !open_public(s, err) ||
	    !give_up_root(s, err) || !open_state(s, err))
		return false;
	umask(0027); /* of what we and our children make, logs too */
	if (!open_metrics(s, err) || !open_sockets(s, err)) {
		if (s->handover == NULL)
			state_close(&s->state, true);
		return false;
	}
	serve(s);
	queue_close(&s->queue);
	process_set(&s->metrics.server->process[ROLE_SUPERVISOR],
	    PROCESS_FREE, 0);
	metrics_close(&s->metrics);
	state_close(&s->state, s->failed);
	*err = s->fail;
	return !s->failed;
}

enum supervisor_end
supervisor_run(int argc, char *argv[], struct err *err)
{
	/* Not to be asked for: a takeover may have no memory at first. */
	static struct supervisor only;
	struct supervisor *s = &only;
	bool ok;

	/* Not even by a program that is installed to be root's. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	s->argc = argc;
	s->argv = argv;
	s->public_fd = s->web_log.fd = s->ready.fd = s->handover_fd = -1;
	log_init("lightscored", LOG_LEVEL_WARN); /* until we serve */
	notify_open(&s->notify);
	if (!upgrade_find(s, err)) {
		upgrade_again(s, err);
		return SUPERVISOR_FAILED;
	}
	if (s->handover != NULL)
		notify_adopt(&s->notify, (int)s->handover->notify_fd,
		    (uint64_t)s->handover->notify_every_ns);
	if (!settings_read(&s->settings[0], argc, argv, err)) {
		upgrade_again(s, err);
		return SUPERVISOR_USAGE;
	}
	ok = run(s, err);
	if (!ok)
		upgrade_again(s, err);
	log_info("stopped");
	settings_done(&s->settings[s->current]);
	notify_close(&s->notify);
	return ok ? SUPERVISOR_OK : SUPERVISOR_FAILED;
}

bool
supervisor_could(const char *version, int argc, char *argv[], struct err *err)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	uint64_t n;
	bool ok;

	if (s == NULL)
		return err_system(err, "cannot start");
	if (!number_parse_u64(str_of(version), &n) || n != HANDOVER_VERSION) {
		free(s);
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a handover of version %s is not known here: restart the "
		    "service", version);
	}
	ok = settings_read(&s->settings[0], argc, argv, err);
	if (ok) {
		ok = check(s, err);
		settings_done(&s->settings[0]);
	}
	free(s);
	return ok;
}
