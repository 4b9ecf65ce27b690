/* SPDX-License-Identifier: ISC */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/str.h"

/* A request and its answer, whoever carries them. */

enum http_method {
	HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_PATCH,
	HTTP_OPTIONS, HTTP_OTHER,
	HTTP_METHODS
};

struct http_request {
	enum http_method method;
	struct str path;         /* decoded, without the query */
	struct str query;        /* as sent, without the '?' */
	struct str content_type; /* empty where absent, as all below */
	struct str encoding;     /* Content-Encoding */
	struct str accept;
	struct str authorization;
	struct str api_key;      /* X-API-Key */
	struct str address;      /* of the client, as the web server has it */
	struct str body;
	uint64_t unread;         /* bytes of it that were not asked for */
	uint64_t started_ns;     /* clock_mono_ns when it was accepted */
};

struct http_response {
	int status;
	const char *content_type; /* static text */
	const char *allow;        /* static text for Allow, or NULL */
	const char *location;     /* static text for Location, or NULL */
	const char *authenticate; /* static text for WWW-Authenticate, or NULL */
	unsigned retry_after_s;   /* Retry-After, or 0 */
	bool head;                /* the body counts but is not sent */
	struct buf body;          /* memory of the transport */
};

enum http_method http_method_of(struct str name);
const char *http_method_name(enum http_method method);
/* "405 Method Not Allowed"; "500 ..." for a code we never send. */
const char *http_status_text(int status);

#endif
