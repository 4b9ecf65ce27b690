/* SPDX-License-Identifier: ISC */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "http/http.h"
#include "model/model.h"

struct slab;         /* metrics/metrics.h */
struct metrics_file; /* metrics/metrics_file.h */
struct keys;         /* keys/keys.h */
struct rate;         /* http/rate.h */

/*
 * What a URL means. An api serves a fixed set of models; it is made once, at
 * start, and api_handle allocates nothing outside the request's arena.
 */
struct api;

struct api_model {
	const char *slot;    /* "v1": the first part of /v1/predict */
	struct model *model; /* kept open by the caller */
};
struct api_options {
	const struct api_model *models;
	size_t n_models;
	size_t rows_limit;
	const struct keys *keys;      /* one is wanted; NULL: none */
	struct rate *rate;            /* of predictions; NULL: no limit */
	bool alerts;                  /* the web server answers /alerts */
	struct metrics_file *metrics; /* names of models and classes */
	struct slab *slab;            /* where this process counts */
};

/* Documents (info, openapi, console) are rendered here, once. */
MUST_USE bool api_new(const struct api_options *o, struct arena *mem,
    struct api **ret, struct err *err);
/* Answer and count one request. */
void api_handle(struct api *api, const struct http_request *req,
    struct http_response *res, struct arena *mem);
/* Answer and count a request that the transport refused (413, 400) or that
 * is shed (503): the same JSON error as everywhere. */
void api_refuse(struct api *api, const struct http_request *req, int status,
    const char *sentence, struct http_response *res);
/* A request is answered 504 by others, of whom this is told in a handler of a
 * signal: count it. `req` is NULL where it has not come whole. */
void api_expire(struct api *api, const struct http_request *req,
    uint64_t started_ns);
/* While draining, /health/ready answers 503. */
void api_set_draining(struct api *api, bool draining);

#endif
