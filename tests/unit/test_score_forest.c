/* SPDX-License-Identifier: ISC
 *
 * Forests: every compare rule against a plain recursive walk over the trees
 * as they were given, with the values on which such rules usually differ.
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
#include "model/model_view.h"
#include "score/score.h"

enum { FEATURES = 6, ROWS = 300, NODES_MAX = 511, VALUES_MAX = 3 };

/* How trees grow: a node is a leaf once in `stop` times (0: only at full
 * depth), thresholds are awkward or any of `spread` numbers. */
static long stop = 5, spread = 0;

struct tree {
	uint32_t n;
	int32_t left[NODES_MAX], right[NODES_MAX], feature[NODES_MAX];
	double threshold[NODES_MAX], value[NODES_MAX * VALUES_MAX];
	uint8_t missing_left[NODES_MAX];
};

static double
pick(const double *from, int n)
{
	return from[lrand48() % n];
}

/* Numbers near which float and double comparisons part. */
static double
awkward(void)
{
	static const double at[] = {0, -0.0, 1, -1, 0.1, 0.5, 1e-40, -1e-40,
	    FLT_MIN, FLT_MAX, -FLT_MAX, 0x1p-149, -0x1p-149, 16777217, 1.0 / 3,
	    DBL_MIN, 5e-324, 1e30, -1e30, 3.4028234e38};
	double v = pick(at, countof(at));

	if (spread > 0)
		return (double)(lrand48() % spread) / 7;
	switch (lrand48() % 6) {
	case 0:
		return nextafter(v, INFINITY);
	case 1:
		return nextafter(v, -INFINITY);
	case 2:
		return (double)nextafterf((float)v, INFINITY);
	case 3:
		return (double)nextafterf((float)v, -INFINITY);
	case 4:
		return ((double)(float)v + (double)nextafterf((float)v,
		    INFINITY)) / 2;
	}
	return v;
}

static double
finite_for(enum tree_compare rule, double v)
{
	if (rule == TREE_F64_LE_F64)
		return isfinite(v) ? v : 1;
	return isfinite((float)v) ? v : 1;
}

/* Split node i until `depth`, at random; children behind it. */
static void
grow(struct tree *t, uint32_t i, int depth, enum tree_compare rule)
{
	if (depth == 0 || (stop > 0 && lrand48() % stop == 0) ||
	    t->n + 2 > NODES_MAX) {
		t->left[i] = t->right[i] = -1;
		for (int j = 0; j < VALUES_MAX; j++) {
			double v = lrand48() % 2 ? drand48() - 0.5 :
			    0.5 * (double)(lrand48() % 3);

			t->value[i * VALUES_MAX + j] =
			    rule == TREE_F32_LT_F32 ? (double)(float)v : v;
		}
		return;
	}
	t->feature[i] = (int32_t)(lrand48() % FEATURES);
	t->threshold[i] = finite_for(rule, awkward());
	if (rule == TREE_F32_LT_F32 && lrand48() % 2)
		t->threshold[i] = (float)t->threshold[i];
	t->missing_left[i] = lrand48() % 2;
	t->left[i] = (int32_t)t->n++;
	t->right[i] = (int32_t)t->n++;
	grow(t, (uint32_t)t->left[i], depth - 1, rule);
	grow(t, (uint32_t)t->right[i], depth - 1, rule);
}

static bool
goes_left(enum tree_compare rule, double x, double threshold)
{
	switch (rule) {
	case TREE_F32_LE_F64:
		return (double)(float)x <= threshold;
	case TREE_F64_LE_F64:
		return x <= threshold;
	case TREE_F32_LT_F32:
		return (double)(float)x < threshold;
	}
	return false;
}

static const double *
walk(const struct tree *t, const double *row, enum tree_compare rule)
{
	uint32_t i = 0;

	while (t->left[i] >= 0) {
		double x = row[t->feature[i]];
		bool left = isnan(x) ? t->missing_left[i] :
		    goes_left(rule, x, t->threshold[i]);

		i = (uint32_t)(left ? t->left[i] : t->right[i]);
	}
	return t->value + (size_t)i * VALUES_MAX;
}

static struct model *
compile(struct arena *mem, const struct tree *trees, uint32_t n_trees,
    struct build_forest *f)
{
	struct build_tree *in = ARENA_ARRAY(mem, n_trees, struct build_tree);
	struct model_build *b = model_build_new(mem);
	uint32_t src[FEATURES], dst, out[VALUES_MAX];
	struct str image;
	struct model *m = NULL;
	struct err err;

