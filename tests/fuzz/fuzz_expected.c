/* SPDX-License-Identifier: ISC
 *
 * Any bytes as recorded answers, CSV or JSON, of the model that the first
 * byte picks: answers that are the model's, or a sentence.
 */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/expected.h"
#include "unit/model_zoo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 64 << 20, KEEP = 1 << 20 };

static void
check_class(uint32_t k, uint32_t target, const struct model *m)
{
	struct model_target t;

	model_target_at(m, target, &t);
	assert(k == EXPECTED_NONE ||
	    (k >= t.class_ && k < t.class_ + t.classes));
}

static void
check(const struct expected *e, const struct model *m)
{
	for (size_t i = 0; i < e->n; i++) {
		for (uint32_t t = 0; t < model_targets(m); t++)
			check_class(e->classes[i * model_targets(m) + t], t,
			    m);
		assert(e->refused[i] == 0 || e->refused[i] == 1);
		for (uint32_t k = 0; k < model_outputs(m); k++) {
			double x = e->numbers[i * model_outputs(m) + k];

			assert(x < 0 || x >= 0 || isnan(x));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model *models[ZOO_COUNT];
	static struct arena mem;
	const struct model *m;
	struct expected e;
	struct err err = {0};
	char path[40];
	int fd;

	if (size == 0)
		return 0;
	if (mem.base == NULL) {
		static struct arena images;

		if (!arena_init(&mem, MEMORY, &err) ||
		    !arena_init(&images, MEMORY, &err))
			abort();
		for (int i = 0; i < ZOO_COUNT; i++)
			if (!model_open_bytes(zoo_image((enum zoo)i, &images),
			        &models[i], &err))
				abort();
	}
	m = models[data[0] % ZOO_COUNT];
	fd = memfd_create("expected", 0);
	if (fd < 0 || !file_write_fd(fd, (struct str){(const char *)data + 1,
	        size - 1}, &err))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (expected_read(path, m, &mem, &e, &err))
		check(&e, m);
	else
		assert(strlen(err.text) > 4);
	close(fd);
	arena_reset(&mem, KEEP);
	return 0;
}
