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
 * Every value remembers where it came from, and every error names that
 * place, the value, what may be given, and the nearest name of a wrong one.
 */
enum config_origin {
	CONFIG_DEFAULT,
	CONFIG_FILE,
	CONFIG_ENVIRONMENT,
	CONFIG_FLAG
};
/* Where a value came from: "FILE:LINE", the variable or the flag. */
struct config_source {
	enum config_origin origin;
	const char *where;
};

struct config_model {
	const char *slot;   /* [A-Za-z0-9_.-]{1,32}, first a letter or digit */
	const char *file;   /* compiled image or importable model */
	const char *schema; /* YAML, or NULL */
	struct config_source source;
};
enum { CONFIG_MODELS_MAX = 16, CONFIG_SLOT_MAX = 32 };

/*
 * One member a line of config.def, of the C type its type has:
 *   TEXT PATH ADDRESS NETWORKS CHOICE
 *                              const char *, "" where nothing is given
 *   COUNT AUTO                 a number; AUTO is 0 for "auto"
 *   BYTES TIME                 bytes; milliseconds
 *   BOOL                       0 or 1
 */
#define CONFIG_C_TEXT    const char *
#define CONFIG_C_PATH    const char *
#define CONFIG_C_ADDRESS const char *
#define CONFIG_C_NETWORKS const char *
#define CONFIG_C_CHOICE  const char *
#define CONFIG_C_COUNT   int64_t
#define CONFIG_C_AUTO    int64_t
#define CONFIG_C_BYTES   int64_t
#define CONFIG_C_TIME    int64_t
#define CONFIG_C_BOOL    int64_t
#define CONFIG(field, ...) CONFIG_FIELD_##field,
enum config_field {
#include "config/config.def"
	CONFIG_FIELDS
};
#undef CONFIG
struct config {
#define CONFIG(field, type, ...) CONFIG_C_##type field;
#include "config/config.def"
#undef CONFIG
	struct config_source sources[CONFIG_FIELDS];
	struct config_model models[CONFIG_MODELS_MAX];
	size_t n_models;
	const char *file; /* the file read, or NULL */
	struct arena *mem;
};

/* All defaults. Text is kept in mem, which outlives the config. */
void config_init(struct config *c, struct arena *mem);
/* Read a file over what is there. Paths in it are relative to its folder;
 * models in it take the place of those with the same slot. */
MUST_USE bool config_read(struct config *c, const char *path,
    struct err *err);
/* LIGHTSCORE_<FIELD> for every field; other variables are let alone. */
/* The next variable that begins as ours do and names no setting, into `name`;
 * false after the last. *at begins as 0. */
bool config_environment_unknown(size_t *at, char *name, size_t n);
MUST_USE bool config_environment(struct config *c, struct err *err);
/* The flag at argv[0]: "--request-limit=2m", "--request-limit" "2m",
 * "--model" "SLOT=FILE", "--no-web-server". *used is how many arguments it
 * took; 0 if it is none of ours. */
MUST_USE bool config_flag(struct config *c, int argc, char *const argv[],
    int *used, struct err *err);
/* Whether the arguments are flags of ours with values they may have (-c FILE
 * is; the file is not read): if not, the program was used wrongly. */
MUST_USE bool config_check_flags(int argc, char *const argv[],
    struct arena *mem, struct err *err);
/* All of it for a program's main: the file that -c or --config names, then
 * the environment, then the flags. argv[0] is passed over. An argument that
 * is no flag of ours is an error with the nearest one. */
MUST_USE bool config_load(struct config *c, int argc, char *const argv[],
    struct arena *mem, struct err *err);

/* Where no model is named: the shipped ones, as v1 and v2. ERR_SYSTEM where
 * they are not to be found. */
MUST_USE bool config_default_models(struct config *c, struct err *err);
bool config_has_default_models(const struct config *c);

/* HOST:PORT or [IPV6]:PORT; the host comes without its brackets. */
struct config_address {
	char host[256];
	uint16_t port;
	bool ipv6;
};
MUST_USE bool config_address_parse(const char *text,
    struct config_address *ret, struct err *err);
/* "192.0.2.7", "10.0.0.0/8", "fd00::/8" */
bool config_is_network(struct str text);
/* state_dir, or where it is when that is empty: $XDG_STATE_HOME, or /var/lib
 * for root and ~/.local/state for others, then lightscore/HOST-PORT. `port` is
 * the one bound where listen says 0. */
MUST_USE bool config_state_dir(const struct config *c, uint16_t port,
    struct arena *mem, const char **ret, struct err *err);

/* Name of a field as files have it ("request_limit"). */
const char *config_name(enum config_field field);
/* The value as it could be given ("8m"). */
void config_format(const struct config *c, enum config_field field,
    struct buf *b);
/* Every value with its origin, for `lightscore config`. */
void config_dump(const struct config *c, struct buf *b, bool json);
/* Where text and manuals are made: usage lines, mdoc list, sample file. */
void config_usage(struct buf *b);
void config_mdoc(struct buf *b);
void config_sample(struct buf *b);

#endif
