/* SPDX-License-Identifier: ISC
 *
 * Recorded answers to classes and probabilities of one model. What a row
 * does not say stays unknown; what it says must fit the model.
 */
#include "cli/expected.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "cli/csv.h"
#include "cli/labels.h"
#include "cli/source.h"
#include "import/doc.h"

#define BYTES_MAX ((size_t)1 << 30)
enum { ROWS_MAX = 1 << 26 };

struct reader {
	const struct model *m;
	struct arena *mem;
	struct expected *e;
	size_t cap;
	const struct doc *classes; /* in the order of "proba", or NULL */
};

/* --- rows ---------------------------------------------------------------- */

/* Twice the room; the old blocks stay behind in the arena, less than the new
 * ones together. */
static bool
grow(struct reader *r, struct err *err)
{
	size_t cap = r->cap > 0 ? 2 * r->cap : 64;
	size_t outputs = model_outputs(r->m);
	struct expected *e = r->e, old = *e;

	if (cap > ROWS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "more than %d rows", ROWS_MAX);
	e->classes = ARENA_ARRAY(r->mem, cap, uint32_t);
	e->numbers = ARENA_ARRAY(r->mem, cap * outputs, double);
	e->refused = ARENA_ARRAY(r->mem, cap, bool);
	if (r->mem->over)
		return arena_err(r->mem, "the recorded answers", err);
	if (e->n > 0) {
		memcpy(e->classes, old.classes, e->n * sizeof(*e->classes));
		memcpy(e->numbers, old.numbers,
		    e->n * outputs * sizeof(*e->numbers));
		memcpy(e->refused, old.refused, e->n * sizeof(*e->refused));
	}
	r->cap = cap;
	return true;
}

/* A row that says nothing yet: its numbers. */
static bool
add_row(struct reader *r, double **numbers, struct err *err)
{
	size_t outputs = model_outputs(r->m);

	if (r->e->n == r->cap && !grow(r, err))
		return false;
	*numbers = r->e->numbers + r->e->n * outputs;
	for (size_t k = 0; k < outputs; k++)
		(*numbers)[k] = NAN;
	r->e->classes[r->e->n++] = EXPECTED_NONE;
	return true;
}

static bool
fail_row(const struct reader *r, const char *what, struct err *err)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "row %zu: %s", r->e->n,
	    what);
}

/* --- JSON ---------------------------------------------------------------- */

/* A regression's prediction: a number, or a list of as many as it has. */
static bool
set_numbers(struct reader *r, const struct doc *d, struct err *err)
{
	size_t n = model_outputs(r->m);
	double *numbers = r->e->numbers + (r->e->n - 1) * n;

	if (n == 1 && doc_number(d, numbers))
		return true;
	if (d->kind != DOC_NUMBERS || d->n != n)
		return fail_row(r, n == 1 ? "the prediction is no number" :
		    "the prediction is no list of as many numbers as the "
		    "model predicts", err);
	memcpy(numbers, d->numbers, n * sizeof(*numbers));
	return true;
}

/* The prediction of the last row: a label, or a regression's number. */
static bool
set_prediction(struct reader *r, const struct doc *d, struct err *err)
{
	size_t row = r->e->n - 1;
	char text[NUMBER_MAX];
	uint32_t *k = &r->e->classes[row];
	struct str label;

	if (d->kind == DOC_NULL) {
		r->e->refused[row] = true;
		return true;
	}
	if (model_classes(r->m) == 0)
		return set_numbers(r, d, err);
	if (d->kind == DOC_TEXT && labels_find(r->m, d->text, k))
		return true;
	if (d->kind == DOC_NUMBER && labels_find_number(r->m, d->number, k))
		return true;
	if (d->kind != DOC_TEXT && d->kind != DOC_NUMBER)
		return fail_row(r, "the prediction is no label", err);
	label = d->kind == DOC_TEXT ? d->text :
	    (struct str){text, number_format(d->number, text)};
	labels_refuse(r->m, "the prediction", label, err);
	return err_context(err, "row %zu", r->e->n);
}

