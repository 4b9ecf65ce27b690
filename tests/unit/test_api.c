/* SPDX-License-Identifier: ISC
 *
 * api/ on models made here: what the contract's cases, which run on the
 * shipped models, cannot show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/predict_errors.h"
#include "api/problem.h"
#include "api/route.h"
#include "api_fixture.h"
#include "json/json.h"
#include "metrics/metrics_table.h"

#define SHOP \
	"{\"age\":20,\"income\":500,\"city\":\"Oslo\",\"smoker\":\"no\"}"

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fixture_init(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	fixture_done(*state);
	free(*state);
	return 0;
}

static void
expect(const struct fixture *f, int status, const char *body)
{
	assert_string_equal(f->answer, body);
	assert_int_equal(f->res.status, status);
}

static void
every_problem_has_a_status_and_a_sentence(void **state)
{
	(void)state;
	for (int k = 0; k < PROBLEM_KINDS; k++) {
		assert_in_range(problem_status(k), 400, 599);
		assert_true(strlen(problem_sentence(k)) > 8);
		assert_int_not_equal(problem_outcome(k), OUTCOME_SUCCESS);
		assert_int_equal(problem_outcome(k) == OUTCOME_ERROR,
		    problem_status(k) == 500);
	}
}

static void
every_route_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		assert_int_equal(r->path[0], '/');
		assert_int_not_equal(r->methods, 0);
		assert_int_equal(r->id == NULL, r->summary == NULL);
		assert_int_equal(r->id == NULL, r->answer == NULL);
		for (int m = 0; m < HTTP_METHODS; m++) {
			const char *at = strstr(r->allow,
			    http_method_name(m));

			assert_int_equal(r->methods >> m & 1, at != NULL);
		}
	}
}

/* What we answer is what the metrics table exposes from the start: the two
 * lists cannot be one, since metrics/ knows no URL's handler. */
static void
every_route_is_in_the_metrics_table(void **state)
{
	const struct metric_label *templates = &metrics_labels[LABEL_ROUTE];

	(void)state;
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if (r->handle == NULL) /* counted by who answers it */
			continue;
		assert_int_not_equal(r->label, ROUTE_UNMATCHED);
		assert_int_equal(r->methods, metrics_route_methods(r->label));
		if (r->id != NULL) /* no alias */
			assert_string_equal(r->path,
			    templates->values[r->label]);
	}
}

static void
classes_are_answered_as_they_were_trained(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/digit/predict", "{\"x\":1,\"y\":0}");
	assert_int_equal(f->res.status, 200);
	assert_non_null(strstr(f->answer, "{\"prediction\":0,\"prob"));
	fixture_post(f, "/digit/predict", "{\"x\":-9,\"y\":-9}");
	assert_non_null(strstr(f->answer, "{\"prediction\":7,\"prob"));
	fixture_post(f, "/shop/predict", "[" SHOP "]");
	assert_non_null(strstr(f->answer, "[{\"prediction\":\"No\",\"prob"));
	assert_non_null(strstr(f->answer, ",\"model_version\":\"shop\"}]"));
}

static void
a_regression_answers_its_number(void **state)
{
	struct fixture *f = *state;
	enum label_MODEL m;
	enum label_RESULT r;

	fixture_post(f, "/price/predict", "{\"size\":1.25}");
	expect(f, 200, "{\"prediction\":3.5,\"model_version\":\"price\"}");
	m = metrics_model_index(&f->metrics, STR("price"));
	r = metrics_result_index(&f->metrics, m, STR(METRICS_REGRESSION));
	assert_int_not_equal(r, RESULT_OTHER);
	assert_true(metric_total(&f->slab->model[m].predictions[r]) > 0);
	fixture_post(f, "/price/predict", "[{\"size\":1},{\"size\":-1}]");
	expect(f, 200, "[{\"prediction\":3.0,\"model_version\":\"price\"},"
	    "{\"prediction\":-1.0,\"model_version\":\"price\"}]");
}

static void
a_result_that_is_not_finite_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/price/predict", "[{\"size\":1},{\"size\":1e308}]");
	assert_int_equal(f->res.status, 400);
	assert_non_null(strstr(f->answer, "\"detail\":\"row 2\""));
}

static void
integers_and_floats_differ(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/shop/predict",
	    "{\"age\":40,\"city\":\"Oslo\",\"smoker\":1}");
	assert_int_equal(f->res.status, 200);
	fixture_post(f, "/shop/predict",
	    "{\"age\":40,\"city\":\"Oslo\",\"smoker\":1.0}");
	expect(f, 400, "{\"error\":\"Invalid type for smoker: expected str, "
	    "got float\"}");
	fixture_post(f, "/shop/predict",
	    "{\"age\":40,\"city\":7,\"smoker\":1}");
	expect(f, 400, "{\"error\":\"Invalid type for city: expected str, "
	    "got int\"}");
}

