/* SPDX-License-Identifier: ISC */
#ifndef METRICS_METRICS_TABLE_H
#define METRICS_METRICS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* metrics.def, labels.def, buckets.def and routes.def as data, for those who
 * walk over all metrics: the page, the manual, the layout's hash. */

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_INFO,
};

/* Which struct holds the field; see metrics.def. */
enum metric_part {
	METRIC_WORKER,
	METRIC_WORKER_MODEL,
	METRIC_SERVER,
	METRIC_SERVER_MODEL,
	METRIC_SLOT,
	METRIC_DERIVED,
};

enum metric_unit {
	METRIC_ONE,
	METRIC_SECONDS, /* counted in billionths, as METRIC_SCORE */
	METRIC_BYTES,
	METRIC_RATIO,
	METRIC_PERCENT,
	METRIC_ROWS,
	METRIC_SCORE,
};

#define LABEL(id, name) LABEL_##id,
#define VALUE(id, value, text)
#define SLOTS(id, n, what)
#define END(id)
enum metric_label_id {
#include "metrics/labels.def"
	LABEL_COUNT
};
#undef LABEL
#undef VALUE
#undef SLOTS
#undef END

struct metric_label {
	const char *name;
	const char *const *values; /* known when built; ends with NULL */
	uint32_t n_values, n_cells;
	const char *what; /* the cells behind the values are, or NULL */
};

struct metric_buckets {
	enum metric_unit unit;
	uint32_t n; /* without +Inf */
	const uint64_t *bounds;
};

/* The place of a DERIVED metric in a table of functions. */
#define COUNTER(...)
#define GAUGE(...)
#define HISTOGRAM(...)
#define DERIVED(type, field, unit, dim, name, help) DERIVED_##field,
enum metric_derived {
#include "metrics/metrics.def"
	DERIVED_COUNT
};
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
#undef DERIVED

enum { METRIC_LABELS_MAX = 5 };
struct metric {
	const char *name, *help;
	enum metric_type type;
	enum metric_part part;
	enum metric_unit unit;
	uint32_t n_labels; /* without those that the part implies */
	enum metric_label_id labels[METRIC_LABELS_MAX];
	uint32_t n_cells;  /* the product of the labels' */
	size_t offset;     /* in the part's struct; enum metric_derived */
	const struct metric_buckets *buckets; /* METRIC_HISTOGRAM only */
};

extern const struct metric metrics_table[];
extern const size_t metrics_table_n;
extern const struct metric_label metrics_labels[LABEL_COUNT];

/* The name of the family in OpenMetrics: without _total or _info. */
struct str metric_family(const struct metric *m);
/* "counter"; "info" as OpenMetrics has it. */
const char *metric_type_name(enum metric_type type);
/* "seconds"; "" where a number has no unit. */
const char *metric_unit_name(enum metric_unit unit);
/* The unit of the number observed or counted. */
enum metric_unit metric_unit(const struct metric *m);
/* All labels of the metric's series, in their order on the page. */
enum { METRIC_ALL_LABELS_MAX = METRIC_LABELS_MAX + 2 };
uint32_t metric_all_labels(const struct metric *m,
    enum metric_label_id ret[METRIC_ALL_LABELS_MAX]);
/* Bytes of one cell. */
size_t metric_cell_bytes(const struct metric *m);
/* The bits of enum label_METHOD that route r takes, and of enum label_CODE
 * that it answers them with. */
uint32_t metrics_route_methods(uint32_t r);
uint32_t metrics_route_codes(uint32_t r);
/* What two builds must agree on to share a file. */
uint64_t metrics_layout(void);

#endif
