/* SPDX-License-Identifier: ISC
 *
 * The page. A walk over the table and over the cells of each metric: which
 * cells are shown is decided here, so that every series which can exist is
 * there at 0 before its first event, while what is not known is absent.
 */
#include "metrics/metrics_text.h"

#include <math.h>

#include "metrics/metrics_page.h"
#include "metrics/metrics_query.h"

/* --- histograms and headings ---------------------------------------------- */

/* The cell is the sum, then the buckets. The count is what the buckets hold
 * as they are read here, so it always equals that of +Inf. */
static void
put_histogram(struct page *p, const struct metric *m, struct page_labels *l,
    const struct counter *cell)
{
	const struct metric_buckets *set = m->buckets;
	const size_t labels_n = l->b.n;
	uint64_t count = 0;

	for (uint32_t i = 0; i <= set->n; i++) {
		count += metric_total(&cell[1 + i]);
		buf_text(p->b, m->name);
		buf_put(p->b, "_bucket{", 8);
		buf_put(p->b, l->room, labels_n);
		if (labels_n > 0)
			buf_char(p->b, ',');
		buf_put(p->b, "le=\"", 4);
		if (i < set->n)
			page_total(p->b, set->bounds[i], set->unit, true);
		else
			buf_put(p->b, "+Inf", 4);
		buf_put(p->b, "\"} ", 3);
		buf_u64(p->b, count);
		buf_char(p->b, '\n');
	}
	page_series(p, m->name, "_sum", l);
	page_total(p->b, metric_total(&cell[0]), set->unit, false);
	buf_char(p->b, '\n');
	page_series(p, m->name, "_count", l);
	buf_u64(p->b, count);
	buf_char(p->b, '\n');
}

static void
put_head(struct page *p, const struct metric *m)
{
	const char *unit = metric_unit_name(metric_unit(m));
	struct str family = str_of(m->name);
	const char *type = metric_type_name(m->type);
	bool open = p->format == METRICS_OPENMETRICS;

	if (open)
		family = metric_family(m);
	else if (m->type == METRIC_INFO)
		type = metric_type_name(METRIC_GAUGE);
	buf_text(p->b, "# HELP ");
	buf_str(p->b, family);
	buf_char(p->b, ' ');
	buf_text(p->b, m->help);
	buf_text(p->b, "\n# TYPE ");
	buf_str(p->b, family);
	buf_char(p->b, ' ');
	buf_text(p->b, type);
	buf_char(p->b, '\n');
	if (open && unit[0] != '\0') {
		buf_text(p->b, "# UNIT ");
		buf_str(p->b, family);
		buf_char(p->b, ' ');
		buf_text(p->b, unit);
		buf_char(p->b, '\n');
	}
}

/* --- the cells of one metric ---------------------------------------------- */

/* Cell numbers of a metric's labels, from the flat one. */
static void
split(const struct metric *m, uint32_t cell, uint32_t at[METRIC_LABELS_MAX])
{
	for (uint32_t k = m->n_labels; k-- > 0;) {
		uint32_t n = metrics_labels[m->labels[k]].n_cells;

		at[k] = cell % n;
		cell /= n;
	}
}

/* Has each class of the combination a name? In a damaged file one without
 * may have been counted. */
static bool
is_named(const struct page *p, const struct metric *m, uint32_t model,
    const uint32_t at[METRIC_LABELS_MAX])
{
	for (uint32_t k = 0; k < m->n_labels; k++)
		if (m->labels[k] == LABEL_RESULT &&
		    at[k] >= metrics_results(p->f, model))
			return false;
	return true;
}

/* Can this combination happen as things stand? Then it is shown at 0. */
static bool
is_expected(const struct metric *m, const uint32_t at[METRIC_LABELS_MAX])
{
	uint32_t method = METHOD_CELLS, route = ROUTE_CELLS, code = CODE_CELLS;

	for (uint32_t k = 0; k < m->n_labels; k++) {
		if (m->labels[k] == LABEL_RESULT && at[k] == RESULT_OTHER)
			return false;
		if (m->labels[k] == LABEL_METHOD)
			method = at[k];
		if (m->labels[k] == LABEL_ROUTE)
			route = at[k];
		if (m->labels[k] == LABEL_CODE)
			code = at[k];
	}
	if (route == ROUTE_CELLS)
		return true;
	return (method == METHOD_CELLS ||
	           (metrics_route_methods(route) >> method & 1) != 0) &&
	    (code == CODE_CELLS ||
	        (metrics_route_codes(route) >> code & 1) != 0);
}

