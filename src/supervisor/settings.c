/* SPDX-License-Identifier: ISC
 *
 * Reading the configuration for a service.
 */
#include "supervisor/settings.h"

#include <assert.h>
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

bool
settings_keep_fixed(struct settings *next, const struct config *now,
    const char *changed[SETTINGS_FIXED], struct err *err)
{
	struct config *c = &next->config;
	const struct {
		const char *name, *now, **next;
	} texts[] = {
	    {"listen", now->listen, &c->listen},
	    {"state_dir", now->state_dir, &c->state_dir},
	    {"lighttpd", now->lighttpd, &c->lighttpd},
	    {"sandbox", now->sandbox, &c->sandbox},
	    {"user", now->user, &c->user},
	};
	size_t n = 0;

	static_assert(countof(texts) + 2 == SETTINGS_FIXED, "no room");
	for (size_t i = 0; i < countof(texts); i++) {
		if (strcmp(texts[i].now, *texts[i].next) == 0)
			continue;
		changed[n++] = texts[i].name;
		*texts[i].next = arena_str(&next->mem,
		    str_of(texts[i].now)).p;
		if (*texts[i].next == NULL)
			return arena_err(&next->mem, "the configuration", err);
	}
	if (now->web_server != c->web_server)
		changed[n++] = "web_server";
	c->web_server = now->web_server;
	changed[n] = NULL;
	return true;
}
