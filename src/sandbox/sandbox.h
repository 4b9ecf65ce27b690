/* SPDX-License-Identifier: ISC */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * What a process gives up when it has opened all that it needs: every file
 * it has not open yet (Landlock), and every system call that is not in
 * calls.def (seccomp). There is no way back; its children have it too.
 *
 * One that reads what nobody vouches for and has yet to open it, the
 * importer, keeps some paths; a program of others keeps its system calls.
 */

/* What may be done with a file, or with all that is below a folder. */
enum sandbox_right {
	SANDBOX_READ,
	SANDBOX_WRITE, /* and make, replace and remove files, in a folder */
	SANDBOX_RUN    /* and read */
};
struct sandbox_path {
	const char *path; /* of nothing: passed over */
	enum sandbox_right right;
};

/* What this build or kernel cannot do, as a sentence; NULL: it can do all. */
const char *sandbox_missing(void);
/* Both of the below. `refused` is as there. */
MUST_USE bool sandbox_enter(void (*refused)(const char *call),
    struct err *err);

/* The same for an importer, but for those paths. */
MUST_USE bool sandbox_enter_import(const struct sandbox_path *paths, size_t n,
    void (*refused)(const char *call), struct err *err);

/* No path can be opened, made, removed or run any more, no TCP port bound or
 * connected to, as far as the kernel knows how; where it knows nothing of
 * this, nothing happens. */
MUST_USE bool sandbox_close_files(struct err *err);
/* The same, but for those paths, and TCP where `network` says so. */
MUST_USE bool sandbox_keep_files(const struct sandbox_path *paths, size_t n,
    bool network, struct err *err);
/* A call that is not in calls.def for serving, or for importing, ends the process with SIGSYS, after
 * `refused` was told its name; nothing happens where that cannot be done. */
enum sandbox_work { SANDBOX_SERVES, SANDBOX_IMPORTS };
MUST_USE bool sandbox_filter_calls(enum sandbox_work work,
    void (*refused)(const char *call), struct err *err);

#endif
