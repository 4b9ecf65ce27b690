/* SPDX-License-Identifier: ISC
 *
 * A preloaded library that lets one call fail: the LS_FAIL_AT-th of those
 * below that the program named LS_FAIL_IN makes. That it has is told by the
 * file LS_FAIL_TOLD. Everything else goes to the kernel and the C library.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
pid_t __libc_fork(void);

static long at, calls;

__attribute__((constructor)) static void
read_environment(void)
{
	const char *in = getenv("LS_FAIL_IN"), *number = getenv("LS_FAIL_AT");

	if (in != NULL && number != NULL &&
	    strcmp(in, program_invocation_short_name) == 0)
		at = atol(number);
}

static bool
fails(int error)
{
	const char *told;
	int fd;

	if (at == 0 || __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != at)
		return false;
	told = getenv("LS_FAIL_TOLD");
	if (told != NULL) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, told,
		    O_WRONLY | O_CREAT, 0600);
		syscall(SYS_close, fd);
	}
	errno = error;
	return true;
}

void *
malloc(size_t n)
{
	return fails(ENOMEM) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return fails(ENOMEM) ? NULL : __libc_realloc(p, n);
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
	return fails(ENOSPC) ? -1 : syscall(SYS_write, fd, p, n);
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
