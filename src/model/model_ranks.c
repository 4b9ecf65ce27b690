/* SPDX-License-Identifier: ISC
 *
 * From nodes to byte ranks: which thresholds a lane has, in which column and
 * at which cut each split asks, and the trees laid out over these. Runs over
 * nodes that have been proved, in time and memory linear in their number.
 */
#include "model/model_ranks.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "model/model_view.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };
enum { TABLE_LEAST = 1024, LOOKS_MAX = 256 };
/* Whole trees may be filled up to this many times the splits there are. */
enum { FILL_MAX = 2 };

/* What inner nodes ask of float lanes, each once, hashed. */
struct cut {
	uint64_t question; /* 0: empty */
	uint32_t number;   /* in the order in which they came */
};
struct cut_table {
	struct cut *cuts;
	uint32_t n, size, shift;
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
	uint32_t *asked;  /* number of the cut of a node */
	uint32_t *number; /* of that cut within its lane */
};

static uint32_t
tree_leaves(const struct image_tree *t)
{
	return (t->nodes + 1) / 2;
}

/* A node of tree t, counted from the forest's first. */
static uint32_t
tree_start(const struct derive *d, uint32_t t)
{
	return d->trees[t].node - d->trees[0].node;
}

/* n bytes at a multiple of a cache line. */
static void *
keep_aligned(struct derive *d, size_t count, size_t size)
{
	char *p = arena_array(d->keep, count + CACHE_LINE, size);

	return p == NULL ? NULL : p + -(uintptr_t)p % CACHE_LINE;
}

/* --- the distinct cuts of float rules ------------------------------------ */

/* What a node asks, as one number that is never 0: its lane, its key. */
static uint64_t
question(const struct derive *d, const struct image_node *n)
{
	uint32_t lane = n->link & ((1u << d->f->lane_bits) - 1);

	return (uint64_t)lane << 32 | n->key;
}

/* The entry that has the question or waits for it. NULL after too many looks:
 * an image may be made to fill one corner of the table. */
static struct cut *
find_cut(const struct cut_table *t, uint64_t question)
{
	uint64_t at = (question * 0x9e3779b97f4a7c15u) >> t->shift;

	for (uint32_t i = 0; i < LOOKS_MAX; i++) {
		struct cut *cut = &t->cuts[(at + i) & (t->size - 1)];

		if (cut->question == question || cut->question == 0)
			return cut;
	}
	return NULL;
}

/* A table of twice the size, with what the old one had. */
static bool
grow_table(struct derive *d)
{
	struct cut_table old = d->table, *t = &d->table;

	t->size = old.size > 0 ? 2 * old.size : TABLE_LEAST;
	t->shift = 64 - (uint32_t)__builtin_ctz(t->size);
	t->cuts = ARENA_ARRAY(d->work, t->size, struct cut);
	if (t->cuts == NULL)
		return false;
	for (uint32_t i = 0; i < old.size; i++)
		if (old.cuts[i].question != 0) {
			struct cut *cut = find_cut(t, old.cuts[i].question);

			if (cut == NULL)
				return false;
			*cut = old.cuts[i];
		}
	return true;
}

static bool
collect_cuts(struct derive *d)
{
	struct cut_table *t = &d->table;

	d->asked = ARENA_ARRAY(d->work, d->n_nodes, uint32_t);
	if (d->asked == NULL)
		return false;
	for (uint32_t i = 0; i < d->n_nodes; i++) {
		const struct image_node *n = &d->nodes[i];
		struct cut *cut;

		if (n->link == 0)
			continue;
		if (2 * t->n >= t->size && !grow_table(d))
			return false;
		cut = find_cut(t, question(d, n));
		if (cut == NULL)
			return false;
		if (cut->question == 0)
			*cut = (struct cut){question(d, n), t->n++};
		d->asked[i] = cut->number;
	}
	return true;
}

/* One pass of a radix sort of n numbers; nothing where all have one digit. */
static void
sort_digit(uint64_t **from, uint64_t **to, uint32_t n, uint32_t shift)
{
	uint32_t start[DIGITS] = {0}, at = 0;
	uint64_t *swap = *from;

	for (uint32_t i = 0; i < n; i++)
		start[(*from)[i] >> shift & (DIGITS - 1)]++;
	if (start[(*from)[0] >> shift & (DIGITS - 1)] == n)
		return;
	for (uint32_t k = 0; k < DIGITS; k++) {
		uint32_t count = start[k];

		start[k] = at;
		at += count;
	}
	for (uint32_t i = 0; i < n; i++)
		(*to)[start[(*from)[i] >> shift & (DIGITS - 1)]++] =
		    (*from)[i];
	*from = *to;
	*to = swap;
}

/* All questions, ascending: lane after lane, key after key. */
static const uint64_t *
sort_cuts(struct derive *d)
{
	const struct cut_table *t = &d->table;
	uint64_t *sorted = ARENA_ARRAY(d->work, t->n, uint64_t);
	uint64_t *spare = ARENA_ARRAY(d->work, t->n, uint64_t);
	uint32_t n = 0;

	if (sorted == NULL || spare == NULL)
		return NULL;
	for (uint32_t i = 0; i < t->size; i++)
		if (t->cuts[i].question != 0)
			sorted[n++] = t->cuts[i].question;
	for (uint32_t shift = 0; n > 0 && shift < 32 + d->f->lane_bits;
	    shift += DIGIT_BITS)
		sort_digit(&sorted, &spare, n, shift);
	return sorted;
}

