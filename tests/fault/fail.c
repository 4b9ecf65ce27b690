/* SPDX-License-Identifier: ISC
 *
 * A preloaded library that lets one call of those below fail. Everything
 * else goes to the kernel and the C library. What fails and whether it has is
 * in a mapped file, so that processes in a sandbox can see it too.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
pid_t __libc_fork(void);

/* As walk.py has it, in the file LS_FAIL_PAGE: of the processes that run the
 * program LS_FAIL_IN together, the at-th call fails; 0: none does. */
struct page {
	int64_t at, calls, failed;
};

static struct page nothing, *page = &nothing;

/* Where malloc gives it nothing libfcgi ends the process, libseccomp may not
 * end its loop, and glibc's getpwnam does not look. None of it is ours. In
 * workers the heap that they take of is reserved, which may fail
 * (src/http/fcgi.c). */
static struct {
	uintptr_t from, to;
} spared[3];
static size_t n_spared;

static int
find_spared(struct dl_phdr_info *info, size_t n, void *ctx)
{
	(void)n;
	(void)ctx;
	if (strstr(info->dlpi_name, "/libfcgi") == NULL &&
	    strstr(info->dlpi_name, "/libseccomp") == NULL &&
	    strstr(info->dlpi_name, "/libc.so") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if ((info->dlpi_phdr[i].p_flags & PF_X) == 0 || n_spared == countof(spared))
			continue;
		spared[n_spared].from = from;
		spared[n_spared++].to = from + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

static bool
is_spared(const void *caller)
{
	for (size_t i = 0; i < n_spared; i++)
		if ((uintptr_t)caller >= spared[i].from &&
		    (uintptr_t)caller < spared[i].to)
			return true;
	return false;
}
#define IS_SPARED is_spared(__builtin_return_address(0))

__attribute__((constructor)) static void
read_environment(void)
{
	const char *in = getenv("LS_FAIL_IN"), *path = getenv("LS_FAIL_PAGE");
	void *p;
	int fd;

	if (in == NULL || path == NULL ||
	    strcmp(in, program_invocation_short_name) != 0)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	p = (void *)syscall(SYS_mmap, NULL, sizeof(*page),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (p == MAP_FAILED)
		return;
	page = p;
	dl_iterate_phdr(find_spared, NULL);
}

static bool
fails(int error)
{
	if (page->at == 0 ||
	    __atomic_add_fetch(&page->calls, 1, __ATOMIC_RELAXED) != page->at)
		return false;
	page->failed = 1;
	errno = error;
	return true;
}

void *
malloc(size_t n)
{
	return !IS_SPARED && fails(ENOMEM) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return !IS_SPARED && fails(ENOMEM) ? NULL
	    : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return !IS_SPARED && fails(ENOMEM) ? NULL : __libc_realloc(p, n);
}

void *
mmap(void *p, size_t n, int protection, int flags, int fd, off_t from)
{
	return fails(ENOMEM) ? MAP_FAILED : (void *)syscall(SYS_mmap, p, n,
	    protection, flags, fd, from);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	/* The log is written all the same: the walk reads it. */
	return fd != STDERR_FILENO && fails(ENOSPC) ? -1
	    : syscall(SYS_write, fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t to)
{
	return fails(ENOSPC) ? -1 : syscall(SYS_pwrite64, fd, p, n, to);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return fails(EIO) ? -1 : syscall(SYS_read, fd, p, n);
}

int
ftruncate(int fd, off_t n)
{
	return fails(ENOSPC) ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int
fsync(int fd)
{
	return fails(EIO) ? -1 : (int)syscall(SYS_fsync, fd);
}

int
rename(const char *from, const char *to)
{
	return fails(ENOSPC) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD,
	    from, AT_FDCWD, to, 0);
}

int
open(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = (flags & (O_CREAT | O_TMPFILE)) != 0
	    ? va_arg(list, mode_t) : 0;
	va_end(list);
	return fails(EMFILE) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path,
	    flags, mode);
}

int
pipe2(int ends[2], int flags)
{
	return fails(EMFILE) ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

int
socket(int domain, int type, int protocol)
{
	return fails(EMFILE) ? -1
	    : (int)syscall(SYS_socket, domain, type, protocol);
}

pid_t
fork(void)
{
	return fails(EAGAIN) ? -1 : __libc_fork();
}

int
accept4(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
	return fails(EMFILE) ? -1
	    : (int)syscall(SYS_accept4, fd, from, n, flags);
}

int
bind(int fd, const struct sockaddr *to, socklen_t n)
{
	return fails(EADDRINUSE) ? -1 : (int)syscall(SYS_bind, fd, to, n);
}

int
listen(int fd, int n)
{
	return fails(EADDRINUSE) ? -1 : (int)syscall(SYS_listen, fd, n);
}

int
connect(int fd, const struct sockaddr *to, socklen_t n)
{
	return fails(EAGAIN) ? -1 : (int)syscall(SYS_connect, fd, to, n);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	return fails(ENOBUFS) ? -1
	    : syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	return fails(ECONNRESET) ? -1
	    : syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}

int
epoll_create1(int flags)
{
	return fails(EMFILE) ? -1 : (int)syscall(SYS_epoll_create1, flags);
}

int
epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
	return fails(ENOSPC) ? -1
	    : (int)syscall(SYS_epoll_ctl, fd, what, of, event);
}

int
signalfd(int fd, const sigset_t *set, int flags)
{
	return fails(EMFILE) ? -1
	    : (int)syscall(SYS_signalfd4, fd, set, (size_t)8, flags);
}

ssize_t
sendfile(int out, int in, off_t *from, size_t n)
{
	return fails(ENOSPC) ? -1 : syscall(SYS_sendfile, out, in, from, n);
}

int
posix_fallocate(int fd, off_t at, off_t n)
{
	if (fails(ENOSPC))
		return ENOSPC;
	return syscall(SYS_fallocate, fd, 0, at, n) == 0 ? 0 : errno;
}

int
mkdir(const char *path, mode_t mode)
{
	return fails(ENOSPC) ? -1
	    : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int
memfd_create(const char *name, unsigned flags)
{
	return fails(EMFILE) ? -1
	    : (int)syscall(SYS_memfd_create, name, flags);
}
