/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_BUILD_H
#define MODEL_MODEL_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model.h"
#include "model/model_calc.h"

/*
 * The one intermediate representation that every importer fills.
 *
 * A model is a straight-line program over one row. The row has *slots*, each
 * holding one double. The first slots are the input columns, in order; every
 * step reads slots that exist and makes new ones (single assignment), so
 * selecting, reordering and concatenating columns costs nothing: importers
 * pass lists of slot numbers around.
 *
 * A text column never holds text: its slot holds a *code*, the index of the
 * text in the column's dictionary (made of every category any step knows),
 * CODE_UNKNOWN for text outside it, NaN where the value is missing. A number
 * column holds the number, NaN where missing. A slot is used as text or as
 * number; the first use decides, a use as the other is an ERR_MODEL.
 *
 * Everything is allocated in the arena given to model_build_new and copied
 * from the arguments; there is nothing to free. Every function that can fail
 * returns false with err set, and the build is then only good for dropping.
 */
struct model_build;

#define CODE_UNKNOWN (-1.0)

/* Tables over codes: entry 0 is for unknown text, 1 for missing, 2 + c for
 * code c. */
enum { TABLE_UNKNOWN, TABLE_MISSING, TABLE_CODES };
/* In a table of model_build_table: the row is refused. */
#define TABLE_REFUSE INFINITY
/* In a map of model_build_onehot. */
enum { ONEHOT_NONE = -1, ONEHOT_REFUSE = -2 };

/* NULL where the arena is too small for even an empty one. */
struct model_build *model_build_new(struct arena *mem);

/* --- what the model is --------------------------------------------------- */

/* Free text for `inspect` and metric labels; unset ones stay empty. */
enum model_fact {
	FACT_NAME,              /* "churn" */
	FACT_VERSION,           /* the user's word for it */
	FACT_ALGORITHM,         /* "GradientBoostingClassifier" */
	FACT_PIPELINE,          /* "ColumnTransformer > Gradient..." */
	FACT_FORMAT,            /* "scikit-learn pickle (joblib)" */
	FACT_FRAMEWORK_VERSION, /* "scikit-learn 1.7.2" */
	FACT_SHA256,            /* of the source file, hex */
	FACT_SOURCE,            /* name of the source file, no folders */
	FACT_TITLE,             /* from the schema, for people */
	FACT_DESCRIPTION,
	FACT_MLFLOW_VERSION,    /* of the MLflow that saved it */
	FACT_RUN_ID,            /* MLflow's run that made it */
	FACT_MODEL_UUID,        /* MLflow's name for it */
	FACT_COUNT
};
MUST_USE bool model_build_fact(struct model_build *b, enum model_fact fact,
    struct str text, struct err *err);
/* A number with a name (see enum model_figure in model.h). */
void model_build_figure(struct model_build *b, enum model_figure figure,
    double value);
/* Something the user should know ("unknown scikit-learn version"). */
MUST_USE bool model_build_warn(struct model_build *b, struct str sentence,
    struct err *err);

/* --- input columns, before the first step -------------------------------- */

/* Append an input column; *slot is its number, counted from 0. ERR_INPUT for
 * a name that is there already. */
MUST_USE bool model_build_input(struct model_build *b, struct str name,
    uint32_t *slot, struct err *err);
/* The kind of a slot, decided by its first use. There are at most 1,048,576
 * slots: ERR_LIMIT. */
enum slot_kind { SLOT_UNDECIDED, SLOT_NUMBER, SLOT_TEXT };
enum slot_kind model_build_slot_kind(const struct model_build *b,
    uint32_t slot);
/* Whether an impute step made it, so that nothing is missing in it. */
bool model_build_slot_is_filled(const struct model_build *b, uint32_t slot);
uint32_t model_build_inputs(const struct model_build *b);
/* Call the columns otherwise: model_build_inputs names, in their order.
 * ERR_INPUT for a name that is there twice. */
MUST_USE bool model_build_rename(struct model_build *b,
    const struct str *names, struct err *err);
/* Name of column `slot` (slot < number of inputs). */
struct str model_build_input_name(const struct model_build *b, uint32_t slot);
/* The column of that name, or -1. */
int64_t model_build_find_input(const struct model_build *b, struct str name);
/* The code of `text` in the dictionary of the column behind `slot`, added if
 * new. Makes the slot SLOT_TEXT. */
