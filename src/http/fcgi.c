/* SPDX-License-Identifier: ISC
 *
 * libfcgi behind one door. What stays true here:
 * - no signal arrives while libfcgi runs: one that lands between its accept
 *   and the first byte makes it spin for ever, one in a read cuts a body;
 * - a body reaches the handler only if it came whole and is as long as it
 *   claims: libfcgi hands over streams cut at a record as complete;
 * - one request a connection: a peer that asks to keep it would own the
 *   process;
 * - libfcgi sees only records that it handles right, and waits for none of
 *   them past the time-out: fcgi_os.h is the system it runs on;
 * - the state call says since when we are busy, reading included, so that a
 *   supervisor can end a process that is stuck in a handler.
 */
#include "http/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/envelope.h"
#include "http/fcgi_os.h"
#include "http/gate.h"

enum {
	LISTENER = 0,        /* FCGI_LISTENSOCK_FILENO */
	HEAD_MAX = 512,      /* the longest response head: all static texts */
	KEEP = 256 << 10,    /* memory kept from one request to the next */
	HEAP = 4 * GATE_PARAMS_MAX, /* libfcgi's, for a request */
	LOOK_AGAIN_MS = 500, /* see wait_ready */
	SHORTAGE_MS = 100,   /* until what was lacking is asked for again */
	UNREAD_MAX = 64 << 10, /* see is_left */
};

struct fcgi {
	struct fcgi_options options;
	FCGX_Request request;
	int epoll_fd;
	struct arena mem; /* the request's */
	char *response;   /* options.response_limit bytes */
	bool is_short;    /* of what it takes to accept */
};

/* FCGX_Init puts its own handlers in place of default and ignored ones. */
static void
undo_handlers(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

/* libfcgi ends the process where malloc gives it nothing, and libseccomp may
 * not end its loop. What they take they give back: it is asked for here, once,
 * and kept, so that the kernel is not asked again. */
static bool
reserve_heap(struct err *err)
{
	void *volatile p;

	mallopt(M_MMAP_THRESHOLD, 2 * HEAP);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	p = malloc(HEAP);
	free(p);
	return p != NULL || err_system(err, "cannot reserve %d bytes", HEAP);
}

static bool
check_listener(struct err *err)
{
	int yes = 0, flags;
	socklen_t n = sizeof(yes);

	if (getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &yes, &n) != 0 ||
	    !yes)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "descriptor 0 is not a listening socket: "
		    "this program is started by lightscored");
	/* Of several processes that wake up for one connection all but one
	 * find none: they must not block in accept. */
	flags = fcntl(LISTENER, F_GETFL);
	if (flags < 0 || fcntl(LISTENER, F_SETFL, flags | O_NONBLOCK) != 0)
		return err_system(err, "cannot set up the listening socket");
	return true;
}

static bool
open_epoll(struct fcgi *f, struct err *err)
{
	f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return f->epoll_fd >= 0 ||
	    err_system(err, "cannot wait for requests");
}

/* A connection wakes one process, not all that wait. */
static bool
watch_listener(struct fcgi *f, struct err *err)
{
	struct epoll_event want = {.events = EPOLLIN | EPOLLEXCLUSIVE};

	return epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, LISTENER, &want) == 0 ||
	    err_system(err, "cannot wait for requests");
}

bool
fcgi_open(const struct fcgi_options *o, struct fcgi **ret, struct err *err)
{
	struct fcgi *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_system(err, "cannot start FastCGI");
	f->options = *o;
	f->response = MAP_FAILED;
	f->epoll_fd = -1;
	if (!reserve_heap(err) || !check_listener(err) || !open_epoll(f, err))
		goto fail;
	if (FCGX_Init() != 0 ||
	    FCGX_InitRequest(&f->request, LISTENER, FCGI_FAIL_ACCEPT_ON_INTR)) {
		err_set(err, ERR_SYSTEM, ERR_NOWHERE, "cannot start libfcgi");
		goto fail;
	}
	undo_handlers();
	if (!fcgi_os_is_used()) {
		err_set(err, ERR_SYSTEM, ERR_NOWHERE, "this build of libfcgi "
		    "cannot be guarded: it does not call OS_Read by name");
		goto fail;
	}
	f->response = mmap(NULL, o->response_limit, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f->response == MAP_FAILED) {
		err_system(err, "cannot reserve %zu bytes", o->response_limit);
		goto fail;
	}
	if (!arena_init(&f->mem, o->memory_limit, err))
		goto fail;
	*ret = f;
	return true;
fail:
	fcgi_close(f);
	return false;
}

