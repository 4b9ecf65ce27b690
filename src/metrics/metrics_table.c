/* SPDX-License-Identifier: ISC
 *
 * The .def tables as arrays. Nothing here knows a metric: whatever stands in
 * metrics.def appears.
 */
#include "metrics/metrics_table.h"

#include "base/attr.h"
#include "base/str.h"
#include "metrics/metrics.h"

/* --- labels --------------------------------------------------------------- */

#define LABEL(id, name)        static const char *const values_##id[] = {
#define VALUE(id, value, text) text,
#define SLOTS(id, n, what)
#define END(id) \
	NULL    \
	}       \
	;
#include "metrics/labels.def"
#undef LABEL
#undef VALUE
#undef SLOTS
#undef END

#define LABEL(id, title)         [LABEL_##id] = {.name = title,
#define VALUE(id, value, text)
#define SLOTS(id, n, slots_are)  .what = slots_are,
#define END(id)                               \
	.values = values_##id,                \
	.n_values = countof(values_##id) - 1, \
	.n_cells = id##_CELLS                 \
	}                                     \
	,
const struct metric_label metrics_labels[LABEL_COUNT] = {
#include "metrics/labels.def"
};
#undef LABEL
#undef VALUE
#undef SLOTS
#undef END

/* --- routes --------------------------------------------------------------- */

/* A route's row names methods first, then codes: ON means each in turn. */
#define ON(x) (1u << METHOD_##x)
#define PATH(id, template, methods, codes) [ROUTE_##id] = (methods),
static const uint32_t route_methods[ROUTE_CELLS] = {
#include "metrics/routes.def"
};
#undef ON
#undef PATH

#define ON(x) (1u << CODE_##x)
#define PATH(id, template, methods, codes) [ROUTE_##id] = (codes),
static const uint32_t route_codes[ROUTE_CELLS] = {
#include "metrics/routes.def"
};
#undef ON
#undef PATH

_Static_assert(METHOD_CELLS <= 32 && CODE_CELLS <= 32,
    "a set of methods or codes is 32 bits");

uint32_t
metrics_route_methods(uint32_t r)
{
	return route_methods[r];
}

uint32_t
metrics_route_codes(uint32_t r)
{
	return route_codes[r];
}

/* --- metrics -------------------------------------------------------------- */

#define BUCKETS(id, unit, ...) \
	static const struct metric_buckets buckets_##id = { \
	    METRIC_##unit, countof(bounds_##id), bounds_##id};
#include "metrics/buckets.def"
#undef BUCKETS

#define STRUCT_WORKER       struct slab
#define STRUCT_WORKER_MODEL struct slab_model
#define STRUCT_SERVER       struct metrics_server
#define STRUCT_SERVER_MODEL struct metrics_served
#define STRUCT_SLOT         struct metrics_slot

