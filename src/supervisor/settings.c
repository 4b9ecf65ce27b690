/* SPDX-License-Identifier: ISC
 *
 * Reading the configuration for a service.
 */
#include "supervisor/settings.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Address space for the text of a configuration. */
#define MEMORY ((size_t)16 << 20)

bool
settings_read(struct settings *s, int argc, char *const argv[],
    struct err *err)
{
	if (!arena_init(&s->mem, MEMORY, err))
		return false;
	if (config_load(&s->config, argc, argv, &s->mem, err))
		return true;
	arena_done(&s->mem);
	return false;
}

void
settings_done(struct settings *s)
{
	arena_done(&s->mem);
}

bool
settings_default_models(struct settings *s, const char *churn,
    struct err *err)
{
	static const char *const slots[] = {"v1", "v2"};
	struct config *c = &s->config;

	for (size_t i = 0; i < countof(slots) && c->n_models == i; i++) {
		char path[PATH_MAX + 16];
		struct str file;

		snprintf(path, sizeof(path), "%s/%s.joblib", churn, slots[i]);
		file = arena_str(&s->mem, str_of(path));
		if (file.p == NULL)
			return arena_err(&s->mem, "the configuration", err);
		c->models[c->n_models++] = (struct config_model){
		    .slot = slots[i],
		    .file = file.p,
		};
	}
	return true;
}

enum log_level
settings_log_level(const struct config *c)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	int i = 0;

	while (i < LOG_LEVEL_DEBUG && strcmp(c->log_level, names[i]) != 0)
		i++;
	return (enum log_level)i;
}

const char *
settings_fixed(const struct config *now, const struct config *next)
{
	if (strcmp(now->listen, next->listen) != 0)
		return "listen";
	if (strcmp(now->state_dir, next->state_dir) != 0)
		return "state_dir";
	if (now->web_server != next->web_server)
		return "web_server";
	if (strcmp(now->lighttpd, next->lighttpd) != 0)
		return "lighttpd";
	return NULL;
}
