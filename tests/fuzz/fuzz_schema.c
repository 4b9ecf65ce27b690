/* SPDX-License-Identifier: ISC
 *
 * Any bytes as the schema file of a model, which the first byte picks: an
 * error of one line, or a model that compiles, opens and can be described.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "import/schema.h"
#include "model/model.h"
#include "unit/model_zoo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, KEEP = 1 << 20 };

static bool
load(struct str bytes, struct arena *mem, const struct schema **ret,
    struct err *err)
{
	char path[40];
	int fd = memfd_create("schema", 0);
	bool ok;

	if (fd < 0 || !file_write_fd(fd, bytes, err))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ok = schema_load(path, mem, ret, err);
	close(fd);
	return ok;
}

static void
walk(const struct model *m)
{
	struct model_field f;
	size_t bad;

	for (uint32_t i = 0; i < model_inputs(m); i++) {
		model_field(m, model_field_order(m, i), &f);
		assert(str_is_utf8(f.name, &bad));
		assert(str_is_utf8(f.description, &bad));
		for (uint32_t a = 0; a < f.n_aliases; a++)
			assert(f.aliases[a].from_integer ||
			    str_is_utf8(f.aliases[a].text, &bad));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena mem;
	const struct schema *schema;
	struct model_build *build;
	struct model *m;
	struct str image;
	struct err err = {0};

	if (size == 0)
		return 0;
	if (mem.base == NULL && !arena_init(&mem, MEMORY, &err))
		abort();
	build = zoo_build((enum zoo)(data[0] % ZOO_COUNT), &mem);
	if (load((struct str){(const char *)data + 1, size - 1}, &mem,
	        &schema, &err) && schema_apply(schema, build, &err) &&
	    model_image(build, &image, &err)) {
		/* The builder checks what the opener checks. */
		if (!model_open_bytes(image, &m, &err))
			abort();
		walk(m);
		model_close(m);
	} else {
		assert(strlen(err.text) > 4);
		assert(strchr(err.text, '\n') == NULL);
	}
	arena_reset(&mem, KEEP);
	return 0;
}
