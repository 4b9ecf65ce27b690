/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SIGNALS_H
#define SUPERVISOR_SIGNALS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/* Signals as something to read: SIGTERM, SIGINT, SIGHUP, SIGUSR2 and
 * SIGCHLD are
 * blocked for good and arrive at this descriptor. SIGPIPE is ignored. */
MUST_USE bool signals_open(int *ret_fd, struct err *err);
/* The next signal waiting, or 0. A SIGHUP that the kernel sends, because the
 * terminal is gone, is told as SIGTERM: it asks for no reload. */
int signals_next(int fd);

#endif
