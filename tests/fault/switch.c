/* SPDX-License-Identifier: ISC
 *
 * A preloaded library: while the file LS_SWITCH says so, the machine lacks
 * something, or its clock is another one. The file is mapped at the start, so
 * that a process in a sandbox sees a change too, and a test can make one at
 * any time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* As faults.py writes it. */
struct control {
	char lacks[24];  /* "room", "writing", "processes", "memory", or empty */
	int64_t clock_s; /* that the clock is ahead */
	uint32_t hits;   /* calls that failed for it */
};

static struct control nothing, *control = &nothing;
static const char *disk = ""; /* LS_SWITCH_DISK: a folder on that disk */

__attribute__((constructor)) static void
read_environment(void)
{
	const char *path = getenv("LS_SWITCH");
	int fd;
	void *p;

	if (path == NULL)
		return;
	if (getenv("LS_SWITCH_DISK") != NULL)
		disk = getenv("LS_SWITCH_DISK");
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	p = (void *)syscall(SYS_mmap, NULL, sizeof(*control),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (p != MAP_FAILED)
		control = p;
}

/* Whether it is that which lacks; then errno is set, and it is counted. */
static bool
lacks(const char *what, int error)
{
	if (strcmp(control->lacks, what) != 0)
		return false;
	__atomic_add_fetch(&control->hits, 1, __ATOMIC_RELAXED);
	errno = error;
	return true;
}

static bool
is_on(const char *what)
{
	return strcmp(control->lacks, what) == 0;
}

/* --- room on the disk, leave to write -------------------------------------- */

static bool
is_there(const char *path)
{
	return strncmp(path, disk, strlen(disk)) == 0;
}

/* A file on that disk, unlinked or not. */
static bool
is_file(int fd)
{
	char link[64], path[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return is_there(path);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (is_on("room") && is_file(fd) && lacks("room", ENOSPC))
		return -1;
	return syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t to)
{
	if (is_on("room") && is_file(fd) && lacks("room", ENOSPC))
		return -1;
	return syscall(SYS_pwrite64, fd, p, n, to);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t to)
{
	return pwrite64(fd, p, n, to);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	if (is_on("room") && is_file(fd) && lacks("room", ENOSPC))
		return -1;
	return syscall(SYS_writev, fd, v, n);
}

ssize_t
sendfile64(int out, int in, off64_t *from, size_t n)
{
	if (is_on("room") && is_file(out) && lacks("room", ENOSPC))
		return -1;
	return syscall(SYS_sendfile, out, in, from, n);
}

ssize_t
sendfile(int out, int in, off_t *from, size_t n)
{
	return sendfile64(out, in, from, n);
}

/* What has its place keeps it. */
int
posix_fallocate64(int fd, off64_t at, off64_t n)
{
	if (lseek64(fd, at, SEEK_HOLE) < at + n && is_file(fd) &&
	    lacks("room", ENOSPC))
		return ENOSPC;
	return syscall(SYS_fallocate, fd, 0, at, n) == 0 ? 0 : errno;
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	return posix_fallocate64(fd, at, n);
}

static int
open_as(int folder, const char *path, int flags, mode_t mode)
{
	/* A name has room on most full disks; what is written to it has not. */
	bool writes = (flags & O_ACCMODE) != O_RDONLY ||
	    (flags & (O_CREAT | O_TRUNC)) != 0;

	if (writes && is_there(path) && lacks("writing", EROFS))
		return -1;
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name, folder, ...)                                 \
	int name(__VA_ARGS__, ...)                              \
	{                                                       \
		va_list list;                                   \
		mode_t mode;                                    \
		va_start(list, flags);                          \
		mode = (flags & (O_CREAT | O_TMPFILE)) != 0     \
		    ? va_arg(list, mode_t) : 0;                 \
		va_end(list);                                   \
		return open_as(folder, path, flags, mode);      \
	}
OPEN(open, AT_FDCWD, const char *path, int flags)
OPEN(open64, AT_FDCWD, const char *path, int flags)
OPEN(openat, folder, int folder, const char *path, int flags)
OPEN(openat64, folder, int folder, const char *path, int flags)

/* What these are where a fortified build has seen that no mode is given. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int folder, const char *path, int flags);
int __openat64_2(int folder, const char *path, int flags);

int
__open_2(const char *path, int flags)
{
	return open_as(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
	return open_as(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int folder, const char *path, int flags)
{
	return open_as(folder, path, flags, 0);
}

int
__openat64_2(int folder, const char *path, int flags)
{
	return open_as(folder, path, flags, 0);
}

/* Of what lighttpd keeps a body in; tried until a name is free, there. */
int
mkostemp64(char *template, int flags)
{
	char *x = template + strlen(template) - 6;
	int fd = -1;

	for (unsigned i = 0; i < 100 && fd < 0; i++) {
		unsigned long n = (unsigned long)getpid() * 100 + i;

		for (int k = 0; k < 6; k++, n /= 26)
			x[k] = (char)('a' + n % 26);
		fd = open_as(AT_FDCWD, template,
		    flags | O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

int
mkostemp(char *template, int flags)
{
	return mkostemp64(template, flags);
}

int
mkdir(const char *path, mode_t mode)
{
	/* As the kernel does it: what is there is told first. */
	if (is_there(path) && access(path, F_OK) != 0 &&
	    (lacks("room", ENOSPC) || lacks("writing", EROFS)))
		return -1;
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int
unlink(const char *path)
{
	if (is_there(path) && access(path, F_OK) == 0 &&
	    lacks("writing", EROFS))
		return -1;
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int
rename(const char *from, const char *to)
{
	if (is_there(to) && lacks("writing", EROFS))
		return -1;
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* --- processes, memory ----------------------------------------------------- */

pid_t __libc_fork(void);

pid_t
fork(void)
{
	if (lacks("processes", EAGAIN) || lacks("memory", ENOMEM))
		return -1;
	return __libc_fork();
}

void *
mmap(void *p, size_t n, int protection, int flags, int fd, off_t from)
{
	if (lacks("memory", ENOMEM))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, p, n, protection, flags, fd, from);
}

/* --- the clock ------------------------------------------------------------- */

int
clock_gettime(clockid_t which, struct timespec *ret)
{
	int status = (int)syscall(SYS_clock_gettime, which, ret);

	if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)
		ret->tv_sec += control->clock_s;
	return status;
}

time_t
time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}
