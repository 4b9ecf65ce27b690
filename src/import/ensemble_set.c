/* SPDX-License-Identifier: ISC
 *
 * The distinct sets of categories that the splits of a model ask for: each
 * becomes one column for the trees, however many splits share it.
 */
#include "import/ensemble.h"

struct ensemble_bucket {
	struct ensemble_bucket *next;
	const struct ensemble_set *set;
	uint64_t hash;
	uint32_t number;
};

/* Twice the room, so that few sets share a place. */
static bool
grow(struct import *im, struct ensemble_sets *sets)
{
	uint32_t size = sets->size > 0 ? sets->size * 2 : 64;
	struct ensemble_bucket **table = ARENA_ARRAY(im->mem, size,
	    struct ensemble_bucket *), *b;

	if (table == NULL)
		return false;
	for (uint32_t i = 0; i < sets->size; i++)
		while ((b = sets->table[i]) != NULL) {
			struct ensemble_bucket **to =
			    &table[b->hash & (size - 1)];

			sets->table[i] = b->next;
			b->next = *to;
			*to = b;
		}
	sets->table = table;
	sets->size = size;
	return true;
}

bool
ensemble_set_add(struct import *im, struct ensemble_sets *sets,
    uint32_t feature, const double *words, uint32_t n, uint32_t *ret,
    struct err *err)
{
	uint32_t *own = ARENA_ARRAY(im->mem, n, uint32_t);
	struct ensemble_bucket **bucket, *b;
	struct ensemble_set *set;
	struct str bytes;
	uint64_t hash;

	if (own == NULL || (sets->n == sets->size && !grow(im, sets)))
		return arena_err(im->mem, "the model", err);
	for (uint32_t i = 0; i < n; i++) {
		if (!(words[i] >= 0 && words[i] <= UINT32_MAX))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "a set of categories is no bit set");
		own[i] = (uint32_t)words[i];
	}
	bytes = (struct str){(const char *)own, n * sizeof(*own)};
	hash = str_hash(bytes) + feature;
	bucket = &sets->table[hash & (sets->size - 1)];
	for (b = *bucket; b != NULL; b = b->next)
		if (b->hash == hash && b->set->feature == feature &&
		    str_eq(bytes, (struct str){(const char *)b->set->words,
			b->set->n_words * sizeof(*own)})) {
			*ret = b->number;
			return true;
		}
	b = ARENA_NEW(im->mem, struct ensemble_bucket);
	set = ARENA_NEW(im->mem, struct ensemble_set);
	if (b == NULL || set == NULL)
		return arena_err(im->mem, "the model", err);
	*set = (struct ensemble_set){.feature = feature, .n_words = n,
	    .words = own};
	*b = (struct ensemble_bucket){.next = *bucket, .set = set,
	    .hash = hash, .number = sets->n};
	*bucket = b;
	if (sets->last != NULL)
		sets->last->next = set;
	else
		sets->first = set;
	sets->last = set;
	*ret = sets->n++;
	return true;
}
