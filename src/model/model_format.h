/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_FORMAT_H
#define MODEL_MODEL_FORMAT_H

#include <stdint.h>

#include "model/model.h"
#include "model/model_build.h"

/*
 * The compiled file, byte by byte. Everything is little-endian and is used in
 * place, so the structures below are the file.
 *
 *   image_header                   64 bytes
 *   image_section[SECTION_COUNT]   where each section lies
 *   the sections, in this order, each starting at a multiple of 64, the
 *   bytes between them 0
 *
 * Numbers that point into a section count its records from 0. A section may
 * be empty. A change of any structure here, of the meaning of a field or of
 * str_hash needs the next IMAGE_VERSION.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
    "images are used in place: this host needs a byte-swapping reader");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "IEEE 754");

#define IMAGE_MAGIC   "\x89LSM\r\n\x1a\n" /* text-mode transfers break it */
#define IMAGE_VERSION 2u
#define IMAGE_ALIGN   64u

struct image_header {
	char magic[8];
	uint32_t version;
	uint32_t checksum; /* CRC-32 of all bytes behind this field */
	uint64_t bytes;    /* of the whole file */
	uint32_t sections; /* SECTION_COUNT */
	uint32_t zero[9];
};
_Static_assert(sizeof(struct image_header) == 64, "as documented");

struct image_section {
	uint32_t kind;   /* its own index */
	uint32_t count;  /* records */
	uint64_t offset; /* from the start of the file */
	uint64_t bytes;  /* count * size of a record */
};

/*      name        record                what */
#define IMAGE_SECTIONS(SECTION) \
	SECTION(about,      struct image_about)  /* exactly one */ \
	SECTION(inputs,     struct image_input)  /* columns, model order */ \
	SECTION(order,      uint32_t)            /* columns, schema order */ \
	SECTION(categories, struct image_text)   /* column after column */ \
	SECTION(aliases,    struct image_alias)  /* column after column */ \
	SECTION(entries,    struct image_entry)  /* of the hash tables */ \
	SECTION(targets,    struct image_target) /* of a classification */ \
	SECTION(classes,    struct image_class)  /* target after target */ \
	SECTION(warnings,   struct image_text) \
	SECTION(origins,    int32_t)             /* column of a slot, or -1 */ \
	SECTION(steps,      struct image_step) \
	SECTION(lists,      uint32_t)            /* slot numbers */ \
	SECTION(params,     double) \
	SECTION(maps,       int32_t) \
	SECTION(forests,    struct image_forest) \
	SECTION(lanes,      struct image_lane) \
	SECTION(trees,      struct image_tree) \
	SECTION(nodes,      struct image_node) \
	SECTION(leaves,     double) \
	SECTION(text,       char)                /* all strings, UTF-8 */

/* A string of the text section. */
struct image_text {
	uint32_t at, n;
};

/* A hash table lies at entries[first] and has `size` entries, a power of two
 * (0: no table). Linear probing from str_hash(text) & (size - 1) to the first
 * empty entry; at least one is empty. */
struct image_table {
	uint32_t first, size;
};
#define ENTRY_EMPTY (-1)
/* No run of full entries is longer, so that a lookup is bounded. */
#define ENTRY_RUN_MAX 256u
struct image_entry {
	struct image_text text;
	uint32_t hash; /* low half of str_hash */
	int32_t value; /* column or code, or ENTRY_EMPTY */
};

struct image_about {
	uint32_t task;       /* enum model_task */
	uint32_t slots;      /* doubles of a frame */
	uint32_t output;     /* lists: the slots that come out */
	uint32_t outputs;    /* how many */
	uint32_t tells_score;   /* 1: the first that decides is part of the
	                         * answer; of one target alone */
	struct image_table names;
	struct image_text facts[FACT_COUNT];
	struct image_text example;
	double figures[FIGURE_COUNT];
};

