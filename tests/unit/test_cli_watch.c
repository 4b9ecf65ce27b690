/* SPDX-License-Identifier: ISC
 *
 * cli/watch: what counters say between two looks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "cli/watch.h"

static void
quantiles_are_interpolated_in_their_bucket(void **state)
{
	struct histogram_latency old = {0}, now = {0};

	(void)state;
	assert_true(isnan(watch_quantile(NULL, &now, 0.5)));
	/* Ten between 0.5 and 1 ms, ten between 1 and 2.5 ms. */
	for (int i = 0; i < 10; i++) {
		metric_observe_latency(&now, 700000);
		metric_observe_latency(&now, 2000000);
	}
	assert_true(fabs(watch_quantile(NULL, &now, 0.25) - 0.00075) < 1e-12);
	assert_true(fabs(watch_quantile(NULL, &now, 0.5) - 0.001) < 1e-12);
	assert_true(fabs(watch_quantile(NULL, &now, 0.95) - 0.00235) < 1e-12);
	/* Only what came since the last look counts. */
	old = now;
	assert_true(isnan(watch_quantile(&old, &now, 0.5)));
	metric_observe_latency(&now, 90000000000);
	assert_true(watch_quantile(&old, &now, 0.5) == 5);
}

static void
rates_are_of_the_time_between(void **state)
{
	const struct watch old = {.at_ns = 1000000000}, now = {3000000000, NULL};

	(void)state;
	assert_true(watch_rate(&old, &now, 10, 30) == 10);
	assert_true(watch_rate(&old, &now, 30, 10) == 0);
	assert_true(watch_rate(&old, &old, 10, 30) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quantiles_are_interpolated_in_their_bucket),
	    cmocka_unit_test(rates_are_of_the_time_between),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
