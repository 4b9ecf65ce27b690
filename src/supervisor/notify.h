/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What a service manager is told: ready, reloading, stopping, and that the
 * supervisor still turns. The protocol is that of sd_notify(3): lines in a
 * datagram to the socket that NOTIFY_SOCKET names. Where it names none
 * nothing happens; what cannot be sent is dropped.
 */
struct notify {
	int fd;            /* connected; -1: nobody to tell */
	bool ready;        /* has been told: from here on we are watched */
	uint64_t every_ns; /* between two signs of life; 0: none wanted */
	uint64_t due_ns;
};

/* Read NOTIFY_SOCKET and WATCHDOG_USEC, and take them out of the
 * environment: they are not for the children. */
void notify_open(struct notify *n);
/* What the program before us had open; it has told that it is ready. */
void notify_adopt(struct notify *n, int fd, uint64_t every_ns);
void notify_close(struct notify *n);

void notify_ready(struct notify *n);
void notify_reloading(const struct notify *n, uint64_t now_ns);
void notify_stopping(const struct notify *n);
/* A sign of life where one is due, at half of what the watchdog waits. None
 * before the first READY: nobody waits for it, and a manager that waits for a
 * slow start without reading would have no room for what it waits for. */
void notify_tick(struct notify *n, uint64_t now_ns);
/* When the next is due; UINT64_MAX: never. */
uint64_t notify_due_ns(const struct notify *n);

#endif
