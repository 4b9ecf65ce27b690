/* SPDX-License-Identifier: ISC
 *
 * score/: every kind of step against values worked out by hand, compiled
 * through model_build as importers do it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "model/model.h"
#include "model/model_build.h"
#include "model_zoo.h"
#include "score/score.h"

/* A build with `n` input columns a, b, c ... */
struct world {
	struct arena mem;
	struct model_build *b;
	struct model *m;
	void *scratch;
	struct err err;
};

static void
world_init(struct world *w, uint32_t n)
{
	uint32_t slot;

	memset(w, 0, sizeof(*w));
	assert_true(arena_init(&w->mem, (size_t)1 << 28, &w->err));
	w->b = model_build_new(&w->mem);
	assert_non_null(w->b);
	for (uint32_t i = 0; i < n; i++) {
		char name = (char)('a' + i);

		assert_true(model_build_input(w->b, (struct str){&name, 1},
		    &slot, &w->err));
		assert_int_equal(slot, i);
	}
}

/* Compile with the given slots as the outputs: one a regression, more the
 * probabilities of as many classes. */
static void
world_compile(struct world *w, const uint32_t *out, uint32_t n)
{
	struct str image;
	struct err *err = &w->err;

	for (uint32_t k = 0; k < n && n > 1; k++) {
		char name = (char)('A' + k);

		assert_true(model_build_class(w->b, (struct model_class){
		    .kind = CLASS_TEXT, .text = {&name, 1}}, err));
	}
	assert_true(model_build_output(w->b, n > 1 ? MODEL_CLASSIFICATION :
	    MODEL_REGRESSION, out, n, err));
	if (!model_image(w->b, &image, err))
		fail_msg("%s", err->text);
	if (!model_open_bytes(image, &w->m, err))
		fail_msg("%s", err->text);
	w->scratch = aligned_alloc(64, (score_scratch_bytes(w->m, 100) + 63) &
	    ~(size_t)63);
	assert_non_null(w->scratch);
}

static void
world_done(struct world *w)
{
	model_close(w->m);
	free(w->scratch);
	arena_done(&w->mem);
}

/* The regression's number for one row. */
static double
score_one(struct world *w, const double *cells)
{
	struct score_fault fault;
	double out;

	assert_true(score_rows(w->m, cells, 1, &out, w->scratch, &fault));
	return out;
}

static struct score_fault
refused(struct world *w, const double *cells, size_t n)
{
	struct score_fault fault = {.row = SIZE_MAX};
	double out[64];

	assert_false(score_rows(w->m, cells, n, out, w->scratch, &fault));
	return fault;
}

static uint32_t
code(struct world *w, uint32_t slot, const char *text)
{
	uint32_t c;

	assert_true(model_build_code(w->b, slot, str_of(text), &c, &w->err));
	return c;
}

#define BUILD(call) \
	do { \
		if (!(call)) \
			fail_msg("%s", w.err.text); \
	} while (0)

static void
impute_fills_what_is_missing(void **state)
{
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_impute(w.b, 0, 2.5, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){NAN}) == 2.5);
	assert_true(score_one(&w, (double[]){-7}) == -7);
	world_done(&w);
}

static void
missing_if_makes_a_sentinel_missing(void **state)
{
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_missing_if(w.b, 0, -1, &x, &w.err));
	BUILD(model_build_impute(w.b, x, 9, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){-1}) == 9);
	assert_true(score_one(&w, (double[]){1}) == 1);
	assert_true(score_one(&w, (double[]){NAN}) == 9);
	world_done(&w);
}

static void
missing_near_makes_what_is_all_but_zero_missing(void **state)
{
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_missing_near(w.b, 0, 1e-35, &x, &w.err));
	BUILD(model_build_impute(w.b, x, 9, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){0}) == 9);
	assert_true(score_one(&w, (double[]){-1e-35}) == 9);
	assert_true(score_one(&w, (double[]){1.1e-35}) == 1.1e-35);
	assert_true(score_one(&w, (double[]){-3}) == -3);
	assert_true(score_one(&w, (double[]){NAN}) == 9);
	world_done(&w);
}

static void
indicator_marks_what_is_missing(void **state)
{
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_indicator(w.b, 0, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){NAN}) == 1);
	assert_true(score_one(&w, (double[]){0}) == 0);
	world_done(&w);
}

static void
scalers_round_each_operation(void **state)
{
	struct world w;
	uint32_t x, y, z;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_sub_div(w.b, 0, 0.1, 3, &x, &w.err));
	BUILD(model_build_mul_add(w.b, x, 0.7, 0.2, -INFINITY, INFINITY, &y,
	    &w.err));
	BUILD(model_build_mul_add(w.b, y, 1, 0, -1, 1, &z, &w.err));
	world_compile(&w, &z, 1);
	for (int i = 0; i < 1000; i++) {
		volatile double v = drand48() * 4 - 2, want;

		want = v - 0.1;
		want = want / 3;
		want = want * 0.7;
		want = want + 0.2;
		assert_true(score_one(&w, (double[]){v}) == want);
	}
	assert_true(score_one(&w, (double[]){1e6}) == 1);
	assert_true(score_one(&w, (double[]){-1e6}) == -1);
	world_done(&w);
}

