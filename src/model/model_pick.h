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
enum { PICK_BITS = 6 };
struct model_pick {
	uint32_t times;   /* 0: the column has none */
	uint8_t entry[1u << PICK_BITS]; /* of the column's exact table */
};

/* The length and three of the bytes; the text is not empty. */
static inline uint32_t
model_pick_key(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p;

	return (uint32_t)s.n | (uint32_t)p[0] << 8 |
	    (uint32_t)p[s.n / 2] << 16 | (uint32_t)p[s.n - 1] << 24;
}

/* memcmp(a, b, n) == 0; up to 16 bytes by four words that may overlap. */
static inline bool
model_pick_equal(const char *a, const char *b, size_t n)
{
	size_t in = n / 8 * 4;
	uint32_t x[4], y[4];

	if (n > 16)
		return memcmp(a, b, n) == 0;
	if (n < 4)
		return ((a[0] ^ b[0]) | (a[n / 2] ^ b[n / 2]) |
		    (a[n - 1] ^ b[n - 1])) == 0;
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
	const struct image_entry *e;

	if (pick->times == 0 || s.n == 0)
		return -1;
	e = &m->entries[m->inputs[column].exact.first +
	    pick->entry[model_pick_key(s) * pick->times >> (32 - PICK_BITS)]];
	return e->text.n == s.n && model_pick_equal(m->text + e->text.at, s.p,
	    s.n) ? e->value : -1;
}

/* Make m->picks, for model_open. */
MUST_USE bool model_pick_derive(struct model *m, struct err *err);

#endif
