/* SPDX-License-Identifier: ISC
 *
 * Files: mapped whole, written whole, locked. Every descriptor is closed on
 * exec.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool
file_map(const char *path, size_t limit, struct file_map *ret, struct err *err)
{
	struct stat st;
	void *p = NULL;
	/* O_NONBLOCK: a FIFO must not hold us before fstat can refuse it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	if (fstat(fd, &st) != 0) {
		err_system(err, "cannot read %s", path);
		close(fd);
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is not a regular file", path);
	}
	if ((uintmax_t)st.st_size > limit) {
		close(fd);
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "%s has %jd bytes, more than the %zu allowed", path,
		    (intmax_t)st.st_size, limit);
	}
	if (st.st_size > 0) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		if (p == MAP_FAILED) {
			err_system(err, "cannot map %s", path);
			close(fd);
			return false;
		}
	}
	close(fd);
	*ret = (struct file_map){.p = p, .n = (size_t)st.st_size};
	return true;
}

void
file_unmap(struct file_map *m)
{
	if (m->n > 0)
		munmap((void *)(uintptr_t)m->p, m->n);
	*m = (struct file_map){0};
}

bool
file_write_fd(int fd, struct str bytes, struct err *err)
{
	while (bytes.n > 0) {
		ssize_t put = write(fd, bytes.p, bytes.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return err_system(err, "cannot write");
		bytes.p += put;
		bytes.n -= (size_t)put;
	}
	return true;
}

int
file_create(const char *path, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd = open(path, flags, mode);

	if (fd < 0 && errno == EEXIST && unlink(path) == 0)
		fd = open(path, flags, mode);
	return fd;
}

bool
file_write(const char *path, struct str bytes, struct err *err)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.%ld.tmp", path,
	    (long)getpid());
	struct stat st;
	int fd;
	bool ok;

	if (n < 0 || (size_t)n >= sizeof(beside))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path %s is too long", path);
	/* root would put a file in the place of /dev/null */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is not a regular file, so it is not replaced", path);
	fd = file_create(beside, 0644);
	if (fd < 0)
		return err_system(err, "cannot create %s", path);
	ok = file_write_fd(fd, bytes, err) || err_context(err, "%s", path);
	if (ok && fsync(fd) != 0)
		ok = err_system(err, "cannot sync %s", path);
	if (close(fd) != 0 && ok)
		ok = err_system(err, "cannot close %s", path);
	if (ok && rename(beside, path) != 0)
		ok = err_system(err, "cannot replace %s", path);
	if (!ok)
		unlink(beside);
	return ok;
}

bool
file_is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool
file_is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) &&
	    x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool
file_make_dirs(const char *path, struct err *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(part))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path \"%s\" is empty or too long", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, i == n ? 0700 : 0755) != 0 && errno != EEXIST)
			return err_system(err, "cannot make directory %s", part);
		part[i] = i == n ? '\0' : '/';
	}
	return true;
}

bool
file_lock(const char *path, int *ret, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_system(err, "cannot open %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		bool busy = errno == EWOULDBLOCK;

		if (busy)
			err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "%s is in use by another process", path);
		else
			err_system(err, "cannot lock %s", path);
		close(fd);
		return false;
	}
	*ret = fd;
	return true;
}
