/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "metrics/process.h"

/*
 * The numbers. metrics.def names each once; this makes of it the structs of
 * the shared file. Every cell has one writer at a time: updates are a relaxed
 * load and store, so there is no lock to be left held and no lock prefix, and
 * a reader sees each cell whole. The layout is the build's own:
 * metrics_file.h refuses the file of another.
 *
 * Label values are numbered by enums made of labels.def: RESULT_NO_INPUT,
 * CODE_200, ROUTE_PREDICT, METHOD_GET, OUTCOME_SUCCESS, STAGE_PARSE ...
 *
 *   struct slab_model *m = &slab->model[model];
 *   metric_add(&m->predictions[result], rows);
 *   metric_observe_latency(&m->prediction_time, ns);
 *   metric_add(&slab->http_requests[METHOD_POST][ROUTE_PREDICT][CODE_200], 1);
 */
#define LABEL(id, name)       enum label_##id {
#define VALUE(id, value, text) id##_##value,
#define SLOTS(id, n, what)    id##_SLOT, id##_SLOT_LAST = id##_SLOT + (n) - 1,
#define END(id)               id##_CELLS };
#include "metrics/labels.def"
#undef LABEL
#undef VALUE
#undef SLOTS
#undef END

struct counter {
	_Atomic uint64_t n;
};
/* The bits of a double; NaN is "not known" and is not exposed. */
struct gauge {
	_Atomic uint64_t bits;
};

