/* SPDX-License-Identifier: ISC
 *
 * Growing arrays and sets of texts in an arena, for building models. Both
 * double, and what they outgrow stays behind in the arena: at most as much
 * again as the final size.
 */
#include "model/model_ir.h"

#include <string.h>

void *
ir_grow(struct arena *mem, struct ir_array *a, uint32_t more, size_t size)
{
	if (more > INT32_MAX - a->n) {
		mem->over = true;
		return NULL;
	}
	if (a->p == NULL || a->n + more > a->cap) {
		uint32_t cap = a->cap > 0 ? a->cap : 8;
		void *p;

		while (cap < a->n + more)
			cap *= 2;
		p = arena_array(mem, cap, size);
		if (p == NULL)
			return NULL;
		if (a->n > 0)
			memcpy(p, a->p, a->n * size);
		a->p = p;
		a->cap = cap;
	}
	a->n += more;
	return (char *)a->p + (a->n - more) * size;
}

struct str
ir_dict_text(const struct ir_dict *d, uint32_t i)
{
	return ((const struct str *)d->texts.p)[i];
}

/* The place of s in the table, or the empty one where it belongs. */
static uint32_t *
place(const struct ir_dict *d, struct str s)
{
	uint32_t i = (uint32_t)str_hash(s) & (d->size - 1);

	while (d->table[i] != 0 && !str_eq(ir_dict_text(d, d->table[i] - 1), s))
		i = (i + 1) & (d->size - 1);
	return &d->table[i];
}

int64_t
ir_dict_find(const struct ir_dict *d, struct str s)
{
	return d->size > 0 ? (int64_t)*place(d, s) - 1 : -1;
}

static bool
rehash(struct arena *mem, struct ir_dict *d, uint32_t size)
{
	uint32_t *table = ARENA_ARRAY(mem, size, uint32_t);

	if (table == NULL)
		return false;
	d->table = table;
	d->size = size;
	for (uint32_t i = 0; i < d->texts.n; i++)
		*place(d, ir_dict_text(d, i)) = i + 1;
	return true;
}

bool
ir_dict_add(struct arena *mem, struct ir_dict *d, struct str s, uint32_t *ret)
{
	int64_t found = ir_dict_find(d, s);
	struct str copy, *at;

	if (found >= 0) {
		*ret = (uint32_t)found;
		return true;
	}
	if (d->texts.n >= d->size / 2 &&
	    !rehash(mem, d, d->size > 0 ? 2 * d->size : 16))
		return false;
	copy = arena_str(mem, s);
	if (copy.p == NULL)
		return false;
	at = ir_grow(mem, &d->texts, 1, sizeof(*at));
	if (at == NULL)
		return false;
	*at = copy;
	*place(d, s) = d->texts.n;
	*ret = d->texts.n - 1;
	return true;
}