static void
lookup_finds_numbers_in_any_order(void **state)
{
	static const double values[] = {3, -1.5, 0, INFINITY, 8};
	static const double table[] = {-10, -20, 0, 1, 2, 3, 4};
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_lookup(w.b, 0, values, countof(values), &x,
	    &w.err));
	BUILD(model_build_table(w.b, x, table, countof(table), &y, &w.err));
	world_compile(&w, &y, 1);
	for (uint32_t i = 0; i < countof(values); i++)
		assert_true(score_one(&w, &values[i]) == i);
	assert_true(score_one(&w, (double[]){-0.0}) == 2);
	assert_true(score_one(&w, (double[]){7}) == -10);
	assert_true(score_one(&w, (double[]){-INFINITY}) == -10);
	assert_true(score_one(&w, (double[]){NAN}) == -20);
	world_done(&w);
}

static void
a_line_may_jump(void **state)
{
	static const double xs[] = {0, 1, 1, 2}, ys[] = {0, 1, 5, 6};
	static const double cases[][2] = {{0.5, 0.5}, {1, 5}, {1.5, 5.5},
	    {-1, 0}, {3, 6}};
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_interpolate(w.b, 0, xs, ys, countof(xs), &y,
	    &w.err));
	world_compile(&w, &y, 1);
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score_one(&w, cases[i]) == cases[i][1]);
	world_done(&w);
}

static void
bins_count_the_cuts_below(void **state)
{
	static const double cuts[] = {-INFINITY, 0, 1, 1, 2.5};
	static const double down[] = {2.5, 0};
	static const double table[TABLE_CODES + countof(cuts) + 1] = {
	    TABLE_REFUSE, TABLE_REFUSE, 0, 1, 2, 3, 4, 5};
	static const double cases[][2] = {{-1e300, 1}, {-0.0, 2}, {0.5, 2},
	    {1, 4}, {2.4999, 4}, {2.5, 5}, {1e300, 5}};
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	assert_false(model_build_bins(w.b, 0, down, 2, &y, &w.err));
	assert_non_null(strstr(w.err.text, "do not ascend"));
	BUILD(model_build_bins(w.b, 0, cuts, countof(cuts), &y, &w.err));
	BUILD(model_build_table(w.b, y, table, countof(table), &y, &w.err));
	world_compile(&w, &y, 1);
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score_one(&w, cases[i]) == cases[i][1]);
	assert_int_equal(refused(&w, (double[]){NAN}, 1).why, SCORE_MISSING);
	world_done(&w);
}

static void
what_is_required_is_present_and_finite(void **state)
{
	struct world w;
	uint32_t y, again;

	(void)state;
	world_init(&w, 2);
	BUILD(model_build_require(w.b, 0, &y, &w.err));
	BUILD(model_build_require(w.b, y, &again, &w.err));
	assert_int_equal(again, y); /* once is enough */
	BUILD(model_build_indicator(w.b, y, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){1e300, NAN}) == 0);
	assert_int_equal(refused(&w, (double[]){NAN, 0}, 1).why,
	    SCORE_MISSING);
	assert_int_equal(refused(&w, (double[]){INFINITY, 0}, 1).why,
	    SCORE_NOT_FINITE);
	world_done(&w);
}

/* What overflows, or has no logarithm, was not missing. */
static void
what_is_no_number_is_told_from_what_is_missing(void **state)
{
	static const double coef[] = {1e300, 1e300};
	static const double zero = 0;
	struct score_fault fault;
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 2);
	BUILD(model_build_linear(w.b, (uint32_t[]){0, 1}, 2, 1, coef, &zero,
	    &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){1, 1}) == 2e300);
	fault = refused(&w, (double[]){1e300, -1e300}, 1);
	assert_int_equal(fault.why, SCORE_NO_NUMBER);
	assert_int_equal(fault.column, -1);
	assert_int_equal(refused(&w, (double[]){1e300, 1}, 1).why,
	    SCORE_NOT_FINITE);
	assert_int_equal(refused(&w, (double[]){1, NAN}, 1).why,
	    SCORE_MISSING);
	world_done(&w);
}

static void
interpolation_follows_its_lines(void **state)
{
	static const double xs[] = {-1, 0, 3, 7}, ys[] = {5, 5, 6.5, -2};
	static const double cases[][2] = {{-9, 5}, {-1, 5}, {-0.5, 5},
	    {0, 5}, {1, 5.5}, {3, 6.5}, {5, 2.25}, {7, -2}, {1e300, -2}};
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	assert_false(model_build_interpolate(w.b, 0, ys, xs, 4, &y, &w.err));
	assert_non_null(strstr(w.err.text, "point 3 of a line"));
	assert_false(model_build_interpolate(w.b, 0, xs, ys, 0, &y, &w.err));
	BUILD(model_build_interpolate(w.b, 0, xs, ys, countof(xs), &y,
	    &w.err));
	world_compile(&w, &y, 1);
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score_one(&w, cases[i]) == cases[i][1]);
	assert_int_equal(refused(&w, (double[]){NAN}, 1).why, SCORE_MISSING);
	world_done(&w);
}

