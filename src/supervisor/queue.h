/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_QUEUE_H
#define SUPERVISOR_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* How many connections wait on a listening Unix socket, asked of the kernel
 * (sock_diag): one message each way, whoever accepts. */
struct queue {
	int netlink_fd;
	uint32_t inode;
	uint32_t sequence;
};

MUST_USE bool queue_open(int listener_fd, struct queue *ret, struct err *err);
void queue_close(struct queue *q);
/* Connections waiting, and how many may. False where the kernel does not
 * say: no statement about the queue then. */
MUST_USE bool queue_read(struct queue *q, uint32_t *length, uint32_t *limit);

#endif
