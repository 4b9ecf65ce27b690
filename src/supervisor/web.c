/* SPDX-License-Identifier: ISC
 *
 * The web server's life: started, and brought from one configuration to the
 * next. What stays true: the one that serves is told to end only when another
 * one has come up with the new configuration beside it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "supervisor/backoff.h"
#include "supervisor/parts.h"
#include "supervisor/web_server.h"

/* lighttpd says that it has started before it opens its logs and sets up its
 * modules: it has to live on for a while to be believed. */
#define WEB_SETTLE_NS (500 * MILLISECOND_NS)
/* Longer than this no start takes. */
#define WEB_START_NS (10 * SECOND_NS)

/* Whether a file could be opened for appending, without making one. */
static bool
can_append(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;
	char *slash;

	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			errno = EISDIR;
			return false;
		}
		return access(path, W_OK) == 0;
	}
	if (errno != ENOENT || strlen(path) >= sizeof(folder))
		return false;
	strcpy(folder, path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		strcpy(folder, ".");
	else
		slash[slash == folder] = '\0';
	return access(folder, W_OK | X_OK) == 0;
}

bool
web_check(const struct config *c, struct err *err)
{
	const char *path = c->access_log;

	if (path[0] == '\0' || path[0] == '|') /* a program, to lighttpd */
		return true;
	if (can_append(path))
		return true;
	err_system(err, "access_log: cannot write %s", path);
	return err_context(err, "%s", c->sources[CONFIG_FIELD_access_log].where);
}

/* Memory that is there without a disk: answers go on when that is full. */
#define SPARE "/dev/shm"

/* The configuration as text, to be freed; NULL: *err says why. */
static char *
make_conf(struct supervisor *s, const struct config *c, struct err *err)
{
	const struct web_paths paths = {
	    .worker_sock = s->state.worker_sock,
	    .exporter_sock = s->state.exporter_sock,
	    .errors = s->programs.errors,
	    .uploads = s->state.uploads,
	    .spare = access(SPARE, W_OK | X_OK) == 0 ? SPARE : NULL,
	};
	char *text = malloc(WEB_CONF_MAX);
	struct buf b;

	if (text == NULL) {
		err_system(err, "cannot make the web server's configuration");
		return NULL;
	}
	buf_init(&b, text, WEB_CONF_MAX - 1);
	if (!web_conf_serve(c, &paths, &b, err)) {
		free(text);
		return NULL;
	}
	text[b.n] = '\0';
	return text;
}

/* What lighttpd has of the file system: all to read, and to run, since it may
 * be a script or need a loader that we do not know of; to write, the folders
 * of large bodies and of its log. A log that is a program is a program of any
 * kind: then it has what we have. */
static void
set_paths(struct supervisor *s, const struct config *c)
{
	struct child_spec *spec = &s->web.spec;
	struct sandbox_path *paths = s->web_paths;
	char *folder = s->web_log_folder, *slash;
	struct stat st;
	size_t n = 0;

	spec->paths = NULL;
	spec->n_paths = 0;
	if (strcmp(c->sandbox, "off") == 0 || c->access_log[0] == '|')
		return;
	paths[n++] = (struct sandbox_path){"/", SANDBOX_RUN};
	paths[n++] = (struct sandbox_path){"/dev/null", SANDBOX_WRITE};
	paths[n++] = (struct sandbox_path){s->state.uploads, SANDBOX_WRITE};
	if (access(SPARE, W_OK | X_OK) == 0)
		paths[n++] = (struct sandbox_path){SPARE, SANDBOX_WRITE};
	if (c->access_log[0] != '\0') {
		snprintf(folder, sizeof(s->web_log_folder), "%s",
		    c->access_log);
		slash = strrchr(folder, '/');
		if (slash == NULL)
			strcpy(folder, ".");
		else
			slash[slash == folder] = '\0';
		paths[n++] = (struct sandbox_path){c->access_log,
		    SANDBOX_WRITE};
		if (stat(c->access_log, &st) != 0 || S_ISREG(st.st_mode))
			paths[n++] = (struct sandbox_path){folder,
			    SANDBOX_WRITE};
	}
	spec->paths = paths;
	spec->n_paths = n;
	spec->network = c->alerts[0] != '\0';
}

static void
set_argv(struct supervisor *s, const char *argv[5], const char *conf)
{
	argv[0] = s->programs.web_server;
	argv[1] = "-D";
	argv[2] = "-f";
	argv[3] = conf;
	argv[4] = NULL;
}

static void
set_up(struct supervisor *s, int log_fd)
{
	set_argv(s, s->web_argv, s->state.web_conf);
	set_argv(s, s->web_next_argv, s->state.web_conf_next);
	s->web = (struct service){
	    .name = "web server",
	    .shown = &s->metrics.server->process[ROLE_WEB],
	    .stop_signal = SIGINT,
	    .spec = {.argv = s->web_argv, .in_fd = s->public_fd,
		.err_fd = log_fd, .ready_fd = -1},
	};
	set_paths(s, supervisor_config(s));
}

