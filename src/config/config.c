/* SPDX-License-Identifier: ISC
 *
 * The settings and their one setter: whatever the source, a value is parsed,
 * held against its range and kept with its origin here and nowhere else.
 */
#include "config/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_table.h"

const struct config_row config_rows[CONFIG_FIELDS] = {
#define CONFIG(field, type, value, min, max, unit, help)           \
	{#field, CONFIG_TYPE_##type, offsetof(struct config, field), \
	    value, min, max, unit, help},
#include "config/config.def"
#undef CONFIG
};
const char *const config_names[CONFIG_FIELDS] = {
#define CONFIG(field, ...) #field,
#include "config/config.def"
#undef CONFIG
};

const char **
config_text_at(struct config *c, enum config_field field)
{
	assert(config_type_is_text(config_rows[field].type));
	return (const char **)(void *)((char *)c + config_rows[field].offset);
}

int64_t *
config_number_at(struct config *c, enum config_field field)
{
	assert(!config_type_is_text(config_rows[field].type));
	return (int64_t *)(void *)((char *)c + config_rows[field].offset);
}

const char *
config_name(enum config_field field)
{
	return config_rows[field].name;
}

void
config_init(struct config *c, struct arena *mem)
{
	*c = (struct config){.mem = mem};
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct config_row *row = &config_rows[i];
		bool ok = true;

		if (config_type_is_text(row->type))
			*config_text_at(c, i) = row->value;
		else
			ok = config_number_parse(row->type, str_of(row->value),
			    config_number_at(c, i));
		assert(ok);
		c->sources[i] = (struct config_source){CONFIG_DEFAULT, ""};
	}
}

static bool
refuse(const struct config_row *row, struct str value, struct err *err)
{
	char text[200];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	config_wanted(row, &b);
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "\"%.*s\" cannot be used, give %.*s",
	    value.n < 80 ? (int)value.n : 80, value.p, STR_ARG(buf_view(&b)));
}

static bool
is_choice(const struct config_row *row, struct str value)
{
	struct str words = str_of(row->unit);

	while (words.p != NULL) {
		if (str_eq(str_cut(&words, '|'), value))
			return true;
	}
	return false;
}

static bool
is_printable(struct str value)
{
	size_t bad;

	for (size_t i = 0; i < value.n; i++) {
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return false;
	}
	return str_is_utf8(value, &bad);
}

/* A field that nothing need be given for may be given nothing. */
static bool
is_address(const struct config_row *row, const char *value)
{
	struct config_address ignored;
	struct err err;

	return (value[0] == '\0' && row->value[0] == '\0') ||
	    config_address_parse(value, &ignored, &err);
}

static bool
are_networks(struct str list)
{
	while (list.n > 0) {
		struct str network = str_trim(str_cut(&list, ','));

		if (!str_eq(network, STR("private")) &&
		    !config_is_network(network))
			return false;
	}
	return true;
}

static bool
set_text(struct config *c, enum config_field field, struct str value,
    struct err *err)
{
	const struct config_row *row = &config_rows[field];
	struct str copy;

	if (!is_printable(value))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the value has control characters or is not UTF-8");
	copy = arena_str(c->mem, value);
	if (copy.p == NULL)
		return arena_err(c->mem, "the configuration", err);
	if (row->type == CONFIG_TYPE_CHOICE && !is_choice(row, value))
		return refuse(row, value, err);
	if (row->type == CONFIG_TYPE_ADDRESS && !is_address(row, copy.p))
		return refuse(row, value, err);
	if (row->type == CONFIG_TYPE_NETWORKS && !are_networks(value))
		return refuse(row, value, err);
	*config_text_at(c, field) = copy.p;
	return true;
}

bool
config_set(struct config *c, enum config_field field, struct str value,
    struct config_source source, struct err *err)
{
	const struct config_row *row = &config_rows[field];
	struct str where = arena_str(c->mem, str_of(source.where));
	int64_t v;

