/* SPDX-License-Identifier: ISC
 *
 * Bytes to lines, and lines to no more than a log can take.
 */
#include "supervisor/line.h"

#include <string.h>
#include <unistd.h>

#include "supervisor/backoff.h"

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

enum line_fate
line_take(struct line_limit *l, uint64_t now_ns, unsigned *left_out)
{
	*left_out = 0;
	if (l->lines == 0 || now_ns - l->since_ns >= 60 * SECOND_NS) {
		*left_out = l->left_out;
		*l = (struct line_limit){.since_ns = now_ns};
	}
	if (l->lines < LINE_LIMIT) {
		l->lines++;
		return LINE_TOLD;
	}
	return l->left_out++ == 0 ? LINE_LAST : LINE_LEFT_OUT;
}
