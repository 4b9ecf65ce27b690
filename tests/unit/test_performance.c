/* SPDX-License-Identifier: ISC
 *
 * monitor/performance: the figures are scikit-learn's. The constants were
 * printed by tests/golden/performance.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "monitor/performance.h"

enum { ROWS = 300 };

static struct arena mem;
static double noise[4 * ROWS];

static void
assert_near(double got, double want)
{
	if (!(fabs(got - want) < 1e-13))
		fail_msg("got %.17g, want %.17g", got, want);
}

static void
assert_measures(const struct performance *p, const double want[8])
{
	assert_near(p->accuracy, want[0]);
	assert_near(p->precision, want[1]);
	assert_near(p->recall, want[2]);
	assert_near(p->f1, want[3]);
	assert_near(p->roc_auc, want[4]);
	assert_near(p->brier, want[5]);
	assert_near(p->log_loss, want[6]);
	assert_near(p->ece, want[7]);
}

static void
two_classes_have_the_figures_of_scikit_learn(void **state)
{
	static const double want[] = {0.7433333333333333, 0.7299270072992701,
	    0.7142857142857143, 0.7220216606498195, 0.8256696428571428,
	    0.17025028666666667, 0.506003110994299, 0.060253333333333325};
	double p[ROWS][2];
	uint32_t y[ROWS], said[ROWS];
	struct performance got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		p[i][1] = noise[i];
		p[i][0] = 1 - noise[i];
		y[i] = noise[ROWS + i] < noise[i];
		said[i] = noise[i] >= 0.5;
	}
	assert_true(performance_measure(&p[0][0], y, said, ROWS, 2, &mem,
	    &got, &err));
	assert_measures(&got, want);
}

static void
three_classes_have_the_figures_of_scikit_learn(void **state)
{
	static const double want[] = {0.48333333333333334, 0.48266113731230015,
	    0.48408489658489656, 0.4822836790278651, 0.6969639765617597,
	    0.5984023895921318, 0.9872974700967789, 0.0391175575768487};
	double p[ROWS][3];
	uint32_t y[ROWS], said[ROWS];
	struct performance got;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const double *a = noise + 3 * i;
		double sum = a[0] + 0.05 + (a[1] + 0.05) + (a[2] + 0.05);

		said[i] = 0;
		for (uint32_t k = 0; k < 3; k++) {
			p[i][k] = (a[k] + 0.05) / sum;
			if (p[i][k] > p[i][said[i]])
				said[i] = k;
		}
		y[i] = (noise[3 * ROWS + i] > p[i][0]) +
		    (noise[3 * ROWS + i] > p[i][0] + p[i][1]);
	}
	assert_true(performance_measure(&p[0][0], y, said, ROWS, 3, &mem,
	    &got, &err));
	assert_measures(&got, want);
}

static void
one_sided_labels_have_no_area_and_no_infinity(void **state)
{
	static const double p[] = {1, 0, 0, 1};
	static const uint32_t y[] = {1, 1}, said[] = {0, 1};
	struct performance got;
	struct err err;

	(void)state;
	assert_true(performance_measure(p, y, said, 2, 2, &mem, &got, &err));
	assert_true(isnan(got.roc_auc));
	assert_near(got.accuracy, 0.5);
	assert_near(got.precision, 1);
	assert_near(got.recall, 0.5);
	/* What was held impossible and happened costs -log of the least. */
	assert_near(got.log_loss, (-log(DBL_EPSILON) -
	    log(1 - DBL_EPSILON)) / 2);
}

static void
memory_that_is_too_small_is_said(void **state)
{
	struct performance got;
	struct arena small;
	struct err err;

	(void)state;
	assert_true(arena_init(&small, 4096, &err));
	assert_false(performance_measure(noise, NULL, NULL, 4096, 2, &small,
	    &got, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	arena_done(&small);
}

static int
setup(void **state)
{
	uint32_t s = 12345;
	struct err err;

	(void)state;
	for (size_t i = 0; i < countof(noise); i++) {
		s = (uint32_t)((s * UINT64_C(1103515245) + 12345) & 0x7fffffff);
		noise[i] = (s >> 8) % 1000 / 1000.0;
	}
	return arena_init(&mem, 1 << 20, &err) ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_classes_have_the_figures_of_scikit_learn),
	    cmocka_unit_test(three_classes_have_the_figures_of_scikit_learn),
	    cmocka_unit_test(one_sided_labels_have_no_area_and_no_infinity),
	    cmocka_unit_test(memory_that_is_too_small_is_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
