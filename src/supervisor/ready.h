/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_READY_H
#define SUPERVISOR_READY_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Asks GET /health/ready at the public address, as a client would, until the
 * answer is 200: then everything on the way works. */
struct ready {
	const char *address; /* "127.0.0.1:5000" */
	int fd;              /* -1: between two tries */
	bool sent;
	char got[32];
	unsigned n;
	uint64_t again_at_ns;
};

void ready_init(struct ready *r, const char *address);
void ready_done(struct ready *r);
/* Go on with what can be done now; true once the answer was 200. */
bool ready_step(struct ready *r, uint64_t now_ns);
/* What to wait for: a descriptor (fd -1: none), and until when. */
struct pollfd ready_poll_fd(const struct ready *r);
uint64_t ready_due_ns(const struct ready *r);

#endif
