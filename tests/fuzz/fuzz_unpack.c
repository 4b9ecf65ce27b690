/* SPDX-License-Identifier: ISC
 *
 * Any bytes as a compressed file: unpacked, given back, or refused.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "import/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY = 4 << 20, KEEP = 1 << 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena mem;
	struct str bytes = {(const char *)data, size}, ret;
	const char *packed;
	struct err err = {0};

	if (mem.base == NULL && !arena_init(&mem, MEMORY, &err))
		return 0;
	if (unpack(bytes, &mem, &ret, &packed, &err))
		assert(packed != NULL ? ret.n <= MEMORY : ret.p == bytes.p);
	else
		assert(strlen(err.text) > 4);
	arena_reset(&mem, KEEP);
	return 0;
}
