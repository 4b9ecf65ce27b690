/* SPDX-License-Identifier: ISC
 *
 * Where settings come from: a YAML file, the environment, flags. Each only
 * finds the field and the text, gives them to the setter, and puts its place
 * before the setter's sentence.
 */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "config/config_table.h"
#include "yaml/yaml.h"

enum { NAME_MAX_BYTES = 64, PATH_BYTES = 4096 };

/* --- the file -------------------------------------------------------------- */

/* A path of the file is relative to the file's folder. */
static bool
beside(const char *file, struct str path, struct arena *mem, struct str *ret,
    struct err *err)
{
	const char *slash = strrchr(file, '/');
	char text[PATH_BYTES];
	int n;

	if (path.n == 0 || path.p[0] == '/' || slash == NULL) {
		*ret = path;
		return true;
	}
	n = snprintf(text, sizeof(text), "%.*s/%.*s", (int)(slash - file),
	    file, STR_ARG(path));
	if (n < 0 || (size_t)n >= sizeof(text))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the path is longer than %d bytes", PATH_BYTES);
	*ret = arena_str(mem, str_of(text));
	return ret->p != NULL || arena_err(mem, "the configuration", err);
}

static void
source_of(const struct yaml_node *node, char *text, size_t n)
{
	snprintf(text, n, "%s:%u", node->file, node->line);
}

static bool
read_model(struct config *c, const struct yaml_node *node, struct err *err)
{
	static const char *const keys[] = {"file", "schema"};
	const struct yaml_node *file = node, *schema = NULL;
	struct str path, schema_path = {NULL, 0};
	char where[PATH_BYTES];
	struct err why;

	if (node->kind == YAML_MAPPING) {
		if (!yaml_known_keys(node, keys, countof(keys), err))
			return false;
		file = yaml_find(node, "file");
		schema = yaml_find(node, "schema");
		if (file == NULL)
			return yaml_err(node, err,
			    "the key \"file\" is missing");
	}
	if (!yaml_text(file, &path, err) ||
	    (schema != NULL && !yaml_text(schema, &schema_path, err)))
		return false;
	source_of(node, where, sizeof(where));
	if (!beside(node->file, path, c->mem, &path, &why) ||
	    !beside(node->file, schema_path, c->mem, &schema_path, &why) ||
	    !config_set_model(c, node->key, path, schema_path,
	    (struct config_source){CONFIG_FILE, where}, &why))
		return yaml_err(node, err, "%s", why.text);
	return true;
}

static bool
read_field(struct config *c, enum config_field field,
    const struct yaml_node *node, struct err *err)
{
	struct str value;
	char where[PATH_BYTES];
	struct err why;

	if (!yaml_expect(node, YAML_SCALAR, err))
		return false;
	if (yaml_is_null(node))
		return yaml_err(node, err,
		    "the value is missing: give one or leave the key out");
	source_of(node, where, sizeof(where));
	value = node->text;
	if ((config_rows[field].type == CONFIG_TYPE_PATH &&
	    !beside(node->file, value, c->mem, &value, &why)) ||
	    !config_set(c, field, value,
	    (struct config_source){CONFIG_FILE, where}, &why))
		return yaml_err(node, err, "%s", why.text);
	return true;
}

bool
config_read(struct config *c, const char *path, struct err *err)
{
	const char *keys[CONFIG_FIELDS + 1];
	const struct yaml_node *root, *models;

	if (!yaml_load(path, c->mem, &root, err))
		return false;
	c->file = root->file;
	if (yaml_is_null(root))
		return true;
	memcpy(keys, config_names, sizeof(config_names));
	keys[CONFIG_FIELDS] = "models";
	if (!yaml_known_keys(root, keys, countof(keys), err))
		return false;
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		const struct yaml_node *node = yaml_find(root, keys[i]);

		if (node != NULL && !read_field(c, i, node, err))
			return false;
	}
	models = yaml_find(root, "models");
	if (models == NULL)
		return true;
	if (yaml_is_null(models) ||
	    (models->kind == YAML_MAPPING && models->first == NULL))
		return yaml_err(models, err, "no model is named: give SLOT: "
		    "FILE, or leave the key out to serve the shipped models");
	if (!yaml_expect(models, YAML_MAPPING, err))
		return false;
	for (const struct yaml_node *m = models->first; m != NULL; m = m->next)
		if (!read_model(c, m, err))
			return false;
	return true;
}

/* --- the environment -------------------------------------------------------- */

static void
variable_of(size_t field, char name[NAME_MAX_BYTES])
{
	snprintf(name, NAME_MAX_BYTES, "LIGHTSCORE_%s", config_names[field]);
	for (char *p = name; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - ('a' - 'A'));
	}
}

static bool
is_variable(struct str name)
{
	char known[NAME_MAX_BYTES];

	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		variable_of(i, known);
		if (str_eq(name, str_of(known)))
			return true;
	}
	return false;
}

bool
config_environment_unknown(size_t *at, char *name, size_t n)
{
	for (; environ != NULL && environ[*at] != NULL; ++*at) {
		struct str rest = str_of(environ[*at]);
		struct str variable = str_cut(&rest, '=');

		if (!str_has_prefix(variable, STR("LIGHTSCORE_")) ||
		    is_variable(variable))
			continue;
		snprintf(name, n, "%.*s", STR_ARG(variable));
		++*at;
		return true;
	}
	return false;
}

bool
config_environment(struct config *c, struct err *err)
{
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		char name[NAME_MAX_BYTES];
		const char *value;

		variable_of(i, name);
		value = getenv(name);
		if (value != NULL && !config_set(c, i, str_of(value),
		    (struct config_source){CONFIG_ENVIRONMENT, name}, err))
			return err_context(err, "%s", name);
	}
	return true;
}

