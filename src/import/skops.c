/* SPDX-License-Identifier: ISC
 *
 * skops files: a zip archive with schema.json, a tree that says of every
 * object its class, how skops would make it again, and what of; and a .npy
 * file an array. Here it becomes the same inert nodes as a pickle: a class
 * is its name, and nothing is resolved or made. An object that is met again
 * by its number is the same node, so nodes may form a cycle, as a pickle's.
 */
#include "import/skops.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "import/archive.h"
#include "import/node.h"
#include "import/npy.h"
#include "import/sklearn.h"
#include "json/json.h"

struct skops {
	struct arena *mem;
	struct archive *archive;
	struct memo *memo; /* nodes by number, open addressing */
	size_t memo_size, memo_n;
	struct err *err;
};

struct memo {
	double id;
	struct node *node; /* NULL: empty */
};

/* A node of the schema into one of ours, whose kind is still to be set. */
typedef bool loader(struct skops *k, const cJSON *state, struct node *n);

static struct node *read_node(struct skops *k, const cJSON *state);

static bool
fault(struct skops *k, const char *what, const char *detail)
{
	return err_set(k->err, ERR_INPUT, ERR_NOWHERE,
	    "schema.json: %s%s%.80s", what, *detail != '\0' ? ": " : "",
	    detail);
}

static bool
full(struct skops *k)
{
	return arena_err(k->mem, "the skops file", k->err);
}

/* --- the memo ------------------------------------------------------------- */

