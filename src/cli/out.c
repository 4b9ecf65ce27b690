/* SPDX-License-Identifier: ISC
 *
 * Long output in bounded memory. A file is written beside its place and
 * renamed there at the end, so that nobody finds half of one.
 */
#include "cli/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { ENOUGH = 1 << 16 };

static bool
open_file(struct out *o, const char *path, struct err *err)
{
	struct stat st;
	int n = snprintf(o->path, sizeof(o->path), "%s", path);

	if (n < 0 || (size_t)n >= sizeof(o->path) - 32)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path %s is too long", path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is a directory", path);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		memcpy(o->beside, o->path, (size_t)n);
		snprintf(o->beside + n, sizeof(o->beside) - (size_t)n,
		    ".%ld.tmp", (long)getpid());
		o->fd = file_create(o->beside, 0644);
	}
	if (o->fd < 0) {
		o->beside[0] = '\0';
		return err_system(err, "cannot write %s", path);
	}
	return true;
}

bool
out_open(const char *path, struct arena *mem, struct out *ret,
    struct err *err)
{
	struct out *o = ret;
	size_t cap = ENOUGH + OUT_RECORD_MAX;
	void *memory = arena_alloc(mem, cap);

	*o = (struct out){.fd = STDOUT_FILENO};
	if (memory == NULL)
		return arena_err(mem, "the output", err);
	buf_init(&o->b, memory, cap);
	if (path == NULL || strcmp(path, "-") == 0)
		return true;
	return open_file(o, path, err);
}

static bool
flush(struct out *o, struct err *err)
{
	if (o->b.over)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "a row of output is longer than %zu bytes",
		    OUT_RECORD_MAX);
	errno = 0;
	if (!file_write_fd(o->fd, buf_view(&o->b), err)) {
		o->pipe_gone = errno == EPIPE;
		if (o->path[0] != '\0')
			err_context(err, "%s", o->path);
		return false;
	}
	buf_reset(&o->b);
	return true;
}

bool
out_drain(struct out *o, struct err *err)
{
	return o->b.n < ENOUGH && !o->b.over ? true : flush(o, err);
}

bool
out_close(struct out *o, struct err *err)
{
	if (!flush(o, err))
		return false;
	if (o->path[0] == '\0')
		return true;
	if (close(o->fd) != 0) {
		o->fd = -1;
		return err_system(err, "cannot write %s", o->path);
	}
	o->fd = -1;
	if (o->beside[0] != '\0' && rename(o->beside, o->path) != 0)
		return err_system(err, "cannot replace %s", o->path);
	o->beside[0] = '\0';
	return true;
}

void
out_abandon(struct out *o)
{
	if (o->path[0] != '\0' && o->fd >= 0)
		close(o->fd);
	if (o->beside[0] != '\0')
		unlink(o->beside);
	o->fd = -1;
	o->beside[0] = '\0';
}
