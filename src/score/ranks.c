/* SPDX-License-Identifier: ISC
 *
 * Numbers to byte ranks, and which code there is for the rest.
 */
#include "score/ranks.h"

#include <math.h>

const struct ranks_code *
ranks_code(const struct model *m)
{
#ifdef __x86_64__
	if (m->wide)
		return &ranks_avx2;
#endif
	(void)m;
	return &ranks_plain;
}

/* What a value's rank is in a column that has not the first of the cuts. */
static int8_t
rank_beyond(uint32_t rank, uint32_t column)
{
	uint32_t before = column * RANKS_CUTS;

	if (rank <= before)
		return RANKS_LEAST;
	return rank - before >= RANKS_CUTS ? RANKS_MOST :
	    (int8_t)((int)(rank - before) + RANKS_LEAST);
}

void
ranks_columns(const struct ranks *r, const struct ranks_scale *s,
    const double *x, size_t n, int8_t *to, size_t stride)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t low = 0, left = s->cuts;

		while (left > 0) {
			uint32_t half = left - left / 2;
			uint32_t at = s->cut + low + half - 1;
			bool reached = r->floats != NULL ?
			    r->floats[at] <= (float)x[i] :
			    r->doubles[at] < x[i];

			low += reached ? half : 0;
			left -= half;
		}
		for (uint32_t k = 0; k < s->columns; k++)
			to[k * stride + i] = isnan(x[i]) ? s->missing :
			    rank_beyond(low, k);
	}
}

void
ranks_again(const struct ranks_scale *s, const double *x, size_t n,
    int8_t *to, size_t stride)
{
	for (uint32_t k = 0; k < s->columns; k++, to += stride) {
		const int8_t *before = to - (size_t)s->columns * stride;

		for (size_t i = 0; i < n; i++)
			to[i] = isnan(x[i]) ? s->missing : before[i];
	}
}
