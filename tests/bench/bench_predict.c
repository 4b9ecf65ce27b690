/* SPDX-License-Identifier: ISC
 *
 * What a prediction costs without transport: api_handle on the shipped
 * models, one record and a list of 1,000, and where the time goes. The best
 * of several rounds: the machine's noise only ever adds.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "churn.h"
#include "http/http.h"
#include "json/json.h"

enum { ROUNDS = 15, ROWS = 1000, BODY_MAX = 1 << 20 };

struct bench {
	struct churn churn;
	struct arena mem;
	char *answer;
	struct str one, list;
};

static const char *const stages[] = {
    [STAGE_PARSE] = "parse",
    [STAGE_VALIDATE] = "validate",
    [STAGE_INFER] = "infer",
    [STAGE_SERIALIZE] = "serialize",
};

/* The "input" of each reference row, as the shipped file has it. */
static void
read_bodies(struct bench *b)
{
	static char one[4096], list[BODY_MAX];
	char path[PATH_MAX];
	struct file_map map;
	struct str rest, line;
	struct buf out;
	struct err err;

	snprintf(path, sizeof(path), "%s/models/churn/reference.ndjson",
	    churn_srcdir());
	if (!file_map(path, 1 << 24, &map, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	buf_init(&out, list, sizeof(list));
	rest = (struct str){NULL, 0};
	for (int i = 0; i < ROWS; i++) {
		char *end;

		/* The first 300 are customers; what follows is odd. */
		if (i % 300 == 0)
			rest = (struct str){map.p, map.n};
		line = str_cut(&rest, '\n');
		line = (struct str){line.p + 9, line.n - 9};
		end = memchr(line.p, '}', line.n);
		if (end == NULL)
			exit(2);
		buf_char(&out, i == 0 ? '[' : ',');
		line.n = (size_t)(end - line.p) + 1;
		buf_str(&out, line);
		if (i == 0) {
			memcpy(one, line.p, line.n);
			b->one = (struct str){one, line.n};
		}
	}
	buf_char(&out, ']');
	b->list = buf_view(&out);
	file_unmap(&map);
}

static void
handle(struct bench *b, struct str path, struct str body)
{
	struct http_request req = {.method = HTTP_POST, .path = path,
	    .content_type = STR("application/json"), .body = body,
	    .started_ns = clock_mono_ns()};
	struct http_response res = {0};

	buf_init(&res.body, b->answer, BODY_MAX);
	api_handle(b->churn.api, &req, &res, &b->mem);
	if (res.status != 200) {
		fprintf(stderr, "status %d: %.*s\n", res.status,
		    STR_ARG(buf_view(&res.body)));
		exit(1);
	}
	arena_reset(&b->mem, 1 << 20);
}

static uint64_t
stage_ns(const struct bench *b, const char *slot, int stage)
{
	enum label_MODEL m = metrics_model_index(&b->churn.metrics,
	    str_of(slot));

	return metric_total(&b->churn.slab->model[m].stage_time[stage].sum);
}

static void
run(struct bench *b, const char *slot, struct str body, size_t rows,
    int requests)
{
	char path[64];
	struct str p = {path, (size_t)snprintf(path, sizeof(path),
	    "/%s/predict", slot)};
	double best = 1e18;
	uint64_t before[STAGE_CELLS];

	for (int s = 0; s < STAGE_CELLS; s++)
		before[s] = stage_ns(b, slot, s);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t from = clock_mono_ns();
		double ns;

		for (int i = 0; i < requests; i++)
			handle(b, p, body);
		ns = (double)(clock_mono_ns() - from) / requests;
		best = ns < best ? ns : best;
	}
	printf("%s, %4zu row%s  %10.0f ns/request  %7.0f ns/row  "
	    "%9.0f rows/s  (mean", slot, rows, rows == 1 ? " " : "s", best,
	    best / (double)rows, 1e9 * (double)rows / best);
	for (int s = 0; s < STAGE_CELLS; s++)
		printf(" %s %.0f", stages[s],
		    (double)(stage_ns(b, slot, s) - before[s]) / ROUNDS /
		    requests / (double)rows);
	printf(" ns/row)\n");
}

int
main(void)
{
	static struct bench b;
	struct err err;

	churn_init(&b.churn, 10000);
	read_bodies(&b);
	b.answer = malloc(BODY_MAX);
	if (b.answer == NULL || !arena_init(&b.mem, 1 << 30, &err))
		return 2;
	run(&b, "v1", b.one, 1, 20000);
	run(&b, "v2", b.one, 1, 20000);
	run(&b, "v1", b.list, ROWS, 20);
	run(&b, "v2", b.list, ROWS, 20);
	free(b.answer);
	arena_done(&b.mem);
	churn_done(&b.churn);
	return 0;
}
