/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * Settings: default < file (YAML) < environment < flag, through one setter.
 * Every value remembers where it came from.
 */
enum config_origin {
	CONFIG_DEFAULT,
	CONFIG_FILE,
	CONFIG_ENVIRONMENT,
	CONFIG_FLAG
};

struct config_model {
	const char *slot;   /* [A-Za-z0-9_.-]{1,32} */
	const char *file;   /* compiled image or importable model */
	const char *schema; /* YAML, or NULL */
};
enum { CONFIG_MODELS_MAX = 16 };

/* One member a line of config.def: TEXT and CHOICE are const char *, the
 * others int64_t (BYTES in bytes, TIME in milliseconds, BOOL 0 or 1). */
#define CONFIG_C_TEXT   const char *
#define CONFIG_C_CHOICE const char *
#define CONFIG_C_COUNT  int64_t
#define CONFIG_C_BYTES  int64_t
#define CONFIG_C_TIME   int64_t
#define CONFIG_C_BOOL   int64_t
struct config {
#define CONFIG(field, type, ...) CONFIG_C_##type field;
#include "config/config.def"
#undef CONFIG
	struct config_model models[CONFIG_MODELS_MAX];
	size_t n_models;
	const char *file;               /* the file read, or NULL */
	struct config_origin_of *origins; /* private to config.c */
	struct arena *mem;
};

/* All defaults. Text is kept in mem, which outlives the config. */
MUST_USE bool config_init(struct config *c, struct arena *mem,
    struct err *err);
/* Read a file over what is there; err says file, line and remedy. Paths in
 * it are relative to the file's folder. */
MUST_USE bool config_read(struct config *c, const char *path,
    struct err *err);
/* LIGHTSCORE_<FIELD> for every field. */
MUST_USE bool config_environment(struct config *c, struct err *err);
/* One flag, "--request-limit=2m" or "--request-limit" "2m", "--model
 * SLOT=FILE", "--no-web-server". *used is how many arguments it took; 0 if it
 * is none of ours. */
MUST_USE bool config_flag(struct config *c, int argc, char *const argv[],
    int *used, struct err *err);
/* All of the above in order, for a program's main: flags (with -c/--config
 * FILE), environment, file. Fails on an argument that is no flag. */
MUST_USE bool config_load(struct config *c, int argc, char *const argv[],
    struct arena *mem, struct err *err);
/* Every value with its origin, for `lightscore config`. */
void config_dump(const struct config *c, struct buf *b, bool json);
/* Where text and manuals are made: usage lines, mdoc list, sample file. */
void config_usage(struct buf *b);
void config_mdoc(struct buf *b);
void config_sample(struct buf *b);

#endif
