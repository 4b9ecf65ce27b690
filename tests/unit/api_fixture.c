/* SPDX-License-Identifier: ISC
 *
 * Small models, built as importers build them, and an api over them.
 */
#include "api_fixture.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/model_build.h"

static void
need(bool good, const struct err *err)
{
	if (good)
		return;
	fprintf(stderr, "api_fixture: %s\n", err->text);
	abort();
}

static struct model *
compile(struct model_build *b)
{
	struct str image;
	struct model *m;
	struct err err;

	need(model_image(b, &image, &err), &err);
	need(model_open_bytes(image, &m, &err), &err);
	return m;
}

static uint32_t
input(struct model_build *b, const char *name)
{
	uint32_t slot;
	struct err err;

	need(model_build_input(b, str_of(name), &slot, &err), &err);
	return slot;
}

static void
text_class(struct model_build *b, const char *text)
{
	struct err err;

	need(model_build_class(b, (struct model_class){.kind = CLASS_TEXT,
	    .text = str_of(text)}, &err), &err);
}

static struct model *
make_shop(struct arena *mem)
{
	static const int32_t map[] = {-1, -1, 0, 1};
	static const double smokes[] = {0, 0, 0, 1};
	static const double coef[] = {0.05, -0.001, 0.5, -0.5, 1}, bias = -2;
	static const struct model_alias aliases[] = {
	    {.from_integer = true, .integer = 0, .to = {"No", 2}},
	    {.from_integer = true, .integer = 1, .to = {"Yes", 3}},
	    {.text = {"1", 1}, .to = {"Yes", 3}},
	};
	struct model_build *b = model_build_new(mem);
	uint32_t age = input(b, "age"), income = input(b, "income");
	uint32_t city = input(b, "city"), smoker = input(b, "smoker");
	uint32_t src[5], code, hot, smoke, sum, out;
	struct err err;

	need(model_build_code(b, city, STR("Oslo"), &code, &err), &err);
	need(model_build_code(b, city, STR("Rome"), &code, &err), &err);
	need(model_build_code(b, smoker, STR("No"), &code, &err), &err);
	need(model_build_code(b, smoker, STR("Yes"), &code, &err), &err);
	need(model_build_onehot(b, city, map, 4, 2, &hot, &err), &err);
	need(model_build_table(b, smoker, smokes, 4, &smoke, &err), &err);
	src[0] = age;
	src[1] = income;
	src[2] = hot;
	src[3] = hot + 1;
	src[4] = smoke;
	need(model_build_linear(b, src, 5, 1, coef, &bias, &sum, &err), &err);
	need(model_build_link(b, LINK_SIGMOID, &sum, 1, &out, &err), &err);
	text_class(b, "No");
	text_class(b, "Yes");
	need(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){out, out + 1}, 2, &err), &err);
	need(model_build_field(b, &(struct model_field){.name = STR("city"),
	    .kind = MODEL_TEXT, .required = true,
	    .description = STR("Where the \"shop\" is")}, &err), &err);
	need(model_build_field(b, &(struct model_field){.name = STR("age"),
	    .kind = MODEL_NUMBER, .required = true, .has_range = true,
	    .low = 18, .high = 99}, &err), &err);
	need(model_build_field(b, &(struct model_field){
	    .name = STR("income"), .kind = MODEL_NUMBER,
	    .null = NULL_DEFAULT, .has_default = true}, &err), &err);
	need(model_build_field(b, &(struct model_field){
	    .name = STR("smoker"), .kind = MODEL_TEXT, .required = true,
	    .loose = true, .closed = true, .aliases = aliases,
	    .n_aliases = countof(aliases)}, &err), &err);
	need(model_build_fact(b, FACT_TITLE, STR("Shop"), &err), &err);
	return compile(b);
}

static struct model *
make_price(struct arena *mem)
{
	static const double two = 2, one = 1;
	struct model_build *b = model_build_new(mem);
	uint32_t size = input(b, "size"), out;
	struct err err;

	need(model_build_linear(b, &size, 1, 1, &two, &one, &out, &err),
	    &err);
	need(model_build_output(b, MODEL_REGRESSION, &out, 1, &err), &err);
	return compile(b);
}

static struct model *
make_digit(struct arena *mem)
{
	static const double coef[] = {1, 0, 0, 1, -1, -1}, zero[3];
	static const int64_t labels[] = {0, 1, 7};
	struct model_build *b = model_build_new(mem);
	uint32_t src[] = {input(b, "x"), input(b, "y")}, sum, out;
	struct err err;

	model_build_booleans(b, src[1]);
	need(model_build_linear(b, src, 2, 3, coef, zero, &sum, &err), &err);
	need(model_build_link(b, LINK_SOFTMAX,
	    (uint32_t[]){sum, sum + 1, sum + 2}, 3, &out, &err), &err);
	for (int i = 0; i < 3; i++) {
		char text[8];
		int n = snprintf(text, sizeof(text), "%lld",
		    (long long)labels[i]);

		need(model_build_class(b, (struct model_class){
		    .kind = CLASS_INTEGER, .text = {text, (size_t)n},
		    .number = (double)labels[i]}, &err), &err);
	}
	need(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){out, out + 1, out + 2}, 3, &err), &err);
	return compile(b);
}

static struct model *
make_side(struct arena *mem)
{
	struct model_build *b = model_build_new(mem);
	uint32_t x = input(b, "x"), zero;
	struct err err;

	need(model_build_constant(b, 0, &zero, &err), &err);
	text_class(b, "left");
	text_class(b, "right");
	need(model_build_decision(b, (uint32_t[]){zero, x}, 2, &err), &err);
	return compile(b);
}

