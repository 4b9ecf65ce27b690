/* SPDX-License-Identifier: ISC
 *
 * Bounded output. After an overflow nothing more is written, so the content
 * is a clean prefix of what was asked for.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

void
buf_init(struct buf *b, void *memory, size_t cap)
{
	*b = (struct buf){.p = memory, .cap = cap};
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->over = false;
}

void
buf_put(struct buf *b, const void *bytes, size_t n)
{
	if (b->over || n > b->cap - b->n) {
		b->over = true;
		return;
	}
	if (n > 0)
		memcpy(b->p + b->n, bytes, n);
	b->n += n;
}

void
buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void
buf_text(struct buf *b, const char *text)
{
	buf_put(b, text, strlen(text));
}

void
buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (b->over)
		return;
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= b->cap - b->n)
		b->over = true;
	else
		b->n += (size_t)n;
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_put(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_double(struct buf *b, double v)
{
	char text[NUMBER_MAX];

	buf_put(b, text, number_format(v, text));
}

void
buf_json(struct buf *b, struct str s)
{
	size_t from = 0;

	buf_char(b, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(b, s.p + from, i - from);
		from = i + 1;
		switch (c) {
		case '"':
			buf_text(b, "\\\"");
			break;
		case '\\':
			buf_text(b, "\\\\");
			break;
		case '\n':
			buf_text(b, "\\n");
			break;
		case '\r':
			buf_text(b, "\\r");
			break;
		case '\t':
			buf_text(b, "\\t");
			break;
		default:
			buf_printf(b, "\\u%04x", c);
		}
	}
	buf_put(b, s.p + from, s.n - from);
	buf_char(b, '"');
}
