/* SPDX-License-Identifier: ISC
 *
 * The sum over the slots. A slot that was ever used is in it for good, so no
 * sum falls when a worker ends. Cells are read one by one while their writers
 * go on: two of them may be an update apart, none is ever torn.
 */
#include "metrics/metrics_sum.h"

#include "metrics/metrics_table.h"

static struct counter *
cells(void *part, const struct metric *m)
{
	return (struct counter *)(void *)((char *)part + m->offset);
}

static void
add_cells(struct counter *to, const struct counter *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		metric_add(&to[i], metric_total(&from[i]));
}

/* Every metric of one part. */
static void
add_part(void *to, const void *from, enum metric_part part)
{
	for (size_t i = 0; i < metrics_table_n; i++) {
		const struct metric *m = &metrics_table[i];
		const char *at = (const char *)from + m->offset;

		if (m->part == part)
			add_cells(cells(to, m),
			    (const struct counter *)(const void *)at,
			    m->n_cells * metric_cell_bytes(m) /
			        sizeof(struct counter));
	}
}

static bool
has_counted(const struct slab_model *m)
{
	const struct counter *c = (const struct counter *)m;

	for (size_t i = 0; i < sizeof(*m) / sizeof(*c); i++)
		if (metric_total(&c[i]) != 0)
			return true;
	return false;
}

static uint64_t
take(struct counter *c)
{
	uint64_t n = metric_total(c);

	metric_set_total(c, 0);
	return n;
}

/* A model or class may itself be called "other": then it and the overflow
 * are one series, since they have one name. */
static void
merge_other(const struct metrics_file *f, struct slab *sum)
{
	enum label_MODEL m = metrics_model_index(f,
	    metrics_model_name(f, MODEL_OTHER));

	if (m != MODEL_OTHER) {
		struct counter *from = (struct counter *)
		    &sum->model[MODEL_OTHER];
		struct counter *to = (struct counter *)&sum->model[m];

		for (size_t i = 0; i < sizeof(sum->model[m]) / sizeof(*to);
		     i++)
			metric_add(&to[i], take(&from[i]));
	}
	for (m = MODEL_SLOT; m < metrics_models(f); m++) {
		struct counter *c = sum->model[m].predictions;
		enum label_RESULT r = metrics_result_index(f, m,
		    metrics_result_name(f, m, RESULT_OTHER));

		if (r != RESULT_OTHER)
			metric_add(&c[r], take(&c[RESULT_OTHER]));
	}
}

bool
metrics_sum(const struct metrics_file *f, struct arena *mem,
    struct metrics_sum **ret, struct err *err)
{
	struct metrics_sum *sum = ARENA_NEW(mem, struct metrics_sum);
	char *room = arena_alloc(mem, sizeof(struct slab) + SLAB_ALIGN);
	uint32_t models = metrics_models(f);

	if (sum == NULL || room == NULL)
		return arena_err(mem, "the sum of all workers' counters", err);
	room += SLAB_ALIGN - (uintptr_t)room % SLAB_ALIGN;
	sum->slab = (struct slab *)(void *)room;
	for (int i = 0; i < METRICS_SLOTS; i++) {
		const struct slab *s = &f->slabs[i];

		if (atomic_load(&f->slots[i].used) == 0)
			continue;
		add_part(sum->slab, s, METRIC_WORKER);
		for (uint32_t m = 0; m < models; m++)
			add_part(&sum->slab->model[m], &s->model[m],
			    METRIC_WORKER_MODEL);
		sum->requests[i] = metric_totals(&s->http_requests[0][0][0],
		    sizeof(s->http_requests) / sizeof(struct counter));
	}
	for (uint32_t m = 0; m < models; m++)
		sum->overflow += metric_total(
		    &sum->slab->model[m].predictions[RESULT_OTHER]);
	sum->overflow += metric_totals(
	    sum->slab->model[MODEL_OTHER].prediction_requests, OUTCOME_CELLS);
	merge_other(f, sum->slab);
	for (uint32_t m = 0; m < models; m++)
		sum->counted[m] = has_counted(&sum->slab->model[m]);
	*ret = sum;
	return true;
}
