/* SPDX-License-Identifier: ISC */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Output that may be long: stdout, or a file that appears whole or not at
 * all. Write into `b`, and call out_drain between records.
 */
struct out {
	struct buf b;
	int fd;
	bool pipe_gone;        /* the reader of stdout went away */
	char path[PATH_MAX];   /* of the file wanted; "" for stdout */
	char beside[PATH_MAX]; /* where it is written until out_close */
};

/* The most that may be written between two calls of out_drain. */
#define OUT_RECORD_MAX ((size_t)1 << 20)

/* path NULL or "-" is stdout. What is no regular file is written directly. */
MUST_USE bool out_open(const char *path, struct arena *mem, struct out *ret,
    struct err *err);
/* Write out what is there once it is much. ERR_LIMIT where a record was
 * longer than OUT_RECORD_MAX. */
MUST_USE bool out_drain(struct out *o, struct err *err);
/* Write out the rest and put the file in its place. */
MUST_USE bool out_close(struct out *o, struct err *err);
/* Leave nothing of the file behind. Harmless after out_close. */
void out_abandon(struct out *o);

#endif
