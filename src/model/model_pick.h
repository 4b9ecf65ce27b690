/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_PICK_H
#define MODEL_MODEL_PICK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "model/model_view.h"

/*
 * The categories of a column behind a hash of a few instructions that no two
 * of them share: one look and one comparison, whose way does not depend on
 * which category a row has. Derived when the image is opened; what it does
 * not find, image_find looks for. For model/ and score/ only.
 */
enum { PICK_BITS = 5, PICK_PLACES = 1 << PICK_BITS };
struct model_pick {
	uint32_t times;         /* 0: the column has none */
	struct {
		uint32_t key;
		struct image_text text; /* empty: nothing is here */
		int32_t code;
	} place[PICK_PLACES];
};

/* The length and three of the bytes of a text that is not empty: all of it,
 * where it has no more than three. */
static inline uint32_t
model_pick_key(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (uint32_t)s.n | (uint32_t)p[0] << 8 |
	    (uint32_t)p[s.n / 2] << 16 | (uint32_t)p[s.n - 1] << 24;
}

static inline uint32_t
model_pick_place(uint32_t key, uint32_t times)
{
	return key * times >> (32 - PICK_BITS);
}

/* memcmp(a, b, n) == 0, n > 3; up to 16 by four words that may overlap. */
static inline bool
model_pick_equal(const char *a, const char *b, size_t n)
{
	size_t in = n / 8 * 4;
	uint32_t x[4], y[4];

	if (n > 16)
		return memcmp(a, b, n) == 0;
	memcpy(&x[0], a, 4);
	memcpy(&y[0], b, 4);
	memcpy(&x[1], a + in, 4);
	memcpy(&y[1], b + in, 4);
	memcpy(&x[2], a + n - 4 - in, 4);
	memcpy(&y[2], b + n - 4 - in, 4);
	memcpy(&x[3], a + n - 4, 4);
	memcpy(&y[3], b + n - 4, 4);
	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) |
	    (x[3] ^ y[3])) == 0;
}

/* The code of a category as training wrote it, or -1: it may be one still. */
static inline int32_t
model_pick_code(const struct model *m, uint32_t column, struct str s)
{
	const struct model_pick *pick = &m->picks[column];
	uint32_t key, at;

	if (pick->times == 0 || s.n == 0)
		return -1;
	key = model_pick_key(s);
	at = model_pick_place(key, pick->times);
	if (pick->place[at].key != key || pick->place[at].text.n != s.n)
		return -1;
	return s.n <= 3 || model_pick_equal(m->text + pick->place[at].text.at,
	    s.p, s.n) ? pick->place[at].code : -1;
}

/* Make m->picks, for model_open. */
MUST_USE bool model_pick_derive(struct model *m, struct err *err);

#endif
