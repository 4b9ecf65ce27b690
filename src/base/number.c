/* SPDX-License-Identifier: ISC
 *
 * Text <-> double. Parsing is the C library's; formatting finds the shortest
 * decimal that reads back as the same double. Probabilities, which are most
 * of what is printed, take a path in exact integer arithmetic that is
 * some ten times faster than trying printf with 15, 16 and 17 digits.
 */
#include "base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
number_parse(struct str s, double *ret)
{
	char text[64], *end;
	double v;

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	/* strtod would take leading space and hexadecimal too. */
	if (strspn(text, "0123456789+-.eEnNaAiIfFtTyY") != s.n)
		return false;
	v = strtod(text, &end);
	if (end != text + s.n)
		return false;
	*ret = v;
	return true;
}

bool
number_parse_u64(struct str s, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return false;
	}
	*ret = v;
	return true;
}

/*
 * v in [0.001, 1): v = m * 2^-s with m < 2^53 and s <= 62, so v * 10^17 is
 * m * 10^17 >> s, exact in 128 bits. A decimal d / 10^k with d < 2^53 and
 * k <= 22 is read back by one correctly rounded division, which tells
 * whether fewer digits do. Returns 0 where more digits than that are needed.
 */
static size_t
format_fraction(double v, char *text)
{
	static const double tenth[] = {1e14, 1e15, 1e16};
	static const uint64_t drop[] = {1000, 100, 10};
	int e;
	uint64_t m = (uint64_t)ldexp(frexp(v, &e), 53), d = 0;
	unsigned shift = (unsigned)(53 - e);
	unsigned __int128 scaled = (unsigned __int128)m * 100000000000000000u;
	uint64_t d17 = (uint64_t)(scaled >> shift);
	size_t digits = 0;

	for (size_t i = 0; i < 3 && digits == 0; i++) {
		d = (d17 + drop[i] / 2) / drop[i];
		if (d < (UINT64_C(1) << 53) && (double)d / tenth[i] == v)
			digits = 14 + i;
	}
	if (digits == 0)
		return 0;
	while (d % 10 == 0) {
		d /= 10;
		digits--;
	}
	text[0] = '0';
	text[1] = '.';
	for (size_t i = digits; i > 0; i--) {
		text[1 + i] = (char)('0' + d % 10);
		d /= 10;
	}
	return digits + 2;
}

size_t
number_format(double v, char text[NUMBER_MAX])
{
	size_t n = 0;
	int len = 0;

	if (isnan(v)) {
		memcpy(text, "nan", 3);
		return 3;
	}
	if (isinf(v)) {
		memcpy(text, v < 0 ? "-inf" : "inf", 4);
		return v < 0 ? 4 : 3;
	}
	if (v >= 0.001 && v < 1.0 && (n = format_fraction(v, text)) > 0)
		return n;
	if (fabs(v) < 1e15 && v == (double)(int64_t)v) {
		/* "-0.0" keeps its sign. */
		return (size_t)snprintf(text, NUMBER_MAX, "%s%lld.0",
		    signbit(v) && v == 0 ? "-" : "", (long long)v);
	}
	for (int precision = 15; precision <= 17; precision++) {
		len = snprintf(text, NUMBER_MAX, "%.*g", precision, v);
		if (strtod(text, NULL) == v)
			break;
	}
	return (size_t)len;
}
