/* SPDX-License-Identifier: ISC
 *
 * Any bytes as CSV, and as JSON to be cut: every cell and item lies within
 * the record it came from, and reading comes to an end.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/csv.h"
#include "cli/items.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
open_bytes(struct str bytes, struct arena *mem, struct source *ret)
{
	struct err err;
	char path[40];
	int fd = memfd_create("rows", 0);
	bool ok;

	if (fd < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ok = file_write_fd(fd, bytes, &err) &&
	    source_open(path, mem, ret, &err);
	close(fd);
	if (ok)
		ret->name = "rows"; /* path is gone when it is told */
	return ok;
}

static void
read_csv(struct source *in, struct arena *mem)
{
	enum csv_result got;
	struct csv c;
	struct err err;
	size_t total = 0;

	if (!csv_init(&c, in, mem, &err))
		return;
	while ((got = csv_next(&c, &err)) == CSV_RECORD || got == CSV_BAD) {
		size_t n = 0;

		assert(c.text.p + c.text.n <= in->p + in->to);
		for (size_t i = 0; got == CSV_RECORD && i < c.n; i++)
			n += c.cells[i].n;
		assert(n <= c.text.n);
		total += c.text.n;
	}
	assert(got == CSV_END && total <= in->done);
}

static void
read_items(struct source *in, enum items_kind kind)
{
	struct items it;
	struct str item;
	struct err err;
	size_t n = 0;

	items_init(&it, in, kind);
	while (items_next(&it, &item, &err) == ITEMS_ITEM) {
		assert(item.n > 0);
		n += item.n;
	}
	assert(n <= in->done);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = {(const char *)data, size};

	for (int way = 0; way < 4; way++) {
		struct source in;
		struct arena mem;
		struct err err;

		if (!arena_init(&mem, 32 << 20, &err))
			return 0;
		if (open_bytes(bytes, &mem, &in)) {
			if (way == 3)
				read_csv(&in, &mem);
			else
				read_items(&in, (enum items_kind)way);
			source_close(&in);
		}
		arena_done(&mem);
	}
	return 0;
}
