/* SPDX-License-Identifier: ISC
 *
 * The proof that a walk ends on a leaf: nodes lie level by level, so the
 * children of each node have one place where they can be, and the depth of
 * the tree is counted on the way. No memory is needed.
 */
#include "model/model_check.h"

#include <float.h>
#include <math.h>

#include "model/model_ranks.h"

static bool
check_lanes(struct check *c, const struct image_forest *f, uint32_t slots)
{
	const struct image_lane *lanes = c->m->lanes + f->lane;
	bool wants_cuts = f->compare == TREE_F64_LE_F64;

	if (!check_take(c, f, SECTION_lanes, f->lane, f->lanes))
		return false;
	if (f->lane_bits > 31 || f->lanes >> f->lane_bits != 0)
		return check_bad(c, f, "lanes that nodes cannot name");
	for (uint32_t i = 0; i < f->lanes; i++) {
		const struct image_lane *l = &lanes[i];
		const double *cuts = c->m->params + l->cut;

		if (l->slot >= slots || l->nan_left > 1 ||
		    wants_cuts != (l->cuts > 0))
			return check_bad(c, l, "a lane of no kind");
		/* The two lanes of one feature have the same cuts. */
		if (i > 0 && l->cut == l[-1].cut && l->cuts == l[-1].cuts)
			continue;
		if (!check_params(c, l, l->cut, l->cuts, check_is_finite))
			return false;
		for (uint32_t k = 1; k < l->cuts; k++)
			if (cuts[k - 1] >= cuts[k])
				return check_bad(c, &cuts[k],
				    "cuts that do not ascend");
	}
	return true;
}

/* Whether some number may go left at the key, and some right: of float
 * lanes, from what the least float is not below to what the greatest is
 * below; of lanes with cuts, which key 0 would be left of, one of these. */
static bool
key_splits(const struct check *c, const struct image_forest *f, uint32_t lane,
    uint32_t key)
{
	if (f->compare == TREE_F64_LE_F64)
		return key > 0 && key <= c->m->lanes[f->lane + lane - 1].cuts;
	return key >= image_key(-FLT_MAX) && key <= image_key(INFINITY);
}

static bool
check_tree(struct check *c, const struct image_forest *f,
    const struct image_tree *t)
{
	const struct model *m = c->m;
	const struct image_node *nodes = m->nodes + t->node;
	uint32_t lane_mask = (1u << f->lane_bits) - 1;
	uint32_t tail = 1, level_end = 1, depth = 0;

	if (!check_take(c, t, SECTION_nodes, t->node, t->nodes))
		return false;
	if (t->nodes == 0)
		return check_bad(c, t, "a tree without nodes");
	for (uint32_t i = 0; i < t->nodes; i++) {
		const struct image_node *n = &nodes[i];
		uint32_t lane = n->link & lane_mask;

		if (i == tail)
			return check_bad(c, n, "a node without parent");
		if (i == level_end) {
			depth++;
			level_end = tail;
		}
		if (n->link == 0) {
			if (image_leaf_is_inline(f) ?
			    !isfinite(image_leaf_value(n)) :
			    n->key >= f->leaves)
				return check_bad(c, n,
				    "a leaf that is not there");
			continue;
		}
		if (lane == 0 || lane > f->lanes ||
		    n->link >> f->lane_bits != tail + 1 - i ||
		    t->nodes - tail < 2)
			return check_bad(c, n,
			    "a node with children in the wrong place");
		if (!key_splits(c, f, lane, n->key))
			return check_bad(c, n, "a node that splits nothing");
		tail += 2;
	}
	if (tail != t->nodes || depth != t->depth)
		return check_bad(c, t, "a tree of another size");
	return true;
}

bool
check_forest(struct check *c, const struct image_step *s)
{
	const struct image_forest *f = c->m->forests + s->at;
	const struct image_tree *trees;
	const double *leaves;
	uint64_t numbers;

	if (!check_take(c, s, SECTION_forests, s->at, 1))
		return false;
	if (f->compare > TREE_F32_LT_F32 || f->takes_nan > 1 ||
	    f->n_values == 0 || f->n_values > s->width ||
	    f->rows_from > RANKS_ROWS || f->trees_to > RANKS_ROWS ||
	    !isfinite(f->divide) || f->divide == 0)
		return check_bad(c, f, "a forest of no kind");
	if (!check_lanes(c, f, s->dst) ||
	    !check_params(c, f, f->base, s->width, check_is_finite) ||
	    !check_list(c, f, f->check, f->checks, s->dst))
		return false;
	numbers = (uint64_t)f->leaves * f->n_values;
	if (!check_take(c, f, SECTION_leaves, f->leaf, numbers))
		return false;
	leaves = c->m->leaves + f->leaf;
	for (uint64_t i = 0; i < numbers; i++)
		if (!isfinite(leaves[i]))
			return check_bad(c, &leaves[i],
			    "a leaf that is not finite");
	if (!check_take(c, f, SECTION_trees, f->tree, f->trees))
		return false;
	trees = c->m->trees + f->tree;
	for (uint32_t i = 0; i < f->trees; i++) {
		if (trees[i].first_output > s->width - f->n_values)
			return check_bad(c, &trees[i],
			    "a tree that adds to no output");
		if (!check_tree(c, f, &trees[i]))
			return false;
	}
	return true;
}
