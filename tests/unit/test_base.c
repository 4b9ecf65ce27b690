/* SPDX-License-Identifier: ISC
 *
 * base/: what every other folder leans on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/checksum.h"
#include "base/city.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/str.h"

static void
number_format_is_shortest_and_reads_back(void **state)
{
	static const struct {
		double v;
		const char *text;
	} cases[] = {
	    {0.1, "0.1"}, {0.5, "0.5"}, {0, "0.0"}, {-0.0, "-0.0"},
	    {1, "1.0"}, {-3, "-3.0"}, {0.8652793929659233, "0.8652793929659233"},
	    {1e100, "1e+100"}, {5e-324, "4.94065645841247e-324"},
	    {720.5, "720.5"}, {0.001, "0.001"}, {0.3, "0.3"},
	    {0.1 + 0.2, "0.30000000000000004"}, {1.0 / 3, "0.3333333333333333"},
	    {NAN, "nan"}, {-INFINITY, "-inf"},
	};
	char text[NUMBER_MAX + 1];
	double back;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		text[number_format(cases[i].v, text)] = '\0';
		assert_string_equal(text, cases[i].text);
	}
	srand48(7);
	for (int i = 0; i < 300000; i++) {
		double v = i % 3 ? drand48() : ldexp(drand48(), i % 200 - 100);
		char shorter[NUMBER_MAX + 1];
		size_t n = number_format(v, text);

		text[n] = '\0';
		assert_true(number_parse((struct str){text, n}, &back));
		assert_true(back == v);
		/* No shorter decimal reads back as v. */
		snprintf(shorter, sizeof(shorter), "%.*g",
		    n > 18 ? 16 : (int)(n > 3 ? n - 3 : 1), v);
		if (v >= 0.1 && v < 1 && n <= 18)
			assert_true(strtod(shorter, NULL) != v || n <= 4);
	}
}

static void
number_parse_takes_decimals_only(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "0x10", "1e", "--1",
	    "1_000", "one", "1,5", "+"};
	double v;
	uint64_t u;

	(void)state;
	for (size_t i = 0; i < countof(bad); i++)
		assert_false(number_parse(str_of(bad[i]), &v));
	assert_true(number_parse(STR("-1.5e3"), &v));
	assert_true(v == -1500);
	assert_true(number_parse(STR("NaN"), &v));
	assert_true(isnan(v));
	assert_true(number_parse_u64(STR("18446744073709551615"), &u));
	assert_true(u == UINT64_MAX);
	assert_false(number_parse_u64(STR("18446744073709551616"), &u));
	assert_false(number_parse_u64(STR("-1"), &u));
}

static void
utf8_refuses_what_is_not(void **state)
{
	static const char *const bad[] = {"\xff", "\xc0\xaf", "\xed\xa0\x80",
	    "\xf4\x90\x80\x80", "\xe2\x82", "\xf0\x80\x80\x80", "\x80"};
	size_t at = 99;

	(void)state;
	assert_true(str_is_utf8(STR("a\xc3\xa9\xe2\x98\x83\xf0\x9f\x8d\x95"), &at));
	for (size_t i = 0; i < countof(bad); i++) {
		assert_false(str_is_utf8(str_of(bad[i]), &at));
		assert_int_equal(at, 0);
	}
}

static void
buf_overflow_sticks_and_keeps_a_clean_prefix(void **state)
{
	char memory[8];
	struct buf b;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	buf_text(&b, "12345");
	buf_text(&b, "6789");
	buf_text(&b, "x");
	assert_true(b.over);
	assert_int_equal(b.n, 5);
	buf_reset(&b);
	buf_json(&b, STR("a\"\n"));
	assert_false(b.over);
	assert_true(str_eq(buf_view(&b), STR("\"a\\\"\\n\"")));
}