MUST_USE bool model_build_code(struct model_build *b, uint32_t slot,
    struct str text, uint32_t *code, struct err *err);
/* Entries in that dictionary so far. Later steps may add more: codes beyond
 * the end of a step's table are that step's TABLE_UNKNOWN. */
uint32_t model_build_codes(const struct model_build *b, uint32_t slot);

/* A text column of whose categories only hashes are known (low halves of
 * city_hash64). Whatever text comes is hashed, and an integer's digits are.
 * *dst is a code slot: the index of the hash in `hashes`, CODE_UNKNOWN if
 * absent. ERR_MODEL where a step knows the column's categories by text. */
MUST_USE bool model_build_hashed(struct model_build *b, uint32_t column,
    const uint32_t *hashes, uint32_t n, uint32_t *dst, struct err *err);

/* Training had booleans in the column behind `slot`, if it is one: it takes
 * them, unless an origin of LINE_BOOLEANS says that somebody decided. */
void model_build_booleans(struct model_build *b, uint32_t slot);

/* Training had missing values in the code slot: a table or a map made of it
 * takes them, even where it makes of them what it makes of unknown ones. */
void model_build_missing_seen(struct model_build *b, uint32_t slot);

/* --- steps: each makes new slots ----------------------------------------- */

/* dst = isnan(src) ? fill : src. For text slots fill is a code. */
MUST_USE bool model_build_impute(struct model_build *b, uint32_t src,
    double fill, uint32_t *dst, struct err *err);
/* dst = src == value ? NaN : src (SimpleImputer with missing_values=-1). */
MUST_USE bool model_build_missing_if(struct model_build *b, uint32_t src,
    double value, uint32_t *dst, struct err *err);
/* dst = src; refuses the row where src is NaN or infinite. */
MUST_USE bool model_build_require(struct model_build *b, uint32_t src,
    uint32_t *dst, struct err *err);
/* dst = |src| <= radius ? NaN : src, of a number (LightGBM's zero). */
MUST_USE bool model_build_missing_near(struct model_build *b, uint32_t src,
    double radius, uint32_t *dst, struct err *err);
/* dst = isnan(src) ? 1 : 0. */
MUST_USE bool model_build_indicator(struct model_build *b, uint32_t src,
    uint32_t *dst, struct err *err);
/* dst = (src - sub) / div, in this order, each rounded. */
MUST_USE bool model_build_sub_div(struct model_build *b, uint32_t src,
    double sub, double div, uint32_t *dst, struct err *err);
/* dst = src * mul + add (rounded twice), then clipped to [low, high]; pass
 * -INFINITY, INFINITY for no clipping. NaN stays NaN. */
MUST_USE bool model_build_mul_add(struct model_build *b, uint32_t src,
    double mul, double add, double low, double high, uint32_t *dst,
    struct err *err);
/* dst = value. */
MUST_USE bool model_build_constant(struct model_build *b, double value,
    uint32_t *dst, struct err *err);
/* A number as a category: dst is a text-like code slot holding the index of
 * src in values (compared by ==), CODE_UNKNOWN if absent, NaN if NaN. The
 * values need no order; they must differ and not be NaN. */
MUST_USE bool model_build_lookup(struct model_build *b, uint32_t src,
    const double *values, uint32_t n, uint32_t *dst, struct err *err);
/* A number as the code of its bin: dst is a code slot of n + 1 codes holding
 * how many of the n cuts, which ascend or stay, are <= src; NaN if NaN. */
MUST_USE bool model_build_bins(struct model_build *b, uint32_t src,
    const double *cuts, uint32_t n, uint32_t *dst, struct err *err);
/* Code to number: dst = table[code]; n = TABLE_CODES + codes known. */
MUST_USE bool model_build_table(struct model_build *b, uint32_t src,
    const double *table, uint32_t n, uint32_t *dst, struct err *err);
/* Code to `width` consecutive new slots, all 0 but dst + map[code], which
 * is 1. *dst is the first. */
MUST_USE bool model_build_onehot(struct model_build *b, uint32_t src,
    const int32_t *map, uint32_t n, uint32_t width, uint32_t *dst,
    struct err *err);
/* dst[k] = intercept[k] + sum over i of coef[k * n + i] * src[i], k < n_out;
 * the products are added in the order of i, the intercept last. Refuses the
 * row where a src is NaN or infinite. */
