/* SPDX-License-Identifier: ISC
 *
 * Rows side by side, a byte each. Every split of a tree is one comparison
 * for all rows; the leaf they come to is blended from the bottom up. No
 * address and no branch depends on a row.
 *
 * Included once a kind of register, which says
 *   TARGET        attributes of every function
 *   bytes         a vector type of int8_t
 *   SPLAT(b)      the byte b in all places
 *   BLEND(l, r, m) where m is -1 from r, where it is 0 from l
 */

#define INLINE static inline __attribute__((always_inline)) TARGET

/* Two registers: a node is fetched once for both. */
struct pair {
	bytes a, b;
};
enum { WIDTH = sizeof(bytes), STRIDE = 2 * WIDTH };
_Static_assert(RANKS_ROWS % STRIDE == 0, "rows are taken STRIDE at once");

INLINE struct pair
load(const void *p)
{
	const bytes *v = p;

	return (struct pair){v[0], v[1]};
}

INLINE void
store(void *p, struct pair x)
{
	bytes *v = p;

	v[0] = x.a;
	v[1] = x.b;
}

/* -1 where rows go right. */
INLINE struct pair
go_right(const int8_t *columns, uint16_t column, int8_t cut)
{
	struct pair x = load(columns + (size_t)column * RANKS_ROWS);
	bytes c = SPLAT(cut);

	return (struct pair){(bytes)(x.a > c), (bytes)(x.b > c)};
}

INLINE struct pair
blend(struct pair l, struct pair r, struct pair m)
{
	return (struct pair){BLEND(l.a, r.a, m.a), BLEND(l.b, r.b, m.b)};
}

/*
 * Whole trees: up_N gives the leaf of a subtree of N levels whose root is
 * number j of its level, which starts at `first`. All of these are constants
 * once the calls are unrolled.
 */
INLINE struct pair
up_1(const struct ranks_split *s, const int8_t *columns, const unsigned first,
    const unsigned j)
{
	struct pair m = go_right(columns, s[first + j].column,
	    s[first + j].cut);
	bytes k = SPLAT((int8_t)(2 * j));

	return (struct pair){k - m.a, k - m.b};
}

#define UP(N, BELOW) \
INLINE struct pair \
up_##N(const struct ranks_split *s, const int8_t *columns, \
    const unsigned first, const unsigned j) \
{ \
	struct pair l = up_##BELOW(s, columns, 2 * first + 1, 2 * j); \
	struct pair r = up_##BELOW(s, columns, 2 * first + 1, 2 * j + 1); \
\
	return blend(l, r, go_right(columns, s[first + j].column, \
	    s[first + j].cut)); \
}
UP(2, 1)
UP(3, 2)
UP(4, 3)
UP(5, 4)
UP(6, 5)
UP(7, 6)
UP(8, 7)

#define WHOLE(N) \
static TARGET void \
whole_##N(const struct ranks_split *s, uint32_t n, const int8_t *columns, \
    uint8_t *leaves) \
{ \
	for (uint32_t t = 0; t < n; t++, s += (1 << N) - 1) \
		for (size_t i = 0; i < RANKS_ROWS; i += STRIDE) \
			store(leaves + t * RANKS_ROWS + i, \
			    up_##N(s, columns + i, 0, 0)); \
}
WHOLE(1)
WHOLE(2)
WHOLE(3)
WHOLE(4)
WHOLE(5)
WHOLE(6)
WHOLE(7)
WHOLE(8)

static void
whole(const struct ranks *r, uint32_t tree, uint32_t n, const int8_t *columns,
    uint8_t *leaves)
{
	static void (*const depths[])(const struct ranks_split *, uint32_t,
	    const int8_t *, uint8_t *) = {NULL, whole_1, whole_2, whole_3,
	    whole_4, whole_5, whole_6, whole_7, whole_8};
	_Static_assert(countof(depths) == RANKS_DEPTH + 1, "one a depth");

	depths[r->depth](r->splits + (size_t)tree * ((1u << r->depth) - 1), n,
	    columns, leaves);
}

/* RANKS_SIDE trees of any shape, n blends each: several, since the blends of
 * one may each wait for the last. Results lie in the order in which they are
 * made, those of one tree after those of another. */
static TARGET void
group(const struct ranks_blend *b, uint32_t n, const int8_t *columns,
    uint8_t *values, uint8_t *results, uint8_t *leaves)
{
	size_t side = (size_t)n * RANKS_ROWS;

	for (size_t i = 0; i < RANKS_ROWS; i += STRIDE) {
		const struct ranks_blend *at = b;
		uint8_t *to = results + i;

		for (uint32_t k = 0; k < n; k++, to += RANKS_ROWS)
#pragma GCC unroll 2
			for (uint32_t s = 0; s < RANKS_SIDE; s++, at++)
				store(to + s * side, blend(load(values + i +
				    (size_t)at->left * RANKS_ROWS),
				    load(values + i + (size_t)at->right *
				    RANKS_ROWS), go_right(columns + i,
				    at->column, at->cut)));
	}
	for (uint32_t s = 0; s < RANKS_SIDE; s++)
		memcpy(leaves + s * RANKS_ROWS,
		    results + (s + 1) * side - RANKS_ROWS, RANKS_ROWS);
}

static void
any(const struct ranks *r, uint32_t tree, uint32_t n, const int8_t *columns,
    uint8_t *values, uint8_t *leaves)
{
	for (uint32_t t = 0; t < n; t += RANKS_SIDE) {
		uint32_t first = r->group[(tree + t) / RANKS_SIDE];
		uint32_t end = r->group[(tree + t) / RANKS_SIDE + 1];

		group(r->blends + first, (end - first) / RANKS_SIDE, columns,
		    values, values + (size_t)r->constants * RANKS_ROWS,
		    leaves + (size_t)t * RANKS_ROWS);
	}
}
