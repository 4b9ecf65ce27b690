/* SPDX-License-Identifier: ISC
 *
 * Binding sockets. All are closed on exec; a child gets one as its
 * descriptor 0.
 */
#include "supervisor/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"

/* The first that a service manager gives. */
enum { GIVEN_FD = 3 };

/* host:port with the brackets IPv6 wants. */
static void
format_address(const char *host, uint16_t port, char *text, size_t n)
{
	if (strchr(host, ':') != NULL)
		snprintf(text, n, "[%s]:%u", host, port);
	else
		snprintf(text, n, "%s:%u", host, port);
}

static bool
bound_port(int fd, uint16_t *ret, struct err *err)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		return err_system(err, "cannot read the address bound");
	*ret = ntohs(a.ss_family == AF_INET6
		? ((struct sockaddr_in6 *)&a)->sin6_port
		: ((struct sockaddr_in *)&a)->sin_port);
	return true;
}

static const char *
reachable(const char *host)
{
	if (strcmp(host, "0.0.0.0") == 0)
		return "127.0.0.1";
	if (strcmp(host, "::") == 0)
		return "::1";
	return host;
}

static bool
bind_listen(int fd, const struct addrinfo *ai, const char *address,
    struct err *err)
{
	int yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, LISTEN_BACKLOG) != 0) {
		if (errno == EADDRINUSE)
			return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
			    "cannot listen on %s: the port is in use; stop "
			    "what listens there or choose another with "
			    "--listen HOST:PORT", address);
		return err_system(err, "cannot listen on %s", address);
	}
	return true;
}

bool
listen_lookup(const char *address, struct addrinfo **ret, struct err *err)
{
	struct addrinfo hints = {
	    .ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_NUMERICSERV,
	};
	struct config_address a;
	char port[8];
	int rc;

	if (!config_address_parse(address, &a, err))
		return false;
	snprintf(port, sizeof(port), "%u", a.port);
	rc = getaddrinfo(a.host, port, &hints, ret);
	if (rc != 0) {
		hints.ai_family = AF_UNSPEC;
		rc = getaddrinfo(a.host, port, &hints, ret);
	}
	if (rc != 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "cannot listen on %s: %s", address, gai_strerror(rc));
	return true;
}

/* Once the port is known. */
static void
set_address(const struct config_address *a, struct listen_address *ret)
{
	format_address(a->host, ret->port, ret->text, sizeof(ret->text));
	format_address(reachable(a->host), ret->port, ret->connect,
	    sizeof(ret->connect));
}

bool
listen_tcp(const char *address, int *ret_fd, struct listen_address *ret,
    struct err *err)
{
	struct config_address a;
	struct addrinfo *ai;
	int fd;

	if (!config_address_parse(address, &a, err) ||
	    !listen_lookup(address, &ai, err))
		return false;
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err_system(err, "cannot listen on %s", address);
	if (fd < 0 || !bind_listen(fd, ai, address, err) ||
	    !bound_port(fd, &ret->port, err)) {
		freeaddrinfo(ai);
		if (fd >= 0)
			close(fd);
		return false;
	}
	freeaddrinfo(ai);
	set_address(&a, ret);
	*ret_fd = fd;
	return true;
}

bool
listen_adopt(const char *address, int fd, struct listen_address *ret,
    struct err *err)
{
	struct config_address a;

	if (!config_address_parse(address, &a, err) ||
	    !bound_port(fd, &ret->port, err))
		return false;
	set_address(&a, ret);
	return true;
}

static bool
is_listening_tcp(int fd, struct sockaddr_storage *ret)
{
	socklen_t n = sizeof(*ret), size = sizeof(int);
	int listens = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) ==
	    0 && listens && getsockname(fd, (struct sockaddr *)ret, &n) == 0 &&
	    (ret->ss_family == AF_INET || ret->ss_family == AF_INET6);
}

bool
listen_given(int *ret_fd, struct listen_address *ret, struct err *err)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	bool ours = pid != NULL && n != NULL && atol(pid) == (long)getpid();
	bool one = ours && strcmp(n, "1") == 0;
	struct config_address a = {0};
	struct sockaddr_storage s;

	*ret_fd = -1;
	unsetenv("LISTEN_PID"); /* not for the children */
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!ours)
		return true;
	if (!one || !is_listening_tcp(GIVEN_FD, &s) ||
	    getnameinfo((struct sockaddr *)&s, sizeof(s), a.host,
		sizeof(a.host), NULL, 0, NI_NUMERICHOST) != 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "LISTEN_FDS: give one listening TCP socket, "
		    "ListenStream=HOST:PORT");
	if (!bound_port(GIVEN_FD, &ret->port, err))
		return false;
	set_address(&a, ret);
	fcntl(GIVEN_FD, F_SETFD, FD_CLOEXEC);
	*ret_fd = GIVEN_FD;
	return true;
}

bool
listen_path_fits(const char *path)
{
	return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

bool
listen_unix(const char *path, int *ret_fd, struct err *err)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t mask;
	bool ok;

	if (fd < 0)
		return err_system(err, "cannot make a socket");
	strcpy(a.sun_path, path); /* listen_path_fits */
	unlink(path);
	mask = umask(0117);
	ok = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    listen(fd, LISTEN_BACKLOG) == 0;
	umask(mask);
	if (!ok) {
		err_system(err, "cannot listen on %s", path);
		close(fd);
		return false;
	}
	*ret_fd = fd;
	return true;
}
