/* SPDX-License-Identifier: ISC
 *
 * What is counted of a request. A row that got a prediction counts under its
 * class, or under one class of each target where it got several; a request
 * that got none counts once under its outcome.
 */
#include "api/count.h"

#include <assert.h>

#include "base/clock.h"
#include "score/score.h"

static_assert((int)METHOD_CELLS == (int)HTTP_METHODS,
    "labels.def lists the methods as http.h does");

void
count_init(struct served *s, const struct metrics_file *f, struct slab *slab)
{
	enum label_MODEL cell = metrics_model_index(f, s->slot);
	uint32_t classes = model_classes(s->model);

	s->counts = &slab->model[cell];
	if (classes == 0)
		s->result[0] = metrics_result_index(f, cell,
		    STR(METRICS_REGRESSION));
	for (uint32_t k = 0; k < classes; k++) {
		char text[MODEL_RESULT_MAX];

		s->result[k] = metrics_result_index(f, cell,
		    model_result(s->model, k, text));
	}
}

void
count_request(struct exchange *x, enum label_ROUTE route)
{
	struct slab *slab = x->api->slab;
	enum label_METHOD method = (enum label_METHOD)x->req->method;
	int status = x->res->status;

	metric_add(&slab->http_requests[method][route][metric_code(status)],
	    1);
	metric_observe_http_latency(&slab->http_time[method][route],
	    clock_mono_ns() - x->req->started_ns);
	metric_observe_size(&slab->http_request_bytes[route],
	    x->req->body.n + x->req->unread);
	metric_observe_size(&slab->http_response_bytes[route],
	    x->res->head ? 0 : x->res->body.n);
	if (status == 405)
		metric_add(&slab->http_rejected[REJECTED_METHOD], 1);
}

void
count_rejected(struct slab *slab, int status)
{
	static const struct {
		int status;
		enum label_REJECTED why;
	} reasons[] = {
	    {401, REJECTED_UNAUTHORIZED},
	    {408, REJECTED_TIMEOUT},
	    {413, REJECTED_TOO_LARGE},
	    {429, REJECTED_RATE_LIMIT},
	    {503, REJECTED_OVERLOAD},
	};
	enum label_REJECTED why = REJECTED_MALFORMED;

	for (size_t i = 0; i < countof(reasons); i++)
		if (reasons[i].status == status)
			why = reasons[i].why;
	metric_add(&slab->http_rejected[why], 1);
}

static void
count_rows(const struct served *s, const struct predict_batch *b)
{
	uint32_t width = model_outputs(s->model);
	uint32_t targets = model_targets(s->model);
	bool binary = targets == 1 && model_classes(s->model) == 2 &&
	    model_has_probabilities(s->model);

	if (model_task(s->model) == MODEL_REGRESSION) {
		metric_add(&s->counts->predictions[s->result[0]], b->rows);
		return;
	}
	for (size_t i = 0; i < b->rows; i++) {
		const double *out = b->out + i * width;

		for (uint32_t t = 0; t < targets; t++)
			metric_add(&s->counts->predictions[
			    s->result[b->class_[i * targets + t]]], 1);
		if (binary)
			metric_observe_probability(&s->counts->score, out[1]);
	}
}

void
count_predictions(struct exchange *x, const struct predict_batch *b)
{
	struct slab_model *m = x->served->counts;

	count_rows(x->served, b);
	metric_add(&m->prediction_requests[OUTCOME_SUCCESS], 1);
	metric_observe_rows(&m->prediction_rows, b->rows);
	for (int i = 0; i < STAGE_CELLS; i++)
		metric_observe_stage(&m->stage_time[i], b->stage_ns[i]);
	metric_observe_latency(&m->prediction_time,
	    clock_mono_ns() - x->req->started_ns);
}

void
count_no_prediction(const struct served *s, enum label_OUTCOME outcome)
{
	static const enum label_RESULT results[] = {
	    [OUTCOME_NO_INPUT] = RESULT_NO_INPUT,
	    [OUTCOME_VALIDATION_ERROR] = RESULT_VALIDATION_ERROR,
	    [OUTCOME_ERROR] = RESULT_ERROR,
	    [OUTCOME_OVERLOAD] = RESULT_ERROR,
	};

	metric_add(&s->counts->predictions[results[outcome]], 1);
	metric_add(&s->counts->prediction_requests[outcome], 1);
}
