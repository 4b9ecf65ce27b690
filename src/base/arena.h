/* SPDX-License-Identifier: ISC */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * One block of memory with a bound, handed out front to back and given back
 * at once. The bound is address space: pages are only used once touched.
 * Overflow is sticky: arena_alloc returns NULL and `over` stays set until
 * the reset, so one check at the end of a step is enough if each NULL stops
 * the step.
 */
struct arena {
	char *base;
	size_t used, cap, peak;
	bool over;
};

/* Map `cap` bytes of address space. Undone by arena_done. */
MUST_USE bool arena_init(struct arena *mem, size_t cap, struct err *err);
void arena_done(struct arena *mem);
/* n zeroed bytes, aligned for any type; NULL past the bound. */
void *arena_alloc(struct arena *mem, size_t n);
/* count * size zeroed bytes, the product checked; NULL past the bound. */
void *arena_array(struct arena *mem, size_t count, size_t size);
/* A NUL-terminated copy; p is NULL past the bound. */
struct str arena_str(struct arena *mem, struct str s);
/* Where the arena stands, for arena_release to go back to: what has been
 * allocated since is gone then. */
static inline size_t
arena_mark(const struct arena *mem)
{
	return mem->used;
}
void arena_release(struct arena *mem, size_t mark);
/* Forget everything and give back the pages beyond the first `keep`. */
void arena_reset(struct arena *mem, size_t keep);
/* err_set with ERR_LIMIT that names the bound; returns false. */
bool arena_err(const struct arena *mem, const char *what, struct err *err);

#define ARENA_NEW(mem, type)          ((type *)arena_alloc((mem), sizeof(type)))
#define ARENA_ARRAY(mem, count, type) \
	((type *)arena_array((mem), (count), sizeof(type)))

#endif