	if (where.p == NULL)
		return arena_err(c->mem, "the configuration", err);
	if (config_type_is_text(row->type)) {
		if (!set_text(c, field, value, err))
			return false;
	} else {
		if (!config_number_parse(row->type, value, &v))
			return refuse(row, value, err);
		if ((v < row->min || v > row->max) &&
		    !(row->type == CONFIG_TYPE_AUTO &&
		    str_eq_nocase(value, STR("auto"))))
			return refuse(row, value, err);
		*config_number_at(c, field) = v;
	}
	c->sources[field] = (struct config_source){source.origin, where.p};
	return true;
}

static bool
is_slot(struct str slot)
{
	if (slot.n == 0 || slot.n > CONFIG_SLOT_MAX)
		return false;
	for (size_t i = 0; i < slot.n; i++) {
		char ch = slot.p[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    (ch >= '0' && ch <= '9') ||
		    (i > 0 && (ch == '_' || ch == '.' || ch == '-'))))
			return false;
	}
	return true;
}

bool
config_set_model(struct config *c, struct str slot, struct str file,
    struct str schema, struct config_source source, struct err *err)
{
	struct config_model model = {.source.origin = source.origin};
	size_t i = 0;

	if (!is_slot(slot))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "\"%.*s\" cannot name a model, give 1 to %d letters,"
		    " digits, _ . or -, first a letter or digit",
		    slot.n < 80 ? (int)slot.n : 80, slot.p, CONFIG_SLOT_MAX);
	if (file.n == 0 || !is_printable(file) || !is_printable(schema))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "model %.*s needs a file, give SLOT=FILE", STR_ARG(slot));
	while (i < c->n_models && !str_eq(str_of(c->models[i].slot), slot))
		i++;
	if (i < c->n_models && c->models[i].source.origin == source.origin)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "model %.*s is given twice", STR_ARG(slot));
	if (i == CONFIG_MODELS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "model %.*s is one too many, there may be %d",
		    STR_ARG(slot), CONFIG_MODELS_MAX);
	model.slot = arena_str(c->mem, slot).p;
	model.file = arena_str(c->mem, file).p;
	model.schema = schema.n > 0 ? arena_str(c->mem, schema).p : NULL;
	model.source.where = arena_str(c->mem, str_of(source.where)).p;
	if (c->mem->over)
		return arena_err(c->mem, "the configuration", err);
	c->models[i] = model;
	if (i == c->n_models)
		c->n_models++;
	return true;
}

/* The directory under which programs of this user keep what they know. Root's
 * home is no place for it: nobody that root becomes could go there. */
static bool
state_home(char *text, size_t n, struct err *err)
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int len;

	if (xdg != NULL && xdg[0] == '/')
		len = snprintf(text, n, "%s", xdg);
	else if (geteuid() == 0)
		len = snprintf(text, n, "/var/lib");
	else if (home != NULL && home[0] == '/')
		len = snprintf(text, n, "%s/.local/state", home);
	else
		return err_set(err, ERR_INPUT, ERR_NOWHERE, "no HOME to keep"
		    " state under: give --state-dir DIRECTORY");
	if (len < 0 || (size_t)len >= n)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path of the state directory is too long: give"
		    " --state-dir DIRECTORY");
	return true;
}

bool
config_state_dir(const struct config *c, uint16_t port, struct arena *mem,
    const char **ret, struct err *err)
{
	struct config_address address;
	char home[4096], path[4096 + 300];
	struct str kept;

	if (c->state_dir[0] != '\0') {
		*ret = c->state_dir;
		return true;
	}
	if (!config_address_parse(c->listen, &address, err) ||
	    !state_home(home, sizeof(home), err))
		return false;
	for (char *p = address.host; *p != '\0'; p++) {
		if (*p == ':' || *p == '%')
			*p = '_';
	}
	snprintf(path, sizeof(path), "%s/lightscore/%s-%u", home,
	    address.host, address.port != 0 ? address.port : port);
	kept = arena_str(mem, str_of(path));
	if (kept.p == NULL)
		return arena_err(mem, "the configuration", err);
	*ret = kept.p;
	return true;
}
