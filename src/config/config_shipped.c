/* SPDX-License-Identifier: ISC
 *
 * The models that come with the programs, served where nobody names one.
 */
#include "config/config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Beside the running program in a build tree, else where it was installed. */
static bool
find_folder(char folder[PATH_MAX], struct err *err)
{
	static const char below[] = "/models/churn";
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[n > 0 ? n : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash != NULL &&
	    (size_t)(slash - own) + sizeof(below) <= sizeof(own)) {
		memcpy(slash, below, sizeof(below));
		strcpy(folder, own);
		if (access(folder, R_OK) == 0)
			return true;
	}
	snprintf(folder, PATH_MAX, "%s%s", PKGDATADIR, below);
	if (access(folder, R_OK) == 0)
		return true;
	return err_system(err, "cannot find the shipped models in %s or %s",
	    own, folder);
}

bool
config_default_models(struct config *c, struct err *err)
{
	static const char *const slots[] = {"v1", "v2"};
	char folder[PATH_MAX], path[PATH_MAX + 16];

	if (c->n_models > 0)
		return true;
	if (!find_folder(folder, err))
		return false;
	for (size_t i = 0; i < countof(slots); i++) {
		struct str file;

		snprintf(path, sizeof(path), "%s/%s.joblib", folder, slots[i]);
		file = arena_str(c->mem, str_of(path));
		if (file.p == NULL)
			return arena_err(c->mem, "the configuration", err);
		c->models[c->n_models++] = (struct config_model){
		    .slot = slots[i],
		    .file = file.p,
		    .source = {CONFIG_DEFAULT, ""},
		};
	}
	return true;
}

bool
config_has_default_models(const struct config *c)
{
	return c->n_models > 0 && c->models[0].source.origin == CONFIG_DEFAULT;
}
