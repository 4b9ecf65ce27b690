/* SPDX-License-Identifier: ISC
 *
 * numpy's own file format: a magic, a header that is a Python dict in text,
 * and the items. The header becomes the nodes that a pickle of the array
 * would have held, so that one reader of item types serves both.
 */
#include "import/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

enum { LITERAL_DEPTH_MAX = 4 };

/* The header's text, as far as it has been read. */
struct literal {
	struct str rest;
	struct arena *mem;
};

static struct node *
make(struct arena *mem, enum node_kind kind)
{
	struct node *n = ARENA_NEW(mem, struct node);

	if (n != NULL)
		n->kind = kind;
	return n;
}

static struct node *
make_text(struct arena *mem, struct str text)
{
	struct node *n = make(mem, NODE_TEXT);

	if (n != NULL)
		n->text = text;
	return n;
}

static struct node *
make_integer(struct arena *mem, int64_t value)
{
	struct node *n = make(mem, NODE_INT);

	if (n != NULL)
		n->integer = value;
	return n;
}

/* False past the bound of mem, where `item` may be NULL already. */
static bool
put(struct arena *mem, struct node *list, struct node *item)
{
	return list != NULL && item != NULL && node_append(mem, list, item);
}

/* --- Python literals ------------------------------------------------------ */

static char
peek(struct literal *l)
{
	while (l->rest.n > 0 && (*l->rest.p == ' ' || *l->rest.p == '\n')) {
		l->rest.p++;
		l->rest.n--;
	}
	return l->rest.n > 0 ? *l->rest.p : '\0';
}

static bool
take(struct literal *l, char c)
{
	if (c == '\0' || peek(l) != c)
		return false;
	l->rest.p++;
	l->rest.n--;
	return true;
}

static struct node *
read_text(struct literal *l)
{
	char quote = *l->rest.p;
	struct str rest = {l->rest.p + 1, l->rest.n - 1}, text;
	size_t bad;

	text = str_cut(&rest, quote);
	if (rest.p == NULL || !str_is_utf8(text, &bad) ||
	    memchr(text.p, '\\', text.n) != NULL)
		return NULL;
	l->rest = rest;
	return make_text(l->mem, text);
}

/* An integer, True or False. */
static struct node *
read_word(struct literal *l)
{
	struct str word = {l->rest.p, 0};
	struct node *n;
	uint64_t value;

	while (word.n < l->rest.n && word.n < 24 &&
	    memchr(",:()[]{} \n", word.p[word.n], 10) == NULL)
		word.n++;
	l->rest.p += word.n;
	l->rest.n -= word.n;
	if (number_parse_u64(word, &value))
		return value <= INT64_MAX ?
		    make_integer(l->mem, (int64_t)value) : NULL;
	if (!str_eq(word, STR("True")) && !str_eq(word, STR("False")))
		return NULL;
	n = make(l->mem, NODE_BOOL);
	if (n != NULL)
		n->integer = word.p[0] == 'T';
	return n;
}

static struct node *read_literal(struct literal *l, int depth);

static struct node *
read_items(struct literal *l, enum node_kind kind, char end, int depth)
{
	struct node *list = make(l->mem, kind);

	while (list != NULL && !take(l, end)) {
		if (!put(l->mem, list, read_literal(l, depth)) ||
		    (kind == NODE_DICT && (!take(l, ':') ||
		    !put(l->mem, list, read_literal(l, depth)))) ||
		    (!take(l, ',') && peek(l) != end))
			return NULL;
	}
	return list;
}

/* NULL for what is none, or memory that ran out. */
static struct node *
read_literal(struct literal *l, int depth)
{
	if (depth > LITERAL_DEPTH_MAX)
		return NULL;
	if (take(l, '{'))
		return read_items(l, NODE_DICT, '}', depth + 1);
	if (take(l, '('))
		return read_items(l, NODE_TUPLE, ')', depth + 1);
	if (take(l, '['))
		return read_items(l, NODE_LIST, ']', depth + 1);
	if (peek(l) == '\'' || peek(l) == '"')
		return read_text(l);
	return read_word(l);
}

/* --- item types ----------------------------------------------------------- */

/* numpy.dtype(code) with the state (3, order, None, names, fields, size, 1,
 * 0); NULL past the bound of mem. */
static struct node *
make_dtype(struct arena *mem, struct str code, struct str order,
    struct node *names, struct node *fields, int64_t size)
{
	struct node *dtype = make(mem, NODE_OBJECT);
	struct node *callee = make(mem, NODE_GLOBAL);
	struct node *args = make(mem, NODE_TUPLE);
	struct node *state = make(mem, NODE_TUPLE);
	struct node *none = make(mem, NODE_NONE);

