/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_FLAT_H
#define IMPORT_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

/*
 * FlatBuffers, read in place. A table's fields are numbered as its schema
 * declares them; one that is not there is its default. Each function is false
 * for what would lie outside of the bytes, and touches its result else.
 */
struct flat {
	struct str bytes;
	size_t at;           /* of the table */
	size_t fields;       /* of the field offsets, n of them */
	uint32_t n;
};
struct flat_list {
	struct str bytes;
	size_t at;           /* of the first item */
	uint32_t n;
};

/* The table that the bytes begin with. */
MUST_USE bool flat_root(struct str bytes, struct flat *ret);
MUST_USE bool flat_table(const struct flat *t, uint32_t field,
    struct flat *ret, bool *there);
/* A number of so many bytes; `otherwise` where it is not there. */
MUST_USE bool flat_int(const struct flat *t, uint32_t field, size_t bytes,
    int64_t otherwise, int64_t *ret);
MUST_USE bool flat_double(const struct flat *t, uint32_t field,
    double otherwise, double *ret);
/* A text, empty where it is not there. */
MUST_USE bool flat_text(const struct flat *t, uint32_t field,
    struct str *ret);
/* A list of items of so many bytes, empty where it is not there. */
MUST_USE bool flat_list(const struct flat *t, uint32_t field,
    size_t item_bytes, struct flat_list *ret);
/* Item i < n: of a list of tables, or of numbers. */
MUST_USE bool flat_item(const struct flat_list *l, uint32_t i,
    struct flat *ret);
int32_t flat_int32(const struct flat_list *l, uint32_t i);
uint16_t flat_uint16(const struct flat_list *l, uint32_t i);
float flat_float32(const struct flat_list *l, uint32_t i);
double flat_float64(const struct flat_list *l, uint32_t i);

#endif
