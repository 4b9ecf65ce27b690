/* SPDX-License-Identifier: ISC
 *
 * Byte ranks in registers of 32 bytes. Called only where the processor has
 * AVX2; the rest of the program is built without.
 */
#include "score/ranks.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "base/attr.h"

typedef int8_t bytes __attribute__((vector_size(32), may_alias));

#define TARGET __attribute__((target("avx2,popcnt")))
#define SPLAT(b) ((bytes)_mm256_set1_epi8(b))
#define BLEND(l, r, m) \
	((bytes)_mm256_blendv_epi8((__m256i)(l), (__m256i)(r), (__m256i)(m)))

#include "score/ranks_code.h"

/* How many of 16 cuts v has reached. */
INLINE unsigned
count_floats(const float *cuts, float v)
{
	__m256 x = _mm256_set1_ps(v);
	int a = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(cuts), x,
	    _CMP_LE_OQ));
	int b = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_load_ps(cuts + 8), x,
	    _CMP_LE_OQ));

	return (unsigned)__builtin_popcount((unsigned)(a | b << 8));
}

INLINE unsigned
count_doubles(const double *cuts, double v)
{
	__m256d x = _mm256_set1_pd(v);
	unsigned mask = 0;

#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		mask |= (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(
		    _mm256_load_pd(cuts + 4 * i), x, _CMP_LT_OQ)) << 4 * i;
	return (unsigned)__builtin_popcount(mask);
}

/* In two looks: how many steps x has passed, and how far it is in the next.
 * Lanes of few cuts want one look, and those of one cut - of columns that
 * are 0 or 1 - a mere comparison. */
#define RANK(NAME, TYPE, COUNT, REACHED) \
static TARGET void \
NAME(const struct ranks_scale *s, const TYPE *cuts, const double *x, \
    size_t n, int8_t *out) \
{ \
	const TYPE *first = cuts + s->cut, *pivots = cuts + s->pivot; \
\
	for (size_t i = 0; i < n && s->cuts <= 1; i++) \
		out[i] = isnan(x[i]) ? s->missing : \
		    (int8_t)(RANKS_LEAST + (first[0] REACHED (TYPE)x[i])); \
	for (size_t i = 0; i < n && s->cuts > 1; i++) { \
		TYPE v = (TYPE)x[i]; \
		unsigned step = s->cuts < RANKS_STEP ? 0 : COUNT(pivots, v); \
		unsigned rank = step * RANKS_STEP + \
		    COUNT(first + (size_t)step * RANKS_STEP, v); \
\
		out[i] = isnan(x[i]) ? s->missing : \
		    (int8_t)((int)rank + RANKS_LEAST); \
	} \
}
RANK(rank_floats, float, count_floats, <=)
RANK(rank_doubles, double, count_doubles, <)

const struct ranks_code ranks_avx2 = {rank_floats, rank_doubles, whole, any};
#endif
