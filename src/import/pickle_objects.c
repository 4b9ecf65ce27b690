/* SPDX-License-Identifier: ISC
 *
 * Opcodes that put values together: containers, and what Python would
 * import, call or set. Of the latter a node is made that says so; each
 * opcode does work in proportion to its operands.
 */
#include "import/pickle_machine.h"

#include <string.h>

#include "import/array.h"
#include "import/joblib.h"
#include "import/text.h"

/* --- containers ----------------------------------------------------------- */

bool
op_empty(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_push(m, machine_node(m, m->op == ']' ? NODE_LIST :
	    m->op == '}' ? NODE_DICT : NODE_SET));
}

/* EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3. */
bool
op_tuple_n(struct machine *m, const struct argument *a)
{
	uint32_t n = m->op == ')' ? 0 : m->op - 0x84u;

	(void)a;
	if (m->n - m->floor < n)
		return machine_err(m, ERR_INPUT, "too few on the stack");
	m->n -= n;
	return machine_container(m, NODE_TUPLE, m->stack + m->n, n);
}

static bool
marked_container(struct machine *m, enum node_kind kind)
{
	struct node **items;
	uint32_t n;

	if (!machine_pop_mark(m, &items, &n))
		return false;
	if (kind == NODE_DICT && n % 2 != 0)
		return machine_err(m, ERR_INPUT, "a key without a value");
	return machine_container(m, kind, items, n);
}

bool
op_tuple(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_TUPLE);
}

bool
op_list(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_LIST);
}

bool
op_dict(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_DICT);
}

bool
op_set(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_SET);
}

/* Append to the container on top: a `kind`, or an object that is like one. */
static bool
extend(struct machine *m, enum node_kind kind, struct node **items,
    uint32_t n)
{
	struct node *list;
	char what[120];

	if (!machine_top(m, &list))
		return false;
	if (list->kind != kind && list->kind != NODE_OBJECT)
		return machine_err(m, ERR_INPUT, "cannot add items to %s",
		    node_describe(list, what, sizeof(what)));
	if (kind == NODE_DICT && n % 2 != 0)
		return machine_err(m, ERR_INPUT, "a key without a value");
	return machine_append(m, list, items, n);
}

bool
op_append(struct machine *m, const struct argument *a)
{
	struct node *item;

	(void)a;
	return machine_pop(m, &item) && extend(m, NODE_LIST, &item, 1);
}

bool
op_setitem(struct machine *m, const struct argument *a)
{
	struct node *pair[2];

	(void)a;
	return machine_pop(m, &pair[1]) && machine_pop(m, &pair[0]) &&
	    extend(m, NODE_DICT, pair, 2);
}

static bool
extend_marked(struct machine *m, enum node_kind kind)
{
	struct node **items;
	uint32_t n;

	return machine_pop_mark(m, &items, &n) && extend(m, kind, items, n);
}

bool
op_appends(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_LIST);
}

bool
op_setitems(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_DICT);
}

bool
op_additems(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_SET);
}

/* --- names, calls and objects --------------------------------------------- */

static bool
push_global(struct machine *m, struct str module, struct str name)
{
	struct node *n = machine_node(m, NODE_GLOBAL);

	if (n != NULL) {
		n->global.module = module;
		n->global.name = name;
	}
	return machine_push(m, n);
}

/* The two lines that name it. */
static bool
push_named(struct machine *m, const struct argument *a)
{
	return machine_check_text(m, a->text) &&
	    machine_check_text(m, a->second) &&
	    push_global(m, a->text, a->second);
}

bool
op_global(struct machine *m, const struct argument *a)
{
	return push_named(m, a);
}

bool
op_stack_global(struct machine *m, const struct argument *a)
{
	struct node *module, *name;

	(void)a;
	/* Texts were looked through when they were read: here they may be
	 * the same long ones again and again. */
	if (!machine_pop(m, &name) || !machine_pop(m, &module))
		return false;
	if (name->kind != NODE_TEXT || module->kind != NODE_TEXT)
		return machine_err(m, ERR_INPUT, "a name that is no text");
	return push_global(m, module->text, name->text);
}

/* The few calls by which older protocols spell plain data: bytes as
 * _codecs.encode(text, "latin1"), bytes(), bytearray(bytes), bytearray(text,
 * "latin-1"), set(list). True
 * where it was one; *ret is NULL where it is malformed or memory ran out. */
static bool
data_call(struct machine *m, const struct node *callee, struct node *args,
    struct node **ret)
{
	struct node *first = args->n > 0 ? args->items[0] : NULL;
	struct node *n;

	if (node_is_global(callee, "_codecs", "encode")) {
		*ret = NULL;
		if (first == NULL || first->kind != NODE_TEXT ||
		    (n = machine_node(m, NODE_BYTES)) == NULL)
			return true;
		if (text_to_latin1(first->text, m->mem, &n->text))
			*ret = n;
		return true;
	}
	if (node_is_global(callee, "builtins", "bytes") ||
	    node_is_global(callee, "builtins", "bytearray")) {
		bool latin1 = first != NULL && first->kind == NODE_TEXT &&
		    args->n == 2 && node_is_text(args->items[1], "latin-1");

		if (first != NULL && first->kind != NODE_BYTES && !latin1)
			return false;
		n = machine_node(m, NODE_BYTES);
		if (n != NULL && latin1 &&
		    !text_to_latin1(first->text, m->mem, &n->text))
			n = NULL;
		else if (n != NULL && first != NULL && !latin1)
			n->text = first->text;
		*ret = n;
		return true;
	}
	if (first != NULL && first->kind == NODE_LIST &&
	    (node_is_global(callee, "builtins", "set") ||
	    node_is_global(callee, "builtins", "frozenset"))) {
		n = machine_node(m, NODE_SET);
		if (n != NULL && !machine_append(m, n, first->items, first->n))
			n = NULL;
		*ret = n;
		return true;
	}
	return false;
}

