/* SPDX-License-Identifier: ISC
 *
 * Recorded answers to classes and probabilities of one model: the forms that
 * JSON has for them, and which form a file is in.
 */
#include "cli/expected.h"

#include <string.h>

#include "base/file.h"
#include "cli/expected_rows.h"
#include "cli/labels.h"
#include "cli/source.h"
#include "import/doc.h"

#define BYTES_MAX ((size_t)1 << 30)

/* --- JSON ---------------------------------------------------------------- */

/* {"No": 0.8, "Yes": 0.2} of one target, whose first output is numbers[0] */
static bool
set_named(struct expected_reader *r, uint32_t target, const struct doc *map,
    double *numbers, struct err *err)
{
	struct model_target t;
	uint32_t k;

	model_target_at(r->m, target, &t);
	if (map->kind != DOC_OBJECT || !model_has_probabilities(r->m))
		return expected_fail(r, map->kind != DOC_OBJECT ?
		    "the probabilities are no object" :
		    "probabilities, which the model has not", err);
	for (const struct doc *c = map->child; c != NULL; c = c->next) {
		if (!labels_find(r->m, target, c->key, &k)) {
			labels_refuse(r->m, target, "the probability of",
			    c->key, err);
			return err_context(err, "row %zu", r->e->n);
		}
		if (!doc_number(c, &numbers[t.output + k - t.class_]))
			return expected_fail(r, "a probability is no number",
			    err);
	}
	return true;
}

/* The same, and of several targets by their names. */
static bool
set_all_named(struct expected_reader *r, const struct doc *map,
    double *numbers, struct err *err)
{
	uint32_t n = model_targets(r->m), i;
	struct model_target t;

	if (n == 0)
		return expected_fail(r, "probabilities, which the model has "
		    "not", err);
	if (n == 1)
		return set_named(r, 0, map, numbers, err);
	for (const struct doc *c = map->child; c != NULL; c = c->next) {
		for (i = 0; i < n; i++) {
			model_target_at(r->m, i, &t);
			if (str_eq(t.name, c->key))
				break;
		}
		if (i == n)
			return expected_fail(r, "probabilities of a target "
			    "that the model has not", err);
		if (!set_named(r, i, c, numbers, err))
			return false;
	}
	return true;
}

/* The class that place i of a list of probabilities is of. */
static bool
class_at(const struct expected_reader *r, size_t i, uint32_t *ret)
{
	const struct doc *c = r->classes;

	*ret = (uint32_t)i;
	if (c == NULL)
		return true;
	if (c->kind == DOC_NUMBERS)
		return labels_find_number(r->m, 0, c->numbers[i], ret);
	c = c->child;
	while (i-- > 0)
		c = c->next;
	return labels_find(r->m, 0, doc_text(c), ret);
}

/* [0.8, 0.2], in the order of the target's classes. */
static bool
set_listed(struct expected_reader *r, uint32_t target, const struct doc *list,
    double *numbers, struct err *err)
{
	struct model_target t = {0};
	uint32_t k;

	if (model_targets(r->m) > 0)
		model_target_at(r->m, target, &t);

	if (!model_has_probabilities(r->m))
		return expected_fail(r, "probabilities, which the model has not",
		    err);
	if (list->kind != DOC_NUMBERS || list->n != t.classes)
		return expected_fail(r, "expected a list with the probability of "
		    "each class", err);
	for (size_t i = 0; i < list->n; i++) {
		if (!class_at(r, i, &k))
			return expected_fail(r, "\"classes\" has other classes "
			    "than the model", err);
		numbers[t.output + k] = list->numbers[i];
	}
	return true;
}

/* The probabilities of the second class of each of several targets, as
 * libraries give them where all have two. */
static bool
set_seconds(struct expected_reader *r, const struct doc *list,
    double *numbers, struct err *err)
{
	struct model_target t;

	for (uint32_t i = 0; i < model_targets(r->m); i++) {
		model_target_at(r->m, i, &t);
		if (list->n != model_targets(r->m) || t.classes != 2 ||
		    !model_has_probabilities(r->m))
			return expected_fail(r, "expected a list with the "
			    "probabilities of each target", err);
		numbers[t.output + 1] = list->numbers[i];
	}
	return true;
}

