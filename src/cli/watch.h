/* SPDX-License-Identifier: ISC */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "metrics/metrics_file.h"
#include "metrics/metrics_sum.h"

/* The counters at one moment, and what two moments say. */
struct watch {
	uint64_t at_ns;
	struct metrics_sum *sum;
};

MUST_USE bool watch_take(const struct metrics_file *f, struct arena *mem,
    struct watch *ret, struct err *err);
/* Events a second between the two, of a counter's two totals. */
double watch_rate(const struct watch *old, const struct watch *now,
    uint64_t old_n, uint64_t now_n);
/* Seconds below which the share q of the observations between the two lies
 * (old NULL: of all), interpolated inside its bucket as Prometheus does; NaN
 * where there was none. */
double watch_quantile(const struct histogram_latency *old,
    const struct histogram_latency *now, double q);
/* Whether any worker of it lives. */
bool watch_is_running(const struct metrics_file *f);
/* How a process stands: "serving", "gone" where it was killed and nobody is
 * left to say so. */
const char *watch_state(const struct process *p);
/* The same of the worker in slot i, "idle" or "busy" where it serves; false
 * where there is none and is to be none. *since_ns: busy since then, or 0. */
bool watch_worker(const struct metrics_file *f, int i, const char **state,
    uint64_t *since_ns);
/* Everything, as one JSON document. */
void watch_json(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, struct buf *b);
/* Everything, as a page. `window` is whether latencies are those of the time
 * between the two, rather than of all time. */
void watch_page(const struct metrics_file *f, const struct watch *old,
    const struct watch *now, bool window, struct buf *b);

#endif
