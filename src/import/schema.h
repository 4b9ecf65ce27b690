/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SCHEMA_H
#define IMPORT_SCHEMA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model_build.h"

/*
 * What people say about a model beside its file: names, the order and kind
 * of its inputs, what clients may spell differently. A YAML file; its keys
 * are described in lightscore-model(5).
 */
struct schema;

/* Read and check the file as far as that goes without the model. Lives in
 * mem. Messages read "FILE:LINE: key: ...". */
MUST_USE bool schema_load(const char *path, struct arena *mem,
    const struct schema **ret, struct err *err);
/* Give the class the name that the schema has for its label, if any; it is
 * a text then. `schema` may be NULL here and below. */
void schema_name_class(const struct schema *schema,
    struct model_class *class);
/* Tell the builder, after the steps, what the schema says. ERR_INPUT where
 * it names a column or class that the model lacks, listing what there is. */
MUST_USE bool schema_apply(const struct schema *schema,
    struct model_build *b, struct err *err);

#endif
