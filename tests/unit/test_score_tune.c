/* SPDX-License-Identifier: ISC
 *
 * Measuring a model's forests: what comes out is noted in the image, which
 * still opens and still gives the same answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "model/model_view.h"
#include "model_zoo.h"
#include "score/score.h"
#include "score/tune.h"

enum { ROWS = 70, CELLS_MAX = 16, OUT_MAX = 8 };

static struct arena mem;
static struct err err;

/* Answers of an image to the same rows each time; 0 rows where a model does
 * not take such rows. */
static size_t
answers(struct str image, double *out)
{
	static double cells[ROWS * CELLS_MAX];
	struct score_fault fault;
	struct model *m;
	void *scratch;
	size_t n = 0;

	assert_true(model_open_bytes(image, &m, &err));
	assert_true(model_inputs(m) <= CELLS_MAX);
	assert_true(model_outputs(m) <= OUT_MAX);
	srand48(7);
	for (uint32_t i = 0; i < ROWS * model_inputs(m); i++)
		cells[i] = (double)(lrand48() % 4) - 1;
	scratch = aligned_alloc(64, (score_scratch_bytes(m, ROWS) + 63) &
	    ~(size_t)63);
	if (score_rows(m, cells, ROWS, out, scratch, &fault))
		n = ROWS * model_outputs(m);
	free(scratch);
	model_close(m);
	return n;
}

static void
tuned_images_give_the_same_answers(void **state)
{
	(void)state;
	for (int k = 0; k < ZOO_COUNT; k++) {
		static double before[ROWS * OUT_MAX], after[ROWS * OUT_MAX];
		struct str image = zoo_image((enum zoo)k, &mem);
		size_t n = answers(image, before);

		assert_true(tune_image(image, &err));
		assert_int_equal(answers(image, after), n);
		assert_memory_equal(before, after, n * sizeof(*after));
	}
}

static void
what_was_measured_is_noted_in_the_image(void **state)
{
	const struct model_layout absurd = {RANKS_ROWS, 3};
	struct str image = zoo_image(ZOO_FLOATS, &mem);
	struct model *m;

	(void)state;
	model_image_layouts(image, &absurd);
	assert_true(tune_image(image, &err));
	assert_true(model_open_bytes(image, &m, &err));
	assert_int_not_equal(m->forests[0].trees_to, absurd.trees_to);
	assert_true(m->forests[0].rows_from < RANKS_ROWS);
	model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tuned_images_give_the_same_answers),
	    cmocka_unit_test(what_was_measured_is_noted_in_the_image),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!arena_init(&mem, (size_t)1 << 26, &err))
		return 1;
	failed = cmocka_run_group_tests_name("score tune", tests, NULL, NULL);
	arena_done(&mem);
	return failed;
}
