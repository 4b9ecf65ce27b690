/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_LISTEN_H
#define SUPERVISOR_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* Listening sockets. The supervisor holds them for its whole life, so that no
 * connect is refused while what serves them is replaced. */

/* Connections that may wait: a full Unix backlog is a 500 of the web server,
 * so requests are shed long before; config.def lets queue_limit go up to it.
 * The kernel may allow fewer. */
enum { LISTEN_BACKLOG = 4096 };

struct listen_address {
	uint16_t port;     /* bound, where 0 was asked for */
	char text[300];    /* "127.0.0.1:5000", "[::1]:5000" */
	char connect[300]; /* the same, as we reach it: no wildcard */
};

struct addrinfo;
/* The addresses of "HOST:PORT": IPv4 where the name has one, as most clients
 * of "localhost" expect, else IPv6. Undone by freeaddrinfo. */
MUST_USE bool listen_lookup(const char *address, struct addrinfo **ret,
    struct err *err);
/* The public address, "HOST:PORT". ERR_SYSTEM says which and why. */
MUST_USE bool listen_tcp(const char *address, int *ret_fd,
    struct listen_address *ret, struct err *err);
/* The same of a socket that listens already. */
MUST_USE bool listen_adopt(const char *address, int fd,
    struct listen_address *ret, struct err *err);
/* The public socket where a service manager has opened it (sd_listen_fds(3)):
 * *ret_fd -1 where it has not. ERR_INPUT where it is not one socket for TCP. */
MUST_USE bool listen_given(int *ret_fd, struct listen_address *ret,
    struct err *err);
/* A socket file, for its owner and group only. One left by a killed process
 * is replaced: the caller holds the lock of the folder. */
MUST_USE bool listen_unix(const char *path, int *ret_fd, struct err *err);
/* Whether a socket can have this path at all. */
bool listen_path_fits(const char *path);

#endif
