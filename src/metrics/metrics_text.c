/* SPDX-License-Identifier: ISC
 *
 * The page. A walk over the table and over the cells of each metric: which
 * cells are shown is decided here, and so that every series which can exist
 * is there at 0 before its first event, while what is not known is absent.
 */
#include "metrics/metrics_text.h"

#include <math.h>

#include "metrics/metrics_image.h"
#include "metrics/metrics_query.h"
#include "metrics/metrics_sum.h"
#include "metrics/metrics_table.h"

/* Bytes of one series' labels at most: five texts, every byte escaped. */
enum { LABELS_MAX = METRIC_LABELS_MAX * (2 * METRICS_TEXT_MAX + 64) };

struct page {
	const struct metrics_file *f;
	const struct metrics_sum *sum;
	enum metrics_format format;
	struct buf *b;
};

/* The labels of one series, without braces. */
struct labels {
	struct buf b;
	char room[LABELS_MAX];
};

/* --- pieces --------------------------------------------------------------- */

static void
labels_init(struct labels *l)
{
	buf_init(&l->b, l->room, sizeof(l->room));
}

static void
put_label(struct labels *l, enum metric_label_id id, struct str value)
{
	size_t from = 0;

	if (l->b.n > 0)
		buf_char(&l->b, ',');
	buf_text(&l->b, metrics_labels[id].name);
	buf_put(&l->b, "=\"", 2);
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c != '\\' && c != '"' && c != '\n')
			continue;
		buf_put(&l->b, value.p + from, i - from);
		buf_char(&l->b, '\\');
		buf_char(&l->b, c == '\n' ? 'n' : c);
		from = i + 1;
	}
	buf_put(&l->b, value.p + from, value.n - from);
	buf_char(&l->b, '"');
}

static void
put_label_number(struct labels *l, enum metric_label_id id, uint64_t v)
{
	char digits[24];
	struct buf b;

	buf_init(&b, digits, sizeof(digits));
	buf_u64(&b, v);
	put_label(l, id, buf_view(&b));
}

/* A total as people read it: seconds and scores are kept in billionths. With
 * `point` a whole number is written as the float it is. */
static void
put_total(struct buf *b, uint64_t v, enum metric_unit unit, bool point)
{
	const uint64_t billion = 1000000000;
	char digits[10] = {'.'};
	uint64_t rest = v % billion;
	size_t n = sizeof(digits);

	if (unit != METRIC_SECONDS && unit != METRIC_SCORE) {
		buf_u64(b, v);
		if (point)
			buf_put(b, ".0", 2);
		return;
	}
	for (size_t i = n - 1; i > 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	while (n > 2 && digits[n - 1] == '0')
		n--;
	buf_u64(b, v / billion);
	buf_put(b, digits, n);
}

/* Everything of a sample but its value. */
static void
put_series(struct page *p, const char *name, const char *suffix,
    const struct labels *l)
{
	buf_text(p->b, name);
	buf_text(p->b, suffix);
	if (l->b.n > 0) {
		buf_char(p->b, '{');
		buf_str(p->b, buf_view(&l->b));
		buf_char(p->b, '}');
	}
	buf_char(p->b, ' ');
}

static void
put_count(struct page *p, const struct metric *m, const struct labels *l,
    uint64_t v)
{
	put_series(p, m->name, "", l);
	put_total(p->b, v, m->unit, false);
	buf_char(p->b, '\n');
}

/* What is not known is absent. */
static void
put_gauge(struct page *p, const struct metric *m, const struct labels *l,
    double v)
{
	if (isnan(v))
		return;
	put_series(p, m->name, "", l);
	buf_double(p->b, v);
	buf_char(p->b, '\n');
}

static uint64_t
histogram_count(const struct metric *m, const struct counter *cell)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i <= m->buckets->n; i++)
		n += metric_total(&cell[1 + i]);
	return n;
}

/* The cell is the sum, then the buckets. The count is what the buckets hold
 * as they are read here, so it always equals that of +Inf. */
static void
put_histogram(struct page *p, const struct metric *m, struct labels *l,
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
			put_total(p->b, set->bounds[i], set->unit, true);
		else
			buf_put(p->b, "+Inf", 4);
		buf_put(p->b, "\"} ", 3);
		buf_u64(p->b, count);
		buf_char(p->b, '\n');
	}
	put_series(p, m->name, "_sum", l);
	put_total(p->b, metric_total(&cell[0]), set->unit, false);
	buf_char(p->b, '\n');
	put_series(p, m->name, "_count", l);
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

