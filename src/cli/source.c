/* SPDX-License-Identifier: ISC
 *
 * Input in bounded memory: one block, refilled from behind. Only as much of
 * the block is ever touched as the longest record needs.
 */
#include "cli/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { CHUNK = 1 << 18 };

bool
source_open(const char *path, struct arena *mem, struct source *ret,
    struct err *err)
{
	struct source *s = ret;
	struct stat st;

	*s = (struct source){.name = "standard input", .fd = STDIN_FILENO,
	    .cap = SOURCE_RECORD_MAX + CHUNK};
	s->p = arena_alloc(mem, s->cap);
	if (s->p == NULL)
		return arena_err(mem, "the input", err);
	if (path != NULL && strcmp(path, "-") != 0) {
		s->name = path;
		s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (s->fd < 0)
			return err_system(err, "cannot open %s", path);
	}
	if (fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode))
		s->size = (uint64_t)st.st_size;
	while (s->to < 3 && !s->end) {
		if (!source_more(s, err)) {
			source_close(s);
			return false;
		}
	}
	if (s->to >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
		source_skip(s, 3);
	return true;
}

void
source_close(struct source *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
}

bool
source_more(struct source *s, struct err *err)
{
	ssize_t got;

	if (s->end)
		return true;
	if (s->to - s->from > SOURCE_RECORD_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%s: the record at byte %llu is longer than %zu bytes",
		    s->name, (unsigned long long)s->done, SOURCE_RECORD_MAX);
	if (s->from > 0) {
		memmove(s->p, s->p + s->from, s->to - s->from);
		s->to -= s->from;
		s->from = 0;
	}
	do {
		size_t room = s->cap - s->to;

		if (!cli_wait_input(s->fd))
			return err_set(err, ERR_INPUT, ERR_NOWHERE, "stopped");
		got = read(s->fd, s->p + s->to, room < CHUNK ? room : CHUNK);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_system(err, "cannot read %s", s->name);
	s->end = got == 0;
	s->to += (size_t)got;
	return true;
}
