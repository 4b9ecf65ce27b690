/* SPDX-License-Identifier: ISC
 *
 * Rows of recorded answers, and what may stand for a prediction. What a row
 * does not say stays unknown; what it says must fit the model.
 */
#include "cli/expected_rows.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "cli/labels.h"

enum { ROWS_MAX = 1 << 26 };

/* Twice the room; the old blocks stay behind in the arena, less than the new
 * ones together. */
static bool
grow(struct expected_reader *r, struct err *err)
{
	size_t cap = r->cap > 0 ? 2 * r->cap : 64;
	size_t outputs = model_outputs(r->m), targets = model_targets(r->m);
	struct expected *e = r->e, old = *e;

	if (cap > ROWS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "more than %d rows", ROWS_MAX);
	e->classes = ARENA_ARRAY(r->mem, cap * targets, uint32_t);
	e->numbers = ARENA_ARRAY(r->mem, cap * outputs, double);
	e->refused = ARENA_ARRAY(r->mem, cap, bool);
	if (r->mem->over)
		return arena_err(r->mem, "the recorded answers", err);
	if (e->n > 0) {
		if (targets > 0)
			memcpy(e->classes, old.classes,
			    e->n * targets * sizeof(*e->classes));
		memcpy(e->numbers, old.numbers,
		    e->n * outputs * sizeof(*e->numbers));
		memcpy(e->refused, old.refused, e->n * sizeof(*e->refused));
	}
	r->cap = cap;
	return true;
}

bool
expected_add(struct expected_reader *r, double **numbers, struct err *err)
{
	size_t outputs = model_outputs(r->m), targets = model_targets(r->m);

	if (r->e->n == r->cap && !grow(r, err))
		return false;
	*numbers = r->e->numbers + r->e->n * outputs;
	for (size_t k = 0; k < outputs; k++)
		(*numbers)[k] = NAN;
	for (size_t t = 0; t < targets; t++)
		r->e->classes[r->e->n * targets + t] = EXPECTED_NONE;
	r->e->n++;
	return true;
}

bool
expected_fail(const struct expected_reader *r, const char *what,
    struct err *err)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "row %zu: %s", r->e->n,
	    what);
}

/* A regression's prediction: a number, or a list of as many as it has. */
static bool
set_numbers(struct expected_reader *r, const struct doc *d, struct err *err)
{
	size_t n = model_outputs(r->m);
	double *numbers = r->e->numbers + (r->e->n - 1) * n;

	if (n == 1 && doc_number(d, numbers))
		return true;
	if (d->kind != DOC_NUMBERS || d->n != n)
		return expected_fail(r, n == 1 ? "the prediction is no number" :
		    "the prediction is no list of as many numbers as the "
		    "model predicts", err);
	memcpy(numbers, d->numbers, n * sizeof(*numbers));
	return true;
}

bool
expected_label(struct expected_reader *r, uint32_t target,
    const struct doc *d, struct err *err)
{
	size_t row = r->e->n - 1;
	char text[NUMBER_MAX];
	uint32_t *k = &r->e->classes[row * model_targets(r->m) + target];
	struct str label;

	if (d->kind == DOC_NULL) {
		r->e->refused[row] = true;
		return true;
	}
	if (d->kind == DOC_TEXT && labels_find(r->m, target, d->text, k))
		return true;
	if (d->kind == DOC_NUMBER &&
	    labels_find_number(r->m, target, d->number, k))
		return true;
	if (d->kind != DOC_TEXT && d->kind != DOC_NUMBER)
		return expected_fail(r, "the prediction is no label", err);
	label = d->kind == DOC_TEXT ? d->text :
	    (struct str){text, number_format(d->number, text)};
	labels_refuse(r->m, target, "the prediction", label, err);
	return err_context(err, "row %zu", r->e->n);
}

/* A list with a label of each target. */
static bool
set_labels(struct expected_reader *r, const struct doc *list, struct err *err)
{
	const struct doc *at = list->child;

	if ((list->kind != DOC_NUMBERS && list->kind != DOC_LIST) ||
	    list->n != model_targets(r->m))
		return expected_fail(r, "the prediction is no list with a "
		    "label of each target", err);
	for (uint32_t t = 0; t < list->n; t++) {
		struct doc number = {.kind = DOC_NUMBER};

		if (list->kind == DOC_NUMBERS)
			number.number = list->numbers[t];
		if (!expected_label(r, t, list->kind == DOC_NUMBERS ?
		    &number : at, err))
			return false;
		at = at != NULL ? at->next : NULL;
	}
	return true;
}

bool
expected_predict(struct expected_reader *r, const struct doc *d,
    struct err *err)
{
	if (d->kind == DOC_NULL) {
		r->e->refused[r->e->n - 1] = true;
		return true;
	}
	switch (model_targets(r->m)) {
	case 0:
		return set_numbers(r, d, err);
	case 1:
		return expected_label(r, 0, d, err);
	default:
		return set_labels(r, d, err);
	}
}
