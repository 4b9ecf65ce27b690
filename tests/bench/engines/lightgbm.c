/* SPDX-License-Identifier: ISC
 *
 * LightGBM's C API: the prepared single-row call for one row, the dense
 * matrix call for more.
 */
#include <stdint.h>

#include "engine.h"

enum { FLOAT64 = 1, ROW_MAJOR = 1, NORMAL = 0 };

static int (*predict_row)(void *, const void *, int64_t *, double *);
static int (*predict_rows)(void *, const void *, int, int32_t, int32_t, int,
    int, int, int, const char *, int64_t *, double *);
static const char *(*last_error)(void);
static const char parameters[] = "num_threads=1";
static void *booster, *prepared;
static double result[BATCH_MAX];

static void
check(int failed)
{
	if (failed)
		fail("lightgbm: %s", last_error());
}

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	void *lib = load(library);
	int (*create)(const char *, int *, void **) =
	    find(lib, "LGBM_BoosterCreateFromModelfile");
	int (*prepare)(void *, int, int, int, int, int32_t, const char *,
	    void **) = find(lib, "LGBM_BoosterPredictForMatSingleRowFastInit");
	int trees;

	(void)option;
	predict_row = find(lib, "LGBM_BoosterPredictForMatSingleRowFast");
	predict_rows = find(lib, "LGBM_BoosterPredictForMat");
	last_error = find(lib, "LGBM_GetLastError");
	check(create(model, &trees, &booster));
	check(prepare(booster, NORMAL, 0, 0, FLOAT64, (int32_t)rows->columns,
	    parameters, &prepared));
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	const double *x = rows->doubles + first * rows->columns;
	int64_t length;

	if (n == 1)
		check(predict_row(prepared, x, &length, result));
	else
		check(predict_rows(booster, x, FLOAT64, (int32_t)n,
		    (int32_t)rows->columns, ROW_MAJOR, NORMAL, 0, 0,
		    parameters, &length, result));
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++)
		answers[i] = result[i];
}
