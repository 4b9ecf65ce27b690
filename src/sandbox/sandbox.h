/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * What a process gives up when it has opened all that it needs: every file
 * it has not open yet (Landlock), and every system call that is not in
 * calls.def (seccomp). There is no way back; its children have it too.
 */

/* What this build or kernel cannot do, as a sentence; NULL: it can do all. */
const char *sandbox_missing(void);
/* Both of the below. `refused` is as there. */
MUST_USE bool sandbox_enter(void (*refused)(const char *call),
    struct err *err);

/* No path can be opened, made, removed or run any more, no TCP port bound or
 * connected to, as far as the kernel knows how; where it knows nothing of
 * this, nothing happens. */
MUST_USE bool sandbox_close_files(struct err *err);
/* A call that is not in calls.def ends the process with SIGSYS, after
 * `refused` was told its name; nothing happens where that cannot be done. */
MUST_USE bool sandbox_filter_calls(void (*refused)(const char *call),
    struct err *err);

#endif