static void
put_cell_labels(struct page *p, const struct metric *m, uint32_t model,
    const uint32_t at[METRIC_LABELS_MAX], struct page_labels *l)
{
	for (uint32_t k = 0; k < m->n_labels; k++) {
		enum metric_label_id id = m->labels[k];

		if (id != LABEL_RESULT) {
			page_label(l, id,
			    str_of(metrics_labels[id].values[at[k]]));
			continue;
		}
		page_label(l, id, metrics_result_name(p->f, model, at[k]));
		page_label(l, LABEL_STATUS,
		    str_of(metrics_labels[LABEL_STATUS].values[
		        at[k] < RESULT_OTHER ? STATUS_ERROR
		                             : STATUS_SUCCESS]));
	}
}

/* All cells of metric m in `part`; `base` labels come first. With `expect`
 * those that can happen are shown at 0, else only what has happened. */
static void
put_cells(struct page *p, const struct metric *m, const void *part,
    uint32_t model, bool expect, struct page_labels *base)
{
	const char *first = (const char *)part + m->offset;
	const size_t base_n = base->b.n;

	for (uint32_t i = 0; i < m->n_cells; i++) {
		const void *cell = first + i * metric_cell_bytes(m);
		const struct counter *c = cell;
		uint32_t at[METRIC_LABELS_MAX];

		split(m, i, at);
		if (!is_named(p, m, model, at))
			continue;
		if (!(expect && is_expected(m, at))) {
			if (m->type == METRIC_COUNTER && metric_total(c) == 0)
				continue;
			if (m->type == METRIC_HISTOGRAM &&
			    metric_totals(c + 1, m->buckets->n + 1) == 0)
				continue;
		}
		base->b.n = base_n;
		put_cell_labels(p, m, model, at, base);
		if (m->type == METRIC_COUNTER)
			page_count(p, m, base, metric_total(c));
		else if (m->type == METRIC_HISTOGRAM)
			put_histogram(p, m, base, c);
		else
			page_gauge(p, m, base, metric_value(cell));
	}
	base->b.n = base_n;
}

static void
put_by_model(struct page *p, const struct metric *m)
{
	for (uint32_t i = 0; i < metrics_models(p->f); i++) {
		const struct metrics_served *served = &p->f->server->model[i];
		double loaded = metric_value(&served->loaded);
		const void *part = served;
		bool expect = !isnan(loaded);
		struct page_labels l;

		if (m->part == METRIC_WORKER_MODEL) {
			part = &p->sum->slab->model[i];
			expect = loaded == 1 || p->sum->counted[i];
		}
		page_labels_init(&l);
		page_label(&l, LABEL_MODEL, metrics_model_name(p->f, i));
		put_cells(p, m, part, i, expect, &l);
	}
}

static void
put_by_slot(struct page *p, const struct metric *m)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct page_labels l;

		if (page_slot_labels(p, i, &l))
			put_cells(p, m, &p->f->slots[i], 0, true, &l);
	}
}

/* --- the page ------------------------------------------------------------- */

static void
put_metric(struct page *p, const struct metric *m)
{
	const size_t before = p->b->n;
	size_t head;
	struct page_labels none;

	put_head(p, m);
	head = p->b->n;
	page_labels_init(&none);
	switch (m->part) {
	case METRIC_WORKER:
		put_cells(p, m, p->sum->slab, 0, true, &none);
		break;
	case METRIC_SERVER:
		put_cells(p, m, p->f->server, 0, true, &none);
		break;
	case METRIC_WORKER_MODEL:
	case METRIC_SERVER_MODEL:
		put_by_model(p, m);
		break;
	case METRIC_SLOT:
		put_by_slot(p, m);
		break;
	case METRIC_DERIVED:
		page_derived(p, m);
		break;
	}
	/* A family without a series is absent, heading and all. */
	if (p->b->n == head && !p->b->over)
		p->b->n = before;
}

bool
metrics_text(const struct metrics_file *f, enum metrics_format format,
    struct str query, struct arena *mem, struct buf *b, struct err *err)
{
	struct page p = {.f = f, .format = format, .b = b};
	struct metrics_query asked;
	struct metrics_sum *sum;

	if (!metrics_query_parse(query, mem, &asked, err) ||
	    !metrics_sum(f, mem, &sum, err))
		return false;
	p.sum = sum;
	for (size_t i = 0; i < metrics_table_n; i++)
		if (metrics_query_has(&asked, &metrics_table[i]))
			put_metric(&p, &metrics_table[i]);
	if (format == METRICS_OPENMETRICS)
		buf_text(b, "# EOF\n");
	if (b->over)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the metrics page is larger than the %zu bytes allowed",
		    b->cap);
	return true;
}
