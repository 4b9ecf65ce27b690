/* SPDX-License-Identifier: ISC */
#ifndef CONFIG_CONFIG_TABLE_H
#define CONFIG_CONFIG_TABLE_H

#include "base/str.h"
#include "config/config.h"

/* config.def as data; private to config/. */
enum config_type {
	CONFIG_TYPE_TEXT,
	CONFIG_TYPE_PATH,
	CONFIG_TYPE_ADDRESS,
	CONFIG_TYPE_NETWORKS,
	CONFIG_TYPE_CHOICE,
	CONFIG_TYPE_COUNT,
	CONFIG_TYPE_AUTO,
	CONFIG_TYPE_BYTES,
	CONFIG_TYPE_TIME,
	CONFIG_TYPE_BOOL,
};
struct config_row {
	const char *name;
	enum config_type type;
	size_t offset; /* in struct config */
	const char *value;
	int64_t min, max;
	const char *unit, *help;
};
extern const struct config_row config_rows[CONFIG_FIELDS];
extern const char *const config_names[CONFIG_FIELDS];

/* The one setter. The message of a value that is not taken begins with the
 * value; the caller puts the place before it. */
MUST_USE bool config_set(struct config *c, enum config_field field,
    struct str value, struct config_source source, struct err *err);
/* Put a model in its slot, or in the place of the one that has it. Text is
 * copied. Errors as config_set. */
MUST_USE bool config_set_model(struct config *c, struct str slot,
    struct str file, struct str schema, struct config_source source,
    struct err *err);

/* Text to the number of a COUNT, AUTO, BYTES, TIME or BOOL. */
MUST_USE bool config_number_parse(enum config_type type, struct str text,
    int64_t *ret);
/* And back, as it could be given ("8m", "10s", "auto", "on"). */
void config_number_format(enum config_type type, int64_t v, struct buf *b);
/* What may be given: "a size from 1k to 256m, such as 8m". */
void config_wanted(const struct config_row *row, struct buf *b);
/* Whether a field is text, and where it is in c. */
bool config_type_is_text(enum config_type type);
const char **config_text_at(struct config *c, enum config_field field);
int64_t *config_number_at(struct config *c, enum config_field field);

#endif
