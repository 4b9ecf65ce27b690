/* SPDX-License-Identifier: ISC
 *
 * Opcodes that push one value: numbers, text and bytes, in the spellings of
 * all protocols.
 */
#include "import/pickle_machine.h"

#include "base/number.h"
#include "import/pickle.h"
#include "import/text.h"

bool
op_none(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_push(m, m->none);
}

bool
op_bool(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_push(m, m->op == 0x88 ? m->yes : m->no);
}

static bool
push_int(struct machine *m, int64_t v)
{
	struct node *n = machine_node(m, NODE_INT);

	if (n != NULL)
		n->integer = v;
	return machine_push(m, n);
}

bool
machine_push_bytes(struct machine *m, enum node_kind kind, struct str bytes)
{
	struct node *n = machine_node(m, kind);

	if (n != NULL)
		n->text = bytes;
	return machine_push(m, n);
}

static bool
push_float(struct machine *m, double v)
{
	struct node *n = machine_node(m, NODE_FLOAT);

	if (n != NULL)
		n->real = v;
	return machine_push(m, n);
}

bool
op_int(struct machine *m, const struct argument *a)
{
	return push_int(m, a->integer);
}

/* Two's complement, least significant byte first, as short as it can be. */
bool
op_long(struct machine *m, const struct argument *a)
{
	uint64_t v = 0;
	size_t n = a->text.n;

	if (n > sizeof(v))
		return machine_push_bytes(m, NODE_BIG, a->text);
	if (n > 0 && (a->text.p[n - 1] & 0x80) != 0)
		v = UINT64_MAX;
	for (size_t i = n; i-- > 0;)
		v = v << 8 | (unsigned char)a->text.p[i];
	return push_int(m, (int64_t)v);
}

/* Decimal, perhaps with Python 2's L behind; 00 and 01 are booleans. */
bool
op_int_line(struct machine *m, const struct argument *a)
{
	struct str s = a->text;
	bool negative = false;
	uint64_t v;

	if (m->op == 'I' && str_eq(s, STR("01")))
		return machine_push(m, m->yes);
	if (m->op == 'I' && str_eq(s, STR("00")))
		return machine_push(m, m->no);
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
	return machine_push_bytes(m, NODE_BIG, a->text);
}

bool
op_float(struct machine *m, const struct argument *a)
{
	return push_float(m, a->real);
}

bool
op_float_line(struct machine *m, const struct argument *a)
{
	double v;

	if (!number_parse(a->text, &v))
		return machine_err(m, ERR_INPUT, "not a number");
	return push_float(m, v);
}

bool
op_bytes(struct machine *m, const struct argument *a)
{
	return machine_push_bytes(m, NODE_BYTES, a->text);
}

bool
machine_check_text(struct machine *m, struct str s)
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

bool
op_text(struct machine *m, const struct argument *a)
{
	return machine_check_text(m, a->text) &&
	    machine_push_bytes(m, NODE_TEXT, a->text);
}

bool
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
	return machine_push_bytes(m, NODE_TEXT, text);
}
