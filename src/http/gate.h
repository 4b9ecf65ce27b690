/* SPDX-License-Identifier: ISC */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Judges the bytes of one FastCGI connection before libfcgi sees them: one
 * request to a responder, as a web server sends it, in the order BEGIN,
 * PARAMS, STDIN, and nothing else. Bytes are judged as they come, in pieces
 * of any size.
 */

/* All names and values of one request: what lighttpd sends at most. */
enum { GATE_PARAMS_MAX = 64 << 10 };

/* Zeroed: at the start of a connection. */
struct gate {
	enum gate_stage {
		GATE_BEGIN,
		GATE_PARAMS,
		GATE_STDIN,
		GATE_END
	} stage;            /* what the next record has to be */
	unsigned char head[8]; /* of the record, or of a BEGIN its body */
	unsigned head_n;
	uint32_t content, padding; /* left of the record */
	uint16_t id;
	uint32_t params;       /* bytes of content in PARAMS so far */
	unsigned lengths;      /* lengths of the pair in hand that are read */
	unsigned length_n;     /* bytes of the length in hand */
	uint32_t length;
	uint32_t pair;         /* bytes left of name and value */
	bool in_content;       /* head is whole */
	bool refused;
};

/* False: these bytes, or some before them, are not to be trusted. */
bool gate_take(struct gate *g, const unsigned char *p, size_t n);
/* Whether a byte of a request has come. */
static inline bool
gate_is_touched(const struct gate *g)
{
	return g->stage != GATE_BEGIN || g->in_content || g->head_n > 0;
}

#endif