static void
median_is_where_half_of_the_weights_are(void **state)
{
	static const double weights[] = {1, 2, 0.5, 0.5};
	static const double cases[][5] = {{1, 2, 3, 4, 2}, {4, 3, 2, 1, 3},
	    {1, 9, 2, 3, 3}, {5, 1, 5, 5, 1}, {0, 7, 0, 0, 0}};
	double many[countof(cases) * 4], out[countof(cases)];
	struct score_fault fault;
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 4);
	assert_false(model_build_median(w.b, NULL, NULL, 0, &y, &w.err));
	BUILD(model_build_median(w.b, (uint32_t[]){0, 1, 2, 3}, weights, 4,
	    &y, &w.err));
	world_compile(&w, &y, 1);
	for (size_t i = 0; i < countof(cases); i++) {
		assert_true(score_one(&w, cases[i]) == cases[i][4]);
		memcpy(many + 4 * i, cases[i], 4 * sizeof(*many));
	}
	assert_true(score_rows(w.m, many, countof(cases), out, w.scratch,
	    &fault));
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(out[i] == cases[i][4]);
	assert_int_equal(refused(&w, (double[]){1, NAN, 1, 1}, 1).column, 1);
	world_done(&w);
}

/* One row, and among others. */
static void
assert_score(struct world *w, const double *x, const double *expected,
    uint32_t n)
{
	uint32_t inputs = model_inputs(w->m);
	double many[3 * 8], out[3 * 8];
	struct score_fault fault;

	for (int r = 0; r < 3; r++)
		memcpy(many + r * inputs, x, inputs * sizeof(*x));
	assert_true(score_rows(w->m, many, 3, out, w->scratch, &fault));
	for (uint32_t i = 0; i < 3 * n; i++)
		assert_true(out[i] == expected[i % n]);
	assert_true(score_rows(w->m, many, 1, out, w->scratch, &fault));
	for (uint32_t i = 0; i < n; i++)
		assert_true(out[i] == expected[i]);
}

static void
sort_puts_equal_numbers_in_their_order(void **state)
{
	static const double cases[][12] = {
	    {3, 1, 2, 1, 1, 3, 2, 0, 1, 1, 2, 3},
	    {5, 5, 5, 5, 0, 1, 2, 3, 5, 5, 5, 5},
	    {-1, 4, -2, 0, 2, 0, 3, 1, -2, -1, 0, 4}};
	struct world w;
	uint32_t y, out[8];

	(void)state;
	world_init(&w, 4);
	assert_false(model_build_sort(w.b, NULL, 0, &y, &w.err));
	BUILD(model_build_sort(w.b, (uint32_t[]){0, 1, 2, 3}, 4, &y, &w.err));
	for (uint32_t i = 0; i < 8; i++)
		out[i] = y + i;
	world_compile(&w, out, 8);
	for (size_t i = 0; i < countof(cases); i++)
		assert_score(&w, cases[i], cases[i] + 4, 8);
	assert_int_equal(refused(&w, (double[]){1, 2, NAN, 1}, 1).column, 2);
	world_done(&w);
}

static void
kernel_is_how_alike_row_and_vector_are(void **state)
{
	static const double list[] = {1, 2, -1, 0.5, 3, 0};
	static const double rows[][2] = {{1, 2}, {0, 0}, {-2.5, 7}, {1, 1}};

	(void)state;
	for (int kind = 0; kind < 2 * KERNEL_COUNT; kind++) {
		struct build_kernel k = {.kind = kind / 2,
		    .floats = kind % 2 != 0, .gamma = 0.25, .coef0 = 1,
		    .degree = 3, .vectors = list};
		struct world w;
		uint32_t y;

		world_init(&w, 2);
		assert_false(model_build_kernel(w.b, (uint32_t[]){0, 1}, 2,
		    &k, &y, &w.err));
		k.n_vectors = 3;
		BUILD(model_build_kernel(w.b, (uint32_t[]){0, 1}, 2, &k, &y,
		    &w.err));
		world_compile(&w, (uint32_t[]){y, y + 1, y + 2}, 3);
		for (size_t r = 0; r < countof(rows); r++) {
			double expected[3];

			for (int i = 0; i < 3; i++) {
				const double *x = rows[r], *v = list + 2 * i;
				double p = x[0] * v[0] + x[1] * v[1];
				double d = (x[0] - v[0]) * (x[0] - v[0]) +
				    (x[1] - v[1]) * (x[1] - v[1]);

				expected[i] = k.kind == KERNEL_LINEAR ? p :
				    k.kind == KERNEL_RBF ? exp(-0.25 * d) :
				    k.kind == KERNEL_POLY ?
				    pow(0.25 * p + 1, 3) :
				    tanh(0.25 * p + 1);
				if (k.floats)
					expected[i] = (double)
					    (float)expected[i];
			}
			assert_score(&w, rows[r], expected, 3);
		}
		assert_int_equal(refused(&w, (double[]){1, INFINITY}, 1).why,
		    SCORE_NOT_FINITE);
		world_done(&w);
	}
}

