/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_ENSEMBLE_H
#define IMPORT_ENSEMBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/context.h"
#include "model/model_build.h"

/*
 * What the model files of XGBoost and LightGBM have in common: columns of
 * numbers, trees over them, and what becomes of the sums.
 */
struct ensemble {
	const char *library;    /* "XGBoost" */
	struct str version;     /* of the library, or empty */
	const char *format;     /* "XGBoost JSON" */
	struct str objective;
	uint32_t n_features;
	const struct str *names; /* NULL: f0, f1, ... */
	/* One a feature, or NULL: whether feature n_features + i of a tree is
	 * feature i with a zero as missing. */
	const bool *zero_missing;
	struct build_forest forest;
	double scale;           /* the sums are multiplied by this; 1 */
	bool linked;            /* by `link`; else the sums come out */
	enum model_link link;
	/* Classes 0, 1, ...: as many as the link makes numbers. Else the last
	 * number comes out, as a regression's. */
	bool classifies;
};

/* Columns, forest, link, classes, output and facts into im->build. */
MUST_USE bool ensemble_build(struct import *im, const struct ensemble *e,
    struct err *err);
/* Arrays of a tree with n_nodes in the arena, one value a leaf; false past
 * its bound. The caller fills them through these pointers. */
struct ensemble_nodes {
	int32_t *left, *right, *feature;
	double *threshold, *value;
	uint8_t *missing_left;
};
MUST_USE bool ensemble_tree(struct import *im, uint32_t n_nodes,
    struct ensemble_nodes *nodes, struct build_tree *ret, struct err *err);

#endif
