/* SPDX-License-Identifier: ISC
 *
 * One row through many trees side by side; their values add up in the order
 * of the file.
 */
#include "score/ranks.h"

/* Trees that add to an output each, or leaves of several numbers. */
static void
sum_outputs(struct block *b, const struct image_forest *f,
    const struct ranks *r, const struct ranks_code *code, double *y)
{
	const struct image_tree *trees = b->m->trees + f->tree;
	const struct ranks_slot *slots = r->slots;
	const uint16_t *count = r->count;
	bool floats = f->compare == TREE_F32_LT_F32;

	for (uint32_t t = 0; t < f->trees; t++) {
		uint8_t leaves[RANKS_GROUP];

		if (t % RANKS_GROUP == 0) {
			code->trees(r, b->bytes, &slots, count, leaves);
			count += r->planes;
		}
		ranks_add(r, f->n_values, floats, r->leaf[t] +
		    leaves[t % RANKS_GROUP], y + trees[t].first_output *
		    b->stride, b->stride);
	}
}

void
score_forest_trees(struct block *b, const struct image_forest *f,
    const struct ranks *r, uint32_t outputs, double *y, size_t row)
{
	const struct ranks_code *code = ranks_code(b->m);

	y += row;
	code->make(b, f, r, row, 1, b->bytes, 1);
	if (outputs > 1)
		sum_outputs(b, f, r, code, y);
	else if (r->leaf32 != NULL)
		y[0] = (double)code->sum_floats(r, f->trees, b->bytes,
		    (float)y[0]);
	else
		y[0] = code->sum_doubles(r, f->trees, b->bytes, y[0]);
}
