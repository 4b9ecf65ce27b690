/* SPDX-License-Identifier: ISC
 *
 * lightscore bench: how long a row takes, scored alone and as a whole
 * request - decoded, scored, encoded, counted - by the very code that a
 * worker runs. Medians of several runs, because other work disturbs some.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/number.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/sample.h"
#include "http/http.h"
#include "json/json_write.h"
#include "metrics/metrics_file.h"
#include "score/input.h"
#include "score/score.h"

#define MEMORY         ((size_t)2 << 30)
#define REQUEST_MEMORY ((size_t)1 << 30)
#define BODY_BYTES     ((size_t)256 << 20)
#define RUN_NS         UINT64_C(50000000)
enum { RUNS = 7, SIZES_MAX = 16, ROWS_MAX = 100000, SAMPLE = 1000 };

struct bench {
	const struct model *model;
	struct sample sample;
	struct arena mem, request;
	struct metrics_file metrics;
	struct api *api;
	double *cells, *out; /* of one batch */
	void *scratch;
	struct buf body, answer;
};
struct result {
	size_t rows;
	double score_ns, request_ns; /* a row */
	const char *way;
};

/* The batch of n rows: the sample over and over. */
static bool
fill_batch(struct bench *b, size_t n, struct err *err)
{
	size_t inputs = model_inputs(b->model);

	buf_reset(&b->body);
	if (n > 1)
		buf_char(&b->body, '[');
	for (size_t i = 0; i < n; i++) {
		size_t from = i % b->sample.n;

		memcpy(b->cells + i * inputs, b->sample.cells + from * inputs,
		    inputs * sizeof(*b->cells));
		if (i > 0)
			buf_char(&b->body, ',');
		buf_str(&b->body, b->sample.objects[from]);
	}
	if (n > 1)
		buf_char(&b->body, ']');
	return !b->body.over || err_set(err, ERR_LIMIT, ERR_NOWHERE,
	    "%zu rows are more than %zu bytes: give smaller batches", n,
	    b->body.cap);
}

static bool
score_batch(struct bench *b, size_t n, struct err *err)
{
	struct score_fault fault;

	if (score_rows(b->model, b->cells, n, b->out, b->scratch, &fault))
		return true;
	input_fault(b->model, &fault, err);
	return err_context(err, "row %zu", fault.row % b->sample.n + 1);
}

static bool
request_batch(struct bench *b, size_t n, struct err *err)
{
	struct http_request req = {.method = HTTP_POST,
	    .path = STR("/bench/predict"),
	    .content_type = STR("application/json"),
	    .body = buf_view(&b->body), .started_ns = clock_mono_ns()};
	struct http_response res = {.status = 0};

	(void)n;
	buf_reset(&b->answer);
	res.body = b->answer;
	api_handle(b->api, &req, &res, &b->request);
	arena_reset(&b->request, (size_t)1 << 20);
	if (res.status == 200)
		return true;
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "a request was answered"
	    " %d: %.*s", res.status, res.body.n < 300 ? (int)res.body.n : 300,
	    res.body.p);
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Nanoseconds a row of `work`, over runs long enough for the clock. */
static bool
measure(struct bench *b, size_t n,
    bool (*work)(struct bench *, size_t, struct err *), double *ret,
    struct err *err)
{
	double runs[RUNS];

	/* Once for the caches, and for the first error. */
	if (!work(b, n, err))
		return false;
	for (int i = 0; i < RUNS; i++) {
		uint64_t begun = clock_mono_ns(), now;
		size_t done = 0;

		do {
			if (!work(b, n, err))
				return false;
			done += n;
			now = clock_mono_ns();
		} while (now - begun < RUN_NS);
		runs[i] = (double)(now - begun) / (double)done;
	}
	qsort(runs, RUNS, sizeof(*runs), by_value);
	*ret = runs[RUNS / 2];
	return true;
}

static bool
parse_sizes(const char *text, struct result *results, size_t *n)
{
	struct str rest = str_of(text);

	*n = 0;
	while (rest.p != NULL) {
		uint64_t rows;

		if (*n == SIZES_MAX ||
		    !number_parse_u64(str_cut(&rest, ','), &rows) ||
		    rows == 0 || rows > ROWS_MAX)
			return false;
		results[(*n)++].rows = rows;
	}
	return true;
}

/* Counters that nobody looks at, in a file that is gone at once. */
static bool
open_metrics(struct metrics_file *ret, struct err *err)
{
	char dir[] = "/tmp/lightscore-bench.XXXXXX", aside[PATH_MAX];
	char path[sizeof(dir) + sizeof(METRICS_FILE_NAME)];
	bool ok;

	if (mkdtemp(dir) == NULL)
		return err_system(err, "cannot make %s", dir);
	snprintf(path, sizeof(path), "%s/%s", dir, METRICS_FILE_NAME);
	ok = metrics_create(path, ret, aside, err);
	unlink(path);
	rmdir(dir);
	return ok;
}