/* Can this combination happen as things stand? Then it is shown at 0. */
static bool
is_expected(const struct page *p, const struct metric *m, uint32_t model,
    const uint32_t at[METRIC_LABELS_MAX])
{
	uint32_t method = METHOD_CELLS, route = ROUTE_CELLS, code = CODE_CELLS;

	for (uint32_t k = 0; k < m->n_labels; k++) {
		if (m->labels[k] == LABEL_RESULT &&
		    (at[k] == RESULT_OTHER ||
		        at[k] >= metrics_results(p->f, model)))
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
    const uint32_t at[METRIC_LABELS_MAX], struct labels *l)
{
	for (uint32_t k = 0; k < m->n_labels; k++) {
		enum metric_label_id id = m->labels[k];

		if (id != LABEL_RESULT) {
			put_label(l, id,
			    str_of(metrics_labels[id].values[at[k]]));
			continue;
		}
		put_label(l, id, metrics_result_name(p->f, model, at[k]));
		put_label(l, LABEL_STATUS,
		    str_of(metrics_labels[LABEL_STATUS].values[
		        at[k] < RESULT_OTHER ? STATUS_ERROR
		                             : STATUS_SUCCESS]));
	}
}

/* All cells of metric m in `part`; `base` labels come first. With `expect`
 * those that can happen are shown at 0, else only what has happened. */
static void
put_cells(struct page *p, const struct metric *m, const void *part,
    uint32_t model, bool expect, struct labels *base)
{
	const char *first = (const char *)part + m->offset;
	const size_t base_n = base->b.n;

	for (uint32_t i = 0; i < m->n_cells; i++) {
		const void *cell = first + i * metric_cell_bytes(m);
		const struct counter *c = cell;
		uint32_t at[METRIC_LABELS_MAX];

		split(m, i, at);
		if (!(expect && is_expected(p, m, model, at))) {
			if (m->type == METRIC_COUNTER && metric_total(c) == 0)
				continue;
			if (m->type == METRIC_HISTOGRAM &&
			    histogram_count(m, c) == 0)
				continue;
		}
		base->b.n = base_n;
		put_cell_labels(p, m, model, at, base);
		if (m->type == METRIC_COUNTER)
			put_count(p, m, base, metric_total(c));
		else if (m->type == METRIC_HISTOGRAM)
			put_histogram(p, m, base, c);
		else
			put_gauge(p, m, base, metric_value(cell));
	}
	base->b.n = base_n;
}

static bool
slot_is_used(const struct page *p, int i)
{
	return atomic_load(&p->f->slots[i].used) != 0;
}

static void
put_by_model(struct page *p, const struct metric *m)
{
	for (uint32_t i = 0; i < metrics_models(p->f); i++) {
		const struct metrics_served *served = &p->f->server->model[i];
		double loaded = metric_value(&served->loaded);
		const void *part = served;
		bool expect = !isnan(loaded);
		struct labels l;

		if (m->part == METRIC_WORKER_MODEL) {
			part = &p->sum->slab->model[i];
			expect = loaded == 1 || p->sum->counted[i];
		}
		labels_init(&l);
		put_label(&l, LABEL_MODEL, metrics_model_name(p->f, i));
		put_cells(p, m, part, i, expect, &l);
	}
}

static void
put_by_slot(struct page *p, const struct metric *m)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct labels l;

		if (!slot_is_used(p, i))
			continue;
		labels_init(&l);
		put_label_number(&l, LABEL_WORKER, (uint64_t)i);
		put_cells(p, m, &p->f->slots[i], 0, true, &l);
	}
}

/* --- those that no cell holds --------------------------------------------- */

/* A constant 1 with texts for labels; nothing before the texts are set. */
static void
put_texts(struct page *p, const struct metric *m, struct labels *l,
    const char *const *texts)
{
	bool known = false;
	uint32_t given = 0;

	for (uint32_t k = 0; k < m->n_labels; k++) {
		if (m->labels[k] == LABEL_MODEL)
			continue;
		known |= texts[given][0] != '\0';
		put_label(l, m->labels[k], str_of(texts[given++]));
	}
	if (known)
		put_gauge(p, m, l, 1);
}

/* In the order of struct metrics_server_text. */
enum { APP, VERSION_OF, REVISION_OF, COMPILER_OF, SERVICE, INSTANCE };

static void
put_server_texts(struct page *p, const struct metric *m, int a, int b, int c)
{
	char text[METRICS_TEXTS][METRICS_TEXT_MAX];
	struct labels l;

	metrics_text_get(&p->f->texts->server, text);
	labels_init(&l);
	put_texts(p, m, &l, (const char *const[]){text[a], text[b], text[c]});
}

static void
put_app_info(struct page *p, const struct metric *m)
{
	put_server_texts(p, m, VERSION_OF, APP, APP);
}

static void
put_target_info(struct page *p, const struct metric *m)
{
	put_server_texts(p, m, SERVICE, VERSION_OF, INSTANCE);
}

