/* SPDX-License-Identifier: ISC */
#ifndef UNIT_API_FIXTURE_H
#define UNIT_API_FIXTURE_H

#include "api/api.h"
#include "base/arena.h"
#include "http/http.h"
#include "metrics/metrics_file.h"

/*
 * An api over three small models made here, and one request at a time. Any
 * failure ends the program.
 *
 *   shop   classes No, Yes; age (number), income (number, 0 where absent or
 *          null), city (Oslo, Rome, any other), smoker (closed: No, Yes in
 *          any case, 0, 1)
 *   price  a regression: 2 * size + 1
 *   digit  classes 0, 1, 7 (integers); x (number), y (number or
 *          boolean)
 *   side   classes left, right, without probabilities: right where x > 0
 *   odd    classes 1, -1 with a score, which is 2 - x
 *   pair   a regression of two numbers: x and 2 * x + 1
 *   two    targets wet, of classes No and Yes, and sign, of 1 and -1: Yes and
 *          1 where x > 0
 *   sides  the same without probabilities, named output_0 and output_1
 */
enum { FIXTURE_MODELS = 8, FIXTURE_ROWS_LIMIT = 5 };

struct fixture {
	struct api *api;
	struct slab *slab;
	struct metrics_file metrics;
	struct api_model models[FIXTURE_MODELS];
	struct arena mem, request;
	struct http_response res; /* of the last fixture_send; body has a NUL */
	char answer[1 << 16];
};

void fixture_init(struct fixture *f);
void fixture_done(struct fixture *f);
/* A request through api_handle. */
void fixture_send(struct fixture *f, enum http_method method,
    const char *path, struct str content_type, struct str body);
/* POST of JSON text. */
void fixture_post(struct fixture *f, const char *path, const char *json);

#endif
