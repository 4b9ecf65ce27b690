/* SPDX-License-Identifier: ISC
 *
 * Makes an api of models and answers requests by the table of routes. Nothing
 * is kept between requests but what was made at the start and whether the
 * service is stopping.
 */
#include "api/api.h"

#include "api/count.h"
#include "api/document.h"
#include "api/exchange.h"
#include "api/predict_encode.h"
#include "api/problem.h"
#include "api/route.h"
#include "http/rate.h"
#include "keys/keys.h"

static bool
make_path(struct served *s, struct arena *mem)
{
	static const struct str rest = {"/predict", 8};
	size_t n = 1 + s->slot.n + rest.n;
	char *p = arena_alloc(mem, n);
	struct buf b;

	buf_init(&b, p, p != NULL ? n : 0);
	buf_char(&b, '/');
	buf_str(&b, s->slot);
	buf_str(&b, rest);
	s->path = buf_view(&b);
	return !b.over;
}

static bool
make_served(const struct api_options *o, const struct api_model *from,
    struct arena *mem, struct served *s, struct err *err)
{
	uint32_t classes = model_classes(from->model);

	s->model = from->model;
	s->slot = arena_str(mem, str_of(from->slot));
	s->result = ARENA_ARRAY(mem, classes > 0 ? classes : 1,
	    enum label_RESULT);
	if (s->slot.p == NULL || s->result == NULL || !make_path(s, mem))
		return arena_err(mem, "the table of models", err);
	count_init(s, o->metrics, o->slab);
	return predict_encode_prepare(s, mem, err);
}

bool
api_new(const struct api_options *o, struct arena *mem, struct api **ret,
    struct err *err)
{
	struct api *api = ARENA_NEW(mem, struct api);

	if (api == NULL)
		return arena_err(mem, "the api", err);
	api->rows_limit = o->rows_limit;
	api->alerts = o->alerts;
	api->keys = o->keys;
	api->rate = o->rate;
	api->slab = o->slab;
	api->n_served = o->n_models;
	api->served = ARENA_ARRAY(mem, o->n_models, struct served);
	if (api->served == NULL)
		return arena_err(mem, "the api", err);
	for (size_t i = 0; i < o->n_models; i++)
		if (!make_served(o, &o->models[i], mem, &api->served[i], err))
			return false;
	if (!document_make_all(api, mem, err))
		return false;
	*ret = api;
	return true;
}

static void
answer_problem(struct exchange *x, enum problem_kind kind)
{
	struct problem p;

	problem_set(&p, kind);
	problem_answer(&p, x->res);
}

/* The key that is shown, right or wrong. */
static struct str
shown_key(const struct exchange *x)
{
	static const struct str bearer = {"Bearer ", 7};
	struct str key = x->req->authorization;

	if (key.n > bearer.n &&
	    str_eq_nocase((struct str){key.p, bearer.n}, bearer))
		key = (struct str){key.p + bearer.n, key.n - bearer.n};
	else
		key = x->req->api_key;
	return str_trim(key);
}

/* Who shows a key that holds is the same client from any address; who does
 * not, from one address with any key. */
static bool
has_token(struct exchange *x, struct str key)
{
	unsigned char room[RATE_ADDRESS_MAX];

	return x->api->rate == NULL || rate_take(x->api->rate, key.n > 0 ?
	    key : rate_address(x->req->address, room), x->req->started_ns,
	    &x->res->retry_after_s);
}

/* Whoever may ask for predictions: all, or who shows a key; not too often.
 * What is refused is no prediction request: it is not counted with the
 * model's. */
static bool
may_ask(struct exchange *x)
{
	const struct keys *keys = x->api->keys;
	struct str key = keys != NULL ? shown_key(x) : STR("");
	bool known = keys != NULL && keys_have(keys, key);

	if (!has_token(x, known ? key : STR(""))) {
		answer_problem(x, PROBLEM_RATE);
	} else if (keys != NULL && !known) {
		x->res->authenticate = "Bearer realm=\"lightscore\"";
		answer_problem(x, PROBLEM_NO_KEY);
	} else {
		return true;
	}
	count_rejected(x->api->slab, x->res->status);
	return false;
}

static void
answer(struct exchange *x, const struct route *r)
{
	if ((r->methods >> x->req->method & 1) == 0) {
		x->res->allow = r->allow;
		answer_problem(x, PROBLEM_METHOD);
		return;
	}
	if (x->served != NULL && !may_ask(x))
		return;
	r->handle(x);
	if (x->res->body.over)
		answer_problem(x, PROBLEM_FAULT);
}

void
api_handle(struct api *api, const struct http_request *req,
    struct http_response *res, struct arena *mem)
{
	struct exchange x = {.api = api, .req = req, .res = res, .mem = mem};
	enum problem_kind why;
	const struct route *r = route_find(api, req->path, &x.served, &why);

	res->status = 200;
	res->content_type = "application/json";
	res->head = req->method == HTTP_HEAD;
	if (r != NULL)
		answer(&x, r);
	else
		answer_problem(&x, why);
	count_request(&x, r != NULL ? r->label : ROUTE_UNMATCHED);
}

void
api_refuse(struct api *api, const struct http_request *req, int status,
    const char *sentence, struct http_response *res)
{
	struct exchange x = {.api = api, .req = req, .res = res};
	enum problem_kind why;
	const struct route *r = route_find(api, req->path, &x.served, &why);

	res->head = req->method == HTTP_HEAD;
	problem_answer_with(status, str_of(sentence), (struct str){0}, res);
	if (x.served != NULL && req->method == HTTP_POST)
		count_no_prediction(x.served, status >= 500 ?
		    OUTCOME_OVERLOAD : OUTCOME_VALIDATION_ERROR);
	count_rejected(api->slab, status);
	count_request(&x, r != NULL ? r->label : ROUTE_UNMATCHED);
}

void
api_expire(struct api *api, const struct http_request *req,
    uint64_t started_ns)
{
	const struct http_request part = {
	    .method = HTTP_OTHER, .started_ns = started_ns};
	struct http_response res = {.status = 504};
	struct exchange x = {.api = api, .req = req, .res = &res};
	const struct route *r = NULL;
	enum problem_kind why;

	if (req == NULL)
		x.req = &part;
	else
		r = route_find(api, req->path, &x.served, &why);
	if (x.served != NULL && x.req->method == HTTP_POST)
		count_no_prediction(x.served, OUTCOME_ERROR);
	count_request(&x, r != NULL ? r->label : ROUTE_UNMATCHED);
}

void
api_set_draining(struct api *api, bool draining)
{
	api->draining = draining;
}
