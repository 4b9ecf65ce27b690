/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ARRAY_H
#define IMPORT_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/node.h"
#include "import/value.h"

/*
 * A numpy array as it lies in the file: a view of the bytes, or of nodes
 * where the items are Python objects. Items may be unaligned, foreign-endian
 * and in Fortran order; the accessors see to that.
 */
enum array_type {
	ARRAY_BOOL,
	ARRAY_INT,
	ARRAY_UINT,
	ARRAY_FLOAT,
	ARRAY_TEXT,   /* UCS-4, padded with NULs */
	ARRAY_OBJECT, /* nodes */
	ARRAY_RECORD, /* named fields */
	ARRAY_OTHER,  /* its size is known, its items are not read */
};

struct dtype {
	enum array_type type;
	bool swap;           /* the other byte order */
	bool has_object;     /* joblib writes such arrays as pickles */
	size_t item_bytes;
	const struct node *names, *fields; /* ARRAY_RECORD */
};

enum { ARRAY_DIMS_MAX = 8 };

struct array {
	struct dtype dtype;
	uint32_t n_dims;
	size_t dim[ARRAY_DIMS_MAX];
	size_t count; /* items in all */
	bool fortran;
	const char *p; /* item i at p + i * stride */
	size_t stride;
	const struct node *list; /* ARRAY_OBJECT: a list of count items */
};

/* The item type behind a numpy.dtype node. */
MUST_USE bool array_dtype(const struct node *n, struct dtype *ret,
    struct err *err);
/* Dimensions and count from a tuple of integers; checked products. */
MUST_USE bool array_shape(const struct node *n, struct array *ret,
    struct err *err);
/* Stand the array on its items: dtype and count must say how many bytes
 * these are. */
MUST_USE bool array_stand(struct array *a, struct str bytes,
    struct err *err);
/* A view of a node that is an array in any of the forms numpy and joblib
 * write. ERR_INPUT where it is none or contradicts itself. */
MUST_USE bool array_view(const struct node *n, struct array *ret,
    struct err *err);
/* A numpy scalar as an array of one item; false for what is none. */
MUST_USE bool array_scalar(const struct node *n, struct array *ret);
/* Item i, counted in C order whatever the order in the file. Numbers only:
 * false for other types, and beyond the last item. */
MUST_USE bool array_number(const struct array *a, size_t i, double *ret);
/* Item i as a value; text is decoded into mem (VALUE_OTHER where mem is NULL
 * or full, and beyond the last item). */
struct value array_value(const struct array *a, size_t i, struct arena *mem);
/* Item i of an array of objects, else NULL. */
const struct node *array_node(const struct array *a, size_t i);
/* The named field of an array of records, as an array; false: none. */
MUST_USE bool array_field(const struct array *a, const char *name,
    struct array *ret, struct err *err);
/* All items as doubles in C order, in mem; NULL past its bound or where
 * they are no numbers. */
double *array_doubles(const struct array *a, struct arena *mem);

#endif
