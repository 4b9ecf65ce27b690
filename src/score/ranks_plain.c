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
NAME(const struct ranks_scale *s, const TYPE *cuts, const double *x, \
    size_t n, int8_t *out) \
{ \
	const TYPE *first = cuts + s->cut; \
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
		out[i] = isnan(x[i]) ? s->missing : \
		    (int8_t)((int)low + RANKS_LEAST); \
	} \
}
RANK(rank_floats, float, <=)
RANK(rank_doubles, double, <)

const struct ranks_code ranks_plain = {rank_floats, rank_doubles, whole, any};
