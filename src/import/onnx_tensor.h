/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ONNX_TENSOR_H
#define IMPORT_ONNX_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/onnx_proto.h"
#include "model/model_calc.h"

struct onnx;

/*
 * The values of a graph worked out for one row. A tensor is its elements, each
 * a constant or the slot that will hold it; the axis of rows counts one
 * element. Every operator has to treat rows alike, so none may reduce, cut or
 * reorder that axis.
 *
 * Numbers are doubles. Where the graph computes in float, what goes into a
 * step and what comes out of it is rounded: `exact` says that an element is a
 * float already.
 *
 * All of it lives in the arena of the import. A tensor's elements are its
 * own until it has a name, and are never changed after.
 */
enum {
	ONNX_RANK_MAX = 8,
	ONNX_ELEMS_MAX = 1 << 24, /* of a constant */
};

enum onnx_kind {
	ELEM_NUMBER, /* a constant */
	ELEM_STRING, /* a constant */
	ELEM_ROWS,   /* how many rows there are */
	ELEM_SLOT,   /* a number */
	ELEM_TEXT,   /* a slot of codes */
	ELEM_CLASS,  /* the label of the class that has the best score */
};

/* Texts that codes mean. */
struct onnx_dict {
	uint32_t n;
	const struct str *texts;
};

struct onnx_elem {
	enum onnx_kind kind;
	bool exact;    /* ELEM_SLOT: is a float */
	uint32_t slot; /* ELEM_SLOT, ELEM_TEXT */
	union {
		double number;
		struct str text;
		const struct onnx_dict *dict; /* NULL: of the column */
		const struct onnx_set *set; /* ELEM_SLOT; NULL: any number */
		struct onnx_class *class_;
	};
};

/* All numbers that a slot may hold, where these are few; they ascend. */
struct onnx_set {
	uint32_t n;
	const double *v;
};

/* Of n labels the one whose score is the first (or last) greatest, or least. */
struct onnx_class {
	uint32_t n;
	enum model_fold fold;
	const struct onnx_elem *labels; /* constants, all of one kind */
	const struct onnx_elem *scores;
	bool floats;
	bool has_slot;                  /* of the index, once asked for: */
	uint32_t slot;
};

struct onnx_tensor {
	int type;                /* enum TensorProto.DataType */
	int rank;
	int64_t dims[ONNX_RANK_MAX]; /* 1 for the rows */
	int batch;               /* axis of the rows, -1 for a constant */
	size_t n;                /* elements */
	const struct onnx_elem *elems;
	bool scores;             /* weighted sums: no probabilities */
	/* Parts with all rows each, one behind the other along one axis: the
	 * axis ahead of the rows counts them. Only a Reshape may follow, which
	 * makes it an axis of its own. */
	bool stacked;
	/* One axis of all numbers, row after row, though `dims` still has the
	 * rows apart: only what works element by element may follow, until a
	 * Reshape says so too. */
	bool flat;
	/* A sequence of tensors, and nothing else. */
	const struct onnx_tensor *parts;
	size_t n_parts;
};

static inline bool
elem_is_constant(const struct onnx_elem *e)
{
	return e->kind == ELEM_NUMBER;
}

static inline struct onnx_elem
elem_number(double v)
{
	return (struct onnx_elem){.kind = ELEM_NUMBER, .exact = true,
	    .number = v};
}

static inline struct onnx_elem
elem_string(struct str text)
{
	return (struct onnx_elem){.kind = ELEM_STRING, .text = text};
}

static inline struct onnx_elem
elem_slot(uint32_t slot, bool exact)
{
	return (struct onnx_elem){.kind = ELEM_SLOT, .exact = exact,
	    .slot = slot};
}

/* --- what a tensor is (onnx_tensor.c) ------------------------------------- */

bool onnx_is_float(int type);  /* float or double */
bool onnx_is_number(int type); /* of any kind, bool too */
/* What numbers of the type are computed in where a model says "float". */
static inline int
onnx_float_of(int type)
{
	return type == ONNX_DOUBLE ? ONNX_DOUBLE : ONNX_FLOAT;
}
/* A tensor with n = product of dims elements to fill in; the batch axis has
 * dim 1. ERR_LIMIT past ONNX_ELEMS_MAX, also of what the axes would hold but
 * for those of no length: no product of a tensor's dims is more. */
MUST_USE bool onnx_make(struct onnx *g, int type, int rank,
    const int64_t *dims, int batch, struct onnx_tensor *ret,
    struct onnx_elem **elems, struct err *err);
/* The shape of x for elements of another type. */
MUST_USE bool onnx_make_like(struct onnx *g, const struct onnx_tensor *x,
    int type, struct onnx_tensor *ret, struct onnx_elem **elems,
    struct err *err);
/* A row of n numbers. */
MUST_USE bool onnx_make_row(struct onnx *g, int type, uint32_t n,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err);
/* The same shape and elements, to be changed. */
MUST_USE bool onnx_copy(struct onnx *g, const struct onnx_tensor *x,
    struct onnx_tensor *ret, struct onnx_elem **elems, struct err *err);
/* An axis from -rank to rank - 1 as one from 0. */
MUST_USE bool onnx_axis(const struct onnx_tensor *x, int64_t axis, int *ret,
    struct err *err);
/* As a matrix of rows: how many numbers a row has. The rows come first. */
MUST_USE bool onnx_row(const struct onnx_tensor *x, uint32_t *n,
    struct err *err);
/* The elements of a constant as whole numbers; rows are ROWS_MARK. */
#define ONNX_ROWS_MARK INT64_MIN
MUST_USE bool onnx_ints(struct onnx *g, const struct onnx_tensor *x,
    const char *what, int64_t **ret, struct err *err);

/* Product of dims[from] to dims[to - 1]. */
static inline int64_t
onnx_product(const int64_t *dims, int from, int to)
{
	int64_t n = 1;

	for (int i = from; i < to; i++)
		n *= dims[i];
	return n;
}

/* --- constants of the file (onnx_constant.c) ------------------------------ */

MUST_USE bool onnx_constant(struct onnx *g, const Onnx__TensorProto *t,
    struct onnx_tensor *ret, struct err *err);

#endif
