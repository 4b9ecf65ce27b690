/* SPDX-License-Identifier: ISC
 *
 * Schema files: YAML to what the builder wants to be told. The file is
 * checked for what it says by itself when loaded, and against the model when
 * applied; the tree is kept in between, so that messages name the line.
 */
#include "import/schema.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "import/schema_example.h"
#include "yaml/yaml.h"

struct schema {
	struct arena *mem;
	const struct yaml_node *root;
};

static const char *const model_keys[] = {
#define MODEL(key) #key,
#include "import/schema.def"
#undef MODEL
};

static const char *const input_keys[] = {
#define INPUT(key) #key,
#include "import/schema.def"
#undef INPUT
};

/* --- the file by itself --------------------------------------------------- */

static bool
check_inputs(const struct yaml_node *inputs, struct err *err)
{
	struct str name;

	if (inputs == NULL)
		return true;
	if (!yaml_expect(inputs, YAML_SEQUENCE, err))
		return false;
	for (const struct yaml_node *i = inputs->first; i != NULL;
	     i = i->next) {
		if (!yaml_known_keys(i, input_keys, countof(input_keys), err))
			return false;
		if (yaml_find(i, "name") == NULL)
			return yaml_err(i, err, "an input without a name");
		if (!yaml_text(yaml_find(i, "name"), &name, err))
			return false;
	}
	return true;
}

bool
schema_load(const char *path, struct arena *mem, const struct schema **ret,
    struct err *err)
{
	struct schema *s = ARENA_NEW(mem, struct schema);

	if (s == NULL)
		return arena_err(mem, path, err);
	s->mem = mem;
	if (!yaml_load(path, mem, &s->root, err) ||
	    !yaml_known_keys(s->root, model_keys, countof(model_keys), err) ||
	    !check_inputs(yaml_find(s->root, "inputs"), err))
		return false;
	*ret = s;
	return true;
}

void
schema_name_class(const struct schema *schema, struct model_class *class)
{
	const struct yaml_node *map = schema != NULL ?
	    yaml_find(schema->root, "classes") : NULL;

	if (map == NULL || map->kind != YAML_MAPPING)
		return;
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		if (c->kind != YAML_SCALAR || !str_eq(c->key, class->text))
			continue;
		class->kind = CLASS_TEXT;
		class->text = c->text;
		return;
	}
}

/* --- inputs --------------------------------------------------------------- */

/* Which of the words a plain or quoted scalar is. */
static bool
read_word(const struct yaml_node *n, const char *const words[], size_t count,
    size_t *ret, struct err *err)
{
	char list[80];
	struct buf b;
	struct str s;

	if (!yaml_text(n, &s, err))
		return false;
	buf_init(&b, list, sizeof(list));
	for (size_t i = 0; i < count; i++) {
		if (str_eq(s, str_of(words[i]))) {
			*ret = i;
			return true;
		}
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", words[i]);
	}
	return yaml_err(n, err, "expected one of %.*s, got %.*s", (int)b.n,
	    b.p, (int)(s.n < 40 ? s.n : 40), s.p);
}

static bool
read_flag(const struct yaml_node *input, const char *key, bool *ret,
    struct err *err)
{
	const struct yaml_node *n = yaml_find(input, key);

	return n == NULL || yaml_bool(n, ret, err);
}

/* A value of the input's own kind; nothing stands for missing. */
static bool
read_value(const struct yaml_node *n, enum model_kind kind, double *number,
    struct str *text, struct err *err)
{
	*number = NAN;
	*text = (struct str){NULL, 0};
	if (yaml_is_null(n))
		return true;
	return kind == MODEL_NUMBER ? yaml_number(n, number, err) :
	    yaml_text(n, text, err);
}

static bool
read_aliases(const struct schema *s, const struct yaml_node *map,
    struct model_field *f, struct err *err)
{
	struct model_alias *aliases;
	uint32_t i = 0;