void
fcgi_close(struct fcgi *f)
{
	if (f->response != MAP_FAILED)
		munmap(f->response, f->options.response_limit);
	arena_done(&f->mem);
	if (f->epoll_fd >= 0)
		close(f->epoll_fd);
	free(f);
}

static enum fcgi_reject
reject_of(enum fcgi_os_end how)
{
	return how == FCGI_OS_LATE ? FCGI_LATE : FCGI_MALFORMED;
}

/* All of the body, or why not. */
static bool
read_body(struct fcgi *f, uint64_t length, struct str *ret,
    enum fcgi_reject *why)
{
	char *p;
	int got;

	*why = FCGI_TOO_LARGE;
	if (length > f->options.body_limit)
		return false;
	p = arena_alloc(&f->mem, (size_t)length + 1);
	if (p == NULL)
		return false;
	/* One byte more than claimed: so the end of the stream is seen. */
	got = FCGX_GetStr(p, (int)length + 1, f->request.in);
	*why = reject_of(fcgi_os_ended());
	if (got < 0 || (uint64_t)got != length ||
	    FCGX_GetError(f->request.in) != 0)
		return false;
	*ret = (struct str){p, (size_t)length};
	return true;
}

/* Closing over unread bytes resets the connection. The web server reads our
 * answer first, if it is not still writing: what fits into the socket's buffer
 * it wrote at once. */
static bool
is_left(const struct fcgi *f, const struct fcgi_calls *calls,
    const struct http_request *req, uint64_t length)
{
	return calls->body != NULL && length <= UNREAD_MAX &&
	    length <= f->options.body_limit && !calls->body(calls->ctx, req);
}

static bool
read_request(struct fcgi *f, const struct fcgi_calls *calls,
    struct http_request *ret, enum fcgi_reject *why)
{
	struct envelope e = {0};
	struct err ignored; /* nobody but the web server could read it */

	*why = reject_of(fcgi_os_ended());
	if (fcgi_os_ended() != FCGI_OS_FINE || /* cut: to libfcgi it is whole */
	    !envelope_parse(f->request.envp, &f->mem, &e, &ignored))
		return false;
	e.request.started_ns = ret->started_ns;
	*ret = e.request;
	if (is_left(f, calls, ret, e.content_length)) {
		ret->unread = e.content_length;
		return true;
	}
	return read_body(f, e.content_length, &ret->body, why);
}

static void
write_head(struct buf *head, const struct http_response *res)
{
	buf_printf(head, "Status: %s\r\n", http_status_text(res->status));
	if (res->content_type != NULL)
		buf_printf(head, "Content-Type: %s\r\n", res->content_type);
	if (res->allow != NULL)
		buf_printf(head, "Allow: %s\r\n", res->allow);
	if (res->location != NULL)
		buf_printf(head, "Location: %s\r\n", res->location);
	if (res->authenticate != NULL)
		buf_printf(head, "WWW-Authenticate: %s\r\n",
		    res->authenticate);
	if (res->retry_after_s > 0)
		buf_printf(head, "Retry-After: %u\r\n", res->retry_after_s);
	buf_printf(head, "Content-Length: %zu\r\n\r\n", res->body.n);
}

/* Into libfcgi's buffer: a response of up to 8 KB leaves in one write with
 * the end of the request, when finish closes the stream. */
static void
put_response(struct fcgi *f, struct http_response *res)
{
	char text[HEAD_MAX];
	struct buf head;

	if (res->body.over) /* half a document is worse than none */
		*res = (struct http_response){.status = 500};
	buf_init(&head, text, sizeof(text));
	write_head(&head, res);
	if (head.over)
		abort(); /* a static text has outgrown HEAD_MAX */
	FCGX_PutStr(head.p, (int)head.n, f->request.out);
	if (!res->head && res->body.n > 0)
		FCGX_PutStr(res->body.p, (int)res->body.n, f->request.out);
}

/* Close for good, whatever the peer asked. Where the request was read to its
 * end nothing can be lost by closing at once; else libfcgi first drains what
 * the peer still sends, or it would never see our answer. */
static void
finish(struct fcgi *f, bool whole)
{
	FCGX_FClose(f->request.err);
	FCGX_FClose(f->request.out);
	if (whole)
		FCGX_Detach(&f->request);
	FCGX_Free(&f->request, 1);
}

