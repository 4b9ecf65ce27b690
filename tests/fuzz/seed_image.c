/* SPDX-License-Identifier: ISC
 *
 * Writes the seeds of fuzz_image, one a model of the zoo: to be run again
 * whenever IMAGE_VERSION rises.
 *
 *   seed_image DIRECTORY
 */
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "unit/model_zoo.h"

int
main(int argc, char *argv[])
{
	static const char *const names[] = {"shop", "forest", "cuts",
	    "leaves", "floats", "curve", "calcs", "targets", "vectors"};
	struct arena mem;
	struct err err;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	if (!arena_init(&mem, (size_t)1 << 26, &err))
		goto failed;
	for (int i = 0; i < ZOO_COUNT; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]);
		if (!file_write(path, zoo_image((enum zoo)i, &mem), &err))
			goto failed;
	}
	arena_done(&mem);
	return 0;
failed:
	fprintf(stderr, "seed_image: %s\n", err.text);
	return 1;
}
