/* SPDX-License-Identifier: ISC
 *
 * What reference data says about a model: the figures that a running service
 * is held against. Any wrong row ends it: figures from part of the data would
 * be called figures of all.
 */
#include "cli/reference.h"

#include <math.h>
#include <string.h>

#include "cli/batch.h"
#include "cli/labels.h"
#include "cli/rows.h"
#include "model/model.h"
#include "monitor/performance.h"
#include "score/score.h"

#define MEMORY ((size_t)16 << 30) /* address space; rows are what is used */
enum { ROWS_MAX = 1 << 26 };

struct reference {
	const struct model *model;
	struct arena mem;
	struct rows rows;
	struct batch batch;
	struct str origin;   /* for those who ask */
	double *low, *high;  /* of each column */
	double *out;         /* n * model_classes: the first outputs */
	uint32_t *labels, *predicted;
	size_t n, cap;
	bool labelled;
};

static void
widen(struct reference *r, const double *cells)
{
	for (uint32_t i = 0; i < model_inputs(r->model); i++) {
		/* NaN is less and greater than nothing. */
		if (cells[i] < r->low[i])
			r->low[i] = cells[i];
		if (cells[i] > r->high[i])
			r->high[i] = cells[i];
	}
}

/* Twice the room; the old blocks stay behind in the arena, less than the new
 * ones together. */
static bool
grow(struct reference *r, struct err *err)
{
	size_t cap = r->cap > 0 ? 2 * r->cap : 1 << 14;
	size_t outputs = model_classes(r->model);
	double *out = ARENA_ARRAY(&r->mem, cap * outputs, double);
	uint32_t *labels = ARENA_ARRAY(&r->mem, cap, uint32_t);
	uint32_t *predicted = ARENA_ARRAY(&r->mem, cap, uint32_t);

	if (r->mem.over || cap > ROWS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "more than %zu rows", r->cap);
	if (r->n > 0) {
		memcpy(out, r->out, r->n * outputs * sizeof(*out));
		memcpy(labels, r->labels, r->n * sizeof(*labels));
		memcpy(predicted, r->predicted, r->n * sizeof(*predicted));
	}
	r->out = out;
	r->labels = labels;
	r->predicted = predicted;
	r->cap = cap;
	return true;
}

static bool
add_row(struct reference *r, const struct batch_row *row, struct err *err)
{
	size_t outputs = model_classes(r->model);

	if (row->reason != NULL)
		return err_set(err, ERR_INPUT, ERR_NOWHERE, "%s",
		    row->reason);
	widen(r, row->cells);
	if (r->labelled) {
		if (r->n == r->cap && !grow(r, err))
			return false;
		if (!labels_find(r->model, 0, row->extra, &r->labels[r->n]))
			return labels_refuse(r->model, 0, "the target",
			    row->extra, err);
		r->predicted[r->n] = score_class(r->model, 0, row->out);
		memcpy(r->out + r->n * outputs, row->out,
		    outputs * sizeof(*r->out));
	}
	r->n++;
	return true;
}

static bool
read_rows(struct reference *r, struct err *err)
{
	do {
		if (!batch_next(&r->batch, &r->rows, err))
			return false;
		for (size_t i = 0; i < r->batch.n; i++) {
			if (!add_row(r, &r->batch.rows[i], err))
				return err_context(err, "%s: row %llu",
				    r->rows.in.name, (unsigned long long)
				    r->batch.rows[i].number);
		}
	} while (r->batch.n > 0);
	return r->n > 0 || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s has no rows", r->rows.in.name);
}

/* The range is the reference's where nobody else has said one. */
static bool
note_origin(const struct reference *r, uint32_t column,
    struct model_build *build, struct err *err)
{
	struct model_field f;

	model_field(r->model, column, &f);
	return f.has_range || r->origin.n == 0 || r->low[column] >
	    r->high[column] || model_build_origin(build, column, LINE_RANGE,
	    r->origin, err);
}