	if (map == NULL)
		return true;
	if (!yaml_expect(map, YAML_MAPPING, err))
		return false;
	aliases = ARENA_ARRAY(s->mem, map->n + 1, struct model_alias);
	if (aliases == NULL)
		return arena_err(s->mem, map->file, err);
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		struct model_alias *a = &aliases[i++];
		struct yaml_node key = {.kind = YAML_SCALAR, .text = c->key,
		    .file = c->file, .line = c->line,
		    .quoted = c->key_quoted};
		struct err no_integer;

		/* To YAML a plain true is a boolean, which is no alias. */
		if (!key.quoted && (str_eq_nocase(key.text, STR("true")) ||
		    str_eq_nocase(key.text, STR("false")))) {
			key.key = key.text;
			return yaml_err(&key, err, "a boolean is no alias: "
			    "say `booleans: true` and it stands for 1 or 0, "
			    "or put quotes around the text");
		}
		/* A plain integer is the JSON integer, all else is text. */
		a->from_integer = yaml_integer(&key, &a->integer,
		    &no_integer);
		a->text = c->key;
		if (!read_value(c, f->kind, &a->to_number, &a->to, err))
			return false;
		if (yaml_is_null(c))
			return yaml_err(c, err, "an alias without a value");
	}
	f->aliases = aliases;
	f->n_aliases = i;
	return true;
}

static bool
read_range(const struct yaml_node *n, struct model_field *f, struct err *err)
{
	if (n == NULL)
		return true;
	if (!yaml_expect(n, YAML_SEQUENCE, err))
		return false;
	if (n->n != 2)
		return yaml_err(n, err, "expected [low, high]");
	f->has_range = true;
	return yaml_number(n->first, &f->low, err) &&
	    yaml_number(n->first->next, &f->high, err);
}

/* The column an input names, or an error that lists what the model has. */
static bool
find_column(const struct yaml_node *name, const struct model_build *b,
    uint32_t *ret, struct err *err)
{
	int64_t found = model_build_find_input(b, name->text);
	char list[240];
	struct buf text;

	if (found >= 0) {
		*ret = (uint32_t)found;
		return true;
	}
	buf_init(&text, list, sizeof(list));
	for (uint32_t i = 0; i < model_build_inputs(b) && !text.over; i++)
		buf_printf(&text, "%s%.*s", i > 0 ? ", " : "",
		    STR_ARG(model_build_input_name(b, i)));
	return yaml_err(name, err,
	    "the model has no input %.*s; it has %.*s%s",
	    (int)(name->text.n < 60 ? name->text.n : 60), name->text.p,
	    (int)text.n, text.p, text.over ? "..." : "");
}

/* Keys that would do nothing for a column of this kind. */
static bool
check_kind(const struct yaml_node *input, const struct model_field *f,
    struct err *err)
{
	if (f->kind == MODEL_TEXT && f->has_range)
		return yaml_err(yaml_find(input, "range"), err,
		    "only a number has a range; `closed: true` allows a text "
		    "its categories alone");
	if (f->kind == MODEL_NUMBER && f->closed)
		return yaml_err(yaml_find(input, "closed"), err,
		    "only a text can be closed; a number has a `range`");
	if (f->kind == MODEL_NUMBER && f->loose && f->n_aliases == 0)
		return yaml_err(yaml_find(input, "loose"), err,
		    "only a text can be loose, or a number with aliases");
	return true;
}

/* "schema FILE:LINE". */
static struct str
origin_of(const struct yaml_node *n, char text[PATH_MAX + 32])
{
	int len = snprintf(text, PATH_MAX + 32, "schema %s:%u", n->file,
	    n->line);

	assert(len > 0 && len < PATH_MAX + 32);
	return (struct str){text, (size_t)len};
}

static bool
note_origin(const struct yaml_node *n, uint32_t column,
    enum field_line line, struct model_build *b, struct err *err)
{
	char text[PATH_MAX + 32];

