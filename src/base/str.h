/* SPDX-License-Identifier: ISC */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed slice of bytes: lives as long as its source, no NUL needed. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){(literal), sizeof(literal) - 1})
/* For printf: "%.*s", STR_ARG(s). */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str
str_of(const char *p)
{
	return (struct str){p, strlen(p)};
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Equal but for the case of ASCII letters. */
bool str_eq_nocase(struct str a, struct str b);
bool str_has_prefix(struct str s, struct str prefix);
bool str_has_suffix(struct str s, struct str suffix);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* Cut *rest at the first `at`: what stood before it; *rest is what follows.
 * Without an `at` the whole of *rest, and *rest becomes empty (p NULL). */
struct str str_cut(struct str *rest, char at);
/* True for well-formed UTF-8 (no surrogates, no overlong forms); else false
 * and *bad is the offset of the first wrong byte. */
bool str_is_utf8(struct str s, size_t *bad);
/* 64-bit hash, the same on every machine and in every release: it is
 * written into compiled models. */
uint64_t str_hash(struct str s);

#endif