static bool
push_object(struct machine *m, const struct node *callee, struct node *args)
{
	struct node *n;

	if (args->kind != NODE_TUPLE)
		return machine_err(m, ERR_INPUT,
		    "arguments that are no tuple");
	n = machine_node(m, NODE_OBJECT);
	if (n != NULL) {
		n->object.callee = callee;
		n->object.args = args;
	}
	return machine_push(m, n);
}

bool
op_reduce(struct machine *m, const struct argument *a)
{
	struct node *callee, *args, *data;

	(void)a;
	if (!machine_pop(m, &args) || !machine_pop(m, &callee))
		return false;
	if (args->kind == NODE_TUPLE && data_call(m, callee, args, &data)) {
		if (data == NULL && !m->mem->over)
			return machine_err(m, ERR_INPUT,
			    "bytes that are not spelt as bytes");
		return machine_push(m, data);
	}
	return push_object(m, callee, args);
}

bool
op_newobj(struct machine *m, const struct argument *a)
{
	struct node *class, *args;

	(void)a;
	return machine_pop(m, &args) && machine_pop(m, &class) &&
	    push_object(m, class, args);
}

bool
op_newobj_ex(struct machine *m, const struct argument *a)
{
	struct node *class, *args, *keywords;

	(void)a;
	if (!machine_pop(m, &keywords) || !machine_pop(m, &args) ||
	    !machine_pop(m, &class))
		return false;
	if (keywords->kind != NODE_DICT || keywords->n > 0)
		return machine_err(m, ERR_INPUT,
		    "an object made with keyword arguments, which is not "
		    "supported");
	return push_object(m, class, args);
}

/* Python's oldest forms: the class, then the arguments from a mark on. */
bool
op_obj(struct machine *m, const struct argument *a)
{
	struct node **items, *class, *args;
	uint32_t n;

	(void)a;
	if (!machine_pop_mark(m, &items, &n))
		return false;
	if (n == 0)
		return machine_err(m, ERR_INPUT, "no class");
	class = items[0];
	return machine_container(m, NODE_TUPLE, items + 1, n - 1) &&
	    machine_pop(m, &args) && push_object(m, class, args);
}

bool
op_inst(struct machine *m, const struct argument *a)
{
	struct node *class, *args;

	return marked_container(m, NODE_TUPLE) && machine_pop(m, &args) &&
	    push_named(m, a) && machine_pop(m, &class) &&
	    push_object(m, class, args);
}

/* The pickle of an array of objects inside a joblib file: its own memo, on
 * the same stack. */
static bool
read_nested(struct machine *m, struct node **ret)
{
	struct machine outer = *m;

	m->memo = NULL;
	m->memo_cap = m->memo_filled = 0;
	m->first_mark = m->n_marks;
	m->floor = m->n;
	m->nested = true;
	if (!machine_run(m, ret))
		return false;
	m->memo = outer.memo;
	m->memo_cap = outer.memo_cap;
	m->memo_filled = outer.memo_filled;
	m->first_mark = outer.first_mark;
	m->n_marks = outer.n_marks;
	m->floor = outer.floor;
	m->n = outer.n;
	m->nested = false;
	m->stopped = false;
	return true;
}

/* joblib writes an array's bytes, or a whole pickle of it, right behind the
 * object that describes it: make the object that array. */
static bool
read_wrapped(struct machine *m, struct node *wrapper)
{
	struct str rest = {m->in.p + m->at, m->in.n - m->at};
	struct array *array = ARENA_NEW(m->mem, struct array);
	struct node *inside;
	struct err why;
	size_t used;
	bool pickled;

	if (array == NULL)
		return machine_full(m);
	if (!joblib_array(wrapper, rest, array, &used, &pickled, &why))
		return machine_err(m, why.kind, "%.300s", why.text);
	if (!pickled) {
		m->at += used;
		wrapper->kind = NODE_ARRAY;
		wrapper->array = array;
		return true;
	}
	if (!read_nested(m, &inside))
		return false;
	*wrapper = *inside;
	return true;
}

bool
op_build(struct machine *m, const struct argument *a)
{
	struct node *object, *state;
	char what[120];

	(void)a;
	if (!machine_pop(m, &state) || !machine_top(m, &object))
		return false;
	if (object->kind != NODE_OBJECT || object->object.state != NULL)
		return machine_err(m, ERR_INPUT, "a state for %s%s",
		    node_describe(object, what, sizeof(what)),
		    object->kind == NODE_OBJECT ? ", which has one" : "");
	object->object.state = state;
	if (!m->nested && joblib_is_wrapper(object))
		return read_wrapped(m, object);
	return true;
}
