/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_PROGRAMS_H
#define SUPERVISOR_PROGRAMS_H

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* Where the rest of us is: beside the running program in a build tree, else
 * where it was installed. */
struct programs {
	char self[PATH_MAX]; /* lightscored, as it may be by now */
	char lightscore[PATH_MAX];
	char worker[PATH_MAX];
	char exporter[PATH_MAX];
	char web_server[PATH_MAX]; /* "" where none is wanted */
	char errors[PATH_MAX];     /* folder of the web server's refusals */
};

/* `web_server` is the path configured, "" to look for lighttpd, NULL for
 * none. ERR_SYSTEM names the one that cannot be run. */
MUST_USE bool programs_find(const char *web_server, struct programs *ret,
    struct err *err);

#endif
