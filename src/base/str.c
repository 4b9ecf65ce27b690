/* SPDX-License-Identifier: ISC
 *
 * Borrowed slices. Nothing here allocates or reads past its slice.
 */
#include "base/str.h"

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
str_eq_nocase(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_has_prefix(struct str s, struct str prefix)
{
	return s.n >= prefix.n && memcmp(s.p, prefix.p, prefix.n) == 0;
}

bool
str_has_suffix(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	    memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0;
}

struct str
str_trim(struct str s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str
str_cut(struct str *rest, char at)
{
	struct str head = *rest;
	const char *p = rest->n > 0 ? memchr(rest->p, at, rest->n) : NULL;

	if (p == NULL) {
		*rest = (struct str){NULL, 0};
		return head;
	}
	head.n = (size_t)(p - rest->p);
	rest->p = p + 1;
	rest->n -= head.n + 1;
	return head;
}

bool
str_is_utf8(struct str s, size_t *bad)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0;

	while (i < s.n) {
		unsigned char c = p[i];
		size_t more;
		unsigned char low = 0x80, high = 0xbf;

		if (c < 0x80) {
			i++;
			continue;
		}
		if (c >= 0xc2 && c <= 0xdf) {
			more = 1;
		} else if (c >= 0xe0 && c <= 0xef) {
			more = 2;
			if (c == 0xe0)
				low = 0xa0;
			else if (c == 0xed)
				high = 0x9f;
		} else if (c >= 0xf0 && c <= 0xf4) {
			more = 3;
			if (c == 0xf0)
				low = 0x90;
			else if (c == 0xf4)
				high = 0x8f;
		} else {
			*bad = i;
			return false;
		}
		for (size_t k = 1; k <= more; k++) {
			if (i + k >= s.n || p[i + k] < low || p[i + k] > high) {
				*bad = i;
				return false;
			}
			low = 0x80;
			high = 0xbf;
		}
		i += more + 1;
	}
	return true;
}

/* FNV-1a with a final mix: keys are short, and the table sizes are powers
 * of two, which want good low bits. */
uint64_t
str_hash(struct str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	return h ^ (h >> 32);
}