MUST_USE bool model_build_linear(struct model_build *b, const uint32_t *src,
    uint32_t n, uint32_t n_out, const double *coef, const double *intercept,
    uint32_t *dst, struct err *err);
/* The same in float: each sum is rounded as by a fused multiply-add. */
MUST_USE bool model_build_linear_fma(struct model_build *b,
    const uint32_t *src, uint32_t n, uint32_t n_out, const double *coef,
    const double *intercept, uint32_t *dst, struct err *err);
/* dst[k] = start[k] + sum over i of (float)src[i] * coef[k * n + i], k <
 * n_out, all in float; a NaN is left out. Refuses the row where a src is
 * infinite as a float. */
MUST_USE bool model_build_linear_float(struct model_build *b,
    const uint32_t *src, uint32_t n, uint32_t n_out, const double *coef,
    const double *start, uint32_t *dst, struct err *err);

/* A leaf that is a linear function of some of the src. */
struct build_leaf {
	uint32_t n;
	const uint32_t *feature; /* indices into src */
	const double *coef;
	double constant;
	double otherwise;        /* where one of them is NaN */
};
/* trees[t] is the slot that holds the number of the leaf that tree t came to.
 * dst[k] = sum over all t with t % n_out == k of that leaf's constant + coef
 * times src, in order. Refuses the row where a src is infinite. */
MUST_USE bool model_build_leaves(struct model_build *b,
    const uint32_t *trees, uint32_t n_trees, const uint32_t *src, uint32_t n,
    const struct build_leaf *leaves, uint32_t n_leaves, uint32_t n_out,
    uint32_t *dst, struct err *err);

/* Which side of a split a value takes, and in what the leaves add up. */
enum tree_compare {
	TREE_F32_LE_F64, /* scikit-learn: (float)x <= (double)threshold: left */
	TREE_F64_LE_F64, /* LightGBM, HistGradientBoosting */
	TREE_F32_LT_F32, /* XGBoost: the sums are floats as well */
};
struct build_tree {
	uint32_t n_nodes;
	const int32_t *left, *right; /* -1, -1 at a leaf; children > parent */
	const int32_t *feature;      /* index into src; ignored at leaves */
	const double *threshold;
	const uint8_t *missing_left; /* NULL: NaN cannot come here */
	const double *value;         /* n_nodes * n_values, leaves are used */
	uint32_t first_output;       /* value j is added to output first + j */
};
struct build_forest {
	enum tree_compare compare;
	bool takes_nan;     /* else a NaN refuses the row */
	uint32_t n_values;  /* per leaf: 1, or the number of classes */
	uint32_t n_outputs; /* new slots */
	uint32_t n_trees;
	const struct build_tree *trees;
	const double *base; /* n_outputs: the sums start here; NULL: at 0 */
	double divide;      /* every sum is divided by this at the end; 1 */
};
/* *dst is the first of n_outputs new slots: base + leaf values, tree after
 * tree in order, in the rule's type; then divided. A value that is not finite
 * as the compare rule's type refuses the row. ERR_MODEL for a cycle, a child
 * or a feature out of range, a threshold or leaf that is not finite. */
MUST_USE bool model_build_forest(struct model_build *b, const uint32_t *src,
    uint32_t n, const struct build_forest *forest, uint32_t *dst,
    struct err *err);

enum model_link {
	LINK_SIGMOID,  /* 1 -> 2: p = 1 / (1 + exp(-x)); {1 - p, p} */
	LINK_SIGMOID2, /* 1 -> 2: p = 1 / (1 + exp(-2x)); exponential loss */
	LINK_SOFTMAX,  /* k -> k */
	LINK_OVR,      /* k -> k: sigmoids, divided by their sum; a 0-sum
	                * refuses the row, where scikit-learn has NaN */
	LINK_NORMALISE,/* k -> k: divided by their sum; 0-sum left alone */
	LINK_EXP,      /* k -> k: exp(x) */
	LINK_EXPM1,    /* k -> k: exp(x) - 1, exact near 0 */
	LINK_SQUARE,   /* k -> k: x * x */
	/* As XGBoost computes them, in float: */
	LINK_SIGMOID_F32, /* 1 -> 2 */
	LINK_SOFTMAX_F32, /* k -> k */
	LINK_EXP_F32,     /* k -> k */
	LINK_COUNT
};
/* Whether a link makes the probabilities of two classes of one number. */
static inline bool
model_link_is_binary(uint32_t link)
{
	return link == LINK_SIGMOID || link == LINK_SIGMOID2 ||
	    link == LINK_SIGMOID_F32;
}
/* src are n slots; *dst is the first of the new ones. */
MUST_USE bool model_build_link(struct model_build *b, enum model_link link,
    const uint32_t *src, uint32_t n, uint32_t *dst, struct err *err);

