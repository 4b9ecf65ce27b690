/* SPDX-License-Identifier: ISC
 *
 * How long a page takes, by the number of workers' slabs to sum: the median
 * of many, in milliseconds, with nothing but the rendering in it. Goal: at
 * most 2 ms with 64.
 *
 *   bench_metrics [TIMES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "metrics/metrics_text.h"

static void
fail(const struct err *err)
{
	fprintf(stderr, "bench_metrics: %s\n", err->text);
	exit(1);
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
fill(struct metrics_file *f, int slot)
{
	struct slab *s = &f->slabs[slot];

	for (uint32_t m = MODEL_SLOT; m < metrics_models(f); m++)
		for (int i = 0; i < 1000; i++) {
			metric_add(&s->model[m].predictions[RESULT_SLOT], 1);
			metric_observe_latency(&s->model[m].prediction_time,
			    (uint64_t)(i * i * i));
		}
	for (int i = 0; i < METHOD_CELLS * ROUTE_CELLS * CODE_CELLS; i++)
		metric_add(&s->http_requests[0][0][0] + i,
		    i % 7 == 0 ? 123456 : 0);
}

static void
measure(struct metrics_file *f, int slabs, int times)
{
	static char room[8 << 20];
	uint64_t *taken = calloc((size_t)times, sizeof(*taken));
	struct arena mem;
	struct err err;
	struct buf b;
	size_t lines = 0;

	if (taken == NULL || !arena_init(&mem, 4 << 20, &err))
		exit(1);
	for (int i = 0; i < times; i++) {
		uint64_t began = clock_mono_ns();

		buf_init(&b, room, sizeof(room));
		if (!metrics_text(f, METRICS_TEXT, STR(""), &mem, &b, &err))
			fail(&err);
		arena_reset(&mem, 256 << 10);
		taken[i] = clock_mono_ns() - began;
	}
	for (size_t i = 0; i < b.n; i++)
		lines += b.p[i] == '\n';
	qsort(taken, (size_t)times, sizeof(*taken), by_size);
	printf("%3d slabs: %.3f ms (%zu lines, %zu bytes)\n", slabs,
	    (double)taken[times / 2] / 1e6, lines, b.n);
	arena_done(&mem);
	free(taken);
}

int
main(int argc, char *argv[])
{
	static const int sizes[] = {1, 16, 64, METRICS_SLOTS};
	int times = argc > 1 ? atoi(argv[1]) : 200, made = 0;
	char path[] = "/tmp/bench_metrics.XXXXXX", aside[PATH_MAX];
	struct metrics_file f;
	struct err err;
	int fd = mkstemp(path);

	if (fd < 0 || times < 1)
		return 1;
	close(fd);
	unlink(path);
	if (!metrics_create(path, &f, aside, &err))
		fail(&err);
	unlink(path);
	for (int i = 1; i <= 2; i++) {
		struct str name = i == 1 ? STR("v1") : STR("v2");
		enum label_MODEL m = metrics_add_model(&f, name);

		metrics_add_result(&f, m, STR("No"));
		metrics_add_result(&f, m, STR("Yes"));
		metric_set(&f.server->model[m].loaded, 1);
	}
	for (size_t i = 0; i < countof(sizes); i++) {
		for (; made < sizes[i]; made++) {
			if (!metrics_slot_prepare(&f, made, &err))
				fail(&err);
			fill(&f, made);
		}
		measure(&f, sizes[i], times);
	}
	metrics_close(&f);
	return 0;
}
