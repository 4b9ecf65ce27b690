/* SPDX-License-Identifier: ISC
 *
 * The OpenAPI 3.1 document: a path a route, and one a model where the route
 * has a {slot}. It says what is true: a category list is an enum with any
 * other string beside it where other strings are accepted, and a range seen
 * in training is told, not demanded.
 */
#include "api/document.h"
#include "api/openapi_schema.h"
#include "api/problem.h"
#include "api/route.h"
#include "json/json_write.h"

static void
render_reference(struct buf *b, struct str slot, const char *what)
{
	char text[128];
	struct buf ref;

	buf_init(&ref, text, sizeof(text));
	buf_text(&ref, "#/components/schemas/");
	buf_str(&ref, slot);
	buf_text(&ref, what);
	json_open(b, '{');
	json_key(b, "$ref");
	json_str(b, buf_view(&ref));
	json_close(b, '}');
}

/* One, or a list of them. */
static void
render_one_or_list(struct buf *b, struct str slot, const char *what,
    size_t limit)
{
	json_key(b, "schema");
	json_open(b, '{');
	json_key(b, "oneOf");
	json_open(b, '[');
	render_reference(b, slot, what);
	json_open(b, '{');
	json_key(b, "type");
	json_text(b, "array");
	json_key(b, "maxItems");
	json_u64(b, limit);
	json_key(b, "items");
	render_reference(b, slot, what);
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

static void
open_content(struct buf *b, const char *type)
{
	json_key(b, "content");
	json_open(b, '{');
	json_key(b, type);
	json_open(b, '{');
}

static void
close_content(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
}

static void
open_response(struct buf *b, const char *code, const char *description)
{
	json_key(b, code);
	json_open(b, '{');
	json_key(b, "description");
	json_text(b, description);
}

static void
render_error(struct buf *b, const char *code, const char *description)
{
	open_response(b, code, description);
	open_content(b, "application/json");
	json_key(b, "schema");
	render_reference(b, STR("error"), "");
	close_content(b);
	json_close(b, '}');
}

/* What a path answers beside its 200, in the order of the codes. The web
 * server's own refusals are in it: they have the same form. */
static const struct {
	const char *code;
	enum { OF_ALL, OF_POST, OF_GET } of;
	const char *description;
} failures[] = {
    {"400", OF_GET, "The request is not valid HTTP"},
    {"400", OF_POST, "The input is wrong: what, and where"},
    {"411", OF_POST, "The request has a body and no Content-Length"},
    {"413", OF_ALL, "Too many rows, or too large"},
    {"415", OF_POST, "The body is compressed"},
    {"431", OF_ALL, "The header is too large"},
    {"500", OF_ALL, "The answer could not be made, for no fault of the "
	"request's"},
    {"503", OF_ALL, "Overloaded, shutting down or without a model: try "
	"again after the seconds that Retry-After says"},
    {"504", OF_ALL, "The answer took too long"},
};

static void
render_failures(struct buf *b, bool post)
{
	for (size_t i = 0; i < countof(failures); i++)
		if (failures[i].of == OF_ALL ||
		    (failures[i].of == OF_POST) == post)
			render_error(b, failures[i].code,
			    failures[i].description);
}

static void
render_body(struct buf *b, const struct api *api, const struct served *s)
{
	json_key(b, "requestBody");
	json_open(b, '{');
	json_key(b, "required");
	json_bool(b, true);
	open_content(b, "application/json");
	render_one_or_list(b, s->slot, "_record", api->rows_limit);
	json_key(b, "example");
	document_example(b, s->model);
	close_content(b);
	json_close(b, '}');
}

/* s is NULL for a route without a slot. */
static void
render_operation(struct buf *b, const struct api *api, const struct route *r,
    const struct served *s)
{
	char text[128];
	struct buf id;

	buf_init(&id, text, sizeof(text));
	buf_text(&id, r->id);
	if (s != NULL) {
		buf_char(&id, '_');
		buf_str(&id, s->slot);
	}
	json_open(b, '{');
	json_key(b, r->methods & 1u << HTTP_POST ? "post" : "get");
	json_open(b, '{');
	json_key(b, "operationId");
	json_str(b, buf_view(&id));
	json_key(b, "tags");
	json_open(b, '[');
	json_text(b, s != NULL ? "predictions" : "service");
	json_close(b, ']');
	json_key(b, "summary");
	json_text(b, r->summary);
	if (s != NULL) {
		openapi_render_about(b, s);
		render_body(b, api, s);
	}
	if (s != NULL && api->keys != NULL) {
		json_key(b, "security");
		json_raw(b, STR("[{\"bearer\":[]},{\"key\":[]}]"));
	}
	json_key(b, "responses");
	json_open(b, '{');
	open_response(b, "200", r->answer);
	open_content(b, r->answer_type);
	if (s != NULL)
		render_one_or_list(b, s->slot, "_prediction",
		    api->rows_limit);
	close_content(b);
	json_close(b, '}');
	if (s != NULL && api->keys != NULL)
		render_error(b, "401", "No valid API key");
	if (s != NULL && api->rate != NULL)
		render_error(b, "429", "Too many requests of this client: try "
		    "again after the seconds that Retry-After says");
	render_failures(b, r->methods & 1u << HTTP_POST);
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, '}');
}