enum image_input_flag {
	INPUT_REQUIRED = 1 << 0,
	INPUT_LOOSE = 1 << 1,
	INPUT_CLOSED = 1 << 2,
	INPUT_DEFAULT = 1 << 3,         /* default_cell, default_text hold */
	INPUT_DEFAULT_MISSING = 1 << 4, /* ... and it is no text at all */
	INPUT_RANGE = 1 << 5,
	INPUT_UNUSED = 1 << 6,
	INPUT_BOOLEANS = 1 << 7,        /* of numbers only */
	INPUT_FILL_FIRST = 1 << 8,      /* category 0 is told last */
	INPUT_INTEGER = 1 << 9,         /* of numbers only */
	INPUT_HASHED = 1 << 10,         /* of text: model_build_hashed */
	INPUT_FLAGS = (1 << 11) - 1,
};
struct image_input {
	struct image_text name, description, default_text;
	uint32_t kind;     /* enum model_kind */
	uint32_t null;     /* enum model_null */
	uint32_t flags;
	uint32_t category, categories; /* first, how many */
	uint32_t alias, aliases;
	uint32_t longest;  /* bytes of the longest text in `folded` */
	struct image_table exact;  /* categories and text aliases to codes */
	struct image_table folded; /* the same trimmed, in lower case */
	double default_cell;
	double low, high;
};

struct image_alias {
	struct image_text from, to;
	int64_t integer;
	double cell;       /* code or number; NaN: missing */
	uint32_t is_integer, zero;
};

/* One label that a row gets. A classification has one of these or several,
 * their classes and outputs end to end; a regression has none. */
struct image_target {
	struct image_text name; /* empty where it is the only one */
	uint32_t class_, classes; /* first, how many */
	uint32_t output;        /* its first; from there on: */
	uint32_t outputs;       /* all of them */
	uint32_t probabilities; /* the first of them: none or one a class */
	uint32_t decision;      /* behind how many of them those lie that
	                         * decide: one a class, the last of them */
};

struct image_class {
	struct image_text text;
	double number;
	uint32_t kind, zero;  /* enum model_class_kind */
};

/*
 * Steps. The frame of a row holds `slots` doubles: the cells first, then what
 * each step makes, without gap: dst of a step is the number of slots before
 * it. src is a slot, or with a star the first of n_src in lists.
 */
/*           name        text     src  width  at [count] */
#define IMAGE_STEPS(STEP) \
	STEP(IMPUTE,     "impute")     /*    1  params: fill */ \
	STEP(MISSING_IF, "missing-if") /*    1  params: value */ \
	STEP(INDICATOR,  "indicator")  /*    1  - */ \
	STEP(SUB_DIV,    "scale")      /*    1  params: sub, div */ \
	STEP(MUL_ADD,    "scale")      /*    1  params: mul, add, low, high */ \
	STEP(CONSTANT,   "constant")   /* -  1  params: value */ \
	STEP(LOOKUP,     "lookup")     /*    1  params [count]: ascending;
	                                        maps at extra: codes */ \
	STEP(TABLE,      "ordinal")    /*    1  params [count] */ \
	STEP(ONEHOT,     "one-hot")    /*    w  maps [count] */ \
	STEP(LINEAR,     "linear")     /* *  w  params: coef, intercept;
	                                        lists at extra [count]: slots
	                                        to find finite first */ \
	STEP(FOREST,     "forest")     /* -  w  forests */ \
	STEP(LINK,       "link")       /* *  w  extra: enum model_link */ \
	STEP(MISSING_NEAR, "missing-if") /*  1  params: radius around 0 */ \
	STEP(CALC,       "calculate")  /* *  w  extra: image_calc; params
	                                        [count]: the last operand, if
	                                        w rather than 0 */ \
	STEP(FOLD,       "fold")       /* *  w  extra: image_calc; n_src / w
	                                        numbers each */ \
	STEP(INTERPOLATE, "interpolate") /*  1  params [count]: half of them x,
	                                        ascending, then each one's y */ \
	STEP(MEDIAN,     "weighted median") /* *  n_src + 1, the last of them
	                                        the median; params: weights;
	                                        lists at extra [count] as
	                                        LINEAR */ \
	STEP(LINEAR_F32, "linear in float") /* * w  params: coef, start */ \
	STEP(LEAVES,     "linear leaves") /* * w  maps at extra: trees, ends of
	                                        the leaves' features, features;
	                                        params: coefs, then constant
	                                        and otherwise [count] */ \
	STEP(REQUIRE,    "present")    /*    1  - */ \
	STEP(BINS,       "bin")        /*    1  params [count]: ascending */ \
	STEP(LINEAR_FMA, "linear in fused float") /* * w  as LINEAR */ \
	STEP(SORT,       "sort")       /* *  2 n_src: places in ascending
	                                        order, then the numbers in it */ \
	STEP(KERNEL,     "kernel")     /* *  w  extra: image_calc; params:
	                                        gamma, coef0, degree, w vectors */ \
	STEP(COUPLE,     "coupling")   /* *  extra: k classes; k * k + 2 k, the
	                                        last k the probabilities */

