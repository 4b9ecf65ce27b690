/* SPDX-License-Identifier: ISC
 *
 * The system below libfcgi. What stays true: it reads no byte that the gate
 * has not passed, and whatever a peer does or leaves undone, it is over with
 * in bounded time.
 */
#include "http/fcgi_os.h"

#include <errno.h>
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcgios.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/gate.h"

/* Part of the time for a request that its first byte may take, so that who
 * just connects does not hold us for all of it. Not much less: a web server
 * that is held up between its connect and its write, by a CPU quota or a busy
 * machine, would be taken for silent, and answer 500. */
enum { FIRST_BYTE = 5 };
/* For a peer to read an answer that came before it had sent all. */
#define LINGER_NS     UINT64_C(200000000)

static struct {
	struct gate gate;
	uint64_t timeout_ns, accepted_ns;
	enum fcgi_os_end ended;
	bool accepted;
	volatile int open_fd;      /* of a request to be answered; or -1 */
} peer = {.open_fd = -1};

void
fcgi_os_begin(uint64_t timeout_ns)
{
	memset(&peer, 0, sizeof(peer));
	peer.open_fd = -1;
	peer.timeout_ns = timeout_ns;
	peer.ended = FCGI_OS_NOTHING;
}

void
fcgi_os_take(uint64_t timeout_ns)
{
	fcgi_os_begin(timeout_ns);
	peer.accepted = true;
	peer.accepted_ns = clock_mono_ns();
	peer.ended = FCGI_OS_FINE;
}

bool
fcgi_os_accepted(void)
{
	return peer.accepted;
}

enum fcgi_os_end
fcgi_os_ended(void)
{
	return peer.ended;
}

/* Until there is something to read; false after `until_ns`. */
static bool
wait_readable(int fd, uint64_t until_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now = clock_mono_ns();

	if (now >= until_ns)
		return false;
	return poll(&p, 1, (int)((until_ns - now) / 1000000 + 1)) != 0;
}

static int
end(enum fcgi_os_end how, int error)
{
	peer.ended = how;
	errno = error;
	return -1;
}

int
OS_Accept(int listen_sock, int fail_on_intr, const char *addresses)
{
	int fd;

	(void)fail_on_intr; /* no signal arrives here */
	(void)addresses;    /* for TCP */
	if (peer.accepted) { /* the last one brought no request */
		errno = EAGAIN;
		return -1;
	}
	fd = accept4(listen_sock, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0) {
		peer.accepted = true;
		peer.ended = FCGI_OS_FINE;
		peer.accepted_ns = clock_mono_ns();
	}
	return fd;
}

int
OS_Read(int fd, char *buf, size_t len)
{
	for (;;) {
		uint64_t patience = peer.timeout_ns;
		ssize_t got = recv(fd, buf, len, MSG_DONTWAIT);

		if (got > 0) {
			if (gate_take(&peer.gate, (unsigned char *)buf,
				(size_t)got)) {
				if (peer.gate.stage >= GATE_STDIN)
					peer.open_fd = fd;
				return (int)got;
			}
			return end(FCGI_OS_REFUSED, EPROTO);
		}
		if (got == 0 || errno != EAGAIN) {
			end(gate_is_touched(&peer.gate) ? FCGI_OS_CUT
				: FCGI_OS_NOTHING, EPROTO);
			return got == 0 ? 0 : -1;
		}
		if (!gate_is_touched(&peer.gate))
			patience /= FIRST_BYTE;
		if (!wait_readable(fd, peer.accepted_ns + patience))
			return end(FCGI_OS_LATE, ETIMEDOUT);
	}
}

bool
fcgi_os_can_answer(void)
{
	return peer.open_fd >= 0;
}

void
fcgi_os_answering(void)
{
	peer.open_fd = -1;
}

static size_t
put_record(unsigned char *to, unsigned char type, const char *content,
    size_t n)
{
	const unsigned char head[8] = {1, type, (unsigned char)(peer.gate.id >>
	    8), (unsigned char)peer.gate.id, (unsigned char)(n >> 8),
	    (unsigned char)n, 0, 0};

	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), content, n);
	return sizeof(head) + n;
}

void
fcgi_os_answer(const char *text, size_t n)
{
	unsigned char bytes[2048];
	size_t used;

	if (peer.open_fd < 0 || n > 1024)
		return;
	used = put_record(bytes, FCGI_STDOUT, text, n);
	used += put_record(bytes + used, FCGI_STDOUT, "", 0);
	used += put_record(bytes + used, FCGI_END_REQUEST, "\0\0\0\0\0\0\0",
	    8);
	/* Nobody is left to mind if it cannot be written. */
	if (write(peer.open_fd, bytes, used) >= 0)
		peer.open_fd = -1;
}

/* `wait`: the peer may still be sending, and would miss what we wrote if we
 * just closed. */
int
OS_IpcClose(int fd, int wait)
{
	uint64_t until = clock_mono_ns() + LINGER_NS;
	char scrap[4096];
	ssize_t got = 1;

	if (fd < 0)
		return 0;
	peer.open_fd = -1;
	if (wait && shutdown(fd, SHUT_WR) == 0)
		while (got != 0 && wait_readable(fd, until)) {
			got = recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT);
			if (got < 0 && errno != EAGAIN)
				break;
		}
	return close(fd);
}

/* A request that the gate refuses: only through us would libfcgi know. */
bool
fcgi_os_is_used(void)
{
	static const unsigned char unknown[8] = {1, 99, 0, 1};
	FCGX_Request r;
	int ends[2];
	bool used;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return false;
	fcgi_os_take(0);
	used = write(ends[1], unknown, sizeof(unknown)) ==
	    (ssize_t)sizeof(unknown) && FCGX_InitRequest(&r, -1, 0) == 0;
	close(ends[1]);
	if (used) {
		r.ipcFd = ends[0]; /* as if kept from a request before */
		r.keepConnection = 1;
		used = FCGX_Accept_r(&r) != 0 &&
		    peer.ended == FCGI_OS_REFUSED;
	} else {
		close(ends[0]);
	}
	return used;
}
