/* SPDX-License-Identifier: ISC
 *
 * Reading values out of a tree. A getter that fails names the file, the
 * line and the key, what it wanted and what stands there.
 */
#include "yaml/yaml.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/number.h"

const struct yaml_node *
yaml_find(const struct yaml_node *map, const char *key)
{
	struct str name = str_of(key);

	if (map == NULL || map->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		if (str_eq(c->key, name))
			return c;
	}
	return NULL;
}

bool
yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && !node->quoted &&
	    (node->text.n == 0 || str_eq(node->text, STR("~")) ||
	    str_eq_nocase(node->text, STR("null")));
}

static bool
parse_bool(const struct yaml_node *node, bool *ret)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = {{"true", true}, {"false", false}, {"yes", true},
	    {"no", false}, {"on", true}, {"off", false}};

	if (node->kind != YAML_SCALAR || node->quoted)
		return false;
	for (size_t i = 0; i < countof(words); i++) {
		if (str_eq_nocase(node->text, str_of(words[i].text))) {
			*ret = words[i].value;
			return true;
		}
	}
	return false;
}

static bool
parse_number(const struct yaml_node *node, double *ret)
{
	struct str s = node->text;

	if (node->kind != YAML_SCALAR || node->quoted || s.n == 0)
		return false;
	if (str_eq_nocase(s, STR(".nan"))) {
		*ret = NAN;
		return true;
	}
	if (str_eq_nocase(s, STR(".inf")) || str_eq_nocase(s, STR("+.inf"))) {
		*ret = INFINITY;
		return true;
	}
	if (str_eq_nocase(s, STR("-.inf"))) {
		*ret = -INFINITY;
		return true;
	}
	/* nan and inf without the point are words in YAML. */
	return number_parse(s, ret) && isfinite(*ret);
}

const char *
yaml_kind_name(const struct yaml_node *node)
{
	double number;
	bool yes;

	if (node->kind == YAML_SEQUENCE)
		return "a list";
	if (node->kind == YAML_MAPPING)
		return "a mapping";
	if (yaml_is_null(node))
		return "nothing";
	if (parse_bool(node, &yes))
		return "true or false";
	return parse_number(node, &number) ? "a number" : "text";
}

bool
yaml_err(const struct yaml_node *node, struct err *err, const char *fmt, ...)
{
	char sentence[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	if (node->key.n > 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s:%u: %.*s: %s",
		    node->file, node->line,
		    node->key.n < 64 ? (int)node->key.n : 64, node->key.p,
		    sentence);
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s:%u: %s", node->file,
	    node->line, sentence);
}

static bool
unexpected(const struct yaml_node *node, const char *wanted, struct err *err)
{
	if (node->kind == YAML_SCALAR && node->text.n > 0)
		return yaml_err(node, err, "expected %s, got %s %.*s%s",
		    wanted, yaml_kind_name(node),
		    node->text.n < 40 ? (int)node->text.n : 40, node->text.p,
		    node->text.n <= 40 ? "" : "...");
	return yaml_err(node, err, "expected %s, got %s", wanted,
	    yaml_kind_name(node));
}

bool
yaml_expect(const struct yaml_node *node, enum yaml_kind kind, struct err *err)
{
	static const char *const wanted[] = {
	    [YAML_SCALAR] = "a single value",
	    [YAML_SEQUENCE] = "a list",
	    [YAML_MAPPING] = "a mapping",
	};

	return node->kind == kind || unexpected(node, wanted[kind], err);
}

bool
yaml_text(const struct yaml_node *node, struct str *ret, struct err *err)
{
	if (node->kind != YAML_SCALAR || yaml_is_null(node))
		return unexpected(node, "text", err);
	*ret = node->text;
	return true;
}

bool
yaml_number(const struct yaml_node *node, double *ret, struct err *err)
{
	return parse_number(node, ret) || unexpected(node, "a number", err);
}

bool
yaml_integer(const struct yaml_node *node, int64_t *ret, struct err *err)
{
	double v;

	/* Beyond 2^53 a double no longer names one integer. */
	if (!parse_number(node, &v) || v != floor(v) ||
	    fabs(v) > 9007199254740992.0)
		return unexpected(node, "an integer", err);
	*ret = (int64_t)v;
	return true;
}

bool
yaml_bool(const struct yaml_node *node, bool *ret, struct err *err)
{
	return parse_bool(node, ret) ||
	    unexpected(node, "true or false", err);
}

bool
yaml_known_keys(const struct yaml_node *map, const char *const names[],
    size_t n, struct err *err)
{
	if (!yaml_expect(map, YAML_MAPPING, err))
		return false;
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		struct yaml_node at = {.file = c->file, .line = c->line};
		const char *near;
		size_t i = 0;

		while (i < n && !str_eq(c->key, str_of(names[i])))
			i++;
		if (i < n)
			continue;
		near = nearest_name(c->key, names, n);
		if (near == NULL)
			return yaml_err(&at, err, "unknown key \"%.*s\"",
			    c->key.n < 64 ? (int)c->key.n : 64, c->key.p);
		return yaml_err(&at, err,
		    "unknown key \"%.*s\", did you mean \"%s\"?",
		    c->key.n < 64 ? (int)c->key.n : 64, c->key.p, near);
	}
	return true;
}
