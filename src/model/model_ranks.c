/* SPDX-License-Identifier: ISC
 *
 * From nodes to byte ranks: which thresholds a lane has, and in which column
 * and at which cut each split asks. Runs over nodes that have been proved, in
 * time and memory linear in their number.
 */
#include "model/model_ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model_derive.h"

/* Whole trees may be filled up to this many times the splits there are. */
enum { FILL_MAX = 2 };

void *
derive_room(struct derive *d, size_t count, size_t size)
{
	char *p = arena_array(d->keep, count + CACHE_LINE, size);

	return p == NULL ? NULL : p + -(uintptr_t)p % CACHE_LINE;
}

/* --- scales -------------------------------------------------------------- */

static enum ranks_kind
kind_of(const struct image_lane *l, uint32_t lane, uint32_t cuts)
{
	if (cuts == 0)
		return RANKS_NONE;
	if (lane > 0 && l->cuts > 0 && l->cut == l[-1].cut &&
	    l->slot == l[-1].slot)
		return RANKS_AGAIN;
	if (cuts > RANKS_CUTS)
		return RANKS_WIDE;
	return cuts == 1 ? RANKS_ONE : cuts < RANKS_STEP ? RANKS_FEW :
	    RANKS_MANY;
}

/* Number columns and room for the cuts of a lane. */
static void
start_scale(struct derive *d, uint32_t lane, uint32_t cuts, uint32_t *at)
{
	const struct image_lane *l = &d->m->lanes[d->f->lane + lane];
	uint32_t columns = (cuts + RANKS_CUTS - 1) / RANKS_CUTS;
	struct ranks_scale *s = &d->scales[lane];

	d->out->columns += columns;
	if (d->out->columns > RANKS_COLUMNS)
		return;
	*s = (struct ranks_scale){.kind = (uint8_t)kind_of(l, lane, cuts),
	    .slot = l->slot, .cut = *at, .cuts = cuts,
	    .column = d->out->columns - columns,
	    .columns = (uint16_t)columns,
	    .missing = l->nan_left ? RANKS_LEAST : RANKS_MOST};
	*at += (cuts / RANKS_STEP + 1) * RANKS_STEP;
	if (columns == 1) {
		s->pivot = *at;
		*at += RANKS_STEP;
	}
}

/* The float below which a key tells a value to be. */
static float
key_float(uint32_t key)
{
	union {
		uint32_t u;
		float f;
	} v = {.u = key & 0x80000000u ? key & 0x7fffffffu : ~key};

	return v.f;
}

#define FILL_SCALE(name, type) \
static void \
name(const struct ranks_scale *s, type *cuts) \
{ \
	uint32_t n = (s->cuts / RANKS_STEP + 1) * RANKS_STEP; \
\
	for (uint32_t i = s->cuts; i < n; i++) \
		cuts[s->cut + i] = (type)NAN; \
	for (uint32_t i = 0; i < RANKS_STEP && s->columns == 1; i++) \
		cuts[s->pivot + i] = (i + 1) * RANKS_STEP <= n ? \
		    cuts[s->cut + (i + 1) * RANKS_STEP - 1] : (type)NAN; \
}
FILL_SCALE(fill_floats, float)
FILL_SCALE(fill_doubles, double)

/* Double rules: the image has the cuts, and keys that count them. */
static bool
scale_doubles(struct derive *d)
{
	uint32_t at = 0;
	double *cuts;

	for (uint32_t k = 0; k < d->f->lanes; k++)
		start_scale(d, k, d->m->lanes[d->f->lane + k].cuts, &at);
	if (d->out->columns > RANKS_COLUMNS)
		return true;
	cuts = derive_room(d, at, sizeof(*cuts));
	if (cuts == NULL)
		return false;
	for (uint32_t k = 0; k < d->f->lanes; k++) {
		const struct ranks_scale *s = &d->scales[k];

		memcpy(cuts + s->cut, d->m->params +
		    d->m->lanes[d->f->lane + k].cut, s->cuts * sizeof(*cuts));
		fill_doubles(s, cuts);
	}
	d->out->doubles = cuts;
	return true;
}

