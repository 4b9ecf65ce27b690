/* SPDX-License-Identifier: ISC
 *
 * From the shared counters to what an operator wants to see: rates between
 * two moments, quantiles from buckets, and who does what.
 */
#include "cli/watch.h"

#include <errno.h>
#include <math.h>
#include <signal.h>

#include "base/clock.h"
#include "metrics/metrics_table.h"

bool
watch_take(const struct metrics_file *f, struct arena *mem,
    struct watch *ret, struct err *err)
{
	ret->at_ns = clock_mono_ns();
	return metrics_sum(f, mem, &ret->sum, err);
}

double
watch_rate(const struct watch *old, const struct watch *now, uint64_t old_n,
    uint64_t now_n)
{
	double seconds = (double)(now->at_ns - old->at_ns) / 1e9;

	return seconds > 0 && now_n > old_n ?
	    (double)(now_n - old_n) / seconds : 0;
}

double
watch_quantile(const struct histogram_latency *old,
    const struct histogram_latency *now, double q)
{
	uint64_t counts[countof(now->bucket)], all = 0, below = 0;
	double rank;

	for (size_t i = 0; i < countof(counts); i++) {
		uint64_t before = old != NULL ?
		    metric_total(&old->bucket[i]) : 0;
		uint64_t n = metric_total(&now->bucket[i]);

		counts[i] = n > before ? n - before : 0;
		all += counts[i];
	}
	if (all == 0)
		return NAN;
	rank = q * (double)all;
	for (size_t i = 0; i < countof(bounds_latency); i++) {
		double low = i > 0 ? (double)bounds_latency[i - 1] : 0;
		double high = (double)bounds_latency[i];

		if (counts[i] > 0 && (double)(below + counts[i]) >= rank)
			return (low + (high - low) * (rank - (double)below) /
			    (double)counts[i]) / 1e9;
		below += counts[i];
	}
	/* Beyond the last bound there is nothing to interpolate. */
	return (double)bounds_latency[countof(bounds_latency) - 1] / 1e9;
}

static uint64_t
http_total(const struct slab *s)
{
	return metric_totals(&s->http_requests[0][0][0],
	    sizeof(s->http_requests) / sizeof(struct counter));
}

static uint64_t
http_errors(const struct slab *s)
{
	uint64_t n = 0;

	for (size_t m = 0; m < countof(s->http_requests); m++) {
		for (size_t r = 0; r < countof(s->http_requests[m]); r++)
			n += metric_total(&s->http_requests[m][r][CODE_500]);
	}
	return n;
}

/* --- the page --------------------------------------------------------------- */

static void
put_ms(struct buf *b, double seconds)
{
	if (isnan(seconds))
		buf_printf(b, "%9s", "-");
	else
		buf_printf(b, "%9.3g", seconds * 1e3);
}

static void
put_bytes(struct buf *b, double bytes)
{
	if (isnan(bytes))
		buf_printf(b, "%9s", "-");
	else
		buf_printf(b, "%7.1f M", bytes / 1048576);
}

/* A supervisor that was killed leaves the last states standing. */
static bool
is_gone(int32_t pid)
{
	return pid > 0 && kill(pid, 0) != 0 && errno == ESRCH;
}

bool
watch_is_running(const struct metrics_file *f)
{
	for (int i = 0; i < METRICS_SLOTS; i++) {
		int32_t pid = atomic_load_explicit(&f->slots[i].process.pid,
		    memory_order_relaxed);

		if (pid > 0 && !is_gone(pid))
			return true;
	}
	return false;
}

static bool
is_waiting(const struct process *p)
{
	return atomic_load_explicit(&p->state, memory_order_relaxed) ==
	    PROCESS_WAITING;
}

const char *
watch_state(const struct process *p)
{
	if (is_gone(atomic_load_explicit(&p->pid, memory_order_relaxed)))
		return "gone";
	return process_state_name(atomic_load_explicit(&p->state,
	    memory_order_relaxed));
}

bool
watch_worker(const struct metrics_file *f, int i, const char **state,
    uint64_t *since_ns)
{
	const struct process *p = &f->slots[i].process;
	enum label_STATE label;

	*since_ns = 0;
	*state = watch_state(p);
	if (!metrics_slot_state(f, i, &label, since_ns))
		return is_waiting(p);
	if (atomic_load_explicit(&p->state, memory_order_relaxed) ==
	    PROCESS_SERVING && **state == 's')
		*state = metrics_labels[LABEL_STATE].values[label];
	return true;
}

