/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_WEB_SERVER_H
#define SUPERVISOR_WEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/config.h"

/* The web server's configuration, from the templates in lighttpd/. */

enum { WEB_CONF_MAX = 64 << 10 };

struct web_paths {
	const char *worker_sock, *exporter_sock;
	const char *errors;  /* folder of the refusals' bodies */
	const char *uploads; /* folder for large bodies on their way */
	const char *spare;   /* in its place when its disk is full; or NULL */
};

/* For `lightscore serve`: a lighttpd of our own. ERR_INPUT where a path has
 * a character that its configuration cannot hold, or a network is none. */
MUST_USE bool web_conf_serve(const struct config *c,
    const struct web_paths *paths, struct buf *b, struct err *err);
/* For a lighttpd that others run: the part about us. */
MUST_USE bool web_conf_backend(const struct config *c,
    const struct web_paths *paths, struct buf *b, struct err *err);

/* A line that lighttpd has written, without time and place; *noise where it
 * only says that it comes or goes. */
const char *web_log_text(const char *line, bool *noise);
/* Whether it says that it has read its configuration and starts. */
bool web_log_is_start(const char *line);

#endif
