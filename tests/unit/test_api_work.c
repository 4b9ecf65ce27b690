/* SPDX-License-Identifier: ISC
 *
 * What the worst request costs that the limits let through: not much more
 * than an ordinary one of that size. Processor time is compared, the least of
 * a few tries each; what grows with the square of the body would be hundreds
 * of times off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_fixture.h"
#include "base/clock.h"

enum {
	BODY = 1 << 20,
	ROWS = 20000,
	ANSWER = 4 << 20,
	TRIES = 3,
	TIMES_MOST = 25,
};

struct work {
	struct fixture fixture;
	struct arena mem, request;
	struct api *api;
	struct api_model model;
	char *answer;
	uint64_t ordinary_ns;
};

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int
send_once(struct work *w, struct str body)
{
	const struct http_request req = {.method = HTTP_POST,
	    .path = STR("/shop/predict"),
	    .content_type = STR("application/json"), .body = body,
	    .started_ns = clock_mono_ns()};
	struct http_response res = {0};

	arena_reset(&w->request, 1 << 20);
	buf_init(&res.body, w->answer, ANSWER);
	api_handle(w->api, &req, &res, &w->request);
	return res.status;
}

static uint64_t
cost(struct work *w, struct str body, int *status)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t from = cpu_ns();

		*status = send_once(w, body);
		from = cpu_ns() - from;
		least = from < least ? from : least;
	}
	return least;
}

/* --- bodies --------------------------------------------------------------- */

/* `before`, as often as there is room or `most` times `unit` with commas
 * between, `after`. */
static struct str
repeat(char *body, const char *before, const char *unit, const char *after,
    size_t most)
{
	struct buf b;

	buf_init(&b, body, BODY);
	buf_text(&b, before);
	for (size_t i = 0; i < most &&
	    b.n + strlen(unit) + strlen(after) + 1 < BODY; i++) {
		buf_text(&b, i > 0 ? "," : "");
		buf_text(&b, unit);
	}
	buf_text(&b, after);
	assert_false(b.over);
	return buf_view(&b);
}

/* One text of the same character, as long as there is room. */
static struct str
stretch(char *body, const char *before, const char *unit, const char *after)
{
	struct buf b;

	buf_init(&b, body, BODY);
	buf_text(&b, before);
	while (b.n + strlen(unit) + strlen(after) < BODY)
		buf_text(&b, unit);
	buf_text(&b, after);
	assert_false(b.over);
	return buf_view(&b);
}

/* Members whose names all have the place of `name` in any table. */
static struct str
collide(char *body, const char *name)
{
	const uint64_t mask = (1 << 12) - 1;
	uint64_t home = str_hash(str_of(name)) & mask;
	char list[64 * 16], key[16];
	struct buf b;

	buf_init(&b, list, sizeof(list) - 1);
	for (unsigned i = 0, n = 0; n < 40; i++) {
		snprintf(key, sizeof(key), "%x", i);
		if ((str_hash(str_of(key)) & mask) != home)
			continue;
		buf_printf(&b, "%s\"%s\":1", n++ > 0 ? "," : "", key);
	}
	assert_false(b.over);
	list[b.n] = '\0';
	return repeat(body, "{", list, "}", SIZE_MAX);
}

static void
expect(struct work *w, const char *what, struct str body, int wanted)
{
	int status;
	uint64_t ns = cost(w, body, &status);

	print_message("# %s: %.2f times an ordinary request\n", what,
	    (double)ns / (double)w->ordinary_ns);
	assert_int_equal(status, wanted);
	assert_true(ns < TIMES_MOST * w->ordinary_ns);
}

/* --- the tests ------------------------------------------------------------ */

static int
setup(void **state)
{
	static const char row[] =
	    "{\"age\":20,\"income\":500,\"city\":\"Oslo\",\"smoker\":\"no\"}";
	struct work *w = calloc(1, sizeof(*w));
	char *body = malloc(BODY);
	struct api_options o;
	struct err err;
	int status;

	fixture_init(&w->fixture);
	assert_true(arena_init(&w->mem, 16 << 20, &err));
	assert_true(arena_init(&w->request, (size_t)24 * BODY, &err));
	w->answer = malloc(ANSWER);
	w->model = w->fixture.models[0];
	o = (struct api_options){.models = &w->model, .n_models = 1,
	    .rows_limit = ROWS, .metrics = &w->fixture.metrics,
	    .slab = w->fixture.slab};
	assert_true(api_new(&o, &w->mem, &w->api, &err));
	w->ordinary_ns = cost(w, repeat(body, "[", row, "]", ROWS), &status);
	assert_int_equal(status, 200);
	free(body);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct work *w = *state;

	arena_done(&w->request);
	arena_done(&w->mem);
	fixture_done(&w->fixture);
	free(w->answer);
	free(w);
	return 0;
}

