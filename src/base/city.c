/* SPDX-License-Identifier: ISC
 *
 * CityHash64, version 1.0.2: another hash than later versions of that name.
 * Short texts have a rule of their own for each range of lengths; from 65
 * bytes on, blocks of 64 are mixed into a state that began at the end.
 */
#include "base/city.h"

#include <string.h>

/* The primes of the definition. */
#define P0 0xc3a5c85c97cb3127u
#define P1 0xb492b66fbe98f273u
#define P2 0x9ae16a3b2f90404fu
#define P3 0xc949d7c7509e6557u
#define PM 0x9ddfea08eb382d69u

struct pair {
	uint64_t a, b;
};

static uint64_t
word(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
half(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
turn(uint64_t v, unsigned by)
{
	return v >> by | v << (64 - by);
}

static uint64_t
fold(uint64_t v)
{
	return v ^ v >> 47;
}

static uint64_t
join(uint64_t low, uint64_t high)
{
	uint64_t v = fold((low ^ high) * PM);

	return fold((high ^ v) * PM) * PM;
}

static uint64_t
up_to_16(const char *p, size_t n)
{
	if (n > 8) {
		uint64_t end = word(p + n - 8);

		return join(word(p), turn(end + n, (unsigned)n)) ^ end;
	}
	if (n >= 4)
		return join(n + (half(p) << 3), half(p + n - 4));
	if (n > 0) {
		uint32_t y = (uint32_t)(unsigned char)p[0] +
		    ((uint32_t)(unsigned char)p[n / 2] << 8);
		uint32_t z = (uint32_t)n +
		    ((uint32_t)(unsigned char)p[n - 1] << 2);

		return fold(y * P2 ^ z * P3) * P2;
	}
	return P2;
}

static uint64_t
up_to_32(const char *p, size_t n)
{
	uint64_t a = word(p) * P1, b = word(p + 8);
	uint64_t c = word(p + n - 8) * P2, d = word(p + n - 16) * P0;

	return join(turn(a - b, 43) + turn(c, 30) + d,
	    a + turn(b ^ P3, 20) - c + n);
}

/* Half of what is made of 33 to 64 bytes: from `p` on, beginning with
 * `start`, and with what stands 24 bytes on as the last word. */
static struct pair
quarter(const char *p, uint64_t start, uint64_t last)
{
	uint64_t a = start, b = turn(a + last, 52), c = turn(a, 37);

	a += word(p + 8);
	c += turn(a, 7);
	a += word(p + 16);
	return (struct pair){a + last, b + turn(a, 31) + c};
}

static uint64_t
up_to_64(const char *p, size_t n)
{
	const char *end = p + n - 32;
	struct pair v = quarter(p, word(p) + (n + word(p + n - 16)) * P0,
	    word(p + 24));
	struct pair w = quarter(end, word(p + 16) + word(end),
	    word(end + 24));
	uint64_t r = fold((v.a + w.b) * P2 + (w.a + v.b) * P0);

	return fold(r * P0 + v.b) * P2;
}

/* 32 bytes from p on, into two words. */
static struct pair
mix(const char *p, uint64_t a, uint64_t b)
{
	uint64_t last = word(p + 24), first;

	a += word(p);
	b = turn(b + a + last, 21);
	first = a;
	a += word(p + 8) + word(p + 16);
	return (struct pair){a + last, b + turn(a, 44) + first};
}

uint64_t
city_hash64(struct str s)
{
	const char *p = s.p;
	size_t n = s.n;
	uint64_t x, y, z, swap;
	struct pair v, w;

	if (n <= 16)
		return up_to_16(p, n);
	if (n <= 32)
		return up_to_32(p, n);
	if (n <= 64)
		return up_to_64(p, n);
	v = mix(p + n - 64, n, word(p + n - 16) ^ P1);
	w = mix(p + n - 32, n * P1, P0);
	z = (word(p + n - 56) ^ P0) + fold(v.b) * P1;
	x = turn(z + word(p), 39) * P1;
	y = turn(word(p + n - 16) ^ P1, 33) * P1;
	for (n = (n - 1) & ~(size_t)63; n > 0; n -= 64, p += 64) {
		x = (turn(x + y + v.a + word(p + 16), 37) * P1) ^ w.b;
		y = (turn(y + v.b + word(p + 48), 42) * P1) ^ v.a;
		z = turn(z ^ w.a, 33);
		v = mix(p, v.b * P1, x + w.a);
		w = mix(p + 32, z + w.b, y);
		swap = z;
		z = x;
		x = swap;
	}
	return join(join(v.a, w.a) + fold(y) * P1 + z, join(v.b, w.b) + x);
}