static void
render_paths(struct buf *b, const struct api *api)
{
	struct str rest;

	json_open(b, '{');
	for (size_t i = 0; i < route_count(); i++) {
		const struct route *r = route_at(i);

		if (r->id == NULL)
			continue;
		if (!route_has_slot(r, &rest)) {
			json_key(b, r->path);
			render_operation(b, api, r, NULL);
			continue;
		}
		for (size_t k = 0; k < api->n_served; k++) {
			json_key_str(b, api->served[k].path);
			render_operation(b, api, r, &api->served[k]);
		}
	}
	json_close(b, '}');
}

static void
render_schemas(struct buf *b, const struct api *api)
{
	json_open(b, '{');
	json_key(b, "schemas");
	json_open(b, '{');
	json_key(b, "error");
	json_raw(b, STR("{\"type\":\"object\",\"required\":[\"error\"],"
	    "\"properties\":{\"error\":{\"type\":\"string\","
	    "\"description\":\"What is wrong\"},"
	    "\"detail\":{\"type\":\"string\","
	    "\"description\":\"Where: the row of a list, or the byte\"},"
	    "\"errors\":{\"type\":\"array\",\"description\":\"All that is "
	    "wrong with the records, where that is more than the sentence "
	    "says: at most 100\",\"items\":{\"type\":\"object\",\"required\":[\"error\"],"
	    "\"properties\":{\"row\":{\"type\":\"integer\","
	    "\"description\":\"In a list, from 1\"},"
	    "\"field\":{\"type\":\"string\"},"
	    "\"error\":{\"type\":\"string\"}}}},"
	    "\"more\":{\"type\":\"integer\",\"description\":"
	    "\"How many there are beyond those in errors\"}}}"));
	for (size_t i = 0; i < api->n_served; i++)
		openapi_render_schemas(b, &api->served[i]);
	json_close(b, '}');
	if (api->keys != NULL) {
		json_key(b, "securitySchemes");
		json_raw(b, STR("{\"bearer\":{\"type\":\"http\","
		    "\"scheme\":\"bearer\"},\"key\":{\"type\":\"apiKey\","
		    "\"in\":\"header\",\"name\":\"X-API-Key\"}}"));
	}
	json_close(b, '}');
}

void
openapi_render(struct buf *b, const struct api *api)
{
	json_open(b, '{');
	json_key(b, "openapi");
	json_text(b, "3.1.0");
	json_key(b, "info");
	json_open(b, '{');
	json_key(b, "title");
	json_text(b, "Lightscore");
	json_key(b, "version");
	json_text(b, PACKAGE_VERSION);
	json_key(b, "description");
	json_text(b, "Predictions from the models that are served here.");
	json_close(b, '}');
	json_key(b, "paths");
	render_paths(b, api);
	json_key(b, "components");
	render_schemas(b, api);
	json_close(b, '}');
}
