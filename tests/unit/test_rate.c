/* SPDX-License-Identifier: ISC
 *
 * Limits of requests: how many tokens whom, when, from whichever process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/rate.h"

#define SECOND ((uint64_t)1000000000)
#define NOW    (1000 * SECOND)

static char dir[64], path[80];

static int
make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/lightscore-test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/rate", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct rate
open_rate(uint64_t each_s, uint64_t burst)
{
	const struct rate_limit limit = {each_s, burst};
	struct rate r = {NULL};
	struct err err;
	int fd;

	assert_true(rate_make(path, &limit, &fd, &err));
	close(fd);
	assert_true(rate_open(path, &r, &err));
	return r;
}

/* How many of `tries` at one time get a token. */
static unsigned
take(struct rate *r, struct str client, uint64_t now, unsigned tries)
{
	unsigned got = 0, wait_s;

	while (tries-- > 0)
		got += rate_take(r, client, now, &wait_s);
	return got;
}

static void
a_client_has_its_burst_and_then_its_rate(void **state)
{
	struct rate r = open_rate(10, 4);
	const struct str a = STR("a");

	(void)state;
	assert_int_equal(take(&r, a, NOW, 100), 4);
	assert_int_equal(take(&r, a, NOW + SECOND / 10 - 1000, 5), 0);
	assert_int_equal(take(&r, a, NOW + SECOND / 10, 5), 1);
	assert_int_equal(take(&r, a, NOW + SECOND / 10 * 3, 5), 2);
	/* Never more than a full bucket, however long it waits. */
	assert_int_equal(take(&r, a, NOW + 3600 * SECOND, 100), 4);
	rate_close(&r);
}

static void
a_burst_of_one_is_a_pause_between_two(void **state)
{
	struct rate r = open_rate(1, 1);

	(void)state;
	assert_int_equal(take(&r, STR("a"), NOW, 3), 1);
	assert_int_equal(take(&r, STR("a"), NOW + SECOND - 1000, 3), 0);
	assert_int_equal(take(&r, STR("a"), NOW + SECOND, 3), 1);
	rate_close(&r);
}

static void
the_wait_is_said_and_long_enough(void **state)
{
	struct rate r = open_rate(1, 3);
	const struct str a = STR("a");
	unsigned wait_s = 0;

	(void)state;
	assert_int_equal(take(&r, a, NOW, 3), 3);
	assert_false(rate_take(&r, a, NOW, &wait_s));
	assert_int_equal(wait_s, 1);
	assert_true(rate_take(&r, a, NOW + wait_s * SECOND, &wait_s));
	/* A request that waited for its body is older than the last one. */
	assert_false(rate_take(&r, a, NOW - 5 * SECOND, &wait_s));
	assert_int_equal(wait_s, 7);
	assert_true(rate_take(&r, a, NOW + 2 * SECOND, &wait_s));
	rate_close(&r);
}

static void
who_asks_too_much_takes_nothing_from_others(void **state)
{
	struct rate r = open_rate(100, 2);
	char name[16];

	(void)state;
	assert_int_equal(take(&r, STR("greedy"), NOW, 100000), 2);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(take(&r, str_of(name), NOW, 3), 2);
	}
	assert_int_equal(take(&r, STR("greedy"), NOW, 10), 0);
	rate_close(&r);
}

/* More clients than there are buckets: nobody is refused who should not be,
 * the file is as large as before, and who has asked most stays known. */
static void
the_number_of_clients_is_bounded(void **state)
{
	struct rate r = open_rate(1, 100);
	struct stat before, after;
	unsigned wait_s;
	char name[16];

	(void)state;
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(take(&r, STR("greedy"), NOW, 1000), 100);
	for (unsigned i = 0; i < 4 * RATE_BUCKETS; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_true(rate_take(&r, str_of(name), NOW, &wait_s));
	}
	assert_int_equal(take(&r, STR("greedy"), NOW, 10), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_blocks, after.st_blocks);
	rate_close(&r);
}

enum { PROCESSES = 4, TRIES = 20000, BURST = 9000 };

static void
several_processes_share_the_tokens(void **state)
{
	struct rate r = open_rate(RATE_MAX, BURST);
	unsigned all = 0, got;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < PROCESSES; i++) {
		if (fork() != 0)
			continue;
		got = take(&r, STR("a"), NOW, TRIES);
		_exit(write(ends[1], &got, sizeof(got)) !=
		    (ssize_t)sizeof(got));
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(ends[0], &got, sizeof(got)),
		    sizeof(got));
		all += got;
	}
	assert_int_equal(all, BURST);
	close(ends[0]);
	close(ends[1]);
	rate_close(&r);
}

