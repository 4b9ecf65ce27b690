/* SPDX-License-Identifier: ISC */
#ifndef HTTP_FCGI_OS_H
#define HTTP_FCGI_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What libfcgi takes from the system, ours: fcgios.h declares OS_Accept,
 * OS_Read and OS_IpcClose, and a program that defines them has libfcgi use
 * those. Here a connection is accepted at most once a turn, every byte of it
 * passes the gate, no read waits past the time-out, and a close waits for
 * nobody long. libfcgi calls them without a context, so what is known of the
 * connection in hand is one for the process.
 */
enum fcgi_os_end {
	FCGI_OS_FINE,    /* what was read so far may be used */
	FCGI_OS_NOTHING, /* no connection, or closed without a byte */
	FCGI_OS_CUT,     /* closed in the middle of a request */
	FCGI_OS_REFUSED, /* by the gate */
	FCGI_OS_LATE     /* the deadline is over */
};

/* Before each FCGX_Accept_r: one connection may be accepted, whose request
 * has to come whole in that time. */
void fcgi_os_begin(uint64_t timeout_ns);
/* Instead of an accept, for a test: the connection is there already. */
void fcgi_os_take(uint64_t timeout_ns);
/* Whether there was a connection at all. */
bool fcgi_os_accepted(void);
/* How reading from it went. */
enum fcgi_os_end fcgi_os_ended(void);
/* From here on libfcgi writes the answer. */
void fcgi_os_answering(void);
/* Whether a request has come whose answer has not begun. */
bool fcgi_os_can_answer(void);
/* Unless it does, or there is no request: these bytes (under 1 KB) are the
 * answer. Safe in a handler of a signal, after which nothing more is done. */
void fcgi_os_answer(const char *text, size_t n);
/* Whether libfcgi uses these functions; tried with its own. */
bool fcgi_os_is_used(void);

#endif
