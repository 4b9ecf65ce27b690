/* SPDX-License-Identifier: ISC
 *
 * POST /{slot}/predict. A request is scored as a whole or not at all: one bad
 * row, and nothing is predicted. Every way out of here has been counted.
 */
#include <stdio.h>

#include "api/count.h"
#include "api/exchange.h"
#include "api/predict_batch.h"
#include "api/predict_decode.h"
#include "api/predict_encode.h"
#include "api/predict_errors.h"
#include "api/problem.h"
#include "base/clock.h"
#include "score/input.h"
#include "score/score.h"

/* We never unpack what a client packed: a few bytes could become any size. */
static bool
is_packed(const struct http_request *req)
{
	struct str encoding = str_trim(req->encoding);

	return encoding.n > 0 && !str_eq_nocase(encoding, STR("identity"));
}

static bool
parse(struct exchange *x, struct predict_batch *b, struct problem *p)
{
	if (is_packed(x->req))
		return problem_set(p, PROBLEM_ENCODING);
	if (!predict_decode_is_json(x->req->content_type)) {
		problem_set(p, PROBLEM_NO_INPUT);
		snprintf(p->detail, sizeof(p->detail),
		    "the Content-Type must be application/json, in UTF-8");
		return false;
	}
	return predict_decode_body(x->req->body, x->served->model,
	    x->api->rows_limit, x->mem, b, p);
}

/* Scoring stops at a row that the model refuses; what else it would refuse is
 * looked for, so that all of it is told at once. */
static bool
refuse(struct exchange *x, struct predict_batch *b, struct score_fault fault,
    void *scratch, struct problem *p)
{
	const struct model *m = x->served->model;
	size_t inputs = model_inputs(m), outputs = model_outputs(m);
	struct predict_errors errors;
	size_t at = fault.row;
	struct err err;

	input_fault(m, &fault, &err);
	predict_decode_refuse(b, at, &err, p);
	if (!predict_errors_begin(&errors, b->list, x->mem))
		return false;
	predict_errors_fault(&errors, m, at, &fault);
	/* One by one: a block would be scored again for each of its rows. */
	while (++at < b->rows)
		if (!score_rows(m, b->cells + at * inputs, 1,
			b->out + at * outputs, scratch, &fault))
			predict_errors_fault(&errors, m, at, &fault);
	predict_errors_end(&errors, p);
	return false;
}

static bool
infer(struct exchange *x, struct predict_batch *b, struct problem *p)
{
	const struct model *m = x->served->model;
	uint32_t width = model_outputs(m), targets = model_targets(m);
	char *scratch = arena_alloc(x->mem,
	    score_scratch_bytes(m, b->rows) + CACHE_LINE);
	struct score_fault fault;

	b->out = arena_array(x->mem, b->rows, width * sizeof(double));
	if (model_task(m) == MODEL_CLASSIFICATION)
		b->class_ = arena_array(x->mem, b->rows,
		    targets * sizeof(uint32_t));
	if (x->mem->over)
		return problem_set(p, PROBLEM_TOO_LARGE);
	scratch += -(uintptr_t)scratch % CACHE_LINE;
	if (!score_rows(m, b->cells, b->rows, b->out, scratch, &fault))
		return refuse(x, b, fault, scratch, p);
	for (size_t i = 0; b->class_ != NULL && i < b->rows; i++)
		for (uint32_t t = 0; t < targets; t++)
			b->class_[i * targets + t] =
			    score_class(m, t, b->out + i * width);
	return true;
}

static bool
encode(struct exchange *x, struct predict_batch *b, struct problem *p)
{
	predict_encode_rows(x->served, b, &x->res->body);
	return !x->res->body.over || problem_set(p, PROBLEM_ANSWER);
}

/* Note how long the stage took that ends now; returns when that is. */
static uint64_t
stage_done(struct predict_batch *b, enum label_STAGE stage, uint64_t since)
{
	uint64_t now = clock_mono_ns();

	b->stage_ns[stage] += now - since;
	return now;
}

static bool
predict(struct exchange *x, struct predict_batch *b, struct problem *p)
{
	uint64_t at = clock_mono_ns();

	if (!parse(x, b, p))
		return false;
	stage_done(b, STAGE_PARSE, at);
	if (!predict_decode_rows(x->served->model, x->mem, b, p))
		return false;
	at = clock_mono_ns();
	if (!infer(x, b, p))
		return false;
	at = stage_done(b, STAGE_INFER, at);
	if (!encode(x, b, p))
		return false;
	stage_done(b, STAGE_SERIALIZE, at);
	return true;
}

void
predict_handle(struct exchange *x)
{
	struct predict_batch batch = {0};
	struct problem problem;

	if (predict(x, &batch, &problem)) {
		count_predictions(x, &batch);
		return;
	}
	problem_answer(&problem, x->res);
	count_no_prediction(x->served, problem_outcome(problem.kind));
}
