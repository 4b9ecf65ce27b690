/* SPDX-License-Identifier: ISC
 *
 * Text in pickles: UTF-8 inside, whatever it was outside.
 */
#include "import/text.h"

size_t
text_put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
text_from_escapes(struct str s, struct arena *mem, struct str *ret)
{
	/* A byte becomes at most two; an escape only shrinks. */
	char *out = arena_array(mem, s.n + 1, 2);
	size_t n = 0;

	if (out == NULL)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint32_t c = (unsigned char)s.p[i];
		size_t digits = 0;

		if (c == '\\' && i + 1 < s.n)
			digits = s.p[i + 1] == 'u' ? 4 :
			    s.p[i + 1] == 'U' ? 8 : 0;
		if (digits > 0) {
			if (s.n - i - 2 < digits)
				return false;
			c = 0;
			for (size_t k = 0; k < digits; k++) {
				int d = hex_digit(s.p[i + 2 + k]);

				if (d < 0)
					return false;
				c = c << 4 | (uint32_t)d;
			}
			i += 1 + digits;
		}
		if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return false;
		n += text_put_utf8(out + n, c);
	}
	*ret = (struct str){out, n};
	return true;
}

bool
text_to_latin1(struct str s, struct arena *mem, struct str *ret)
{
	char *out = arena_alloc(mem, s.n + 1);
	size_t n = 0;

	if (out == NULL)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80) {
			/* Below 256 the lead byte is 0xc2 or 0xc3. */
			if ((c != 0xc2 && c != 0xc3) || i + 1 >= s.n)
				return false;
			c = (unsigned char)(c << 6 |
			    ((unsigned char)s.p[++i] & 0x3f));
		}
		out[n++] = (char)c;
	}
	*ret = (struct str){out, n};
	return true;
}