#define DIM0()       .n_labels = 0, .n_cells = 1
#define DIM1(a)      .n_labels = 1, .labels = {LABEL_##a}, .n_cells = a##_CELLS
#define DIM2(a, b)                                      \
	.n_labels = 2, .labels = {LABEL_##a, LABEL_##b}, \
	.n_cells = a##_CELLS * b##_CELLS
#define DIM3(a, b, c)                                               \
	.n_labels = 3, .labels = {LABEL_##a, LABEL_##b, LABEL_##c}, \
	.n_cells = a##_CELLS * b##_CELLS * c##_CELLS
#define DIM5(a, b, c, d, e)                                        \
	.n_labels = 5, .labels = {LABEL_##a, LABEL_##b, LABEL_##c, \
	    LABEL_##d, LABEL_##e}, .n_cells = 1
#define COUNTER(where, field, scale, dim, title, text) { \
	.name = title, .help = text, .type = METRIC_COUNTER, \
	.part = METRIC_##where, .unit = METRIC_##scale, \
	.offset = offsetof(STRUCT_##where, field), dim},
#define GAUGE(where, field, scale, dim, title, text) { \
	.name = title, .help = text, .type = METRIC_GAUGE, \
	.part = METRIC_##where, .unit = METRIC_##scale, \
	.offset = offsetof(STRUCT_##where, field), dim},
#define HISTOGRAM(where, field, set, dim, title, text) { \
	.name = title, .help = text, .type = METRIC_HISTOGRAM, \
	.part = METRIC_##where, .buckets = &buckets_##set, \
	.offset = offsetof(STRUCT_##where, field), dim},
#define DERIVED(kind, field, scale, dim, title, text) { \
	.name = title, .help = text, .type = METRIC_##kind, \
	.part = METRIC_DERIVED, .unit = METRIC_##scale, \
	.offset = DERIVED_##field, dim},
const struct metric metrics_table[] = {
#include "metrics/metrics.def"
};
const size_t metrics_table_n = countof(metrics_table);

struct str
metric_family(const struct metric *m)
{
	struct str name = str_of(m->name);

	if (m->type == METRIC_COUNTER)
		name.n -= sizeof("_total") - 1;
	if (m->type == METRIC_INFO)
		name.n -= sizeof("_info") - 1;
	return name;
}

const char *
metric_type_name(enum metric_type type)
{
	static const char *const names[] = {
	    [METRIC_COUNTER] = "counter",
	    [METRIC_GAUGE] = "gauge",
	    [METRIC_HISTOGRAM] = "histogram",
	    [METRIC_INFO] = "info",
	};

	return names[type];
}

const char *
metric_unit_name(enum metric_unit unit)
{
	static const char *const names[] = {
	    [METRIC_ONE] = "",
	    [METRIC_SECONDS] = "seconds",
	    [METRIC_BYTES] = "bytes",
	    [METRIC_RATIO] = "ratio",
	    [METRIC_PERCENT] = "percent",
	    [METRIC_ROWS] = "rows",
	    [METRIC_SCORE] = "",
	};

	return names[unit];
}

enum metric_unit
metric_unit(const struct metric *m)
{
	return m->buckets != NULL ? m->buckets->unit : m->unit;
}

uint32_t
metric_all_labels(const struct metric *m,
    enum metric_label_id ret[METRIC_ALL_LABELS_MAX])
{
	uint32_t n = 0;

	if (m->part == METRIC_WORKER_MODEL || m->part == METRIC_SERVER_MODEL)
		ret[n++] = LABEL_MODEL;
	if (m->part == METRIC_SLOT)
		ret[n++] = LABEL_WORKER;
	for (uint32_t k = 0; k < m->n_labels; k++) {
		ret[n++] = m->labels[k];
		if (m->labels[k] == LABEL_RESULT)
			ret[n++] = LABEL_STATUS;
	}
	return n;
}

size_t
metric_cell_bytes(const struct metric *m)
{
	size_t n = 1;

	if (m->type == METRIC_HISTOGRAM)
		n = (size_t)m->buckets->n + 2; /* the sum, +Inf */
	return n * sizeof(struct counter);
}

/* --- the layout ----------------------------------------------------------- */

static void
mix(uint64_t *h, struct str s)
{
	*h = (*h ^ str_hash(s)) * UINT64_C(0x9e3779b97f4a7c15);
	*h ^= *h >> 29;
}

static void
mix_number(uint64_t *h, uint64_t v)
{
	mix(h, (struct str){(const char *)&v, sizeof(v)});
}

/* Help and title of a family may change; what a cell means may not. */
uint64_t
metrics_layout(void)
{
	uint64_t h = 0;

	for (size_t i = 0; i < LABEL_COUNT; i++) {
		const struct metric_label *l = &metrics_labels[i];

		for (uint32_t v = 0; v < l->n_values; v++)
			mix(&h, str_of(l->values[v]));
		mix_number(&h, l->n_cells);
	}
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];

		if (m->part == METRIC_DERIVED)
			continue;
		mix(&h, str_of(m->name));
		mix_number(&h, m->type);
		mix_number(&h, m->part);
		mix_number(&h, m->offset);
		for (uint32_t k = 0; k < m->n_labels; k++)
			mix_number(&h, m->labels[k]);
		for (uint32_t k = 0; m->buckets != NULL && k < m->buckets->n;
		     k++)
			mix_number(&h, m->buckets->bounds[k]);
	}
	mix_number(&h, sizeof(struct slab));
	mix_number(&h, sizeof(struct slab_model));
	mix_number(&h, sizeof(struct metrics_slot));
	mix_number(&h, sizeof(struct metrics_server));
	return h;
}
