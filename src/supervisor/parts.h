/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_PARTS_H
#define SUPERVISOR_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/metrics_file.h"
#include "sandbox/sandbox.h"
#include "supervisor/handover.h"
#include "supervisor/line.h"
#include "supervisor/listen.h"
#include "supervisor/load.h"
#include "supervisor/notify.h"
#include "supervisor/overload.h"
#include "supervisor/pool.h"
#include "supervisor/programs.h"
#include "supervisor/queue.h"
#include "supervisor/ready.h"
#include "supervisor/sample.h"
#include "supervisor/service.h"
#include "supervisor/settings.h"
#include "supervisor/state.h"

/*
 * All that lightscored holds, for supervisor.c (up and down), loop.c (what
 * happens meanwhile) and reload.c (from one configuration to the next).
 */
struct supervisor {
	int argc;
	char **argv;
	enum phase phase;
	bool failed;        /* the end is one of failure: fail says why */
	struct err fail;    /* its text may be empty: a child has said it */
	uint64_t stop_at_ns; /* in an end: when it was asked for, */
	uint64_t kill_at_ns; /* and when patience is over */

	struct settings settings[2]; /* those that serve, and the next */
	unsigned current;            /* which of the two serve */
	struct generation *generation; /* what serves; held */
	struct generation *next;       /* what is to serve; held */
	unsigned generations;          /* made so far */
	bool reload_wanted;            /* a SIGHUP came during a reload */
	bool reload_tries_web;         /* models are loaded, workers wait */

	enum {
		UPGRADE_NONE,
		UPGRADE_CHECKING, /* by upgrade_pid */
		UPGRADE_CHECKED
	} upgrade;
	bool upgrade_wanted; /* a SIGUSR2 came: check what is there now */
	pid_t upgrade_pid;
	uint64_t upgrade_kill_at_ns;
	struct handover *handover; /* what is to be taken over, or NULL */
	int handover_fd;           /* it as it was found; until then; or -1 */
	uint64_t takeover_pause_ns; /* before this try to take over; or 0 */
	bool exporter_is_old;      /* of the program before us */

	struct programs programs;
	struct err root_because; /* why we are root still; may be empty */
	const char *state_dir;   /* asked for; state has what was opened */
	struct state state;
	struct listen_address address;
	int signal_fd;
	int public_fd; /* -1 without a web server of ours, and in an end */
	int worker_fd, exporter_fd;
	struct metrics_file metrics;

	struct load load;
	struct pool pool;
	struct service exporter, web;
	const char *exporter_argv[5], *web_argv[5], *web_next_argv[5];
	struct sandbox_path web_paths[6]; /* all it has */
	char web_log_folder[PATH_MAX];
	char *web_conf;               /* what the web server was given */
	char *web_conf_next;          /* what a reload would give it */
	uint64_t web_next_at_ns;      /* since when that is tried; or 0 */
	bool web_next_said_start;
	struct line_reader web_log;   /* what it writes on standard error */
	char web_said[256];           /* the last of it */
	struct line_limit web_lines;  /* of it in our log */
	struct ready ready;
	struct notify notify;

	struct overload overload;
	uint64_t shed_until;           /* as metrics_set_shed; or 0 */
	struct queue queue;
	uint32_t queue_length;
	uint64_t queue_due_ns;
	struct sample sample;
	uint64_t sample_due_ns;
};

static inline struct config *
supervisor_config(struct supervisor *s)
{
	return &s->settings[s->current].config;
}

static inline void
supervisor_enter(struct supervisor *s, enum phase phase)
{
	s->phase = phase;
	atomic_store_explicit(&s->metrics.server->phase, phase,
	    memory_order_relaxed);
}

static inline bool
supervisor_has_web(const struct supervisor *s)
{
	return s->programs.web_server[0] != '\0';
}

/* web.c: what can be known to fail the web server with that configuration,
 * but is not told by it in the words of our settings. */
MUST_USE bool web_check(const struct config *c, struct err *err);
/* web.c: the first start. */
MUST_USE bool web_start(struct supervisor *s, struct err *err);
/* web.c: instead, one that runs already. */
MUST_USE bool web_adopt(struct supervisor *s, struct err *err);
/* web.c: take in what the web server has written. */
void web_read_log(struct supervisor *s);
/* web.c: a reload. Check the next configuration and make the web server's;
 * try it in a web server of its own beside the old one, where it differs;
 * then keep the new one, or drop whatever there is of it. */
enum web_trial { WEB_TRYING, WEB_UP, WEB_FAILED };
MUST_USE bool web_prepare(struct supervisor *s, const struct config *next,
    struct err *err);
MUST_USE bool web_try(struct supervisor *s, uint64_t now, struct err *err);
enum web_trial web_tried(struct supervisor *s, uint64_t now, struct err *err);
void web_keep(struct supervisor *s, uint64_t now);
void web_drop(struct supervisor *s, uint64_t now);

/* loop.c: one turn: wait for something, do what follows from it. */
void supervisor_turn(struct supervisor *s);
/* loop.c: begin the end, well or in failure; who asks for one under way a
 * second time, and not in the same breath, gets it at once. */
void supervisor_stop(struct supervisor *s, uint64_t now);
void supervisor_fail(struct supervisor *s, const struct err *why);

/* upgrade.c: SIGUSR2 came, go on with it; a process has ended, false where it
 * is none of this. */
void upgrade_step(struct supervisor *s, uint64_t now);
bool upgrade_reaped(struct supervisor *s, pid_t pid, int status);
/* upgrade.c: look whether there is a service to be taken over: s->handover;
 * and, when all is open, do it. */
MUST_USE bool upgrade_find(struct supervisor *s, struct err *err);
MUST_USE bool upgrade_take_over(struct supervisor *s, struct err *err);
/* upgrade.c: one of these has failed: begin anew after a pause. Returns where
 * there is nothing to be taken over, or we have been told to end. */
void upgrade_again(struct supervisor *s, const struct err *why);

/* reload.c: SIGHUP came; nothing happens where one is under way, but again
 * after it. */
void reload_begin(struct supervisor *s);
/* reload.c: go on where the load or the replacement has come to its end. */
void reload_step(struct supervisor *s);
/* reload.c: the first load: models to a generation. */
void reload_first(struct supervisor *s);
void reload_first_step(struct supervisor *s);

#endif