static void
values_are_not_repeated(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/shop/predict", "{\"age\":\"SECRET\","
	    "\"city\":\"Oslo\",\"smoker\":\"no\"}");
	assert_int_equal(f->res.status, 400);
	assert_null(strstr(f->answer, "SECRET"));
	fixture_post(f, "/shop/predict", "{\"age\":SECRET}");
	assert_int_equal(f->res.status, 400);
	assert_null(strstr(f->answer, "SECRET"));
	fixture_post(f, "/shop/predict", "{\"age\":1,\"city\":\"Oslo\","
	    "\"smoker\":\"SECRET\"}");
	assert_int_equal(f->res.status, 400);
	assert_null(strstr(f->answer, "SECRET"));
}

static void
all_that_is_wrong_is_told_at_once(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/shop/predict",
	    "{\"age\":\"x\",\"city\":1,\"smoker\":\"maybe\"}");
	expect(f, 400, "{\"error\":\"Invalid type for age: expected int or "
	    "float, got str\",\"errors\":["
	    "{\"field\":\"age\",\"error\":\"expected int or float, got "
	    "str\"},"
	    "{\"field\":\"city\",\"error\":\"expected str, got int\"},"
	    "{\"field\":\"smoker\",\"error\":\"expected one of No, Yes\"}"
	    "]}");
	fixture_post(f, "/shop/predict",
	    "[{\"age\":1,\"city\":\"Oslo\",\"smoker\":\"no\"},"
	    "{\"age\":true,\"smoker\":\"no\"},"
	    "{\"age\":1,\"city\":null,\"smoker\":\"no\"}]");
	expect(f, 400, "{\"error\":\"Missing required features: city\","
	    "\"detail\":\"row 2\",\"errors\":["
	    "{\"row\":2,\"field\":\"city\",\"error\":\"it is required, and "
	    "missing\"},"
	    "{\"row\":2,\"field\":\"age\",\"error\":\"expected int or float, "
	    "got bool\"},"
	    "{\"row\":3,\"field\":\"city\",\"error\":\"expected str, got "
	    "NoneType\"}]}");
	/* Here the sentence has said all. */
	fixture_post(f, "/shop/predict", "{\"age\":\"x\",\"city\":\"Oslo\","
	    "\"smoker\":\"no\"}");
	assert_null(strstr(f->answer, "errors"));
	fixture_post(f, "/shop/predict", "{\"income\":1}");
	expect(f, 400, "{\"error\":\"Missing required features: city, age, "
	    "smoker\"}");
}

static void
what_the_model_refuses_is_told_of_every_row(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/price/predict", "[{\"size\":1e308},{\"size\":1},"
	    "{\"size\":-1e308}]");
	assert_int_equal(f->res.status, 400);
	assert_non_null(strstr(f->answer, "\"detail\":\"row 1\",\"errors\":["
	    "{\"row\":1,\"field\":\"size\",\"error\":\""));
	assert_non_null(strstr(f->answer, "},{\"row\":3,\"field\":\"size\","));
	assert_null(strstr(f->answer, "\"row\":2"));
}

static void
the_list_of_errors_is_bounded(void **state)
{
	struct fixture *f = *state;
	const struct model *shop = f->models[0].model;
	struct raw raw[4] = {{.kind = RAW_LIST}, {.kind = RAW_ABSENT},
	    {.kind = RAW_LIST}, {.kind = RAW_LIST}};
	struct predict_errors errors;
	struct problem p;
	size_t listed = 0;

	/* Three in each of 50 rows. */
	problem_set(&p, PROBLEM_RECORD);
	assert_true(predict_errors_begin(&errors, true, &f->mem));
	for (size_t row = 0; row < 50; row++)
		predict_errors_add(&errors, shop, row, raw);
	predict_errors_end(&errors, &p);
	for (size_t i = 0; i < p.errors.n; i++)
		listed += p.errors.p[i] == '{';
	assert_int_equal(listed, PREDICT_ERRORS_MAX);
	assert_int_equal(p.more, 150 - PREDICT_ERRORS_MAX);
	assert_int_equal(p.errors.p[p.errors.n - 1], ']');
	problem_answer(&p, &f->res);
	assert_true(str_has_suffix(buf_view(&f->res.body),
	    STR("}],\"more\":50}")));
	/* An answer that has no room for the list goes without. */
	f->res.body.cap = p.errors.n;
	problem_answer(&p, &f->res);
	assert_true(str_has_suffix(buf_view(&f->res.body),
	    STR("the model wants\"}")));
}

static void
rows_of_an_array_are_told_the_names(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/digit/predict", "[[1,2]]");
	expect(f, 400, "{\"error\":\"row 1: expected an object, got a list\","
	    "\"detail\":\"send an object with the keys x, y\"}");
	fixture_post(f, "/shop/predict", "[1]");
	assert_non_null(strstr(f->answer, "the keys city, age, income, ..."));
	fixture_post(f, "/price/predict", "3");
	assert_non_null(strstr(f->answer, "with the key size\""));
}

static void
rows_are_limited(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/price/predict", "[{\"size\":1},{\"size\":1},"
	    "{\"size\":1},{\"size\":1},{\"size\":1}]");
	assert_int_equal(f->res.status, 200);
	fixture_post(f, "/price/predict", "[{\"size\":1},{\"size\":1},"
	    "{\"size\":1},{\"size\":1},{\"size\":1},{\"size\":1}]");
	expect(f, 413, "{\"error\":\"Too many rows in one request: 6, at "
	    "most 5 are accepted\"}");
}

static void
values_are_limited(void **state)
{
	struct fixture *f = *state;
	char text[4096];
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text), "{\"size\":1,\"more\":[0");
	while (n < 2500) {
		memcpy(text + n, ",0", 2);
		n += 2;
	}
	memcpy(text + n, "]}", 3);
	fixture_post(f, "/price/predict", text);
	assert_int_equal(f->res.status, 413);
	assert_non_null(strstr(f->answer, "more than 1044 JSON values"));
}