/* Why the models that somebody has put there are not what is served. */
static void
page_reload(const struct metrics_file *f, struct buf *b)
{
	char why[METRICS_NOTE_MAX];

	metrics_reload_note(f, why);
	if (why[0] == '\0' || !watch_is_running(f))
		return;
	buf_text(b, "reload      given up: ");
	for (const char *c = why; *c != '\0'; c++)
		/* Names of files must not speak to the terminal. */
		buf_char(b, (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c);
	buf_char(b, '\n');
}

static void
page_head(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, struct buf *b)
{
	const struct metrics_server *s = f->server;
	double started = metric_value(&s->process_start_time);
	double queue = metric_value(&s->queue);
	double memory = metric_value(&s->memory_bytes);
	uint64_t n = http_total(now->sum->slab);

	if (!watch_is_running(f)) {
		buf_text(b, "not running: this is what was counted\n");
	} else if (!isnan(started)) {
		double up = (double)clock_wall_ms() / 1e3 - started;

		buf_printf(b, "up          %.0f s\n", up > 0 ? up : 0);
	}
	buf_printf(b, "requests    %llu, %.1f/s, %llu answered 500\n",
	    (unsigned long long)n,
	    watch_rate(old, now, http_total(old->sum->slab), n),
	    (unsigned long long)http_errors(now->sum->slab));
	if (!isnan(queue) && watch_is_running(f))
		buf_printf(b, "queue       %.0f, answered 503 beyond %.0f\n",
		    queue, fmin(metric_value(&s->queue_shed),
		    metric_value(&s->queue_limit)));
	if (!isnan(memory) && watch_is_running(f))
		buf_printf(b, "memory      %.1f M, CPU %.1f %%\n",
		    memory / 1048576, metric_value(&s->cpu_percent));
	buf_printf(b, "workers     %llu started, %llu crashed\n",
	    (unsigned long long)metric_total(&s->worker_starts),
	    (unsigned long long)metric_total(&s->worker_exits[ENDED_CRASH]));
}

/* What keeps dying, why, and when it is tried again. */
static void
put_waiting(const struct process *p, uint64_t now_ns, struct buf *b)
{
	uint64_t next = atomic_load_explicit(&p->next_ns,
	    memory_order_relaxed);
	char text[64];

	process_ended_text(atomic_load_explicit(&p->ended,
	    memory_order_relaxed), text, sizeof(text));
	buf_printf(b, "died %u in a row: %s; ",
	    atomic_load_explicit(&p->deaths, memory_order_relaxed), text);
	if (next == UINT64_MAX)
		buf_text(b, "started again after a reload");
	else
		buf_printf(b, "started again in %.1f s", next > now_ns ?
		    (double)(next - now_ns) / 1e9 : 0);
}

static void
page_processes(const struct metrics_file *f, const struct watch *now,
    struct buf *b)
{
	buf_printf(b, "\n%-16s%9s  %s\n", "process", "pid", "state");
	for (unsigned i = 0; i < ROLES; i++) {
		const struct process *p = &f->server->process[i];
		int32_t pid = atomic_load_explicit(&p->pid,
		    memory_order_relaxed);

		if (pid == 0 && !is_waiting(p))
			continue;
		buf_printf(b, "%-16s%9d  %s", process_role_name(i), (int)pid,
		    i == ROLE_SUPERVISOR && !is_gone(pid) ?
		    process_phase_name(atomic_load_explicit(&f->server->phase,
			memory_order_relaxed)) : watch_state(p));
		if (is_waiting(p)) {
			buf_text(b, ", ");
			put_waiting(p, now->at_ns, b);
		}
		buf_char(b, '\n');
	}
}

static void
page_workers(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, struct buf *b)
{
	buf_printf(b, "\n%-7s%9s  %-9s%9s%12s%10s%9s\n", "worker", "pid",
	    "state", "busy ms", "requests", "per s", "memory");
	for (int i = 0; i < METRICS_SLOTS; i++) {
		const struct metrics_slot *slot = &f->slots[i];
		const struct process *p = &slot->process;
		uint64_t since, n = now->sum->requests[i];
		const char *state;

		if (!watch_worker(f, i, &state, &since))
			continue;
		if (is_waiting(p)) {
			buf_printf(b, "%-7d%9s  %s, ", i, "-", state);
			put_waiting(p, now->at_ns, b);
			buf_char(b, '\n');
			continue;
		}
		buf_printf(b, "%-7d%9d  %-9s", i,
		    (int)atomic_load_explicit(&p->pid, memory_order_relaxed),
		    state);
		put_ms(b, since > 0 && since <= now->at_ns ?
		    (double)(now->at_ns - since) / 1e9 : NAN);
		buf_printf(b, "%12llu%10.1f", (unsigned long long)n,
		    watch_rate(old, now, old->sum->requests[i], n));
		put_bytes(b, metric_value(&slot->resident_bytes));
		buf_char(b, '\n');
	}
}

static void
page_models(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, bool window, struct buf *b)
{
	bool runs = watch_is_running(f);

	buf_printf(b, "\n%-16s%6s%11s%9s%9s%9s%9s%9s\n", "model", "loaded",
	    "requests", "per s", "failed", "p50 ms", "p95 ms", "p99 ms");
	for (uint32_t m = 0; m < metrics_models(f); m++) {
		const struct slab_model *is = &now->sum->slab->model[m];
		const struct slab_model *was = &old->sum->slab->model[m];
		const struct histogram_latency *from = window ?
		    &was->prediction_time : NULL;
		struct str name = metrics_model_name(f, m);
		double loaded = metric_value(&f->server->model[m].loaded);
		uint64_t n = metric_totals(is->prediction_requests,
		    OUTCOME_CELLS);

		if (m == MODEL_OTHER && n == 0)
			continue;
		buf_printf(b, "%-16.*s%6s%11llu%9.1f%9llu", STR_ARG(name),
		    runs && loaded == 1 ? "yes" : "no", (unsigned long long)n,
		    watch_rate(old, now, metric_totals(was->prediction_requests,
		    OUTCOME_CELLS), n), (unsigned long long)(n -
		    metric_total(&is->prediction_requests[OUTCOME_SUCCESS])));
		put_ms(b, watch_quantile(from, &is->prediction_time, 0.5));
		put_ms(b, watch_quantile(from, &is->prediction_time, 0.95));
		put_ms(b, watch_quantile(from, &is->prediction_time, 0.99));
		buf_char(b, '\n');
	}
}

void
watch_page(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, bool window, struct buf *b)
{
	page_head(f, old, now, b);
	page_reload(f, b);
	page_processes(f, now, b);
	page_workers(f, old, now, b);
	page_models(f, old, now, window, b);
}
