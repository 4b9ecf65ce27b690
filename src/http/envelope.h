/* SPDX-License-Identifier: ISC */
#ifndef HTTP_ENVELOPE_H
#define HTTP_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "http/http.h"

/*
 * What a request says of itself before its body is read: the CGI parameters
 * (RFC 3875), as "NAME=value" strings behind each other, the last one NULL.
 */
struct envelope {
	struct http_request request; /* body and started_ns still empty */
	uint64_t content_length;     /* 0 where none is given */
};

/* Read the parameters we use. The texts of *ret are those of params, but a
 * path in two parts is joined in mem. ERR_INPUT where the method or path is
 * missing, a parameter comes twice, or the length is no whole number. */
MUST_USE bool envelope_parse(char *const params[], struct arena *mem,
    struct envelope *ret, struct err *err);

#endif