/* --- flags ------------------------------------------------------------------ */

/* "--request-limit" names the field request_limit. */
static bool
is_flag_of(struct str name, const char *field)
{
	if (name.n != strlen(field))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] != (field[i] == '_' ? '-' : field[i]))
			return false;
	}
	return true;
}

static bool
find_flag(struct str name, enum config_field *ret)
{
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		if (is_flag_of(name, config_names[i])) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool
set_model_flag(struct config *c, struct str value, struct err *err)
{
	struct str file = value, slot = str_cut(&file, '=');

	if (config_set_model(c, slot, file, (struct str){NULL, 0},
	    (struct config_source){CONFIG_FLAG, "--model"}, err))
		return true;
	return err_context(err, "--model %.*s",
	    value.n < 80 ? (int)value.n : 80, value.p);
}

/* The value of a flag: what stands behind =, or the next argument. */
static bool
flag_value(int argc, char *const argv[], struct str behind, int *used,
    struct str *ret, struct err *err)
{
	*used = 1;
	*ret = behind;
	if (behind.p != NULL)
		return true;
	if (argc < 2)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s: the value is missing", argv[0]);
	*used = 2;
	*ret = str_of(argv[1]);
	return true;
}

bool
config_flag(struct config *c, int argc, char *const argv[], int *used,
    struct err *err)
{
	struct str arg = str_of(argv[0]), behind = arg, value;
	char where[NAME_MAX_BYTES];
	enum config_field field;
	struct config_source source = {CONFIG_FLAG, where};

	*used = 0;
	if (!str_has_prefix(arg, STR("--")))
		return true;
	arg = str_cut(&behind, '=');
	snprintf(where, sizeof(where), "%.*s", STR_ARG(arg));
	arg.p += 2;
	arg.n -= 2;
	if (str_eq(arg, STR("model")))
		return flag_value(argc, argv, behind, used, &value, err) &&
		    set_model_flag(c, value, err);
	if (find_flag(arg, &field)) {
		if (config_rows[field].type == CONFIG_TYPE_BOOL &&
		    behind.p == NULL) {
			*used = 1;
			value = STR("on");
		} else if (!flag_value(argc, argv, behind, used, &value, err))
			return false;
	} else if (str_has_prefix(arg, STR("no-")) && behind.p == NULL &&
	    find_flag((struct str){arg.p + 3, arg.n - 3}, &field) &&
	    config_rows[field].type == CONFIG_TYPE_BOOL) {
		*used = 1;
		value = STR("off");
	} else
		return true;
	return config_set(c, field, value, source, err) ||
	    err_context(err, "%s", where);
}

static bool
unknown_argument(const char *arg, struct err *err)
{
	char names[CONFIG_FIELDS][NAME_MAX_BYTES];
	const char *flags[CONFIG_FIELDS + 3];
	struct str name = str_of(arg), rest = name;
	const char *near;

	if (!str_has_prefix(name, STR("-")))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the argument \"%s\" is not taken; a model is named by "
		    "--model SLOT=FILE", arg);
	for (size_t i = 0; i < CONFIG_FIELDS; i++) {
		snprintf(names[i], sizeof(names[i]), "--%s", config_names[i]);
		for (char *p = names[i]; *p != '\0'; p++)
			if (*p == '_')
				*p = '-';
		flags[i] = names[i];
	}
	flags[CONFIG_FIELDS] = "--model";
	flags[CONFIG_FIELDS + 1] = "--no-web-server";
	flags[CONFIG_FIELDS + 2] = "--config";
	name = str_cut(&rest, '=');
	near = nearest_name(name, flags, countof(flags));
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "the flag %.*s is not known%s%s%s", STR_ARG(name),
	    near != NULL ? ", did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

/* -c FILE, --config FILE, --config=FILE; *used 0 for anything else. */
static bool
config_file_flag(int argc, char *const argv[], int *used, const char **ret,
    struct err *err)
{
	struct str behind = {NULL, 0}, value;

	*used = 0;
	if (strncmp(argv[0], "--config=", 9) == 0)
		behind = str_of(argv[0] + 9);
	else if (strcmp(argv[0], "-c") != 0 &&
	    strcmp(argv[0], "--config") != 0)
		return true;
	if (!flag_value(argc, argv, behind, used, &value, err))
		return false;
	*ret = value.p;
	return true;
}

/* Flags into c; *file is what -c names. */
static bool
read_flags(struct config *c, int argc, char *const argv[], const char **file,
    struct err *err)
{
	int used;

	for (int i = 1; i < argc; i += used) {
		if (!config_file_flag(argc - i, argv + i, &used, file, err))
			return false;
		if (used == 0 &&
		    !config_flag(c, argc - i, argv + i, &used, err))
			return false;
		if (used == 0)
			return unknown_argument(argv[i], err);
	}
	return true;
}

bool
config_check_flags(int argc, char *const argv[], struct arena *mem,
    struct err *err)
{
	const char *file = NULL;
	struct config c;

	config_init(&c, mem);
	return read_flags(&c, argc, argv, &file, err);
}

bool
config_load(struct config *c, int argc, char *const argv[],
    struct arena *mem, struct err *err)
{
	const char *file = NULL;

	/* Flags come last, but one of them names the file, and a wrong flag
	 * is told before a wrong file: so once to look, once to keep. */
	config_init(c, mem);
	if (!read_flags(c, argc, argv, &file, err))
		return false;
	config_init(c, mem);
	return (file == NULL || config_read(c, file, err)) &&
	    config_environment(c, err) &&
	    read_flags(c, argc, argv, &file, err);
}
