/* SPDX-License-Identifier: ISC
 *
 * The function that m2cgen wrote, for one row. Option `both`: it writes the
 * probabilities of two classes; `margin`: it ends before the logistic
 * function, which is added here.
 */
#include <math.h>
#include <string.h>

#include "engine.h"

static double (*margin)(const double *);
static void (*both)(const double *, double *);
static double result[BATCH_MAX][2];

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	void *lib = load(library);

	(void)model;
	(void)rows;
	if (strcmp(option, "both") == 0)
		both = find(lib, "score");
	else
		margin = find(lib, "score");
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const double *x = rows->doubles + (first + i) * rows->columns;

		if (both != NULL)
			both(x, result[i]);
		else
			result[i][1] = 1 / (1 + exp(-margin(x)));
	}
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++)
		answers[i] = result[i][1];
}
