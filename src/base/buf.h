/* SPDX-License-Identifier: ISC */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/* Bounded output into the caller's memory. What does not fit is dropped and
 * `over` stays set: check it once, at the end. */
struct buf {
	char *p;
	size_t n, cap;
	bool over;
};

void buf_init(struct buf *b, void *memory, size_t cap);
void buf_reset(struct buf *b);
void buf_put(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_text(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_u64(struct buf *b, uint64_t v);
/* The shortest decimal that reads back as the same double; finite only. */
void buf_double(struct buf *b, double v);
/* s as a JSON string with its quotes. */
void buf_json(struct buf *b, struct str s);

static inline struct str
buf_view(const struct buf *b)
{
	return (struct str){b->p, b->n};
}

#endif
