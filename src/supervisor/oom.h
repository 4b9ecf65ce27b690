/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_OOM_H
#define SUPERVISOR_OOM_H

#include <stdint.h>

/* Processes that the kernel has killed for want of memory since it started;
 * a step of this tells such a SIGKILL from anybody else's. */
uint64_t oom_kills(void);

#endif
