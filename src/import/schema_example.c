/* SPDX-License-Identifier: ISC
 *
 * The example of a schema and the answer recorded for it, from YAML to the
 * JSON that clients would send and get.
 */
#include "import/schema_example.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"

/* A plain scalar as JSON: a number or true or false as such, else text. */
static void
put_scalar(struct buf *b, const struct yaml_node *n)
{
	struct err ignored;
	double number;
	int64_t integer;
	bool yes;

	if (yaml_is_null(n))
		buf_text(b, "null");
	else if (memchr(n->text.p, '.', n->text.n) == NULL &&
	    yaml_integer(n, &integer, &ignored))
		buf_printf(b, "%lld", (long long)integer);
	else if (yaml_number(n, &number, &ignored) && isfinite(number))
		buf_double(b, number);
	else if (!n->quoted && (str_eq(n->text, STR("true")) ||
	    str_eq(n->text, STR("false"))) && yaml_bool(n, &yes, &ignored))
		buf_str(b, n->text);
	else
		buf_json(b, n->text);
}

/* Bytes that put_value may write, at most. */
static size_t
value_bytes(const struct yaml_node *n)
{
	/* A byte becomes at most six: \u0001. */
	size_t bytes = 6 * (n->key.n + n->text.n) + NUMBER_MAX + 8;

	for (const struct yaml_node *c = n->first; c != NULL; c = c->next)
		bytes += value_bytes(c);
	return bytes;
}

/* A scalar, a sequence or a mapping; the depth of a YAML tree is bounded. */
static bool
put_value(struct buf *b, const struct yaml_node *n, struct err *err)
{
	bool list = n->kind == YAML_SEQUENCE;

	if (n->kind == YAML_SCALAR) {
		put_scalar(b, n);
		return true;
	}
	if (!list && !yaml_expect(n, YAML_MAPPING, err))
		return false;
	buf_char(b, list ? '[' : '{');
	for (const struct yaml_node *c = n->first; c != NULL; c = c->next) {
		if (c != n->first)
			buf_text(b, ", ");
		if (!list) {
			buf_json(b, c->key);
			buf_text(b, ": ");
		}
		if (!put_value(b, c, err))
			return false;
	}
	buf_char(b, list ? ']' : '}');
	return true;
}

/* `before`, the value as JSON, `after`. */
static bool
make_json(const struct yaml_node *n, const char *before, const char *after,
    struct arena *mem, struct str *ret, struct err *err)
{
	size_t cap = value_bytes(n) + strlen(before) + strlen(after);
	char *text = arena_alloc(mem, cap);
	struct buf b;

	if (text == NULL)
		return arena_err(mem, n->file, err);
	buf_init(&b, text, cap);
	buf_text(&b, before);
	if (!put_value(&b, n, err))
		return false;
	buf_text(&b, after);
	*ret = buf_view(&b);
	return true;
}

static struct str
place_of(const struct yaml_node *n, char text[PATH_MAX + 32],
    const char *what)
{
	int len = snprintf(text, PATH_MAX + 32, "%s:%u%s", n->file, n->line,
	    what);

	return (struct str){text, len < PATH_MAX + 32 ? (size_t)len :
	    PATH_MAX + 31};
}

static bool
check_example(const struct yaml_node *example, struct err *err)
{
	if (!yaml_expect(example, YAML_MAPPING, err))
		return false;
	for (const struct yaml_node *c = example->first; c != NULL;
	     c = c->next)
		if (!yaml_expect(c, YAML_SCALAR, err))
			return false;
	return true;
}

static bool
apply_answer(const struct yaml_node *answer,
    const struct yaml_node *example, struct arena *mem,
    struct model_build *b, struct err *err)
{
	static const char *const keys[] = {"prediction", "probability",
	    "probabilities"};
	bool whole = answer->kind == YAML_MAPPING;
	char place[PATH_MAX + 32];
	struct model_trial trial;

	if (example == NULL)
		return yaml_err(answer, err, "an answer without an example");
	if (whole && !yaml_known_keys(answer, keys, countof(keys), err))
		return false;
	if (!make_json(example, "[", "]", mem, &trial.rows, err) ||
	    !make_json(answer, whole ? "[" : "[{\"prediction\": ",
		whole ? "]" : "}]", mem, &trial.answers, err))
		return false;
	trial.place = place_of(answer, place, ": answer");
	return model_build_trial(b, &trial, err);
}

bool
schema_example_apply(const struct yaml_node *example,
    const struct yaml_node *answer, struct arena *mem, struct model_build *b,
    struct err *err)
{
	char place[PATH_MAX + 32];
	struct str json;

	if (example != NULL && (!check_example(example, err) ||
	    !make_json(example, "", "", mem, &json, err) ||
	    !model_build_example(b, json, place_of(example, place, ""),
		err)))
		return false;
	return answer == NULL ||
	    apply_answer(answer, example, mem, b, err);
}