static void
memory_is_limited(void **state)
{
	struct fixture *f = *state;
	struct http_request req = {.method = HTTP_POST,
	    .path = STR("/price/predict"),
	    .content_type = STR("application/json"),
	    .body = STR("[{\"size\":1},{\"size\":1}]")};
	struct arena small;
	struct err err;

	assert_true(arena_init(&small, 4096, &err));
	/* However little there is, the answer is whole. */
	for (size_t taken = 0; taken <= 4096; taken += 16) {
		bool good;

		arena_reset(&small, 4096);
		assert_true(taken == 0 || arena_alloc(&small, taken));
		f->res = (struct http_response){0};
		buf_init(&f->res.body, f->answer, sizeof(f->answer) - 1);
		api_handle(f->api, &req, &f->res, &small);
		f->answer[f->res.body.n] = '\0';
		good = f->res.status == 200;
		assert_true(good || f->res.status == 413);
		assert_non_null(strstr(f->answer, good ? "prediction" :
		    "too large"));
	}
	assert_int_equal(f->res.status, 413);
	arena_done(&small);
}

static void
an_answer_that_does_not_fit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct http_request req = {.method = HTTP_POST,
	    .path = STR("/price/predict"),
	    .content_type = STR("application/json"),
	    .body = STR("[{\"size\":1},{\"size\":1},{\"size\":1},"
	    "{\"size\":1}]")};

	f->res = (struct http_response){0};
	buf_init(&f->res.body, f->answer, 100);
	api_handle(f->api, &req, &f->res, &f->request);
	f->answer[f->res.body.n] = '\0';
	expect(f, 413, "{\"error\":\"The answer would be too large; send "
	    "fewer rows at a time\"}");
}

static void
ready_until_draining(void **state)
{
	struct fixture *f = *state;

	fixture_send(f, HTTP_GET, "/health/ready", STR(""), STR(""));
	expect(f, 200, "{\"status\":\"ok\"}");
	api_set_draining(f->api, true);
	fixture_send(f, HTTP_GET, "/health/ready", STR(""), STR(""));
	expect(f, 503, "{\"error\":\"The service is shutting down\"}");
	assert_int_equal(f->res.retry_after_s, 1);
	fixture_send(f, HTTP_GET, "/health/live", STR(""), STR(""));
	assert_int_equal(f->res.status, 200);
	fixture_post(f, "/price/predict", "{\"size\":1}");
	assert_int_equal(f->res.status, 200);
	api_set_draining(f->api, false);
}

static void
without_a_model_it_is_not_ready(void **state)
{
	struct fixture *f = *state;
	struct api_options o = {.metrics = &f->metrics, .slab = f->slab,
	    .rows_limit = 1};
	struct http_request req = {.path = STR("/health/ready")};
	struct api *api;
	struct err err;

	assert_true(api_new(&o, &f->mem, &api, &err));
	f->res = (struct http_response){0};
	buf_init(&f->res.body, f->answer, sizeof(f->answer));
	api_handle(api, &req, &f->res, &f->request);
	assert_int_equal(f->res.status, 503);
	req.path = STR("/info");
	buf_reset(&f->res.body);
	api_handle(api, &req, &f->res, &f->request);
	assert_int_equal(f->res.status, 200);
}

/* Rows of a class, or requests without a prediction, of model shop. */
static uint64_t
predictions(const struct fixture *f, const char *class_,
    enum label_RESULT error)
{
	enum label_MODEL m = metrics_model_index(&f->metrics, STR("shop"));