/* {"No": 0.8, "Yes": 0.2} */
static bool
set_named(struct reader *r, const struct doc *map, double *numbers,
    struct err *err)
{
	uint32_t k;

	if (map->kind != DOC_OBJECT || !model_has_probabilities(r->m))
		return fail_row(r, map->kind != DOC_OBJECT ?
		    "the probabilities are no object" :
		    "probabilities, which the model has not", err);
	for (const struct doc *c = map->child; c != NULL; c = c->next) {
		if (!labels_find(r->m, c->key, &k)) {
			labels_refuse(r->m, "the probability of", c->key,
			    err);
			return err_context(err, "row %zu", r->e->n);
		}
		if (!doc_number(c, &numbers[k]))
			return fail_row(r, "a probability is no number",
			    err);
	}
	return true;
}

/* The class that place i of a list of probabilities is of. */
static bool
class_at(const struct reader *r, size_t i, uint32_t *ret)
{
	const struct doc *c = r->classes;

	*ret = (uint32_t)i;
	if (c == NULL)
		return true;
	if (c->kind == DOC_NUMBERS)
		return labels_find_number(r->m, c->numbers[i], ret);
	c = c->child;
	while (i-- > 0)
		c = c->next;
	return labels_find(r->m, doc_text(c), ret);
}

/* [0.8, 0.2], in the order of the classes. */
static bool
set_listed(struct reader *r, const struct doc *list, double *numbers,
    struct err *err)
{
	uint32_t k;

	if (!model_has_probabilities(r->m))
		return fail_row(r, "probabilities, which the model has not",
		    err);
	if (list->kind != DOC_NUMBERS || list->n != model_classes(r->m))
		return fail_row(r, "expected a list with the probability of "
		    "each class", err);
	for (size_t i = 0; i < list->n; i++) {
		if (!class_at(r, i, &k))
			return fail_row(r, "\"classes\" has other classes "
			    "than the model", err);
		numbers[k] = list->numbers[i];
	}
	return true;
}

/* As predict writes it and the service answers. */
static bool
add_object(struct reader *r, const struct doc *d, struct err *err)
{
	const struct doc *prediction = doc_get(d, "prediction");
	const struct doc *all = doc_get(d, "probabilities");
	const struct doc *one = doc_get(d, "probability");
	const struct doc *score = doc_get(d, "score");
	double *numbers;
	uint32_t k;

	if (!add_row(r, &numbers, err))
		return false;
	if (prediction == NULL && all == NULL)
		return fail_row(r, "neither a prediction nor probabilities",
		    err);
	if ((prediction != NULL && !set_prediction(r, prediction, err)) ||
	    (all != NULL && !set_named(r, all, numbers, err)))
		return false;
	k = r->e->classes[r->e->n - 1];
	if (one != NULL && k != EXPECTED_NONE &&
	    model_has_probabilities(r->m) && !doc_number(one, &numbers[k]))
		return fail_row(r, "the probability is no number", err);
	if (score != NULL && model_score_output(r->m) >= 0 &&
	    !doc_number(score, &numbers[model_score_output(r->m)]))
		return fail_row(r, "the score is no number", err);
	return true;
}

static bool
add_item(struct reader *r, const struct doc *d, struct err *err)
{
	double *numbers;

	if (d->kind == DOC_OBJECT)
		return add_object(r, d, err);
	if (!add_row(r, &numbers, err))
		return false;
	if ((d->kind == DOC_NUMBERS || d->kind == DOC_LIST) &&
	    model_classes(r->m) > 0)
		return set_listed(r, d, numbers, err);
	return set_prediction(r, d, err);
}

/* A list of numbers is of labels, or of a regression's, or, where they are
 * no labels, of the second class's probabilities, as boosters predict. */
