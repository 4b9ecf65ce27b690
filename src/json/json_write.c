/* SPDX-License-Identifier: ISC
 *
 * Whether a comma is due is read off the last byte written: nothing but an
 * opening bracket, a colon or the start of a line can come before a first
 * value, and no finished value ends in one of them.
 */
#include "json/json_write.h"

#include <math.h>

static void
separate(struct buf *b)
{
	char last = b->n > 0 ? b->p[b->n - 1] : '\n';

	if (last != '{' && last != '[' && last != ':' && last != '\n')
		buf_char(b, ',');
}

void
json_open(struct buf *b, char bracket)
{
	separate(b);
	buf_char(b, bracket);
}

void
json_close(struct buf *b, char bracket)
{
	buf_char(b, bracket);
}

void
json_key(struct buf *b, const char *key)
{
	json_key_str(b, str_of(key));
}

void
json_key_str(struct buf *b, struct str key)
{
	separate(b);
	buf_json(b, key);
	buf_char(b, ':');
}

void
json_text(struct buf *b, const char *text)
{
	json_str(b, str_of(text));
}

void
json_str(struct buf *b, struct str s)
{
	separate(b);
	buf_json(b, s);
}

void
json_bool(struct buf *b, bool v)
{
	separate(b);
	buf_text(b, v ? "true" : "false");
}

void
json_u64(struct buf *b, uint64_t v)
{
	separate(b);
	buf_u64(b, v);
}

void
json_number(struct buf *b, double v)
{
	separate(b);
	if (!isfinite(v))
		buf_text(b, "null");
	else if (v == trunc(v) && fabs(v) < 0x1p53)
		buf_printf(b, "%.0f", v);
	else
		buf_double(b, v);
}

void
json_raw(struct buf *b, struct str json)
{
	separate(b);
	buf_str(b, json);
}