/* One writer: add to a counter. */
static inline void
metric_add(struct counter *c, uint64_t n)
{
	atomic_store_explicit(&c->n,
	    atomic_load_explicit(&c->n, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

/* A total that is measured elsewhere (CPU time of /proc) and only copied. */
static inline void
metric_set_total(struct counter *c, uint64_t n)
{
	atomic_store_explicit(&c->n, n, memory_order_relaxed);
}

static inline uint64_t
metric_total(const struct counter *c)
{
	return atomic_load_explicit(&c->n, memory_order_relaxed);
}

/* The sum of n counters side by side: cells of a metric, or buckets. */
static inline uint64_t
metric_totals(const struct counter *c, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += metric_total(&c[i]);
	return sum;
}

static inline void
metric_set(struct gauge *g, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	atomic_store_explicit(&g->bits, bits, memory_order_relaxed);
}

/* NaN where nobody has set it. */
static inline double
metric_value(const struct gauge *g)
{
	uint64_t bits = atomic_load_explicit(&g->bits, memory_order_relaxed);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/*
 * Histograms: struct histogram_ID and metric_observe_ID(h, value) for each
 * set of buckets.def. The number of observations is the sum of the buckets
 * and is not stored, so the two cannot disagree, whenever a writer dies.
 */
#define BUCKETS(id, unit, ...)                                             \
	static const uint64_t bounds_##id[] = {__VA_ARGS__};               \
	struct histogram_##id {                                            \
		struct counter sum;                                        \
		struct counter bucket[countof(bounds_##id) + 1];           \
	};                                                                 \
	static inline void metric_observe_##id(struct histogram_##id *h,   \
	    uint64_t v)                                                    \
	{                                                                  \
		size_t i = 0;                                              \
                                                                           \
		while (i < countof(bounds_##id) && v > bounds_##id[i])     \
			i++;                                               \
		metric_add(&h->bucket[i], 1);                              \
		metric_add(&h->sum, v);                                    \
	}
#include "metrics/buckets.def"
#undef BUCKETS

/* A probability, kept to a billionth. */
static inline void
metric_observe_probability(struct histogram_score *h, double p)
{
	if (p >= 0 && p <= 1)
		metric_observe_score(h, (uint64_t)(p * 1e9 + 0.5));
}

/* The cell of a status code. */
static inline enum label_CODE
metric_code(int status)
{
	switch (status) {
#define STATUS_CODE(n) \
	case n:        \
		return CODE_##n;
#include "metrics/codes.def"
#undef STATUS_CODE
	default:
		return CODE_OTHER;
	}
}

/* How many cells a field has. */
#define DIM0()
#define DIM1(a)             [a##_CELLS]
#define DIM2(a, b)          [a##_CELLS][b##_CELLS]
#define DIM3(a, b, c)       [a##_CELLS][b##_CELLS][c##_CELLS]
#define DERIVED(...)
#define COUNTER(part, field, unit, dim, name, help) \
	METRIC_IN_##part(struct counter field dim;)
#define GAUGE(part, field, unit, dim, name, help) \
	METRIC_IN_##part(struct gauge field dim;)
#define HISTOGRAM(part, field, buckets, dim, name, help) \
	METRIC_IN_##part(struct histogram_##buckets field dim;)

#define METRIC_IN_WORKER(member)
#define METRIC_IN_WORKER_MODEL(member)
#define METRIC_IN_SERVER(member)
#define METRIC_IN_SERVER_MODEL(member)
#define METRIC_IN_SLOT(member)

/* What a worker counts of one model. */
#undef METRIC_IN_WORKER_MODEL
#define METRIC_IN_WORKER_MODEL(member) member
struct slab_model {
#include "metrics/metrics.def"
};
#undef METRIC_IN_WORKER_MODEL
#define METRIC_IN_WORKER_MODEL(member)

/* How a worker stands; it alone writes this. */
struct slab_state {
	_Atomic uint64_t busy_since_ns; /* clock_mono_ns; 0: idle */
	_Atomic int32_t ready_pid;      /* its pid once it takes requests */
	_Atomic int32_t reserve;        /* takes only what is too much */
	struct counter taken;           /* requests read, however they ended */
	struct counter worked;          /* those of them that were not shed */
	struct counter worked_ns;       /* the time these took */
};

/* All that one worker slot counts. Pages of its own, so that a worker can
 * map the rest of the file read-only. A new worker in the slot goes on
 * counting where the last one was stopped. */
#define SLAB_ALIGN 4096
#undef METRIC_IN_WORKER
#define METRIC_IN_WORKER(member) member
struct slab {
	struct slab_state state;
#include "metrics/metrics.def"
	struct slab_model model[MODEL_CELLS];
} __attribute__((aligned(SLAB_ALIGN)));
#undef METRIC_IN_WORKER
#define METRIC_IN_WORKER(member)

/* What the supervisor says of a worker slot. */
#undef METRIC_IN_SLOT
#define METRIC_IN_SLOT(member) member
struct metrics_slot {
	struct process process;
	_Atomic uint32_t used; /* its slab has counted something, ever */
#include "metrics/metrics.def"
} __attribute__((aligned(CACHE_LINE)));
#undef METRIC_IN_SLOT
#define METRIC_IN_SLOT(member)

/* What the supervisor says of one model. */
#undef METRIC_IN_SERVER_MODEL
#define METRIC_IN_SERVER_MODEL(member) member
struct metrics_served {
#include "metrics/metrics.def"
};
#undef METRIC_IN_SERVER_MODEL
#define METRIC_IN_SERVER_MODEL(member)

/* What the supervisor says of the whole. */
#undef METRIC_IN_SERVER
#define METRIC_IN_SERVER(member) member
struct metrics_server {
#include "metrics/metrics.def"
	struct metrics_served model[MODEL_CELLS];
	_Atomic uint32_t draining; /* told to end: no longer ready */
	_Atomic uint32_t phase;    /* enum phase */
	struct process process[ROLES];
	_Atomic uint64_t shed_until; /* see metrics_set_shed */
};
#undef METRIC_IN_SERVER

#undef METRIC_IN_WORKER
#undef METRIC_IN_WORKER_MODEL
#undef METRIC_IN_SERVER_MODEL
#undef METRIC_IN_SLOT
#undef DIM0
#undef DIM1
#undef DIM2
#undef DIM3
#undef DERIVED
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM

#endif