	for (uint32_t i = 0; i < FEATURES; i++) {
		char name = (char)('a' + i);

		assert_true(model_build_input(b, (struct str){&name, 1},
		    &src[i], &err));
	}
	for (uint32_t i = 0; i < n_trees; i++) {
		const struct tree *t = &trees[i];
		double *value = ARENA_ARRAY(mem, t->n * f->n_values, double);

		for (uint32_t k = 0; k < t->n; k++)
			for (uint32_t j = 0; j < f->n_values; j++)
				value[k * f->n_values + j] =
				    t->value[k * VALUES_MAX + j];
		in[i] = (struct build_tree){.n_nodes = t->n, .left = t->left,
		    .right = t->right, .feature = t->feature,
		    .threshold = t->threshold, .value = value,
		    .missing_left = f->takes_nan ? t->missing_left : NULL,
		    .first_output = f->n_values == 1 ? i % f->n_outputs : 0};
	}
	f->trees = in;
	f->n_trees = n_trees;
	if (!model_build_forest(b, src, FEATURES, f, &dst, &err))
		fail_msg("%s", err.text);
	for (uint32_t k = 0; k < f->n_outputs; k++) {
		char name = (char)('A' + k);

		out[k] = dst + k;
		assert_true(f->n_outputs == 1 || model_build_class(b,
		    (struct model_class){.kind = CLASS_TEXT,
		    .text = {&name, 1}}, &err));
	}
	assert_true(model_build_output(b, f->n_outputs > 1 ?
	    MODEL_CLASSIFICATION : MODEL_REGRESSION, out, f->n_outputs, &err));
	if (!model_image(b, &image, &err) ||
	    !model_open_bytes(image, &m, &err))
		fail_msg("%s", err.text);
	return m;
}

/* The sums of one row, by the plain walk. */
static void
expect(const struct tree *trees, const struct build_forest *f,
    const double *row, double *want)
{
	memcpy(want, f->base, f->n_outputs * sizeof(*want));
	for (uint32_t t = 0; t < f->n_trees; t++) {
		const double *v = walk(&trees[t], row, f->compare);

		for (uint32_t j = 0; j < f->n_values; j++) {
			uint32_t k = f->n_values == 1 ? t % f->n_outputs : j;

			want[k] += v[j];
			if (f->compare == TREE_F32_LT_F32)
				want[k] = (float)want[k];
		}
	}
	for (uint32_t k = 0; k < f->n_outputs; k++)
		want[k] /= f->divide;
}

/* Rows in batches of all sizes that are told apart give what is wanted. */
static void
score_batches(const struct model *m, const double *cells, const double *want)
{
	static const size_t batches[] = {1, 2, 15, 16, 63, 64, 65, 80, 257,
	    ROWS};
	static double out[ROWS * VALUES_MAX];
	size_t width = model_outputs(m);
	void *scratch = aligned_alloc(64, (score_scratch_bytes(m, ROWS) +
	    63) & ~(size_t)63);
	struct score_fault fault;

	for (size_t i = 0; i < countof(batches); i++) {
		size_t n = batches[i];

		for (size_t r = 0; r + n <= ROWS; r += n) {
			assert_true(score_rows(m, cells + r * FEATURES, n,
			    out, scratch, &fault));
			assert_memory_equal(out, want + r * width,
			    n * width * sizeof(*out));
		}
	}
	free(scratch);
}

/* Every way through the trees that there is on this machine, one row and many
 * at a time, and by the plain walk: equal bits. */
static void
compare(enum tree_compare rule, bool takes_nan, uint32_t n_values,
    uint32_t n_outputs, uint32_t n_trees, int depth)
{
	static double cells[ROWS * FEATURES], want[ROWS * VALUES_MAX];
	static const double base[] = {0.25, -1, 3};
	struct tree *trees = calloc(n_trees, sizeof(*trees));
	struct build_forest f = {.compare = rule, .takes_nan = takes_nan,
	    .n_values = n_values, .n_outputs = n_outputs, .base = base,
	    .divide = n_trees};
	struct ranks *ranks;
	struct arena mem;
	struct model *m;
	struct err err;

	assert_non_null(trees);
	assert_true(arena_init(&mem, (size_t)1 << 28, &err));
	for (uint32_t i = 0; i < n_trees; i++) {
		trees[i].n = 1;
		grow(&trees[i], 0, depth, rule);
	}
	m = compile(&mem, trees, n_trees, &f);
	for (int i = 0; i < ROWS * FEATURES; i++)
		cells[i] = takes_nan && lrand48() % 7 == 0 ? NAN :
		    finite_for(rule, awkward());
	for (int r = 0; r < ROWS; r++)
		expect(trees, &f, cells + r * FEATURES, want + (size_t)r *
		    n_outputs);
	ranks = m->ranks[0];
	assert_non_null(ranks);
	score_batches(m, cells, want);
	m->wide = false;
	score_batches(m, cells, want);
	m->ranks[0] = NULL;
	score_batches(m, cells, want);
	m->ranks[0] = ranks;
	model_close(m);
	arena_done(&mem);
	free(trees);
}

