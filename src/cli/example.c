/* SPDX-License-Identifier: ISC
 *
 * The example of a schema takes the way of a request, before anybody is shown
 * it as something that is accepted.
 */
#include "cli/example.h"

#include "api/predict_decode.h"
#include "json/json.h"
#include "model/model.h"
#include "score/input.h"
#include "score/score.h"

#define MEMORY ((size_t)1 << 30) /* address space; one row is what is used */

static bool
knows_columns(const struct model *m, const cJSON *row, struct err *err)
{
	for (const cJSON *c = row->child; c != NULL; c = c->next)
		if (model_find_input(m, str_of(c->string), 0) < 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the model has no input %s", c->string);
	return true;
}

static bool
run(const struct model *m, struct arena *mem, struct err *err)
{
	static const struct json_limits limits = {2, 1 << 20};
	struct raw *raw = ARENA_ARRAY(mem, model_inputs(m), struct raw);
	double *cells = ARENA_ARRAY(mem, model_inputs(m), double);
	double *out = ARENA_ARRAY(mem, model_outputs(m), double);
	char *scratch = arena_alloc(mem,
	    score_scratch_bytes(m, 1) + CACHE_LINE);
	struct score_fault fault;
	const cJSON *row;
	uint32_t unknown;

	if (mem->over)
		return arena_err(mem, "the row", err);
	scratch += -(uintptr_t)scratch % CACHE_LINE;
	if (!json_parse(mem, model_example(m), &limits, &row, err) ||
	    !knows_columns(m, row, err) ||
	    !predict_decode_row(m, row, raw, cells, &unknown, err))
		return false;
	if (score_rows(m, cells, 1, out, scratch, &fault))
		return true;
	input_fault(m, &fault, err);
	return false;
}

bool
example_check(struct model_build *build, struct err *err)
{
	struct str place = model_build_example_place(build);
	struct arena mem;
	struct model *m;
	struct str image;
	bool ok;

	if (place.n == 0)
		return true;
	if (!model_image(build, &image, err) ||
	    !model_open_bytes(image, &m, err))
		return false;
	ok = arena_init(&mem, MEMORY, err) && run(m, &mem, err);
	arena_done(&mem);
	model_close(m);
	return ok || err_context(err, "%.*s: example", STR_ARG(place));
}
