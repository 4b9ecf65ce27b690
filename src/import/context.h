/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_CONTEXT_H
#define IMPORT_CONTEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/schema.h"
#include "model/model_build.h"

/* What every reader of a format gets: the bytes, and what it fills. */
struct import {
	struct arena *mem;
	struct str bytes;            /* unpacked */
	const char *packed;          /* the compression it was in, or NULL */
	const char *name;            /* of the file, for messages */
	const struct schema *schema; /* empty where there is none */
	struct model_build *build;
};

/* Tell the format, and that it was compressed. */
MUST_USE bool import_format(struct import *im, const char *format,
    struct err *err);
/* Append a class under the name that the schema gives it. */
MUST_USE bool import_class(struct import *im, struct model_class label,
    struct err *err);

#endif
