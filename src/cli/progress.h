/* SPDX-License-Identifier: ISC */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* A bar on stderr, where that is a terminal and stdout does not write to one
 * as well; nothing elsewhere. */
struct progress {
	bool on, shown;
	uint64_t begun_ns, next_ns;
};

void progress_begin(struct progress *p, bool to_stdout);
/* `done` of `size` bytes, or size 0 where not known. */
void progress_show(struct progress *p, uint64_t done, uint64_t size,
    uint64_t rows);
/* Take the bar away, before other lines on stderr and at the end. */
void progress_clear(struct progress *p);

#endif