static void
coupling_agrees_with_each_pair(void **state)
{
	/* 0.5, 0.3 and 0.2, as pairs see them: nothing to give and take. */
	static const double pairs[] = {0.5 / 0.8, 0.5 / 0.7, 0.3 / 0.5};
	static const double even[] = {0.5, 0.5, 0.5};
	struct world w;
	uint32_t y;
	double out[3];
	struct score_fault fault;

	(void)state;
	world_init(&w, 3);
	assert_false(model_build_couple(w.b, (uint32_t[]){0}, 1, &y,
	    &w.err));
	BUILD(model_build_couple(w.b, (uint32_t[]){0, 1, 2}, 3, &y, &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1, y + 2}, 3);
	assert_true(score_rows(w.m, pairs, 1, out, w.scratch, &fault));
	assert_true(fabs(out[0] - 0.5) < 0.01 && fabs(out[1] - 0.3) < 0.01 &&
	    fabs(out[2] - 0.2) < 0.01);
	assert_true(fabs(out[0] + out[1] + out[2] - 1) < 1e-15);
	assert_true(score_rows(w.m, even, 1, out, w.scratch, &fault));
	for (int i = 0; i < 3; i++)
		assert_true(out[i] == 1.0 / 3);
	world_done(&w);
}

static void
table_takes_codes_unknown_and_missing(void **state)
{
	static const double table[] = {-1, NAN, 10, 11, TABLE_REFUSE};
	struct score_fault fault;
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 2);
	code(&w, 1, "red");
	code(&w, 1, "green");
	code(&w, 1, "blue");
	code(&w, 1, "grey"); /* beyond the table: unknown to it */
	BUILD(model_build_table(w.b, 1, table, countof(table), &x, &w.err));
	BUILD(model_build_impute(w.b, x, 99, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){0, 0}) == 10);
	assert_true(score_one(&w, (double[]){0, 1}) == 11);
	assert_true(score_one(&w, (double[]){0, 3}) == -1);
	assert_true(score_one(&w, (double[]){0, CODE_UNKNOWN}) == -1);
	assert_true(score_one(&w, (double[]){0, NAN}) == 99);
	fault = refused(&w, (double[]){0, 2}, 1);
	assert_int_equal(fault.why, SCORE_UNKNOWN);
	assert_int_equal(fault.column, 1);
	assert_int_equal(fault.row, 0);
	/* What no caller should pass reads nothing outside the table. */
	assert_true(score_one(&w, (double[]){0, 1e300}) == -1);
	assert_true(score_one(&w, (double[]){0, -INFINITY}) == -1);
	world_done(&w);
}

static void
onehot_sets_one_feature_or_none(void **state)
{
	static const int32_t map[] = {ONEHOT_NONE, ONEHOT_REFUSE, 1, 0,
	    ONEHOT_NONE};
	static const double coef[] = {1, 10}, zero[] = {0};
	struct score_fault fault;
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 1);
	code(&w, 0, "x");
	code(&w, 0, "y");
	code(&w, 0, "dropped");
	BUILD(model_build_onehot(w.b, 0, map, countof(map), 2, &x, &w.err));
	BUILD(model_build_linear(w.b, (uint32_t[]){x, x + 1}, 2, 1, coef,
	    zero, &y, &w.err));
	world_compile(&w, &y, 1);
	assert_true(score_one(&w, (double[]){0}) == 10);
	assert_true(score_one(&w, (double[]){1}) == 1);
	assert_true(score_one(&w, (double[]){2}) == 0);
	assert_true(score_one(&w, (double[]){CODE_UNKNOWN}) == 0);
	fault = refused(&w, (double[]){NAN}, 1);
	assert_int_equal(fault.why, SCORE_MISSING);
	assert_int_equal(fault.column, 0);
	world_done(&w);
}

