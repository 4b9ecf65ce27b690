/* SPDX-License-Identifier: ISC */
#ifndef API_EXCHANGE_H
#define API_EXCHANGE_H

#include "api/api.h"
#include "api/document.h"
#include "base/arena.h"
#include "base/str.h"
#include "http/http.h"
#include "metrics/metrics.h"
#include "model/model.h"

/* What the handlers of api/ share; nobody outside includes this. */

/* A model being served, with all of its answers that can be made ahead. */
struct served {
	struct str slot;
	struct str path; /* "/v1/predict" */
	const struct model *model;
	struct str *head;  /* a class each: {"prediction":"No","probability":
	                    * or, of several targets, "No" */
	struct str tail;   /* ,"model_version":"v1"} */
	enum label_RESULT *result; /* a class each; [0] for a regression */
	struct slab_model *counts;
};

struct api {
	struct served *served;
	size_t n_served;
	size_t rows_limit;
	bool alerts;
	const struct keys *keys;
	struct rate *rate;
	struct slab *slab;
	bool draining;
	struct str documents[DOCUMENTS];
};

/* One request under way. */
struct exchange {
	struct api *api;
	const struct http_request *req;
	struct http_response *res;
	struct arena *mem;
	const struct served *served; /* on a route with a {slot} */
};

typedef void exchange_handler(struct exchange *x);

exchange_handler predict_handle;
exchange_handler health_handle;
exchange_handler health_ready_handle;
exchange_handler info_handle;
exchange_handler openapi_handle;
exchange_handler console_handle;
exchange_handler apidocs_handle;
exchange_handler apidocs_move_handle;

#endif