/* `width` new slots: dst + i is calc(src[i], src[width + i], ...), as many
 * operands as it has; with `last`, the last operand is last[i] instead. With
 * `floats` each result is rounded to float. NaN and infinity are numbers. */
MUST_USE bool model_build_calc(struct model_build *b, enum model_calc calc,
    bool floats, const uint32_t *src, const double *last, uint32_t width,
    uint32_t *dst, struct err *err);
/* `width` new slots: dst + i is the fold of the n slots at src + i * n; with
 * `floats` it is rounded to float after each of them. */
MUST_USE bool model_build_fold(struct model_build *b, enum model_fold fold,
    bool floats, const uint32_t *src, uint32_t n, uint32_t width,
    uint32_t *dst, struct err *err);

/* dst is the y at src on the lines between n points, as numpy.interp has it:
 * the first or last y outside of them. x ascends, or stays where the line
 * jumps: then the last y counts. NaN stays NaN. */
MUST_USE bool model_build_interpolate(struct model_build *b, uint32_t src,
    const double *x, const double *y, uint32_t n, uint32_t *dst,
    struct err *err);
/* dst is the first of the n numbers, sorted, up to which the weights come to
 * half of their sum. Refuses the row where one is NaN or infinite. */
MUST_USE bool model_build_median(struct model_build *b, const uint32_t *src,
    const double *weights, uint32_t n, uint32_t *dst, struct err *err);

/* *dst is the first of 2 n new slots: where among the n numbers, from 0, the
 * least is, the next, ... (of equal ones the first first), then the numbers
 * in this order. Refuses the row where one is NaN or infinite. */
MUST_USE bool model_build_sort(struct model_build *b, const uint32_t *src,
    uint32_t n, uint32_t *dst, struct err *err);

/* How alike a row and each vector of a support vector machine are. */
enum model_kernel {
	KERNEL_LINEAR,  /* their product */
	KERNEL_POLY,    /* (gamma * product + coef0) ^ degree */
	KERNEL_RBF,     /* exp(-gamma * square of their distance) */
	KERNEL_SIGMOID, /* tanh(gamma * product + coef0) */
	KERNEL_COUNT
};
struct build_kernel {
	enum model_kernel kind;
	bool floats;           /* in float, as ONNX Runtime does it */
	double gamma, coef0, degree;
	uint32_t n_vectors;
	const double *vectors; /* n numbers each */
};
/* *dst is the first of n_vectors new slots. Refuses the row where a src is
 * NaN or infinite. */
MUST_USE bool model_build_kernel(struct model_build *b, const uint32_t *src,
    uint32_t n, const struct build_kernel *kernel, uint32_t *dst,
    struct err *err);
/* *dst is the first of k probabilities that go best with those of each pair
 * of classes: src[0] of 0 against 1, then of 0 against 2, ..., of 1 against
 * 2, ... (libsvm's, which stops where it is near enough). */
MUST_USE bool model_build_couple(struct model_build *b, const uint32_t *src,
    uint32_t k, uint32_t *dst, struct err *err);

/* --- what comes out ------------------------------------------------------ */

/* Begin the next of several labels that a row gets: classes, outputs and
 * decision that follow are its own. Named output_0, output_1, ... until
 * model_build_name_target. A model of one label need not call this. */
MUST_USE bool model_build_target(struct model_build *b, struct err *err);
/* Call target t otherwise. ERR_INPUT for a name that is empty,
 * taken or has control characters, ERR_LIMIT for a long one. */
MUST_USE bool model_build_name_target(struct model_build *b, uint32_t t,
    struct str name, struct err *err);
uint32_t model_build_targets(const struct model_build *b);
/* Note where a target's name came from, as model_build_origin does, and that
 * note: "default rule" where nobody named it. */
MUST_USE bool model_build_target_origin(struct model_build *b, uint32_t t,
    struct str origin, struct err *err);
struct str model_build_target_origin_of(const struct model_build *b,
    uint32_t t);
