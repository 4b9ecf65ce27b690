/* SPDX-License-Identifier: ISC */
#ifndef SUPERVISOR_LOAD_H
#define SUPERVISOR_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/err.h"
#include "supervisor/generation.h"

/*
 * A load: every model of a configuration becomes an image of the next
 * generation. A process each does it (`lightscore import`), all at once, so
 * that a hostile file never meets the supervisor, which keeps supervising.
 */
struct load_import {
	pid_t pid;  /* 0: not running */
	int said_fd; /* what it writes on standard error */
	uint64_t started_ns;
	const char *source;
	bool late;   /* it has been killed for that */
	bool failed; /* to be imported or opened; stays until the next load */
};

struct load {
	struct generation *generation; /* NULL: no load under way */
	struct load_import imports[CONFIG_MODELS_MAX];
	size_t running;
	bool failed;
	struct err err;     /* why, of the first that failed */
	char failed_slot[CONFIG_SLOT_MAX + 1];
};

/* Begin: `lightscore`, the program's path, imports each, or copies what is
 * compiled already: whoever overwrites the original must not change what
 * workers have mapped. What fails is told by load_done. */
void load_begin(struct load *l, struct generation *g, const struct config *c,
    const char *lightscore);
/* End the imports that have been at it for too long. */
void load_tick(struct load *l, uint64_t now_ns);
/* A process has ended; false where it is none of ours. */
bool load_reaped(struct load *l, pid_t pid, int status);
/* True once nothing runs any more: *ret is the generation with every model
 * open and verified, or NULL and *err says why. The load is over then. */
bool load_done(struct load *l, struct generation **ret, struct err *err);
/* End what still runs. */
void load_cancel(struct load *l);

#endif
