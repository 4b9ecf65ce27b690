/* SPDX-License-Identifier: ISC */
#ifndef JSON_JSON_SCAN_H
#define JSON_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "json/json.h"

/* What a strict look at a JSON text found; in the arena given. */
struct json_scan {
	struct str text;   /* without the byte order mark */
	char first;        /* first byte of the value: its kind */
	size_t items;      /* of a list */
	size_t odd;        /* its first item that is no object, or items */
	char odd_first;
	size_t values;     /* of every kind */
	size_t numbers;
	uint8_t *integers; /* bit i: number i of the text is an integer */
};

/* Longest number accepted: cJSON reads no further. */
#define JSON_NUMBER_MAX 63

/* Hold text against RFC 8259 and the limits. Errors as json_parse. */
MUST_USE bool json_scan(struct arena *mem, struct str text,
    const struct json_limits *limits, struct json_scan *ret, struct err *err);

static inline bool
json_scan_integer(const struct json_scan *scan, size_t i)
{
	return scan->integers[i / 8] >> i % 8 & 1;
}

#endif
