/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_RANKS_H
#define MODEL_MODEL_RANKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "model/model_format.h"

/*
 * Forests over byte ranks, for vector registers. Derived from the nodes when
 * a model is opened, so that an image holds each tree once and there is one
 * form of it to prove.
 *
 * The thresholds of a lane are its cuts, ascending and distinct. A value's
 * rank is how many cuts it has reached; the split at cut i sends the row
 * right where rank > i. A byte tells 255 cuts apart: a lane with more has a
 * column for every 255 of them, each with the rank among its own. Bytes are
 * kept less 128, since vector registers compare signed ones.
 */
enum {
	RANKS_CUTS = 255,       /* of a column */
	RANKS_STEP = 16,        /* cuts that are compared at once */
	RANKS_ROWS = 64,        /* rows side by side */
	RANKS_TREES = 64,       /* whose leaves are found before they add up */
	RANKS_LEAVES = 256,     /* of a tree, at most */
	RANKS_DEPTH = 8,        /* of trees that are laid out whole, at most */
	RANKS_SIDE = 2,         /* trees of any shape that go side by side */
	RANKS_COLUMNS = 4096,   /* at most */
	RANKS_GROUP = 32,       /* trees side by side */
	RANKS_PLANES = 8,       /* of theirs, at most; 8 leaves each */
	RANKS_TABLE = 64,       /* columns that such trees ask, at most */
};
#define RANKS_LEAST INT8_MIN
#define RANKS_MOST  INT8_MAX
/* A split that sends nothing right. */
#define RANKS_NEVER INT8_MAX

/* How a lane is ranked. */
enum ranks_kind {
	RANKS_NONE,    /* no node asks */
	RANKS_ONE,     /* one cut: columns that are 0 or 1 */
	RANKS_FEW,     /* less than a step */
	RANKS_MANY,    /* of one column */
	RANKS_WIDE,    /* of several columns */
	RANKS_AGAIN,   /* cuts and slot of the lane before, but for `missing` */
};
/* From a lane's numbers to its columns. Cuts are floats, which a value
 * reaches where cut <= value, or doubles, where cut < value, as the compare
 * rule has it. They lie in steps of RANKS_STEP, filled up with NaN; where
 * one column holds them all, the last of each step lies at `pivot`. */
struct ranks_scale {
	uint8_t kind;  /* enum ranks_kind */
	int8_t missing;
	uint16_t columns;
	uint32_t column;
	uint32_t slot;
	uint32_t cut, cuts;
	uint32_t pivot;
};
struct ranks_split {
	uint16_t column;
	int8_t cut;
	int8_t zero;
};
/* A split of a tree of any shape: what it takes from its two sides are the
 * numbers of leaves, or behind `constants` of them results of such splits. */
struct ranks_blend {
	uint16_t column, left, right;
	int8_t cut;
	int8_t zero;
};

/* A split of each tree of a group: where the column of the one row is beyond
 * the cut, these eight leaves of the plane are out. */
struct ranks_slot {
	uint8_t column[RANKS_GROUP];
	int8_t cut[RANKS_GROUP];
	uint8_t out[RANKS_GROUP];
};

struct ranks {
	const struct ranks_scale *scales; /* one a lane */
	const float *floats;
	const double *doubles;
	uint32_t columns;
	/* Whole trees: (1 << depth) - 1 splits each, level by level. Any
	 * shape, where depth is 0: RANKS_SIDE trees after another, a blend of
	 * each in turn; group g has those from group[g] to group[g + 1]. */
	uint32_t depth;
	const struct ranks_split *splits;
	const struct ranks_blend *blends;
	const uint32_t *group;
	uint32_t constants;  /* leaves of the largest tree */
	uint32_t blends_max; /* of a tree */
	/* Values of tree t's leaf k at (leaf[t] + k) * n_values, floats where
	 * leaves are inline. */
	const uint32_t *leaf;
	const float *leaf32;
	const double *leaf64;
	/* Trees side by side: so many planes (0: not this forest); of each
	 * group of trees and plane so many slots. */
	uint32_t planes;
	const uint16_t *count;
	const struct ranks_slot *slots;
};

struct model;

/* Fill m->ranks for the forests that ask for it. ERR_SYSTEM without memory
 * (that of *mem lives as long as the model). */
MUST_USE bool model_ranks(struct model *m, struct err *err);
/* Whether the forest can have ranks at all. */
bool model_ranks_fit(const struct model *m, const struct image_forest *f);

#endif
