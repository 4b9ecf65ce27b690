/* SPDX-License-Identifier: ISC
 *
 * Trees side by side for one row. A split that sends the row right rules out
 * the leaves on its left; the first leaf that nobody rules out is the row's.
 * Eight leaves of a tree are a byte of a plane, so a split has one record for
 * every plane in which it rules something out. Record k of a plane of all
 * trees of a group is one slot.
 */
#include "model/model_derive.h"

#include <string.h>

/* A tree's records, each plane's handed to `put` (or counted where that is
 * NULL): n[plane] goes up. */
static void
each_record(const struct derive *d, uint32_t tree, uint16_t *n,
    struct ranks_slot *const *slots, uint32_t lane)
{
	const struct image_node *nodes = derive_root(d, tree);

	for (uint32_t i = 0; i < d->trees[tree].nodes; i++) {
		struct ranks_split split;
		struct span left;
		uint32_t end;

		if (nodes[i].link == 0)
			continue;
		left = d->spans[i + (nodes[i].link >> d->f->lane_bits) - 1];
		end = left.first + left.size;
		split = derive_split(d, &nodes[i]);
		for (uint32_t p = left.first / 8; p <= (end - 1) / 8; p++) {
			uint32_t from = left.first > 8 * p ?
			    left.first - 8 * p : 0;
			uint32_t to = end < 8 * p + 8 ? end - 8 * p : 8;
			struct ranks_slot *slot = slots != NULL ?
			    slots[p] + n[p] : NULL;

			n[p]++;
			if (slot == NULL)
				continue;
			slot->column[lane] = (uint8_t)split.column;
			slot->cut[lane] = split.cut;
			slot->out[lane] = (uint8_t)((1u << to) - (1u << from));
		}
	}
}

/* How many slots each plane of a group of trees wants. */
static void
count_slots(struct derive *d, uint32_t first, uint16_t *count)
{
	memset(count, 0, d->out->planes * sizeof(*count));
	for (uint32_t t = first; t < d->f->trees && t < first +
	    RANKS_GROUP; t++) {
		uint16_t n[RANKS_PLANES] = {0};

		derive_spans(d, t);
		each_record(d, t, n, NULL, 0);
		for (uint32_t p = 0; p < d->out->planes; p++)
			if (n[p] > count[p])
				count[p] = n[p];
	}
}

static void
fill_slots(struct derive *d, uint32_t first, const uint16_t *count,
    struct ranks_slot *slots)
{
	struct ranks_slot *planes[RANKS_PLANES];

	for (uint32_t p = 0; p < d->out->planes; slots += count[p++])
		planes[p] = slots;
	for (uint32_t t = first; t < d->f->trees && t < first +
	    RANKS_GROUP; t++) {
		uint16_t n[RANKS_PLANES] = {0};

		derive_spans(d, t);
		each_record(d, t, n, planes, t - first);
	}
}

bool
derive_trees(struct derive *d)
{
	struct ranks *out = d->out;
	uint32_t groups = (d->f->trees + RANKS_GROUP - 1) / RANKS_GROUP;
	struct ranks_slot *slots;
	uint16_t *count;
	size_t n = 0;

	count = ARENA_ARRAY(d->keep, (size_t)groups * out->planes, uint16_t);
	if (count == NULL)
		return false;
	for (uint32_t g = 0; g < groups; g++)
		count_slots(d, g * RANKS_GROUP, count + g * out->planes);
	for (size_t i = 0; i < (size_t)groups * out->planes; i++)
		n += count[i];
	slots = derive_room(d, n, sizeof(*slots));
	if (slots == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		memset(slots[i].cut, RANKS_NEVER, sizeof(slots[i].cut));
	out->slots = slots;
	out->count = count;
	for (uint32_t g = 0; g < groups; g++) {
		fill_slots(d, g * RANKS_GROUP, count, slots);
		for (uint32_t p = 0; p < out->planes; p++)
			slots += *count++;
	}
	return true;
}
