/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * A compiled model, mapped read-only. model_open verifies every offset, index
 * and number once; after that nothing in it is checked again. Immutable, so
 * any number of processes share one copy. Strings from it live until
 * model_close.
 */
struct model;

/* The image may have at most this many bytes. */
#define MODEL_BYTES_MAX ((size_t)1 << 31)

MUST_USE bool model_open(const char *path, struct model **ret,
    struct err *err);
/* The same over bytes the caller keeps alive (8-byte aligned). */
MUST_USE bool model_open_bytes(struct str bytes, struct model **ret,
    struct err *err);
void model_close(struct model *m);

enum model_task { MODEL_CLASSIFICATION, MODEL_REGRESSION };
/* A class label as training had it. */
enum model_class_kind { CLASS_TEXT, CLASS_INTEGER, CLASS_FLOAT, CLASS_BOOL };
struct model_class {
	enum model_class_kind kind;
	struct str text; /* the label written out: "Yes", "1", "0.5", "true" */
	double number;   /* for the other kinds */
};

/* --- input --------------------------------------------------------------- */

enum model_kind { MODEL_NUMBER, MODEL_TEXT };
/* What becomes of a JSON null (an empty CSV cell). */
enum model_null {
	NULL_REFUSE,  /* a type error */
	NULL_MISSING, /* reaches the model as missing (NaN) */
	NULL_DEFAULT, /* becomes the default */
};
/* One input column as clients see it. Where the schema is silent (see
 * model_build_field_default): required, null refused unless the model itself
 * takes missing values in the column, text compared byte by byte, unknown
 * categories let through. A column that no step reads and no schema mentions
 * is `unused`: not required, and any value of any type will do. */
struct model_field {
	struct str name;
	enum model_kind kind;
	bool required;   /* absent is an error; else absent is the default,
	                  * or missing where there is none */
	bool unused;     /* read side only: see above */
	enum model_null null;
	bool loose;      /* text: case and outer white space do not matter */
	bool hashed;     /* read side only: text, whose integers are taken */
	bool closed;     /* text: other than a category or alias is refused */
	bool booleans;   /* numbers: true and false are taken, for 1 and 0 */
	bool integer;    /* numbers: only whole ones are taken */
	bool has_default;
	double default_number;  /* MODEL_NUMBER; NaN: missing */
	struct str default_text;/* MODEL_TEXT; n == 0 with p NULL: missing */
	bool has_range;         /* known from the reference data or schema */
	double low, high;
	struct str description;
	/* Other spellings: `from` (as text, or as a JSON integer where
	 * from_integer) stands for the category or number `to`. */
	const struct model_alias *aliases;
	uint32_t n_aliases;
	uint32_t n_categories;  /* read side only; model_category() */
};
struct model_alias {
	bool from_integer;
	int64_t integer;
	struct str text;
	struct str to;     /* MODEL_TEXT */
	double to_number;  /* MODEL_NUMBER */
};

/* Columns are numbered in model order (cells); model_field_order gives the
 * schema order in which people are told of them. */
uint32_t model_inputs(const struct model *m);
void model_field(const struct model *m, uint32_t column,
    struct model_field *ret);
/* The column at place i of the schema order. */
uint32_t model_field_order(const struct model *m, uint32_t i);
/* Category c of a text column (c < n_categories), in the order in which people
 * are told: what an imputer fills in comes behind what training had. */
struct str model_category(const struct model *m, uint32_t column, uint32_t c);
/* The column of that name, or -1. `hint` is tried first: pass where the last
 * one was found + 1. */
int32_t model_find_input(const struct model *m, struct str name,
    uint32_t hint);
/* Text to cell of a text column: code, or CODE_UNKNOWN (-1). Follows aliases
 * and `loose`; *refused is whether a closed field knows no such text. */
double model_find_code(const struct model *m, uint32_t column,
    struct str text, bool *refused);
/* A JSON integer in a text column by alias, or a number column's integer
 * alias: true and the cell. */
bool model_find_integer_alias(const struct model *m, uint32_t column,
    int64_t value, double *cell);
/* A text in a number column by alias ("n/a"): true and the cell. */
bool model_find_text_alias(const struct model *m, uint32_t column,
    struct str text, double *cell);

/* --- output -------------------------------------------------------------- */

enum model_task model_task(const struct model *m);
/* The labels that a row gets: one or several of a classification, none of a
 * regression. Classes and outputs are numbered through all of them. */
#define MODEL_TARGET_NAME_MAX 100 /* bytes of its name */
struct model_target {
	struct str name;    /* empty where it is the only one */
	uint32_t class_, classes; /* first, how many */
	uint32_t output;    /* its first: a probability each class, if the
	                     * model has them, and behind them ... */
	uint32_t decision;  /* ... or here the first of what decides, one each
	                     * class; the first itself if they do */
	uint32_t outputs;   /* all of them */
};
uint32_t model_targets(const struct model *m);
void model_target_at(const struct model *m, uint32_t t,
    struct model_target *ret);
uint32_t model_classes(const struct model *m); /* of all targets */
void model_class_at(const struct model *m, uint32_t k,
    struct model_class *ret);
/* What a prediction of class k is counted as: its label, behind the target's
 * name and a "=" where there are several. n is what fitted. */
#define MODEL_RESULT_MAX 256
struct str model_result(const struct model *m, uint32_t k,
    char text[MODEL_RESULT_MAX]);
/* Doubles a row that scoring writes: the numbers of a regression, one for
 * each that it predicts; of a classification, target after target, the
 * probabilities of its classes, if it has any, and behind them what decides,
 * if that is not they. */
uint32_t model_outputs(const struct model *m);
/* Whether output i is the probability of a class; *k says of which. */
bool model_probability_at(const struct model *m, uint32_t i, uint32_t *k);
bool model_has_probabilities(const struct model *m);
/* Where in the outputs the score lies that clients are told of, or -1. */
int32_t model_score_output(const struct model *m);

/* --- what it is ---------------------------------------------------------- */

/* Texts, by enum model_fact of model_build.h. */
struct str model_fact_at(const struct model *m, int fact);
const char *model_fact_name(int fact); /* "algorithm" */
enum model_figure {
	FIGURE_TREES,
	FIGURE_NODES,
	FIGURE_FEATURES,         /* numbers that reach the estimator */
	FIGURE_THRESHOLD,        /* of the positive class */
	FIGURE_TRAINED_TIME,     /* Unix seconds; NaN unknown, as all below */
	FIGURE_REFERENCE_ROWS,
	FIGURE_REF_ACCURACY,
	FIGURE_REF_PRECISION,
	FIGURE_REF_RECALL,
	FIGURE_REF_F1,
	FIGURE_REF_ROC_AUC,
	FIGURE_REF_BRIER,
	FIGURE_REF_LOG_LOSS,
	FIGURE_REF_ECE,
	FIGURE_COUNT
};
double model_figure(const struct model *m, enum model_figure figure);
const char *model_figure_name(int figure);
uint32_t model_warnings(const struct model *m);
struct str model_warning(const struct model *m, uint32_t i);
struct str model_example(const struct model *m); /* JSON object, or empty */
size_t model_bytes(const struct model *m);
uint32_t model_checksum(const struct model *m);
/* Steps, for `inspect`: how many, and one line about step i into text. */
uint32_t model_steps(const struct model *m);
void model_step_text(const struct model *m, uint32_t i, char *text, size_t n);

#endif