	if (dtype == NULL || callee == NULL ||
	    !put(mem, args, make_text(mem, code)) ||
	    !put(mem, state, make_integer(mem, 3)) ||
	    !put(mem, state, make_text(mem, order)) ||
	    !put(mem, state, none) ||
	    !put(mem, state, names != NULL ? names : none) ||
	    !put(mem, state, fields != NULL ? fields : none) ||
	    !put(mem, state, make_integer(mem, size)) ||
	    !put(mem, state, make_integer(mem, 1)) ||
	    !put(mem, state, make_integer(mem, 0)))
		return NULL;
	callee->global.module = STR("numpy");
	callee->global.name = STR("dtype");
	dtype->object.callee = callee;
	dtype->object.args = args;
	dtype->object.state = state;
	return dtype;
}

/* "<f8". */
static struct node *
simple_dtype(const struct node *descr, struct arena *mem)
{
	struct str s = descr->text;

	if (descr->kind != NODE_TEXT || s.n < 2)
		return NULL;
	return make_dtype(mem, (struct str){s.p + 1, s.n - 1},
	    (struct str){s.p, 1}, NULL, NULL, -1);
}

/* [("left_child", "<i8"), ..., ("", "|V7")]; the last is padding. */
static struct node *
record_dtype(const struct node *descr, struct arena *mem, struct err *err)
{
	struct node *names = make(mem, NODE_TUPLE);
	struct node *fields = make(mem, NODE_DICT);
	size_t offset = 0;
	char *code;

	for (uint32_t i = 0; i < descr->n; i++) {
		const struct node *name = node_item(descr->items[i], 0);
		const struct node *format = node_item(descr->items[i], 1);
		struct node *dtype, *place = make(mem, NODE_TUPLE);
		struct dtype known;

		if (name == NULL || name->kind != NODE_TEXT ||
		    format == NULL || descr->items[i]->n != 2)
			return NULL;
		dtype = simple_dtype(format, mem);
		if (dtype == NULL || !array_dtype(dtype, &known, err))
			return NULL;
		if (name->text.n > 0 &&
		    (!put(mem, place, dtype) ||
			!put(mem, place, make_integer(mem, (int64_t)offset)) ||
			!put(mem, names, descr->items[i]->items[0]) ||
			!put(mem, fields, descr->items[i]->items[0]) ||
			!put(mem, fields, place)))
			return NULL;
		offset += known.item_bytes; /* each is bounded */
	}
	code = arena_alloc(mem, 32);
	if (code == NULL)
		return NULL;
	snprintf(code, 32, "V%zu", offset);
	return make_dtype(mem, str_of(code), STR("|"), names, fields,
	    (int64_t)offset);
}

/* --- the file ------------------------------------------------------------- */

static bool
header(struct str bytes, struct str *ret, struct str *items)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	size_t start, n;

	if (!str_has_prefix(bytes, STR("\x93NUMPY")) || bytes.n < 12 ||
	    p[6] < 1 || p[6] > 3)
		return false;
	start = p[6] == 1 ? 10 : 12;
	n = (size_t)p[8] | (size_t)p[9] << 8;
	if (p[6] > 1)
		n |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
	if (n > NPY_HEADER_MAX || n > bytes.n - start)
		return false;
	*ret = (struct str){bytes.p + start, n};
	*items = (struct str){bytes.p + start + n, bytes.n - start - n};
	return true;
}

bool
npy_read(struct str bytes, struct arena *mem, struct array *ret,
    struct err *err)
{
	struct literal l = {.mem = mem};
	const struct node *dict, *descr;
	struct node *dtype;
	struct array a = {0};
	struct str items;

	*err = (struct err){.at = ERR_NOWHERE};
	if (!header(bytes, &l.rest, &items))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "not a .npy file, or one that is truncated");
	dict = read_literal(&l, 0);
	descr = node_get(dict, "descr");
	dtype = descr == NULL ? NULL : descr->kind == NODE_LIST ?
	    record_dtype(descr, mem, err) : simple_dtype(descr, mem);
	if (mem->over)
		return arena_err(mem, "an array", err);
	if (dtype == NULL || peek(&l) != '\0')
		return err->text[0] != '\0' ? false :
		    err_set(err, ERR_INPUT, ERR_NOWHERE,
			"a .npy file with a header that is not known");
	if (!array_dtype(dtype, &a.dtype, err) ||
	    !array_shape(node_get(dict, "shape"), &a, err))
		return false;
	if (a.dtype.has_object)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a .npy file of Python objects, which are never read");
	if (!value_bool(node_get(dict, "fortran_order"), &a.fortran))
		a.fortran = false;
	if (!array_stand(&a, items, err))
		return false;
	*ret = a;
	return true;
}
