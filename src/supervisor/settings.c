/* SPDX-License-Identifier: ISC
 *
 * Reading the configuration for a service.
 */
#include "supervisor/settings.h"

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
