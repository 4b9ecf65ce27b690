/* SPDX-License-Identifier: ISC
 *
 * One HTTP request over TCP, so that a container or a service manager can
 * tell whether the whole way to an answer is open, with no other program.
 */
#include "cli/ready.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "config/config.h"
#include "http/probe.h"

/* The own machine's address where the service listens on all. */
static const char *
reachable(const struct config_address *a)
{
	if (strcmp(a->host, "0.0.0.0") == 0)
		return "127.0.0.1";
	return strcmp(a->host, "::") == 0 ? "::1" : a->host;
}

static int
dial(const struct config_address *a)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	const struct timeval limit = {.tv_sec = READY_SECONDS};
	struct addrinfo *all;
	char port[8];
	int fd = -1;

	snprintf(port, sizeof(port), "%u", (unsigned)a->port);
	if (getaddrinfo(reachable(a), port, &hints, &all) != 0)
		return -1;
	for (const struct addrinfo *i = all; i != NULL && fd < 0;
	    i = i->ai_next) {
		fd = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (connect(fd, i->ai_addr, i->ai_addrlen) == 0)
			continue;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(all);
	return fd;
}

/* The first line of the answer, without its end. */
static bool
read_line(int fd, char *line, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;
	char *end = NULL;

	while (end == NULL && n < size && got > 0) {
		got = recv(fd, line + n, size - n, 0);
		n += got > 0 ? (size_t)got : 0;
		end = memchr(line, '\r', n);
	}
	if (end != NULL)
		*end = '\0';
	return end != NULL;
}

bool
ready_ask(const char *listen, struct err *err)
{
	struct config_address a;
	char line[512];
	int status = 0;
	int fd;

	if (!config_address_parse(listen, &a, err))
		return false;
	fd = dial(&a);
	if (fd < 0)
		return err_system(err, "cannot connect to %s", listen);
	if (send(fd, probe_request, strlen(probe_request), MSG_NOSIGNAL) > 0 &&
	    read_line(fd, line, sizeof(line)))
		status = probe_status(line, strlen(line));
	close(fd);
	if (status <= 0)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "%s gave no answer within %d seconds", listen,
		    READY_SECONDS);
	if (status != 200)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "%s is not ready: %s", listen, strchr(line, ' ') + 1);
	return true;
}
