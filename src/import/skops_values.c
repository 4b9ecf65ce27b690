/* SPDX-License-Identifier: ISC
 *
 * Nodes of a skops file that hold Python's own values: numbers and texts, as
 * json.dumps wrote them, and what is made of other nodes.
 */
#include "import/skops_tree.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

static bool
is_class(const cJSON *state, const char *module, const char *name)
{
	return str_eq(skops_text(state, "__module__"), str_of(module)) &&
	    str_eq(skops_text(state, "__class__"), str_of(name));
}

static struct node *
make_text(struct skops *k, struct str text)
{
	struct node *n = skops_node(k, NODE_TEXT);

	if (n != NULL)
		n->text = text;
	return n;
}

/* A text in JSON's quotes; only where it has escapes does it take a parser. */
static bool
unquote(struct skops *k, struct str s, struct node *n)
{
	const struct json_limits limits = {.depth = 1, .values = 1};
	const cJSON *json;

	n->kind = NODE_TEXT;
	if (memchr(s.p, '\\', s.n) == NULL && s.n >= 2 &&
	    s.p[s.n - 1] == '"' && memchr(s.p + 1, '"', s.n - 2) == NULL) {
		n->text = (struct str){s.p + 1, s.n - 2};
		return true;
	}
	if (!json_parse(k->mem, s, &limits, &json, k->err))
		return err_context(k->err, "schema.json: a text");
	n->text = str_of(json->valuestring);
	return true;
}

static bool
is_integer(struct str s)
{
	if (s.n > 1 && s.p[0] == '-')
		s = (struct str){s.p + 1, s.n - 1};
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool
number_node(struct str s, struct node *n)
{
	struct str digits = s;
	bool negative;
	uint64_t u;

	if (s.n == 0)
		return false;
	negative = s.p[0] == '-';
	if (negative)
		digits = (struct str){s.p + 1, s.n - 1};
	if (!is_integer(s)) {
		n->kind = NODE_FLOAT;
		return number_parse(s, &n->real);
	}
	if (!number_parse_u64(digits, &u) || u > INT64_MAX) {
		n->kind = NODE_BIG;
		n->text = s;
		return true;
	}
	n->kind = NODE_INT;
	n->integer = negative ? -(int64_t)u : (int64_t)u;
	return true;
}

/* What json.dumps made of None, a bool, a number or a text. */
bool
skops_load_json(struct skops *k, const cJSON *state, struct node *n)
{
	struct str s = skops_text(state, "content");

	if (s.n > 0 && s.p[0] == '"')
		return unquote(k, s, n);
	if (str_eq(s, STR("null"))) {
		n->kind = NODE_NONE;
		return true;
	}
	if (str_eq(s, STR("true")) || str_eq(s, STR("false"))) {
		n->kind = NODE_BOOL;
		n->integer = s.p[0] == 't';
		return true;
	}
	return number_node(s, n) ||
	    skops_fault(k, "a value that is no number, text, boolean or "
	    "null", "");
}

bool
skops_load_list(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_LIST;
	return skops_put_all(k, skops_get(state, "content"), n);
}

bool
skops_load_set(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_SET;
	return skops_put_all(k, skops_get(state, "content"), n);
}

bool
skops_load_tuple(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args;

	if (is_class(state, "builtins", "tuple")) {
		n->kind = NODE_TUPLE;
		return skops_put_all(k, skops_get(state, "content"), n);
	}
	/* Named tuples are made of their items. */
	args = skops_node(k, NODE_TUPLE);
	return args != NULL &&
	    skops_put_all(k, skops_get(state, "content"), args) &&
	    skops_object(k, state, args, n);
}

/* JSON's keys are texts: the key's class says what it was. */
static struct node *
read_key(struct skops *k, const char *text, const cJSON *type)
{
	struct str s = str_of(text), class = skops_text(type, "__class__");
	struct node *key = make_text(k, s), number = {0};

	if (key != NULL && (str_has_prefix(class, STR("int")) ||
	    str_has_prefix(class, STR("uint")) ||
	    str_has_prefix(class, STR("float"))) && number_node(s, &number))
		*key = number;
	return key;
}

bool
skops_load_dict(struct skops *k, const cJSON *state, struct node *n)
{
	const cJSON *content = skops_get(state, "content");
	const cJSON *types = skops_get(skops_get(state, "key_types"),
	    "content");
	const cJSON *type = cJSON_IsArray(types) ? types->child : NULL;

	n->kind = NODE_DICT;
	if (!cJSON_IsObject(content))
		return skops_fault(k, "a dict without content", "");
	for (const cJSON *i = content->child; i != NULL; i = i->next) {
		if (!skops_put(k, n, read_key(k, i->string, type)) ||
		    !skops_put(k, n, skops_read_node(k, i)))
			return false;
		type = type != NULL ? type->next : NULL;
	}
	return true;
}

/* defaultdict, and a dict of scikit-learn's before 1.2. */
bool
skops_load_main_dict(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *inner = skops_read_node(k,
	    skops_get(skops_get(state, "content"), "main"));

	if (inner == NULL)
		return false;
	if (inner->kind != NODE_DICT)
		return skops_fault(k, "a dict without content", "");
	*n = *inner;
	return true;
}

bool
skops_load_slice(struct skops *k, const cJSON *state, struct node *n)
{
	static const char *const names[] = {"start", "stop", "step"};
	struct node *args = skops_node(k, NODE_TUPLE);

	for (size_t i = 0; args != NULL && i < countof(names); i++) {
		const cJSON *v = skops_get(skops_get(state, "content"),
		    names[i]);
		struct node *item = skops_node(k, NODE_NONE);

		if (item != NULL && v != NULL && json_is_integer(v) &&
		    fabs(v->valuedouble) < 0x1p53) {
			item->kind = NODE_INT;
			item->integer = (int64_t)v->valuedouble;
		}
		if (!skops_put(k, args, item))
			return false;
	}
	return args != NULL && skops_object(k, state, args, n);
}

bool
skops_load_bytes(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_BYTES;
	return archive_read(k->archive, skops_text(state, "file"), &n->text,
	    k->err);
}
