/* SPDX-License-Identifier: ISC
 *
 * From the time that requests take to the number that may wait. What stays
 * true: a burst on idle workers is not shed for being one, since the limit
 * follows what workers could do and not what they were asked to.
 */
#include "supervisor/overload.h"

/* What is left of the past at each look that finds something new. */
static const double fading = 0.875;

void
overload_note(struct overload *o, const struct metrics_file *f)
{
	uint64_t worked = 0, worked_ns = 0;

	for (int i = 0; i < METRICS_SLOTS; i++) {
		if (atomic_load_explicit(&f->slots[i].used,
			memory_order_relaxed) == 0)
			continue;
		worked += metric_total(&f->slabs[i].state.worked);
		worked_ns += metric_total(&f->slabs[i].state.worked_ns);
	}
	if (o->begun && worked > o->worked) {
		o->recent = o->recent * fading +
		    (double)(worked - o->worked);
		o->recent_ns = o->recent_ns * fading +
		    (double)(worked_ns - o->worked_ns);
	}
	o->begun = true;
	o->worked = worked;
	o->worked_ns = worked_ns;
}

uint32_t
overload_limit(const struct overload *o, const struct generation *g)
{
	double least = OVERLOAD_LEAST * g->workers;
	double most = (double)g->queue_limit, fit;

	if (o->recent_ns <= 0)
		return (uint32_t)most;
	fit = (double)g->queue_time_ns * g->workers * o->recent /
	    o->recent_ns;
	if (fit < least)
		fit = least;
	return (uint32_t)(fit < most ? fit : most);
}
