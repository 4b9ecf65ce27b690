/* SPDX-License-Identifier: ISC
 *
 * The executing half of the pickle reader. Where Python would import, call
 * or set something, a node is made that says so. The stack never sinks below
 * the last mark, and each opcode does work in proportion to its operands.
 */
#include "import/pickle_machine.h"

#include <limits.h>
#include <string.h>

#include "base/number.h"
#include "import/array.h"
#include "import/joblib.h"
#include "import/pickle.h"
#include "import/text.h"

/* --- stack, marks and memo ---------------------------------------------- */

/* An array of pointers or sizes twice as long, in the arena. */
static void *
grown(struct machine *m, const void *old, size_t *cap, size_t size)
{
	size_t want = *cap > 0 ? *cap * 2 : 64;
	void *p = arena_array(m->mem, want, size);

	if (p == NULL)
		return NULL;
	if (*cap > 0)
		memcpy(p, old, *cap * size);
	*cap = want;
	return p;
}

static bool
push(struct machine *m, struct node *n)
{
	if (n == NULL)
		return machine_full(m);
	if (m->n == PICKLE_STACK_MAX)
		return machine_err(m, ERR_LIMIT,
		    "more than the %zu values on the stack that are allowed",
		    PICKLE_STACK_MAX);
	if (m->n == m->cap) {
		void *p = grown(m, m->stack, &m->cap, sizeof(m->stack[0]));

		if (p == NULL)
			return machine_full(m);
		m->stack = p;
	}
	m->stack[m->n++] = n;
	return true;
}

static bool
pop(struct machine *m, struct node **ret)
{
	if (m->n == m->floor)
		return machine_err(m, ERR_INPUT, "nothing on the stack");
	*ret = m->stack[--m->n];
	return true;
}

/* The value on top, left there. */
static bool
top(struct machine *m, struct node **ret)
{
	if (m->n == m->floor)
		return machine_err(m, ERR_INPUT, "nothing on the stack");
	*ret = m->stack[m->n - 1];
	return true;
}

/* Take the last mark away: the values above it are items[0 .. *n - 1], good
 * until the next push. */
static bool
pop_mark(struct machine *m, struct node ***items, uint32_t *n)
{
	if (m->n_marks == m->first_mark)
		return machine_err(m, ERR_INPUT, "no mark on the stack");
	*items = m->stack + m->floor;
	*n = (uint32_t)(m->n - m->floor);
	m->n = m->floor;
	m->floor = m->marks[--m->n_marks];
	return true;
}

static struct node *
node_new(struct machine *m, enum node_kind kind)
{
	struct node *n;

	if (m->n_nodes == PICKLE_NODES_MAX)
		return NULL;
	m->n_nodes++;
	n = ARENA_NEW(m->mem, struct node);
	if (n != NULL)
		n->kind = kind;
	return n;
}

static bool
append_all(struct machine *m, struct node *list, struct node **items,
    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!node_append(m->mem, list, items[i]))
			return machine_full(m);
	return true;
}

/* A new container of these items, pushed. */
static bool
push_container(struct machine *m, enum node_kind kind, struct node **items,
    uint32_t n)
{
	struct node *list = node_new(m, kind);

	return list != NULL ? append_all(m, list, items, n) && push(m, list) :
	    machine_full(m);
}

static bool
memo_put(struct machine *m, uint64_t index)
{
	struct node *n;

	if (!top(m, &n))
		return false;
	/* Every entry costs a byte at least, in any honest pickle. */
	if (index >= m->in.n)
		return machine_err(m, ERR_INPUT,
		    "memo entry %llu in a file of %zu bytes",
		    (unsigned long long)index, m->in.n);
	while (index >= m->memo_cap) {
		void *p = grown(m, m->memo, &m->memo_cap,
		    sizeof(m->memo[0]));

		if (p == NULL)
			return machine_full(m);
		m->memo = p;
	}
	if (m->memo[index] == NULL)
		m->memo_filled++;
	m->memo[index] = n;
	return true;
}

static bool
memo_get(struct machine *m, uint64_t index)
{
	if (index >= m->memo_cap || m->memo[index] == NULL)
		return machine_err(m, ERR_INPUT,
		    "memo entry %llu was never written",
		    (unsigned long long)index);
	return push(m, m->memo[index]);
}

/* --- the machine itself ---------------------------------------------------- */

static bool
op_proto(struct machine *m, const struct argument *a)
{
	if (a->integer > 5)
		return machine_err(m, ERR_INPUT,
		    "pickle protocol %lld is not known (0 to 5 are)",
		    (long long)a->integer);
	return true;
}

