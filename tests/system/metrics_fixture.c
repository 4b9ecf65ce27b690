/* SPDX-License-Identifier: ISC
 *
 * A metrics file with known numbers in it, for the tests that read one:
 *
 *   metrics_fixture FILE                  make it
 *   metrics_fixture FILE text|openmetrics   make it, and print its page
 *
 * Two models, four workers that have counted and two that have ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "metrics/metrics_text.h"

static void
fail(const struct err *err)
{
	fprintf(stderr, "metrics_fixture: %s\n", err->text);
	exit(1);
}

static void
add_model(struct metrics_file *f, const char *slot, const char *const *classes)
{
	enum label_MODEL m = metrics_add_model(f, str_of(slot));
	struct metrics_served *s = &f->server->model[m];
	const struct metrics_model_text text = {STR("churn"),
	    STR("GradientBoostingClassifier"), STR("scikit-learn pickle"),
	    STR("0123abcd")};

	for (size_t i = 0; classes[i] != NULL; i++)
		metrics_add_result(f, m, str_of(classes[i]));
	metrics_set_model_text(f, m, &text);
	metric_set(&s->loaded, 1);
	metric_set(&s->loaded_time, 1767225600);
	metric_set(&s->load_time, 0.0125);
	metric_set(&s->bytes, 65536);
	metric_set(&s->features, 19);
	metric_set(&s->threshold, 0.5);
	metric_set(&s->ref_accuracy, 0.81);
	metric_add(&s->reloads[RELOAD_SUCCESS], 1);
}

static void
add_server(struct metrics_file *f)
{
	struct metrics_server *s = f->server;

	metrics_set_server_text(f, &(struct metrics_server_text){
	    .app_name = "lightscore", .version = "0.1.0", .revision = "",
	    .compiler = __VERSION__, .service_name = "lightscore",
	    .service_instance = "127.0.0.1:5000"});
	metric_set(&s->memory_bytes, 8 << 20);
	metric_set(&s->cpu_percent, 12.5);
	metric_set(&s->process_start_time, 1767225600.25);
	metric_set(&s->process_open_fds, 12);
	metric_set(&s->config_reload_ok, 1);
	metric_set(&s->workers_limit, 4);
	metric_set(&s->queue, 0);
	metric_set(&s->queue_limit, 1024);
	metric_add(&s->process_cpu, 1500000000);
	metric_add(&s->worker_starts, 6);
	metric_add(&s->worker_exits[ENDED_CRASH], 2);
}

/* Worker i: ten requests of i + 1 rows to each model, one of them refused. */
static void
count(struct metrics_file *f, int i)
{
	struct slab *s = &f->slabs[i];

	for (uint32_t m = MODEL_SLOT; m < metrics_models(f); m++) {
		struct slab_model *c = &s->model[m];

		metric_add(&c->predictions[RESULT_SLOT], 9 * (uint64_t)(i + 1));
		metric_add(&c->predictions[RESULT_VALIDATION_ERROR], 1);
		metric_add(&c->prediction_requests[OUTCOME_SUCCESS], 9);
		metric_add(&c->prediction_requests[OUTCOME_VALIDATION_ERROR],
		    1);
		for (int k = 0; k < 9; k++) {
			metric_observe_latency(&c->prediction_time, 20000);
			metric_observe_rows(&c->prediction_rows,
			    (uint64_t)(i + 1));
			metric_observe_stage(&c->stage_time[STAGE_INFER], 900);
			metric_observe_probability(&c->score, 0.25);
		}
		metric_add(&s->http_requests[METHOD_POST][ROUTE_PREDICT]
		                            [CODE_200], 9);
		metric_add(&s->http_requests[METHOD_POST][ROUTE_PREDICT]
		                            [CODE_400], 1);
		for (int k = 0; k < 10; k++)
			metric_observe_http_latency(
			    &s->http_time[METHOD_POST][ROUTE_PREDICT], 45000);
	}
}

static void
print_page(const struct metrics_file *f, enum metrics_format format)
{
	static char room[4 << 20];
	struct arena mem;
	struct err err;
	struct buf b;

	buf_init(&b, room, sizeof(room));
	if (!arena_init(&mem, 4 << 20, &err) ||
	    !metrics_text(f, format, STR(""), &mem, &b, &err))
		fail(&err);
	fwrite(b.p, 1, b.n, stdout);
	arena_done(&mem);
}

int
main(int argc, char *argv[])
{
	const char *const v1[] = {"No", "Yes", NULL};
	const char *const v2[] = {"with \"quotes\"", "back\\slash", NULL};
	char aside[PATH_MAX];
	struct metrics_file f;
	struct err err;

	if (argc < 2) {
		fputs("usage: metrics_fixture FILE [text|openmetrics]\n",
		    stderr);
		return 2;
	}
	unlink(argv[1]);
	if (!metrics_create(argv[1], &f, aside, &err))
		fail(&err);
	add_server(&f);
	add_model(&f, "v1", v1);
	add_model(&f, "v2", v2);
	for (int i = 0; i < 6; i++) {
		if (!metrics_slot_prepare(&f, i, &err))
			fail(&err);
		metrics_slot_started(&f, i, 1000 + i);
		metrics_ready(&f.slabs[i], 1000 + i);
		metric_set(&f.slots[i].resident_bytes, 1 << 20);
		count(&f, i);
		if (i >= 4)
			metrics_slot_ended(&f, i);
	}
	metrics_busy(&f.slabs[1], 1);
	metrics_slot_stopping(&f, 3);
	if (argc > 2)
		print_page(&f, strcmp(argv[2], "openmetrics") == 0
		    ? METRICS_OPENMETRICS : METRICS_TEXT);
	metrics_close(&f);
	return 0;
}
