/* SPDX-License-Identifier: ISC
 *
 * The function that TL2cgen wrote, for one row. It overwrites the row with
 * quantized numbers, so each call needs a copy; option: the model's type.
 */
#include <math.h>
#include <string.h>

#include "engine.h"

enum { COLUMNS_MAX = 1024 };
union entry_float { int missing; float value; int quantized; };
union entry_double { int missing; double value; int quantized; };

static void (*predict_floats)(union entry_float *, int, float *);
static void (*predict_doubles)(union entry_double *, int, double *);
static float float_result[BATCH_MAX];
static double double_result[BATCH_MAX];

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	void *lib = load(library);

	(void)model;
	if (rows->columns > COLUMNS_MAX)
		fail("more than %d columns", COLUMNS_MAX);
	if (strcmp(option, "float32") == 0)
		predict_floats = find(lib, "predict");
	else
		predict_doubles = find(lib, "predict");
}

static void
predict_float_row(const float *x, size_t columns, float *result)
{
	union entry_float row[COLUMNS_MAX];

	for (size_t i = 0; i < columns; i++) {
		row[i].value = x[i];
		if (isnan(x[i]))
			row[i].missing = -1;
	}
	*result = 0;
	predict_floats(row, 0, result);
}

static void
predict_double_row(const double *x, size_t columns, double *result)
{
	union entry_double row[COLUMNS_MAX];

	for (size_t i = 0; i < columns; i++) {
		row[i].value = x[i];
		if (isnan(x[i]))
			row[i].missing = -1;
	}
	*result = 0;
	predict_doubles(row, 0, result);
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = (first + i) * rows->columns;

		if (predict_floats != NULL)
			predict_float_row(rows->floats + at, rows->columns,
			    float_result + i);
		else
			predict_double_row(rows->doubles + at, rows->columns,
			    double_result + i);
	}
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++)
		answers[i] = predict_floats != NULL ?
		    (double)float_result[i] : double_result[i];
}
