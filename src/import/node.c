/* SPDX-License-Identifier: ISC
 *
 * Inert nodes: building them and asking what they are. Every question looks
 * at one node, or at a fixed few below it, so none can be led in circles.
 */
#include "import/node.h"

#include <stdio.h>
#include <string.h>

bool
node_append(struct arena *mem, struct node *list, struct node *item)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap > 0 ? list->cap * 2 : 4;
		struct node **items;

		if (cap < list->cap)
			return false;
		items = ARENA_ARRAY(mem, cap, struct node *);
		if (items == NULL)
			return false;
		if (list->n > 0)
			memcpy(items, list->items,
			    list->n * sizeof(items[0]));
		list->items = items;
		list->cap = cap;
	}
	list->items[list->n++] = item;
	return true;
}

bool
node_is_text(const struct node *n, const char *text)
{
	return n != NULL && n->kind == NODE_TEXT &&
	    str_eq(n->text, str_of(text));
}

const struct node *
node_attributes(const struct node *object)
{
	if (object == NULL || object->kind != NODE_OBJECT ||
	    object->object.state == NULL ||
	    object->object.state->kind != NODE_DICT)
		return NULL;
	return object->object.state;
}

const struct node *
node_get(const struct node *dict, const char *key)
{
	if (dict != NULL && dict->kind == NODE_OBJECT)
		dict = node_attributes(dict);
	if (dict == NULL || dict->kind != NODE_DICT)
		return NULL;
	for (uint32_t i = dict->n; i >= 2; i -= 2)
		if (node_is_text(dict->items[i - 2], key))
			return dict->items[i - 1];
	return NULL;
}

const struct node *
node_item(const struct node *list, uint32_t i)
{
	if (list == NULL || i >= list->n ||
	    (list->kind != NODE_LIST && list->kind != NODE_TUPLE))
		return NULL;
	return list->items[i];
}

/* One module under several names: numpy renamed its own, and protocol 2 uses
 * Python 2's names. */
static bool
is_module(struct str module, const char *name)
{
	static const char *const other[][2] = {
	    {"numpy.core.multiarray", "numpy._core.multiarray"},
	    {"numpy.core.numeric", "numpy._core.numeric"},
	    {"builtins", "__builtin__"},
	    {"copyreg", "copy_reg"},
	    {"numpy", "numpy.core._multiarray_umath"},
	    {"numpy", "numpy._core._multiarray_umath"},
	    {"scipy.special", "scipy.special._ufuncs"},
	    {"scipy.special", "scipy.special._special_ufuncs"},
	};

	if (str_eq(module, str_of(name)))
		return true;
	for (size_t i = 0; i < countof(other); i++)
		if (strcmp(other[i][0], name) == 0 &&
		    str_eq(module, str_of(other[i][1])))
			return true;
	return false;
}

bool
node_is_global(const struct node *n, const char *module, const char *name)
{
	return n != NULL && n->kind == NODE_GLOBAL &&
	    str_eq(n->global.name, str_of(name)) &&
	    is_module(n->global.module, module);
}

bool
node_is_call(const struct node *n, const char *module, const char *name)
{
	return n != NULL && n->kind == NODE_OBJECT &&
	    node_is_global(n->object.callee, module, name);
}

bool
node_class(const struct node *object, struct str *module, struct str *name)
{
	const struct node *class;

	if (object == NULL || object->kind != NODE_OBJECT)
		return false;
	class = object->object.callee;
	/* Protocols 0 and 1 make an object by copyreg._reconstructor(class,
	 * object, None). */
	if (node_is_global(class, "copyreg", "_reconstructor"))
		class = node_item(object->object.args, 0);
	if (class == NULL || class->kind != NODE_GLOBAL)
		return false;
	*module = class->global.module;
	*name = class->global.name;
	return true;
}

const char *
node_describe(const struct node *n, char *text, size_t size)
{
	static const char *const kinds[] = {
	    [NODE_NONE] = "None",
	    [NODE_BOOL] = "a boolean",
	    [NODE_INT] = "an integer",
	    [NODE_BIG] = "a large integer",
	    [NODE_FLOAT] = "a float",
	    [NODE_TEXT] = "text",
	    [NODE_BYTES] = "bytes",
	    [NODE_LIST] = "a list",
	    [NODE_TUPLE] = "a tuple",
	    [NODE_SET] = "a set",
	    [NODE_DICT] = "a dict",
	    [NODE_GLOBAL] = "a class or function",
	    [NODE_OBJECT] = "an object",
	    [NODE_ARRAY] = "an array",
	};
	struct str module, name;

	if (n == NULL)
		snprintf(text, size, "nothing");
	else if (n->kind == NODE_TEXT && n->text.n <= 40)
		snprintf(text, size, "'%.*s'", STR_ARG(n->text));
	else if (n->kind == NODE_GLOBAL)
		snprintf(text, size, "%.*s.%.*s", STR_ARG(n->global.module),
		    STR_ARG(n->global.name));
	else if (node_class(n, &module, &name))
		snprintf(text, size, "an object of class %.*s.%.*s",
		    STR_ARG(module), STR_ARG(name));
	else
		snprintf(text, size, "%s", kinds[n->kind]);
	return text;
}
