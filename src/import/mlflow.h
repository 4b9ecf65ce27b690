/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_MLFLOW_H
#define IMPORT_MLFLOW_H

#include <limits.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "yaml/yaml.h"

/*
 * A model directory of MLflow: the file MLmodel says which of its files is
 * the model, what clients send, and where an example lies. No path in it
 * leads out of the directory.
 */
struct mlflow {
	const char *dir;
	const struct yaml_node *root; /* of MLmodel */
	const char *flavor;           /* "sklearn" */
	struct str inner;             /* the model file, as MLmodel names it */
	char file[PATH_MAX];          /* where that is */
};

/* Read MLmodel and find the model file. `path` and mem must outlive *ret.
 * ERR_INPUT where there is no MLmodel, or none of its flavors can be read. */
MUST_USE bool mlflow_open(const char *path, struct arena *mem,
    struct mlflow *ret, struct err *err);
/* The regular file that a path in MLmodel names. ERR_INPUT where it is
 * absolute, has a "..", or leads out of the directory by a link. */
MUST_USE bool mlflow_find(const struct mlflow *m, struct str path,
    char ret[PATH_MAX], struct err *err);

/* What the directory says beside the model file, told to the build after its
 * steps: facts; names and kinds from the signature; the example. */
MUST_USE bool mlflow_apply(const struct mlflow *m, struct import *im,
    struct err *err);
MUST_USE bool mlflow_apply_signature(const struct mlflow *m,
    struct import *im, struct err *err);
MUST_USE bool mlflow_apply_example(const struct mlflow *m, struct import *im,
    struct err *err);

#endif
