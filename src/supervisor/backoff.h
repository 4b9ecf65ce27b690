/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_BACKOFF_H
#define SUPERVISOR_BACKOFF_H

#include <stdint.h>

#define SECOND_NS      UINT64_C(1000000000)
#define MILLISECOND_NS UINT64_C(1000000)

/* How long to wait before a process that died is started again: at once if
 * it lived long, else twice as long as the last time. */
#define BACKOFF_FIRST_NS (100 * MILLISECOND_NS)
#define BACKOFF_MOST_NS  (10 * SECOND_NS)
#define BACKOFF_RESET_NS (10 * SECOND_NS)

static inline uint64_t
backoff_next(uint64_t last_ns, uint64_t alive_ns)
{
	if (alive_ns >= BACKOFF_RESET_NS)
		return 0;
	if (last_ns < BACKOFF_FIRST_NS)
		return BACKOFF_FIRST_NS;
	return last_ns >= BACKOFF_MOST_NS / 2 ? BACKOFF_MOST_NS : 2 * last_ns;
}

#endif
