/* SPDX-License-Identifier: ISC
 *
 * XGBoost's C API, the fastest way it has for a row in memory: in-place
 * prediction over a dense matrix of floats.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"

static int (*predict)(void *, const char *, const char *, void *,
    const uint64_t **, uint64_t *, const float **);
static const char *(*last_error)(void);
static void *booster;
static const float *result;

static void
check(int failed)
{
	if (failed)
		fail("xgboost: %s", last_error());
}

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	void *lib = load(library);
	int (*create)(void *, uint64_t, void **) = find(lib, "XGBoosterCreate");
	int (*load_model)(void *, const char *) =
	    find(lib, "XGBoosterLoadModel");
	int (*set)(void *, const char *, const char *) =
	    find(lib, "XGBoosterSetParam");

	(void)option;
	(void)rows;
	predict = find(lib, "XGBoosterPredictFromDense");
	last_error = find(lib, "XGBGetLastError");
	check(create(NULL, 0, &booster));
	check(load_model(booster, model));
	check(set(booster, "nthread", "1"));
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	char array[160];
	const uint64_t *shape;
	uint64_t dim;

	snprintf(array, sizeof(array), "{\"data\":[%ju,true],\"shape\":"
	    "[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
	    (uintmax_t)(uintptr_t)(rows->floats + first * rows->columns), n,
	    rows->columns);
	check(predict(booster, array, "{\"type\":0,\"training\":false,"
	    "\"iteration_begin\":0,\"iteration_end\":0,\"strict_shape\":false,"
	    "\"missing\":NaN,\"cache_id\":0}", NULL, &shape, &dim, &result));
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++)
		answers[i] = (double)result[i];
}