static void
arena_is_zeroed_bounded_and_sticky(void **state)
{
	struct arena mem;
	struct err err;
	unsigned char *p;

	(void)state;
	assert_true(arena_init(&mem, 1 << 16, &err));
	p = arena_alloc(&mem, 40000);
	memset(p, 0xaa, 40000);
	assert_null(arena_alloc(&mem, 40000));
	assert_null(arena_alloc(&mem, 1));
	assert_null(arena_array(&mem, SIZE_MAX, 2));
	arena_reset(&mem, 8192);
	p = arena_alloc(&mem, 40000);
	assert_non_null(p);
	for (size_t i = 0; i < 40000; i++)
		assert_int_equal(p[i], 0);
	arena_done(&mem);
}

static void
file_is_written_whole_and_mapped(void **state)
{
	char dir[] = "/tmp/test_base.XXXXXX", path[64];
	struct file_map m;
	char link[64];
	struct err err;
	int lock, again;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	assert_true(file_write(path, STR("hello"), &err));
	assert_true(file_map(path, 5, &m, &err));
	assert_memory_equal(m.p, "hello", 5);
	file_unmap(&m);
	assert_false(file_map(path, 4, &m, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_false(file_map(dir, 100, &m, &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_true(file_lock(path, &lock, &err));
	assert_false(file_lock(path, &again, &err));
	assert_non_null(strstr(err.text, "in use"));
	close(lock);
	snprintf(link, sizeof(link), "%s/l", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_true(file_is_same(path, link));
	assert_false(file_is_same(path, dir));
	assert_int_equal(unlink(link), 0);
	unlink(path);
	rmdir(dir);
}

static void
a_link_beside_a_file_is_not_followed(void **state)
{
	char dir[] = "/tmp/test_base.XXXXXX", path[64], victim[64], beside[96];
	struct file_map m;
	struct err err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(beside, sizeof(beside), "%s.%ld.tmp", path, (long)getpid());
	assert_true(file_write(victim, STR("mine"), &err));
	assert_int_equal(symlink(victim, beside), 0);
	assert_true(file_write(path, STR("hello"), &err));
	assert_false(file_is_same(path, victim));
	assert_true(file_map(victim, 100, &m, &err));
	assert_int_equal(m.n, 4);
	assert_memory_equal(m.p, "mine", 4);
	file_unmap(&m);
	assert_int_equal(unlink(victim), 0);
	/* Nor is one made at its end, to be locked. */
	assert_int_equal(symlink(victim, beside), 0);
	assert_false(file_lock(beside, &fd, &err));
	assert_int_equal(access(victim, F_OK), -1);
	unlink(beside);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void
what_is_no_file_is_not_replaced(void **state)
{
	char dir[] = "/tmp/test_base.XXXXXX", fifo[64];
	struct stat st;
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/f", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_false(file_write(fifo, STR("hello"), &err));
	assert_int_equal(err.kind, ERR_INPUT);
	assert_non_null(strstr(err.text, fifo));
	assert_int_equal(stat(fifo, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	unlink(fifo);
	assert_int_equal(rmdir(dir), 0); /* nothing was left beside it */
}

static void
a_path_that_cannot_be_is_refused(void **state)
{
	char dir[] = "/tmp/test_base.XXXXXX", path[64], below[80];
	char *long_path = malloc(PATH_MAX + 1);
	struct err err;
	int lock;

	(void)state;
	assert_non_null(mkdtemp(dir));
	memset(long_path, 'x', PATH_MAX);
	long_path[PATH_MAX] = '\0';
	assert_false(file_write(long_path, STR("hello"), &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_false(file_make_dirs(long_path, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_false(file_make_dirs("", &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(below, sizeof(below), "%s/below/it", path);
	assert_true(file_write(path, STR("hello"), &err));
	assert_false(file_make_dirs(below, &err));
	assert_non_null(strstr(err.text, "cannot make directory"));
	assert_false(file_write(below, STR("hello"), &err));
	assert_non_null(strstr(err.text, below));
	assert_false(file_lock(below, &lock, &err));
	assert_non_null(strstr(err.text, below));
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	free(long_path);
}

static void
a_write_that_fails_says_so(void **state)
{
	struct err err;
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(full >= 0);
	assert_false(file_write_fd(full, STR("hello"), &err));
	assert_non_null(strstr(err.text, "cannot write"));
	close(full);
}

static void
the_nearest_name_is_one_that_is_near(void **state)
{
	static const char *const names[] = {"tenure", "contract",
	    "a name that is so long that nobody would type it by mistake for "
	    "another one, however much of it they had in mind"};
	char word[200];

	(void)state;
	assert_string_equal(nearest_name(STR("tenur"), names, 3), "tenure");
	assert_string_equal(nearest_name(STR("contarct"), names, 3),
	    "contract");
	assert_null(nearest_name(STR("monthly charges"), names, 3));
	memset(word, 'x', sizeof(word));
	assert_null(nearest_name((struct str){word, sizeof(word)}, names, 3));
}

static void
an_event_is_one_line_whatever_it_holds(void **state)
{
	int ends[2], keep = dup(STDERR_FILENO);
	char text[256];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_init("test", LOG_LEVEL_WARN);
	log_info("nobody asked for this");
	log_warn("cannot open %s", "a\nb\x1b[2J\x7f");
	dup2(keep, STDERR_FILENO);
	n = read(ends[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text,
	    " level=warn prog=test cannot open a b [2J \n"));
	assert_null(strstr(text, "nobody"));
	close(ends[0]);
	close(ends[1]);
	close(keep);
}

static void
err_reads_from_the_outside_in(void **state)
{
	struct err err;

	(void)state;
	errno = ENOENT;
	assert_false(err_system(&err, "cannot open %s", "x"));
	assert_false(err_context(&err, "model %s", "v1"));
	assert_string_equal(err.text,
	    "model v1: cannot open x: No such file or directory");
	assert_false(err_set(&err, ERR_INPUT, 0, "a %s", "\x1b[2J\nb\x7f\u00e9"));
	assert_string_equal(err.text, "a ?[2J?b?\u00e9");
}

static void
checksums_are_the_known_ones(void **state)
{
	char hex[65];

	(void)state;
	assert_int_equal(checksum_crc32("123456789", 9), 0xcbf43926);
	checksum_sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
}

/* The low halves, as CatBoost has them in models. */
static void
city_hashes_are_the_known_ones(void **state)
{
	static const struct {
		const char *text;
		uint32_t hash;
	} cases[] = {
	    {"a", 3489901818u},
	    {"Z\xc3\xbcrich", 3409199112u},
	    {"abcdefgh", 4270775063u},
	    {"Fiber optic", 732134319u},
	    {"0123456789abcdef", 2645308183u},
	    {"0123456789abcdefg", 3849924666u},
	    {"xya\xc3\x84 acby\xc3\x84 zb a zxcz", 771507404u},
	    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 664286079u},
	    {"Electronic check (automatic) and more", 2382550070u},
	    {"a rather long name of a plan, longer than sixty-four bytes in "
	     "all", 2459354505u},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_int_equal((uint32_t)city_hash64(str_of(cases[i].text)),
		    cases[i].hash);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(number_format_is_shortest_and_reads_back),
	    cmocka_unit_test(number_parse_takes_decimals_only),
	    cmocka_unit_test(utf8_refuses_what_is_not),
	    cmocka_unit_test(buf_overflow_sticks_and_keeps_a_clean_prefix),
	    cmocka_unit_test(arena_is_zeroed_bounded_and_sticky),
	    cmocka_unit_test(file_is_written_whole_and_mapped),
	    cmocka_unit_test(a_link_beside_a_file_is_not_followed),
	    cmocka_unit_test(what_is_no_file_is_not_replaced),
	    cmocka_unit_test(a_path_that_cannot_be_is_refused),
	    cmocka_unit_test(a_write_that_fails_says_so),
	    cmocka_unit_test(the_nearest_name_is_one_that_is_near),
	    cmocka_unit_test(an_event_is_one_line_whatever_it_holds),
	    cmocka_unit_test(err_reads_from_the_outside_in),
	    cmocka_unit_test(checksums_are_the_known_ones),
	    cmocka_unit_test(city_hashes_are_the_known_ones),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
