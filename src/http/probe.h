/* SPDX-License-Identifier: ISC */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include <stddef.h>

/* What a client sends to learn whether the whole way to an answer is open:
 * GET /health/ready. The answer is 200 where it is. */
extern const char probe_request[];

/* The status of an answer's first n bytes; 0 where they are too few to tell,
 * -1 where they are no HTTP. */
int probe_status(const char *answer, size_t n);

#endif
