/* SPDX-License-Identifier: ISC
 *
 * Finding programs and shipped files, installed or not.
 */
#include "supervisor/programs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of the running program. */
static bool
own_folder(char path[PATH_MAX], struct err *err)
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);

	if (n <= 0)
		return err_system(err, "cannot read /proc/self/exe");
	path[n] = '\0';
	*strrchr(path, '/') = '\0';
	return true;
}

static bool
join(char ret[PATH_MAX], const char *dir, const char *name)
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);

	return n > 0 && n < PATH_MAX;
}

/* Beside us if it is there, else in `installed`. */
static bool
find(const char *own, const char *installed, const char *name, int mode,
    char ret[PATH_MAX], struct err *err)
{
	if (join(ret, own, name) && access(ret, mode) == 0)
		return true;
	if (join(ret, installed, name) && access(ret, mode) == 0)
		return true;
	return err_system(err, "cannot find %s in %s or %s", name, own,
	    installed);
}

/* Where we were started from: a newer program may stand there now. */
static bool
find_self(const char *own, char ret[PATH_MAX], struct err *err)
{
	return join(ret, own, "lightscored") || err_set(err, ERR_LIMIT,
	    ERR_NOWHERE, "the path of lightscored is too long");
}

static bool
find_web_server(const char *configured, char ret[PATH_MAX], struct err *err)
{
	static const char *const usual[] = {LIGHTTPD_PATH,
	    "/usr/sbin/lighttpd", "/usr/local/sbin/lighttpd",
	    "/usr/bin/lighttpd"};

	if (configured[0] != '\0') {
		snprintf(ret, PATH_MAX, "%s", configured);
		return access(ret, X_OK) == 0 ||
		    err_system(err, "cannot run the web server %s (setting "
			"lighttpd)", configured);
	}
	for (size_t i = 0; i < countof(usual); i++) {
		snprintf(ret, PATH_MAX, "%s", usual[i]);
		if (access(ret, X_OK) == 0)
			return true;
	}
	return err_set(err, ERR_SYSTEM, ERR_NOWHERE,
	    "cannot find lighttpd: install it, name it with --lighttpd FILE, "
	    "or run your own with --no-web-server");
}

bool
programs_find(const char *web_server, struct programs *ret, struct err *err)
{
	char own[PATH_MAX];

	ret->web_server[0] = '\0';
	if (web_server != NULL &&
	    !find_web_server(web_server, ret->web_server, err))
		return false;
	return own_folder(own, err) &&
	    find_self(own, ret->self, err) &&
	    find(own, BINDIR, "lightscore", X_OK, ret->lightscore, err) &&
	    find(own, PKGLIBEXECDIR, "lightscore-worker", X_OK, ret->worker,
		err) &&
	    find(own, PKGLIBEXECDIR, "lightscore-exporter", X_OK,
		ret->exporter, err) &&
	    find(own, PKGDATADIR, "lighttpd/errors", R_OK, ret->errors, err);
}