static void
linear_adds_in_order_and_refuses_what_is_not_finite(void **state)
{
	static const double coef[] = {0.1, 0.2, 0.3, -1, -2, -3};
	static const double intercept[] = {0.7, 100};
	struct score_fault fault;
	double out[2];
	struct world w;
	uint32_t y, one, src[3];

	(void)state;
	world_init(&w, 2);
	BUILD(model_build_constant(w.b, 1, &one, &w.err));
	src[0] = 1;
	src[1] = one;
	src[2] = 0;
	BUILD(model_build_linear(w.b, src, 3, 2, coef, intercept, &y,
	    &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){5, 7}, 1, out, w.scratch,
	    &fault));
	assert_true(out[0] == 0.1 * 7 + 0.2 + 0.3 * 5 + 0.7);
	assert_true(out[1] == -7 - 2.0 - 15 + 100);
	fault = refused(&w, (double[]){1, 2, NAN, 4}, 2);
	assert_int_equal(fault.row, 1);
	assert_int_equal(fault.why, SCORE_MISSING);
	assert_int_equal(fault.column, 0);
	fault = refused(&w, (double[]){1, INFINITY}, 1);
	assert_int_equal(fault.why, SCORE_NOT_FINITE);
	assert_int_equal(fault.column, 1);
	/* Sums that overflow are refused too, by no column's fault. */
	fault = refused(&w, (double[]){DBL_MAX, 0}, 1);
	assert_int_equal(fault.why, SCORE_NOT_FINITE);
	assert_int_equal(fault.column, -1);
	world_done(&w);
}

static void
linear_in_float_leaves_out_what_is_missing(void **state)
{
	static const double coef[] = {0.1, 1e-9, 0.3, 1, 2, 3};
	static const double start[] = {0.7, 100};
	struct score_fault fault;
	double out[2];
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 3);
	BUILD(model_build_linear_float(w.b, (uint32_t[]){2, 1, 0}, 3, 2, coef,
	    start, &y, &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){5, 7, 0.3}, 1, out, w.scratch,
	    &fault));
	assert_true(out[0] == (double)(0.7f + 0.3f * 0.1f + 7 * 1e-9f +
	    5 * 0.3f));
	assert_true(out[1] == (double)(100 + 0.3f + 14 + 15));
	assert_true(score_rows(w.m, (double[]){5, NAN, NAN}, 1, out,
	    w.scratch, &fault));
	assert_true(out[0] == (double)(0.7f + 5 * 0.3f));
	fault = refused(&w, (double[]){1, 1e39, 0}, 1);
	assert_int_equal(fault.why, SCORE_NOT_FINITE);
	assert_int_equal(fault.column, 1);
	world_done(&w);
}

static void
leaves_are_linear_or_what_they_are_otherwise(void **state)
{
	static const double coef[] = {0.1, 0.2};
	static const uint32_t feature[] = {1, 0};
	const struct build_leaf leaves[] = {
	    {.constant = 7, .otherwise = 9},
	    {.n = 2, .feature = feature, .coef = coef, .constant = 1,
		.otherwise = -1},
	};
	struct score_fault fault;
	double out[2];
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 3);
	/* Columns a and b say to which leaves three trees came. */
	BUILD(model_build_leaves(w.b, (uint32_t[]){0, 1, 0}, 3,
	    (uint32_t[]){1, 2}, 2, leaves, 2, 2, &y, &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){0, 1, 5}, 1, out, w.scratch,
	    &fault));
	assert_true(out[0] == 14);
	assert_true(out[1] == 1 + 0.1 * 5 + 0.2 * 1);
	assert_true(score_rows(w.m, (double[]){1, 0, NAN}, 1, out, w.scratch,
	    &fault));
	assert_true(out[0] == -2);
	assert_true(out[1] == 7);
	/* What is no leaf is the first. */
	assert_true(score_rows(w.m, (double[]){2, -3, 5}, 1, out, w.scratch,
	    &fault));
	assert_true(out[0] == 14);
	fault = refused(&w, (double[]){1, 0, INFINITY}, 1);
	assert_int_equal(fault.why, SCORE_NOT_FINITE);
	world_done(&w);
}

static void
leaves_beyond_their_features_are_refused(void **state)
{
	static const double coef[] = {NAN};
	struct build_leaf leaf = {.n = 1, .feature = (uint32_t[]){1},
	    .coef = coef};
	struct world w;
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	assert_false(model_build_leaves(w.b, (uint32_t[]){0}, 1,
	    (uint32_t[]){0}, 1, &leaf, 1, 1, &y, &w.err));
	assert_non_null(strstr(w.err.text, "a feature that is not there"));
	leaf.feature = (uint32_t[]){0};
	assert_false(model_build_leaves(w.b, (uint32_t[]){0}, 1,
	    (uint32_t[]){0}, 1, &leaf, 1, 1, &y, &w.err));
	assert_non_null(strstr(w.err.text, "not a finite number"));
	assert_false(model_build_leaves(w.b, (uint32_t[]){0}, 1,
	    (uint32_t[]){0}, 1, &leaf, 0, 1, &y, &w.err));
	assert_non_null(strstr(w.err.text, "without leaves"));
	arena_done(&w.mem);
}

