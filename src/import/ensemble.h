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
struct ensemble_column {
	uint32_t n;             /* categories; 0 where it is a number */
	bool unread;            /* no tree reads it: it may be anything */
	bool coded;             /* values are codes from 0 on, cut to whole
				 * numbers; one beyond is in no set */
	const struct str *texts;/* of the categories, or NULL: */
	const uint32_t *hashes; /* see model_build_hashed, or NULL: */
	const double *values;
	const uint32_t *bits;   /* place of each in the sets; NULL: in order */
};
/* Categories of a feature. */
struct ensemble_set {
	struct ensemble_set *next;
	uint32_t feature;
	uint32_t n_words;
	const uint32_t *words;  /* bit i of word i / 32 is place i */
};
/* What becomes of the sums. */
enum ensemble_end {
	END_SUM,         /* nothing: they come out */
	END_LINK,        /* what the link makes of them */
	END_STEP,        /* 1 -> 2: p = x > 0; {1 - p, p} */
	END_SIGMOIDS,    /* k -> k: 1 / (1 + exp(-x)) */
	END_SOFTPLUS,    /* k -> k: log1p(exp(x)) */
	END_SIGN_SQUARE, /* k -> k: x * |x| */
};
/* One that a library trains for. */
struct ensemble_objective {
	const char *name;
	bool classifies;
	enum ensemble_end end;
	enum model_link link;
};
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
	/* One a feature, or NULL. Feature 2 * n_features + k of a tree is one
	 * of these, by the row's category and set k. */
	double inside, outside, unknown, missing;
	const struct ensemble_column *columns;
	const struct ensemble_set *sets;
	uint32_t n_sets;
	struct build_forest forest;
	/* Instead of trees, or NULL: for each output n_features coefficients of
	 * a sum in float that starts at forest.base. */
	const double *linear;
	/* Or NULL: what a tree's leaf holds is the number of one of these, and
	 * tree t adds to output t % n_outputs. */
	const struct build_leaf *leaves;
	uint32_t n_leaves;
	double scale;           /* the sums are multiplied by this; 1 */
	const double *bias;     /* then this is added, one an output; or NULL */
	enum ensemble_end end;
	enum model_link link;   /* END_LINK */
	/* Classes 0, 1, ...: as many as come out. Else a regression: of all
	 * that come out where there are several sums, of the last else. */
	bool classifies;
	uint32_t targets;       /* where above 1: the link makes of each sum the
				 * two probabilities of a label of its own, or
				 * one number where it does not classify */
	const struct model_class *labels; /* of the classes instead, or NULL */
	struct str note;        /* what the user should know, or empty */
};

/* What the library's setting (`key`: "objective") was in training decides
 * what becomes of the sums. ERR_MODEL for a name that is none of the n. */
MUST_USE bool ensemble_objective(struct ensemble *e,
    const struct ensemble_objective *list, size_t n, const char *key,
    struct str name, struct err *err);
/* Whether there is a sum for each class. */
bool ensemble_sums_classes(const struct ensemble *e);
/* Its columns as inputs: *slots has room for n_features. */
MUST_USE bool ensemble_inputs(struct import *im, const struct ensemble *e,
    uint32_t *slots, struct err *err);
/* Trees, scale and link over n_features slots: *ret are the *n that come
 * out. raw, if not NULL, has room for the forest's n_outputs sums as they are
 * before the scale. */
MUST_USE bool ensemble_steps(struct import *im, const struct ensemble *e,
    const uint32_t *columns, uint32_t **ret, uint32_t *n, uint32_t *raw,
    struct err *err);
/* Columns, steps, classes, output and facts into im->build. */
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

/* Distinct sets of categories. Zeroed is empty. */
struct ensemble_sets {
	struct ensemble_set *first, *last;
	uint32_t n;
	struct ensemble_bucket **table; /* as many as size, a power of two */
	uint32_t size;
};
/* The number of the set of `feature` with these words, added if new.
 * ERR_INPUT for words that are none. */
MUST_USE bool ensemble_set_add(struct import *im, struct ensemble_sets *sets,
    uint32_t feature, const double *words, uint32_t n, uint32_t *ret,
    struct err *err);

#endif
