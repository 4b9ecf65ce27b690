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

/* Inside of the pickle reader: pickle.c fetches, pickle_ops.c executes. */

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

typedef bool op_function(struct machine *m, const struct argument *a);
/* Execute the opcode m->op. */
bool machine_execute(struct machine *m, const struct argument *a);

#endif