static void
links_make_probabilities(void **state)
{
	struct score_fault fault;
	struct world w;
	double out[3];
	uint32_t y;

	(void)state;
	world_init(&w, 1);
	BUILD(model_build_link(w.b, LINK_SIGMOID, (uint32_t[]){0}, 1, &y,
	    &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){0.3}, 1, out, w.scratch,
	    &fault));
	assert_true(out[1] == 1 / (1 + exp(-0.3)));
	assert_true(out[0] == 1 - out[1]);
	assert_true(score_rows(w.m, (double[]){-1e9}, 1, out, w.scratch,
	    &fault));
	assert_true(out[1] == 0 && out[0] == 1);
	world_done(&w);

	world_init(&w, 1);
	BUILD(model_build_link(w.b, LINK_SIGMOID2, (uint32_t[]){0}, 1, &y,
	    &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){0.3}, 1, out, w.scratch,
	    &fault));
	assert_true(out[1] == 1 / (1 + exp(-0.6)));
	world_done(&w);

	world_init(&w, 1);
	BUILD(model_build_link(w.b, LINK_SIGMOID_F32, (uint32_t[]){0}, 1, &y,
	    &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_true(score_rows(w.m, (double[]){0.3f}, 1, out, w.scratch,
	    &fault));
	assert_true(out[1] == (double)(1 / (1 + expf(-0.3f))));
	assert_true(out[0] == (double)(1 - (float)out[1]));
	/* e^-x is not let grow to infinity: the library's p is above 0. */
	assert_true(score_rows(w.m, (double[]){-1000}, 1, out, w.scratch,
	    &fault));
	assert_true(out[1] > 0 && out[1] < 1e-38);
	world_done(&w);

	world_init(&w, 3);
	BUILD(model_build_link(w.b, LINK_SOFTMAX_F32, (uint32_t[]){0, 1, 2},
	    3, &y, &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1, y + 2}, 3);
	assert_true(score_rows(w.m, (double[]){0.5, 2, 1.5}, 1, out,
	    w.scratch, &fault));
	for (int k = 0; k < 3; k++) {
		static const float x[] = {0.5, 2, 1.5};
		double sum = (double)expf(-1.5f) + 1 + (double)expf(-0.5f);

		assert_true(out[k] == (double)(expf(x[k] - 2) / (float)sum));
	}
	world_done(&w);

	for (int i = 0; i < 4; i++) {
		static const enum model_link link[] = {LINK_EXP, LINK_EXP_F32,
		    LINK_SQUARE, LINK_EXPM1};

		world_init(&w, 1);
		BUILD(model_build_link(w.b, link[i], (uint32_t[]){0}, 1, &y,
		    &w.err));
		world_compile(&w, &y, 1);
		assert_true(score_rows(w.m, (double[]){0.3f}, 1, out,
		    w.scratch, &fault));
		assert_true(out[0] == (i == 0 ? exp(0.3f) :
		    i == 1 ? (double)expf(0.3f) :
		    i == 2 ? 0.3f * (double)0.3f : expm1(0.3f)));
		world_done(&w);
	}

	for (int i = 0; i < 3; i++) {
		static const enum model_link link[] = {LINK_SOFTMAX, LINK_OVR,
		    LINK_NORMALISE};
		double x[] = {0.5, 2, 1.5}, e[3], sum = 0;

		world_init(&w, 3);
		BUILD(model_build_link(w.b, link[i], (uint32_t[]){0, 1, 2}, 3,
		    &y, &w.err));
		world_compile(&w, (uint32_t[]){y, y + 1, y + 2}, 3);
		assert_true(score_rows(w.m, x, 1, out, w.scratch, &fault));
		for (int k = 0; k < 3; k++) {
			e[k] = link[i] == LINK_SOFTMAX ? exp(x[k] - 2) :
			    link[i] == LINK_OVR ? 1 / (1 + exp(-x[k])) : x[k];
			sum += e[k];
		}
		for (int k = 0; k < 3; k++)
			assert_true(out[k] == e[k] / sum);
		if (link[i] == LINK_SOFTMAX) {
			assert_true(score_rows(w.m, (double[]){1e308, -1e308,
			    0}, 1, out, w.scratch, &fault));
			assert_true(out[0] == 1 && out[1] == 0);
		}
		if (link[i] == LINK_NORMALISE) {
			assert_true(score_rows(w.m, (double[]){0, 0, 0}, 1,
			    out, w.scratch, &fault));
			assert_true(out[0] == 0 && out[2] == 0);
		}
		world_done(&w);
	}
}

static void
class_is_the_first_of_the_greatest_or_by_threshold(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, 2);
	world_compile(&w, (uint32_t[]){0, 1}, 2);
	assert_int_equal(score_class(w.m, 0, (double[]){0.5, 0.5}), 0);
	assert_int_equal(score_class(w.m, 0, (double[]){0.4, 0.6}), 1);
	world_done(&w);
	world_init(&w, 2);
	model_build_figure(w.b, FIGURE_THRESHOLD, 0.3);
	world_compile(&w, (uint32_t[]){0, 1}, 2);
	assert_int_equal(score_class(w.m, 0, (double[]){0.7, 0.3}), 1);
	assert_int_equal(score_class(w.m, 0, (double[]){0.71, 0.29}), 0);
	world_done(&w);
	world_init(&w, 3);
	world_compile(&w, (uint32_t[]){0, 1, 2}, 3);
	assert_int_equal(score_class(w.m, 0, (double[]){0.2, 0.4, 0.4}), 1);
	world_done(&w);
}