static bool
add_numbers(struct reader *r, const struct doc *list, struct err *err)
{
	bool labels = true, shares = model_classes(r->m) == 2 &&
	    model_has_probabilities(r->m);
	double *numbers;
	uint32_t k;

	for (size_t i = 0; i < list->n; i++) {
		double v = list->numbers[i];

		labels = labels && labels_find_number(r->m, v, &k);
		shares = shares && v >= 0 && v <= 1;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct doc d = {.kind = DOC_NUMBER,
		    .number = list->numbers[i]};

		if (!add_row(r, &numbers, err))
			return false;
		if (labels || !shares) {
			if (!set_prediction(r, &d, err))
				return false;
			continue;
		}
		numbers[0] = 1 - d.number;
		numbers[1] = d.number;
	}
	return true;
}

static bool
add_list(struct reader *r, const struct doc *list, struct err *err)
{
	if (list->kind == DOC_NUMBERS)
		return add_numbers(r, list, err);
	if (list->kind != DOC_LIST)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "expected a list of answers");
	for (const struct doc *d = list->child; d != NULL; d = d->next)
		if (!add_item(r, d, err))
			return false;
	return true;
}

/* "predict" and "proba" beside each other. */
static bool
add_sides(struct reader *r, const struct doc *predict,
    const struct doc *proba, struct err *err)
{
	const struct doc *p = proba->kind == DOC_LIST ? proba->child : NULL;

	if (!add_list(r, predict, err))
		return false;
	for (size_t i = 0; i < r->e->n; i++, p = p->next) {
		struct reader at = *r;
		struct expected one = {.n = i + 1};

		at.e = &one; /* of messages: the row they name */
		if (p == NULL)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "\"proba\" has %zu rows, \"predict\" %zu", i,
			    r->e->n);
		if (p->kind != DOC_NULL && !set_listed(&at, p,
		    r->e->numbers + i * model_outputs(r->m), err))
			return false;
	}
	return true;
}

static bool
add_root(struct reader *r, const struct doc *root, struct err *err)
{
	const struct doc *predict = doc_get(root, "predict");
	const struct doc *proba = doc_get(root, "proba");
	const struct doc *list = doc_get(root, "predictions");

	r->classes = doc_get(root, "classes");
	if (r->classes != NULL && r->classes->n != model_classes(r->m))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "\"classes\" has %zu classes, the model %u",
		    r->classes->n, model_classes(r->m));
	if (predict != NULL && proba != NULL && proba->kind != DOC_NULL)
		return add_sides(r, predict, proba, err);
	if (predict != NULL || proba != NULL || list != NULL)
		return add_list(r, predict != NULL ? predict :
		    proba != NULL ? proba : list, err);
	return root->kind == DOC_OBJECT ? add_object(r, root, err) :
	    add_list(r, root, err);
}

/* Whether the first line is a whole value and others follow it. */
static bool
is_lines(struct str text, struct arena *mem)
{
	struct str rest = str_trim(text), line = str_cut(&rest, '\n');
	size_t mark = arena_mark(mem);
	struct doc *d;
	struct err err;
	bool whole = rest.n > 0 && line.n > 0 && line.p[0] == '{' &&
	    doc_read_json(line, mem, &d, &err);

	arena_release(mem, mark);
	return whole;
}

static bool
add_lines(struct reader *r, struct str text, struct err *err)
{
	struct str rest = text;
	struct doc *d;

	while (rest.n > 0) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (line.n == 0)
			continue;
		if (!doc_read_json(line, r->mem, &d, err))
			return err_context(err, "row %zu", r->e->n + 1);
		if (!add_item(r, d, err))
			return false;
	}
	return true;
}

bool
expected_parse(struct str json, const struct model *m, struct arena *mem,
    struct expected *ret, struct err *err)
{
	struct reader r = {.m = m, .mem = mem, .e = ret};
	struct doc *root;

	*ret = (struct expected){0};
	if (is_lines(json, mem))
		return add_lines(&r, json, err);
	return doc_read_json(json, mem, &root, err) &&
	    add_root(&r, root, err);
}

/* --- CSV ----------------------------------------------------------------- */

enum { CELL_IGNORED = -1, CELL_PREDICTION = -2 };