	if (class_ != NULL)
		error = metrics_result_index(&f->metrics, m, str_of(class_));
	return metric_total(&f->slab->model[m].predictions[error]);
}

static uint64_t
invalid(const struct fixture *f)
{
	return predictions(f, NULL, RESULT_VALIDATION_ERROR);
}

static void
each_row_and_each_failure_is_counted(void **state)
{
	struct fixture *f = *state;
	uint64_t no = predictions(f, "No", 0);
	uint64_t yes = predictions(f, "Yes", 0);
	uint64_t none = predictions(f, NULL, RESULT_NO_INPUT);
	uint64_t bad = invalid(f);
	const struct slab_model *m = &f->slab->model[
	    metrics_model_index(&f->metrics, STR("shop"))];
	uint64_t good = metric_total(
	    &m->prediction_requests[OUTCOME_SUCCESS]);

	fixture_post(f, "/shop/predict", "[" SHOP "," SHOP ","
	    "{\"age\":90,\"city\":\"Rome\",\"smoker\":1}]");
	assert_int_equal(predictions(f, "No", 0), no + 2);
	assert_int_equal(predictions(f, "Yes", 0), yes + 1);
	fixture_post(f, "/shop/predict", "[" SHOP ",{}]");
	fixture_post(f, "/shop/predict", "7");
	assert_int_equal(invalid(f), bad + 2);
	fixture_post(f, "/shop/predict", "null");
	fixture_send(f, HTTP_POST, "/shop/predict", STR("text/plain"),
	    STR(SHOP));
	assert_int_equal(predictions(f, NULL, RESULT_NO_INPUT), none + 2);
	fixture_post(f, "/shop/predict", "[]");
	fixture_send(f, HTTP_GET, "/shop/predict", STR(""), STR(""));
	fixture_post(f, "/shoe/predict", SHOP);
	assert_int_equal(predictions(f, "No", 0), no + 2);
	assert_int_equal(invalid(f), bad + 2);
	assert_int_equal(metric_total(
	    &m->prediction_requests[OUTCOME_SUCCESS]), good + 2);
}

static void
requests_are_counted_by_route_and_code(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum http_method method;
		const char *path;
		enum label_ROUTE route;
		enum label_CODE code;
	} cases[] = {
	    {HTTP_GET, "/health", ROUTE_HEALTH, CODE_200},
	    {HTTP_HEAD, "/health", ROUTE_HEALTH, CODE_200},
	    {HTTP_DELETE, "/health", ROUTE_HEALTH, CODE_405},
	    {HTTP_GET, "/cmpt2500f25_tutorial_home", ROUTE_INFO, CODE_200},
	    {HTTP_GET, "/apidocs", ROUTE_APIDOCS, CODE_301},
	    {HTTP_GET, "/nowhere", ROUTE_UNMATCHED, CODE_404},
	    {HTTP_POST, "/nobody/predict", ROUTE_UNMATCHED, CODE_404},
	    {HTTP_POST, "/price/predict", ROUTE_PREDICT, CODE_400},
	    {HTTP_OTHER, "/price/predict", ROUTE_PREDICT, CODE_405},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		const struct counter *c = &f->slab->http_requests
		    [cases[i].method][cases[i].route][cases[i].code];
		const struct counter *rejected =
		    &f->slab->http_rejected[REJECTED_METHOD];
		uint64_t before = metric_total(c);
		uint64_t refused = metric_total(rejected);

		fixture_send(f, cases[i].method, cases[i].path, STR(""),
		    STR(""));
		assert_int_equal(metric_total(c), before + 1);
		assert_int_equal(metric_total(rejected) - refused,
		    cases[i].code == CODE_405);
		assert_int_equal(f->res.head, cases[i].method == HTTP_HEAD);
	}
}

/* Observations in a histogram: the sum of its buckets. */
#define OBSERVED(h) metric_totals((h).bucket, countof((h).bucket))

