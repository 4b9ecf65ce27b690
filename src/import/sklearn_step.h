/* SPDX-License-Identifier: ISC */
#ifndef IMPORT_SKLEARN_STEP_H
#define IMPORT_SKLEARN_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "import/array.h"
#include "import/context.h"
#include "import/node.h"
#include "model/model_build.h"

/* Inside of the scikit-learn reader: one estimator at a time. */

/* Limits, so that a file whose objects share or contain themselves ends. */
#define SKLEARN_DEPTH_MAX      16
#define SKLEARN_COLUMNS_MAX    (1 << 20)
#define SKLEARN_ITEMS_MAX      ((size_t)1 << 22) /* looked at in all */
#define SKLEARN_NODES_MAX      ((size_t)1 << 26) /* of all trees */

/* One import. */
struct sk {
	struct import *im;
	struct arena *mem;
	struct model_build *build;
	size_t items; /* looked at so far: see step_charge */
	uint32_t trees;
	size_t tree_nodes;
	uint32_t features;   /* that reach the final estimator */
	size_t model_bytes;  /* of boosters inside, read so far */
	struct str library;  /* that the whole model is of, with its version,
			      * where it is not scikit-learn */
};

/* What flows from step to step: the columns of the matrix, as slots. Behind
 * the final estimator, its probabilities, its numbers, one score a class of
 * which the greatest decides, those of inliers and outliers, or several
 * targets, each with probabilities or scores of its own. */
enum flow_kind {
	FLOW_FEATURES, FLOW_PROBABILITIES, FLOW_VALUE, FLOW_SCORES,
	FLOW_OUTLIERS, FLOW_TARGETS,
};
struct flow {
	uint32_t *slot;
	uint32_t n;
	enum flow_kind kind;
	bool sparse; /* scikit-learn passes a sparse matrix: trees then refuse
		      * NaN */
	struct array classes; /* FLOW_PROBABILITIES, FLOW_SCORES */
	uint32_t *decision; /* FLOW_PROBABILITIES: one score a class, if these
			     * are what decides */
	double threshold;   /* with it: what stands for it in the scale of
			     * the second probability, or 0 */
	uint32_t *margin;   /* what decision_function gives, one for two */
	uint32_t n_margins; /* classes; 0 where there is no such method */
	struct flow *targets; /* FLOW_TARGETS, which has no slots */
	uint32_t n_targets;
};

enum sk_role { ROLE_META, ROLE_TRANSFORMER, ROLE_ESTIMATOR, ROLE_PART };

struct step;
typedef bool step_reader(const struct step *s, const struct flow *in,
    struct flow *out, struct err *err);

/* A class that is known, with all attributes that its objects may have. */
struct sk_class {
	const char *module, *name;
	enum sk_role role;
	step_reader *read;
	const char *attributes; /* names, a space between */
};

struct step {
	struct sk *sk;
	const struct step *up; /* the step around, or NULL */
	struct str name;       /* as the step around calls it */
	const struct sk_class *class;
	const struct node *object;
	int version;           /* scikit-learn's: 1007 is 1.7; 0: unknown */
	uint32_t depth;
	bool prepares;         /* what comes behind it sees what transform
				* gives, not what predict does */
};

/* Open the object as a step: its class is known and each of its attributes
 * is. ERR_MODEL, naming step and class (and attribute), where not. */
MUST_USE bool step_open(struct sk *sk, const struct step *up, struct str name,
    const struct node *object, struct step *ret, struct err *err);
/* Open the object as a step inside s and read it. */
MUST_USE bool step_read(const struct step *s, struct str name,
    const struct node *object, const struct flow *in, struct flow *out,
    struct err *err);
/* The same of one that prepares what others see. */
MUST_USE bool step_prepare(const struct step *s, struct str name,
    const struct node *object, const struct flow *in, struct flow *out,
    struct err *err);
/* "step a > b (Class): ..." into err. Macros around these give false, so that
 * the compiler sees it too. */