/* Of {a, b}, with probabilities before them or without. */
static uint32_t
decided(const double *cells, bool probabilities)
{
	struct world w;
	struct str image;
	double out[4];
	struct score_fault fault;
	uint32_t class_, half;

	world_init(&w, 2);
	for (int k = 0; k < 2; k++)
		assert_true(model_build_class(w.b, (struct model_class){
		    .kind = CLASS_TEXT, .text = k ? STR("y") : STR("n")},
		    &w.err));
	assert_true(model_build_constant(w.b, 0.5, &half, &w.err));
	if (probabilities)
		assert_true(model_build_output(w.b, MODEL_CLASSIFICATION,
		    (uint32_t[]){half, half}, 2, &w.err));
	assert_true(model_build_decision(w.b, (uint32_t[]){0, 1}, 2,
	    &w.err));
	assert_true(model_build_has_probabilities(w.b) == probabilities);
	assert_true(model_image(w.b, &image, &w.err));
	assert_true(model_open_bytes(image, &w.m, &w.err));
	assert_true(model_has_probabilities(w.m) == probabilities);
	assert_int_equal(model_outputs(w.m), probabilities ? 4 : 2);
	assert_int_equal(model_score_output(w.m), -1);
	w.scratch = aligned_alloc(64, (score_scratch_bytes(w.m, 1) + 63) &
	    ~(size_t)63);
	assert_true(score_rows(w.m, cells, 1, out, w.scratch, &fault));
	assert_true(out[probabilities ? 2 : 0] == cells[0]);
	class_ = score_class(w.m, 0, out);
	world_done(&w);
	return class_;
}

static void
each_target_has_a_class_of_its_own(void **state)
{
	struct model_build *b;
	struct arena mem;
	struct model *m;
	struct err err;

	(void)state;
	assert_true(arena_init(&mem, (size_t)1 << 24, &err));
	b = zoo_build(ZOO_TARGETS, &mem);
	/* A threshold is of one target. */
	model_build_figure(b, FIGURE_THRESHOLD, 0.1);
	{
		struct str image;

		assert_true(model_image(b, &image, &err));
		assert_true(model_open_bytes(image, &m, &err));
	}
	/* No, Yes and what decides; low, middle, high. */
	assert_int_equal(score_class(m, 0, (double[]){0.8, 0.2, 0, 1,
	    0.1, 0.2, 0.7}), 1);
	assert_int_equal(score_class(m, 0, (double[]){0.2, 0.8, 1, 1,
	    0.1, 0.2, 0.7}), 0);
	assert_int_equal(score_class(m, 1, (double[]){0.2, 0.8, 1, 1,
	    0.1, 0.2, 0.7}), 4);
	assert_int_equal(score_class(m, 1, (double[]){0.2, 0.8, 1, 1,
	    0.1, 0.45, 0.45}), 3);
	model_close(m);
	arena_done(&mem);
}

static void
sigmoids_that_are_all_nought_have_no_share(void **state)
{
	static const double far[] = {-800, -800}, near[] = {0, 0};
	struct score_fault fault;
	struct world w;
	double out[2];
	uint32_t y;

	(void)state;
	world_init(&w, 2);
	BUILD(model_build_link(w.b, LINK_OVR, (uint32_t[]){0, 1}, 2, &y,
	    &w.err));
	world_compile(&w, (uint32_t[]){y, y + 1}, 2);
	assert_int_equal(refused(&w, far, 1).why, SCORE_NOT_FINITE);
	assert_true(score_rows(w.m, near, 1, out, w.scratch, &fault));
	assert_true(out[0] == 0.5 && out[1] == 0.5);
	world_done(&w);
}

static void
scores_decide_in_the_place_of_probabilities(void **state)
{
	static const double less[] = {3, 2}, same[] = {2, 2}, more[] = {2, 3};

	(void)state;
	for (int with = 0; with < 2; with++) {
		assert_int_equal(decided(less, with), 0);
		assert_int_equal(decided(same, with), 0);
		assert_int_equal(decided(more, with), 1);
	}
}

