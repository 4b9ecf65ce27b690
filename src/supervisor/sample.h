/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SAMPLE_H
#define SUPERVISOR_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "metrics/metrics_file.h"

/* What /proc says of us and of the processes we started, every few seconds,
 * into the supervisor's part of the counters file. */
#define SAMPLE_EVERY_NS UINT64_C(5000000000)
enum { SAMPLE_WINDOW = 4 }; /* samples: the CPU figure spans 15 s */

struct sample_process {
	pid_t pid;
	int slot;     /* of a worker, else -1 */
	bool stopped; /* found: it does not run, by a signal or debugger */
	uint64_t own_bytes; /* found: sample_own_bytes */
};

struct sample {
	uint64_t base_worker_cpu_ns; /* counted before this start */
	struct {
		uint64_t at_ns, cpu_ns;
	} window[SAMPLE_WINDOW];
	unsigned taken;
};

/* What a process has written itself: neither code nor images nor counters;
 * 0 where that cannot be read. */
uint64_t sample_own_bytes(pid_t pid);
void sample_init(struct sample *s, struct metrics_file *f);
/* `ended_cpu_ns`: CPU time of workers that have ended since the start. */
void sample_take(struct sample *s, struct metrics_file *f,
    struct sample_process *processes, size_t n, uint64_t ended_cpu_ns,
    uint64_t now_ns);

#endif
