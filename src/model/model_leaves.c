/* SPDX-License-Identifier: ISC
 *
 * The distinct leaves of a forest. Pure leaves repeat without end in forests
 * of full-grown trees: kept once, they halve the image and stay in cache.
 */
#include "model/model_ir.h"

#include <string.h>

bool
ir_leaves_init(struct arena *mem, struct ir_leaves *l, uint32_t n_values,
    uint64_t most)
{
	*l = (struct ir_leaves){.n_values = n_values, .size = 4};
	while (l->size < 2 * most && l->size < (uint32_t)1 << 31)
		l->size *= 2;
	l->values = arena_array(mem, most, n_values * sizeof(double));
	l->table = ARENA_ARRAY(mem, l->size, uint32_t);
	return l->values != NULL && l->table != NULL;
}

uint32_t
ir_leaves_add(struct ir_leaves *l, const double *v)
{
	size_t bytes = l->n_values * sizeof(double);
	uint32_t i = (uint32_t)str_hash((struct str){(const char *)v, bytes}) &
	    (l->size - 1);

	for (; l->table[i] != 0; i = (i + 1) & (l->size - 1))
		if (memcmp(l->values + (size_t)(l->table[i] - 1) * l->n_values,
		    v, bytes) == 0)
			return l->table[i] - 1;
	memcpy(l->values + (size_t)l->n * l->n_values, v, bytes);
	l->table[i] = ++l->n;
	return l->n - 1;
}
