/* SPDX-License-Identifier: ISC
 *
 * The page: which series are shown, and how they are written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/metrics_image.h"
#include "metrics/metrics_table.h"
#include "metrics/metrics_text.h"

/* A file of zeros in memory, with all gauges unknown as they are made. */
struct world {
	void *bytes;
	struct metrics_file f;
	struct arena mem;
	char room[1 << 21];
	struct buf b;
};

static void
forget(struct gauge *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		metric_set(&g[i], NAN);
}

static int
begin(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct metrics_header *h;
	struct err err;

	if (w == NULL || !arena_init(&w->mem, 4 << 20, &err))
		return -1;
	w->bytes = aligned_alloc(SLAB_ALIGN, metrics_file_bytes());
	if (w->bytes == NULL)
		return -1;
	memset(w->bytes, 0, metrics_file_bytes());
	h = w->bytes;
	*h = (struct metrics_header){.magic = METRICS_MAGIC,
	    .version = METRICS_VERSION, .slots = METRICS_SLOTS,
	    .layout = metrics_layout(), .bytes = metrics_file_bytes()};
	if (!metrics_view(w->bytes, metrics_file_bytes(), &w->f, &err))
		return -1;
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];

		if (m->type != METRIC_GAUGE)
			continue;
		if (m->part == METRIC_SERVER)
			forget((void *)((char *)w->f.server + m->offset),
			    m->n_cells);
		for (size_t k = 0; m->part == METRIC_SERVER_MODEL &&
		     k < MODEL_CELLS; k++)
			forget((void *)((char *)&w->f.server->model[k] +
			    m->offset), m->n_cells);
		for (size_t k = 0; m->part == METRIC_SLOT &&
		     k < METRICS_SLOTS; k++)
			forget((void *)((char *)&w->f.slots[k] + m->offset),
			    m->n_cells);
	}
	*state = w;
	return 0;
}

static int
end(void **state)
{
	struct world *w = *state;

	arena_done(&w->mem);
	free(w->bytes);
	free(w);
	return 0;
}

static const char *
page(struct world *w, enum metrics_format format, const char *query)
{
	struct err err;

	buf_init(&w->b, w->room, sizeof(w->room) - 1);
	arena_reset(&w->mem, 1 << 20);
	if (!metrics_text(&w->f, format, str_of(query), &w->mem, &w->b, &err))
		fail_msg("%s", err.text);
	w->room[w->b.n] = '\0';
	return w->room;
}

/* The line stands in the page, whole. */
static bool
has(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}

#define HAS(text, line)                                        \
	do {                                                   \
		if (!has(text, line))                          \
			fail_msg("no line %s", line);          \
	} while (0)
#define HAS_NOT(text, part)                                    \
	do {                                                   \
		if (strstr(text, part) != NULL)                \
			fail_msg("there is %s", part);         \
	} while (0)

static struct slab *
worker(struct world *w, int i)
{
	atomic_store(&w->f.slots[i].used, 1);
	return &w->f.slabs[i];
}

static enum label_MODEL
load(struct world *w, const char *slot)
{
	enum label_MODEL m = metrics_add_model(&w->f, str_of(slot));

	metric_set(&w->f.server->model[m].loaded, 1);
	return m;
}

static void
nothing_is_shown_that_nobody_knows(void **state)
{
	const char *p = page(*state, METRICS_TEXT, "");

	HAS_NOT(p, "ml_predictions_total");
	HAS_NOT(p, "app_memory_usage_bytes");
	HAS_NOT(p, "app_info");
	HAS_NOT(p, "nan");
	HAS(p, "http_requests_in_flight 0.0");
	HAS(p, "ml_server_worker_exits_total{reason=\"crash\"} 0");
}

static void
a_loaded_model_has_every_series_at_0(void **state)
{
	struct world *w = *state;
	enum label_MODEL m = load(w, "v1");
	const char *p;

	metrics_add_result(&w->f, m, STR("Yes"));
	metrics_add_result(&w->f, m, STR("No"));
	p = page(w, METRICS_TEXT, "");
#define OF(result, status) \
	"ml_predictions_total{model_version=\"v1\",prediction_result=\"" \
	result "\",status=\"" status "\"} 0"
	HAS(p, OF("Yes", "success"));
	HAS(p, OF("No", "success"));
	HAS(p, OF("no_input", "error"));
	HAS(p, OF("validation_error", "error"));
	HAS(p, OF("error", "error"));
	HAS_NOT(p, "prediction_result=\"other\"");
	HAS(p, "ml_prediction_duration_seconds_bucket{model_version=\"v1\","
	       "le=\"0.00005\"} 0");
	HAS(p, "ml_prediction_duration_seconds_bucket{model_version=\"v1\","
	       "le=\"+Inf\"} 0");
	HAS(p, "ml_prediction_duration_seconds_count{model_version=\"v1\"} 0");
	HAS(p, "ml_prediction_requests_total{model_version=\"v1\","
	       "outcome=\"overload\"} 0");
	HAS(p, "ml_model_reloads_total{model_version=\"v1\","
	       "result=\"failure\"} 0");
	HAS(p, "model_loaded{model_version=\"v1\"} 1.0");
	HAS_NOT(p, "ml_reference_accuracy");
}

