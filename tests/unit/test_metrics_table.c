/* SPDX-License-Identifier: ISC
 *
 * What every line of the tables must keep to, whoever adds it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "metrics/metrics.h"
#include "metrics/metrics_doc.h"
#include "metrics/metrics_table.h"

static void
names_are_different_and_legal(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_table_n; i++) {
		const char *name = metrics_table[i].name;

		assert_true(islower(name[0]));
		assert_int_equal(strspn(name,
		    "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
		for (size_t k = 0; k < i; k++)
			assert_false(str_eq(metric_family(&metrics_table[i]),
			    metric_family(&metrics_table[k])));
	}
}

/* OpenMetrics: a counter's samples end in _total, a unit ends the family. */
static void
suffixes_say_type_and_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];
		const char *unit = metric_unit_name(metric_unit(m));
		struct str name = str_of(m->name);

		if (str_has_suffix(name, STR("_total")) !=
		    (m->type == METRIC_COUNTER))
			fail_msg("%s: _total is for counters", m->name);
		if (m->type == METRIC_INFO &&
		    !str_has_suffix(name, STR("_info")))
			fail_msg("%s: an info ends in _info", m->name);
		if (!str_has_suffix(metric_family(m), str_of(unit)))
			fail_msg("%s: should end in %s", m->name, unit);
	}
}

/* So help needs no escaping, on the page or in the manual. */
static void
helps_are_plain_sentences(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];

		if (!isalpha((unsigned char)m->help[0]) ||
		    strpbrk(m->help, "\\\n\"") != NULL)
			fail_msg("%s: %s", m->name, m->help);
	}
}

/* The same of label values, whose words may begin a line of the manual. */
static void
values_are_plain_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < LABEL_COUNT; i++) {
		const struct metric_label *l = &metrics_labels[i];

		for (uint32_t k = 0; k < l->n_values; k++) {
			assert_int_not_equal(l->values[k][0], '.');
			assert_int_not_equal(l->values[k][0], '\'');
			assert_null(strpbrk(l->values[k], "\\\n\""));
		}
	}
}

static void
bounds_rise(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric_buckets *set = metrics_table[i].buckets;

		assert_int_equal(set != NULL,
		    metrics_table[i].type == METRIC_HISTOGRAM);
		for (uint32_t k = 1; set != NULL && k < set->n; k++)
			assert_true(set->bounds[k] > set->bounds[k - 1]);
	}
}

static void
every_route_has_methods_and_codes(void **state)
{
	(void)state;
	for (uint32_t r = 0; r < ROUTE_CELLS; r++) {
		assert_int_not_equal(metrics_route_methods(r), 0);
		assert_int_not_equal(metrics_route_codes(r), 0);
	}
	assert_int_equal(metrics_route_methods(ROUTE_PREDICT),
	    1u << METHOD_POST);
}

static void
a_status_finds_its_cell(void **state)
{
	const struct metric_label *l = &metrics_labels[LABEL_CODE];

	(void)state;
	assert_int_equal(metric_code(200), CODE_200);
	assert_int_equal(metric_code(503), CODE_503);
	assert_int_equal(metric_code(418), CODE_OTHER);
	assert_int_equal(metric_code(0), CODE_OTHER);
	assert_string_equal(l->values[metric_code(404)], "404");
	assert_string_equal(l->values[CODE_OTHER], "other");
}

/* Each document names every metric. */
static void
documents_are_complete(void **state)
{
	static void (*const documents[])(struct buf *) = {
	    metrics_doc_text, metrics_doc_json, metrics_doc_mdoc};
	static char room[1 << 17];

	(void)state;
	for (size_t d = 0; d < countof(documents); d++) {
		struct buf b;

		buf_init(&b, room, sizeof(room) - 1);
		documents[d](&b);
		assert_false(b.over);
		room[b.n] = '\0';
		for (size_t i = 0; i < metrics_table_n; i++)
			if (strstr(room, metrics_table[i].name) == NULL)
				fail_msg("document %zu lacks %s", d,
				    metrics_table[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_different_and_legal),
	    cmocka_unit_test(suffixes_say_type_and_unit),
	    cmocka_unit_test(helps_are_plain_sentences),
	    cmocka_unit_test(values_are_plain_words),
	    cmocka_unit_test(bounds_rise),
	    cmocka_unit_test(every_route_has_methods_and_codes),
	    cmocka_unit_test(a_status_finds_its_cell),
	    cmocka_unit_test(documents_are_complete),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