static bool
note(struct reference *r, struct model_build *build, struct err *err)
{
	struct performance p;

	model_build_figure(build, FIGURE_REFERENCE_ROWS, (double)r->n);
	for (uint32_t i = 0; i < model_inputs(r->model); i++) {
		if (r->rows.kinds[i] != MODEL_NUMBER)
			continue;
		model_build_range(build, i, r->low[i], r->high[i]);
		if (!note_origin(r, i, build, err))
			return false;
	}
	if (!r->labelled)
		return true;
	if (!performance_measure(model_has_probabilities(r->model) ? r->out :
	    NULL, r->labels, r->predicted, r->n,
	    model_classes(r->model), &r->mem, &p, err))
		return false;
	model_build_figure(build, FIGURE_REF_ACCURACY, p.accuracy);
	model_build_figure(build, FIGURE_REF_PRECISION, p.precision);
	model_build_figure(build, FIGURE_REF_RECALL, p.recall);
	model_build_figure(build, FIGURE_REF_F1, p.f1);
	model_build_figure(build, FIGURE_REF_ROC_AUC, p.roc_auc);
	model_build_figure(build, FIGURE_REF_BRIER, p.brier);
	model_build_figure(build, FIGURE_REF_LOG_LOSS, p.log_loss);
	model_build_figure(build, FIGURE_REF_ECE, p.ece);
	return true;
}

static bool
run(struct reference *r, const char *path, const char *target,
    struct model_build *build, struct err *err)
{
	uint32_t n = model_inputs(r->model);
	bool ok;

	r->labelled = target != NULL;
	if (r->labelled && model_task(r->model) == MODEL_REGRESSION)
		return err_set(err, ERR_MODEL, ERR_NOWHERE, "the model answers"
		    " with a number: leave --target out, the measures are"
		    " those of classes");
	if (r->labelled && model_classes(r->model) < 2)
		return err_set(err, ERR_MODEL, ERR_NOWHERE, "the model knows"
		    " one class only: leave --target out, there is nothing"
		    " to measure");
	if (r->labelled && model_targets(r->model) > 1)
		return err_set(err, ERR_MODEL, ERR_NOWHERE, "the model predicts"
		    " %u targets, --target names one column: leave it out, the"
		    " ranges are noted without it",
		    model_targets(r->model));
	r->low = ARENA_ARRAY(&r->mem, n, double);
	r->high = ARENA_ARRAY(&r->mem, n, double);
	if (r->mem.over)
		return arena_err(&r->mem, "the reference", err);
	for (uint32_t i = 0; i < n; i++) {
		r->low[i] = INFINITY;
		r->high[i] = -INFINITY;
	}
	if (!rows_open(path, r->model, target, &r->mem, &r->rows, err))
		return false;
	if (!batch_init(&r->batch, r->model, &r->mem, err)) {
		rows_close(&r->rows);
		return false;
	}
	ok = read_rows(r, err) && note(r, build, err);
	batch_done(&r->batch);
	rows_close(&r->rows);
	return ok;
}

/* Columns of numbers in which the reference has booleans take them. *ret is
 * the model of the build from then on. */
static bool
note_booleans(const char *path, struct model_build *build, struct arena *mem,
    const struct seen **seen, struct model **ret, struct err *err)
{
	struct model_field f;
	struct str image;
	bool some = false;

	if (!model_image(build, &image, err) ||
	    !model_open_bytes(image, ret, err))
		return false;
	if (!seen_read(path, *ret, mem, seen, err)) {
		model_close(*ret);
		return false;
	}
	for (uint32_t i = 0; *seen != NULL && i < model_inputs(*ret); i++) {
		model_field(*ret, i, &f);
		if ((*seen)[i].booleans == 0 || f.booleans || f.unused ||
		    f.kind == MODEL_TEXT)
			continue;
		if (!str_eq(model_build_origin_of(build, i, LINE_BOOLEANS),
			STR("default rule")))
			continue; /* the schema has said no */
		model_build_booleans(build, i);
		some = true;
		if (!model_build_origin(build, i, LINE_BOOLEANS,
			(*seen)[i].origin, err)) {
			model_close(*ret);
			return false;
		}
	}
	if (!some)
		return true;
	model_close(*ret);
	return model_image(build, &image, err) &&
	    model_open_bytes(image, ret, err);
}

bool
reference_note(const char *path, const char *target,
    struct model_build *build, struct arena *mem, const struct seen **seen,
    struct err *err)
{
	struct reference r;
	struct model *m;
	bool ok;

	if (!note_booleans(path, build, mem, seen, &m, err))
		return false;
	r = (struct reference){.model = m};
	if (*seen != NULL && model_inputs(m) > 0)
		r.origin = (*seen)[0].origin;
	ok = arena_init(&r.mem, MEMORY, err) &&
	    run(&r, path, target, build, err);
	arena_done(&r.mem);
	model_close(m);
	return ok;
}
