/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_IR_H
#define MODEL_MODEL_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "model/model_build.h"
#include "model/model_format.h"

/*
 * The inside of a struct model_build, shared by the files of model/ that
 * fill it (model_build*.c), draw conclusions from it (model_flow.c) and lay
 * it out (model_write.c). All of it lives in the arena.
 */

/* An array that grows in an arena: p holds n of cap trials. */
struct ir_array {
	void *p;
	uint32_t n, cap;
};
/* Room for `more` trials behind the n there are: a pointer to them, n
 * raised; NULL past the arena's bound or 2^31 trials. */
void *ir_grow(struct arena *mem, struct ir_array *a, uint32_t more,
    size_t size);

/* Distinct texts, numbered from 0 in the order of their arrival. */
struct ir_dict {
	struct ir_array texts; /* struct str */
	uint32_t *table;       /* index + 1 of a text, 0: empty */
	uint32_t size;         /* a power of two, or 0 */
};
/* The number of `s`, or -1. */
int64_t ir_dict_find(const struct ir_dict *d, struct str s);
/* The number of `s`, added (and copied) if new; false past the bound. */
MUST_USE bool ir_dict_add(struct arena *mem, struct ir_dict *d, struct str s,
    uint32_t *ret);
struct str ir_dict_text(const struct ir_dict *d, uint32_t i);

/* Distinct leaves of n_values numbers, compared bit by bit. */
struct ir_leaves {
	double *values;
	uint32_t n, n_values;
	uint32_t *table; /* number + 1 of a leaf, 0: empty */
	uint32_t size;   /* a power of two */
};
/* Room for `most` leaves; false past the bound. */
MUST_USE bool ir_leaves_init(struct arena *mem, struct ir_leaves *l,
    uint32_t n_values, uint64_t most);
/* The number of the leaf, added if new. */
uint32_t ir_leaves_add(struct ir_leaves *l, const double *v);

struct ir_column {
	struct ir_dict categories;
	bool used;     /* some step or output reads it */
	bool fill_first; /* its first category came as an imputer's fill */
	bool booleans; /* model_build_booleans was called */
	bool hashed;   /* model_build_hashed was called */
	bool declared; /* model_build_field was called: */
	bool suggested;/* ... or model_build_suggest, where that was not: */
	struct model_field field;
	struct str origins[LINE_COUNT];
	bool ranged;   /* model_build_range was called: */
	double low, high;
};

struct ir_slot {
	enum slot_kind kind;
	int32_t column;  /* the only one it derives from, or -1 */
	int32_t dict;    /* text: the column whose categories its codes mean,
	                  * or -1: codes of a lookup */
	uint32_t codes;  /* of a lookup */
	bool finite;     /* always: one-hot, indicator, constant */
	bool filled;     /* an impute step left no missing value in it */
	bool missing_seen; /* model_build_missing_seen was called */
};

struct ir_step {
	enum step_op op;
	uint32_t src;           /* where it has one source */
	const uint32_t *list;   /* where it has many */
	uint32_t n_src;
	uint32_t dst, width;
	const double *params;
	uint32_t n_params;
	const int32_t *map;
	uint32_t n_map;
	enum model_link link;
	uint32_t calc;          /* as in the image */
	const struct ir_forest *forest;
};

/* A forest as it will lie in the image, with places counted from 0. */
struct ir_forest {
	struct image_forest head;
	struct image_lane *lanes;
	double *cuts;
	uint32_t n_cuts;
	struct image_tree *trees;
	struct image_node *nodes;
	uint32_t n_nodes;
	struct ir_leaves leaves;
	double *base;
};

/* As in the image, but for the name and where it lies. */
struct ir_target {
	struct str name, origin; /* who gave the name; empty: nobody */
	uint32_t class_, classes;
	uint32_t output, outputs, probabilities;
};

struct model_build {
	struct arena *mem;
	struct str facts[FACT_COUNT];
	double figures[FIGURE_COUNT];
	struct ir_array warnings; /* struct str */
	struct ir_dict names;
	struct ir_array columns;  /* struct ir_column */
	struct ir_array slots;    /* struct ir_slot */
	struct ir_array steps;    /* struct ir_step */
	struct ir_array targets;  /* struct ir_target */
	struct ir_dict class_names; /* of the last target */
	struct ir_array classes;  /* struct model_class, target after target */
	struct ir_array order;    /* uint32_t: declared columns */
	struct ir_array suggested;/* uint32_t: suggested columns */
	struct str example, example_place;
	struct ir_array trials;  /* struct model_trial */
	bool has_output;
	enum model_task task;
	struct ir_array outputs;  /* uint32_t: slots */
	bool tells_score;
	const bool *flow;         /* ir_flow's, of flow_steps steps */
	uint32_t flow_steps;
	bool flow_output;
};

static inline struct ir_column *
ir_column(const struct model_build *b, uint32_t i)
{
	return (struct ir_column *)b->columns.p + i;
}

static inline struct ir_slot *
ir_slot(const struct model_build *b, uint32_t i)
{
	return (struct ir_slot *)b->slots.p + i;
}

static inline struct ir_target *
ir_target(const struct model_build *b, uint32_t i)
{
	return (struct ir_target *)b->targets.p + i;
}

static inline struct ir_step *
ir_step(const struct model_build *b, uint32_t i)
{
	return (struct ir_step *)b->steps.p + i;
}

/* --- model_ir.c --- */
/* ERR_LIMIT for a build whose arena is full. */
bool ir_full(const struct model_build *b, struct err *err);
/* A copy in the arena; *ret is NULL past the bound. */
MUST_USE bool ir_copy(struct model_build *b, const void *p, size_t count,
    size_t size, void *ret, struct err *err);
/* A copy of text that must be UTF-8; `what` names it in the error. */
MUST_USE bool ir_text(struct model_build *b, const char *what, struct str s,
    struct str *ret, struct err *err);
/* Read a slot as `kind` (SLOT_UNDECIDED: as either), which decides it. */
MUST_USE bool ir_use(struct model_build *b, uint32_t slot,
    enum slot_kind kind, struct err *err);
MUST_USE bool ir_use_all(struct model_build *b, const uint32_t *src,
    uint32_t n, struct err *err);
/* Append the step and its `width` slots, all like `like`; *dst is the
 * first of them. */
MUST_USE bool ir_add_step(struct model_build *b, struct ir_step step,
    uint32_t width, struct ir_slot like, uint32_t *dst, struct err *err);
/* The same of one slot, for the ops of one source: the new slot is `like`. */
MUST_USE bool ir_add_from(struct model_build *b, enum step_op op,
    uint32_t src, const double *params, uint32_t n_params,
    struct ir_slot like, uint32_t *dst, struct err *err);
/* A number of the column that src is of, of which nothing more is known. */
struct ir_slot ir_number_from(const struct model_build *b, uint32_t src);
/* ERR_MODEL: `what` is not a finite number. */
bool ir_not_finite(struct err *err, const char *what);
/* The column that all the slots derive from, or -1. */
int32_t ir_common_column(const struct model_build *b, const uint32_t *src,
    uint32_t n);

/* Which slots take a missing value: *takes points at one bool a slot, good
 * until the next step (model_flow.c). */
MUST_USE bool ir_flow(struct model_build *b, const bool **takes,
    struct err *err);

#endif
