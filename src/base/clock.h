/* SPDX-License-Identifier: ISC */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds that never step back; comparable between processes. */
uint64_t clock_mono_ns(void);
/* Milliseconds since 1970; may step when the clock is set. */
uint64_t clock_wall_ms(void);

#endif