static void
a_prediction_is_measured(void **state)
{
	struct fixture *f = *state;
	const struct slab *slab = f->slab;
	const struct slab_model *m = &slab->model[
	    metrics_model_index(&f->metrics, STR("shop"))];
	struct slab_model was = *m;
	uint64_t http = OBSERVED(slab->http_time[METHOD_POST][ROUTE_PREDICT]);
	uint64_t in = metric_total(
	    &slab->http_request_bytes[ROUTE_PREDICT].sum);
	uint64_t out = metric_total(
	    &slab->http_response_bytes[ROUTE_PREDICT].sum);

	fixture_post(f, "/shop/predict", "[" SHOP "," SHOP "]");
	assert_int_equal(metric_total(&m->prediction_rows.sum) -
	    metric_total(&was.prediction_rows.sum), 2);
	assert_int_equal(OBSERVED(m->prediction_time),
	    OBSERVED(was.prediction_time) + 1);
	assert_true(metric_total(&m->prediction_time.sum) >
	    metric_total(&was.prediction_time.sum));
	for (int i = 0; i < STAGE_CELLS; i++) {
		assert_int_equal(OBSERVED(m->stage_time[i]),
		    OBSERVED(was.stage_time[i]) + 1);
		assert_true(metric_total(&m->stage_time[i].sum) >
		    metric_total(&was.stage_time[i].sum));
	}
	/* The probability of Yes, whatever was predicted. */
	assert_int_equal(OBSERVED(m->score), OBSERVED(was.score) + 2);
	assert_true(metric_total(&m->score.sum) -
	    metric_total(&was.score.sum) < 1000000000);
	assert_int_equal(OBSERVED(slab->http_time[METHOD_POST][ROUTE_PREDICT]),
	    http + 1);
	assert_int_equal(metric_total(
	    &slab->http_request_bytes[ROUTE_PREDICT].sum),
	    in + strlen("[" SHOP "," SHOP "]"));
	assert_int_equal(metric_total(
	    &slab->http_response_bytes[ROUTE_PREDICT].sum),
	    out + f->res.body.n);
}

static void
the_body_of_head_is_not_sent(void **state)
{
	struct fixture *f = *state;
	const struct counter *sum =
	    &f->slab->http_response_bytes[ROUTE_INFO].sum;
	uint64_t before = metric_total(sum);

	fixture_send(f, HTTP_HEAD, "/info", STR(""), STR(""));
	assert_true(f->res.head && f->res.body.n > 0);
	assert_int_equal(metric_total(sum), before);
}

static void
what_the_transport_refuses_is_answered_and_counted(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum http_method method;
		const char *path;
		int status;
		enum label_REJECTED why;
		bool prediction;
		enum label_OUTCOME outcome;
		enum label_RESULT result;
	} cases[] = {
	    {HTTP_POST, "/shop/predict", 413, REJECTED_TOO_LARGE, true,
		OUTCOME_VALIDATION_ERROR, RESULT_VALIDATION_ERROR},
	    {HTTP_POST, "/shop/predict", 400, REJECTED_MALFORMED, true,
		OUTCOME_VALIDATION_ERROR, RESULT_VALIDATION_ERROR},
	    {HTTP_POST, "/shop/predict", 503, REJECTED_OVERLOAD, true,
		OUTCOME_OVERLOAD, RESULT_ERROR},
	    {HTTP_POST, "/shop/predict", 408, REJECTED_TIMEOUT, true,
		OUTCOME_VALIDATION_ERROR, RESULT_VALIDATION_ERROR},
	    {HTTP_GET, "/shop/predict", 400, REJECTED_MALFORMED, false,
		OUTCOME_VALIDATION_ERROR, RESULT_VALIDATION_ERROR},
	    {HTTP_POST, "/nowhere", 429, REJECTED_RATE_LIMIT, false,
		OUTCOME_OVERLOAD, RESULT_ERROR},
	};
	const struct slab_model *m = &f->slab->model[
	    metrics_model_index(&f->metrics, STR("shop"))];

	for (size_t i = 0; i < countof(cases); i++) {
		struct http_request req = {.method = cases[i].method,
		    .path = str_of(cases[i].path)};
		const struct counter *rejected =
		    &f->slab->http_rejected[cases[i].why];
		const struct counter *requests =
		    &m->prediction_requests[cases[i].outcome];
		const struct counter *results =
		    &m->predictions[cases[i].result];
		uint64_t were[] = {metric_total(rejected),
		    metric_total(requests), metric_total(results)};

		f->res = (struct http_response){0};
		buf_init(&f->res.body, f->answer, sizeof(f->answer) - 1);
		api_refuse(f->api, &req, cases[i].status, "No", &f->res);
		f->answer[f->res.body.n] = '\0';
		expect(f, cases[i].status, "{\"error\":\"No\"}");
		assert_int_equal(f->res.retry_after_s > 0,
		    cases[i].status == 503);
		assert_int_equal(metric_total(rejected), were[0] + 1);
		assert_int_equal(metric_total(requests) - were[1],
		    cases[i].prediction);
		assert_int_equal(metric_total(results) - were[2],
		    cases[i].prediction);
	}
}

static void
a_slot_is_one_part_of_a_path(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/shop/x/predict", SHOP);
	assert_int_equal(f->res.status, 404);
	assert_non_null(strstr(f->answer, "Nothing is served at this path"));
	fixture_post(f, "/nobody/predict", SHOP);
	assert_int_equal(f->res.status, 404);
	assert_non_null(strstr(f->answer, "No model is served"));
}