static void
first_refused_row_is_told_and_earlier_ones_scored(void **state)
{
	static const int32_t map[] = {ONEHOT_REFUSE, ONEHOT_NONE, 0};
	static const double one[] = {1}, zero[] = {0};
	struct score_fault fault = {.row = 99};
	double cells[200], out[100];
	struct world w;
	uint32_t x, y;

	(void)state;
	world_init(&w, 2);
	code(&w, 0, "known");
	/* The encoder runs first, but refuses a later row. */
	BUILD(model_build_onehot(w.b, 0, map, countof(map), 1, &x, &w.err));
	BUILD(model_build_linear(w.b, (uint32_t[]){1}, 1, 1, one, zero, &y,
	    &w.err));
	world_compile(&w, &y, 1);
	for (int r = 0; r < 100; r++) {
		cells[2 * r] = r == 80 ? CODE_UNKNOWN : 0;
		cells[2 * r + 1] = r == 77 ? NAN : r;
		out[r] = -1;
	}
	assert_false(score_rows(w.m, cells, 100, out, w.scratch, &fault));
	assert_int_equal(fault.row, 77);
	assert_int_equal(fault.why, SCORE_MISSING);
	assert_int_equal(fault.column, 1);
	for (int r = 0; r < 77; r++)
		assert_true(out[r] == r);
	world_done(&w);
}

/* Every step over awkward cells: a block of rows gives what each row gives
 * alone, bit for bit, refusals too. */
static void
rows_alone_and_together_give_the_same_bits(void **state)
{
	static const double values[] = {0, 1, 2, 3, CODE_UNKNOWN, NAN, 40, 38,
	    42.5, 0.1, -2.5, -0.0, 1e-310, 7e22, -1e300, 1e308};
	enum { ROWS = 200 };
	double cells[ROWS * 6], one[8], all[ROWS * 8];

	(void)state;
	srand48(3);
	for (int k = 0; k < ZOO_COUNT; k++) {
		struct score_fault fault, alone;
		struct world w = {0};
		size_t n_in, n_out, scored = 0;

		assert_true(arena_init(&w.mem, (size_t)1 << 26, &w.err));
		assert_true(model_open_bytes(zoo_image((enum zoo)k, &w.mem),
		    &w.m, &w.err));
		n_in = model_inputs(w.m);
		n_out = model_outputs(w.m);
		for (int turn = 0; turn < 500; turn++) {
			size_t rows = 1 + (size_t)lrand48() % ROWS, r;
			bool ok;

			/* Just what was asked for, for a sanitizer to see. */
			free(w.scratch);
			w.scratch = aligned_alloc(64, (score_scratch_bytes(w.m,
			    rows) + 63) & ~(size_t)63);
			for (size_t i = 0; i < rows * n_in; i++)
				cells[i] = values[lrand48() % (turn % 2 ? 4 :
				    (long)countof(values))];
			ok = score_rows(w.m, cells, rows, all, w.scratch,
			    &fault);
			for (r = 0; r < rows; r++) {
				if (!score_rows(w.m, cells + r * n_in, 1, one,
				    w.scratch, &alone))
					break;
				assert_memory_equal(one, all + r * n_out,
				    n_out * sizeof(double));
			}
			assert_int_equal(ok, r == rows);
			scored += r;
			if (ok)
				continue;
			assert_int_equal(fault.row, r);
			assert_int_equal(fault.why, alone.why);
			assert_int_equal(fault.column, alone.column);
		}
		assert_true(scored > 10000);
		world_done(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(impute_fills_what_is_missing),
	    cmocka_unit_test(missing_if_makes_a_sentinel_missing),
	    cmocka_unit_test(missing_near_makes_what_is_all_but_zero_missing),
	    cmocka_unit_test(indicator_marks_what_is_missing),
	    cmocka_unit_test(scalers_round_each_operation),
	    cmocka_unit_test(lookup_finds_numbers_in_any_order),
	    cmocka_unit_test(interpolation_follows_its_lines),
	    cmocka_unit_test(a_line_may_jump),
	    cmocka_unit_test(bins_count_the_cuts_below),
	    cmocka_unit_test(what_is_required_is_present_and_finite),
	    cmocka_unit_test(
		what_is_no_number_is_told_from_what_is_missing),
	    cmocka_unit_test(median_is_where_half_of_the_weights_are),
	    cmocka_unit_test(sort_puts_equal_numbers_in_their_order),
	    cmocka_unit_test(kernel_is_how_alike_row_and_vector_are),
	    cmocka_unit_test(coupling_agrees_with_each_pair),
	    cmocka_unit_test(table_takes_codes_unknown_and_missing),
	    cmocka_unit_test(onehot_sets_one_feature_or_none),
	    cmocka_unit_test(
		linear_adds_in_order_and_refuses_what_is_not_finite),
	    cmocka_unit_test(linear_in_float_leaves_out_what_is_missing),
	    cmocka_unit_test(leaves_are_linear_or_what_they_are_otherwise),
	    cmocka_unit_test(leaves_beyond_their_features_are_refused),
	    cmocka_unit_test(links_make_probabilities),
	    cmocka_unit_test(
		class_is_the_first_of_the_greatest_or_by_threshold),
	    cmocka_unit_test(each_target_has_a_class_of_its_own),
	    cmocka_unit_test(sigmoids_that_are_all_nought_have_no_share),
	    cmocka_unit_test(scores_decide_in_the_place_of_probabilities),
	    cmocka_unit_test(first_refused_row_is_told_and_earlier_ones_scored),
	    cmocka_unit_test(rows_alone_and_together_give_the_same_bits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
