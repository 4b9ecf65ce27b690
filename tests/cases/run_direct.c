/* SPDX-License-Identifier: ISC
 *
 * Runs the contract cases on api_handle, without a server, with the shipped
 * models. Holds every answer of a predict route against the counters too:
 * each row that got a prediction and each request that got none is counted.
 *
 *   run_direct [CASE ...]
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "case_file.h"
#include "churn.h"
#include "http/http.h"
#include "json/json.h"
#include "metrics/metrics_file.h"

enum { ANSWER_MAX = 8 << 20, BODY_MAX = 16 << 20, SEEN_MAX = 256 };

struct seen {
	struct str id;
	char answer[256];
};

struct run {
	struct case_file file;
	struct churn churn;
	struct arena request, checks;
	struct http_response res;
	struct str sent;
	struct seen seen[SEEN_MAX];
	size_t n_seen;
	char why[1024]; /* of the first mismatch of a case */
};

static void mismatch(struct run *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
mismatch(struct run *r, const char *fmt, ...)
{
	va_list ap;

	if (r->why[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
}

static const cJSON *
member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static struct str
text_of(const cJSON *item)
{
	if (!cJSON_IsString(item))
		return (struct str){NULL, 0};
	return str_of(item->valuestring);
}

static const cJSON *
read_json(struct run *r, struct str text)
{
	static const struct json_limits limits = {64, 1 << 24};
	const cJSON *tree;
	struct err err;

	if (json_parse(&r->checks, text, &limits, &tree, &err))
		return tree;
	mismatch(r, "no JSON: %s at %zu", err.text, err.at);
	return NULL;
}

static void
check_prediction(struct run *r, const struct test_case *c, const cJSON *o)
{
	const cJSON *p = member(o, "probability");
	struct str prediction = text_of(member(o, "prediction"));
	struct str slot = {c->path.p + 1, 2};

	if (cJSON_GetArraySize(o) != 3 || !cJSON_IsNumber(p) ||
	    !(p->valuedouble >= 0.5 && p->valuedouble <= 1) ||
	    !(str_eq(prediction, STR("Yes")) ||
	    str_eq(prediction, STR("No"))) ||
	    !str_eq(text_of(member(o, "model_version")), slot))
		mismatch(r, "not a prediction of %.*s", STR_ARG(slot));
}

static void
check_predictions(struct run *r, const struct test_case *c, const cJSON *list)
{
	int n = 0;

	if (!cJSON_IsArray(list))
		mismatch(r, "not a list");
	for (const cJSON *o = list->child; o != NULL; o = o->next, n++)
		check_prediction(r, c, o);
	if (n != atoi(c->argument.p))
		mismatch(r, "%d predictions", n);
}

static void
check_error(struct run *r, const struct test_case *c, const cJSON *o)
{
	struct str error = text_of(member(o, "error"));
	const cJSON *detail = member(o, "detail");
	const char *text = cJSON_IsString(detail) ? detail->valuestring : "";
	char part[256];

	if (error.n == 0 || (c->error.n > 0 && !str_eq(error, c->error)))
		mismatch(r, "error \"%.*s\"", STR_ARG(error));
	snprintf(part, sizeof(part), "%.*s", STR_ARG(c->detail));
	if (strstr(text, part) == NULL)
		mismatch(r, "detail \"%s\"", text);
}

static void
check_body(struct run *r, const struct test_case *c)
{
	struct str body = buf_view(&r->res.body);
	const cJSON *tree;

	if (str_eq(c->kind, STR("any")))
		return;
	tree = read_json(r, body);
	if (tree == NULL)
		return;
	if (str_eq(c->kind, STR("prediction")))
		check_prediction(r, c, tree);
	else if (str_eq(c->kind, STR("predictions")))
		check_predictions(r, c, tree);
	else if (str_eq(c->kind, STR("error")))
		check_error(r, c, tree);
	else if (str_eq(c->kind, STR("exact"))) {
		const cJSON *want = read_json(r, c->argument);

		if (want == NULL || !cJSON_Compare(tree, want, true))
			mismatch(r, "not the exact answer");
	} else if (!str_eq(c->kind, STR("json")))
		mismatch(r, "unknown kind %.*s", STR_ARG(c->kind));
}

static void
check_header(struct run *r, const char *name, struct str want,
    const char *got, bool whole)
{
	struct str s = str_of(got != NULL ? got : "");

	if (want.n > 0 && (whole ? !str_eq(s, want) :
	    !str_has_prefix(s, want)))
		mismatch(r, "%s \"%.*s\"", name, STR_ARG(s));
}

static void
check_same(struct run *r, const struct test_case *c)
{
	struct str body = buf_view(&r->res.body);
	struct seen *s = &r->seen[r->n_seen];

	if (r->n_seen < SEEN_MAX && body.n < sizeof(s->answer)) {
		s->id = c->id;
		snprintf(s->answer, sizeof(s->answer), "%.*s", STR_ARG(body));
		r->n_seen++;
	}
	if (c->same.n == 0)
		return;
	for (size_t i = 0; i < r->n_seen; i++) {
		if (!str_eq(r->seen[i].id, c->same))
			continue;
		if (!str_eq(str_of(r->seen[i].answer), body))
			mismatch(r, "not the same as %s", r->seen[i].answer);
		return;
	}
	mismatch(r, "no such case before");
}

static void
check_status(struct run *r, const struct test_case *c)
{
	bool good = false;

	for (size_t i = 0; i < c->n_statuses; i++)
		good |= c->statuses[i] == r->res.status;
	if (!good)
		mismatch(r, "status %d", r->res.status);
}

/* What the counters of both models hold: rows predicted, requests without
 * a prediction. */
static void
sum_counts(const struct run *r, uint64_t *rows, uint64_t *errors)
{
	const struct slab *slab = r->churn.slab;

	*rows = *errors = 0;
	for (int m = 0; m < MODEL_CELLS; m++)
		for (int i = 0; i < RESULT_CELLS; i++)
			*(i >= RESULT_OTHER ? rows : errors) += metric_total(
			    &slab->model[m].predictions[i]);
}

static void
check_counts(struct run *r, const struct http_request *req, uint64_t rows,
    uint64_t errors)
{
	uint64_t want_rows = 0, want_errors = 0;
	const cJSON *tree;

	if (req->method == HTTP_POST &&
	    (str_eq(req->path, STR("/v1/predict")) ||
	    str_eq(req->path, STR("/v2/predict")))) {
		want_errors = r->res.status != 200;
		if (want_errors == 0 &&
		    (tree = read_json(r, buf_view(&r->res.body))) != NULL)
			want_rows = cJSON_IsArray(tree) ?
			    (uint64_t)cJSON_GetArraySize(tree) : 1;
	}
	if (rows != want_rows || errors != want_errors)
		mismatch(r, "counted %llu rows, %llu errors",
		    (unsigned long long)rows, (unsigned long long)errors);
}

static void
run_case(struct run *r, const struct test_case *c, char *body_memory,
    char *answer_memory)
{
	struct str path = c->path;
	struct http_request req = {.method = http_method_of(c->method),
	    .content_type = c->content_type, .encoding = c->encoding,
	    .accept = c->accept,
	    .started_ns = clock_mono_ns()};
	uint64_t rows[2], errors[2];
	struct buf body;

	req.path = str_cut(&path, '?');
	req.query = path;
	buf_init(&body, body_memory, BODY_MAX);
	case_file_body(&r->file, c, &body);
	req.body = buf_view(&body);
	r->res = (struct http_response){0};
	buf_init(&r->res.body, answer_memory, ANSWER_MAX);
	sum_counts(r, &rows[0], &errors[0]);
	api_handle(r->churn.api, &req, &r->res, &r->request);
	sum_counts(r, &rows[1], &errors[1]);
	check_status(r, c);
	check_body(r, c);
	check_header(r, "Allow", c->allow, r->res.allow, true);
	check_header(r, "Location", c->location, r->res.location, true);
	check_header(r, "Content-Type", c->type, r->res.content_type, false);
	check_same(r, c);
	check_counts(r, &req, rows[1] - rows[0], errors[1] - errors[0]);
	if (r->res.head != (req.method == HTTP_HEAD))
		mismatch(r, "head");
	arena_reset(&r->request, 1 << 20);
	arena_reset(&r->checks, 1 << 20);
}

static bool
wanted(const struct test_case *c, int argc, char *argv[])
{
	for (int i = 1; i < argc; i++)
		if (str_eq(c->id, str_of(argv[i])))
			return true;
	return argc == 1;
}

int
main(int argc, char *argv[])
{
	static struct run r;
	char *body = malloc(BODY_MAX), *answer = malloc(ANSWER_MAX);
	char path[PATH_MAX];
	struct test_case c;
	struct err err;
	int n = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (body == NULL || answer == NULL ||
	    !arena_init(&r.request, 1 << 30, &err) ||
	    !arena_init(&r.checks, 1 << 30, &err))
		return 2;
	churn_init(&r.churn, 10000);
	snprintf(path, sizeof(path), "%s/tests/cases/contract.test",
	    churn_srcdir());
	case_file_open(&r.file, path);
	while (case_file_next(&r.file, &c)) {
		if (!wanted(&c, argc, argv))
			continue;
		n++;
		if (c.served) {
			printf("ok %d - %.*s # SKIP through the web server "
			    "only\n", n, STR_ARG(c.id));
			continue;
		}
		r.why[0] = '\0';
		run_case(&r, &c, body, answer);
		printf("%s %d - %.*s\n", r.why[0] ? "not ok" : "ok", n,
		    STR_ARG(c.id));
		if (r.why[0] != '\0') {
			bad++;
			printf("# %s\n# status %d: %.*s\n", r.why,
			    r.res.status, (int)(r.res.body.n < 400 ?
			    r.res.body.n : 400), r.res.body.p);
		}
	}
	printf("1..%d\n", n);
	case_file_close(&r.file);
	churn_done(&r.churn);
	arena_done(&r.request);
	arena_done(&r.checks);
	free(body);
	free(answer);
	return bad > 0;
}
