/* SPDX-License-Identifier: ISC
 *
 * The metrics file when the system says no: each call that can fail is made
 * to fail in turn. Whatever fails is told, nothing is left behind, and the
 * next try succeeds with the counts that were there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metrics/metrics_file.h"

static int calls_left; /* until one fails; below 0: none does */

static bool
fails(void)
{
	return calls_left >= 0 && calls_left-- == 0;
}

/* The linker puts these in place of the calls: --wrap. */
int __real_ftruncate(int fd, off_t n);
int __wrap_ftruncate(int fd, off_t n);
int __real_posix_fallocate(int fd, off_t at, off_t n);
int __wrap_posix_fallocate(int fd, off_t at, off_t n);
ssize_t __real_pwrite(int fd, const void *p, size_t n, off_t at);
ssize_t __wrap_pwrite(int fd, const void *p, size_t n, off_t at);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_flock(int fd, int how);
int __wrap_flock(int fd, int how);
void *__real_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at);
void *__wrap_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at);

int
__wrap_ftruncate(int fd, off_t n)
{
	errno = EFBIG;
	return fails() ? -1 : __real_ftruncate(fd, n);
}

int
__wrap_posix_fallocate(int fd, off_t at, off_t n)
{
	return fails() ? ENOSPC : __real_posix_fallocate(fd, at, n);
}

ssize_t
__wrap_pwrite(int fd, const void *p, size_t n, off_t at)
{
	errno = EIO;
	return fails() ? -1 : __real_pwrite(fd, p, n, at);
}

int
__wrap_rename(const char *from, const char *to)
{
	errno = EACCES;
	return fails() ? -1 : __real_rename(from, to);
}

int
__wrap_flock(int fd, int how)
{
	errno = ENOLCK;
	return fails() ? -1 : __real_flock(fd, how);
}

void *
__wrap_mmap(void *p, size_t n, int prot, int flags, int fd, off_t at)
{
	errno = ENOMEM;
	return fails() ? MAP_FAILED : __real_mmap(p, n, prot, flags, fd, at);
}

static char folder[] = "/tmp/test_metrics_fault.XXXXXX";
static char path[sizeof(folder) + 16];

static size_t
entries(const char *directory)
{
	DIR *d = opendir(directory);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

/* A service and one of its workers: make or map the file, count once. */
static bool
serve_once(struct err *err)
{
	struct metrics_file f, w;
	char aside[PATH_MAX];
	bool ok;

	if (!metrics_create(path, &f, aside, err))
		return false;
	ok = metrics_slot_prepare(&f, 0, err) && metrics_open(path, 0, &w, err);
	if (ok) {
		metric_add(&w.slabs[0].http_rejected[REJECTED_MALFORMED], 1);
		metrics_close(&w);
	}
	metrics_close(&f);
	return ok;
}

static uint64_t
counted(void)
{
	struct metrics_file f;
	struct err err;
	uint64_t n;

	calls_left = -1;
	if (!metrics_open(path, METRICS_READER, &f, &err))
		fail_msg("%s", err.text);
	n = metric_total(&f.slabs[0].http_rejected[REJECTED_MALFORMED]);
	metrics_close(&f);
	return n;
}

/* Let the first, then the second ... call fail, until none is left; returns
 * how many were. */
static int
walk(void (*before)(void))
{
	for (int n = 0;; n++) {
		size_t fds = entries("/proc/self/fd");
		struct err err = {0};
		bool ok;

		assert_true(n < 100);
		calls_left = -1;
		before();
		calls_left = n;
		ok = serve_once(&err);
		if (calls_left >= 0) {
			assert_true(ok);
			return n;
		}
		calls_left = -1;
		assert_false(ok);
		assert_non_null(strstr(err.text, ": "));
		assert_int_equal(entries("/proc/self/fd"), fds);
		assert_int_equal(entries(folder), access(path, F_OK) == 0
		    ? 3 : 2); /* with . and .. */
		if (!serve_once(&err))
			fail_msg("after fault %d: %s", n, err.text);
		assert_int_equal(counted() > 0, 1);
	}
}

static void
without_a_file(void)
{
	unlink(path);
	assert_int_equal(entries(folder), 2); /* . and .. alone */
}

static void
making_a_file_fails_cleanly(void **state)
{
	(void)state;
	assert_true(walk(without_a_file) >= 8);
}

static void
with_a_file(void)
{
	assert_int_equal(access(path, F_OK), 0);
}

/* No fault makes a sound file go aside or lose a count. */
static void
mapping_a_file_fails_cleanly(void **state)
{
	uint64_t before = counted();
	int faults = walk(with_a_file);

	(void)state;
	assert_true(faults >= 4);
	assert_int_equal(counted(), before + (uint64_t)faults + 1);
	assert_int_equal(entries(folder), 3);
}

static int
begin(void **state)
{
	(void)state;
	calls_left = -1;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/metrics", folder);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(making_a_file_fails_cleanly),
	    cmocka_unit_test(mapping_a_file_fails_cleanly),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, end);
}