bool
web_adopt(struct supervisor *s, struct err *err)
{
	struct file_map conf;

	s->web_log.fd = (int)s->handover->web_log_fd;
	set_up(s, (int)s->handover->web_err_fd);
	if (!file_map(s->state.web_conf, WEB_CONF_MAX, &conf, err))
		return false;
	s->web_conf = strndup(conf.p, conf.n);
	file_unmap(&conf);
	return s->web_conf != NULL || err_system(err, "cannot take over");
}

bool
web_start(struct supervisor *s, struct err *err)
{
	int log_fd;

	if (!supervisor_has_web(s))
		return true;
	s->web_conf = make_conf(s, supervisor_config(s), err);
	if (s->web_conf == NULL ||
	    !file_write(s->state.web_conf, str_of(s->web_conf), err) ||
	    !child_pipe(&s->web_log.fd, &log_fd, err))
		return false;
	set_up(s, log_fd);
	ready_init(&s->ready, s->address.connect);
	return service_start(&s->web, clock_mono_ns(), err);
}

/* Most of it is of requests that were no HTTP: whoever sends those must not
 * fill a disk. */
static void
log_line(struct supervisor *s, const char *text)
{
	unsigned left_out;
	enum line_fate fate = line_take(&s->web_lines, clock_mono_ns(),
	    &left_out);

	if (left_out > 0)
		log_warn("web server: %u lines were left out", left_out);
	if (fate == LINE_TOLD)
		log_warn("web server: %s", text);
	else if (fate == LINE_LAST)
		log_warn("web server: what else it says in this minute is "
			 "left out; all of it is told with log_level debug");
	if (fate != LINE_TOLD)
		log_debug("web server: %s", text);
}

void
web_read_log(struct supervisor *s)
{
	const char *line;
	bool noise;

	while ((line = line_next(&s->web_log)) != NULL) {
		const char *text = web_log_text(line, &noise);

		if (web_log_is_start(line))
			s->web_next_said_start = true;
		if (noise) {
			log_debug("web server: %s", text);
			continue;
		}
		snprintf(s->web_said, sizeof(s->web_said), "%s", text);
		if (s->phase >= PHASE_SERVING)
			log_line(s, text);
	}
}

/* --- from one configuration to the next ------------------------------------ */

bool
web_prepare(struct supervisor *s, const struct config *next, struct err *err)
{
	if (!supervisor_has_web(s))
		return true;
	if (!web_check(next, err))
		return false;
	s->web_conf_next = make_conf(s, next, err);
	if (s->web_conf_next == NULL)
		return false;
	set_paths(s, next);
	return true;
}

bool
web_try(struct supervisor *s, uint64_t now, struct err *err)
{
	if (!supervisor_has_web(s) ||
	    strcmp(s->web_conf, s->web_conf_next) == 0)
		return true;
	if (!file_write(s->state.web_conf_next, str_of(s->web_conf_next), err))
		return false;
	s->web_said[0] = '\0';
	s->web_next_said_start = false;
	s->web_next_at_ns = now;
	return service_try(&s->web, s->web_next_argv, now, err);
}

enum web_trial
web_tried(struct supervisor *s, uint64_t now, struct err *err)
{
	if (s->web_next_at_ns == 0)
		return WEB_UP; /* nothing to try */
	if (s->web.next_pid == 0) {
		err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "the web server does not start: %s", s->web_said);
		return WEB_FAILED;
	}
	if (s->web_next_said_start && now >= s->web_next_at_ns + WEB_SETTLE_NS)
		return WEB_UP;
	if (now < s->web_next_at_ns + WEB_START_NS)
		return WEB_TRYING;
	err_set(err, ERR_SYSTEM, ERR_NOWHERE,
	    "the web server does not start in %d s",
	    (int)(WEB_START_NS / SECOND_NS));
	return WEB_FAILED;
}

static void
forget_next(struct supervisor *s)
{
	free(s->web_conf_next);
	s->web_conf_next = NULL;
	s->web_next_at_ns = 0;
}

void
web_keep(struct supervisor *s, uint64_t now)
{
	if (s->web_next_at_ns != 0) {
		if (rename(s->state.web_conf_next, s->state.web_conf) != 0)
			log_error("cannot rename %s: %s; the web server goes "
				  "back to its old configuration if it dies",
			    s->state.web_conf_next, strerror(errno));
		service_keep(&s->web, now + s->generation->stop_timeout_ns);
		free(s->web_conf);
		s->web_conf = s->web_conf_next;
		s->web_conf_next = NULL;
	}
	forget_next(s);
}

void
web_drop(struct supervisor *s, uint64_t now)
{
	if (s->web_next_at_ns != 0) {
		unlink(s->state.web_conf_next);
		service_drop(&s->web, now + s->generation->stop_timeout_ns);
	}
	if (supervisor_has_web(s))
		set_paths(s, supervisor_config(s));
	forget_next(s);
}