static void
each_rule_splits_as_it_says(void **state)
{
	(void)state;
	srand48(1);
	for (int rule = TREE_F32_LE_F64; rule <= TREE_F32_LT_F32; rule++)
		for (int nan = 0; nan < 2; nan++)
			for (int i = 0; i < 20; i++)
				compare((enum tree_compare)rule, nan, 1, 1,
				    (uint32_t)(1 + i * 3), i % 9);
}

/* Whole trees of every depth; lanes of one cut, of a few, and of more than a
 * byte counts. */
static void
full_trees_of_few_and_many_cuts_split_as_they_say(void **state)
{
	static const long spreads[] = {0, 1, 12, 200, 2000, 4000};

	(void)state;
	srand48(3);
	stop = 0;
	for (int rule = TREE_F32_LE_F64; rule <= TREE_F32_LT_F32; rule++)
		for (int depth = 0; depth <= 8; depth++)
			for (size_t i = 0; i < countof(spreads); i++) {
				spread = spreads[i];
				compare((enum tree_compare)rule,
				    (depth + i) % 2, 1, 1, 70, depth);
			}
	spread = 0;
	stop = 5;
}

static void
leaves_of_many_values_and_outputs_add_up(void **state)
{
	(void)state;
	srand48(2);
	compare(TREE_F32_LE_F64, false, 3, 3, 20, 7);
	compare(TREE_F32_LE_F64, true, 2, 2, 13, 6);
	compare(TREE_F64_LE_F64, true, 1, 3, 21, 5);
	compare(TREE_F32_LT_F32, true, 1, 3, 21, 5);
	compare(TREE_F32_LT_F32, true, 3, 3, 9, 5);
}

/* What the estimator's own number type cannot hold is refused, to the last
 * double that still rounds to a float. */
static void
values_beyond_the_rules_type_are_refused(void **state)
{
	static const struct {
		enum tree_compare rule;
		double value;
		bool takes_nan, ok;
		enum score_refusal why;
	} cases[] = {
	    {TREE_F32_LE_F64, 0x1.fffffefffffffp127, false, true, 0},
	    {TREE_F32_LE_F64, 0x1.ffffffp127, false, false, SCORE_NOT_FINITE},
	    {TREE_F32_LE_F64, -0x1.ffffffp127, true, false, SCORE_NOT_FINITE},
	    {TREE_F32_LT_F32, 1e300, true, false, SCORE_NOT_FINITE},
	    {TREE_F64_LE_F64, 1e300, false, true, 0},
	    {TREE_F64_LE_F64, -INFINITY, true, false, SCORE_NOT_FINITE},
	    {TREE_F64_LE_F64, NAN, true, true, 0},
	    {TREE_F64_LE_F64, NAN, false, false, SCORE_MISSING},
	};
	static struct tree tree;

	(void)state;
	srand48(4);
	for (size_t i = 0; i < countof(cases); i++) {
		struct build_forest f = {.compare = cases[i].rule,
		    .takes_nan = cases[i].takes_nan, .n_values = 1,
		    .n_outputs = 1, .divide = 1};
		double cells[FEATURES] = {0}, out;
		struct score_fault fault;
		struct arena mem;
		struct model *m;
		struct err err;
		void *scratch;
		bool ok;

		assert_true(arena_init(&mem, (size_t)1 << 26, &err));
		tree.n = 1;
		grow(&tree, 0, 4, cases[i].rule);
		m = compile(&mem, &tree, 1, &f);
		scratch = aligned_alloc(64, (score_scratch_bytes(m, 1) + 63) &
		    ~(size_t)63);
		/* Whether a tree reads the column or not. */
		cells[i % FEATURES] = cases[i].value;
		ok = score_rows(m, cells, 1, &out, scratch, &fault);
		assert_int_equal(ok, cases[i].ok);
		if (!ok) {
			assert_int_equal(fault.why, cases[i].why);
			assert_int_equal(fault.column, i % FEATURES);
		}
		free(scratch);
		model_close(m);
		arena_done(&mem);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule_splits_as_it_says),
	    cmocka_unit_test(
		full_trees_of_few_and_many_cuts_split_as_they_say),
	    cmocka_unit_test(leaves_of_many_values_and_outputs_add_up),
	    cmocka_unit_test(values_beyond_the_rules_type_are_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("score forest", tests, NULL, NULL);
}