static const cJSON *
document(struct fixture *f, const char *path)
{
	static const struct json_limits limits = {32, 100000};
	const cJSON *tree;
	struct err err;

	fixture_send(f, HTTP_GET, path, STR(""), STR(""));
	assert_int_equal(f->res.status, 200);
	if (!json_parse(&f->request, buf_view(&f->res.body), &limits, &tree,
	    &err))
		fail_msg("%s at %zu", err.text, err.at);
	return tree;
}

static const cJSON *
at(const cJSON *item, const char *name)
{
	const cJSON *ret = cJSON_GetObjectItemCaseSensitive(item, name);

	if (ret == NULL)
		fail_msg("no member %s", name);
	return ret;
}

static void
info_tells_the_lab_what_it_asks(void **state)
{
	const cJSON *info = document(*state, "/info"), *format;

	assert_string_equal(at(info, "model_versions_available")->child->
	    valuestring, "/shop/predict");
	format = at(info, "required_input_format");
	assert_int_equal(cJSON_GetArraySize(at(format,
	    "numerical_features")), 2);
	/* In the order of the schema, not of the model. */
	assert_string_equal(at(format, "categorical_features")->child->
	    valuestring, "city");
	assert_string_equal(at(format, "description")->valuestring,
	    "A JSON object (or list of objects) with all 4 features.");
	format = at(format, "example_single_record");
	assert_int_equal(at(format, "age")->valuedouble, 58);
	assert_string_equal(at(format, "city")->valuestring, "Oslo");
	at(info, "message");
	at(info, "api_documentation");
}

/* What the OpenAPI document says that a model's answers must have. */
static void
expect_required(struct fixture *f, const char *schema, const char *want)
{
	const cJSON *required = at(at(at(at(document(f, "/openapi.json"),
	    "components"), "schemas"), schema), "required");
	char *text = cJSON_PrintUnformatted(required);

	assert_string_equal(text, want);
	free(text);
}

static void
a_classifier_without_probabilities_answers_its_class(void **state)
{
	struct fixture *f = *state;
	enum label_MODEL m = metrics_model_index(&f->metrics, STR("side"));

	fixture_post(f, "/side/predict", "[{\"x\":0.5},{\"x\":0}]");
	expect(f, 200, "[{\"prediction\":\"right\",\"model_version\":"
	    "\"side\"},{\"prediction\":\"left\",\"model_version\":"
	    "\"side\"}]");
	/* There is no confidence to be counted. */
	for (size_t i = 0; i < countof(f->slab->model[m].score.bucket); i++)
		assert_int_equal(metric_total(
		    &f->slab->model[m].score.bucket[i]), 0);
	expect_required(f, "side_prediction",
	    "[\"prediction\",\"model_version\"]");
}

static void
a_score_is_told_beside_the_class(void **state)
{
	struct fixture *f = *state;

	fixture_post(f, "/odd/predict", "{\"x\":2}");
	expect(f, 200, "{\"prediction\":1,\"score\":0.0,"
	    "\"model_version\":\"odd\"}");
	fixture_post(f, "/odd/predict", "{\"x\":2.5}");
	expect(f, 200, "{\"prediction\":-1,\"score\":-0.5,"
	    "\"model_version\":\"odd\"}");
	expect_required(f, "odd_prediction",
	    "[\"prediction\",\"score\",\"model_version\"]");
}

static void
several_numbers_are_answered_as_a_list(void **state)
{
	struct fixture *f = *state;
	const cJSON *prediction;

	fixture_post(f, "/pair/predict", "{\"x\":1.5}");
	expect(f, 200, "{\"prediction\":[1.5,4.0],"
	    "\"model_version\":\"pair\"}");
	prediction = at(at(at(at(at(document(f, "/openapi.json"),
	    "components"), "schemas"), "pair_prediction"), "properties"),
	    "prediction");
	assert_string_equal(at(prediction, "type")->valuestring, "array");
	assert_int_equal(at(prediction, "minItems")->valuedouble, 2);
}

static uint64_t
counted(const struct fixture *f, const char *slot, const char *result)
{
	enum label_MODEL m = metrics_model_index(&f->metrics, str_of(slot));
	enum label_RESULT r = metrics_result_index(&f->metrics, m,
	    str_of(result));

	assert_true(r >= RESULT_SLOT);
	return metric_total(&f->slab->model[m].predictions[r]);
}