enum step_op {
#define STEP(name, text) STEP_##name,
	IMAGE_STEPS(STEP)
#undef STEP
	STEP_COUNT
};
/* What a CALC, FOLD or KERNEL does: its enum model_calc, model_fold or
 * model_kernel, and whether the result is rounded to float. */
#define IMAGE_CALC_FLOATS (1u << 16)
struct image_step {
	uint32_t op;
	uint32_t src, n_src;
	uint32_t dst, width;
	uint32_t at, count;
	uint32_t extra;
};

/*
 * A forest turns every number that its trees ask for into an unsigned key per
 * row, one a lane, and walks the trees over these. The row goes left where
 * key < node key.
 *
 * Keys of a lane without cuts are the value as float in an order-preserving
 * form; of a lane with cuts they are the number of cuts below the value. A
 * missing value has key 0 (nan_left) or the greatest key, so that a node
 * names its lane by the side that missing takes. Lane 0 is not stored: its
 * key is always the greatest.
 */
struct image_forest {
	uint32_t compare;       /* enum tree_compare */
	uint32_t takes_nan;
	uint32_t check, checks; /* lists: slots to be found finite first */
	uint32_t lane, lanes;
	uint32_t tree, trees;
	uint32_t leaf, leaves;  /* leaves: first number; how many leaves */
	uint32_t n_values;      /* numbers a leaf */
	uint32_t lane_bits;     /* of a node's link */
	uint32_t base;          /* params: one an output */
	/* Ways through the trees; what is fastest is measured at import, and
	 * all give the same bits. From so many rows on they go side by side
	 * (0: never). Up to so many of the others go one by one, with trees
	 * side by side (0: none, 1: a row that is alone). The rest walk. */
	uint32_t rows_from;
	uint32_t trees_to;
	uint32_t zero;
	double divide;
};
struct image_lane {
	uint32_t slot;
	uint32_t nan_left;
	uint32_t cut, cuts; /* params, ascending */
};
struct image_tree {
	uint32_t node, nodes;
	uint32_t depth;        /* steps from the root to the deepest leaf */
	uint32_t first_output;
};
/* Nodes of a tree lie level by level; the right child follows the left. An
 * inner node's link is delta << lane_bits | lane; its right child is delta
 * nodes on. A leaf has link 0 (lane 0, never left, to itself); its key is the
 * number of its leaf, or its value where that is one float. */
struct image_node {
	uint32_t key;
	uint32_t link;
};
_Static_assert(sizeof(struct image_node) == 8, "walks count on it");

/* Whether the nodes hold the values of leaves, and there are no `leaves`. */
static inline bool
image_leaf_is_inline(const struct image_forest *f)
{
	return f->compare == TREE_F32_LT_F32 && f->n_values == 1;
}

static inline float
image_leaf_value(const struct image_node *leaf)
{
	union {
		uint32_t u;
		float f;
	} v = {.u = leaf->key};

	return v.f;
}

enum image_section_kind {
#define SECTION(name, type) SECTION_##name,
	IMAGE_SECTIONS(SECTION)
#undef SECTION
	SECTION_COUNT
};

/* Declared limits. */
#define IMAGE_SLOTS_MAX (1u << 20)
#define IMAGE_COUPLE_MAX 1000 /* classes */

/* The order-preserving form of a float that is not NaN; -0.0 as 0.0. */
static inline uint32_t
image_key(float x)
{
	union {
		float f;
		uint32_t u;
	} v = {.f = x + 0.0f};

	return v.u & 0x80000000u ? ~v.u : v.u | 0x80000000u;
}

/* s in lower case (ASCII) into `folded`, of s.n bytes; returns it. */
struct str image_fold(struct str s, char *folded);
/* The value of a text in a hash table, or ENTRY_EMPTY. */
int32_t image_find(const struct image_entry *table, uint32_t size,
    const char *text, struct str s);

#endif
