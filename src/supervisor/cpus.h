/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_CPUS_H
#define SUPERVISOR_CPUS_H

#include "base/str.h"

/* CPUs this process may use: those it may run on, or fewer where a control
 * group of it or above has a smaller quota. At least 1. */
int cpus_usable(void);
/* The same from the text of a cpu.max file ("150000 100000", "max 100000"):
 * the quota rounded up to whole CPUs, 0 where there is none. */
int cpus_quota(struct str text);

#endif