static void
several_labels_are_answered_as_lists(void **state)
{
	struct fixture *f = *state;
	enum label_MODEL m = metrics_model_index(&f->metrics, STR("two"));
	const cJSON *properties, *items;
	char *text;

	fixture_post(f, "/two/predict", "[{\"x\":0},{\"x\":1000}]");
	expect(f, 200, "[{\"prediction\":[\"No\",1],\"probability\":[0.5,0.5],"
	    "\"model_version\":\"two\"},{\"prediction\":[\"Yes\",1],"
	    "\"probability\":[1.0,1.0],\"model_version\":\"two\"}]");
	/* A row counts under a class of each; there is no one confidence. */
	assert_int_equal(counted(f, "two", "wet=No"), 1);
	assert_int_equal(counted(f, "two", "wet=Yes"), 1);
	assert_int_equal(counted(f, "two", "sign=1"), 2);
	assert_int_equal(counted(f, "two", "sign=-1"), 0);
	for (size_t i = 0; i < countof(f->slab->model[m].score.bucket); i++)
		assert_int_equal(metric_total(
		    &f->slab->model[m].score.bucket[i]), 0);
	properties = at(at(at(at(document(f, "/openapi.json"), "components"),
	    "schemas"), "two_prediction"), "properties");
	items = at(at(properties, "prediction"), "prefixItems");
	text = cJSON_PrintUnformatted(items);
	assert_string_equal(text, "[{\"title\":\"wet\",\"enum\":[\"No\",\"Yes\"]},"
	    "{\"title\":\"sign\",\"enum\":[1,-1]}]");
	free(text);
	assert_int_equal(at(at(properties, "probability"), "maxItems")->
	    valuedouble, 2);
	expect_required(f, "two_prediction",
	    "[\"prediction\",\"probability\",\"model_version\"]");
}

static void
several_labels_without_probabilities_are_a_list(void **state)
{
	struct fixture *f = *state;
	const cJSON *models;
	char *text;

	fixture_post(f, "/sides/predict", "{\"x\":-2}");
	expect(f, 200, "{\"prediction\":[\"No\",-1],"
	    "\"model_version\":\"sides\"}");
	assert_int_equal(counted(f, "sides", "output_1=-1"), 1);
	expect_required(f, "sides_prediction",
	    "[\"prediction\",\"model_version\"]");
	models = at(document(f, "/info"), "models");
	text = cJSON_PrintUnformatted(at(cJSON_GetArrayItem(models, 7),
	    "targets"));
	assert_string_equal(text, "[{\"name\":\"output_0\",\"classes\":[\"No\","
	    "\"Yes\"]},{\"name\":\"output_1\",\"classes\":[1,-1]}]");
	free(text);
	assert_null(cJSON_GetObjectItem(cJSON_GetArrayItem(models, 7),
	    "classes"));
}

static void
booleans_are_taken_where_the_schema_says_so(void **state)
{
	struct fixture *f = *state;
	const cJSON *record, *type;
	char *answer;

	fixture_post(f, "/digit/predict", "{\"x\":0,\"y\":1}");
	assert_int_equal(f->res.status, 200);
	answer = strdup(f->answer);
	fixture_post(f, "/digit/predict", "{\"x\":0,\"y\":true}");
	expect(f, 200, answer);
	free(answer);
	fixture_post(f, "/digit/predict", "{\"x\":true,\"y\":true}");
	expect(f, 400, "{\"error\":\"Invalid type for x: expected int or "
	    "float, got bool\"}");
	record = at(at(at(at(document(f, "/openapi.json"), "components"),
	    "schemas"), "digit_record"), "properties");
	type = at(at(record, "y"), "anyOf")->child;
	assert_string_equal(at(type, "type")->valuestring, "number");
	assert_string_equal(at(type->next, "type")->valuestring, "boolean");
	assert_null(at(at(record, "x"), "anyOf")->child->next);
	record = at(at(document(f, "/info"), "models")->child->next->next,
	    "required_input_format");
	assert_string_equal(at(record, "boolean_features")->child->
	    valuestring, "y");
	assert_true(cJSON_IsBool(at(at(record, "example_single_record"),
	    "y")));
}

static void
the_examples_are_accepted(void **state)
{
	struct fixture *f = *state;
	const cJSON *m = at(document(f, "/info"), "models")->child;
	char *examples[FIXTURE_MODELS], *paths[FIXTURE_MODELS];
	size_t n = 0;

	for (; m != NULL; m = m->next, n++) {
		examples[n] = cJSON_PrintUnformatted(at(at(m,
		    "required_input_format"), "example_single_record"));
		paths[n] = strdup(at(m, "path")->valuestring);
	}
	assert_int_equal(n, FIXTURE_MODELS);
	for (size_t i = 0; i < n; i++) {
		fixture_post(f, paths[i], examples[i]);
		assert_int_equal(f->res.status, 200);
		free(examples[i]);
		free(paths[i]);
	}
}

/* Every "$ref" names something that is there. */
static void
follow(const cJSON *item, const cJSON *schemas, size_t *refs)
{
	for (; item != NULL; item = item->next) {
		if (item->string != NULL &&
		    strcmp(item->string, "$ref") == 0) {
			assert_memory_equal(item->valuestring,
			    "#/components/schemas/", 21);
			at(schemas, item->valuestring + 21);
			++*refs;
		}
		follow(item->child, schemas, refs);
	}
}

