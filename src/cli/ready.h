/* SPDX-License-Identifier: ISC */
#ifndef CLI_READY_H
#define CLI_READY_H

#include "base/attr.h"
#include "base/err.h"

/* Ask the service behind `listen` (HOST:PORT, as configured) for
 * /health/ready, as a client would: false, with the reason, where the answer
 * within READY_SECONDS is not 200. */
enum { READY_SECONDS = 3 };
MUST_USE bool ready_ask(const char *listen, struct err *err);

#endif
