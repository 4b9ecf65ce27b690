/* SPDX-License-Identifier: ISC
 *
 * The pickle reader's stack, marks and memo, and the opcodes that are about
 * nothing else. The stack never sinks below the last mark.
 */
#include "import/pickle_machine.h"

#include <string.h>

#include "base/number.h"
#include "import/pickle.h"

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

bool
machine_push(struct machine *m, struct node *n)
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

bool
machine_pop(struct machine *m, struct node **ret)
{
	if (m->n == m->floor)
		return machine_err(m, ERR_INPUT, "nothing on the stack");
	*ret = m->stack[--m->n];
	return true;
}

bool
machine_top(struct machine *m, struct node **ret)
{
	if (m->n == m->floor)
		return machine_err(m, ERR_INPUT, "nothing on the stack");
	*ret = m->stack[m->n - 1];
	return true;
}

bool
machine_pop_mark(struct machine *m, struct node ***items, uint32_t *n)
{
	if (m->n_marks == m->first_mark)
		return machine_err(m, ERR_INPUT, "no mark on the stack");
	*items = m->stack + m->floor;
	*n = (uint32_t)(m->n - m->floor);
	m->n = m->floor;
	m->floor = m->marks[--m->n_marks];
	return true;
}

struct node *
machine_node(struct machine *m, enum node_kind kind)
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

bool
machine_append(struct machine *m, struct node *list, struct node **items,
    uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (!node_append(m->mem, list, items[i]))
			return machine_full(m);
	return true;
}

bool
machine_container(struct machine *m, enum node_kind kind, struct node **items,
    uint32_t n)
{
	struct node *list = machine_node(m, kind);

	if (list == NULL)
		return machine_full(m);
	return machine_append(m, list, items, n) && machine_push(m, list);
}

static bool
memo_put(struct machine *m, uint64_t index)
{
	struct node *n;

	if (!machine_top(m, &n))
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
	return machine_push(m, m->memo[index]);
}

bool
op_proto(struct machine *m, const struct argument *a)
{
	if (a->integer > 5)
		return machine_err(m, ERR_INPUT,
		    "pickle protocol %lld is not known (0 to 5 are)",
		    (long long)a->integer);
	return true;
}

/* A frame only tells Python how much to read ahead. */
bool
op_frame(struct machine *m, const struct argument *a)
{
	if ((uint64_t)a->integer > m->in.n - m->at)
		return machine_err(m, ERR_INPUT,
		    "a frame of %lld bytes, the file has %zu more: it is "
		    "truncated or damaged", (long long)a->integer,
		    m->in.n - m->at);
	return true;
}

bool
op_stop(struct machine *m, const struct argument *a)
{
	struct node *n;

	(void)a;
	m->stopped = true;
	return machine_top(m, &n);
}

bool
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

bool
op_pop_mark(struct machine *m, const struct argument *a)
{
	struct node **items;
	uint32_t n;

	(void)a;
	return machine_pop_mark(m, &items, &n);
}

bool
op_pop(struct machine *m, const struct argument *a)
{
	struct node *n;

	/* Directly above a mark POP takes the mark. */
	if (m->n == m->floor && m->n_marks > m->first_mark)
		return op_pop_mark(m, a);
	return machine_pop(m, &n);
}

bool
op_dup(struct machine *m, const struct argument *a)
{
	struct node *n;

	(void)a;
	return machine_top(m, &n) && machine_push(m, n);
}

bool
op_memoize(struct machine *m, const struct argument *a)
{
	(void)a;
	return memo_put(m, m->memo_filled);
}

bool
op_put(struct machine *m, const struct argument *a)
{
	return memo_put(m, (uint64_t)a->integer);
}

bool
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

bool
op_put_line(struct machine *m, const struct argument *a)
{
	uint64_t index;

	return line_index(m, a, &index) && memo_put(m, index);
}

bool
op_get_line(struct machine *m, const struct argument *a)
{
	uint64_t index;

	return line_index(m, a, &index) && memo_get(m, index);
}

bool
op_outside(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_err(m, ERR_INPUT,
	    "refers to something outside the file, which is never looked up");
}

bool
op_python2(struct machine *m, const struct argument *a)
{
	(void)a;
	return machine_err(m, ERR_INPUT,
	    "a string of Python 2; save the model with Python 3");
}