/* --- scales -------------------------------------------------------------- */

/* Number columns and room for the cuts of a lane. */
static void
start_scale(struct derive *d, uint32_t lane, uint32_t cuts, uint32_t *at)
{
	const struct image_lane *l = &d->m->lanes[d->f->lane + lane];
	struct ranks_scale *s = &d->scales[lane];

	*s = (struct ranks_scale){.slot = l->slot, .cut = *at, .cuts = cuts,
	    .column = d->out->columns,
	    .columns = (cuts + RANKS_CUTS - 1) / RANKS_CUTS,
	    .missing = l->nan_left ? RANKS_LEAST : RANKS_MOST};
	d->out->columns += s->columns;
	*at += (cuts / RANKS_STEP + 1) * RANKS_STEP;
	if (s->columns == 1) {
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
	cuts = keep_aligned(d, at, sizeof(*cuts));
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

	if (!collect_cuts(d))
		return false;
	sorted = sort_cuts(d);
	d->number = ARENA_ARRAY(d->work, d->table.n, uint32_t);
	if (sorted == NULL || d->number == NULL)
		return false;
	for (uint32_t k = 0; k < d->f->lanes; k++, i += n) {
		for (n = 0; i + n < d->table.n && sorted[i + n] >> 32 == k + 1;
		    n++)
			d->number[find_cut(&d->table, sorted[i +
			    n])->number] = n;
		start_scale(d, k, n, &at);
	}
	if (d->out->columns > RANKS_COLUMNS)
		return true;
	cuts = keep_aligned(d, at, sizeof(*cuts));
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

/* Where an inner node asks. */
static struct ranks_split
place(const struct derive *d, const struct image_node *n)
{
	uint32_t lane = n->link & ((1u << d->f->lane_bits) - 1);
	uint32_t cut = d->asked == NULL ? n->key - 1 :
	    d->number[d->asked[n - d->nodes]];

	return (struct ranks_split){
	    .column = (uint16_t)(d->scales[lane - 1].column +
	    cut / RANKS_CUTS),
	    .cut = (int8_t)((int)(cut % RANKS_CUTS) + RANKS_LEAST)};
}

/* --- trees --------------------------------------------------------------- */

static const struct image_node *
right_of(const struct derive *d, const struct image_node *n)
{
	return n + (n->link >> d->f->lane_bits);
}

/* Values of a tree's leaf. */
struct leaf_room {
	float *floats;
	double *doubles;
};

static void
put_leaf(const struct derive *d, const struct leaf_room *room, uint32_t leaf,
    const struct image_node *n)
{
	if (room->floats != NULL)
		room->floats[leaf] = image_leaf_value(n);
	else
		memcpy(room->doubles + (size_t)leaf * d->f->n_values,
		    d->m->leaves + d->f->leaf +
		    (size_t)n->key * d->f->n_values,
		    d->f->n_values * sizeof(double));
}

/* The tree of node n into places `at` and below of a whole tree; a leaf that
 * comes early leads to itself on both sides. */
static void
put_whole(const struct derive *d, const struct leaf_room *room, uint32_t leaf,
    struct ranks_split *splits, uint32_t at, const struct image_node *n)
{
	uint32_t n_splits = (1u << d->out->depth) - 1;
	const struct image_node *right = n->link != 0 ? right_of(d, n) : n;

	if (at >= n_splits) {
		put_leaf(d, room, leaf + at - n_splits, n);
		return;
	}
	splits[at] = n->link != 0 ? place(d, n) :
	    (struct ranks_split){.cut = RANKS_NEVER};
	put_whole(d, room, leaf, splits, 2 * at + 1,
	    n->link != 0 ? right - 1 : n);
	put_whole(d, room, leaf, splits, 2 * at + 2, right);
}

static void
whole_trees(struct derive *d, const struct leaf_room *room,
    struct ranks_split *splits, uint32_t *leaf)
{
	uint32_t leaves = 1u << d->out->depth;

	for (uint32_t t = 0; t < d->f->trees; t++) {
		leaf[t] = t * leaves;
		put_whole(d, room, leaf[t], splits + (size_t)t * (leaves - 1),
		    0, d->nodes + tree_start(d, t));
	}
	d->out->splits = splits;
}

/* A tree of any shape, from its last node up: each split finds its sides
 * done. `side` of RANKS_SIDE trees, which have n blends each. */
static void
put_blends(const struct derive *d, const struct leaf_room *room,
    uint32_t tree, uint32_t leaf, struct ranks_blend *blends, uint32_t side,
    uint32_t n, uint16_t *result)
{
	const struct image_tree *t = &d->trees[tree];
	const struct image_node *nodes = d->nodes + tree_start(d, tree);
	uint32_t k = n - (t->nodes - tree_leaves(t));
	uint16_t leaves = 0;

	for (uint32_t i = t->nodes; i-- > 0;) {
		uint32_t right = i + (nodes[i].link >> d->f->lane_bits);
		struct ranks_split split;

		if (nodes[i].link == 0) {
			put_leaf(d, room, leaf + leaves, &nodes[i]);
			result[i] = leaves++;
			continue;
		}
		split = place(d, &nodes[i]);
		blends[k * RANKS_SIDE + side] = (struct ranks_blend){
		    .column = split.column, .cut = split.cut,
		    .left = result[right - 1], .right = result[right]};
		result[i] = (uint16_t)(d->out->constants + side * n + k++);
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
		if (tree_leaves(&d->trees[t]) > n + 1)
			n = tree_leaves(&d->trees[t]) - 1;
	return n;
}

static bool
any_trees(struct derive *d, const struct leaf_room *room, uint32_t *leaf)
{
	uint32_t trees = d->f->trees, leaves = 0, at = 0;
	uint32_t *group = ARENA_ARRAY(d->keep, trees / RANKS_SIDE + 2,
	    uint32_t);
	uint16_t *result = ARENA_ARRAY(d->work, 2 * RANKS_LEAVES, uint16_t);
	struct ranks_blend *blends;

	for (uint32_t t = 0; t < trees; t += RANKS_SIDE)
		at += group_blends(d, t) * RANKS_SIDE;
	blends = keep_aligned(d, at, sizeof(*blends));
	if (group == NULL || result == NULL || blends == NULL)
		return false;
	for (uint32_t i = 0; i < at; i++)
		blends[i].cut = RANKS_NEVER;
	at = 0;
	for (uint32_t t = 0; t < trees; t++) {
		uint32_t side = t % RANKS_SIDE, n;

		n = group_blends(d, t - side);
		leaf[t] = leaves;
		put_blends(d, room, t, leaves, blends + at, side, n, result);
		leaves += tree_leaves(&d->trees[t]);
		if (side == RANKS_SIDE - 1 || t == trees - 1) {
			at += n * RANKS_SIDE;
			group[t / RANKS_SIDE + 1] = at;
		}
	}
	d->out->blends = blends;
	d->out->group = group;
	return true;
}

/* Whole trees go faster a split, where they are not much larger for it. */
static uint32_t
whole_depth(const struct derive *d)
{
	uint64_t whole = (((uint64_t)1 << d->depth) - 1) * d->f->trees;

	return d->depth > 0 && d->depth <= RANKS_DEPTH &&
	    whole <= (uint64_t)FILL_MAX * d->n_splits ? d->depth : 0;
}

static bool
lay_out(struct derive *d)
{
	struct ranks *out = d->out;
	uint32_t trees = d->f->trees;
	struct ranks_split *splits = NULL;
	struct leaf_room room = {0};
	size_t leaves;
	uint32_t *leaf = ARENA_ARRAY(d->keep, trees, uint32_t);

	out->depth = d->depth <= RANKS_DEPTH ? whole_depth(d) : 0;
	leaves = out->depth > 0 ? (size_t)trees << out->depth :
	    d->n_nodes - d->n_splits;
	if (image_leaf_is_inline(d->f))
		room.floats = keep_aligned(d, leaves, sizeof(float));
	else
		room.doubles = keep_aligned(d, leaves * d->f->n_values,
		    sizeof(double));
	if (out->depth > 0)
		splits = keep_aligned(d, leaves, sizeof(*splits));
	if (d->keep->over)
		return false;
	out->leaf = leaf;
	out->leaf32 = room.floats;
	out->leaf64 = room.doubles;
	if (out->depth == 0)
		return any_trees(d, &room, leaf);
	whole_trees(d, &room, splits, leaf);
	return true;
}

/* --- a forest ------------------------------------------------------------ */

bool
model_ranks_fit(const struct model *m, const struct image_forest *f)
{
	const struct image_tree *trees = m->trees + f->tree;

	for (uint32_t t = 0; t < f->trees; t++)
		if (tree_leaves(&trees[t]) > RANKS_LEAVES)
			return false;
	return f->trees > 0;
}

static bool
derive(struct derive *d)
{
	struct ranks *out = d->out;

	for (uint32_t t = 0; t < d->f->trees; t++) {
		const struct image_tree *tree = &d->trees[t];
		uint32_t leaves = tree_leaves(tree);

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
	return out->columns > RANKS_COLUMNS || lay_out(d);
}

/* Room for what is derived from a forest, many times over: pages that are
 * not touched cost nothing. */
static size_t
room_bytes(const struct model *m)
{
	size_t numbers = 1;

	for (uint32_t i = 0; i < m->n_forests; i++)
		if (m->forests[i].n_values > numbers)
			numbers = m->forests[i].n_values;
	return ((size_t)1 << 20) + 8 * m->n_bytes +
	    (64 + 16 * numbers) * (size_t)m->n_nodes;
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
	if (derive(&d) && out->columns <= RANKS_COLUMNS)
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

		if ((f->rows_from == 0 && f->alone == ALONE_WALK) ||
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
