/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model_build.h"

/*
 * A training artefact to the intermediate representation. Files are read as
 * data: nothing in them is resolved, imported or called, and every count in
 * them is held against a limit before it is believed.
 */
struct import_options {
	const char *schema_path; /* YAML, or NULL: a file NAME.schema.yaml
				  * beside NAME.* is taken if there */
	struct str name;         /* "" : from the schema or the file name */
	struct str version;      /* "" : none */
};

/* Largest source file. */
#define IMPORT_FILE_MAX ((size_t)1 << 30)
/* Bytes of memory (address space) that reading the file at `path` may take:
 * a fixed part and so many times its size, so that a small hostile file
 * cannot take much; 8 GiB at most. The arena given should be this large. */
size_t import_memory_bytes(const char *path);

/* Read `path` (format found by content) into a new build in mem. The text of
 * err names the file, the byte offset or the step and class, and the way
 * round. */
MUST_USE bool import_file(const char *path, const struct import_options *o,
    struct arena *mem, struct model_build **ret, struct err *err);
/* The schema that it takes from beside `path` where none is named; false where
 * there is none. */
bool import_find_schema(const char *path, char ret[PATH_MAX]);
/* The same from bytes; `name` stands for the file in messages. */
MUST_USE bool import_bytes(struct str bytes, const char *name,
    const struct import_options *o, struct arena *mem,
    struct model_build **ret, struct err *err);

#endif
