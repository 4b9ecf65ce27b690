/* SPDX-License-Identifier: ISC
 *
 * The same figures for programs: one document, numbers in seconds and bytes,
 * null where something is not known.
 */
#include <math.h>

#include "base/clock.h"
#include "cli/watch.h"

static void
put_number(struct buf *b, const char *name, double v)
{
	buf_printf(b, ",\"%s\":", name);
	if (isfinite(v))
		buf_printf(b, "%.9g", v);
	else
		buf_text(b, "null");
}

static void
put_text(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, ",\"%s\":", name);
	buf_json(b, str_of(text));
}

static void
put_process(struct buf *b, const struct process *p, const char *role,
    const char *state, uint64_t now_ns)
{
	unsigned deaths = atomic_load_explicit(&p->deaths,
	    memory_order_relaxed);
	uint64_t next = atomic_load_explicit(&p->next_ns,
	    memory_order_relaxed);
	char text[64];

	buf_text(b, "{\"role\":");
	buf_json(b, str_of(role));
	put_number(b, "pid", atomic_load_explicit(&p->pid,
	    memory_order_relaxed) > 0 ? p->pid : NAN);
	put_text(b, "state", state);
	put_number(b, "deaths", deaths);
	if (deaths > 0)
		put_text(b, "last_death", process_ended_text(
		    atomic_load_explicit(&p->ended, memory_order_relaxed),
		    text, sizeof(text)));
	if (atomic_load_explicit(&p->state, memory_order_relaxed) ==
	    PROCESS_WAITING)
		put_number(b, "next_start_seconds", next == UINT64_MAX ? NAN
			: next > now_ns ? (double)(next - now_ns) / 1e9 : 0);
}

static void
put_roles(const struct metrics_file *f, const struct watch *now,
    struct buf *b)
{
	for (unsigned i = 0; i < ROLES; i++) {
		const struct process *p = &f->server->process[i];

		put_process(b, p, process_role_name(i), watch_state(p),
		    now->at_ns);
		buf_text(b, "},");
	}
}

static void
put_workers(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, struct buf *b)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		const struct process *p = &f->slots[i].process;
		uint64_t n = now->sum->requests[i];
		const char *state;
		uint64_t since;

		if (!watch_worker(f, i, &state, &since))
			continue;
		put_process(b, p, "worker", state, now->at_ns);
		put_number(b, "slot", i);
		put_number(b, "busy_seconds", since > 0 && since <= now->at_ns
			? (double)(now->at_ns - since) / 1e9 : NAN);
		put_number(b, "requests", (double)n);
		put_number(b, "requests_per_second", watch_rate(old, now,
		    old->sum->requests[i], n));
		put_number(b, "resident_bytes",
		    metric_value(&f->slots[i].resident_bytes));
		buf_text(b, "},");
	}
}

static void
put_models(const struct metrics_file *f, const struct watch *now,
    struct buf *b)
{
	for (uint32_t m = MODEL_SLOT; m < metrics_models(f); m++) {
		const struct slab_model *is = &now->sum->slab->model[m];
		const struct counter *by = is->prediction_requests;
		double n = (double)metric_totals(by, OUTCOME_CELLS);

		buf_text(b, "{\"slot\":");
		buf_json(b, metrics_model_name(f, m));
		buf_printf(b, ",\"loaded\":%s",
		    metric_value(&f->server->model[m].loaded) == 1 &&
		    watch_is_running(f) ? "true" : "false");
		put_number(b, "requests", n);
		put_number(b, "failed",
		    n - (double)metric_total(&by[OUTCOME_SUCCESS]));
		put_number(b, "p99_seconds", watch_quantile(NULL,
		    &is->prediction_time, 0.99));
		buf_text(b, "},");
	}
}

/* Each element has put a comma behind itself. */
static void
end_list(struct buf *b)
{
	if (b->n > 0 && b->p[b->n - 1] == ',')
		b->n--;
	buf_char(b, ']');
}

void
watch_json(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, struct buf *b)
{
	const struct metrics_server *s = f->server;
	char why[METRICS_NOTE_MAX];

	buf_printf(b, "{\"running\":%s",
	    watch_is_running(f) ? "true" : "false");
	put_text(b, "phase", process_phase_name(atomic_load_explicit(
	    &s->phase, memory_order_relaxed)));
	put_number(b, "up_seconds", (double)clock_wall_ms() / 1e3 -
	    metric_value(&s->process_start_time));
	put_number(b, "queue", metric_value(&s->queue));
	put_number(b, "worker_starts",
	    (double)metric_total(&s->worker_starts));
	metrics_reload_note(f, why);
	put_text(b, "reload_given_up", why);
	buf_text(b, ",\"processes\":[");
	put_roles(f, now, b);
	put_workers(f, old, now, b);
	end_list(b);
	buf_text(b, ",\"models\":[");
	put_models(f, now, b);
	end_list(b);
	buf_text(b, "}\n");
}