/* A frame only tells Python how much to read ahead. */
static bool
op_frame(struct machine *m, const struct argument *a)
{
	if ((uint64_t)a->integer > m->in.n - m->at)
		return machine_err(m, ERR_INPUT,
		    "a frame of %lld bytes, the file has %zu more: it is "
		    "truncated or damaged", (long long)a->integer,
		    m->in.n - m->at);
	return true;
}

static bool
op_stop(struct machine *m, const struct argument *a)
{
	struct node *n;

	(void)a;
	m->stopped = true;
	return top(m, &n);
}

static bool
op_mark(struct machine *m, const struct argument *a)
{
	(void)a;
	if (m->n_marks == PICKLE_STACK_MAX)
		return machine_err(m, ERR_LIMIT,
		    "more than the %zu marks that are allowed",
		    PICKLE_STACK_MAX);
	if (m->n_marks == m->cap_marks) {
		void *p = grown(m, m->marks, &m->cap_marks,
		    sizeof(m->marks[0]));

		if (p == NULL)
			return machine_full(m);
		m->marks = p;
	}
	m->marks[m->n_marks++] = m->floor;
	m->floor = m->n;
	return true;
}

static bool
op_pop_mark(struct machine *m, const struct argument *a)
{
	struct node **items;
	uint32_t n;

	(void)a;
	return pop_mark(m, &items, &n);
}

static bool
op_pop(struct machine *m, const struct argument *a)
{
	struct node *n;

	/* Directly above a mark POP takes the mark. */
	if (m->n == m->floor && m->n_marks > m->first_mark)
		return op_pop_mark(m, a);
	return pop(m, &n);
}

static bool
op_dup(struct machine *m, const struct argument *a)
{
	struct node *n;

	(void)a;
	return top(m, &n) && push(m, n);
}

static bool
op_memoize(struct machine *m, const struct argument *a)
{
	(void)a;
	return memo_put(m, m->memo_filled);
}

static bool
op_put(struct machine *m, const struct argument *a)
{
	return memo_put(m, (uint64_t)a->integer);
}

static bool
op_get(struct machine *m, const struct argument *a)
{
	return memo_get(m, (uint64_t)a->integer);
}

static bool
line_index(struct machine *m, const struct argument *a, uint64_t *ret)
{
	return number_parse_u64(a->text, ret) ||
	    machine_err(m, ERR_INPUT, "not an index");
}

static bool
op_put_line(struct machine *m, const struct argument *a)
{
	uint64_t index;

	return line_index(m, a, &index) && memo_put(m, index);
}

static bool
op_get_line(struct machine *m, const struct argument *a)
{
	uint64_t index;

	return line_index(m, a, &index) && memo_get(m, index);
}

static bool
op_outside(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_err(m, ERR_INPUT,
	    "refers to something outside the file, which is never looked up");
}

static bool
op_python2(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_err(m, ERR_INPUT,
	    "a string of Python 2; save the model with Python 3");
}

/* --- values ------------------------------------------------------------------ */

static bool
op_none(struct machine *m, const struct argument *a)
{
	(void)a;
	return push(m, m->none);
}

static bool
op_bool(struct machine *m, const struct argument *a)
{
	(void)a;
	return push(m, m->op == 0x88 ? m->yes : m->no);
}

static bool
push_int(struct machine *m, int64_t v)
{
	struct node *n = node_new(m, NODE_INT);

	if (n != NULL)
		n->integer = v;
	return push(m, n);
}

static bool
push_bytes(struct machine *m, enum node_kind kind, struct str bytes)
{
	struct node *n = node_new(m, kind);

	if (n != NULL)
		n->text = bytes;
	return push(m, n);
}

static bool
push_float(struct machine *m, double v)
{
	struct node *n = node_new(m, NODE_FLOAT);

	if (n != NULL)
		n->real = v;
	return push(m, n);
}

static bool
op_int(struct machine *m, const struct argument *a)
{
	return push_int(m, a->integer);
}

/* Two's complement, least significant byte first, as short as it can be. */
static bool
op_long(struct machine *m, const struct argument *a)
{
	uint64_t v = 0;
	size_t n = a->text.n;

	if (n > sizeof(v))
		return push_bytes(m, NODE_BIG, a->text);
	if (n > 0 && (a->text.p[n - 1] & 0x80) != 0)
		v = UINT64_MAX;
	for (size_t i = n; i-- > 0;)
		v = v << 8 | (unsigned char)a->text.p[i];
	return push_int(m, (int64_t)v);
}

