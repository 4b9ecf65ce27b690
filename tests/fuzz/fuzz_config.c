/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a configuration: the file, and behind a line of "====" flags,
 * one a line. Settings that can be shown again, or a sentence of one line.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 16 << 20, FLAGS = 8, DUMP = 1 << 20 };

static void
read_file(struct config *c, struct str bytes)
{
	struct err err;
	char path[40];
	int fd = memfd_create("config", 0);

	if (fd < 0 || !file_write_fd(fd, bytes, &err))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!config_read(c, path, &err))
		assert(strlen(err.text) > 4 &&
		    strchr(err.text, '\n') == NULL);
	close(fd);
}

static void
read_flags(struct config *c, struct str lines, struct arena *mem)
{
	char *argv[FLAGS + 1] = {0};
	struct err err;
	int argc = 0;

	while (lines.n > 0 && argc < FLAGS) {
		struct str line = str_cut(&lines, '\n');
		char *p = arena_alloc(mem, line.n + 1);

		if (p == NULL)
			return;
		if (line.n > 0)
			memcpy(p, line.p, line.n);
		p[line.n] = '\0';
		argv[argc++] = p;
	}
	for (int at = 0, used = 1; at < argc && used > 0; at += used) {
		if (!config_flag(c, argc - at, argv + at, &used, &err)) {
			assert(strlen(err.text) > 4);
			break;
		}
		assert(used >= 0 && used <= argc - at);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct str cut = {"\n====\n", 6};
	static char room[DUMP];
	struct str all = {(const char *)data, size}, flags = {NULL, 0};
	const char *at = memmem(data, size, cut.p, cut.n);
	struct config_address address;
	struct config c;
	struct arena mem;
	struct buf b;
	struct err err;

	if (!arena_init(&mem, MEMORY, &err))
		return 0;
	if (at != NULL) {
		flags = (struct str){at + cut.n,
		    size - (size_t)(at - all.p) - cut.n};
		all.n = (size_t)(at - all.p);
	}
	config_init(&c, &mem);
	read_file(&c, all);
	read_flags(&c, flags, &mem);
	assert(c.n_models <= CONFIG_MODELS_MAX);
	for (int json = 0; json < 2; json++) {
		buf_init(&b, room, sizeof(room));
		config_dump(&c, &b, json != 0);
		assert(b.n > 0);
	}
	if (!config_address_parse(c.listen, &address, &err))
		abort(); /* the setter had accepted it */
	arena_done(&mem);
	return 0;
}
