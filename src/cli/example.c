/* SPDX-License-Identifier: ISC
 *
 * What comes with a model to try it takes the way of a request, before
 * anybody is shown it as something that is accepted, or served a model that
 * answers otherwise than the one that was trained.
 */
#include "cli/example.h"

#include "api/predict_decode.h"
#include "cli/compare.h"
#include "cli/expected.h"
#include "json/json.h"
#include "model/model.h"
#include "score/input.h"
#include "score/score.h"

#define MEMORY ((size_t)4 << 30) /* address space; one row is what is used */
enum { DEPTH = 3, VALUES = 1 << 22 };

struct tester {
	const struct model *m;
	struct arena mem;
	struct raw *raw;
	double *cells, *out;
	void *scratch;
};

static bool
tester_init(struct tester *t, const struct model *m, struct err *err)
{
	char *scratch;

	*t = (struct tester){.m = m};
	if (!arena_init(&t->mem, MEMORY, err))
		return false;
	t->raw = ARENA_ARRAY(&t->mem, model_inputs(m), struct raw);
	t->cells = ARENA_ARRAY(&t->mem, model_inputs(m), double);
	t->out = ARENA_ARRAY(&t->mem, model_outputs(m), double);
	scratch = arena_alloc(&t->mem,
	    score_scratch_bytes(m, 1) + CACHE_LINE);
	if (t->mem.over) {
		arena_err(&t->mem, "the row", err);
		arena_done(&t->mem);
		return false;
	}
	t->scratch = scratch + -(uintptr_t)scratch % CACHE_LINE;
	return true;
}

static bool
score(struct tester *t, const cJSON *row, struct err *err)
{
	struct score_fault fault;
	uint32_t unknown;

	if (!predict_decode_row(t->m, row, t->raw, t->cells, &unknown, err))
		return false;
	if (score_rows(t->m, t->cells, 1, t->out, t->scratch, &fault))
		return true;
	input_fault(t->m, &fault, err);
	return false;
}

/* --- the example --------------------------------------------------------- */

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
try_example(struct tester *t, struct err *err)
{
	static const struct json_limits limits = {DEPTH, VALUES};
	const cJSON *row;

	return json_parse(&t->mem, model_example(t->m), &limits, &row, err) &&
	    knows_columns(t->m, row, err) && score(t, row, err);
}

/* --- rows ---------------------------------------------------------------- */

static bool
read_answers(struct tester *t, const struct model_trial *r, size_t rows,
    struct expected *ret, struct err *err)
{
	if (!expected_parse(r->answers, t->m, &t->mem, ret, err))
		return err_context(err, "recorded answer");
	return ret->n == rows || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%zu recorded answers for %zu rows", ret->n, rows);
}

/* Without answers, each row is to be scored at least. */
static bool
try_rows(struct tester *t, const struct model_trial *r, struct err *err)
{
	static const struct json_limits limits = {DEPTH, VALUES};
	bool answered = r->answers.n > 0;
	struct json_list list;
	struct expected e = {0};
	struct compare c;
	const cJSON *row;
	size_t mark;

	compare_init(&c, t->m, COMPARE_TOLERANCE);
	if (!json_list_init(&list, &t->mem, r->rows, &limits, err) ||
	    (answered && !read_answers(t, r, list.items, &e, err)))
		return false;
	mark = arena_mark(&t->mem);
	for (size_t i = 0; i < list.items; i++) {
		bool scored;

		if (!json_list_next(&list, &t->mem, &row, err))
			return false;
		scored = score(t, row, err);
		if (!scored && !(answered && e.refused[i]))
			return err_context(err, "row %zu", i + 1);
		if (answered)
			compare_row(&c, &e, i, scored ? t->out : NULL);
		arena_release(&t->mem, mark);
	}
	return compare_is_same(&c) || compare_refuse(&c, err);
}

static bool
try_all(struct tester *t, struct model_build *build, struct err *err)
{
	struct str place = model_build_example_place(build);
	const struct model_trial *r;

	if (place.n > 0 && !try_example(t, err))
		return err_context(err, "%.*s: example", STR_ARG(place));
	for (uint32_t i = 0; (r = model_build_trial_at(build, i)) != NULL;
	     i++)
		if (!try_rows(t, r, err))
			return err_context(err, "%.*s", STR_ARG(r->place));
	return true;
}

bool
example_check(struct model_build *build, struct err *err)
{
	struct tester tester;
	struct model *m;
	struct str image;
	bool ok;

	if (model_build_example_place(build).n == 0 &&
	    model_build_trial_at(build, 0) == NULL)
		return true;
	if (!model_image(build, &image, err) ||
	    !model_open_bytes(image, &m, err))
		return false;
	ok = tester_init(&tester, m, err);
	if (ok) {
		ok = try_all(&tester, build, err);
		arena_done(&tester.mem);
	}
	model_close(m);
	return ok;
}
