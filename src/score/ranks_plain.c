/* SPDX-License-Identifier: ISC
 *
 * Byte ranks with what every machine has: vectors of 16 bytes, which the
 * compiler takes apart where there are none.
 */
#include "score/ranks.h"

#include <string.h>

#include "base/attr.h"

typedef int8_t bytes __attribute__((vector_size(16), may_alias));

#define TARGET
#define SPLAT(b) ((bytes){b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b})
#define BLEND(l, r, m) (((l) & ~(m)) | ((r) & (m)))

#include "score/ranks_code.h"

/* Cuts are counted by halves and without a branch. */
static void
make(const struct block *b, const struct image_forest *f,
    const struct ranks *r, size_t from, size_t n, int8_t *columns,
    size_t stride)
{
	for (uint32_t k = 0; k < f->lanes; k++) {
		const struct ranks_scale *s = &r->scales[k];
		const double *x = b->frame + s->slot * b->stride + from;
		int8_t *to = columns + s->column * stride;

		if (s->kind == RANKS_AGAIN)
			ranks_again(s, x, n, to, stride);
		else
			ranks_columns(r, s, x, n, to, stride);
	}
}

const struct ranks_code ranks_plain = {make, whole, any, NULL, NULL, NULL};
