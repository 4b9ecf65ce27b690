/* SPDX-License-Identifier: ISC */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

/*
 * A file or pipe read from front to back in bounded memory. What is unread
 * stands at p + from, to p + to; source_more gets more behind it, and may
 * move it.
 */
struct source {
	const char *name; /* for messages: the path, or "standard input" */
	char *p;
	size_t from, to, cap;
	uint64_t done;    /* bytes of the file before `from` */
	uint64_t size;    /* of the file; 0 where not known */
	int fd;
	bool end;         /* nothing comes behind `to` */
};

/* The longest record that can be read. */
#define SOURCE_RECORD_MAX ((size_t)8 << 20)

/* path NULL or "-" is stdin. A UTF-8 byte order mark is passed over. */
MUST_USE bool source_open(const char *path, struct arena *mem,
    struct source *ret, struct err *err);
void source_close(struct source *s);
/* Read on; at the end of the file `end` is set and nothing changes. ERR_LIMIT
 * where the unread record is longer than SOURCE_RECORD_MAX. */
MUST_USE bool source_more(struct source *s, struct err *err);
/* Pass over n bytes (n <= to - from). */
static inline void
source_skip(struct source *s, size_t n)
{
	s->from += n;
	s->done += n;
}

#endif
