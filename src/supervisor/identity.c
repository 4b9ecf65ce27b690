/* SPDX-License-Identifier: ISC
 *
 * From root to somebody else. What stays true: root changes the owner only
 * of what root has made, in a directory that nobody else can write to; so no
 * link that another has put there can lead it astray.
 */
#include "supervisor/identity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/* In the absence of a word, as our package and then as the system has it. */
static const char *const usual[] = {"lightscore", "nobody"};

/* What getpwnam(3) and getgrnam(3) leave in errno where there is none. */
static bool
is_absent(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	    error == EBADF || error == EPERM;
}

static bool
not_found(const char *what, const char *name, struct err *err)
{
	return is_absent(errno) ?
	    err_set(err, ERR_INPUT, ERR_NOWHERE, "there is no %s %s here",
		what, name) :
	    err_system(err, "cannot look for the %s %s", what, name);
}

static bool
set_user(struct identity *id, const char *name, struct err *err)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL || strlen(name) >= sizeof(id->user))
		return not_found("user", name, err);
	strcpy(id->user, name);
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	return true;
}

static bool
set_group(struct identity *id, const char *name, struct err *err)
{
	const struct group *gr;

	errno = 0;
	gr = getgrnam(name);
	if (gr == NULL)
		return not_found("group", name, err);
	id->gid = gr->gr_gid;
	return true;
}

static bool
find_usual(struct identity *id, struct err *err)
{
	for (size_t i = 0; i < countof(usual); i++) {
		if (set_user(id, usual[i], err))
			return true;
		if (err->kind != ERR_INPUT)
			return false;
	}
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "there is neither a user %s nor %s", usual[0], usual[1]);
}

bool
identity_find(const char *setting, struct identity *ret, struct err *err)
{
	struct identity id = {.user = ""};
	char user[64];
	const char *group = strchr(setting, ':');
	size_t n = group != NULL ? (size_t)(group - setting) : strlen(setting);

	if (geteuid() != 0) {
		*ret = id;
		return true;
	}
	if (n >= sizeof(user))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the name of the user is too long");
	memcpy(user, setting, n);
	user[n] = '\0';
	if (!(n == 0 ? find_usual(&id, err) : set_user(&id, user, err)) ||
	    (group != NULL && !set_group(&id, group + 1, err)))
		return false;
	if (id.uid == 0)
		id.user[0] = '\0';
	*ret = id;
	return true;
}

/* --- what it may do -------------------------------------------------------- */

static bool
check_all(const struct identity *id, const struct identity_need *needs,
    size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (faccessat(AT_FDCWD, needs[i].path, needs[i].mode,
			AT_EACCESS) != 0)
			return err_system(err, "user %s cannot use %s",
			    id->user, needs[i].path);
	return true;
}

bool
identity_check(const struct identity *id, const struct identity_need *needs,
    size_t n, struct err *err)
{
	gid_t groups[NGROUPS_MAX];
	gid_t gid = getegid();
	int n_groups = getgroups(NGROUPS_MAX, groups);
	bool ok;

	if (n_groups < 0 || initgroups(id->user, id->gid) != 0 ||
	    setegid(id->gid) != 0 || seteuid(id->uid) != 0)
		return err_system(err, "cannot try user %s", id->user);
	ok = check_all(id, needs, n, err);
	if (seteuid(0) != 0 || setegid(gid) != 0 ||
	    setgroups((size_t)n_groups, groups) != 0)
		return err_system(err, "cannot be root again");
	return ok;
}

/* --- the state directory --------------------------------------------------- */

/* Where it is to be made, the lowest folder that is there. */
static void
cut_to_existing(char path[PATH_MAX])
{
	while (access(path, F_OK) != 0) {
		char *slash = strrchr(path, '/');

		if (slash == NULL)
			strcpy(path, ".");
		else
			slash[slash == path] = '\0';
	}
}

static bool
make(const struct identity *id, const char *dir, struct err *err)
{
	char above[PATH_MAX];
	struct identity_need reach = {above, X_OK};
	struct identity_need own = {above, W_OK | X_OK};
	struct err ignored;

	if (snprintf(above, sizeof(above), "%s", dir) >= (int)sizeof(above))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path of the state directory is too long");
	cut_to_existing(above);
	/* Where it can make it by itself root has no business. */
	if (identity_check(id, &own, 1, &ignored))
		return true;
	if (!identity_check(id, &reach, 1, err) || !file_make_dirs(dir, err))
		return false;
	return (chmod(dir, 0710) == 0 &&
		   lchown(dir, id->uid, id->gid) == 0) ||
	    err_system(err, "cannot hand %s over", dir);
}

/* What an earlier start has left: its files, and its folders, whose own files
 * are removed at each start. */
static bool
hand_over(const struct identity *id, int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	bool ok = d != NULL;

	while (ok && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, ".") != 0)
			ok = fchownat(fd, e->d_name, id->uid, id->gid,
				 AT_SYMLINK_NOFOLLOW) == 0;
	ok = ok && fchown(fd, id->uid, id->gid) == 0;
	if (d != NULL)
		closedir(d);
	else
		close(fd);
	return ok;
}

/* Root's alone, and a state directory: it has our lock. */
static bool
is_ours(int fd)
{
	struct stat dir, lock;

	return fstat(fd, &dir) == 0 && dir.st_uid == 0 &&
	    (dir.st_mode & 022) == 0 &&
	    fstatat(fd, "lock", &lock, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(lock.st_mode) && lock.st_uid == 0;
}

bool
identity_prepare(const struct identity *id, const char *dir, struct err *err)
{
	char above[PATH_MAX + 3];
	struct identity_need reach = {above, X_OK}, use = {dir, W_OK | X_OK};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return make(id, dir, err);
	/* Whoever has put a link there, it is not to what root has made. */
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
		return identity_check(id, &use, 1, err);
	if (fd < 0)
		return err_system(err, "cannot open the state directory %s",
		    dir);
	if (!is_ours(fd)) {
		close(fd);
		return identity_check(id, &use, 1, err);
	}
	if (snprintf(above, sizeof(above), "%s", dir) >= PATH_MAX ||
	    strrchr(above, '/') == NULL)
		strcpy(above, ".");
	else
		strrchr(above, '/')[strrchr(above, '/') == above] = '\0';
	if (!identity_check(id, &reach, 1, err)) {
		close(fd);
		return false;
	}
	return hand_over(id, fd) ||
	    err_system(err, "cannot hand %s over", dir);
}

/* --- the change ------------------------------------------------------------ */

bool
identity_take(const struct identity *id, struct err *err)
{
	if (initgroups(id->user, id->gid) != 0 ||
	    setresgid(id->gid, id->gid, id->gid) != 0 ||
	    setresuid(id->uid, id->uid, id->uid) != 0)
		return err_system(err, "cannot become user %s", id->user);
	/* Whoever can take it back has not given it up. */
	if (setuid(0) == 0)
		return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
		    "user %s is still root", id->user);
	return true;
}