/* Decimal, perhaps with Python 2's L behind; 00 and 01 are booleans. */
static bool
op_int_line(struct machine *m, const struct argument *a)
{
	struct str s = a->text;
	bool negative = false;
	uint64_t v;

	if (m->op == 'I' && str_eq(s, STR("01")))
		return push(m, m->yes);
	if (m->op == 'I' && str_eq(s, STR("00")))
		return push(m, m->no);
	if (m->op == 'L' && str_has_suffix(s, STR("L")))
		s.n--;
	if (s.n > 0 && s.p[0] == '-') {
		negative = true;
		s.p++;
		s.n--;
	}
	if (number_parse_u64(s, &v) && v <= INT64_MAX)
		return push_int(m, negative ? -(int64_t)v : (int64_t)v);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return machine_err(m, ERR_INPUT, "not an integer");
	if (s.n == 0)
		return machine_err(m, ERR_INPUT, "not an integer");
	return push_bytes(m, NODE_BIG, a->text);
}

static bool
op_float(struct machine *m, const struct argument *a)
{
	return push_float(m, a->real);
}

static bool
op_float_line(struct machine *m, const struct argument *a)
{
	double v;

	if (!number_parse(a->text, &v))
		return machine_err(m, ERR_INPUT, "not a number");
	return push_float(m, v);
}

static bool
op_bytes(struct machine *m, const struct argument *a)
{
	return push_bytes(m, NODE_BYTES, a->text);
}

static bool
check_text(struct machine *m, struct str s)
{
	size_t bad;

	if (s.n > PICKLE_TEXT_MAX)
		return machine_err(m, ERR_LIMIT,
		    "a text of %zu bytes, more than the %zu allowed", s.n,
		    PICKLE_TEXT_MAX);
	if (!str_is_utf8(s, &bad))
		return machine_err(m, ERR_INPUT, "a text that is not UTF-8");
	return true;
}

static bool
op_text(struct machine *m, const struct argument *a)
{
	return check_text(m, a->text) && push_bytes(m, NODE_TEXT, a->text);
}

static bool
op_text_line(struct machine *m, const struct argument *a)
{
	struct str text;

	if (a->text.n > PICKLE_TEXT_MAX)
		return machine_err(m, ERR_LIMIT,
		    "a text of %zu bytes, more than the %zu allowed",
		    a->text.n, PICKLE_TEXT_MAX);
	if (!text_from_escapes(a->text, m->mem, &text))
		return m->mem->over ? machine_full(m) :
		    machine_err(m, ERR_INPUT, "a text that is not Unicode");
	return push_bytes(m, NODE_TEXT, text);
}

/* --- containers -------------------------------------------------------------- */

static bool
op_empty(struct machine *m, const struct argument *a)
{
	(void)a;
	return push(m, node_new(m, m->op == ']' ? NODE_LIST :
	    m->op == '}' ? NODE_DICT : NODE_SET));
}

/* EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3. */
static bool
op_tuple_n(struct machine *m, const struct argument *a)
{
	uint32_t n = m->op == ')' ? 0 : m->op - 0x84u;

	(void)a;
	if (m->n - m->floor < n)
		return machine_err(m, ERR_INPUT, "too few on the stack");
	m->n -= n;
	return push_container(m, NODE_TUPLE, m->stack + m->n, n);
}

static bool
marked_container(struct machine *m, enum node_kind kind)
{
	struct node **items;
	uint32_t n;

	if (!pop_mark(m, &items, &n))
		return false;
	if (kind == NODE_DICT && n % 2 != 0)
		return machine_err(m, ERR_INPUT, "a key without a value");
	return push_container(m, kind, items, n);
}

static bool
op_tuple(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_TUPLE);
}

static bool
op_list(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_LIST);
}

static bool
op_dict(struct machine *m, const struct argument *a)
{
	(void)a;
	return marked_container(m, NODE_DICT);
}

static bool
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

	if (!top(m, &list))
		return false;
	if (list->kind != kind && list->kind != NODE_OBJECT)
		return machine_err(m, ERR_INPUT, "cannot add items to %s",
		    node_describe(list, what, sizeof(what)));
	if (kind == NODE_DICT && n % 2 != 0)
		return machine_err(m, ERR_INPUT, "a key without a value");
	return append_all(m, list, items, n);
}

static bool
op_append(struct machine *m, const struct argument *a)
{
	struct node *item;

	(void)a;
	return pop(m, &item) && extend(m, NODE_LIST, &item, 1);
}

static bool
op_setitem(struct machine *m, const struct argument *a)
{
	struct node *pair[2];

	(void)a;
	return pop(m, &pair[1]) && pop(m, &pair[0]) &&
	    extend(m, NODE_DICT, pair, 2);
}

static bool
extend_marked(struct machine *m, enum node_kind kind)
{
	struct node **items;
	uint32_t n;

	return pop_mark(m, &items, &n) && extend(m, kind, items, n);
}

static bool
op_appends(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_LIST);
}

