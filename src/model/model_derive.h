/* SPDX-License-Identifier: ISC */
#ifndef MODEL_MODEL_DERIVE_H
#define MODEL_MODEL_DERIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "model/model_format.h"
#include "model/model_ranks.h"
#include "model/model_view.h"

/* Shared by the files that derive ranks (model_ranks*.c): what is known of
 * the forest. Where they return false, an arena is over, or the forest is
 * one that does without ranks. */

/* What an inner node asks, each thing once, hashed. */
enum { CUTS_MAX = UINT16_MAX };
struct cut {
	uint64_t question; /* lane << 32 | key; 0: empty */
	uint32_t number;   /* in the order in which they came */
};
struct cut_table {
	struct cut *cuts;
	uint32_t n, size, shift;
};

/* Leaves of a tree are numbered from the left, those of a whole tree as if
 * it were full: these are below a node, `size` of them. Where trees are not
 * whole and there are no planes only the numbers of leaves and the root's
 * size hold, in any order. */
struct span {
	uint16_t first, size;
};

struct derive {
	const struct model *m;
	const struct image_forest *f;
	const struct image_tree *trees;
	const struct image_node *nodes;  /* of the forest's first tree on */
	uint32_t n_nodes, n_splits, depth;
	struct arena *keep, *work;
	struct ranks *out;
	struct ranks_scale *scales;
	/* Of float rules: */
	struct cut_table table;
	uint16_t *asked;     /* number of the cut of a node */
	uint16_t *number;    /* of that cut within its lane */
	struct span spans[2 * RANKS_LEAVES - 1]; /* of derive_spans' tree */
};

static inline uint32_t
derive_leaves(const struct image_tree *t)
{
	return (t->nodes + 1) / 2;
}

static inline const struct image_node *
derive_root(const struct derive *d, uint32_t tree)
{
	return d->m->nodes + d->trees[tree].node;
}

/* count * size zeroed bytes to keep, at a multiple of a cache line. */
void *derive_room(struct derive *d, size_t count, size_t size);
/* All questions, ascending: lane after lane, key after key. Fills asked; of
 * a question's cut derive_cut knows the number. NULL: see above. */
const uint64_t *derive_cuts(struct derive *d);
uint32_t derive_cut(const struct derive *d, uint64_t question);
/* Where an inner node asks. */
struct ranks_split derive_split(const struct derive *d,
    const struct image_node *n);
void derive_spans(struct derive *d, uint32_t tree);
/* Trees for rows side by side; trees side by side, in out->planes. */
MUST_USE bool derive_rows(struct derive *d);
MUST_USE bool derive_trees(struct derive *d);

#endif
