/* SPDX-License-Identifier: ISC
 *
 * A generation as arguments.
 */
#include "supervisor/worker_argv.h"

#include <assert.h>
#include <stdio.h>

#include "base/attr.h"
#include "supervisor/backoff.h"
#include "supervisor/child.h"

/* Memory that answering may take for each byte of body: the body itself,
 * its JSON tree, cells and scores. Address space; pages as they are used. */
enum { MEMORY_PER_BYTE = 24 };
#define MEMORY_LEAST ((uint64_t)16 << 20)

/* A web server sends a request at once and whole. Who does not is given up
 * long before the worker would have to be ended for it. */
static uint64_t
read_timeout_ms(const struct generation *g)
{
	return g->request_timeout_ns / (2 * MILLISECOND_NS);
}

void
worker_argv_make(struct worker_argv *ret, const char *program,
    const char *metrics, int slot, bool reserve, const struct generation *g)
{
	uint64_t memory = MEMORY_PER_BYTE * g->request_limit;
	const struct {
		const char *flag;
		uint64_t value;
	} numbers[] = {
	    {"--slot", (uint64_t)slot},
	    {"--metrics-fd", CHILD_FDS},
	    {"--request-limit", g->request_limit},
	    {"--rows-limit", g->rows_limit},
	    {"--memory-limit", memory < MEMORY_LEAST ? MEMORY_LEAST : memory},
	    {"--max-requests", g->max_requests},
	    {"--read-timeout", read_timeout_ms(g)},
	    {"--ready-fd", CHILD_READY_FD},
	};
	size_t n = 0;

	static_assert(countof(numbers) <= countof(ret->numbers),
	    "a number has no room");
	ret->argv[n++] = program;
	ret->argv[n++] = "--metrics";
	ret->argv[n++] = metrics;
	for (size_t i = 0; i < countof(numbers); i++) {
		snprintf(ret->numbers[i], sizeof(ret->numbers[i]), "%ju",
		    (uintmax_t)numbers[i].value);
		ret->argv[n++] = numbers[i].flag;
		ret->argv[n++] = ret->numbers[i];
	}
	for (size_t i = 0; i < g->n_images; i++) {
		snprintf(ret->models[i], sizeof(ret->models[i]), "%s=%s",
		    g->images[i].slot, g->images[i].file);
		ret->argv[n++] = "--model";
		ret->argv[n++] = ret->models[i];
	}
	if (g->alerts)
		ret->argv[n++] = "--alerts";
	if (g->keys[0] != '\0') {
		ret->argv[n++] = "--keys";
		ret->argv[n++] = g->keys;
	}
	if (g->rate[0] != '\0') {
		ret->argv[n++] = "--rate";
		ret->argv[n++] = g->rate;
	}
	if (g->rate_fd >= 0) {
		static_assert(CHILD_FDS + 1 == 5, "as it is written here");
		ret->argv[n++] = "--rate-fd";
		ret->argv[n++] = "5";
	}
	if (reserve)
		ret->argv[n++] = "--reserve";
	if (!g->sandbox)
		ret->argv[n++] = "--no-sandbox";
	ret->argv[n] = NULL;
	assert(n < countof(ret->argv));
}
