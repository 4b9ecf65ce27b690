/* SPDX-License-Identifier: ISC
 *
 * How far a long job is, ten times a second at most.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { WIDTH = 30 };
#define EVERY_NS UINT64_C(100000000)

void
progress_begin(struct progress *p, bool to_stdout)
{
	*p = (struct progress){.begun_ns = clock_mono_ns()};
	p->next_ns = p->begun_ns + 2 * EVERY_NS;
	p->on = isatty(STDERR_FILENO) &&
	    !(to_stdout && isatty(STDOUT_FILENO));
}

void
progress_show(struct progress *p, uint64_t done, uint64_t size, uint64_t rows)
{
	uint64_t now;
	char bar[WIDTH + 1];
	double part, seconds;

	if (!p->on || (now = clock_mono_ns()) < p->next_ns)
		return;
	p->next_ns = now + EVERY_NS;
	p->shown = true;
	seconds = (double)(now - p->begun_ns) / 1e9;
	if (size == 0) {
		fprintf(stderr, "\r%llu rows, %.0f rows/s\033[K",
		    (unsigned long long)rows, (double)rows / seconds);
		return;
	}
	part = done < size ? (double)done / (double)size : 1;
	for (int i = 0; i < WIDTH; i++)
		bar[i] = i < (int)(part * WIDTH) ? '#' : '.';
	bar[WIDTH] = '\0';
	fprintf(stderr, "\r[%s] %3.0f %%  %llu rows, %.0f rows/s\033[K", bar,
	    part * 100, (unsigned long long)rows, (double)rows / seconds);
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fprintf(stderr, "\r\033[K");
	p->shown = false;
}
