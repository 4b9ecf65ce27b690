/* SPDX-License-Identifier: ISC
 *
 * score/: arithmetic steps against values worked out by hand, and images in
 * which they are wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "model/model.h"
#include "model/model_build.h"
#include "score/score.h"

static struct arena mem;
static struct err err;

#define BUILD(call) \
	do { \
		if (!(call)) \
			fail_msg("%s", err.text); \
	} while (0)

/* A build with columns a, b and c. */
static struct model_build *
build_new(void)
{
	struct model_build *b;
	uint32_t slot;

	if (mem.base == NULL)
		BUILD(arena_init(&mem, (size_t)1 << 26, &err));
	arena_reset(&mem, 0);
	b = model_build_new(&mem);
	assert_non_null(b);
	for (char name = 'a'; name <= 'c'; name++)
		BUILD(model_build_input(b, (struct str){&name, 1}, &slot,
		    &err));
	return b;
}

/* The sum of the slots for `n` rows of three cells. */
static void
run(struct model_build *b, uint32_t slot, const double *cells, size_t n,
    double *out)
{
	struct str image;
	struct model *m;
	struct score_fault fault;
	void *scratch;

	BUILD(model_build_output(b, MODEL_REGRESSION, &slot, 1, &err));
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &m, &err));
	scratch = aligned_alloc(64, (score_scratch_bytes(m, n) + 63) &
	    ~(size_t)63);
	assert_non_null(scratch);
	assert_true(score_rows(m, cells, n, out, scratch, &fault));
	free(scratch);
	model_close(m);
}

/* One calculation of three inputs, as one row and as many. */
static double
calc(enum model_calc what, bool floats, double a, double b, double c)
{
	const double row[] = {a, b, c, 0.5, 0.5, 0.5, a, b, c};
	const uint32_t src[] = {0, 1, 2};
	struct model_build *build = build_new();
	double out[3], alone;
	uint32_t y;

	BUILD(model_build_calc(build, what, floats, src, NULL, 1, &y, &err));
	run(build, y, row, 3, out);
	assert_true(out[0] == out[2]);
	build = build_new();
	BUILD(model_build_calc(build, what, floats, src, NULL, 1, &y, &err));
	run(build, y, row, 1, &alone);
	assert_true(alone == out[0]);
	return alone;
}

static void
calculations_give_what_they_are_named_after(void **state)
{
	(void)state;
	assert_true(calc(CALC_FLOAT, false, 0.1, 9, 9) == (double)0.1f);
	assert_true(calc(CALC_TRUNC, false, -1.7, 9, 9) == -1);
	assert_true(calc(CALC_ROUND, false, 2.5, 9, 9) == 2);
	assert_true(calc(CALC_SIGN, false, -3, 9, 9) == -1);
	assert_true(calc(CALC_SUB, false, 5, 3, 9) == 2);
	assert_true(calc(CALC_SUB_FROM, false, 5, 3, 9) == -2);
	assert_true(calc(CALC_DIV, false, 6, 3, 9) == 2);
	assert_true(calc(CALC_DIV_INTO, false, 3, 6, 9) == 2);
	assert_true(calc(CALC_MOD, false, -7, 3, 9) == 2);
	assert_true(calc(CALC_FMOD, false, -7, 3, 9) == -1);
	assert_true(calc(CALC_POW, false, 2, 3, 9) == 8);
	assert_true(calc(CALC_EXPONENT, false, 2, 3, 9) == 9);
	assert_true(calc(CALC_SIGMOID, false, 0, 9, 9) == 0.5);
	assert_true(calc(CALC_EQUAL, false, 2, 2, 9) == 1);
	assert_true(calc(CALC_EQUAL, false, NAN, NAN, 9) == 0);
	assert_true(calc(CALC_GREATER_EQUAL, false, 2, 2, 9) == 1);
	assert_true(calc(CALC_AND, false, 2, 0, 9) == 0);
	assert_true(calc(CALC_XOR, false, 2, 0, 9) == 1);
	assert_true(calc(CALC_NOT, false, 0, 9, 9) == 1);
	assert_true(calc(CALC_IS_NAN, false, NAN, 9, 9) == 1);
	assert_true(calc(CALC_REPLACE, false, 4, 4, 7) == 7);
	assert_true(calc(CALC_REPLACE, false, 5, 4, 7) == 5);
	assert_true(calc(CALC_WHERE, false, 1, 4, 7) == 4);
	assert_true(calc(CALC_WHERE, false, 0, 4, 7) == 7);
	assert_true(calc(CALC_ADD, true, 1, 1e-9, 9) == 1);
	assert_true(calc(CALC_ADD, false, 1, 1e-9, 9) > 1);
}