static void
many_members_cost_no_more_than_rows(void **state)
{
	static const struct {
		const char *what, *unit;
		size_t most;
		int status;
	} cases[] = {
	    {"a member again and again", "\"age\":1", 100000, 400},
	    {"a text again and again", "\"city\":\"x\"", 95000, 400},
	    {"an alias again and again", "\"smoker\":1", 95000, 400},
	    {"a name that no column has", "\"xyz\":1", 100000, 400},
	    {"an empty name", "\"\":1", 100000, 400},
	    {"the longest numbers",
		"\"age\":-1.77777777777777777777777777777777777777777777777"
		"777e-308", SIZE_MAX, 400},
	    {"more values than may be", "\"a\":[]", SIZE_MAX, 400},
	};
	char *body = malloc(BODY);

	for (size_t i = 0; i < countof(cases); i++)
		expect(*state, cases[i].what, repeat(body, "{", cases[i].unit,
		    "}", cases[i].most), cases[i].status);
	free(body);
}

static void
names_that_collide_cost_no_more(void **state)
{
	static const char *const names[] = {"age", "income", "city",
	    "smoker"};
	char *body = malloc(BODY);

	for (size_t i = 0; i < countof(names); i++)
		expect(*state, "names with the place of a column",
		    collide(body, names[i]), 400);
	free(body);
}

static void
many_rows_that_are_wrong_cost_no_more(void **state)
{
	static const char *const rows[] = {"{}", "{\"age\":null}",
	    "{\"age\":[],\"income\":{},\"city\":1.5,\"smoker\":[[]]}",
	    "{\"city\":\"x\",\"smoker\":\"y\"}"};
	char *body = malloc(BODY);

	for (size_t i = 0; i < countof(rows); i++)
		expect(*state, rows[i], repeat(body, "[", rows[i], "]", ROWS),
		    400);
	expect(*state, "more rows than may be",
	    repeat(body, "[", "{}", "]", 150000), 413);
	expect(*state, "no rows", repeat(body, "[", "1", "]", 150000), 400);
	free(body);
}

static void
long_texts_cost_no_more(void **state)
{
	static const struct {
		const char *before, *unit, *after;
		int status;
	} cases[] = {
	    {"{\"", "a", "\":1}", 400},
	    {"{\"city\":\"", "a", "\"}", 400},
	    {"{\"city\":\"", " ", "\"}", 400},
	    {"{\"smoker\":\"", " ", "1\"}", 400},
	    {"{\"age\":\"", " ", "\"}", 400},
	    {"{\"city\":\"", "\\u00e9", "\"}", 400},
	    {"{\"city\":\"", "\\ud83d\\ude00", "\"}", 400},
	    {"{\"city\":\"", "\xf0\x9f\x98\x80", "\"}", 400},
	    {"{", " ", "}", 400},
	    {"", "\n", "x", 400},
	    {"[", "\n", "{}]", 400},
	    {"[{},", " ", "{}]", 400},
	    {"{\"age\":1", "0", "}", 400},
	    {"{\"x\":", "[", "", 400},
	};
	char *body = malloc(BODY);

	for (size_t i = 0; i < countof(cases); i++)
		expect(*state, cases[i].before, stretch(body, cases[i].before,
		    cases[i].unit, cases[i].after), cases[i].status);
	free(body);
}

static void
nesting_costs_no_more(void **state)
{
	char *body = malloc(BODY);

	expect(*state, "as deep as may be", repeat(body, "{\"x\":[",
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "]}",
	    7000), 400);
	expect(*state, "objects in objects", repeat(body, "{\"x\":[",
	    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}", "]}", 25000), 400);
	free(body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(many_members_cost_no_more_than_rows),
	    cmocka_unit_test(names_that_collide_cost_no_more),
	    cmocka_unit_test(many_rows_that_are_wrong_cost_no_more),
	    cmocka_unit_test(long_texts_cost_no_more),
	    cmocka_unit_test(nesting_costs_no_more),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
