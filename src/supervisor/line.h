/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_LINE_H
#define SUPERVISOR_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Lines of a pipe that does not block; one that is too long is cut in two. */
struct line_reader {
	int fd;
	size_t n, taken;
	char text[1024];
};

/* The next line without its end, or NULL where none is complete. The text is
 * good until the next call. */
const char *line_next(struct line_reader *r);

#endif
