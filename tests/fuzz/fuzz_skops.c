/* SPDX-License-Identifier: ISC
 *
 * Any bytes as the inside of a skops file: the text of schema.json up to the
 * first NUL, and behind it the one array, a.npy. Both stand in an archive
 * whose checksums are right, so that what is tried is the schema.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 32 << 20, KEEP = 1 << 20, ENTRY_MOST = 1 << 20,
	HEADERS = 1024 };

struct writer {
	uint8_t *p;
	size_t n;
};

static void
put(struct writer *w, uint64_t value, size_t bytes)
{
	while (bytes-- > 0) {
		w->p[w->n++] = (uint8_t)value;
		value >>= 8;
	}
}

static void
put_raw(struct writer *w, const void *p, size_t n)
{
	if (n > 0)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

struct entry {
	const char *name;
	const uint8_t *data;
	size_t n, at;
};

/* What the local and the central header have in common. */
static void
put_entry(struct writer *w, const struct entry *e)
{
	put(w, 20, 2); /* version */
	put(w, 0, 2);  /* flags */
	put(w, 0, 2);  /* stored */
	put(w, 0, 4);  /* time */
	put(w, crc32(0, e->data, (uInt)e->n), 4);
	put(w, e->n, 4);
	put(w, e->n, 4);
	put(w, strlen(e->name), 2);
	put(w, 0, 2);  /* extra */
}

static void
put_archive(struct writer *w, struct entry *entries, size_t n)
{
	size_t start;

	for (size_t i = 0; i < n; i++) {
		entries[i].at = w->n;
		put_raw(w, "PK\3\4", 4);
		put_entry(w, &entries[i]);
		put_raw(w, entries[i].name, strlen(entries[i].name));
		put_raw(w, entries[i].data, entries[i].n);
	}
	start = w->n;
	for (size_t i = 0; i < n; i++) {
		put_raw(w, "PK\1\2", 4);
		put(w, 20, 2);
		put_entry(w, &entries[i]);
		put(w, 0, 10); /* comment, disk, attributes */
		put(w, entries[i].at, 4);
		put_raw(w, entries[i].name, strlen(entries[i].name));
	}
	put_raw(w, "PK\5\6\0\0\0\0", 8);
	put(w, n, 2);
	put(w, n, 2);
	put(w, w->n - 12 - start, 4);
	put(w, start, 4);
	put(w, 0, 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena mem;
	const struct import_options options = {0};
	const uint8_t *nul;
	struct entry entries[2] = {{.name = "schema.json", .data = data},
	    {.name = "a.npy", .data = data}};
	struct model_build *build;
	struct err err = {0};
	struct writer w = {0};
	struct str image;

	if (size > ENTRY_MOST ||
	    (mem.base == NULL && !arena_init(&mem, MEMORY, &err)))
		return 0;
	nul = size > 0 ? memchr(data, 0, size) : NULL;
	entries[0].n = nul != NULL ? (size_t)(nul - data) : size;
	if (nul != NULL) {
		entries[1].data = nul + 1;
		entries[1].n = size - entries[0].n - 1;
	}
	w.p = malloc(size + HEADERS);
	assert(w.p != NULL);
	put_archive(&w, entries, nul != NULL ? 2 : 1);
	if (!import_bytes((struct str){(const char *)w.p, w.n}, "f", &options,
	    &mem, &build, &err) || !model_image(build, &image, &err))
		assert(strlen(err.text) > 4);
	free(w.p);
	arena_reset(&mem, KEEP);
	return 0;
}
