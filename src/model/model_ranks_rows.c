/* SPDX-License-Identifier: ISC
 *
 * Trees as rows side by side go through them: whole ones level by level, or
 * of any shape from the bottom up; and the values of their leaves.
 */
#include "model/model_derive.h"

#include <string.h>

/* Where values of leaves go: one of the two. */
struct values {
	float *floats;
	double *doubles;
};

static void
put_leaf(const struct derive *d, const struct values *values, uint32_t at,
    const struct image_node *n)
{
	size_t numbers = d->f->n_values;

	if (values->floats != NULL)
		values->floats[at] = image_leaf_value(n);
	else
		memcpy(values->doubles + at * numbers, d->m->leaves +
		    d->f->leaf + n->key * numbers, numbers * sizeof(double));
}

/* A whole tree. What stands below an early leaf leads nowhere but to it. */
static void
put_whole(const struct derive *d, const struct image_node *nodes, uint32_t n,
    struct ranks_split *splits)
{
	uint32_t leaves = 1u << d->out->depth;

	for (uint32_t i = 0; i < leaves - 1; i++)
		splits[i] = (struct ranks_split){.cut = RANKS_NEVER};
	for (uint32_t i = 0; i < n; i++) {
		const struct span *span = &d->spans[i];

		if (nodes[i].link != 0)
			splits[leaves / span->size - 1 +
			    span->first / span->size] =
			    derive_split(d, &nodes[i]);
	}
}

/* A tree of any shape, from its last node up: each split finds its sides
 * done. The tree is number `side` of RANKS_SIDE, which have `most` blends
 * each; what it has fewer comes first. */
static void
put_blends(const struct derive *d, const struct image_node *nodes, uint32_t n,
    struct ranks_blend *blends, uint32_t side, uint32_t most)
{
	uint16_t result[2 * RANKS_LEAVES - 1];
	uint32_t k = most - n / 2;

	for (uint32_t i = n; i-- > 0;) {
		uint32_t right = i + (nodes[i].link >> d->f->lane_bits);
		struct ranks_split split;

		if (nodes[i].link == 0) {
			result[i] = d->spans[i].first;
			continue;
		}
		split = derive_split(d, &nodes[i]);
		blends[k * RANKS_SIDE + side] = (struct ranks_blend){
		    .column = split.column, .cut = split.cut,
		    .left = result[right - 1], .right = result[right]};
		result[i] = (uint16_t)(d->out->constants + side * most + k++);
	}
}

/* Blends of the group of trees that starts with `first`: as many as its
 * largest tree has splits, and one at least. */
static uint32_t
group_blends(const struct derive *d, uint32_t first)
{
	uint32_t n = 1;

	for (uint32_t t = first; t < d->f->trees && t < first + RANKS_SIDE;
	    t++)
		if (d->trees[t].nodes / 2 > n)
			n = d->trees[t].nodes / 2;
	return n;
}

/* Room for the blends of all groups; returns where they start. */
static struct ranks_blend *
make_groups(struct derive *d)
{
	uint32_t n = (d->f->trees + RANKS_SIDE - 1) / RANKS_SIDE, at = 0;
	uint32_t *group = ARENA_ARRAY(d->keep, n + 1, uint32_t);
	struct ranks_blend *blends;

	if (group == NULL)
		return NULL;
	for (uint32_t g = 0; g < n; g++) {
		at += group_blends(d, g * RANKS_SIDE) * RANKS_SIDE;
		group[g + 1] = at;
	}
	blends = derive_room(d, at, sizeof(*blends));
	for (uint32_t i = 0; blends != NULL && i < at; i++)
		blends[i].cut = RANKS_NEVER;
	d->out->group = group;
	d->out->blends = blends;
	return blends;
}

bool
derive_rows(struct derive *d)
{
	struct ranks *out = d->out;
	uint32_t trees = d->f->trees, first = 0;
	uint32_t *leaf = ARENA_ARRAY(d->keep, trees, uint32_t);
	struct ranks_split *splits = NULL;
	struct ranks_blend *blends = NULL;
	struct values values = {0};
	size_t leaves = d->n_nodes - d->n_splits;

	if (out->depth > 0)
		leaves = (size_t)trees << out->depth;
	/* Where long leaves are shared by many nodes, they had better be. */
	if (leaves * d->f->n_values * sizeof(double) > 4 * d->m->n_bytes)
		return false;
	if (out->depth > 0) {
		splits = derive_room(d, leaves, sizeof(*splits));
	} else
		blends = make_groups(d);
	if (image_leaf_is_inline(d->f))
		values.floats = derive_room(d, leaves, sizeof(float));
	else
		values.doubles = derive_room(d, leaves, d->f->n_values *
		    sizeof(double));
	if (d->keep->over)
		return false;
	for (uint32_t t = 0; t < trees; t++) {
		const struct image_node *nodes = derive_root(d, t);
		uint32_t n = d->trees[t].nodes;
		uint32_t g = t / RANKS_SIDE;

		derive_spans(d, t);
		leaf[t] = first;
		for (uint32_t i = 0; i < n; i++)
			if (nodes[i].link == 0)
				put_leaf(d, &values, first +
				    d->spans[i].first, &nodes[i]);
		first += d->spans[0].size;
		if (out->depth > 0)
			put_whole(d, nodes, n, splits + (size_t)t *
			    ((1u << out->depth) - 1));
		else
			put_blends(d, nodes, n, blends + out->group[g],
			    t % RANKS_SIDE, (out->group[g + 1] -
			    out->group[g]) / RANKS_SIDE);
	}
	out->splits = splits;
	out->leaf = leaf;
	out->leaf32 = values.floats;
	out->leaf64 = values.doubles;
	return true;
}
