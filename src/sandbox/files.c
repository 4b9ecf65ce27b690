/* SPDX-License-Identifier: ISC
 *
 * Landlock: a set of rules that handles all there is to handle and allows
 * none of it, but for the paths given. What is open stays open. The C library has no functions for
 * it, and the headers of a distribution may be older than its kernel, so the
 * rights are numbered here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
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

/* The bits of `files`. */
enum right {
	RUN = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_REG = 1 << 8,
	TRUNCATE = 1 << 14,
	OF_FILES = RUN | WRITE_FILE | READ_FILE | TRUNCATE,
};
static const uint64_t rights[] = {
    [SANDBOX_READ] = READ_FILE | READ_DIR,
    [SANDBOX_WRITE] = READ_FILE | READ_DIR | WRITE_FILE | REMOVE_FILE |
	MAKE_REG | TRUNCATE,
    [SANDBOX_RUN] = READ_FILE | READ_DIR | RUN,
};

/* As the kernel has it. */
struct beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));
enum { PATH_BENEATH = 1 };

static bool
allow(int rules, const struct sandbox_path *p, uint64_t known,
    struct err *err)
{
	struct beneath rule = {.allowed = rights[p->right] & known};
	struct stat st;
	bool ok;

	rule.parent = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return true; /* who opens it is told why not */
	if (fstat(rule.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_FILES;
	/* A pipe, under a name in /proc, is nothing that Landlock handles. */
	ok = syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0) ==
	    0 || errno == EBADFD || err_system(err, "cannot keep %s", p->path);
	close(rule.parent);
	return ok;
}

bool
sandbox_close_files(struct err *err)
{
	return sandbox_keep_files(NULL, 0, false, err);
}

bool
sandbox_keep_files(const struct sandbox_path *paths, size_t n, bool network,
    struct err *err)
{
	long version = landlock_version();
	size_t i = countof(versions);
	struct ruleset rules;
	bool ok = true;
	int fd;

	while (i > 0 && versions[i - 1].version > version)
		i--;
	if (i == 0)
		return true;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return err_system(err, "cannot give up new privileges");
	rules = versions[i - 1].rules;
	if (network)
		rules.net = 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules,
	    versions[i - 1].bytes, 0);
	if (fd < 0)
		return err_system(err, "cannot make Landlock rules");
	for (size_t k = 0; ok && k < n; k++)
		ok = allow(fd, &paths[k], rules.files, err);
	ok = ok && (syscall(SYS_landlock_restrict_self, fd, 0) == 0 ||
		       err_system(err, "cannot give up the file system"));
	close(fd);
	return ok;
}
