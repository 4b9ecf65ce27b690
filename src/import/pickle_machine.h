/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_PICKLE_MACHINE_H
#define IMPORT_PICKLE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "import/node.h"

/* Inside of the pickle reader: pickle.c fetches, the others execute. */

struct machine {
	struct str in;
	size_t at;    /* the next byte */
	size_t op_at; /* where the current opcode stands */
	uint8_t op;
	bool stopped;
	bool nested;  /* in a pickle inside a joblib file: plain pickle */
	struct arena *mem;
	struct node **stack;
	size_t n, cap;
	size_t floor; /* the part of the stack above the last mark */
	size_t *marks;
	size_t n_marks, cap_marks;
	size_t first_mark; /* marks below belong to the pickle around */
	struct node **memo;
	size_t memo_cap, memo_filled;
	size_t n_nodes;
	struct node *none, *yes, *no;
	struct err *err;
};

/* What follows an opcode. */
struct argument {
	int64_t integer; /* U1, U2, U4, U8, I4 */
	double real;
	struct str text, second; /* S1 ... LINES2 */
};

/* Run until STOP; *ret is the value on top. */
bool machine_run(struct machine *m, struct node **ret);
/* "at byte N, opcode NAME: ..." into m->err. Macros around these give false,
 * so that the compiler sees it too. */
void machine_fault(struct machine *m, enum err_kind kind, const char *fmt,
    ...) PRINTF_LIKE(3, 4);
/* The same for memory that ran out. */
void machine_full_fault(struct machine *m);
#define machine_err(m, ...) (machine_fault(m, __VA_ARGS__), false)
#define machine_full(m)     (machine_full_fault(m), false)

/* --- pickle_stack.c --- */
/* Each is false, with the error set, where the stack does not allow it. */
bool machine_push(struct machine *m, struct node *n); /* NULL: no memory */
bool machine_pop(struct machine *m, struct node **ret);
/* The value on top, left there. */
bool machine_top(struct machine *m, struct node **ret);
/* Take the last mark away: the values above it are items[0 .. *n - 1], good
 * until the next push. */
bool machine_pop_mark(struct machine *m, struct node ***items, uint32_t *n);
/* A new node; NULL past a limit. */
struct node *machine_node(struct machine *m, enum node_kind kind);
bool machine_append(struct machine *m, struct node *list,
    struct node **items, uint32_t n);
/* A new container of these items, pushed. */
bool machine_container(struct machine *m, enum node_kind kind,
    struct node **items, uint32_t n);

/* --- pickle_values.c --- */
/* A text within the limit, and UTF-8. */
bool machine_check_text(struct machine *m, struct str s);
bool machine_push_bytes(struct machine *m, enum node_kind kind,
    struct str bytes);

/* The opcodes, in pickle_ops.def. */
typedef bool op_function(struct machine *m, const struct argument *a);
#define OP(byte, name, argument, function) op_function op_##function;
#include "import/pickle_ops.def"
#undef OP

#endif
