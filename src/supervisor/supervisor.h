/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SUPERVISOR_H
#define SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* The whole service: everything up, kept up, reloaded on SIGHUP, and down
 * again on SIGTERM or SIGINT. argc and argv are those of main: they are read
 * again at each reload. */

enum supervisor_end {
	SUPERVISOR_OK,
	SUPERVISOR_FAILED, /* *err says why, unless its text is empty: then
			    * the child that failed has said it */
	SUPERVISOR_USAGE   /* the settings are wrong: *err says where */
};

/* Whether this program could take over from one that leaves a handover of that
 * version, with these arguments: true, or *err says why not. */
MUST_USE bool supervisor_could(const char *version, int argc, char *argv[],
    struct err *err);
MUST_USE enum supervisor_end supervisor_run(int argc, char *argv[],
    struct err *err);

#endif
