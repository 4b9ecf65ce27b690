/* SPDX-License-Identifier: ISC
 *
 * sd_notify(3) without its library: one datagram socket, four sentences.
 */
#include "supervisor/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or with @ first a name that is no file. */
static int
dial(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || n >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, name, n);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* What WATCHDOG_USEC says, if it is meant for this process. */
static uint64_t
watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && atol(pid) != (long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * 1000;
}

void
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*n = (struct notify){.fd = name != NULL ? dial(name) : -1};
	n->every_ns = n->fd >= 0 ? watchdog_ns() / 2 : 0;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void
notify_adopt(struct notify *n, int fd, uint64_t every_ns)
{
	*n = (struct notify){.fd = fd, .ready = true, .every_ns = every_ns};
}

void
notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
	n->every_ns = 0;
}

static void
say(const struct notify *n, const char *text)
{
	ssize_t ignored; /* there is nobody else to tell */

	if (n->fd < 0)
		return;
	ignored = send(n->fd, text, strlen(text), MSG_NOSIGNAL);
	(void)ignored;
}

void
notify_ready(struct notify *n)
{
	say(n, "READY=1");
	n->ready = true;
}

void
notify_reloading(const struct notify *n, uint64_t now_ns)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
	    (unsigned long long)(now_ns / 1000));
	say(n, text);
}

void
notify_stopping(const struct notify *n)
{
	say(n, "STOPPING=1");
}

void
notify_tick(struct notify *n, uint64_t now_ns)
{
	if (now_ns < notify_due_ns(n))
		return;
	say(n, "WATCHDOG=1");
	n->due_ns = now_ns + n->every_ns;
}

uint64_t
notify_due_ns(const struct notify *n)
{
	return n->ready && n->every_ns > 0 ? n->due_ns : UINT64_MAX;
}
