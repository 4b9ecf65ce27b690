/* SPDX-License-Identifier: ISC
 *
 * Imports for tests: one arena, emptied behind each test.
 */
#include "import_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "import/import.h"
#include "score/score.h"

char message[sizeof(((struct err *)NULL)->text)];
static struct arena mem;

int
import_begin(void **state)
{
	struct err err;

	(void)state;
	return arena_init(&mem, (size_t)48 << 20, &err) ? 0 : 1;
}

int
import_end(void **state)
{
	(void)state;
	arena_done(&mem);
	return 0;
}

int
import_forget(void **state)
{
	(void)state;
	arena_reset(&mem, (size_t)1 << 16);
	return 0;
}

struct model *
import_str(struct str bytes)
{
	const struct import_options options = {0};
	struct model_build *build;
	struct model *m;
	struct str image;
	struct err err;

	if (!import_bytes(bytes, "f", &options, &mem, &build, &err) ||
	    !model_image(build, &image, &err)) {
		memcpy(message, err.text, sizeof(message));
		return NULL;
	}
	assert_true(model_open_bytes(image, &m, &err));
	return m;
}

void
assert_refused_str(struct str bytes, const char *sentence)
{
	assert_null(import_str(bytes));
	if (strstr(message, sentence) == NULL)
		fail_msg("got \"%s\", want \"%s\"", message, sentence);
}

double
score_output(const struct model *m, const double *cells, uint32_t k)
{
	void *scratch = aligned_alloc(64,
	    (score_scratch_bytes(m, 1) + 63) & ~(size_t)63);
	struct score_fault fault;
	double out[8];

	assert_true(k < model_outputs(m));
	assert_true(model_outputs(m) <= countof(out));
	if (!score_rows(m, cells, 1, out, scratch, &fault))
		out[k] = NAN;
	free(scratch);
	return out[k];
}