/* Which output a column of that name is, or one of the above. */
static int64_t
find_cell(const struct model *m, struct str name)
{
	static const struct str one = {"prediction", 10};
	static const struct str many = {"prediction_", 11};
	static const struct str prefix = {"probability_", 12};
	uint64_t number;
	uint32_t k;

	if (str_eq(name, one))
		return CELL_PREDICTION;
	if (str_eq(name, STR("score")) && model_score_output(m) >= 0)
		return model_score_output(m);
	if (model_classes(m) == 0 && str_has_prefix(name, many) &&
	    number_parse_u64((struct str){name.p + many.n,
	    name.n - many.n}, &number) && number < model_outputs(m))
		return (int64_t)number;
	if (str_has_prefix(name, prefix))
		name = (struct str){name.p + prefix.n, name.n - prefix.n};
	return model_has_probabilities(m) && labels_find(m, name, &k) ?
	    (int64_t)k : CELL_IGNORED;
}

static bool
read_header(struct reader *r, const struct csv *csv, int64_t *cells,
    struct err *err)
{
	bool some = false;

	for (size_t i = 0; i < csv->n; i++) {
		cells[i] = find_cell(r->m, csv->cells[i]);
		some = some || cells[i] != CELL_IGNORED;
	}
	return some || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "no column is called prediction, or as a class of the model");
}

static bool
add_record(struct reader *r, const struct csv *csv, const int64_t *cells,
    size_t n, struct err *err)
{
	double *numbers;

	if (!add_row(r, &numbers, err))
		return false;
	if (csv->n != n)
		return fail_row(r, "it has not as many cells as the header",
		    err);
	for (size_t i = 0; i < n; i++) {
		struct str cell = csv->cells[i];
		struct doc d = {.kind = DOC_TEXT, .text = cell};

		if (cells[i] == CELL_PREDICTION) {
			if (cell.n == 0)
				d.kind = DOC_NULL;
			if (!set_prediction(r, &d, err))
				return false;
		} else if (cells[i] >= 0 && cell.n > 0 &&
		    !number_parse(str_trim(cell), &numbers[cells[i]])) {
			return fail_row(r, "a cell is no number", err);
		}
	}
	return true;
}

static bool
read_csv(struct reader *r, struct source *in, struct err *err)
{
	struct csv csv;
	int64_t *cells;
	size_t n;

	if (!csv_init(&csv, in, r->mem, err))
		return false;
	if (csv_next(&csv, err) != CSV_RECORD)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the first line must name the columns");
	n = csv.n;
	cells = ARENA_ARRAY(r->mem, n, int64_t);
	if (cells == NULL)
		return arena_err(r->mem, "the recorded answers", err);
	if (!read_header(r, &csv, cells, err))
		return false;
	for (;;) {
		switch (csv_next(&csv, err)) {
		case CSV_RECORD:
			if (!add_record(r, &csv, cells, n, err))
				return false;
			break;
		case CSV_END:
			return true;
		case CSV_BAD:
		case CSV_FAILED:
			return err_context(err, "row %zu", r->e->n + 1);
		}
	}
}

/* --- files --------------------------------------------------------------- */

static bool
is_json(struct str text)
{
	struct str bare = str_trim(text);

	return bare.n > 0 && (bare.p[0] == '[' || bare.p[0] == '{');
}

bool
expected_read(const char *path, const struct model *m, struct arena *mem,
    struct expected *ret, struct err *err)
{
	struct reader r = {.m = m, .mem = mem, .e = ret};
	struct file_map map;
	struct source in;
	struct str text;
	bool ok;

	*ret = (struct expected){0};
	if (!file_map(path, BYTES_MAX, &map, err))
		return false;
	text = (struct str){map.p, map.n};
	if (str_has_prefix(text, STR("\xef\xbb\xbf")))
		text = (struct str){text.p + 3, text.n - 3};
	if (is_json(text)) {
		ok = expected_parse(text, m, mem, ret, err);
	} else if ((ok = source_open(path, mem, &in, err))) {
		ok = read_csv(&r, &in, err);
		source_close(&in);
	}
	file_unmap(&map);
	return ok || err_context(err, "%s", path);
}
