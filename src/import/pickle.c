/* SPDX-License-Identifier: ISC
 *
 * The fetching half of the pickle reader: opcodes and their arguments off
 * the bytes, each length held against what is left before it is believed.
 * The loop ends with STOP or with an error; every turn consumes a byte, so
 * the work is linear in the input.
 */
#include "import/pickle.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "import/pickle_machine.h"

enum { STACK_START = 256 };

enum argument_kind {
	ARG_UNKNOWN, /* no such opcode */
	ARG_NONE,
	ARG_U1,
	ARG_U2,
	ARG_U4,
	ARG_U8,
	ARG_I4,
	ARG_S1,
	ARG_S4,
	ARG_S8,
	ARG_LINE,
	ARG_LINES2,
	ARG_DOUBLE,
};

static const struct {
	const char *name;
	enum argument_kind argument;
	op_function *execute;
} ops[UCHAR_MAX + 1] = {
#define OP(byte, name, argument, function) \
	[byte] = {#name, ARG_##argument, op_##function},
#include "import/pickle_ops.def"
#undef OP
};

void
machine_fault(struct machine *m, enum err_kind kind, const char *fmt, ...)
{
	char why[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (ops[m->op].name == NULL)
		err_set(m->err, kind, m->op_at, "at byte %zu: %s", m->op_at,
		    why);
	else
		err_set(m->err, kind, m->op_at,
		    "at byte %zu, opcode %s: %s", m->op_at,
		    ops[m->op].name, why);
}

void
machine_full_fault(struct machine *m)
{
	machine_fault(m, ERR_LIMIT,
	    "the pickle needs more than the %zu bytes of memory allowed",
	    m->mem->cap);
}

static bool
truncated(struct machine *m, uint64_t want)
{
	return machine_err(m, ERR_INPUT,
	    "wants %llu bytes, the file has %zu more: it is truncated or "
	    "damaged", (unsigned long long)want, m->in.n - m->at);
}

/* n bytes, least significant first. */
static bool
fetch_uint(struct machine *m, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (m->in.n - m->at < n)
		return truncated(m, n);
	for (size_t i = n; i-- > 0;)
		v = v << 8 | (unsigned char)m->in.p[m->at + i];
	m->at += n;
	*ret = v;
	return true;
}

static bool
fetch_bytes(struct machine *m, size_t length_bytes, struct str *ret)
{
	uint64_t n = 0;

	if (!fetch_uint(m, length_bytes, &n))
		return false;
	if (n > m->in.n - m->at)
		return truncated(m, n);
	*ret = (struct str){m->in.p + m->at, (size_t)n};
	m->at += (size_t)n;
	return true;
}

static bool
fetch_line(struct machine *m, struct str *ret)
{
	const char *p = m->in.p + m->at;
	const char *end = memchr(p, '\n', m->in.n - m->at);

	if (end == NULL)
		return machine_err(m, ERR_INPUT,
		    "a line without an end: the file is truncated or damaged");
	*ret = (struct str){p, (size_t)(end - p)};
	m->at += ret->n + 1;
	if (ret->n > 0 && p[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

static bool
fetch_double(struct machine *m, double *ret)
{
	uint64_t bits = 0;

	if (!fetch_uint(m, sizeof(bits), &bits))
		return false;
	bits = __builtin_bswap64(bits);
	memcpy(ret, &bits, sizeof(*ret));
	return true;
}

static bool
fetch_argument(struct machine *m, struct argument *a)
{
	uint64_t u = 0;

	switch (ops[m->op].argument) {
	case ARG_UNKNOWN:
		return machine_err(m, ERR_INPUT,
		    "0x%02x is no opcode: the file is damaged or no pickle",
		    m->op);
	case ARG_NONE:
		return true;
	case ARG_U1:
	case ARG_U2:
	case ARG_U4:
	case ARG_U8:
		if (!fetch_uint(m,
			(size_t)1 << (ops[m->op].argument - ARG_U1), &u))
			return false;
		if (u > INT64_MAX)
			return truncated(m, u);
		a->integer = (int64_t)u;
		return true;
	case ARG_I4:
		if (!fetch_uint(m, 4, &u))
			return false;
		a->integer = (int32_t)(uint32_t)u;
		return true;
	case ARG_S1:
		return fetch_bytes(m, 1, &a->text);
	case ARG_S4:
		return fetch_bytes(m, 4, &a->text);
	case ARG_S8:
		return fetch_bytes(m, 8, &a->text);
	case ARG_LINE:
		return fetch_line(m, &a->text);
	case ARG_LINES2:
		return fetch_line(m, &a->text) && fetch_line(m, &a->second);
	case ARG_DOUBLE:
		return fetch_double(m, &a->real);
	}
	return false;
}

bool
machine_run(struct machine *m, struct node **ret)
{
	m->stopped = false;
	while (!m->stopped) {
		struct argument a = {0};

		m->op_at = m->at;
		m->op = 0;
		if (m->at == m->in.n)
			return machine_err(m, ERR_INPUT,
			    "the file ends without the STOP of a pickle: it "
			    "is truncated");
		m->op = (uint8_t)m->in.p[m->at++];
		if (!fetch_argument(m, &a) || !ops[m->op].execute(m, &a))
			return false;
	}
	*ret = m->stack[--m->n];
	return true;
}

bool
pickle_read(struct str bytes, struct arena *mem, const struct node **ret,
    size_t *end, struct err *err)
{
	struct machine m = {.in = bytes, .mem = mem, .err = err,
	    .cap = STACK_START};
	struct node *top;

	m.none = ARENA_NEW(mem, struct node);
	m.yes = ARENA_NEW(mem, struct node);
	m.no = ARENA_NEW(mem, struct node);
	m.stack = ARENA_ARRAY(mem, STACK_START, struct node *);
	if (m.none == NULL || m.yes == NULL || m.no == NULL ||
	    m.stack == NULL)
		return machine_full(&m);
	m.none->kind = NODE_NONE;
	m.yes->kind = m.no->kind = NODE_BOOL;
	m.yes->integer = 1;
	if (!machine_run(&m, &top))
		return false;
	*ret = top;
	*end = m.at;
	return true;
}