/* The same of a row, and of several targets a list of lists. */
static bool
set_all_listed(struct expected_reader *r, const struct doc *list,
    double *numbers, struct err *err)
{
	const struct doc *c = list->child;

	if (model_targets(r->m) <= 1)
		return set_listed(r, 0, list, numbers, err);
	if (list->kind == DOC_NUMBERS)
		return set_seconds(r, list, numbers, err);
	if (list->kind != DOC_LIST || list->n != model_targets(r->m))
		return expected_fail(r, "expected a list with the "
		    "probabilities of each target", err);
	for (uint32_t t = 0; t < list->n; t++, c = c->next)
		if (!set_listed(r, t, c, numbers, err))
			return false;
	return true;
}

/* The probabilities of the classes that are predicted: one, or a list. */
static bool
set_probability(struct expected_reader *r, const struct doc *d,
    double *numbers, struct err *err)
{
	uint32_t n = model_targets(r->m);
	const uint32_t *classes = r->e->classes + (r->e->n - 1) * n;
	struct model_target t;

	if (n > 1 && (d->kind != DOC_NUMBERS || d->n != n))
		return expected_fail(r, "the probability is no list with one "
		    "of each target", err);
	for (uint32_t i = 0; i < n; i++) {
		double p;

		model_target_at(r->m, i, &t);
		if (n == 1 && !doc_number(d, &p))
			return expected_fail(r, "the probability is no number",
			    err);
		if (classes[i] != EXPECTED_NONE)
			numbers[t.output + classes[i] - t.class_] = n == 1 ?
			    p : d->numbers[i];
	}
	return true;
}

/* As predict writes it and the service answers. */
static bool
add_object(struct expected_reader *r, const struct doc *d, struct err *err)
{
	const struct doc *prediction = doc_get(d, "prediction");
	const struct doc *all = doc_get(d, "probabilities");
	const struct doc *one = doc_get(d, "probability");
	const struct doc *score = doc_get(d, "score");
	double *numbers;

	if (!expected_add(r, &numbers, err))
		return false;
	if (prediction == NULL && all == NULL)
		return expected_fail(r, "neither a prediction nor probabilities",
		    err);
	if ((prediction != NULL && !expected_predict(r, prediction, err)) ||
	    (all != NULL && !set_all_named(r, all, numbers, err)))
		return false;
	if (one != NULL && model_has_probabilities(r->m) &&
	    !set_probability(r, one, numbers, err))
		return false;
	if (score != NULL && model_score_output(r->m) >= 0 &&
	    !doc_number(score, &numbers[model_score_output(r->m)]))
		return expected_fail(r, "the score is no number", err);
	return true;
}

/* Whether a list has a label of each of several targets, rather than their
 * probabilities. */
static bool
is_labels(const struct expected_reader *r, const struct doc *list)
{
	const struct doc *c = list->child;
	uint32_t n = model_targets(r->m), k;
	bool labels = n > 1 && list->n == n;

	for (uint32_t t = 0; labels && t < n; t++) {
		if (list->kind == DOC_NUMBERS)
			labels = labels_find_number(r->m, t,
			    list->numbers[t], &k);
		else
			labels = c->kind == DOC_TEXT || c->kind == DOC_NUMBER;
		c = c != NULL ? c->next : NULL;
	}
	return labels;
}

static bool
add_item(struct expected_reader *r, const struct doc *d, struct err *err)
{
	double *numbers;

	if (d->kind == DOC_OBJECT)
		return add_object(r, d, err);
	if (!expected_add(r, &numbers, err))
		return false;
	if ((d->kind == DOC_NUMBERS || d->kind == DOC_LIST) &&
	    model_targets(r->m) > 0 && !is_labels(r, d))
		return set_all_listed(r, d, numbers, err);
	return expected_predict(r, d, err);
}

/* A list of numbers is of labels, or of a regression's, or, where they are
 * no labels, of the second class's probabilities, as boosters predict. */