void step_fault(const struct step *s, struct err *err, enum err_kind kind,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Put that before what err says already. */
void step_context_fault(const struct step *s, struct err *err);
/* For memory that ran out. */
void step_full_fault(const struct step *s, struct err *err);
#define step_err(s, err, ...)  (step_fault(s, err, __VA_ARGS__), false)
#define step_context(s, err)   (step_context_fault(s, err), false)
#define step_full(s, err)      (step_full_fault(s, err), false)

/* Count items that are about to be looked at. Objects in a pickle may share
 * their lists and attributes, so that a short file can ask for endless work:
 * ERR_LIMIT beyond SKLEARN_ITEMS_MAX. */
MUST_USE bool step_charge(const struct step *s, size_t items,
    struct err *err);

/* 'passthrough' or None: the step does nothing. */
bool step_is_passthrough(const struct node *n);
/* What predicts in the place of n: a search's best estimator, else n. */
const struct node *step_inner(const struct node *n);
/* Room for n slots in the flow; ERR_LIMIT beyond SKLEARN_COLUMNS_MAX. */
MUST_USE bool step_flow(const struct step *s, uint32_t n, struct flow *ret,
    struct err *err);

/* An attribute, or NULL; None counts as absent in step_has. */
const struct node *step_get(const struct step *s, const char *name);
bool step_has(const struct step *s, const char *name);
/* Attributes that must be there in this form. */
MUST_USE bool step_array(const struct step *s, const char *name,
    struct array *ret, struct err *err);
/* The same with n numbers in all, which may be NaN. */
MUST_USE bool step_doubles_or_nan(const struct step *s, const char *name,
    size_t n, double **ret, struct err *err);
/* The same with n finite numbers in all. */
MUST_USE bool step_doubles(const struct step *s, const char *name, size_t n,
    double **ret, struct err *err);
MUST_USE bool step_number(const struct step *s, const char *name, double *ret,
    struct err *err);
/* A list (or array of objects) of n items; *ret has n nodes. */
MUST_USE bool step_list(const struct step *s, const char *name, size_t n,
    const struct node *const **ret, struct err *err);
/* The boolean, or `otherwise` where there is no such attribute. */
MUST_USE bool step_flag(const struct step *s, const char *name,
    bool otherwise, bool *ret, struct err *err);
/* Which of the `n` words the attribute is; `otherwise` where it is absent.
 * ERR_MODEL for any other value. */
MUST_USE bool step_word(const struct step *s, const char *name,
    const char *const words[], size_t n, size_t otherwise, size_t *ret,
    struct err *err);
/* in->n is what n_features_in_ says, if it is there. */
MUST_USE bool step_width(const struct step *s, const struct flow *in,
    struct err *err);

/* classes_, at least so many and no more than have a place in an image. */
MUST_USE bool sk_classes(const struct step *s, uint32_t least,
    struct array *ret, struct err *err);
/* The same of the LabelBinarizer in that attribute, which turns labels into
 * -1 and 1. ERR_MODEL where it has several labels a row. */
MUST_USE bool sk_binarized_classes(const struct step *s, const char *name,
    struct array *ret, struct err *err);
/* 0, 1, ..., which no file has to hold. */
MUST_USE bool sk_count_classes(const struct step *s, uint32_t n,
    struct array *ret, struct err *err);
/* The link over n slots makes one probability a class: `out`, as the last
 * step of a classifier gives it. */
MUST_USE bool sk_probabilities(const struct step *s, enum model_link link,
    const uint32_t *src, uint32_t n, const struct array *classes,
    struct flow *out, struct err *err);
/* The n numbers of decision_function decide, one for two classes: `out`, as a
 * classifier without probabilities gives it. */
MUST_USE bool sk_scores(const struct step *s, const uint32_t *src, uint32_t n,
    const struct array *classes, struct flow *out, struct err *err);
/* What predict gives: one slot a class, 1 for the one that is predicted and 0
 * for the others. The flow is a classifier's. */
MUST_USE bool sk_predicted(const struct step *s, const struct flow *in,
    uint32_t **ret, struct err *err);
/* n numbers divided by their sum, in place; all the same where that is 0. */
MUST_USE bool sk_shares(const struct step *s, uint32_t *slots, uint32_t n,
    struct err *err);
/* Note that decision_function gives these n slots. */
MUST_USE bool sk_margins(const struct step *s, const uint32_t *src,
    uint32_t n, struct flow *out, struct err *err);
/* The numbers of n slots from `first` on. */
MUST_USE bool sk_slots(const struct step *s, uint32_t first, uint32_t n,
    uint32_t **ret, struct err *err);

/* The same columns, of which each refuses a row where it is NaN or infinite,
 * as scikit-learn's check of the input does. */
MUST_USE bool step_require(const struct step *s, const struct flow *in,
    struct flow *ret, struct err *err);
/* Refuse the row where the slot, which is 0 or 1, is 1. */
MUST_USE bool sk_refuse_if(const struct step *s, uint32_t slot,
    struct err *err);
/* The parameter is a class or numpy.dtype of that name ("float64"). */
bool step_is_dtype(const struct step *s, const char *name, const char *what);

/* The function of numpy's that an attribute names, of each of n slots; dst
 * may be src. ERR_MODEL for any other. */
MUST_USE bool sk_function(const struct step *s, const char *attribute,
    const uint32_t *src, uint32_t n, uint32_t *dst, struct err *err);
/* Mark the k greatest of n numbers, of equals the last. */
MUST_USE bool sk_select_best(const struct step *s, const double *v,
    uint32_t n, double k, bool *keep, struct err *err);
/* coef_ and intercept_ as n_out linear forms over the slots; *dst is the
 * first. */
MUST_USE bool sk_linear(const struct step *s, const struct flow *in,
    uint32_t n_out, uint32_t *dst, struct err *err);
/* n linear forms of all columns, without a NaN: out is these. Where NULL, the
 * intercepts are 0. */
MUST_USE bool sk_project(const struct step *s, const struct flow *in,
    const double *coef, const double *intercept, uint32_t n,
    struct flow *out, struct err *err);
/* What a classifier says for the second of its two classes: its margin, else
 * its probability. */
MUST_USE bool sk_confidence(const struct step *s, const struct flow *f,
    uint32_t *ret, struct err *err);
/* For each of n points the square of how far the row is from it, negative,
 * so that the nearest has the greatest. */
MUST_USE bool sk_nearness(const struct step *s, const struct flow *x,
    const double *points, uint32_t n, uint32_t **ret, struct err *err);
/* A classifier of weighted sums, with the link for two classes or more. */
MUST_USE bool sk_logistic(const struct step *s, const struct flow *in,
    const struct array *classes, enum model_link two, enum model_link more,
    struct flow *out, struct err *err);
/* The probability of each class that a DummyClassifier always answers. */
MUST_USE bool sk_dummy_probabilities(const struct step *s,
    const struct array *classes, double **ret, struct err *err);
/* dst is the average of n slots, by weights or, where NULL, plain. */
MUST_USE bool sk_average(const struct step *s, const uint32_t *src,
    uint32_t n, const double *weights, uint32_t *dst, struct err *err);

/* The readers, one a class in sklearn_classes.def. */
#define CLASS(module, name, role, reader, attributes) step_reader reader;
#include "import/sklearn_classes.def"
#undef CLASS

/* The class of that name, or NULL. */
const struct sk_class *sk_class_find(struct str module, struct str name);
/* The names of a role that end in the same word as `like`, or all of them,
 * ", " between, as many as text has room for. */
void sk_class_names(enum sk_role role, struct str like, char *text,
    size_t size);
/* "ColumnTransformer(num: StandardScaler) > LogisticRegression". */
struct str sk_describe(const struct node *root, struct arena *mem);

#endif
