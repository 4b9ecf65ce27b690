/* SPDX-License-Identifier: ISC
 *
 * The tree of a skops file: an object of JSON says of every node what loads
 * it. A node that is met again by its number is the same one, so nodes may
 * form a cycle, as a pickle's.
 */
#include "import/skops_tree.h"

#include <stdio.h>
#include <string.h>

bool
skops_fault(struct skops *k, const char *what, const char *detail)
{
	return err_set(k->err, ERR_INPUT, ERR_NOWHERE,
	    "schema.json: %s%s%.80s", what, *detail != '\0' ? ": " : "",
	    detail);
}

bool
skops_full(struct skops *k)
{
	return arena_err(k->mem, "the skops file", k->err);
}

/* --- the memo ------------------------------------------------------------- */

struct skops_memo {
	double id;
	struct node *node; /* NULL: empty */
};

static struct skops_memo *
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
	struct skops_memo *old = k->memo;
	size_t old_size = k->memo_size;

	if (2 * k->memo_n >= k->memo_size) {
		k->memo_size = old_size > 0 ? 2 * old_size : 1024;
		k->memo = ARENA_ARRAY(k->mem, k->memo_size, struct skops_memo);
		if (k->memo == NULL)
			return skops_full(k);
		for (size_t i = 0; i < old_size; i++)
			if (old[i].node != NULL)
				*place(k, old[i].id) = old[i];
	}
	*place(k, id) = (struct skops_memo){id, n};
	k->memo_n++;
	return true;
}

/* --- pieces --------------------------------------------------------------- */

/* The last of equal keys counts, as in Python. */
const cJSON *
skops_get(const cJSON *object, const char *key)
{
	const cJSON *found = NULL;

	if (!cJSON_IsObject(object))
		return NULL;
	for (const cJSON *i = object->child; i != NULL; i = i->next)
		if (strcmp(i->string, key) == 0)
			found = i;
	return found;
}

struct str
skops_text(const cJSON *object, const char *key)
{
	const cJSON *item = skops_get(object, key);

	return cJSON_IsString(item) ? str_of(item->valuestring) :
	    (struct str){NULL, 0};
}

struct node *
skops_node(struct skops *k, enum node_kind kind)
{
	struct node *n = ARENA_NEW(k->mem, struct node);

	if (n == NULL)
		skops_full(k);
	else
		n->kind = kind;
	return n;
}

static struct node *
make_global(struct skops *k, struct str module, struct str name)
{
	struct node *n = skops_node(k, NODE_GLOBAL);

	if (n != NULL) {
		n->global.module = module;
		n->global.name = name;
	}
	return n;
}

/* False where the item is NULL, which has told why. */
bool
skops_put(struct skops *k, struct node *list, struct node *item)
{
	return item != NULL &&
	    (node_append(k->mem, list, item) || skops_full(k));
}

bool
skops_put_all(struct skops *k, const cJSON *list, struct node *n)
{
	if (!cJSON_IsArray(list))
		return skops_fault(k, "a list without content", "");
	for (const cJSON *i = list->child; i != NULL; i = i->next)
		if (!skops_put(k, n, skops_read_node(k, i)))
			return false;
	return true;
}

/* Make n the call of the class that `state` names, with these arguments. */
bool
skops_object(struct skops *k, const cJSON *state, struct node *args,
    struct node *n)
{
	if (args == NULL && (args = skops_node(k, NODE_TUPLE)) == NULL)
		return false;
	n->kind = NODE_OBJECT;
	n->object.callee = make_global(k, skops_text(state, "__module__"),
	    skops_text(state, "__class__"));
	n->object.args = args;
	return n->object.callee != NULL;
}

/* --- nodes ---------------------------------------------------------------- */

static const struct {
	const char *name;
	skops_loader *load;
} loaders[] = {
    {"JsonNode", skops_load_json},
    {"DictNode", skops_load_dict},
    {"ListNode", skops_load_list},
    {"TupleNode", skops_load_tuple},
    {"SetNode", skops_load_set},
    {"NdArrayNode", skops_load_array},
    {"ObjectNode", skops_load_object},
    {"TreeNode", skops_load_reduce},
    {"LossNode", skops_load_reduce},
    {"TypeNode", skops_load_name},
    {"FunctionNode", skops_load_name},
    {"SliceNode", skops_load_slice},
    {"BytesNode", skops_load_bytes},
    {"BytearrayNode", skops_load_bytes},
    {"ConstructorFromReduceNode", skops_load_constructor},
    {"DefaultDictNode", skops_load_main_dict},
    {"_DictWithDeprecatedKeysNode", skops_load_main_dict},
    {"DTypeNode", skops_load_class_only},
    {"MaskedArrayNode", skops_load_class_only},
    {"SparseMatrixNode", skops_load_class_only},
    {"RandomStateNode", skops_load_class_only},
    {"RandomGeneratorNode", skops_load_class_only},
    {"PartialNode", skops_load_class_only},
    {"MethodNode", skops_load_class_only},
    {"OperatorFuncNode", skops_load_class_only},
};

/* As deep as the JSON reader let the text be. NULL with the error set. */
struct node *
skops_read_node(struct skops *k, const cJSON *state)
{
	const cJSON *id = skops_get(state, "__id__");
	const char *kind = skops_text(state, "__loader__").p;
	struct skops_memo *known;
	struct node *n;

	if (!cJSON_IsObject(state)) {
		skops_fault(k, "a node that is missing or no object", "");
		return NULL;
	}
	if (cJSON_IsNumber(id) && k->memo_size > 0) {
		known = place(k, id->valuedouble);
		if (known->node != NULL)
			return known->node;
	}
	n = skops_node(k, NODE_NONE);
	if (n == NULL || (cJSON_IsNumber(id) &&
	    !remember(k, id->valuedouble, n)))
		return NULL;
	for (size_t i = 0; kind != NULL && i < countof(loaders); i++)
		if (strcmp(loaders[i].name, kind) == 0)
			return loaders[i].load(k, state, n) ? n : NULL;
	skops_fault(k, "a node of a kind that is not known",
	    kind != NULL ? kind : "none");
	return NULL;
}