static struct model *
make_odd(struct arena *mem)
{
	static const double coef[] = {-1, 1}, bias[] = {2, -2};
	struct model_build *b = model_build_new(mem);
	uint32_t x = input(b, "x"), out;
	struct err err;

	need(model_build_linear(b, &x, 1, 2, coef, bias, &out, &err), &err);
	need(model_build_class(b, (struct model_class){.kind = CLASS_INTEGER,
	    .text = STR("1"), .number = 1}, &err), &err);
	need(model_build_class(b, (struct model_class){.kind = CLASS_INTEGER,
	    .text = STR("-1"), .number = -1}, &err), &err);
	need(model_build_decision(b, (uint32_t[]){out, out + 1}, 2, &err),
	    &err);
	model_build_tell_score(b);
	return compile(b);
}

static struct model *
make_pair(struct arena *mem)
{
	static const double coef[] = {1, 2}, bias[] = {0, 1};
	struct model_build *b = model_build_new(mem);
	uint32_t x = input(b, "x"), out;
	struct err err;

	need(model_build_linear(b, &x, 1, 2, coef, bias, &out, &err), &err);
	need(model_build_output(b, MODEL_REGRESSION,
	    (uint32_t[]){out, out + 1}, 2, &err), &err);
	return compile(b);
}

static struct model *
make_two(struct arena *mem, bool probabilities)
{
	struct model_build *b = model_build_new(mem);
	uint32_t x = input(b, "x"), p, slots[2];
	struct err err;

	need(model_build_link(b, LINK_SIGMOID, &x, 1, &p, &err), &err);
	for (uint32_t t = 0; t < 2; t++) {
		need(model_build_target(b, &err), &err);
		for (uint32_t k = 0; k < 2; k++) {
			slots[k] = t == 0 ? p + k : p + 1 - k;
			if (t == 0)
				text_class(b, k == 0 ? "No" : "Yes");
			else
				need(model_build_class(b,
				    (struct model_class){
				    .kind = CLASS_INTEGER,
				    .text = k == 0 ? STR("1") : STR("-1"),
				    .number = k == 0 ? 1 : -1}, &err), &err);
		}
		need(probabilities ? model_build_output(b,
		    MODEL_CLASSIFICATION, slots, 2, &err) :
		    model_build_decision(b, slots, 2, &err), &err);
	}
	if (probabilities) {
		need(model_build_name_target(b, 0, STR("wet"), &err), &err);
		need(model_build_name_target(b, 1, STR("sign"), &err), &err);
	}
	return compile(b);
}

static void
name_cells(struct fixture *f, const struct api_model *m)
{
	enum label_MODEL cell = metrics_add_model(&f->metrics,
	    str_of(m->slot));

	if (model_task(m->model) == MODEL_REGRESSION)
		metrics_add_result(&f->metrics, cell,
		    STR(METRICS_REGRESSION));
	for (uint32_t k = 0; k < model_classes(m->model); k++) {
		char text[MODEL_RESULT_MAX];

		metrics_add_result(&f->metrics, cell,
		    model_result(m->model, k, text));
	}
}

void
fixture_init(struct fixture *f)
{
	char dir[] = "/tmp/lightscore-test-XXXXXX", path[64];
	char aside[PATH_MAX];
	struct api_options o;
	struct err err;

	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(path, sizeof(path), "%s/counters", dir);
	need(arena_init(&f->mem, 16 << 20, &err), &err);
	need(arena_init(&f->request, 64 << 20, &err), &err);
	need(metrics_create(path, &f->metrics, aside, &err), &err);
	unlink(path);
	rmdir(dir);
	f->slab = &f->metrics.slabs[0];
	f->models[0] = (struct api_model){"shop", make_shop(&f->mem)};
	f->models[1] = (struct api_model){"price", make_price(&f->mem)};
	f->models[2] = (struct api_model){"digit", make_digit(&f->mem)};
	f->models[3] = (struct api_model){"side", make_side(&f->mem)};
	f->models[4] = (struct api_model){"odd", make_odd(&f->mem)};
	f->models[5] = (struct api_model){"pair", make_pair(&f->mem)};
	f->models[6] = (struct api_model){"two", make_two(&f->mem, true)};
	f->models[7] = (struct api_model){"sides", make_two(&f->mem, false)};
	for (size_t i = 0; i < countof(f->models); i++)
		name_cells(f, &f->models[i]);
	o = (struct api_options){.models = f->models,
	    .n_models = countof(f->models),
	    .rows_limit = FIXTURE_ROWS_LIMIT, .metrics = &f->metrics,
	    .slab = f->slab};
	need(api_new(&o, &f->mem, &f->api, &err), &err);
}

void
fixture_done(struct fixture *f)
{
	for (size_t i = 0; i < countof(f->models); i++)
		model_close(f->models[i].model);
	metrics_close(&f->metrics);
	arena_done(&f->request);
	arena_done(&f->mem);
}

void
fixture_send(struct fixture *f, enum http_method method, const char *path,
    struct str content_type, struct str body)
{
	struct http_request req = {.method = method, .path = str_of(path),
	    .content_type = content_type, .body = body,
	    .started_ns = clock_mono_ns()};

	arena_reset(&f->request, 1 << 20);
	f->res = (struct http_response){0};
	buf_init(&f->res.body, f->answer, sizeof(f->answer) - 1);
	api_handle(f->api, &req, &f->res, &f->request);
	f->answer[f->res.body.n] = '\0';
}

void
fixture_post(struct fixture *f, const char *path, const char *json)
{
	fixture_send(f, HTTP_POST, path, STR("application/json"),
	    str_of(json));
}
