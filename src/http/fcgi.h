/* SPDX-License-Identifier: ISC */
#ifndef HTTP_FCGI_H
#define HTTP_FCGI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "http/http.h"

/*
 * FastCGI, one request at a time, over libfcgi: the only file that includes
 * fcgiapp.h. The listening socket is descriptor 0. Signals are delivered in
 * epoll_pwait and nowhere else, so none can land inside libfcgi.
 */
struct fcgi;

/* Why a request never reached the handler. */
enum fcgi_reject { FCGI_TOO_LARGE, FCGI_MALFORMED, FCGI_LATE, FCGI_REJECTS };

struct fcgi_options {
	size_t body_limit;      /* bytes of request body; more is a 413 */
	size_t memory_limit;    /* bytes the handler's arena may take */
	size_t response_limit;  /* bytes of response body */
	uint64_t read_timeout_ns; /* for all of a request to come */
};

/* Answer *req into *res; memory for the request is in mem, reset after. The
 * handler counts what it did before it returns: the answer is flushed after.
 */
typedef void fcgi_handler(void *ctx, const struct http_request *req,
    struct http_response *res, struct arena *mem);
/* A request was refused before the handler: answer it and count it. */
typedef void fcgi_rejected(void *ctx, enum fcgi_reject why,
    const struct http_request *req, struct http_response *res);

/* A connection was closed without an answer: what came over it until then was
 * no request. One over which nothing came is not worth a word. */
typedef void fcgi_dropped(void *ctx, enum fcgi_reject why);

/* Called at each change, so that a supervisor can see a stuck worker:
 * busy with the time a request started, idle again with 0. */
typedef void fcgi_state(void *ctx, uint64_t busy_since_ns);

/* Whether the next connection is to be accepted: asked after each signal, and
 * after each one that was. */
typedef bool fcgi_wanted(void *ctx);

/* A connection waits, but the system lacks what it takes to accept it, such
 * as a descriptor: *why. Called once for a shortage, not for each try. */
typedef void fcgi_short(void *ctx, const struct err *why);

/* Whether the handler wants the body of *req. One that it does not want may
 * be left unread: `unread` is its length. */
typedef bool fcgi_body(void *ctx, const struct http_request *req);

struct fcgi_calls {
	fcgi_handler *handle;
	fcgi_body *body; /* NULL: of all */
	fcgi_rejected *rejected;
	fcgi_dropped *dropped; /* may be NULL */
	fcgi_state *state; /* may be NULL */
	fcgi_wanted *wanted; /* NULL: all are, as they come */
	fcgi_short *shortage; /* may be NULL */
	void *ctx;
};

MUST_USE bool fcgi_open(const struct fcgi_options *o, struct fcgi **ret,
    struct err *err);
/* Serve until *stop is true (set it from a handler of a signal that is
 * blocked but in `wait_mask`). The request in hand is finished first. */
MUST_USE bool fcgi_serve(struct fcgi *f, const struct fcgi_calls *calls,
    const volatile sig_atomic_t *stop, const sigset_t *wait_mask,
    struct err *err);
void fcgi_close(struct fcgi *f);
/* From the handler of a signal that ends the process: whether there is a
 * request in hand whose answer has not begun; and answer it 504. */
bool fcgi_can_expire(void);
void fcgi_expire(void);

#endif
