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

/* Which of 8 values have reached a cut, a bit each, and which are NaN. */
INLINE unsigned
test_floats(float cut, const double *x, unsigned *nan)
{
	__m256 v = _mm256_set_m128(_mm256_cvtpd_ps(_mm256_loadu_pd(x + 4)),
	    _mm256_cvtpd_ps(_mm256_loadu_pd(x)));

	*nan = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
	return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(
	    _mm256_set1_ps(cut), v, _CMP_LE_OQ));
}

INLINE unsigned
test_doubles(double cut, const double *x, unsigned *nan)
{
	__m256d c = _mm256_set1_pd(cut);
	__m256d a = _mm256_loadu_pd(x), b = _mm256_loadu_pd(x + 4);

	*nan = (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b,
	    _CMP_UNORD_Q));
	return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(c, a, _CMP_LT_OQ)) |
	    (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(c, b, _CMP_LT_OQ)) << 4;
}

/* Eight bits to the bytes of ranks 0 and 1. */
INLINE void
put_bits(unsigned bits, int8_t *to)
{
	const uint64_t each = 0x0101010101010101u;
	uint64_t set = bits * each & 0x8040201008040201u;

	set = (set + 0x7f * each) >> 7 & each;
	set |= 0x80 * each;
	memcpy(to, &set, sizeof(set));
}

#define PUT(i, rank) \
	to[i] = isnan(x[i]) ? s->missing : (int8_t)((int)(rank) + RANKS_LEAST)

/* Cuts are counted in two looks: how many steps a value has passed, and how
 * far it is in the next. */
#define MAKE(NAME, TYPE, CUTS, COUNT, TEST, REACHED) \
INLINE void \
NAME(const struct ranks *r, const struct ranks_scale *s, const double *x, \
    size_t n, int8_t *to, size_t stride) \
{ \
	const TYPE *cuts = r->CUTS + s->cut, *pivots = r->CUTS + s->pivot; \
	size_t i = 0; \
\
	switch ((enum ranks_kind)s->kind) { \
	case RANKS_NONE: \
		break; \
	case RANKS_ONE: \
		for (; i + 8 <= n; i += 8) { \
			unsigned nan, bits = TEST(cuts[0], x + i, &nan); \
\
			if (nan != 0) \
				break; \
			put_bits(bits, to + i); \
		} \
		for (; i < n; i++) \
			PUT(i, cuts[0] REACHED (TYPE)x[i]); \
		break; \
	case RANKS_FEW: \
		for (; i < n; i++) \
			PUT(i, COUNT(cuts, (TYPE)x[i])); \
		break; \
	case RANKS_MANY: \
		for (; i < n; i++) { \
			unsigned past = COUNT(pivots, (TYPE)x[i]) * \
			    RANKS_STEP; \
\
			PUT(i, past + COUNT(cuts + past, (TYPE)x[i])); \
		} \
		break; \
	case RANKS_WIDE: \
		ranks_columns(r, s, x, n, to, stride); \
		break; \
	case RANKS_AGAIN: \
		ranks_again(s, x, n, to, stride); \
		break; \
	} \
}
MAKE(make_floats, float, floats, count_floats, test_floats, <=)
MAKE(make_doubles, double, doubles, count_doubles, test_doubles, <)

static TARGET void
make(const struct block *b, const struct image_forest *f,
    const struct ranks *r, size_t from, size_t n, int8_t *columns,
    size_t stride)
{
	const struct ranks_scale *s = r->scales, *end = s + f->lanes;

	if (r->floats != NULL)
		for (; s < end; s++)
			make_floats(r, s, b->frame + s->slot * b->stride +
			    from, n, columns + s->column * stride, stride);
	else
		for (; s < end; s++)
			make_doubles(r, s, b->frame + s->slot * b->stride +
			    from, n, columns + s->column * stride, stride);
}

/* Trees side by side: what their columns hold is looked up in registers, 16
 * columns each. */
struct table {
	__m256i part[RANKS_TABLE / 16];
};

INLINE __m256i
look_up(const struct table *t, __m256i column, const bool two)
{
	__m256i bit4 = _mm256_slli_epi16(column, 3);
	__m256i low = _mm256_blendv_epi8(
	    _mm256_shuffle_epi8(t->part[0], column),
	    _mm256_shuffle_epi8(t->part[1], column), bit4);

	if (two)
		return low;
	return _mm256_blendv_epi8(low, _mm256_blendv_epi8(
	    _mm256_shuffle_epi8(t->part[2], column),
	    _mm256_shuffle_epi8(t->part[3], column), bit4),
	    _mm256_slli_epi16(column, 2));
}

