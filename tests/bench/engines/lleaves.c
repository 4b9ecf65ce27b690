/* SPDX-License-Identifier: ISC
 *
 * What lleaves compiled, a function in a shared object.
 */
#include "engine.h"

static void (*forest_root)(const double *, double *, int, int);
static double result[BATCH_MAX];

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	(void)model;
	(void)option;
	(void)rows;
	forest_root = find(load(library), "forest_root");
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	forest_root(rows->doubles + first * rows->columns, result, 0, (int)n);
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++)
		answers[i] = result[i];
}
