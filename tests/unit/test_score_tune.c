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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "model/model_build.h"
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

/* Whatever an image says: where one row is scored, there is scratch for one. */
static void
a_row_alone_is_no_group_of_rows(void **state)
{
	enum { BEHIND = 1 << 16 };
	const struct model_layout ways[] = {{1, 0}, {RANKS_ROWS, 0}};
	const double cells[] = {0.5, -3};
	struct str image = zoo_image(ZOO_FLOATS, &mem);
	double out[2];

	(void)state;
	for (size_t i = 0; i < countof(ways); i++) {
		struct score_fault fault;
		unsigned char *scratch;
		struct model *m;
		size_t n;

		model_image_layouts(image, &ways[i]);
		assert_true(model_open_bytes(image, &m, &err));
		assert_int_equal(model_outputs(m), 1);
		n = score_scratch_bytes(m, 1);
		scratch = aligned_alloc(64, (n + BEHIND + 63) & ~(size_t)63);
		memset(scratch, 0xa5, n + BEHIND);
		assert_true(score_rows(m, cells, 1, &out[i], scratch, &fault));
		for (size_t k = 0; k < BEHIND; k++)
			assert_int_equal(scratch[n + k], 0xa5);
		free(scratch);
		model_close(m);
	}
	assert_true(out[0] == out[1]);
}

/* A row of so many columns that a block has room for no other. */
static void
a_model_of_wide_rows_is_measured_row_by_row(void **state)
{
	enum { WIDE = 20000 };
	static const int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
	static const int32_t feature[] = {WIDE - 1, 0, 0};
	static const double threshold[] = {0.5, 0, 0}, value[] = {0, 1, 2};
	static uint32_t src[WIDE];
	struct build_tree tree = {.n_nodes = countof(left), .left = left,
	    .right = right, .feature = feature, .threshold = threshold,
	    .value = value};
	struct build_forest f = {.n_trees = 1, .trees = &tree, .divide = 1,
	    .n_values = 1, .n_outputs = 1};
	struct model_build *b = model_build_new(&mem);
	struct str image;
	struct model *m;
	uint32_t y;

	(void)state;
	for (int i = 0; i < WIDE; i++) {
		char name[16];
		int n = snprintf(name, sizeof(name), "f%d", i);

		assert_true(model_build_input(b, (struct str){name,
		    (size_t)n}, &src[i], &err));
	}
	assert_true(model_build_forest(b, src, WIDE, &f, &y, &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	assert_true(model_image(b, &image, &err));
	assert_true(tune_image(image, &err));
	assert_true(model_open_bytes(image, &m, &err));
	assert_int_equal(m->block_rows, 1);
	assert_int_equal(m->forests[0].rows_from, 0);
	model_close(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tuned_images_give_the_same_answers),
	    cmocka_unit_test(what_was_measured_is_noted_in_the_image),
	    cmocka_unit_test(a_row_alone_is_no_group_of_rows),
	    cmocka_unit_test(a_model_of_wide_rows_is_measured_row_by_row),
	};
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!arena_init(&mem, (size_t)1 << 26, &err))
		return 1;
	failed = cmocka_run_group_tests_name("score tune", tests, NULL, NULL);
	arena_done(&mem);
	return failed;
}