/* Append a class (classification only), in the order of the probabilities. */
MUST_USE bool model_build_class(struct model_build *b,
    struct model_class class_, struct err *err);
/* Of all targets, one behind the other. */
uint32_t model_build_classes(const struct model_build *b);
/* Whether model_build_output was given some. */
bool model_build_has_probabilities(const struct model_build *b);
/* The text of class k, empty beyond the last. */
struct str model_build_class_text(const struct model_build *b, uint32_t k);
/* The outputs: the numbers of a regression, one probability a class else. */
MUST_USE bool model_build_output(struct model_build *b,
    enum model_task task, const uint32_t *src, uint32_t n, struct err *err);
/* What decides a classification in the place of the probabilities: one score
 * a class, and the first of the greatest is predicted. Without
 * model_build_output before it the model has no probabilities. */
MUST_USE bool model_build_decision(struct model_build *b,
    const uint32_t *scores, uint32_t n, struct err *err);
/* The score of class 0 is told beside the class; there are no probabilities. */
void model_build_tell_score(struct model_build *b);

/* --- the input schema, after the steps ----------------------------------- */

/* What holds for a column where the schema is silent: name, the kind that
 * the steps decided (a number where none did), required, whether the model
 * itself takes missing values and booleans there. Start from this, then
 * model_build_field. */
void model_build_field_default(struct model_build *b, uint32_t column,
    struct model_field *ret);
/* Set how clients' values become cells (defaults: see model.h). Called once
 * a column in the order in which the columns are to be told to people (the
 * schema order); columns never mentioned follow in model order. `categories`
 * of the argument is ignored. ERR_INPUT for a column the model lacks, a kind
 * that contradicts the steps, an alias to a text outside the dictionary
 * where the field is closed. */
MUST_USE bool model_build_field(struct model_build *b,
    const struct model_field *field, struct err *err);
/* What a source says that the schema overrules: from then on it holds where
 * the schema is silent, and its order behind the schema's. Aliases, default
 * and range are not for it. Errors as above. */
MUST_USE bool model_build_suggest(struct model_build *b,
    const struct model_field *field, struct err *err);
/* The lowest and highest number that reference data has in a column: its
 * range, where the schema declares none. */
void model_build_range(struct model_build *b, uint32_t column, double low,
    double high);
/* What is said of a column, line by line. */
enum field_line {
	LINE_KIND,
	LINE_REQUIRED,
	LINE_NULL,
	LINE_DEFAULT,
	LINE_CATEGORIES,
	LINE_CLOSED,
	LINE_RANGE,
	LINE_BOOLEANS,
	LINE_LOOSE,
	LINE_ALIASES,
	LINE_DESCRIPTION,
	LINE_COUNT
};
/* Note where a line came from ("schema FILE:LINE"). Only for those who ask:
 * it is no part of the image. */
MUST_USE bool model_build_origin(struct model_build *b, uint32_t column,
    enum field_line line, struct str origin, struct err *err);
/* That note; without one, "model file" for what the steps decide and
 * "default rule" for what nobody has said. */
struct str model_build_origin_of(const struct model_build *b,
    uint32_t column, enum field_line line);
/* Example row for people and documents: one JSON object as text. `place` is
 * where it was given ("FILE:LINE"), for messages of those who try it. */
MUST_USE bool model_build_example(struct model_build *b, struct str json,
    struct str place, struct err *err);
/* Empty where there is no example. */
struct str model_build_example_place(const struct model_build *b);

/* Rows and what the training library answered, for those who try the model:
 * a JSON list of objects, and JSON as `lightscore verify` reads it. Like the
 * place, no part of the image. */
struct model_trial {
	struct str rows, answers, place;
};
MUST_USE bool model_build_trial(struct model_build *b,
    const struct model_trial *trial, struct err *err);
/* Trial i, or NULL beyond the last. */
const struct model_trial *model_build_trial_at(const struct model_build *b,
    uint32_t i);

/* --- the compiled file ----------------------------------------------------*/

/* Check the whole and lay it out: the image, in the arena of the build. */
MUST_USE bool model_image(struct model_build *b, struct str *ret,
    struct err *err);
/* Note in an image that model_image made how each of its forests is to be
 * scored: see struct image_forest. */
struct model_layout {
	uint32_t rows_from, trees_to;
};
void model_image_layouts(struct str image,
    const struct model_layout *layouts);

#endif
