/* SPDX-License-Identifier: ISC
 *
 * Bytes to lines.
 */
#include "supervisor/line.h"

#include <string.h>
#include <unistd.h>

static const char *
take(struct line_reader *r)
{
	char *end = memchr(r->text, '\n', r->n);

	if (end == NULL && r->n < sizeof(r->text) - 1)
		return NULL;
	if (end == NULL)
		end = r->text + r->n;
	r->taken = (size_t)(end - r->text) + (*end == '\n');
	*end = '\0';
	return r->text;
}

const char *
line_next(struct line_reader *r)
{
	const char *line;
	ssize_t got;

	r->n -= r->taken;
	memmove(r->text, r->text + r->taken, r->n);
	r->taken = 0;
	r->text[r->n] = '\0';
	line = take(r);
	while (line == NULL) {
		got = read(r->fd, r->text + r->n,
		    sizeof(r->text) - 1 - r->n);
		if (got <= 0)
			return NULL;
		r->n += (size_t)got;
		r->text[r->n] = '\0';
		line = take(r);
	}
	return line;
}
