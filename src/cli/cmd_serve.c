/* SPDX-License-Identifier: ISC
 *
 * lightscore serve: becomes lightscored, which reads the same arguments. It
 * stands beside this program in a build tree, else where it was installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "config/config.h"

enum { HELP_BYTES = 16384 };

static int
serve_help(const struct command *self)
{
	char memory[HELP_BYTES];
	struct buf b;

	buf_init(&b, memory, sizeof(memory));
	cli_help(self, NULL, 0, &b);
	buf_text(&b, "\n  -c FILE, --config FILE\n"
	    "      Read settings and models from a YAML file.\n"
	    "  --model SLOT=FILE\n"
	    "      Serve FILE at /SLOT/predict; may be given again.\n");
	config_usage(&b);
	return cli_print(&b);
}

/* The daemon beside this very program; false where there is none. */
static bool
find_beside(char *path, size_t n)
{
	static const char name[] = "lightscored";
	ssize_t got = readlink("/proc/self/exe", path, n - 1);
	char *slash;

	if (got <= 0)
		return false;
	path[got] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || (size_t)(slash + 1 - path) + sizeof(name) > n)
		return false;
	memcpy(slash + 1, name, sizeof(name));
	return access(path, X_OK) == 0;
}

int
cmd_serve(const struct command *self, int argc, char *argv[])
{
	char path[PATH_MAX], name[] = "lightscored";
	struct err err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return serve_help(self);
	}
	if (!find_beside(path, sizeof(path)))
		snprintf(path, sizeof(path), "%s/lightscored", SBINDIR);
	argv[0] = name;
	execv(path, argv);
	err_system(&err, "cannot start %s", path);
	return cli_fail(&err);
}
