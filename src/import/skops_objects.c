/* SPDX-License-Identifier: ISC
 *
 * Nodes of a skops file that are objects of classes, and arrays. A class is
 * its name: nothing is resolved or made.
 */
#include "import/skops_tree.h"

#include "import/npy.h"

bool
skops_load_name(struct skops *k, const cJSON *state, struct node *n)
{
	/* A function of protocol 0. */
	const cJSON *old = skops_get(state, "content");
	bool is_old = skops_get(old, "function") != NULL;

	(void)k;
	n->kind = NODE_GLOBAL;
	n->global.module = is_old ? skops_text(old, "module_path") :
	    skops_text(state, "__module__");
	n->global.name = is_old ? skops_text(old, "function") :
	    skops_text(state, "__class__");
	return true;
}

static bool
is_given(const cJSON *item)
{
	return item != NULL && !cJSON_IsNull(item);
}

bool
skops_load_object(struct skops *k, const cJSON *state, struct node *n)
{
	const cJSON *content = skops_get(state, "content");

	if (!skops_object(k, state, NULL, n))
		return false;
	if (is_given(content))
		n->object.state = skops_read_node(k, content);
	return !is_given(content) || n->object.state != NULL;
}

/* The arguments of what skops would call. */
static struct node *
read_args(struct skops *k, const cJSON *state)
{
	struct node *args = skops_read_node(k, state);

	if (args == NULL || args->kind == NODE_TUPLE)
		return args;
	skops_fault(k, "arguments that are no tuple", "");
	return NULL;
}

bool
skops_load_constructor(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args = read_args(k, skops_get(state, "content"));

	return args != NULL && skops_object(k, state, args, n);
}

/* Trees and losses: arguments and a state. */
bool
skops_load_reduce(struct skops *k, const cJSON *state, struct node *n)
{
	struct node *args = read_args(k, skops_get(skops_get(state,
	    "__reduce__"), "args"));

	if (args == NULL || !skops_object(k, state, args, n))
		return false;
	n->object.state = skops_read_node(k, skops_get(state, "content"));
	return n->object.state != NULL;
}

/* What never decides an answer: the class is enough to name it. */
bool
skops_load_class_only(struct skops *k, const cJSON *state, struct node *n)
{
	return skops_object(k, state, NULL, n);
}

/* --- arrays --------------------------------------------------------------- */

/* The items of an array of objects, one list a dimension, into one list. */
static bool
flatten(struct skops *k, const cJSON *list, const struct array *a,
    uint32_t dim, struct node *ret)
{
	size_t n = 0;

	if (!cJSON_IsArray(list))
		return skops_fault(k, "an array without content", "");
	for (const cJSON *i = list->child; i != NULL; i = i->next, n++) {
		bool ok = dim + 1 == a->n_dims ?
		    skops_put(k, ret, skops_read_node(k, i)) :
		    flatten(k, skops_get(i, "content"), a, dim + 1, ret);

		if (!ok)
			return false;
	}
	return n == a->dim[dim] ||
	    skops_fault(k, "an array with another shape than its content", "");
}

static bool
objects_array(struct skops *k, const cJSON *state, struct array *a)
{
	struct node *shape = skops_read_node(k, skops_get(state, "shape"));
	struct node *list = skops_node(k, NODE_LIST);

	if (shape == NULL || list == NULL || !array_shape(shape, a, k->err))
		return false;
	if (a->n_dims == 0)
		return skops_fault(k, "an array of objects without a "
		    "dimension", "");
	a->dtype.type = ARRAY_OBJECT;
	a->dtype.has_object = true;
	a->list = list;
	if (!flatten(k, skops_get(state, "content"), a, 0, list))
		return false;
	return list->n == a->count ||
	    skops_fault(k, "an array with another shape than its content", "");
}

bool
skops_load_array(struct skops *k, const cJSON *state, struct node *n)
{
	struct array *a = ARENA_NEW(k->mem, struct array);
	struct str type = skops_text(state, "type");
	struct str file = skops_text(state, "file"), bytes;

	if (a == NULL)
		return skops_full(k);
	if (str_eq(type, STR("json"))) {
		if (!objects_array(k, state, a))
			return false;
	} else if (!str_eq(type, STR("numpy"))) {
		return skops_fault(k, "an array of an unknown type", "");
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