bool
fcgi_can_expire(void)
{
	return fcgi_os_can_answer();
}

void
fcgi_expire(void)
{
	static const char text[] = "Status: 504 Gateway Timeout\r\n"
	    "Content-Type: application/json\r\n\r\n"
	    "{\"error\":\"The request took too long\"}";

	fcgi_os_answer(text, sizeof(text) - 1);
}

static void
answer(struct fcgi *f, const struct fcgi_calls *calls, uint64_t started_ns)
{
	struct http_request req = {
	    .method = HTTP_OTHER, .started_ns = started_ns};
	struct http_response res = {.status = 500};
	enum fcgi_reject why;
	bool whole;

	buf_init(&res.body, f->response, f->options.response_limit);
	whole = read_request(f, calls, &req, &why);
	if (whole)
		calls->handle(calls->ctx, &req, &res, &f->mem);
	else
		calls->rejected(calls->ctx, why, &req, &res);
	fcgi_os_answering();
	put_response(f, &res);
	if (res.body.n > KEEP)
		madvise(f->response + KEEP, f->options.response_limit - KEEP,
		    MADV_DONTNEED);
	finish(f, whole);
	arena_reset(&f->mem, KEEP);
}

/* No request came of a connection that was made. */
static void
drop(const struct fcgi_calls *calls)
{
	enum fcgi_os_end how = fcgi_os_ended();

	if (how != FCGI_OS_NOTHING && calls->dropped != NULL)
		calls->dropped(calls->ctx, reject_of(how));
}

static void
tell(const struct fcgi_calls *calls, uint64_t busy_since_ns)
{
	if (calls->state != NULL)
		calls->state(calls->ctx, busy_since_ns);
}

/* Until there may be a connection to accept; the only place where signals are
 * delivered. The one process woken may be a stopped one: now and then we look
 * for ourselves. False after a signal. */
static bool
wait_ready(struct fcgi *f, int wait_ms, const sigset_t *wait_mask,
    struct err *err, bool *failed)
{
	struct epoll_event event = {.events = EPOLLIN};

	if (epoll_pwait(f->epoll_fd, &event, 1, wait_ms, wait_mask) < 0) {
		if (errno != EINTR)
			*failed = !err_system(err,
			    "cannot wait for requests");
		return false;
	}
	if (event.events & ~(uint32_t)EPOLLIN)
		*failed = !err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "the listening socket is gone");
	return !*failed;
}

/* What the machine lacks it may have again in a moment. */
static bool
is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	    error == ENOBUFS;
}

/* To end would not help: whoever came instead would need more than we do. */
static void
wait_shortage(struct fcgi *f, const struct fcgi_calls *calls, int error)
{
	struct err err;

	errno = error;
	if (!f->is_short && calls->shortage != NULL) {
		err_system(&err, "cannot accept a request for now");
		calls->shortage(calls->ctx, &err);
	}
	f->is_short = true;
	poll(NULL, 0, SHORTAGE_MS);
}

/* One connection, if there is one; false if there was none. */
static bool
serve_one(struct fcgi *f, const struct fcgi_calls *calls, struct err *err,
    bool *failed)
{
	uint64_t now = clock_mono_ns();
	int rc;

	tell(calls, now);
	fcgi_os_begin(f->options.read_timeout_ns);
	rc = FCGX_Accept_r(&f->request);
	if (rc == 0)
		answer(f, calls, now);
	else
		drop(calls);
	tell(calls, 0);
	if (is_shortage(-rc)) {
		wait_shortage(f, calls, -rc);
		return true; /* to be tried again */
	}
	f->is_short = false;
	if (rc != 0 && rc != -EAGAIN && rc != -EINTR)
		*failed = !err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "cannot accept a request: %s", strerror(-rc));
	return fcgi_os_accepted();
}

bool
fcgi_serve(struct fcgi *f, const struct fcgi_calls *calls,
    const volatile sig_atomic_t *stop, const sigset_t *wait_mask,
    struct err *err)
{
	bool more = false; /* without a word from anybody */
	bool failed = calls->wanted == NULL && !watch_listener(f, err);

	while (!*stop && !failed) {
		bool ready = wait_ready(f, more ? 0 : LOOK_AGAIN_MS, wait_mask,
		    err, &failed);

		if (calls->wanted != NULL)
			ready = !*stop && !failed && calls->wanted(calls->ctx);
		more = ready && serve_one(f, calls, err, &failed) &&
		    calls->wanted != NULL;
	}
	return !failed;
}