static void
openapi_describes_every_route_and_model(void **state)
{
	struct fixture *f = *state;
	const cJSON *api = document(f, "/openapi.json");
	const cJSON *paths = at(api, "paths");
	const cJSON *schemas = at(at(api, "components"), "schemas"), *record;
	struct str rest;
	size_t refs = 0;

	assert_string_equal(at(api, "openapi")->valuestring, "3.1.0");
	for (size_t i = 0; i < route_count(); i++)
		if (route_at(i)->id != NULL &&
		    !route_has_slot(route_at(i), &rest))
			at(at(paths, route_at(i)->path), "get");
	at(at(paths, "/shop/predict"), "post");
	at(at(paths, "/digit/predict"), "post");
	follow(api->child, schemas, &refs);
	assert_true(refs > 20);
	record = at(schemas, "shop_record");
	assert_int_equal(cJSON_GetArraySize(at(record, "required")), 3);
	record = at(record, "properties");
	assert_int_equal(cJSON_GetArraySize(record), 4);
	assert_int_equal(cJSON_GetArraySize(at(at(record, "income"),
	    "anyOf")), 2); /* null too */
	assert_int_equal(at(at(record, "income"), "default")->valuedouble, 0);
	assert_string_equal(at(at(record, "age"), "description")->valuestring,
	    "In training 18 to 99");
	/* No, Yes, 0, 1, "1", and strings in another case. */
	record = at(at(record, "smoker"), "anyOf");
	assert_int_equal(cJSON_GetArraySize(record), 2);
	assert_int_equal(cJSON_GetArraySize(at(record->child, "enum")), 5);
}

static void
pages_need_nothing_from_elsewhere(void **state)
{
	struct fixture *f = *state;
	static const char *const pages[] = {"/", "/apidocs/"};

	for (size_t i = 0; i < countof(pages); i++) {
		fixture_send(f, HTTP_GET, pages[i], STR(""), STR(""));
		assert_int_equal(f->res.status, 200);
		assert_non_null(strstr(f->answer, "<!doctype html>"));
		assert_non_null(strstr(f->answer, "</html>\n"));
		assert_null(strstr(f->answer, "http://"));
		assert_null(strstr(f->answer, "https://"));
		assert_null(strstr(f->answer, "src="));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_problem_has_a_status_and_a_sentence),
	    cmocka_unit_test(every_route_is_whole),
	    cmocka_unit_test(every_route_is_in_the_metrics_table),
	    cmocka_unit_test(classes_are_answered_as_they_were_trained),
	    cmocka_unit_test(booleans_are_taken_where_the_schema_says_so),
	    cmocka_unit_test(a_regression_answers_its_number),
	    cmocka_unit_test(
		a_classifier_without_probabilities_answers_its_class),
	    cmocka_unit_test(a_score_is_told_beside_the_class),
	    cmocka_unit_test(several_numbers_are_answered_as_a_list),
	    cmocka_unit_test(several_labels_are_answered_as_lists),
	    cmocka_unit_test(several_labels_without_probabilities_are_a_list),
	    cmocka_unit_test(a_result_that_is_not_finite_is_refused),
	    cmocka_unit_test(integers_and_floats_differ),
	    cmocka_unit_test(values_are_not_repeated),
	    cmocka_unit_test(all_that_is_wrong_is_told_at_once),
	    cmocka_unit_test(what_the_model_refuses_is_told_of_every_row),
	    cmocka_unit_test(the_list_of_errors_is_bounded),
	    cmocka_unit_test(rows_of_an_array_are_told_the_names),
	    cmocka_unit_test(rows_are_limited),
	    cmocka_unit_test(values_are_limited),
	    cmocka_unit_test(memory_is_limited),
	    cmocka_unit_test(an_answer_that_does_not_fit_is_refused),
	    cmocka_unit_test(ready_until_draining),
	    cmocka_unit_test(without_a_model_it_is_not_ready),
	    cmocka_unit_test(each_row_and_each_failure_is_counted),
	    cmocka_unit_test(requests_are_counted_by_route_and_code),
	    cmocka_unit_test(a_prediction_is_measured),
	    cmocka_unit_test(the_body_of_head_is_not_sent),
	    cmocka_unit_test(a_slot_is_one_part_of_a_path),
	    cmocka_unit_test(
		what_the_transport_refuses_is_answered_and_counted),
	    cmocka_unit_test(info_tells_the_lab_what_it_asks),
	    cmocka_unit_test(the_examples_are_accepted),
	    cmocka_unit_test(openapi_describes_every_route_and_model),
	    cmocka_unit_test(pages_need_nothing_from_elsewhere),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
