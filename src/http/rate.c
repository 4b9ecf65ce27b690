/* SPDX-License-Identifier: ISC
 *
 * Token buckets without locks. A bucket is the time at which it is full
 * again: a token taken moves that on by one interval, and there is none left
 * where it is more than the burst ahead. Time and client are one word, so
 * that one compare-and-swap is all, whichever worker dies in it. A client
 * has its place by a hash with a key that only this file has: nobody can
 * choose addresses that push another one out, or share its bucket.
 */
#include "http/rate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checksum.h"

/* Client in the upper 16 bits, microseconds in the lower 48: 8 years. */
enum { TIME_BITS = 48, WAYS = 8, SETS = RATE_BUCKETS / WAYS };
enum { SECOND_US = 1000000, CLIENT_MAX = 128, KEY_BYTES = 32 };
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)
#define MAGIC     "lsrate1"

struct rate_table {
	char magic[8];
	uint64_t interval_us; /* from token to token */
	uint64_t burst_us;    /* how far ahead a bucket may be */
	unsigned char key[KEY_BYTES];
	_Atomic uint64_t buckets[SETS][WAYS]
	    __attribute__((aligned(CACHE_LINE)));
};

/* --- the file ------------------------------------------------------------- */

static bool
fill(int fd, const struct rate_limit *limit)
{
	struct rate_table head = {
	    .magic = MAGIC, .interval_us = SECOND_US / limit->each_s};
	const size_t n = offsetof(struct rate_table, buckets);

	head.burst_us = (limit->burst - 1) * head.interval_us;
	if (getrandom(head.key, KEY_BYTES, 0) != KEY_BYTES)
		return false;
	/* A store into a hole of a full disk would be a SIGBUS. */
	errno = posix_fallocate(fd, 0, sizeof(struct rate_table));
	return errno == 0 && pwrite(fd, &head, n, 0) == (ssize_t)n;
}

bool
rate_make(const char *path, const struct rate_limit *limit, int *ret_fd,
    struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && fill(fd, limit);

	if (ok) {
		*ret_fd = fd;
		return true;
	}
	err_system(err, "cannot make %s", path);
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	return false;
}

static bool
is_table(const struct rate_table *t)
{
	return memcmp(t->magic, MAGIC, sizeof(t->magic)) == 0 &&
	    t->interval_us >= SECOND_US / RATE_MAX &&
	    t->interval_us <= SECOND_US &&
	    t->burst_us / t->interval_us < RATE_MAX;
}

bool
rate_map(int fd, const char *path, struct rate *ret, struct err *err)
{
	struct rate_table *t;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_system(err, "cannot read %s", path);
	if (!S_ISREG(st.st_mode) || st.st_size != sizeof(*t))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s has no limits of requests", path);
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED)
		return err_system(err, "cannot map %s", path);
	if (!is_table(t)) {
		munmap(t, sizeof(*t));
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s has no limits of requests", path);
	}
	ret->table = t;
	return true;
}

bool
rate_open(const char *path, struct rate *ret, struct err *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	ok = rate_map(fd, path, ret, err);
	close(fd);
	return ok;
}

void
rate_close(struct rate *r)
{
	if (r->table != NULL)
		munmap(r->table, sizeof(*r->table));
	r->table = NULL;
}

/* --- the buckets ---------------------------------------------------------- */

static uint64_t
hash(const struct rate_table *t, struct str client)
{
	unsigned char text[KEY_BYTES + CLIENT_MAX];
	unsigned char digest[CHECKSUM_SHA256];
	size_t n = client.n < CLIENT_MAX ? client.n : CLIENT_MAX;
	uint64_t h;

	memcpy(text, t->key, KEY_BYTES);
	if (n > 0)
		memcpy(text + KEY_BYTES, client.p, n);
	checksum_sha256(text, KEY_BYTES + n, digest);
	memcpy(&h, digest, sizeof(h));
	return h;
}

/* The client's bucket, or the one to take for it: the one that is full first.
 * *seen is what it held. */
static _Atomic uint64_t *
find(_Atomic uint64_t set[WAYS], uint64_t tag, uint64_t *seen)
{
	_Atomic uint64_t *best = NULL;

	for (int i = 0; i < WAYS; i++) {
		uint64_t word = atomic_load_explicit(&set[i],
		    memory_order_relaxed);

		if (best == NULL || word >> TIME_BITS == tag ||
		    (word & TIME_MASK) < (*seen & TIME_MASK)) {
			best = &set[i];
			*seen = word;
		}
		if (word >> TIME_BITS == tag)
			break;
	}
	return best;
}

bool
rate_take(struct rate *r, struct str client, uint64_t now_ns,
    unsigned *wait_s)
{
	struct rate_table *t = r->table;
	uint64_t h = hash(t, client), tag = h >> TIME_BITS;
	uint64_t now = now_ns / 1000 & TIME_MASK, seen = 0, full, next;
	_Atomic uint64_t *bucket;

	do {
		bucket = find(t->buckets[h % SETS], tag, &seen);
		full = seen >> TIME_BITS == tag ? seen & TIME_MASK : 0;
		if (full < now)
			full = now;
		if (full - now > t->burst_us) {
			*wait_s = (unsigned)((full - now - t->burst_us +
			    SECOND_US - 1) / SECOND_US);
			return false;
		}
		next = tag << TIME_BITS |
		    ((full + t->interval_us) & TIME_MASK);
	} while (!atomic_compare_exchange_weak(bucket, &seen, next));
	return true;
}

/* --- clients -------------------------------------------------------------- */

struct str
rate_address(struct str text, unsigned char room[RATE_ADDRESS_MAX])
{
	char host[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	struct in_addr v4;
	size_t n = 0;

	if (text.n == 0 || text.n >= sizeof(host))
		return STR("");
	memcpy(host, text.p, text.n);
	host[text.n] = '\0';
	if (inet_pton(AF_INET, host, &v4) == 1) {
		n = sizeof(v4);
		memcpy(room, &v4, n);
	} else if (inet_pton(AF_INET6, host, &v6) == 1) {
		n = IN6_IS_ADDR_V4MAPPED(&v6) ? sizeof(v4) : RATE_ADDRESS_MAX;
		memcpy(room, v6.s6_addr + (n == sizeof(v4) ? 12 : 0), n);
	}
	return (struct str){(const char *)room, n};
}