/* The leaves that a plane's slots rule out. */
INLINE __m256i
rule_out(const struct table *t, const struct ranks_slot *s, uint32_t n,
    const bool two)
{
	__m256i out = _mm256_setzero_si256();

	for (; n > 0; n--, s++) {
		__m256i column = _mm256_load_si256((const void *)s->column);
		__m256i cut = _mm256_load_si256((const void *)s->cut);
		__m256i right = _mm256_cmpgt_epi8(look_up(t, column, two),
		    cut);

		out = _mm256_or_si256(out, _mm256_and_si256(right,
		    _mm256_load_si256((const void *)s->out)));
	}
	return out;
}

/* Number of the lowest bit that is 1 of each byte, by its halves. */
INLINE __m256i
lowest_bit(__m256i x)
{
	const __m256i low = _mm256_setr_epi8(127, 0, 1, 0, 2, 0, 1, 0, 3, 0,
	    1, 0, 2, 0, 1, 0, 127, 0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1,
	    0);
	const __m256i high = _mm256_add_epi8(low, _mm256_set1_epi8(4));
	const __m256i half = _mm256_set1_epi8(15);

	return _mm256_min_epu8(
	    _mm256_shuffle_epi8(low, _mm256_and_si256(x, half)),
	    _mm256_shuffle_epi8(high, _mm256_and_si256(
	    _mm256_srli_epi16(x, 4), half)));
}

/* Planes from the last to the first: a byte that has leaves left wins over
 * those of later planes. */
INLINE void
first_left(const __m256i *out, uint32_t planes, uint8_t *leaves)
{
	const __m256i all = _mm256_set1_epi8(-1);
	__m256i left = out[planes - 1];
	__m256i base = _mm256_set1_epi8((char)(8 * (planes - 1)));

	for (uint32_t p = planes - 1; p-- > 0;) {
		__m256i none = _mm256_cmpeq_epi8(out[p], all);

		left = _mm256_blendv_epi8(out[p], left, none);
		base = _mm256_blendv_epi8(_mm256_set1_epi8((char)(8 * p)),
		    base, none);
	}
	_mm256_storeu_si256((void *)leaves, _mm256_add_epi8(base,
	    lowest_bit(_mm256_xor_si256(left, all))));
}

INLINE void
fill_table(struct table *t, const int8_t *columns)
{
	for (int i = 0; i < RANKS_TABLE / 16; i++)
		t->part[i] = _mm256_broadcastsi128_si256(_mm_load_si128(
		    (const void *)(columns + 16 * i)));
}

static TARGET void
trees(const struct ranks *r, const int8_t *columns,
    const struct ranks_slot **slots, const uint16_t *count, uint8_t *leaves)
{
	__m256i out[RANKS_PLANES];
	struct table t;

	fill_table(&t, columns);
	for (uint32_t p = 0; p < r->planes; *slots += count[p++])
		out[p] = rule_out(&t, *slots, count[p], false);
	first_left(out, r->planes, leaves);
}

/* The same for all n trees, and their sum. Each addition waits for the one
 * before, so those of a group are spread between the planes of the next. */
#define SUM(NAME, TYPE, VALUES) \
INLINE TYPE \
NAME##_of(const struct ranks *r, uint32_t n, const int8_t *columns, TYPE sum, \
    const bool two) \
{ \
	const struct ranks_slot *slots = r->slots; \
	const uint16_t *count = r->count; \
	uint32_t found = 0, added = 0; \
	uint32_t some = (RANKS_GROUP + r->planes - 1) / r->planes; \
	uint8_t leaves[RANKS_GROUP]; \
	__m256i out[RANKS_PLANES]; \
	struct table t; \
\
	fill_table(&t, columns); \
	for (; found < n; found += RANKS_GROUP) { \
		for (uint32_t p = 0; p < r->planes; p++) { \
			for (uint32_t i = 0; i < some && added < found; \
			    i++, added++) \
				sum += r->VALUES[r->leaf[added] + \
				    leaves[added % RANKS_GROUP]]; \
			out[p] = rule_out(&t, slots, *count, two); \
			slots += *count++; \
		} \
		first_left(out, r->planes, leaves); \
	} \
	for (; added < n; added++) \
		sum += r->VALUES[r->leaf[added] + \
		    leaves[added % RANKS_GROUP]]; \
	return sum; \
} \
\
static TARGET TYPE \
NAME(const struct ranks *r, uint32_t n, const int8_t *columns, TYPE sum) \
{ \
	return r->columns <= 32 ? NAME##_of(r, n, columns, sum, true) : \
	    NAME##_of(r, n, columns, sum, false); \
}
SUM(sum_floats, float, leaf32)
SUM(sum_doubles, double, leaf64)

const struct ranks_code ranks_avx2 = {make, whole, any, trees, sum_floats,
    sum_doubles};
#endif
