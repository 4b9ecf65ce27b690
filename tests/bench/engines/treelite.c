/* SPDX-License-Identifier: ISC
 *
 * treelite's GTIL through its C API. It takes rows in the model's own type.
 */
#include <stdint.h>
#include <string.h>

#include "engine.h"

static int (*predict)(void *, const void *, const char *, uint64_t, void *,
    void *);
static const char *(*last_error)(void);
static void *model_handle, *config;
static bool floats;
static size_t width;
static char *result;

static void
check(int failed)
{
	if (failed)
		fail("treelite: %s", last_error());
}

void
engine_open(const char *library, const char *model, const char *option,
    const struct rows *rows)
{
	void *lib = load(library);
	int (*deserialize)(const char *, void **) =
	    find(lib, "TreeliteDeserializeModelFromFile");
	int (*parse)(const char *, void **) =
	    find(lib, "TreeliteGTILParseConfig");
	int (*shape_of)(void *, uint64_t, void *, const uint64_t **,
	    uint64_t *) = find(lib, "TreeliteGTILGetOutputShape");
	const uint64_t *shape;
	uint64_t dim;

	(void)rows;
	floats = strcmp(option, "float32") == 0;
	predict = find(lib, "TreeliteGTILPredict");
	last_error = find(lib, "TreeliteGetLastError");
	check(deserialize(model, &model_handle));
	check(parse("{\"predict_type\":\"default\",\"nthread\":1}", &config));
	check(shape_of(model_handle, 1, config, &shape, &dim));
	width = 1;
	for (uint64_t i = 0; i < dim; i++)
		width *= shape[i];
	result = allocate(BATCH_MAX * width, sizeof(double));
}

void
engine_predict(const struct rows *rows, size_t first, size_t n)
{
	size_t at = first * rows->columns;

	if (floats)
		check(predict(model_handle, rows->floats + at, "float32", n,
		    result, config));
	else
		check(predict(model_handle, rows->doubles + at, "float64", n,
		    result, config));
}

void
engine_fetch(size_t n, double *answers)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i * width + width - 1;

		answers[i] = floats ? (double)((float *)(void *)result)[at] :
		    ((double *)(void *)result)[at];
	}
}