/* The lab's bounds, as its client library writes them. */
static void
the_labs_buckets_are_among_ours(void **state)
{
	static const char *const bounds[] = {"0.01", "0.025", "0.05", "0.1",
	    "0.25", "0.5", "1.0", "2.5", "5.0", "+Inf"};
	struct world *w = *state;
	const char *p;

	load(w, "v1");
	p = page(w, METRICS_TEXT, "");
	for (size_t i = 0; i < countof(bounds); i++) {
		char line[128];

		snprintf(line, sizeof(line), "ml_prediction_duration_seconds_"
		    "bucket{model_version=\"v1\",le=\"%s\"} 0", bounds[i]);
		HAS(p, line);
	}
}

static void
a_model_gone_keeps_what_it_counted(void **state)
{
	struct world *w = *state;
	enum label_MODEL old = metrics_add_model(&w->f, STR("old"));
	enum label_RESULT yes = metrics_add_result(&w->f, old, STR("Yes"));
	const char *p;

	metrics_add_model(&w->f, STR("never"));
	metric_add(&worker(w, 0)->model[old].predictions[yes], 3);
	p = page(w, METRICS_TEXT, "");
	HAS(p, "ml_predictions_total{model_version=\"old\","
	       "prediction_result=\"Yes\",status=\"success\"} 3");
	HAS_NOT(p, "model_loaded");
	HAS_NOT(p, "never");
}

static void
slots_are_summed_and_ended_ones_stay_in(void **state)
{
	struct world *w = *state;
	const char *p;

	for (int i = 0; i < METRICS_SLOTS; i++)
		metric_add(&worker(w, i)->http_requests[METHOD_GET]
		    [ROUTE_HEALTH][CODE_200], 2);
	p = page(w, METRICS_TEXT, "");
	HAS(p, "http_requests_total{method=\"GET\",route=\"/health\","
	       "code=\"200\"} 544");
	HAS(p, "ml_server_worker_requests_total{worker=\"0\"} 2");
	HAS(p, "ml_server_worker_requests_total{worker=\"271\"} 2");
}

static void
http_series_are_those_that_can_happen_and_those_that_did(void **state)
{
	struct world *w = *state;
	const char *p;

#define HTTP(method, route, code) \
	"http_requests_total{method=\"" method "\",route=\"" route \
	"\",code=\"" code "\"} "
	metric_add(&worker(w, 0)->http_requests[METHOD_DELETE][ROUTE_HEALTH]
	    [CODE_405], 1);
	p = page(w, METRICS_TEXT, "");
	HAS(p, HTTP("POST", "/{slot}/predict", "200") "0");
	HAS(p, HTTP("POST", "/{slot}/predict", "503") "0");
	HAS(p, HTTP("HEAD", "/health", "200") "0");
	HAS(p, HTTP("DELETE", "/health", "405") "1");
	HAS_NOT(p, HTTP("GET", "/{slot}/predict", "200"));
	HAS_NOT(p, HTTP("GET", "/health", "400"));
	HAS(p, "http_request_duration_seconds_count{method=\"POST\","
	       "route=\"/{slot}/predict\"} 0");
	HAS_NOT(p, "http_request_duration_seconds_count{method=\"GET\","
	           "route=\"/{slot}/predict\"}");
}

