/* SPDX-License-Identifier: ISC
 *
 * Paths of the state directory, and its tidiness. Whatever is removed here
 * has a name that we alone give, in a directory whose lock we hold, and that
 * had none of these names in it before it had our lock: who names a folder
 * with models of his own as state_dir loses nothing.
 */
#include "supervisor/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "metrics/metrics_file.h"
#include "supervisor/listen.h"

/* Long names that are appended: the image of a model, a file beside it. */
enum { ROOM = 128 };

PRINTF_LIKE(2, 3)
static void
set_path(char path[PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	/* state_open has left room for every name we give */
	if (vsnprintf(path, PATH_MAX, fmt, ap) >= PATH_MAX)
		abort();
	va_end(ap);
}

static const char *
skip_digits(const char *p)
{
	return p + strspn(p, "0123456789");
}

/* SLOT.N.lsm, keys.N and rate.N, file_write's beside them, and what lighttpd
 * calls a body. */
static bool
is_given(const char *name)
{
	const char *point = strchr(name, '.'), *end;

	if (strncmp(name, "lighttpd-upload-", 16) == 0)
		return true;
	for (; point != NULL; point = strchr(point + 1, '.')) {
		end = skip_digits(point + 1);
		if (end == point + 1)
			continue;
		if (strncmp(end, ".lsm", 4) == 0)
			end += 4;
		else if (strncmp(name, "keys.", 5) != 0 &&
		    strncmp(name, "rate.", 5) != 0)
			continue;
		if (*end == '.' && skip_digits(end + 1) > end + 1 &&
		    strcmp(skip_digits(end + 1), ".tmp") == 0)
			return true;
		if (*end == '\0')
			return true;
	}
	return false;
}

static DIR *
open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL && fd >= 0)
		close(fd);
	return d;
}

/* One of our directories, and the files that we have put there. */
static void
remove_dir(const char *dir)
{
	DIR *d = open_dir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_given(e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

/* No directory, or one with files in it that we would not have put there. */
static bool
is_somebody_elses(const char *dir)
{
	DIR *d = open_dir(dir);
	bool found = d == NULL && (errno == ENOTDIR || errno == ELOOP);
	struct dirent *e;

	while (d != NULL && !found && (e = readdir(d)) != NULL)
		found = strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && !is_given(e->d_name);
	if (d != NULL)
		closedir(d);
	return found;
}

static void
sweep(const struct state *s)
{
	unlink(s->worker_sock);
	unlink(s->exporter_sock);
	unlink(s->web_conf);
	unlink(s->web_conf_next);
	remove_dir(s->models);
	remove_dir(s->uploads);
}

static bool
take_lock(struct state *s, struct err *err)
{
	char path[PATH_MAX];

	set_path(path, "%s/lock", s->dir);
	if (file_lock(path, &s->lock_fd, err))
		return true;
	if (err->kind == ERR_INPUT)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the state directory %s is in use by another lightscored: "
		    "stop that one or choose another with --state-dir DIR",
		    s->dir);
	return false;
}

/* Our group may pass through to the sockets, which are for it too; a web
 * server of another user has it. It sees no names, and others nothing. */
static bool
open_to_group(const char *dir)
{
	return chmod(dir, 0710) == 0;
}

/* Sockets in the state directory, or in one with a shorter path. */
static bool
place_sockets(struct state *s, struct err *err)
{
	set_path(s->sockets, "%s", s->dir);
	set_path(s->worker_sock, "%s/worker.sock", s->dir);
	set_path(s->exporter_sock, "%s/exporter.sock", s->dir);
	if (listen_path_fits(s->exporter_sock))
		return true;
	set_path(s->sockets, "/tmp/lightscore.XXXXXX");
	if (mkdtemp(s->sockets) == NULL || !open_to_group(s->sockets))
		return err_system(err, "cannot make a directory in /tmp");
	set_path(s->worker_sock, "%s/worker.sock", s->sockets);
	set_path(s->exporter_sock, "%s/exporter.sock", s->sockets);
	return true;
}

/* A link would have us write, as whoever we are, where another says. */
static bool
make_dir(const char *dir, struct err *err)
{
	struct stat st;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_system(err, "cannot make directory %s", dir);
	if (lstat(dir, &st) != 0)
		return err_system(err, "cannot use %s", dir);
	return S_ISDIR(st.st_mode) || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s is no directory: remove it", dir);
}

static bool
make_dirs(const struct state *s, struct err *err)
{
	return make_dir(s->models, err) && make_dir(s->uploads, err);
}

/* Where our lock has never been, what has a name that we give, and would
 * remove, is somebody else's. */
static bool
is_nobody_elses(const struct state *s, struct err *err)
{
	const char *found = NULL;
	char lock[PATH_MAX];
	struct stat st;

	set_path(lock, "%s/lock", s->dir);
	if (lstat(lock, &st) == 0)
		return true;
	if (is_somebody_elses(s->models))
		found = s->models;
	else if (is_somebody_elses(s->uploads))
		found = s->uploads;
	else if (lstat(s->web_conf, &st) == 0)
		found = s->web_conf;
	return found == NULL || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "the state directory %s holds what lightscored has not made, such "
	    "as %s: choose an empty one with --state-dir DIR", s->dir,
	    found + strlen(s->dir) + 1);
}

