/* SPDX-License-Identifier: ISC */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/* Text <-> numbers, in the C locale whatever the process runs in. */

#define NUMBER_MAX 32 /* bytes that hold any number_format output */

/* The whole of s as a decimal number: digits, point, exponent, a sign, or
 * nan, inf, infinity in any case. False for anything else. */
MUST_USE bool number_parse(struct str s, double *ret);
/* The whole of s as an unsigned decimal that fits; no sign, no space. */
MUST_USE bool number_parse_u64(struct str s, uint64_t *ret);
/* The shortest decimal that reads back as v ("0.1", "1e+100", "-0.0" as
 * "-0.0"); whole numbers below 1e16 keep ".0" as Python's repr does. NaN and
 * infinities as nan, inf, -inf (not JSON). Returns the length; no NUL. */
size_t number_format(double v, char text[NUMBER_MAX]);

#endif