static void
a_histogram_is_cumulative_and_its_sum_exact(void **state)
{
	struct world *w = *state;
	enum label_MODEL m = load(w, "v1");
	struct slab_model *a = &worker(w, 0)->model[m];
	struct slab_model *b = &worker(w, 1)->model[m];
	const char *p;

	metric_observe_latency(&a->prediction_time, 50000); /* le is <= */
	metric_observe_latency(&a->prediction_time, 50001);
	metric_observe_latency(&b->prediction_time, 7000000000);
	metric_observe_rows(&a->prediction_rows, 1000);
	metric_observe_probability(&a->score, 0.05);
	metric_observe_probability(&a->score, 1);
	metric_observe_probability(&b->score, NAN);
	p = page(w, METRICS_TEXT, "");
#define TIME(le) \
	"ml_prediction_duration_seconds_bucket{model_version=\"v1\",le=\"" \
	le "\"} "
	HAS(p, TIME("0.00005") "1");
	HAS(p, TIME("0.0001") "2");
	HAS(p, TIME("5.0") "2");
	HAS(p, TIME("+Inf") "3");
	HAS(p, "ml_prediction_duration_seconds_sum{model_version=\"v1\"} "
	       "7.000100001");
	HAS(p, "ml_prediction_duration_seconds_count{model_version=\"v1\"} 3");
	HAS(p, "ml_prediction_rows_bucket{model_version=\"v1\","
	       "le=\"500.0\"} 0");
	HAS(p, "ml_prediction_rows_sum{model_version=\"v1\"} 1000");
	HAS(p, "ml_prediction_score_bucket{model_version=\"v1\","
	       "le=\"0.05\"} 1");
	HAS(p, "ml_prediction_score_sum{model_version=\"v1\"} 1.05");
}

static void
label_values_are_escaped(void **state)
{
	struct world *w = *state;
	enum label_MODEL m = load(w, "v1");

	metrics_add_result(&w->f, m, STR("a\\b\"c\nd"));
	HAS(page(w, METRICS_TEXT, ""),
	    "ml_predictions_total{model_version=\"v1\",prediction_result="
	    "\"a\\\\b\\\"c\\nd\",status=\"success\"} 0");
}

static void
what_has_no_place_is_other_and_said_to_be_dropped(void **state)
{
	struct world *w = *state;
	enum label_MODEL m = load(w, "v1");
	struct slab *s = worker(w, 0);
	const char *p;

	metric_add(&s->model[m].predictions[RESULT_OTHER], 4);
	metric_add(&s->model[MODEL_OTHER].predictions[RESULT_ERROR], 1);
	metric_add(&s->model[MODEL_OTHER].prediction_requests[OUTCOME_ERROR],
	    1);
	p = page(w, METRICS_TEXT, "");
	HAS(p, "ml_predictions_total{model_version=\"v1\","
	       "prediction_result=\"other\",status=\"success\"} 4");
	HAS(p, "ml_predictions_total{model_version=\"other\","
	       "prediction_result=\"error\",status=\"error\"} 1");
	HAS(p, "ml_metrics_dropped_updates_total{"
	       "reason=\"label_overflow\"} 5");
}

/* A class that is called "other", and one past the table: one series. */
static void
a_class_called_other_makes_no_second_series(void **state)
{
	struct world *w = *state;
	enum label_MODEL m = load(w, "v1");
	enum label_RESULT r = metrics_add_result(&w->f, m, STR("other"));
	struct slab *s = worker(w, 0);
	const char *p, *first;

	metric_add(&s->model[m].predictions[r], 2);
	metric_add(&s->model[m].predictions[RESULT_OTHER], 3);
	p = page(w, METRICS_TEXT, "");
	HAS(p, "ml_predictions_total{model_version=\"v1\","
	       "prediction_result=\"other\",status=\"success\"} 5");
	first = strstr(p, "prediction_result=\"other\"");
	assert_null(strstr(first + 1, "prediction_result=\"other\""));
}

/* As in a damaged file. */
static void
what_was_counted_under_no_name_is_not_shown(void **state)
{
	struct world *w = *state;
	struct slab_model *model = worker(w, 0)->model;
	const char *p;

	metrics_add_model(&w->f, STR("v1"));
	for (uint32_t r = RESULT_SLOT; r < RESULT_CELLS; r++) {
		metric_add(&model[MODEL_OTHER].predictions[r], 3);
		metric_add(&model[MODEL_SLOT].predictions[r], 3);
	}
	p = page(w, METRICS_TEXT, "");
	HAS_NOT(p, "status=\"success\"");
}

static void
openmetrics_differs_where_it_must(void **state)
{
	struct world *w = *state;
	const char *p;

	metrics_set_server_text(&w->f, &(struct metrics_server_text){
	    .app_name = "app", .version = "1"});
	load(w, "v1");
	p = page(w, METRICS_TEXT, "");
	HAS(p, "# TYPE ml_predictions_total counter");
	HAS(p, "# TYPE app_info gauge");
	HAS(p, "app_info{version=\"1\",app_name=\"app\"} 1.0");
	HAS_NOT(p, "# UNIT");
	HAS_NOT(p, "# EOF");
	p = page(w, METRICS_OPENMETRICS, "");
	HAS(p, "# TYPE ml_predictions counter");
	HAS(p, "# TYPE app info");
	HAS(p, "app_info{version=\"1\",app_name=\"app\"} 1.0");
	HAS(p, "# UNIT ml_prediction_duration_seconds seconds");
	assert_string_equal(p + strlen(p) - 7, "\n# EOF\n");
}