static bool
set_dir(struct state *s, const char *dir, struct err *err)
{
	char *real;

	if (strlen(dir) + ROOM >= PATH_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path of the state directory %.64s... is too long",
		    dir);
	s->made = access(dir, F_OK) != 0;
	if (!file_make_dirs(dir, err))
		return err_context(err, "state directory");
	if (s->made && !open_to_group(dir))
		return err_system(err, "cannot open %s to our group", dir);
	/* Absolute, since programs we start get paths in it. */
	real = realpath(dir, NULL);
	if (real == NULL || strlen(real) + ROOM >= PATH_MAX) {
		free(real);
		return err_system(err, "cannot use the state directory %s",
		    dir);
	}
	set_path(s->dir, "%s", real);
	free(real);
	return true;
}

static void
set_names(struct state *s)
{
	set_path(s->metrics, "%s/" METRICS_FILE_NAME, s->dir);
	set_path(s->models, "%s/models", s->dir);
	set_path(s->uploads, "%s/uploads", s->dir);
	set_path(s->web_conf, "%s/lighttpd.conf", s->dir);
	set_path(s->web_conf_next, "%s/lighttpd.conf.next", s->dir);
}

bool
state_adopt(const char *dir, int lock_fd, const char *sockets,
    struct state *ret, struct err *err)
{
	struct state s = {.lock_fd = lock_fd};

	if (!set_dir(&s, dir, err))
		return false;
	set_names(&s);
	set_path(s.sockets, "%s", sockets);
	set_path(s.worker_sock, "%s/worker.sock", s.sockets);
	set_path(s.exporter_sock, "%s/exporter.sock", s.sockets);
	*ret = s;
	return true;
}

bool
state_open(const char *dir, struct state *ret, struct err *err)
{
	struct state s = {.lock_fd = -1};

	if (!set_dir(&s, dir, err))
		return false;
	set_names(&s);
	if (!is_nobody_elses(&s, err) || !take_lock(&s, err)) {
		if (s.made)
			rmdir(s.dir);
		return false;
	}
	s.fresh = access(s.metrics, F_OK) != 0;
	set_path(s.worker_sock, "%s/worker.sock", s.dir);
	set_path(s.exporter_sock, "%s/exporter.sock", s.dir);
	sweep(&s);
	if (!place_sockets(&s, err) || !make_dirs(&s, err)) {
		state_close(&s, true);
		return false;
	}
	*ret = s;
	return true;
}

bool
state_can_write(const struct state *s, struct err *err)
{
	enum { BYTES = 64 << 10 };
	char path[PATH_MAX];
	int fd;
	bool ok;

	set_path(path, "%s/tried.0.lsm", s->models);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_system(err, "cannot create %s", path);
	errno = posix_fallocate(fd, 0, BYTES);
	ok = errno == 0 || err_system(err, "cannot write %s", path);
	close(fd);
	unlink(path);
	return ok;
}

void
state_close(struct state *s, bool failed)
{
	char lock[PATH_MAX];

	sweep(s);
	if (strcmp(s->sockets, s->dir) != 0)
		rmdir(s->sockets);
	if (s->passing || (failed && s->fresh)) {
		set_path(lock, "%s/lock", s->dir);
		unlink(s->metrics);
		unlink(lock);
		if (s->passing || s->made)
			rmdir(s->dir);
	}
	close(s->lock_fd);
}
