/* SPDX-License-Identifier: ISC
 *
 * A bump allocator over one anonymous mapping. Memory from it is zeroed:
 * fresh pages are, and a reset clears what was used.
 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 16, PAGE = 4096 };

bool
arena_init(struct arena *mem, size_t cap, struct err *err)
{
	void *p;

	cap = (cap + PAGE - 1) & ~(size_t)(PAGE - 1);
	p = mmap(NULL, cap, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_system(err, "cannot reserve %zu bytes", cap);
	*mem = (struct arena){.base = p, .cap = cap};
	return true;
}

void
arena_done(struct arena *mem)
{
	if (mem->base != NULL)
		munmap(mem->base, mem->cap);
	*mem = (struct arena){0};
}

void *
arena_alloc(struct arena *mem, size_t n)
{
	void *p;

	if (mem->over || n > mem->cap - mem->used) {
		mem->over = true;
		return NULL;
	}
	p = mem->base + mem->used;
	mem->used += n;
	mem->used = (mem->used + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (mem->used > mem->peak)
		mem->peak = mem->used;
	return p;
}

void *
arena_array(struct arena *mem, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n)) {
		mem->over = true;
		return NULL;
	}
	return arena_alloc(mem, n);
}

struct str
arena_str(struct arena *mem, struct str s)
{
	char *p = s.n < SIZE_MAX ? arena_alloc(mem, s.n + 1) : NULL;

	if (p == NULL)
		return (struct str){NULL, 0};
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

void
arena_release(struct arena *mem, size_t mark)
{
	memset(mem->base + mark, 0, mem->used - mark);
	mem->used = mark;
}

void
arena_reset(struct arena *mem, size_t keep)
{
	keep = (keep + PAGE - 1) & ~(size_t)(PAGE - 1);
	if (mem->peak > keep) {
		madvise(mem->base + keep, mem->peak - keep, MADV_DONTNEED);
		mem->peak = keep;
	}
	memset(mem->base, 0, mem->used < keep ? mem->used : keep);
	mem->used = 0;
	mem->over = false;
}

bool
arena_err(const struct arena *mem, const char *what, struct err *err)
{
	return err_set(err, ERR_LIMIT, ERR_NOWHERE,
	    "%s needs more than the %zu bytes of memory allowed for it", what,
	    mem->cap);
}