static void
the_filter_takes_family_and_series_names(void **state)
{
	struct world *w = *state;
	const char *p;

	load(w, "v1");
	p = page(w, METRICS_TEXT, "a=b&name[]=model_loaded"
	    "&name%5b%5D=ml_prediction_rows_sum&name[]=ml%5Fpredictions&x");
	HAS(p, "# TYPE model_loaded gauge");
	HAS(p, "# TYPE ml_prediction_rows histogram");
	HAS(p, "# TYPE ml_predictions_total counter");
	HAS_NOT(p, "http_");
	assert_string_equal(page(w, METRICS_TEXT, "name[]=none"), "");
	assert_string_equal(page(w, METRICS_TEXT, "name[]=%"), "");
	assert_string_equal(page(w, METRICS_OPENMETRICS, "name[]="),
	    "# EOF\n");
}

static void
workers_are_counted_by_state(void **state)
{
	struct world *w = *state;
	const char *p;

	for (int i = 0; i < 5; i++) {
		metrics_slot_started(&w->f, i, 10 + i);
		metrics_ready(worker(w, i), i == 4 ? 0 : 10 + i);
	}
	metrics_set_reserve(&w->f.slabs[5]);
	metrics_slot_started(&w->f, 5, 15);
	metrics_ready(worker(w, 5), 15);
	metrics_busy(&w->f.slabs[0], 1);
	metrics_busy(&w->f.slabs[1], 1);
	metrics_slot_stopping(&w->f, 1);
	p = page(w, METRICS_TEXT, "");
	HAS(p, "ml_server_workers{state=\"idle\"} 2.0");
	HAS(p, "ml_server_workers{state=\"busy\"} 1.0");
	HAS(p, "ml_server_workers{state=\"starting\"} 1.0");
	HAS(p, "ml_server_workers{state=\"stopping\"} 1.0");
	HAS(p, "ml_server_workers{state=\"reserve\"} 1.0");
	HAS(p, "http_requests_in_flight 2.0");
}

static void
a_page_that_does_not_fit_is_an_error(void **state)
{
	struct world *w = *state;
	struct err err;
	char small[256];

	buf_init(&w->b, small, sizeof(small));
	assert_false(metrics_text(&w->f, METRICS_TEXT, STR(""), &w->mem,
	    &w->b, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void
accept_decides_the_format(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} cases[] = {
	    {"", METRICS_TEXT},
	    {"*/*", METRICS_TEXT},
	    {"text/html,application/xhtml+xml,*/*;q=0.8", METRICS_TEXT},
	    {"application/openmetrics-text", METRICS_OPENMETRICS},
	    /* Prometheus 2 */
	    {"application/openmetrics-text;version=1.0.0,application/"
	     "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;"
	     "q=0.5,*/*;q=0.1", METRICS_OPENMETRICS},
	    /* Prometheus 3 */
	    {"application/openmetrics-text;version=1.0.0;escaping="
	     "allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;"
	     "q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
	     "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", METRICS_OPENMETRICS},
	    {"text/plain, application/openmetrics-text; q=0.5", METRICS_TEXT},
	    {"application/openmetrics-text; version=2.0.0", METRICS_TEXT},
	    {"application/openmetrics-text;q=0", METRICS_TEXT},
	    {"application/openmetrics-text;q=x", METRICS_TEXT},
	    {" Application/OpenMetrics-Text ; Version = 1.0.0 ",
	     METRICS_OPENMETRICS},
	    {",;,=;q", METRICS_TEXT},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		if (metrics_format_of(str_of(cases[i].accept)) !=
		    cases[i].format)
			fail_msg("%s", cases[i].accept);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_shown_that_nobody_knows),
	    TEST(a_loaded_model_has_every_series_at_0),
	    TEST(the_labs_buckets_are_among_ours),
	    TEST(a_model_gone_keeps_what_it_counted),
	    TEST(slots_are_summed_and_ended_ones_stay_in),
	    TEST(http_series_are_those_that_can_happen_and_those_that_did),
	    TEST(a_histogram_is_cumulative_and_its_sum_exact),
	    TEST(label_values_are_escaped),
	    TEST(what_has_no_place_is_other_and_said_to_be_dropped),
	    TEST(a_class_called_other_makes_no_second_series),
	    TEST(what_was_counted_under_no_name_is_not_shown),
	    TEST(openmetrics_differs_where_it_must),
	    TEST(the_filter_takes_family_and_series_names),
	    TEST(workers_are_counted_by_state),
	    TEST(a_page_that_does_not_fit_is_an_error),
	    cmocka_unit_test(accept_decides_the_format),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