/* Float rules: the cuts are the distinct keys of the nodes. */
static bool
scale_floats(struct derive *d)
{
	uint32_t at = 0, i = 0, n;
	const uint64_t *sorted;
	float *cuts;

	sorted = derive_cuts(d);
	d->number = ARENA_ARRAY(d->work, d->table.n, uint16_t);
	if (sorted == NULL || d->number == NULL)
		return false;
	for (uint32_t k = 0; k < d->f->lanes; k++, i += n) {
		for (n = 0; i + n < d->table.n && sorted[i + n] >> 32 == k + 1;
		    n++)
			d->number[derive_cut(d, sorted[i + n])] =
			    (uint16_t)n;
		start_scale(d, k, n, &at);
	}
	if (d->out->columns > RANKS_COLUMNS)
		return true;
	cuts = derive_room(d, at, sizeof(*cuts));
	if (cuts == NULL)
		return false;
	for (uint32_t k = 0; k < d->f->lanes; k++) {
		const struct ranks_scale *s = &d->scales[k];

		for (i = 0; i < s->cuts; i++)
			cuts[s->cut + i] = key_float((uint32_t)*sorted++);
		fill_floats(s, cuts);
	}
	d->out->floats = cuts;
	return true;
}

struct ranks_split
derive_split(const struct derive *d, const struct image_node *n)
{
	uint32_t lane = n->link & ((1u << d->f->lane_bits) - 1);
	uint32_t cut = d->asked == NULL ? n->key - 1 :
	    d->number[d->asked[n - d->nodes]];

	return (struct ranks_split){
	    .column = (uint16_t)(d->scales[lane - 1].column +
	    cut / RANKS_CUTS),
	    .cut = (int8_t)((int)(cut % RANKS_CUTS) + RANKS_LEAST)};
}

/* Leaves in the order of their nodes. */
static void
number_leaves(struct span *spans, const struct image_node *nodes, uint32_t n)
{
	uint16_t leaves = 0;

	for (uint32_t i = 0; i < n; i++)
		if (nodes[i].link == 0)
			spans[i] = (struct span){leaves++, 1};
	spans[0].size = leaves;
}

void
derive_spans(struct derive *d, uint32_t tree)
{
	const struct image_node *nodes = derive_root(d, tree);
	uint32_t bits = d->f->lane_bits, n = d->trees[tree].nodes;
	struct span *spans = d->spans;

	if (d->out->depth == 0 && d->out->planes == 0) {
		number_leaves(spans, nodes, n);
		return;
	}
	for (uint32_t i = n; i-- > 0 && d->out->depth == 0;) {
		const struct span *right = &spans[i + (nodes[i].link >> bits)];

		spans[i].size = nodes[i].link == 0 ? 1 :
		    (uint16_t)(right[-1].size + right[0].size);
	}
	spans[0].first = 0;
	if (d->out->depth > 0)
		spans[0].size = (uint16_t)(1u << d->out->depth);
	for (uint32_t i = 0; i < n; i++) {
		struct span *right = &spans[i + (nodes[i].link >> bits)];

		if (nodes[i].link == 0)
			continue;
		if (d->out->depth > 0)
			right[-1].size = right[0].size = spans[i].size / 2;
		right[-1].first = spans[i].first;
		right[0].first = spans[i].first + right[-1].size;
	}
}

/* --- a forest ------------------------------------------------------------ */

bool
model_ranks_fit(const struct model *m, const struct image_forest *f)
{
	const struct image_tree *trees = m->trees + f->tree;

	for (uint32_t t = 0; t < f->trees; t++)
		if (derive_leaves(&trees[t]) > RANKS_LEAVES)
			return false;
	return f->trees > 0;
}

