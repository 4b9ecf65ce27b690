/* SPDX-License-Identifier: ISC
 *
 * Landlock: a set of rules that handles all there is to handle and allows
 * none of it. What is open stays open. The C library has no functions for
 * it, and the headers of a distribution may be older than its kernel, so the
 * rights are numbered here.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/parts.h"
#include "sandbox/sandbox.h"

/* As the newest kernel has it; an older one is given less of it. */
struct ruleset {
	uint64_t files, net, scoped;
};
enum { VERSION_FLAG = 1 };
#define FIRST(n) (((uint64_t)1 << (n)) - 1)

/* What each version brought; a row holds for the versions after it too. */
static const struct {
	long version;
	size_t bytes;
	struct ruleset rules;
} versions[] = {
    {1, 8, {FIRST(13), 0, 0}},         /* open, make, remove, run */
    {2, 8, {FIRST(14), 0, 0}},         /* rename into another folder */
    {3, 8, {FIRST(15), 0, 0}},         /* truncate */
    {4, 16, {FIRST(15), FIRST(2), 0}}, /* bind and connect TCP */
    {5, 16, {FIRST(16), FIRST(2), 0}}, /* ioctl of devices */
    /* signals and abstract sockets of others */
    {6, 24, {FIRST(16), FIRST(2), FIRST(2)}},
};

static long
landlock_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);
}

bool
sandbox_has_files(void)
{
	return landlock_version() >= versions[0].version;
}

bool
sandbox_close_files(struct err *err)
{
	long version = landlock_version();
	size_t i = countof(versions);
	int fd;
	bool ok;

	while (i > 0 && versions[i - 1].version > version)
		i--;
	if (i == 0)
		return true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_system(err, "cannot give up new privileges");
	fd = (int)syscall(SYS_landlock_create_ruleset, &versions[i - 1].rules,
	    versions[i - 1].bytes, 0);
	if (fd < 0)
		return err_system(err, "cannot make Landlock rules");
	ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0 ||
	    err_system(err, "cannot give up the file system");
	close(fd);
	return ok;
}