static bool
open_api(struct bench *b, struct model *m, size_t most, struct err *err)
{
	const struct api_model model = {"bench", m};
	const struct api_options o = {.models = &model, .n_models = 1,
	    .rows_limit = most, .metrics = &b->metrics,
	    .slab = &b->metrics.slabs[0]};

	return metrics_slot_prepare(&b->metrics, 0, err) &&
	    api_new(&o, &b->mem, &b->api, err);
}

static bool
set_up(struct bench *b, struct model *m, const char *data, size_t most,
    struct err *err)
{
	char *scratch;

	b->model = m;
	if (!arena_init(&b->mem, MEMORY, err) ||
	    !arena_init(&b->request, REQUEST_MEMORY, err) ||
	    !sample_read(data, m, most < SAMPLE ? SAMPLE : most, &b->mem,
	    &b->sample, err))
		return false;
	b->cells = ARENA_ARRAY(&b->mem, most * model_inputs(m), double);
	b->out = ARENA_ARRAY(&b->mem, most * model_outputs(m), double);
	scratch = arena_alloc(&b->mem,
	    score_scratch_bytes(m, most) + CACHE_LINE);
	buf_init(&b->body, arena_alloc(&b->mem, BODY_BYTES), BODY_BYTES);
	buf_init(&b->answer, arena_alloc(&b->mem, BODY_BYTES), BODY_BYTES);
	if (b->mem.over)
		return arena_err(&b->mem, "measuring", err);
	b->scratch = scratch + -(uintptr_t)scratch % CACHE_LINE;
	return open_metrics(&b->metrics, err) && open_api(b, m, most, err);
}

static void
print_results(const struct result *results, size_t n, bool json,
    struct buf *b)
{
	if (json)
		json_open(b, '[');
	else
		buf_printf(b, "%8s%16s%18s%16s  %s\n", "rows", "score ns/row",
		    "request ns/row", "request rows/s", "through the trees");
	for (size_t i = 0; i < n; i++) {
		const struct result *r = &results[i];

		if (!json) {
			buf_printf(b, "%8zu%16.0f%18.0f%16.0f  %s\n", r->rows,
			    r->score_ns, r->request_ns, 1e9 / r->request_ns,
			    r->way);
			continue;
		}
		json_open(b, '{');
		json_key(b, "rows");
		json_u64(b, r->rows);
		json_key(b, "score_ns_per_row");
		json_number(b, r->score_ns);
		json_key(b, "request_ns_per_row");
		json_number(b, r->request_ns);
		json_key(b, "request_rows_per_s");
		json_number(b, 1e9 / r->request_ns);
		json_key(b, "way");
		json_text(b, r->way);
		json_close(b, '}');
	}
	if (json) {
		json_close(b, ']');
		buf_char(b, '\n');
	}
}

static bool
run(struct bench *b, struct result *results, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct result *r = &results[i];

		r->way = score_way(b->model, r->rows);
		if (!fill_batch(b, r->rows, err) ||
		    !measure(b, r->rows, score_batch, &r->score_ns, err) ||
		    !measure(b, r->rows, request_batch, &r->request_ns, err))
			return false;
	}
	return true;
}

int
cmd_bench(const struct command *self, int argc, char *argv[])
{
	const char *sizes = "1,32,1000";
	bool json = false;
	const struct cli_option options[] = {
	    {"batch", 0, "N,N,...", &sizes, NULL,
		"Rows in a batch; else 1, 32 and 1000."},
	    {"json", 0, NULL, NULL, &json, "For programs."},
	};
	const char *arguments[CLI_ARGUMENTS_MAX];
	struct result results[SIZES_MAX];
	struct bench b = {0};
	struct loaded model;
	size_t n_sizes, most = 0;
	char memory[4096];
	struct buf page;
	struct err err;
	int n, status;

	if (!cli_parse(self, argc, argv, options, countof(options), 1, 2,
	    arguments, &n, &status))
		return status;
	if (!parse_sizes(sizes, results, &n_sizes))
		return cli_usage(self, "--batch takes up to %d numbers from 1"
		    " to %d, with commas between", SIZES_MAX, ROWS_MAX);
	for (size_t i = 0; i < n_sizes; i++)
		most = results[i].rows > most ? results[i].rows : most;
	if (!load_model(arguments[0], &model, &err))
		return cli_fail(&err);
	buf_init(&page, memory, sizeof(memory));
	if (set_up(&b, model.model, n > 1 ? arguments[1] : NULL, most, &err) &&
	    run(&b, results, n_sizes, &err)) {
		print_results(results, n_sizes, json, &page);
		status = cli_print(&page);
	} else
		status = cli_fail(&err);
	arena_done(&b.request);
	arena_done(&b.mem);
	load_done(&model);
	return status;
}
