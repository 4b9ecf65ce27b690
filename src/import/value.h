/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_VALUE_H
#define IMPORT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"
#include "import/node.h"

/* One cell's worth of data: a category, a class label, a parameter. */
enum value_kind {
	VALUE_NONE, /* Python's None */
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_TEXT,
	VALUE_OTHER,
};
struct value {
	enum value_kind kind;
	double number;   /* VALUE_BOOL, VALUE_INT, VALUE_FLOAT */
	int64_t integer; /* VALUE_BOOL, VALUE_INT */
	struct str text; /* VALUE_TEXT, UTF-8 */
};

/* What a node holds, numpy scalars included; VALUE_OTHER for the rest (NULL
 * too). Text from numpy is decoded into mem. */
struct value value_of(const struct node *n, struct arena *mem);
/* None or NaN: what both pandas and scikit-learn call missing. */
bool value_is_missing(const struct value *v);
bool value_is_number(const struct value *v);
/* Equal as Python's == has it: 1, 1.0 and True are. */
bool value_eq(const struct value *a, const struct value *b);
/* A number as a double; false for anything else. */
MUST_USE bool value_number(const struct node *n, double *ret);
/* A boolean, numpy's too; false for anything else. */
MUST_USE bool value_bool(const struct node *n, bool *ret);

#endif