static void
put_build_info(struct page *p, const struct metric *m)
{
	put_server_texts(p, m, VERSION_OF, REVISION_OF, COMPILER_OF);
}

static void
put_model_info(struct page *p, const struct metric *m)
{
	for (uint32_t i = MODEL_SLOT; i < metrics_models(p->f); i++) {
		char text[METRICS_TEXTS][METRICS_TEXT_MAX];
		struct labels l;

		if (metric_value(&p->f->server->model[i].loaded) != 1)
			continue;
		metrics_text_get(&p->f->texts->model[i], text);
		labels_init(&l);
		put_label(&l, LABEL_MODEL, metrics_model_name(p->f, i));
		put_texts(p, m, &l,
		    (const char *const[]){text[0], text[1], text[2], text[3]});
	}
}

static void
put_http_in_flight(struct page *p, const struct metric *m)
{
	struct labels none;
	uint64_t n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++) {
		enum label_STATE state;
		uint64_t since;

		if (metrics_slot_state(p->f, i, &state, &since) && since != 0)
			n++;
	}
	labels_init(&none);
	put_gauge(p, m, &none, (double)n);
}

static void
put_workers(struct page *p, const struct metric *m)
{
	uint64_t n[STATE_CELLS] = {0};

	for (int i = 0; i < METRICS_SLOTS; i++) {
		enum label_STATE state;
		uint64_t since;

		if (metrics_slot_state(p->f, i, &state, &since))
			n[state]++;
	}
	for (uint32_t k = 0; k < STATE_CELLS; k++) {
		struct labels l;

		labels_init(&l);
		put_label(&l, LABEL_STATE,
		    str_of(metrics_labels[LABEL_STATE].values[k]));
		put_gauge(p, m, &l, (double)n[k]);
	}
}

static void
put_worker_requests(struct page *p, const struct metric *m)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct labels l;

		if (!slot_is_used(p, i))
			continue;
		labels_init(&l);
		put_label_number(&l, LABEL_WORKER, (uint64_t)i);
		put_count(p, m, &l, p->sum->requests[i]);
	}
}

/* How many series the cells of metric m make: those with a name now, or all
 * that could ever have one. */
static uint64_t
count_series(const struct page *p, const struct metric *m, bool all)
{
	uint64_t a_cell = m->type == METRIC_HISTOGRAM ? m->buckets->n + 3 : 1;
	uint64_t a_part = m->n_cells * a_cell;
	uint64_t n = 0;

	if (m->part == METRIC_WORKER || m->part == METRIC_SERVER)
		return a_part;
	if (m->part == METRIC_SLOT) {
		for (int i = 0; i < METRICS_SLOTS; i++)
			n += all || slot_is_used(p, i) ? a_part : 0;
		return n;
	}
	if (m->part == METRIC_DERIVED)
		return 0;
	if (all)
		return MODEL_CELLS * a_part;
	for (uint32_t i = MODEL_SLOT; i < metrics_models(p->f); i++)
		n += m->n_labels > 0 && m->labels[0] == LABEL_RESULT
		    ? metrics_results(p->f, i) * a_cell
		    : a_part;
	return n;
}

static void
put_all_series(struct page *p, const struct metric *m, bool all)
{
	struct labels none;
	uint64_t n = 0;

	for (size_t i = 0; i < metrics_table_n; i++)
		n += count_series(p, &metrics_table[i], all);
	labels_init(&none);
	put_gauge(p, m, &none, (double)n);
}

static void
put_series_held(struct page *p, const struct metric *m)
{
	put_all_series(p, m, false);
}

static void
put_series_limit(struct page *p, const struct metric *m)
{
	put_all_series(p, m, true);
}

/* All slots have their place from the start: the segment is never full. */
static void
put_dropped(struct page *p, const struct metric *m)
{
	const uint64_t n[DROPPED_CELLS] = {
	    [DROPPED_LABEL_OVERFLOW] = p->sum->overflow,
	};

	for (uint32_t k = 0; k < DROPPED_CELLS; k++) {
		struct labels l;

		labels_init(&l);
		put_label(&l, LABEL_DROPPED,
		    str_of(metrics_labels[LABEL_DROPPED].values[k]));
		put_count(p, m, &l, n[k]);
	}
}

static void (*const derived[DERIVED_COUNT])(struct page *,
    const struct metric *) = {
#define COUNTER(...)
#define GAUGE(...)
#define HISTOGRAM(...)
#define DERIVED(type, field, ...) [DERIVED_##field] = put_##field,
#include "metrics/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
#undef DERIVED
};

/* --- the page ------------------------------------------------------------- */

static void
put_metric(struct page *p, const struct metric *m)
{
	const size_t before = p->b->n;
	size_t head;
	struct labels none;

	put_head(p, m);
	head = p->b->n;
	labels_init(&none);
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
		derived[m->offset](p, m);
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