static void
a_constant_stands_for_the_last_operand_of_each_lane(void **state)
{
	const double cells[] = {1, 2, 3, 4, 5, 6};
	const double last[] = {10, 100};
	const uint32_t src[] = {0, 2};
	struct model_build *b = build_new();
	double out[2];
	uint32_t y;

	(void)state;
	BUILD(model_build_calc(b, CALC_MUL, false, src, last, 2, &y, &err));
	run(b, y + 1, cells, 2, out);
	assert_true(out[0] == 300 && out[1] == 600);
	b = build_new();
	BUILD(model_build_calc(b, CALC_MUL, false, src, last, 2, &y, &err));
	run(b, y, cells, 2, out);
	assert_true(out[0] == 10 && out[1] == 40);
}

static double
fold(enum model_fold what, double a, double b, double c)
{
	const double row[] = {a, b, c};
	const uint32_t src[] = {2, 2, 2, 0, 1, 2};
	struct model_build *build = build_new();
	double out;
	uint32_t y;

	BUILD(model_build_fold(build, what, false, src, 3, 2, &y, &err));
	run(build, y + 1, row, 1, &out);
	return out;
}

static void
folds_make_one_number_of_many(void **state)
{
	(void)state;
	assert_true(fold(FOLD_SUM, 1, 2, 4) == 7);
	assert_true(fold(FOLD_PRODUCT, 3, 2, 4) == 24);
	assert_true(fold(FOLD_GREATEST, 3, 9, 4) == 9);
	assert_true(fold(FOLD_LEAST, 3, 9, 4) == 3);
	assert_true(fold(FOLD_ARGMAX, 3, 9, 9) == 1);
	assert_true(fold(FOLD_ARGMAX_LAST, 3, 9, 9) == 2);
	assert_true(fold(FOLD_ARGMIN, 3, 3, 9) == 0);
	assert_true(fold(FOLD_ARGMIN_LAST, 3, 3, 9) == 1);
}

/* Ten sums of a, b and c, each rounded to float after every product. */
static void
fused_sums_round_after_each_product(void **state)
{
	const double cells[] = {1, 0x1p-24, 0x1p-24, 1, 0x1p-24, 0x1p-24};
	const uint32_t src[] = {0, 1, 2};
	double coef[30], intercept[10], out[2];

	(void)state;
	for (uint32_t i = 0; i < 30; i++) {
		coef[i] = i % 3 == 0 ? 1 + i / 3 : 1;
		intercept[i / 3] = i / 3;
	}
	for (uint32_t k = 0; k < 10; k++) {
		/* In double the two small ones would count. */
		double want = 2.0 * k + 1;

		for (size_t rows = 1; rows <= 2; rows++) {
			struct model_build *b = build_new();
			uint32_t y;

			BUILD(model_build_linear_fma(b, src, 3, 10, coef,
			    intercept, &y, &err));
			run(b, y + k, cells, rows, out);
			assert_true(out[0] == want && out[rows - 1] == want);
		}
	}
}

static void
calculations_of_nothing_are_refused(void **state)
{
	const uint32_t src[] = {0, 3};
	struct model_build *b = build_new();
	uint32_t y;

	(void)state;
	assert_false(model_build_calc(b, CALC_ADD, false, src, NULL, 0, &y,
	    &err));
	assert_false(model_build_calc(b, CALC_ADD, false, src, NULL, 1, &y,
	    &err));
	assert_non_null(strstr(err.text, "slot 3 of 3"));
	assert_false(model_build_fold(b, FOLD_SUM, false, src, 0, 1, &y,
	    &err));
}

/* What the schema says of a null in column a. */
static enum model_null
null_of(enum model_calc what)
{
	const uint32_t src[] = {0, 1, 2};
	struct model_build *b = build_new();
	struct model_field f;
	uint32_t y;

	BUILD(model_build_calc(b, what, false, src, NULL, 1, &y, &err));
	BUILD(model_build_impute(b, y, 0, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_field_default(b, 0, &f);
	return f.null;
}

static void
missing_values_come_through_where_they_mean_something(void **state)
{
	(void)state;
	assert_int_equal(null_of(CALC_ADD), NULL_MISSING);
	assert_int_equal(null_of(CALC_IS_NAN), NULL_MISSING);
	assert_int_equal(null_of(CALC_LESS), NULL_REFUSE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calculations_give_what_they_are_named_after),
	    cmocka_unit_test(
		a_constant_stands_for_the_last_operand_of_each_lane),
	    cmocka_unit_test(folds_make_one_number_of_many),
	    cmocka_unit_test(fused_sums_round_after_each_product),
	    cmocka_unit_test(calculations_of_nothing_are_refused),
	    cmocka_unit_test(
		missing_values_come_through_where_they_mean_something),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