static bool
op_setitems(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_DICT);
}

static bool
op_additems(struct machine *m, const struct argument *a)
{
	(void)a;
	return extend_marked(m, NODE_SET);
}

/* --- names, calls and objects -------------------------------------------------- */

static bool
push_global(struct machine *m, struct str module, struct str name)
{
	struct node *n;

	if (!check_text(m, module) || !check_text(m, name))
		return false;
	n = node_new(m, NODE_GLOBAL);
	if (n != NULL) {
		n->global.module = module;
		n->global.name = name;
	}
	return push(m, n);
}

static bool
op_global(struct machine *m, const struct argument *a)
{
	return push_global(m, a->text, a->second);
}

static bool
op_stack_global(struct machine *m, const struct argument *a)
{
	struct node *module, *name;

	(void)a;
	if (!pop(m, &name) || !pop(m, &module))
		return false;
	if (name->kind != NODE_TEXT || module->kind != NODE_TEXT)
		return machine_err(m, ERR_INPUT, "a name that is no text");
	return push_global(m, module->text, name->text);
}

/* The few calls by which older protocols spell plain data: bytes as
 * _codecs.encode(text, "latin1"), bytes(), bytearray(bytes), set(list). True
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
		    (n = node_new(m, NODE_BYTES)) == NULL)
			return true;
		if (text_to_latin1(first->text, m->mem, &n->text))
			*ret = n;
		return true;
	}
	if (node_is_global(callee, "builtins", "bytes") ||
	    node_is_global(callee, "builtins", "bytearray")) {
		if (first != NULL && first->kind != NODE_BYTES)
			return false;
		n = node_new(m, NODE_BYTES);
		if (n != NULL && first != NULL)
			n->text = first->text;
		*ret = n;
		return true;
	}
	if (first != NULL && first->kind == NODE_LIST &&
	    (node_is_global(callee, "builtins", "set") ||
	    node_is_global(callee, "builtins", "frozenset"))) {
		n = node_new(m, NODE_SET);
		if (n != NULL && !append_all(m, n, first->items, first->n))
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
	n = node_new(m, NODE_OBJECT);
	if (n != NULL) {
		n->object.callee = callee;
		n->object.args = args;
	}
	return push(m, n);
}

static bool
op_reduce(struct machine *m, const struct argument *a)
{
	struct node *callee, *args, *data;

	(void)a;
	if (!pop(m, &args) || !pop(m, &callee))
		return false;
	if (args->kind == NODE_TUPLE && data_call(m, callee, args, &data)) {
		if (data == NULL && !m->mem->over)
			return machine_err(m, ERR_INPUT,
			    "bytes that are not spelt as bytes");
		return push(m, data);
	}
	return push_object(m, callee, args);
}

static bool
op_newobj(struct machine *m, const struct argument *a)
{
	struct node *class, *args;

	(void)a;
	return pop(m, &args) && pop(m, &class) &&
	    push_object(m, class, args);
}

static bool
op_newobj_ex(struct machine *m, const struct argument *a)
{
	struct node *class, *args, *keywords;

	(void)a;
	if (!pop(m, &keywords) || !pop(m, &args) || !pop(m, &class))
		return false;
	if (keywords->kind != NODE_DICT || keywords->n > 0)
		return machine_err(m, ERR_INPUT,
		    "an object made with keyword arguments, which is not "
		    "supported");
	return push_object(m, class, args);
}

/* Python's oldest forms: the class, then the arguments from a mark on. */
static bool
op_obj(struct machine *m, const struct argument *a)
{
	struct node **items, *class, *args;
	uint32_t n;

	(void)a;
	if (!pop_mark(m, &items, &n))
		return false;
	if (n == 0)
		return machine_err(m, ERR_INPUT, "no class");
	class = items[0];
	return push_container(m, NODE_TUPLE, items + 1, n - 1) &&
	    pop(m, &args) && push_object(m, class, args);
}

static bool
op_inst(struct machine *m, const struct argument *a)
{
	struct node *class, *args;

	return marked_container(m, NODE_TUPLE) && pop(m, &args) &&
	    push_global(m, a->text, a->second) && pop(m, &class) &&
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

static bool
op_build(struct machine *m, const struct argument *a)
{
	struct node *object, *state;
	char what[120];

	(void)a;
	if (!pop(m, &state) || !top(m, &object))
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

/* --- dispatch -------------------------------------------------------------------- */

bool
machine_execute(struct machine *m, const struct argument *a)
{
	static op_function *const functions[UCHAR_MAX + 1] = {
#define OP(byte, name, argument, function) [byte] = op_##function,
#include "import/pickle_ops.def"
#undef OP
	};

	return functions[m->op](m, a);
}
