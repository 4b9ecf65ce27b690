/* SPDX-License-Identifier: ISC
 *
 * Byte ranks with what every machine has: vectors of 16 bytes, which the
 * compiler takes apart where there are none.
 */
#include "score/ranks.h"

#include <math.h>
#include <string.h>

#include "base/attr.h"

typedef int8_t bytes __attribute__((vector_size(16), may_alias));

#define TARGET
#define SPLAT(b) ((bytes){b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b})
#define BLEND(l, r, m) (((l) & ~(m)) | ((r) & (m)))

#include "score/ranks_code.h"

/* How many cuts x has reached, by halves and without a branch. */
#define RANK(NAME, TYPE, REACHED) \
static void \
NAME(const struct ranks *r, const struct ranks_scale *s, const double *x, \
    size_t n, int8_t *to) \
{ \
	const TYPE *first = r->NAME + s->cut; \
\
	for (size_t i = 0; i < n; i++) { \
		TYPE v = (TYPE)x[i]; \
		uint32_t low = 0, left = s->cuts; \
\
		while (left > 0) { \
			uint32_t half = left - left / 2; \
\
			low += first[low + half - 1] REACHED v ? half : 0; \
			left -= half; \
		} \
		to[i] = isnan(x[i]) ? s->missing : \
		    (int8_t)((int)low + RANKS_LEAST); \
	} \
}
RANK(floats, float, <=)
RANK(doubles, double, <)

static void
make(const struct block *b, const struct image_forest *f,
    const struct ranks *r, size_t from, size_t n, int8_t *columns,
    size_t stride)
{
	RANKS_MAKE(floats, doubles)
}

const struct ranks_code ranks_plain = {make, whole, any, NULL, NULL, NULL};