static bool
add_numbers(struct expected_reader *r, const struct doc *list, struct err *err)
{
	bool one = model_targets(r->m) == 1, labels = true;
	bool shares = one && model_classes(r->m) == 2 &&
	    model_has_probabilities(r->m);
	double *numbers;
	uint32_t k;

	for (size_t i = 0; i < list->n; i++) {
		double v = list->numbers[i];

		labels = labels && one &&
		    labels_find_number(r->m, 0, v, &k);
		shares = shares && v >= 0 && v <= 1;
	}
	for (size_t i = 0; i < list->n; i++) {
		const struct doc d = {.kind = DOC_NUMBER,
		    .number = list->numbers[i]};

		if (!expected_add(r, &numbers, err))
			return false;
		if (labels || !shares) {
			if (!expected_predict(r, &d, err))
				return false;
			continue;
		}
		numbers[0] = 1 - d.number;
		numbers[1] = d.number;
	}
	return true;
}

static bool
add_list(struct expected_reader *r, const struct doc *list, struct err *err)
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

/* "proba" as the libraries give it of several targets: a list each, with the
 * probabilities of every row. */
static bool
add_by_target(struct expected_reader *r, const struct doc *proba,
    struct err *err)
{
	const struct doc *c = proba->child;

	for (uint32_t t = 0; c != NULL; c = c->next, t++) {
		const struct doc *row = c->child;

		if (c->kind != DOC_LIST || c->n != r->e->n)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "\"proba\" of target %u has not as many rows as "
			    "\"predict\"", t);
		for (size_t i = 0; i < r->e->n; i++, row = row->next) {
			struct expected_reader at = *r;
			struct expected one = {.n = i + 1};

			at.e = &one; /* of messages: the row they name */
			if (row->kind != DOC_NULL && !set_listed(&at, t, row,
			    r->e->numbers + i * model_outputs(r->m), err))
				return false;
		}
	}
	return true;
}

/* "predict" and "proba" beside each other. */
static bool
add_sides(struct expected_reader *r, const struct doc *predict,
    const struct doc *proba, struct err *err)
{
	const struct doc *p = proba->kind == DOC_LIST ? proba->child : NULL;

	if (!add_list(r, predict, err))
		return false;
	if (model_targets(r->m) > 1 && proba->n == model_targets(r->m) &&
	    proba->n != r->e->n)
		return add_by_target(r, proba, err);
	for (size_t i = 0; i < r->e->n; i++, p = p->next) {
		struct expected_reader at = *r;
		struct expected one = {.n = i + 1};

		at.e = &one; /* of messages: the row they name */
		if (p == NULL)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "\"proba\" has %zu rows, \"predict\" %zu", i,
			    r->e->n);
		if (p->kind != DOC_NULL && !set_all_listed(&at, p,
		    r->e->numbers + i * model_outputs(r->m), err))
			return false;
	}
	return true;
}

static bool
add_root(struct expected_reader *r, const struct doc *root, struct err *err)
{
	const struct doc *predict = doc_get(root, "predict");
	const struct doc *proba = doc_get(root, "proba");
	const struct doc *list = doc_get(root, "predictions");

	r->classes = doc_get(root, "classes");
	if (r->classes != NULL && model_targets(r->m) > 1)
		return err_set(err, ERR_INPUT, ERR_NOWHERE, "\"classes\" of "
		    "several targets are not read: leave them out where they "
		    "are in the order of the model");
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
add_lines(struct expected_reader *r, struct str text, struct err *err)
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
	struct expected_reader r = {.m = m, .mem = mem, .e = ret};
	struct doc *root;

	*ret = (struct expected){0};
	if (is_lines(json, mem))
		return add_lines(&r, json, err);
	return doc_read_json(json, mem, &root, err) &&
	    add_root(&r, root, err);
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
	struct expected_reader r = {.m = m, .mem = mem, .e = ret};
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
		ok = expected_read_csv(&r, &in, err);
		source_close(&in);
	}
	file_unmap(&map);
	return ok || err_context(err, "%s", path);
}
