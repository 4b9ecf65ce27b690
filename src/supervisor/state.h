/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_STATE_H
#define SUPERVISOR_STATE_H

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

/*
 * The state directory: one supervisor at a time, told by a lock.
 *
 *   lock  metrics                        stay when we end
 *   models/  uploads/  lighttpd.conf  lighttpd.conf.next
 *   worker.sock  exporter.sock           gone when we end
 *
 * Made by us, the directory lets our group pass to the sockets and nobody
 * else; one that was there keeps its mode.
 *
 * Where the directory's path is too long for a socket, the two sockets are in
 * a directory of their own under the temporary one.
 */
struct state {
	char dir[PATH_MAX];
	char metrics[PATH_MAX];
	char models[PATH_MAX];
	char uploads[PATH_MAX];
	char web_conf[PATH_MAX];
	char web_conf_next[PATH_MAX]; /* while a reload tries it */
	char sockets[PATH_MAX]; /* their directory */
	char worker_sock[PATH_MAX];
	char exporter_sock[PATH_MAX];
	int lock_fd;
	bool passing; /* nothing of it is to stay when we end */
	bool made; /* the directory was not there before */
	bool fresh; /* nor were the counters */
};

/* Make what is missing, take the lock, sweep out what a killed supervisor
 * left. ERR_INPUT where another one holds the lock, or where the directory
 * has never been ours and holds what has a name of ours. */
MUST_USE bool state_open(const char *dir, struct state *ret, struct err *err);
/* The directory that the program before us has open, its lock included, with
 * all that is in it and its sockets in `sockets`. */
MUST_USE bool state_adopt(const char *dir, int lock_fd, const char *sockets,
    struct state *ret, struct err *err);
/* Whether files can be made in it now. */
MUST_USE bool state_can_write(const struct state *s, struct err *err);
/* Remove what is only ours; with `failed` also a directory and counters that
 * this start has made, and those in passing always. */
void state_close(struct state *s, bool failed);

#endif
