/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_GRAPH_H
#define IMPORT_ONNX_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "import/onnx_map.h"
#include "import/onnx_proto.h"
#include "import/onnx_tensor.h"
#include "model/model_build.h"
#include "model/model_calc.h"

/*
 * A graph that is being worked out, node after node: every operator takes the
 * node at hand, its inputs and attributes, and names its outputs. All of it
 * lives in the arena of the import.
 */
struct onnx {
	struct import *im;
	const Onnx__ModelProto *model;
	int64_t opset, opset_ml;
	const Onnx__NodeProto *node; /* the one being worked out */
	struct onnx_value *values;   /* by name */
	uint32_t n_values;           /* a power of two */
	struct onnx_map constants;   /* bits of a number to its slot */
	struct onnx_map rounded;     /* slot to the same as a float */
	uint64_t compared;           /* constants with keys so far */
	const struct onnx_elem *zip; /* labels that ZipMap names, if any */
	uint32_t n_zip;
};

/* --- errors (onnx_graph.c): all return false ------------------------------ */

bool onnx_full(const struct onnx *g, struct err *err);
/* ERR_MODEL: what the node asks for is not supported. */
bool onnx_cannot(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* ERR_INPUT: the node is wrong. */
bool onnx_wrong(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- values by name (onnx_graph.c) ---------------------------------------- */

/* Room for `n` names. */
MUST_USE bool onnx_values_init(struct onnx *g, size_t n, struct err *err);
/* NULL where nothing has that name. */
const struct onnx_tensor *onnx_find(const struct onnx *g, struct str name);
/* ERR_INPUT for a name that is there already. */
MUST_USE bool onnx_define(struct onnx *g, struct str name,
    const struct onnx_tensor *value, struct err *err);
/* The value of that name, if there is one, is no probability, or one list of
 * all rows. */
void onnx_mark(struct onnx *g, struct str name, bool scores, bool flat);

/* Input i of the node, NULL where it is not given (and may be so). */
const struct onnx_tensor *onnx_optional(const struct onnx *g, size_t i);
MUST_USE bool onnx_input(const struct onnx *g, size_t i,
    const struct onnx_tensor **ret, struct err *err);
/* Name what output i of the node is. */
MUST_USE bool onnx_output(struct onnx *g, size_t i,
    const struct onnx_tensor *value, struct err *err);
/* Whether output i of the node is one of the graph, or some node reads it. */
bool onnx_is_told(const struct onnx *g, size_t i);
bool onnx_is_read(const struct onnx *g, size_t i);

/* --- attributes (onnx_attr.c) --------------------------------------------- */

/* NULL where the node has none of that name. */
const Onnx__AttributeProto *onnx_attr(const struct onnx *g, const char *name);
int64_t onnx_attr_int(const struct onnx *g, const char *name, int64_t none);
double onnx_attr_float(const struct onnx *g, const char *name, double none);
struct str onnx_attr_text(const struct onnx *g, const char *name,
    const char *none);
/* Lists: n is 0 where there is no such attribute. Numbers come from floats,
 * ints, or a tensor. */
MUST_USE bool onnx_attr_list(struct onnx *g, const char *name,
    const double **ret, size_t *n, struct err *err);
void onnx_attr_ints(const struct onnx *g, const char *name,
    const int64_t **ret, size_t *n);
/* Labels or keys: NAME_strings, NAME_int64s ... by full names. */
MUST_USE bool onnx_attr_elems(struct onnx *g, const char *name,
    const struct onnx_elem **ret, uint32_t *n, struct err *err);

/* --- elements to slots (onnx_value.c) ------------------------------------- */

bool onnx_all_constant(const struct onnx_elem *e, size_t n);
/* Numbers of `type`, in place: labels become numbers, and what will be
 * computed with as float is rounded to it. ERR_MODEL for texts. */
MUST_USE bool onnx_numbers(struct onnx *g, int type, struct onnx_elem *e,
    size_t n, struct err *err);
/* The slots of n numbers, constants too. */
MUST_USE bool onnx_slots(struct onnx *g, const struct onnx_elem *e, size_t n,
    uint32_t **ret, struct err *err);
/* A copy of n elements as numbers of the type. */
MUST_USE bool onnx_operand(struct onnx *g, int type,
    const struct onnx_elem *e, size_t n, struct onnx_elem **ret,
    struct err *err);

/* --- calculations (onnx_calc.c) ------------------------------------------- */

/* The n numbers as a set: they are put in order. NULL for want of memory,
 * which then is a slot that may hold any number. */
const struct onnx_set *onnx_set(struct onnx *g, double *v, uint32_t n);
/* ret[i] = calc(a[i], b[i], c[i]) for as many operands as calc has, in the
 * arithmetic of `type`; the rest may be NULL. */
MUST_USE bool onnx_calc(struct onnx *g, enum model_calc calc, int type,
    const struct onnx_elem *a, const struct onnx_elem *b,
    const struct onnx_elem *c, size_t n, struct onnx_elem *ret,
    struct err *err);
/* The same with one constant b for all. */
MUST_USE bool onnx_calc_with(struct onnx *g, enum model_calc calc, int type,
    const struct onnx_elem *a, double b, size_t n, struct onnx_elem *ret,
    struct err *err);
/* ret[i] = the fold of the n at e + i * n, i < width. */
MUST_USE bool onnx_fold(struct onnx *g, enum model_fold fold, int type,
    const struct onnx_elem *e, size_t n, size_t width,
    struct onnx_elem *ret, struct err *err);

/* --- weighted sums, probabilities (onnx_weigh.c) -------------------------- */

/* ret[k] = intercept[k] + sum of coef[k * n + i] * e[i], k < n_out. */
MUST_USE bool onnx_linear(struct onnx *g, int type, const struct onnx_elem *e,
    size_t n, const double *coef, const double *intercept, size_t n_out,
    struct onnx_elem *ret, struct err *err);
MUST_USE bool onnx_softmax(struct onnx *g, int type,
    const struct onnx_elem *e, size_t n, struct onnx_elem *ret,
    struct err *err);
/* post_transform of n scores, in float; ret may be e. */
MUST_USE bool onnx_post(struct onnx *g, struct str transform,
    const struct onnx_elem *e, size_t n, struct onnx_elem *ret,
    struct err *err);

/* --- texts and categories (onnx_text.c) ----------------------------------- */

/* ERR_LIMIT where as many constants compared with as many keys are, with all
 * before them, more than a graph may ask for. */
MUST_USE bool onnx_charge(struct onnx *g, uint64_t values, uint64_t keys,
    struct err *err);
/* What a category becomes: ret = values[i] where x is keys[i] (the first such
 * one), `none` where it is no key. Keys and values are constants of one kind
 * each. */
MUST_USE bool onnx_lookup(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *keys, const struct onnx_elem *values,
    uint32_t n, struct onnx_elem none, struct onnx_elem *ret,
    struct err *err);
/* n elements, 1 where x is the category and 0 elsewhere; `closed` refuses a
 * row with another one. */
MUST_USE bool onnx_onehot(struct onnx *g, const struct onnx_elem *x,
    const struct onnx_elem *categories, uint32_t n, bool closed,
    struct onnx_elem *ret, struct err *err);

/* --- places that depend on the row (onnx_pick.c) -------------------------- */

bool onnx_depends_on_row(const struct onnx_tensor *index);
/* What is at the places `index` of x along an axis: as many numbers as the
 * indices, in the place of the axis. */
MUST_USE bool onnx_pick(struct onnx *g, const struct onnx_tensor *x, int axis,
    const struct onnx_tensor *index, struct onnx_elem *ret, struct err *err);

/* --- shapes (onnx_shape.c) ------------------------------------------------ */

/* The same elements under other dims; ret may be x. */
MUST_USE bool onnx_reshaped(struct onnx *g, const struct onnx_tensor *x,
    int rank, const int64_t *dims, int batch, struct onnx_tensor *ret,
    struct err *err);
/* ERR_MODEL: an operator looks along the axis of rows. */
bool onnx_along_rows(struct err *err);
/* The axes that Squeeze, Unsqueeze or a reduction names, in an attribute or
 * as input 1: bit i is axis i of `rank`. */
MUST_USE bool onnx_axes(struct onnx *g, int rank, uint32_t *ret, bool *given,
    struct err *err);

/* --- elements at other places (onnx_move.c) ------------------------------- */

/* What all of n tensors stretch to, and each at that shape: lists[i] has as
 * many elements as ret, whose own are to be filled in. */
MUST_USE bool onnx_broadcast(struct onnx *g,
    const struct onnx_tensor *const *x, size_t n, int type,
    struct onnx_tensor *ret, struct onnx_elem **elems,
    const struct onnx_elem **lists, struct err *err);
/* x with the axes in the order of perm. */
MUST_USE bool onnx_transpose(struct onnx *g, const struct onnx_tensor *x,
    const int *perm, struct onnx_tensor *ret, struct err *err);

/* --- operators ------------------------------------------------------------ */

typedef bool onnx_operator(struct onnx *g, struct err *err);
#define OP(domain, name, function, attributes) \
	bool function(struct onnx *g, struct err *err);
#include "import/onnx_ops.def"
#undef OP

/* Work the node out (onnx_ops.c). */
MUST_USE bool onnx_evaluate(struct onnx *g, const Onnx__NodeProto *node,
    struct err *err);

/* Make the graph's outputs those of the model (onnx_answer.c). */
MUST_USE bool onnx_answer(struct onnx *g, const Onnx__GraphProto *graph,
    struct err *err);

#endif
