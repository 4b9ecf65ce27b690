/* SPDX-License-Identifier: ISC */
#ifndef HTTP_RATE_H
#define HTTP_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * How often each client may ask, over all workers: a bucket of tokens each,
 * in a file that they map. The file has a fixed number of buckets; where more
 * clients than that are about, those whose buckets are fullest are forgotten.
 */
enum { RATE_MAX = 100000, RATE_BUCKETS = 1 << 16 };

struct rate_limit {
	uint64_t each_s; /* tokens a second, 1 to RATE_MAX */
	uint64_t burst;  /* tokens in a full bucket, 1 to RATE_MAX */
};

struct rate_table;
struct rate {
	struct rate_table *table; /* NULL: closed */
};

/* Supervisor: a file of full buckets at `path`, which is not there yet, open
 * as *ret_fd. ERR_SYSTEM where it cannot be made, a full disk included. */
MUST_USE bool rate_make(const char *path, const struct rate_limit *limit,
    int *ret_fd, struct err *err);
/* Worker: map it. ERR_INPUT where it is not one of rate_make. */
MUST_USE bool rate_open(const char *path, struct rate *ret, struct err *err);
/* The same of a file that is open and stays so; `path` is for errors. */
MUST_USE bool rate_map(int fd, const char *path, struct rate *ret,
    struct err *err);
void rate_close(struct rate *r);
/* Take a token of the client that these bytes stand for. False where there is
 * none, and in how many seconds there is one, 1 or more. `now_ns` is a
 * clock_mono_ns. */
bool rate_take(struct rate *r, struct str client, uint64_t now_ns,
    unsigned *wait_s);

/* An address as a client: of IPv6 the network of 64 bits, which is what one
 * customer has; "" for what is no address. The bytes are in `room`. */
enum { RATE_ADDRESS_MAX = 8 };
struct str rate_address(struct str text, unsigned char room[RATE_ADDRESS_MAX]);

#endif
