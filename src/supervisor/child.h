/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_CHILD_H
#define SUPERVISOR_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"

struct sandbox_path; /* sandbox/sandbox.h */

/* A process of ours: how it is started. */
struct child_spec {
	const char *const *argv; /* argv[0]: path of the program */
	int in_fd;    /* becomes descriptor 0; -1: /dev/null */
	int err_fd;   /* becomes descriptor 2; -1: ours */
	int ready_fd; /* becomes CHILD_READY_FD; -1: none */
	const int *fds; /* become CHILD_FDS and the next ones */
	size_t n_fds;
	const struct sandbox_path *paths; /* all it has; NULL: what we have */
	size_t n_paths;
	bool network;   /* it has TCP besides */
	unsigned cpu_s; /* of processor time, then it is ended; 0: no limit */
};
enum { CHILD_READY_FD = 3, CHILD_FDS = 4, CHILD_FDS_MAX = 2 };

/* Fork and exec. The child leads a process group (a Ctrl-C reaches only us),
 * is killed with us, gains no privilege, and keeps no descriptor but those
 * named. Where exec fails it says so on descriptor 2 and exits 127. */
MUST_USE bool child_start(const struct child_spec *spec, pid_t *ret,
    struct err *err);
/* A pipe whose both ends are closed on exec; the read end does not block. */
MUST_USE bool child_pipe(int *read_end, int *write_end, struct err *err);

#endif
