/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_QUERY_H
#define METRICS_METRICS_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "metrics/metrics_table.h"

/* The metrics that a URL's query asks for. */
struct metrics_query {
	const struct str *names; /* in the arena */
	size_t n;                /* 0: all */
};

/* Read the name[]=NAME of a query; other keys are let pass. ERR_LIMIT where
 * mem is too small. */
MUST_USE bool metrics_query_parse(struct str query, struct arena *mem,
    struct metrics_query *ret, struct err *err);
/* True for a metric asked for by its name, by its family's (without _total
 * or _info), or by that of a histogram's series (_bucket, _sum, _count). */
bool metrics_query_has(const struct metrics_query *q, const struct metric *m);

#endif
