/* SPDX-License-Identifier: ISC
 *
 * The table of URLs: what is matched, counted and documented. A new URL is a
 * row here and a handler. Paths match byte by byte, without a second
 * spelling; the web server has decoded them.
 */
#include "api/route.h"

#define ON(method)  (1u << HTTP_##method)
#define JSON        "application/json"
#define HTML        "text/html; charset=utf-8"
#define GET_OR_HEAD ON(GET) | ON(HEAD), "GET, HEAD"
/* The lab's first edition had these names. */
#define ALIAS       NULL, NULL, NULL, NULL

static const struct route routes[] = {
    {"/{slot}/predict", ON(POST), "POST", ROUTE_PREDICT, predict_handle,
	"predict", "Predict one record or a list of records",
	"One prediction, or a list of them in the order of the records", JSON},
    {"/health", GET_OR_HEAD, ROUTE_HEALTH, health_handle,
	"health", "Does the service answer?", "It does", JSON},
    {"/health/live", GET_OR_HEAD, ROUTE_HEALTH_LIVE, health_handle,
	"live", "Should the service be left running?", "It should", JSON},
    {"/health/ready", GET_OR_HEAD, ROUTE_HEALTH_READY, health_ready_handle,
	"ready", "Should the service be sent requests?",
	"It should; 503 without a model and while shutting down", JSON},
    {"/info", GET_OR_HEAD, ROUTE_INFO, info_handle,
	"info", "What is served, and the input it wants",
	"Models, columns and an example", JSON},
    {"/cmpt2500f25_tutorial_home", GET_OR_HEAD, ROUTE_INFO, info_handle,
	ALIAS},
    {"/metrics", ON(GET), "GET", ROUTE_UNMATCHED, NULL,
	"metrics", "Counters and gauges for Prometheus",
	"Text format 0.0.4, or OpenMetrics 1.0 where the client prefers it",
	"text/plain; version=0.0.4; charset=utf-8"},
    {"/openapi.json", GET_OR_HEAD, ROUTE_OPENAPI, openapi_handle,
	"openapi", "This document", "OpenAPI 3.1", JSON},
    {"/apispec_1.json", GET_OR_HEAD, ROUTE_OPENAPI, openapi_handle, ALIAS},
    {"/apidocs/", GET_OR_HEAD, ROUTE_APIDOCS, apidocs_handle,
	"apidocs", "This document as a page", "A page", HTML},
    {"/apidocs", GET_OR_HEAD, ROUTE_APIDOCS, apidocs_move_handle, ALIAS},
    {"/", GET_OR_HEAD, ROUTE_CONSOLE, console_handle,
	"console", "The console: models, and a form to try them", "A page",
	HTML},
};

size_t
route_count(void)
{
	return countof(routes);
}

const struct route *
route_at(size_t i)
{
	return &routes[i];
}

bool
route_has_slot(const struct route *r, struct str *rest)
{
	static const struct str slot = {"/{slot}", 7};
	struct str path = str_of(r->path);

	if (!str_has_prefix(path, slot))
		return false;
	*rest = (struct str){path.p + slot.n, path.n - slot.n};
	return true;
}

/* "/v1/predict" and "/predict": "v1". Empty where the path has no slot. */
static struct str
slot_of(struct str path, struct str rest)
{
	struct str slot = {NULL, 0};

	if (path.n > rest.n + 1 && path.p[0] == '/' &&
	    str_has_suffix(path, rest))
		slot = (struct str){path.p + 1, path.n - 1 - rest.n};
	if (slot.n > 0 && memchr(slot.p, '/', slot.n) != NULL)
		slot.n = 0;
	return slot;
}

static const struct served *
served_find(const struct api *api, struct str slot)
{
	for (size_t i = 0; i < api->n_served; i++)
		if (str_eq(api->served[i].slot, slot))
			return &api->served[i];
	return NULL;
}

const struct route *
route_find(const struct api *api, struct str path,
    const struct served **served, enum problem_kind *why)
{
	struct str rest, slot;

	for (size_t i = 0; i < countof(routes); i++) {
		const struct route *r = &routes[i];

		if (route_has_slot(r, &rest)) {
			slot = slot_of(path, rest);
			if (slot.n == 0)
				continue;
			*served = served_find(api, slot);
			*why = PROBLEM_NO_MODEL;
			return *served != NULL ? r : NULL;
		}
		if (r->handle != NULL && str_eq(path, str_of(r->path)))
			return r;
	}
	*why = PROBLEM_NOT_FOUND;
	return NULL;
}