	return model_build_origin(b, column, line, origin_of(n, text), err);
}

/* Which lines of the column the keys of its entry have said. */
static bool
note_origins(const struct yaml_node *input, uint32_t column,
    struct model_build *b, struct err *err)
{
	static const struct {
		const char *key;
		enum field_line line;
	} lines[] = {
	    /* An input with a default is no longer required; the key
	     * `required` has the last word. */
	    {"default", LINE_REQUIRED},
	    {"type", LINE_KIND},
	    {"required", LINE_REQUIRED},
	    {"null", LINE_NULL},
	    {"default", LINE_DEFAULT},
	    {"closed", LINE_CLOSED},
	    {"range", LINE_RANGE},
	    {"booleans", LINE_BOOLEANS},
	    {"loose", LINE_LOOSE},
	    {"aliases", LINE_ALIASES},
	    {"description", LINE_DESCRIPTION},
	};

	for (size_t i = 0; i < countof(lines); i++) {
		const struct yaml_node *n = yaml_find(input, lines[i].key);

		if (n != NULL && !note_origin(n, column, lines[i].line, b,
		    err))
			return false;
	}
	return true;
}

static bool
read_input(const struct schema *s, const struct yaml_node *input,
    struct model_build *b, struct err *err)
{
	/* The place of a kind is its enum model_kind; then what is one. */
	enum { KIND_INTEGER = MODEL_TEXT + 1 };
	static const char *const kinds[] = {[MODEL_NUMBER] = "number",
	    [MODEL_TEXT] = "text", [KIND_INTEGER] = "integer"};
	static const char *const nulls[] = {
	    [NULL_REFUSE] = "refuse", [NULL_MISSING] = "missing",
	    [NULL_DEFAULT] = "default"};
	const struct yaml_node *n;
	struct model_field f;
	uint32_t column = 0;
	size_t word;

	if (!find_column(yaml_find(input, "name"), b, &column, err))
		return false;
	model_build_field_default(b, column, &f);
	if ((n = yaml_find(input, "type")) != NULL) {
		if (!read_word(n, kinds, countof(kinds), &word, err))
			return false;
		f.integer = word == KIND_INTEGER;
		f.kind = f.integer ? MODEL_NUMBER : (enum model_kind)word;
	}
	if ((n = yaml_find(input, "null")) != NULL) {
		/* A plain null is no word to YAML, but this key is one. */
		if (!read_word(n, nulls, countof(nulls), &word, err))
			return false;
		f.null = (enum model_null)word;
	}
	if ((n = yaml_find(input, "default")) != NULL) {
		f.has_default = true;
		f.required = false;
		if (!read_value(n, f.kind, &f.default_number,
			&f.default_text, err))
			return false;
	}
	if ((n = yaml_find(input, "description")) != NULL &&
	    !yaml_text(n, &f.description, err))
		return false;
	if (!read_flag(input, "required", &f.required, err) ||
	    !read_flag(input, "loose", &f.loose, err) ||
	    !read_flag(input, "closed", &f.closed, err) ||
	    !read_flag(input, "booleans", &f.booleans, err) ||
	    !read_aliases(s, yaml_find(input, "aliases"), &f, err) ||
	    !read_range(yaml_find(input, "range"), &f, err) ||
	    !check_kind(input, &f, err))
		return false;
	if (!model_build_field(b, &f, err)) {
		char why[sizeof(err->text)];

		memcpy(why, err->text, sizeof(why));
		return yaml_err(input, err, "%s", why);
	}
	return note_origins(input, column, b, err);
}

/* --- the rest ------------------------------------------------------------- */

/* Every label that `classes` names is one the model has. */
static bool
check_classes(const struct yaml_node *map, const struct model_build *b,
    struct err *err)
{
	struct str name;

