/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_SETTINGS_H
#define SUPERVISOR_SETTINGS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

/* A configuration as read once, with the memory its text is in. */
struct settings {
	struct arena mem;
	struct config config;
};

/* Read file, environment and flags into *s, which must not be moved after;
 * released by settings_done. */
MUST_USE bool settings_read(struct settings *s, int argc, char *const argv[],
    struct err *err);
void settings_done(struct settings *s);
enum log_level settings_log_level(const struct config *c);
/* Settings that take a restart stay what they are, whatever the next say;
 * `changed` are the names of those that differ, then NULL. */
enum { SETTINGS_FIXED = 7 };
MUST_USE bool settings_keep_fixed(struct settings *next,
    const struct config *now, const char *changed[SETTINGS_FIXED],
    struct err *err);

#endif
