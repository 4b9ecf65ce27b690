/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_LINE_H
#define SUPERVISOR_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of a pipe that does not block; one that is too long is cut in two. */
struct line_reader {
	int fd;
	size_t n, taken;
	char text[1024];
};

/* The next line without its end, or NULL where none is complete. The text is
 * good until the next call. */
const char *line_next(struct line_reader *r);

/* So many lines of one source a minute, since each may be one that a client
 * can cause: a log does not grow with what strangers do. Zeroed: none yet. */
enum { LINE_LIMIT = 20 };
struct line_limit {
	uint64_t since_ns;
	unsigned lines; /* of the minute under way */
	unsigned left_out;
};
enum line_fate { LINE_TOLD, LINE_LAST, LINE_LEFT_OUT };

/* What to do with a line that came at `now_ns`. LINE_LAST: it is the first of
 * those left out. *left_out: so many were, in a minute that is over. */
enum line_fate line_take(struct line_limit *l, uint64_t now_ns,
    unsigned *left_out);

#endif