	if (!yaml_expect(map, YAML_MAPPING, err))
		return false;
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		struct yaml_node at = {.file = c->file, .line = c->line};
		char list[200];
		struct buf labels;
		bool found = false;

		if (!yaml_text(c, &name, err))
			return false;
		buf_init(&labels, list, sizeof(list));
		for (uint32_t k = 0; k < model_build_classes(b); k++) {
			struct str label = model_build_class_text(b, k);

			found = found || str_eq(label, name);
			buf_printf(&labels, "%s%.*s", k > 0 ? ", " : "",
			    STR_ARG(label));
		}
		if (!found)
			return yaml_err(&at, err,
			    "the model has no class %.*s; it has %.*s",
			    (int)(c->key.n < 60 ? c->key.n : 60), c->key.p,
			    (int)labels.n, labels.p);
	}
	return true;
}

/* The names of several targets, in the order of training. */
static bool
read_targets(const struct yaml_node *list, struct model_build *b,
    struct err *err)
{
	uint32_t n = model_build_targets(b), i = 0;
	char text[PATH_MAX + 32];
	struct str name;

	if (!yaml_expect(list, YAML_SEQUENCE, err))
		return false;
	if (n <= 1)
		return yaml_err(list, err,
		    "only the labels of a model that predicts several have "
		    "names");
	if (list->n != n)
		return yaml_err(list, err, "expected %u names, one of each "
		    "target in the order of training", n);
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		if (!yaml_text(c, &name, err))
			return false;
		if (!model_build_name_target(b, i, name, err)) {
			char why[sizeof(err->text)];

			memcpy(why, err->text, sizeof(why));
			return yaml_err(c, err, "%s", why);
		}
		if (!model_build_target_origin(b, i++, origin_of(c, text),
			err))
			return false;
	}
	return true;
}

static bool
read_facts(const struct schema *s, struct model_build *b, struct err *err)
{
	static const struct {
		const char *key;
		enum model_fact fact;
	} facts[] = {
	    {"name", FACT_NAME},
	    {"title", FACT_TITLE},
	    {"description", FACT_DESCRIPTION},
	    {"version", FACT_VERSION},
	};

	for (size_t i = 0; i < countof(facts); i++) {
		const struct yaml_node *n = yaml_find(s->root, facts[i].key);
		struct str text;

		if (n != NULL && (!yaml_text(n, &text, err) ||
			!model_build_fact(b, facts[i].fact, text, err)))
			return false;
	}
	return true;
}

bool
schema_apply(const struct schema *s, struct model_build *b, struct err *err)
{
	const struct yaml_node *n;
	double threshold;

	if (s == NULL)
		return true;
	if (!read_facts(s, b, err))
		return false;
	if ((n = yaml_find(s->root, "classes")) != NULL &&
	    !check_classes(n, b, err))
		return false;
	if ((n = yaml_find(s->root, "targets")) != NULL &&
	    !read_targets(n, b, err))
		return false;
	if ((n = yaml_find(s->root, "threshold")) != NULL) {
		if (!yaml_number(n, &threshold, err))
			return false;
		if (!(threshold > 0 && threshold < 1))
			return yaml_err(n, err,
			    "expected a number between 0 and 1");
		if (model_build_targets(b) != 1 ||
		    model_build_classes(b) != 2)
			return yaml_err(n, err,
			    "only a model of two classes has a threshold");
		if (!model_build_has_probabilities(b))
			return yaml_err(n, err,
			    "the model has no probabilities to hold against "
			    "a threshold");
		model_build_figure(b, FIGURE_THRESHOLD, threshold);
	}
	if ((n = yaml_find(s->root, "inputs")) != NULL)
		for (const struct yaml_node *i = n->first; i != NULL;
		     i = i->next)
			if (!read_input(s, i, b, err))
				return false;
	return schema_example_apply(yaml_find(s->root, "example"),
	    yaml_find(s->root, "answer"), s->mem, b, err);
}