/* Where a client's bucket lies is known to nobody: two files differ. */
static void
places_are_not_to_be_foreseen(void **state)
{
	static unsigned char one[RATE_BUCKETS * 8 + 4096],
	    other[sizeof(one)];
	size_t n[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rate r = open_rate(1, 10);
		FILE *f;

		assert_int_equal(take(&r, STR("a"), NOW, 1), 1);
		rate_close(&r);
		f = fopen(path, "rb");
		assert_non_null(f);
		n[i] = fread(i == 0 ? one : other, 1, sizeof(one), f);
		fclose(f);
		unlink(path);
	}
	assert_int_equal(n[0], n[1]);
	assert_memory_not_equal(one, other, 128);
	assert_memory_not_equal(one + n[0] - RATE_BUCKETS * 8,
	    other + n[1] - RATE_BUCKETS * 8, RATE_BUCKETS * 8);
}

static void
a_file_is_made_once_and_for_its_owner_alone(void **state)
{
	const struct rate_limit limit = {1, 1};
	struct rate r;
	struct stat st;
	struct err err;
	int fd;

	(void)state;
	assert_true(rate_make(path, &limit, &fd, &err));
	assert_true(rate_map(fd, path, &r, &err));
	rate_close(&r);
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(rate_make(path, &limit, &fd, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_non_null(strstr(err.text, path));
}

/* Another name, another interval, another length; a burst out of range. */
static void
another_file_is_refused(void **state)
{
	struct rate r = open_rate(1, 1);
	struct err err;
	int fd;

	(void)state;
	rate_close(&r);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	for (off_t at = 0; at < 24; at += at == 15 ? 8 : 1) {
		unsigned char was, bad = 0xff;

		assert_int_equal(pread(fd, &was, 1, at), 1);
		assert_int_equal(pwrite(fd, &bad, 1, at), 1);
		assert_false(rate_open(path, &r, &err));
		assert_int_equal(err.kind, ERR_INPUT);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
	assert_true(rate_open(path, &r, &err));
	rate_close(&r);
	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_false(rate_open(path, &r, &err));
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_false(rate_open(path, &r, &err));
	close(fd);
	unlink(path);
	assert_false(rate_open(path, &r, &err));
	assert_int_equal(err.kind, ERR_SYSTEM);
	assert_false(rate_open(dir, &r, &err));
}

static void
expect_same(const char *a, const char *b, bool same)
{
	unsigned char room[2][RATE_ADDRESS_MAX];
	struct str x = rate_address(str_of(a), room[0]);
	struct str y = rate_address(str_of(b), room[1]);

	if (str_eq(x, y) != same)
		fail_msg("%s and %s", a, b);
}

static void
an_address_is_a_client_and_so_is_a_network_of_ipv6(void **state)
{
	(void)state;
	expect_same("192.0.2.1", "192.0.2.1", true);
	expect_same("192.0.2.1", "192.0.2.2", false);
	expect_same("192.0.2.1", "::ffff:192.0.2.1", true);
	expect_same("192.0.2.2", "::ffff:192.0.2.1", false);
	expect_same("2001:db8::1", "2001:db8:0:0:ffff::2", true);
	expect_same("2001:db8::1", "2001:db8:0:1::1", false);
	expect_same("::1", "127.0.0.1", false);
	expect_same("", "not an address", true);
	expect_same("192.0.2.1 ", "192.0.2.01", true); /* both none */
	expect_same("", "0.0.0.0", false);
	expect_same("",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", true);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(a_client_has_its_burst_and_then_its_rate),
	    CASE(a_burst_of_one_is_a_pause_between_two),
	    CASE(the_wait_is_said_and_long_enough),
	    CASE(who_asks_too_much_takes_nothing_from_others),
	    CASE(the_number_of_clients_is_bounded),
	    CASE(several_processes_share_the_tokens),
	    CASE(places_are_not_to_be_foreseen),
	    CASE(a_file_is_made_once_and_for_its_owner_alone),
	    CASE(another_file_is_refused),
	    CASE(an_address_is_a_client_and_so_is_a_network_of_ipv6),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
