/* SPDX-License-Identifier: ISC
 *
 * What opening a model takes from the system, failing one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"
#include "model/model.h"
#include "model_zoo.h"

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int until_failure = -1; /* calls that still succeed; -1: all */

void *
__wrap_calloc(size_t count, size_t size)
{
	if (until_failure == 0) {
		errno = ENOMEM;
		return NULL;
	}
	if (until_failure > 0)
		until_failure--;
	return __real_calloc(count, size);
}

static void
opening_without_memory_is_an_error(void **state)
{
	struct arena mem;
	struct str image;
	struct model *m;
	struct err err;
	bool ok = false;
	int n;

	(void)state;
	assert_true(arena_init(&mem, (size_t)1 << 26, &err));
	image = zoo_image(ZOO_SHOP, &mem);
	for (n = 0; !ok; n++) {
		until_failure = n;
		ok = model_open_bytes(image, &m, &err);
		until_failure = -1;
		if (!ok)
			assert_int_equal(err.kind, ERR_SYSTEM);
	}
	assert_true(n > 2);
	model_close(m);
	arena_done(&mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(opening_without_memory_is_an_error),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("model fault", tests, NULL, NULL);
}
