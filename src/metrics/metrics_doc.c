/* SPDX-License-Identifier: ISC
 *
 * The table as text for people, JSON for programs and mdoc for the manual.
 */
#include "metrics/metrics_doc.h"

#include "metrics/metrics.h"
#include "metrics/metrics_table.h"

/* A bound as the le label has it, without the ".0" of whole numbers. */
static void
put_bound(struct buf *b, uint64_t bound, enum metric_unit unit)
{
	if (unit == METRIC_SECONDS || unit == METRIC_SCORE)
		buf_printf(b, "%g", (double)bound / 1e9);
	else
		buf_u64(b, bound);
}

static void
put_bounds(struct buf *b, const struct metric_buckets *set,
    const char *between)
{
	for (uint32_t i = 0; i < set->n; i++) {
		if (i > 0)
			buf_text(b, between);
		put_bound(b, set->bounds[i], set->unit);
	}
}

/* "state: idle, busy, starting, stopping" without the name. */
static void
put_values(struct buf *b, const struct metric_label *l)
{
	for (uint32_t i = 0; i < l->n_values; i++) {
		if (i > 0)
			buf_text(b, ", ");
		buf_text(b, l->values[i]);
	}
	if (l->what != NULL) {
		if (l->n_values > 0)
			buf_text(b, ", ");
		buf_text(b, l->what);
	}
	if (l->n_cells == 0)
		buf_text(b, "text");
}

/* --- text ----------------------------------------------------------------- */

static void
put_text(struct buf *b, const struct metric *m)
{
	enum metric_label_id ids[METRIC_ALL_LABELS_MAX];
	uint32_t n = metric_all_labels(m, ids);

	buf_printf(b, "%s (%s)\n    %s\n", m->name, metric_type_name(m->type),
	    m->help);
	for (uint32_t i = 0; i < n; i++) {
		buf_printf(b, "    %s: ", metrics_labels[ids[i]].name);
		put_values(b, &metrics_labels[ids[i]]);
		buf_char(b, '\n');
	}
	if (m->buckets != NULL) {
		buf_text(b, "    buckets: ");
		put_bounds(b, m->buckets, " ");
		buf_char(b, '\n');
	}
}

void
metrics_doc_text(struct buf *b)
{
	for (size_t i = 0; i < metrics_table_n; i++)
		put_text(b, &metrics_table[i]);
}

/* --- JSON ----------------------------------------------------------------- */

static void
put_json_label(struct buf *b, const struct metric_label *l)
{
	buf_text(b, "{\"name\":");
	buf_json(b, str_of(l->name));
	buf_text(b, ",\"values\":[");
	for (uint32_t i = 0; i < l->n_values; i++) {
		if (i > 0)
			buf_char(b, ',');
		buf_json(b, str_of(l->values[i]));
	}
	buf_printf(b, "],\"open\":%s}",
	    l->what != NULL || l->n_cells == 0 ? "true" : "false");
}

static void
put_json(struct buf *b, const struct metric *m)
{
	enum metric_label_id ids[METRIC_ALL_LABELS_MAX];
	uint32_t n = metric_all_labels(m, ids);

	buf_text(b, "{\"name\":");
	buf_json(b, str_of(m->name));
	buf_printf(b, ",\"type\":\"%s\",\"unit\":\"%s\",\"labels\":[",
	    metric_type_name(m->type), metric_unit_name(metric_unit(m)));
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_char(b, ',');
		put_json_label(b, &metrics_labels[ids[i]]);
	}
	buf_text(b, "],\"buckets\":[");
	if (m->buckets != NULL)
		put_bounds(b, m->buckets, ",");
	buf_text(b, "],\"help\":");
	buf_json(b, str_of(m->help));
	buf_char(b, '}');
}

void
metrics_doc_json(struct buf *b)
{
	buf_char(b, '[');
	for (size_t i = 0; i < metrics_table_n; i++) {
		if (i > 0)
			buf_text(b, ",\n");
		put_json(b, &metrics_table[i]);
	}
	buf_text(b, "]\n");
}

/* --- mdoc ----------------------------------------------------------------- */

/* Nothing in the tables needs an escape, which
 * tests/unit/test_metrics_table.c sees to; the build folds long lines. */
static void
put_mdoc(struct buf *b, const struct metric *m)
{
	enum metric_label_id ids[METRIC_ALL_LABELS_MAX];
	uint32_t n = metric_all_labels(m, ids);

	buf_printf(b, ".It Va %s Pq %s\n%s\n", m->name,
	    metric_type_name(m->type), m->help);
	if (n == 0 && m->buckets == NULL)
		return;
	buf_text(b, ".Bl -tag -width Ds -compact\n");
	for (uint32_t i = 0; i < n; i++) {
		buf_printf(b, ".It Cm %s\n", metrics_labels[ids[i]].name);
		put_values(b, &metrics_labels[ids[i]]);
		buf_char(b, '\n');
	}
	if (m->buckets != NULL) {
		buf_text(b, ".It buckets\n");
		put_bounds(b, m->buckets, " ");
		buf_char(b, '\n');
	}
	buf_text(b, ".El\n");
}

void
metrics_doc_mdoc(struct buf *b)
{
	buf_text(b, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < metrics_table_n; i++)
		put_mdoc(b, &metrics_table[i]);
	buf_text(b, ".El\n");
}
