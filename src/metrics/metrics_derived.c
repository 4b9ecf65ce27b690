/* SPDX-License-Identifier: ISC
 *
 * The metrics that no cell holds: constants with texts for labels, and what
 * the states of the slots, the sum and the table themselves say.
 */
#include "metrics/metrics_page.h"

#include "metrics/metrics_image.h"

bool
page_slot_is_used(const struct page *p, int i)
{
	return atomic_load(&p->f->slots[i].used) != 0;
}

bool
page_slot_labels(const struct page *p, int i, struct page_labels *l)
{
	if (!page_slot_is_used(p, i))
		return false;
	page_labels_init(l);
	page_label_number(l, LABEL_WORKER, (uint64_t)i);
	return true;
}

/* A constant 1 with texts for labels; nothing before the texts are set. */
static void
put_texts(struct page *p, const struct metric *m, struct page_labels *l,
    const char *const *texts)
{
	bool known = false;
	uint32_t given = 0;

	for (uint32_t k = 0; k < m->n_labels; k++) {
		if (m->labels[k] == LABEL_MODEL)
			continue;
		known |= texts[given][0] != '\0';
		page_label(l, m->labels[k], str_of(texts[given++]));
	}
	if (known)
		page_gauge(p, m, l, 1);
}

/* In the order of struct metrics_server_text. */
enum { APP, VERSION_OF, REVISION_OF, COMPILER_OF, SERVICE, INSTANCE };

static void
put_server_texts(struct page *p, const struct metric *m, int a, int b, int c)
{
	char text[METRICS_TEXTS][METRICS_TEXT_MAX];
	struct page_labels l;

	metrics_text_get(&p->f->texts->server, text);
	page_labels_init(&l);
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
		struct page_labels l;

		if (metric_value(&p->f->server->model[i].loaded) != 1)
			continue;
		metrics_text_get(&p->f->texts->model[i], text);
		page_labels_init(&l);
		page_label(&l, LABEL_MODEL, metrics_model_name(p->f, i));
		put_texts(p, m, &l,
		    (const char *const[]){text[0], text[1], text[2], text[3]});
	}
}

static void
put_http_in_flight(struct page *p, const struct metric *m)
{
	struct page_labels none;
	uint64_t n = 0;

	for (int i = 0; i < METRICS_SLOTS; i++) {
		enum label_STATE state;
		uint64_t since;

		if (metrics_slot_state(p->f, i, &state, &since) && since != 0)
			n++;
	}
	page_labels_init(&none);
	page_gauge(p, m, &none, (double)n);
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
		struct page_labels l;

		page_labels_init(&l);
		page_label(&l, LABEL_STATE,
		    str_of(metrics_labels[LABEL_STATE].values[k]));
		page_gauge(p, m, &l, (double)n[k]);
	}
}

static void
put_worker_requests(struct page *p, const struct metric *m)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		struct page_labels l;

		if (page_slot_labels(p, i, &l))
			page_count(p, m, &l, p->sum->requests[i]);
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
			n += all || page_slot_is_used(p, i) ? a_part : 0;
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
	struct page_labels none;
	uint64_t n = 0;

	for (size_t i = 0; i < metrics_table_n; i++)
		n += count_series(p, &metrics_table[i], all);
	page_labels_init(&none);
	page_gauge(p, m, &none, (double)n);
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
		struct page_labels l;

		page_labels_init(&l);
		page_label(&l, LABEL_DROPPED,
		    str_of(metrics_labels[LABEL_DROPPED].values[k]));
		page_count(p, m, &l, n[k]);
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

void
page_derived(struct page *p, const struct metric *m)
{
	derived[m->offset](p, m);
}
