/* SPDX-License-Identifier: ISC
 *
 * The distinct cuts of a forest with float splits: the lanes and keys of its
 * nodes, hashed while the nodes go by once, then sorted.
 */
#include "model/model_derive.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };
enum { TABLE_LEAST = 1024, LOOKS_MAX = 256 };

/* What a node asks, as one number that is never 0: its lane, its key. */
static uint64_t
ask(const struct derive *d, const struct image_node *n)
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

	d->asked = ARENA_ARRAY(d->work, d->n_nodes, uint16_t);
	if (d->asked == NULL)
		return false;
	for (uint32_t i = 0; i < d->n_nodes; i++) {
		const struct image_node *n = &d->nodes[i];
		struct cut *cut;

		if (n->link == 0)
			continue;
		if (2 * t->n >= t->size && !grow_table(d))
			return false;
		cut = find_cut(t, ask(d, n));
		if (cut == NULL || t->n > CUTS_MAX)
			return false;
		if (cut->question == 0)
			*cut = (struct cut){ask(d, n), t->n++};
		d->asked[i] = (uint16_t)cut->number;
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

const uint64_t *
derive_cuts(struct derive *d)
{
	const struct cut_table *t = &d->table;
	uint64_t *sorted, *spare;
	uint32_t n = 0;

	if (!collect_cuts(d))
		return NULL;
	sorted = ARENA_ARRAY(d->work, t->n, uint64_t);
	spare = ARENA_ARRAY(d->work, t->n, uint64_t);
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

uint32_t
derive_cut(const struct derive *d, uint64_t question)
{
	return find_cut(&d->table, question)->number;
}