static struct memo *
place(const struct skops *k, double id)
{
	uint64_t bits;
	size_t i;

	memcpy(&bits, &id, sizeof(bits));
	i = (size_t)(bits * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
	    (k->memo_size - 1);
	while (k->memo[i].node != NULL && k->memo[i].id != id)
		i = (i + 1) & (k->memo_size - 1);
	return &k->memo[i];
}

static bool
remember(struct skops *k, double id, struct node *n)
{
	struct memo *old = k->memo;
	size_t old_size = k->memo_size;

	if (2 * k->memo_n >= k->memo_size) {
		k->memo_size = old_size > 0 ? 2 * old_size : 1024;
		k->memo = ARENA_ARRAY(k->mem, k->memo_size, struct memo);
		if (k->memo == NULL)
			return full(k);
		for (size_t i = 0; i < old_size; i++)
			if (old[i].node != NULL)
				*place(k, old[i].id) = old[i];
	}
	*place(k, id) = (struct memo){id, n};
	k->memo_n++;
	return true;
}

/* --- pieces --------------------------------------------------------------- */

/* The last of equal keys counts, as in Python. */
static const cJSON *
get(const cJSON *object, const char *key)
{
	const cJSON *found = NULL;

	if (!cJSON_IsObject(object))
		return NULL;
	for (const cJSON *i = object->child; i != NULL; i = i->next)
		if (strcmp(i->string, key) == 0)
			found = i;
	return found;
}

static struct str
get_text(const cJSON *object, const char *key)
{
	const cJSON *item = get(object, key);

	return cJSON_IsString(item) ? str_of(item->valuestring) :
	    (struct str){NULL, 0};
}

static struct node *
make(struct skops *k, enum node_kind kind)
{
	struct node *n = ARENA_NEW(k->mem, struct node);

	if (n == NULL)
		full(k);
	else
		n->kind = kind;
	return n;
}

static struct node *
make_text(struct skops *k, struct str text)
{
	struct node *n = make(k, NODE_TEXT);

	if (n != NULL)
		n->text = text;
	return n;
}

static struct node *
make_global(struct skops *k, struct str module, struct str name)
{
	struct node *n = make(k, NODE_GLOBAL);

	if (n != NULL) {
		n->global.module = module;
		n->global.name = name;
	}
	return n;
}

/* False where the item is NULL, which has told why. */
static bool
put(struct skops *k, struct node *list, struct node *item)
{
	return item != NULL &&
	    (node_append(k->mem, list, item) || full(k));
}

static bool
put_all(struct skops *k, const cJSON *list, struct node *n)
{
	if (!cJSON_IsArray(list))
		return fault(k, "a list without content", "");
	for (const cJSON *i = list->child; i != NULL; i = i->next)
		if (!put(k, n, read_node(k, i)))
			return false;
	return true;
}

/* Make n the call of the class that `state` names, with these arguments. */
static bool
make_object(struct skops *k, const cJSON *state, struct node *args,
    struct node *n)
{
	if (args == NULL && (args = make(k, NODE_TUPLE)) == NULL)
		return false;
	n->kind = NODE_OBJECT;
	n->object.callee = make_global(k, get_text(state, "__module__"),
	    get_text(state, "__class__"));
	n->object.args = args;
	return n->object.callee != NULL;
}

static bool
is_class(const cJSON *state, const char *module, const char *name)
{
	return str_eq(get_text(state, "__module__"), str_of(module)) &&
	    str_eq(get_text(state, "__class__"), str_of(name));
}

/* --- Python's own values -------------------------------------------------- */

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
static bool
load_json(struct skops *k, const cJSON *state, struct node *n)
{
	struct str s = get_text(state, "content");

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
	    fault(k, "a value that is no number, text, boolean or null", "");
}

static bool
load_list(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_LIST;
	return put_all(k, get(state, "content"), n);
}

static bool
load_set(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_SET;
	return put_all(k, get(state, "content"), n);
}

static bool
load_tuple(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args;

	if (is_class(state, "builtins", "tuple")) {
		n->kind = NODE_TUPLE;
		return put_all(k, get(state, "content"), n);
	}
	/* Named tuples are made of their items. */
	args = make(k, NODE_TUPLE);
	return args != NULL && put_all(k, get(state, "content"), args) &&
	    make_object(k, state, args, n);
}

/* JSON's keys are texts: the key's class says what it was. */
static struct node *
read_key(struct skops *k, const char *text, const cJSON *type)
{
	struct str s = str_of(text), class = get_text(type, "__class__");
	struct node *key = make_text(k, s), number = {0};

	if (key != NULL && (str_has_prefix(class, STR("int")) ||
	    str_has_prefix(class, STR("uint")) ||
	    str_has_prefix(class, STR("float"))) && number_node(s, &number))
		*key = number;
	return key;
}

static bool
load_dict(struct skops *k, const cJSON *state, struct node *n)
{
	const cJSON *content = get(state, "content");
	const cJSON *types = get(get(state, "key_types"), "content");
	const cJSON *type = cJSON_IsArray(types) ? types->child : NULL;

	n->kind = NODE_DICT;
	if (!cJSON_IsObject(content))
		return fault(k, "a dict without content", "");
	for (const cJSON *i = content->child; i != NULL; i = i->next) {
		if (!put(k, n, read_key(k, i->string, type)) ||
		    !put(k, n, read_node(k, i)))
			return false;
		type = type != NULL ? type->next : NULL;
	}
	return true;
}

/* defaultdict, and a dict of scikit-learn's before 1.2. */
static bool
load_main_dict(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *inner = read_node(k, get(get(state, "content"), "main"));

	if (inner == NULL)
		return false;
	if (inner->kind != NODE_DICT)
		return fault(k, "a dict without content", "");
	*n = *inner;
	return true;
}

static bool
load_slice(struct skops *k, const cJSON *state, struct node *n)
{
	static const char *const names[] = {"start", "stop", "step"};
	struct node *args = make(k, NODE_TUPLE);

	for (size_t i = 0; args != NULL && i < countof(names); i++) {
		const cJSON *v = get(get(state, "content"), names[i]);
		struct node *item = make(k, NODE_NONE);

		if (item != NULL && v != NULL && json_is_integer(v) &&
		    fabs(v->valuedouble) < 0x1p53) {
			item->kind = NODE_INT;
			item->integer = (int64_t)v->valuedouble;
		}
		if (!put(k, args, item))
			return false;
	}
	return args != NULL && make_object(k, state, args, n);
}

static bool
load_bytes(struct skops *k, const cJSON *state, struct node *n)
{
	n->kind = NODE_BYTES;
	return archive_read(k->archive, get_text(state, "file"), &n->text,
	    k->err);
}

/* --- classes, functions, objects ------------------------------------------ */

static bool
load_name(struct skops *k, const cJSON *state, struct node *n)
{
	const cJSON *old = get(state, "content"); /* a function, protocol 0 */
	bool is_old = get(old, "function") != NULL;

	(void)k;
	n->kind = NODE_GLOBAL;
	n->global.module = is_old ? get_text(old, "module_path") :
	    get_text(state, "__module__");
	n->global.name = is_old ? get_text(old, "function") :
	    get_text(state, "__class__");
	return true;
}

static bool
is_given(const cJSON *item)
{
	return item != NULL && !cJSON_IsNull(item);
}

static bool
load_object(struct skops *k, const cJSON *state, struct node *n)
{
	const cJSON *content = get(state, "content");

	if (!make_object(k, state, NULL, n))
		return false;
	if (is_given(content))
		n->object.state = read_node(k, content);
	return !is_given(content) || n->object.state != NULL;
}

/* The arguments of what skops would call. */
static struct node *
read_args(struct skops *k, const cJSON *state)
{
	struct node *args = read_node(k, state);

	if (args == NULL || args->kind == NODE_TUPLE)
		return args;
	fault(k, "arguments that are no tuple", "");
	return NULL;
}

static bool
load_constructor(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args = read_args(k, get(state, "content"));

	return args != NULL && make_object(k, state, args, n);
}

/* Trees and losses: arguments and a state. */
static bool
load_reduce(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args = read_args(k, get(get(state, "__reduce__"),
	    "args"));

	if (args == NULL || !make_object(k, state, args, n))
		return false;
	n->object.state = read_node(k, get(state, "content"));
	return n->object.state != NULL;
}

/* What never decides an answer: the class is enough to name it. */
static bool
load_class_only(struct skops *k, const cJSON *state, struct node *n)
{
	return make_object(k, state, NULL, n);
}

/* --- numpy ---------------------------------------------------------------- */

/* The items of an array of objects, one list a dimension, into one list. */
static bool
flatten(struct skops *k, const cJSON *list, const struct array *a,
    uint32_t dim, struct node *ret)
{
	size_t n = 0;

	if (!cJSON_IsArray(list))
		return fault(k, "an array without content", "");
	for (const cJSON *i = list->child; i != NULL; i = i->next, n++) {
		bool ok = dim + 1 == a->n_dims ?
		    put(k, ret, read_node(k, i)) :
		    flatten(k, get(i, "content"), a, dim + 1, ret);

		if (!ok)
			return false;
	}
	return n == a->dim[dim] ||
	    fault(k, "an array with another shape than its content", "");
}

static bool
objects_array(struct skops *k, const cJSON *state, struct array *a)
{
	struct node *shape = read_node(k, get(state, "shape"));
	struct node *list = make(k, NODE_LIST);

	if (shape == NULL || list == NULL || !array_shape(shape, a, k->err))
		return false;
	if (a->n_dims == 0)
		return fault(k, "an array of objects without a dimension", "");
	a->dtype.type = ARRAY_OBJECT;
	a->dtype.has_object = true;
	a->list = list;
	if (!flatten(k, get(state, "content"), a, 0, list))
		return false;
	return list->n == a->count ||
	    fault(k, "an array with another shape than its content", "");
}

static bool
load_array(struct skops *k, const cJSON *state, struct node *n)
{
	struct array *a = ARENA_NEW(k->mem, struct array);
	struct str type = get_text(state, "type");
	struct str file = get_text(state, "file"), bytes;

	if (a == NULL)
		return full(k);
	if (str_eq(type, STR("json"))) {
		if (!objects_array(k, state, a))
			return false;
	} else if (!str_eq(type, STR("numpy"))) {
		return fault(k, "an array of an unknown type", "");
	} else if (!archive_read(k->archive, file, &bytes, k->err)) {
		return false;
	} else if (!npy_read(bytes, k->mem, a, k->err)) {
		return err_context(k->err, "%.*s",
		    (int)(file.n < 60 ? file.n : 60), file.p);
	}
	n->kind = NODE_ARRAY;
	n->array = a;
	return true;
}

/* --- the tree ------------------------------------------------------------- */

static const struct {
	const char *name;
	loader *load;
} loaders[] = {
    {"JsonNode", load_json},
    {"DictNode", load_dict},
    {"ListNode", load_list},
    {"TupleNode", load_tuple},
    {"SetNode", load_set},
    {"NdArrayNode", load_array},
    {"ObjectNode", load_object},
    {"TreeNode", load_reduce},
    {"LossNode", load_reduce},
    {"TypeNode", load_name},
    {"FunctionNode", load_name},
    {"SliceNode", load_slice},
    {"BytesNode", load_bytes},
    {"BytearrayNode", load_bytes},
    {"ConstructorFromReduceNode", load_constructor},
    {"DefaultDictNode", load_main_dict},
    {"_DictWithDeprecatedKeysNode", load_main_dict},
    {"DTypeNode", load_class_only},
    {"MaskedArrayNode", load_class_only},
    {"SparseMatrixNode", load_class_only},
    {"RandomStateNode", load_class_only},
    {"RandomGeneratorNode", load_class_only},
    {"PartialNode", load_class_only},
    {"MethodNode", load_class_only},
    {"OperatorFuncNode", load_class_only},
};

/* As deep as the JSON reader let the text be. NULL with the error set. */
static struct node *
read_node(struct skops *k, const cJSON *state)
{
	const cJSON *id = get(state, "__id__");
	const char *kind = get_text(state, "__loader__").p;
	struct memo *known;
	struct node *n;

	if (!cJSON_IsObject(state)) {
		fault(k, "a node that is missing or no object", "");
		return NULL;
	}
	if (cJSON_IsNumber(id) && k->memo_size > 0) {
		known = place(k, id->valuedouble);
		if (known->node != NULL)
			return known->node;
	}
	n = make(k, NODE_NONE);
	if (n == NULL || (cJSON_IsNumber(id) &&
	    !remember(k, id->valuedouble, n)))
		return NULL;
	for (size_t i = 0; kind != NULL && i < countof(loaders); i++)
		if (strcmp(loaders[i].name, kind) == 0)
			return loaders[i].load(k, state, n) ? n : NULL;
	fault(k, "a node of a kind that is not known",
	    kind != NULL ? kind : "none");
	return NULL;
}

static bool
read_schema(struct skops *k, struct import *im, struct node **ret,
    struct err *err)
{
	struct json_limits limits = {.depth = JSON_DEPTH_MAX};
	const cJSON *json, *protocol;
	struct str text;

	if (!archive_has(k->archive, STR("schema.json")))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is a zip archive, but not of skops: it has no "
		    "schema.json; save the model with skops.io.dump or "
		    "joblib.dump");
	if (!archive_read(k->archive, STR("schema.json"), &text, err))
		return false;
	limits.values = text.n;
	if (!json_parse(im->mem, text, &limits, &json, err))
		return err_context(err, "schema.json");
	protocol = get(json, "protocol");
	if (cJSON_IsNumber(protocol) &&
	    protocol->valuedouble > SKOPS_PROTOCOL &&
	    !model_build_warn(im->build, STR("made with a newer skops, of a "
		"protocol that is not known"), err))
		return false;
	*ret = read_node(k, json);
	return *ret != NULL;
}

bool
skops_probe(struct str bytes)
{
	return archive_probe(bytes);
}

bool
skops_read(struct import *im, struct err *err)
{
	struct skops k = {.mem = im->mem, .err = err};
	struct node *root = NULL;
	bool ok;

	if (!archive_open(im->bytes, im->mem, &k.archive, err))
		return false;
	ok = read_schema(&k, im, &root, err);
	archive_close(k.archive);
	return ok && sklearn_build(im, root, "scikit-learn skops", err);
}
