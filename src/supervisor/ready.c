/* SPDX-License-Identifier: ISC
 *
 * The first request.
 */
#include "supervisor/ready.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/probe.h"
#include "supervisor/backoff.h"
#include "supervisor/listen.h"

#define AGAIN_NS (5 * MILLISECOND_NS)

void
ready_init(struct ready *r, const char *address)
{
	*r = (struct ready){.address = address, .fd = -1};
}

void
ready_done(struct ready *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

static void
try_again(struct ready *r, uint64_t now)
{
	ready_done(r);
	r->again_at_ns = now + AGAIN_NS;
}

static int
dial(const char *address)
{
	struct addrinfo *ai;
	struct err ignored; /* it is the address we listen on */
	int fd;

	if (!listen_lookup(address, &ai, &ignored))
		return -1;
	fd = socket(ai->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

bool
ready_step(struct ready *r, uint64_t now_ns)
{
	const size_t n = strlen(probe_request);
	ssize_t got;
	int status;

	if (r->fd < 0) {
		if (now_ns < r->again_at_ns)
			return false;
		r->fd = dial(r->address);
		r->sent = false;
		r->n = 0;
	}
	if (r->fd >= 0 && !r->sent) {
		r->sent = send(r->fd, probe_request, n, MSG_NOSIGNAL) ==
		    (ssize_t)n;
		if (!r->sent && (errno == EAGAIN || errno == ENOTCONN))
			return false; /* still connecting */
	}
	if (r->fd < 0 || !r->sent) {
		try_again(r, now_ns);
		return false;
	}
	got = recv(r->fd, r->got + r->n, sizeof(r->got) - r->n, 0);
	if (got < 0 && errno == EAGAIN)
		return false;
	if (got > 0)
		r->n += (unsigned)got;
	status = probe_status(r->got, r->n);
	if (status == 200)
		return true;
	if (got <= 0 || status != 0)
		try_again(r, now_ns);
	return false;
}

struct pollfd
ready_poll_fd(const struct ready *r)
{
	return (struct pollfd){
	    .fd = r->fd, .events = r->sent ? POLLIN : POLLOUT};
}

uint64_t
ready_due_ns(const struct ready *r)
{
	return r->fd < 0 ? r->again_at_ns : UINT64_MAX;
}