/* Whole trees go faster a split, where they are not much larger for it. */
static uint32_t
whole_depth(const struct derive *d)
{
	uint64_t whole;

	if (d->depth == 0 || d->depth > RANKS_DEPTH)
		return 0;
	whole = (((uint64_t)1 << d->depth) - 1) * d->f->trees;
	return whole <= (uint64_t)FILL_MAX * d->n_splits ? d->depth : 0;
}

/* What the largest tree wants of planes; none where trees do not go side by
 * side. */
static uint32_t
planes(const struct derive *d)
{
	uint32_t leaves = d->out->depth > 0 ? 1u << d->out->depth :
	    d->out->constants;

	return d->f->trees_to > 0 && d->m->wide &&
	    leaves <= 8 * RANKS_PLANES && d->out->columns <= RANKS_TABLE ?
	    (leaves + 7) / 8 : 0;
}

static bool
derive(struct derive *d)
{
	struct ranks *out = d->out;

	for (uint32_t t = 0; t < d->f->trees; t++) {
		const struct image_tree *tree = &d->trees[t];
		uint32_t leaves = derive_leaves(tree);

		d->n_nodes += tree->nodes;
		d->n_splits += leaves - 1;
		if (tree->depth > d->depth)
			d->depth = tree->depth;
		if (leaves > out->constants)
			out->constants = leaves;
	}
	out->blends_max = out->constants > 1 ? out->constants - 1 : 1;
	d->scales = ARENA_ARRAY(d->keep, d->f->lanes, struct ranks_scale);
	if (d->scales == NULL)
		return false;
	out->scales = d->scales;
	if (!(d->f->compare == TREE_F64_LE_F64 ? scale_doubles(d) :
	    scale_floats(d)))
		return false;
	if (out->columns == 0)
		out->columns = 1;
	if (out->columns > RANKS_COLUMNS)
		return false;
	out->depth = whole_depth(d);
	out->planes = planes(d);
	return derive_rows(d) && (out->planes == 0 || derive_trees(d));
}

/* Room for what is derived, many times over: pages that are not touched cost
 * nothing. */
static size_t
room_bytes(const struct model *m)
{
	return ((size_t)4 << 20) + 32 * m->n_bytes;
}

static bool
derive_forest(struct model *m, uint32_t i, struct err *err)
{
	const struct image_forest *f = &m->forests[i];
	struct ranks *out = ARENA_NEW(&m->derived, struct ranks);
	struct arena work;
	struct derive d = {.m = m, .f = f, .trees = m->trees + f->tree,
	    .keep = &m->derived, .work = &work, .out = out};
	bool ok;

	d.nodes = m->nodes + d.trees[0].node;
	if (out == NULL)
		return arena_err(&m->derived, "a forest", err);
	if (!arena_init(&work, room_bytes(m), err))
		return false;
	if (derive(&d))
		m->ranks[i] = out;
	ok = (!m->derived.over && !work.over) ||
	    arena_err(m->derived.over ? &m->derived : &work, "a forest", err);
	arena_done(&work);
	return ok;
}

bool
model_ranks(struct model *m, struct err *err)
{
	bool any = false;

#ifdef __x86_64__
	m->wide = __builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports("popcnt");
#endif
	m->ranks = calloc((size_t)m->n_forests + 1, sizeof(*m->ranks));
	if (m->ranks == NULL)
		return err_system(err, "no memory for %u forests",
		    m->n_forests);
	for (uint32_t i = 0; i < m->n_forests; i++) {
		const struct image_forest *f = &m->forests[i];

		if ((f->rows_from == 0 && f->trees_to == 0) ||
		    !model_ranks_fit(m, f))
			continue;
		if (!any && !arena_init(&m->derived, room_bytes(m), err))
			return false;
		any = true;
		if (!derive_forest(m, i, err))
			return false;
	}
	return true;
}
