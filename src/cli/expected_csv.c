/* SPDX-License-Identifier: ISC
 *
 * Recorded answers as CSV: a column of predictions, one a class, or both.
 */
#include "cli/expected_rows.h"

#include <string.h>

#include "base/number.h"
#include "cli/csv.h"
#include "cli/labels.h"

enum { CELL_IGNORED = -1, CELL_PREDICTION = -2 }; /* and less: of target
						    * CELL_PREDICTION - it */

/* Whether a column of that name is one of the target. */
static bool
find_of_target(const struct model *m, uint32_t target, struct str name,
    int64_t *ret)
{
	char column[LABELS_COLUMN_MAX];
	struct model_target t;
	struct str prefix;
	uint32_t k;

	labels_prediction(m, target, column);
	*ret = CELL_PREDICTION - (int64_t)target;
	if (str_eq(name, str_of(column)))
		return true;
	labels_probability(m, target, column);
	prefix = str_of(column);
	if (str_has_prefix(name, prefix))
		name = (struct str){name.p + prefix.n, name.n - prefix.n};
	else if (model_targets(m) > 1)
		return false;
	if (!model_has_probabilities(m) || !labels_find(m, target, name, &k))
		return false;
	model_target_at(m, target, &t);
	*ret = t.output + (k - t.class_);
	return true;
}

/* Which output a column of that name is, or one of the above. */
static int64_t
find_cell(const struct model *m, struct str name)
{
	static const struct str one = {"prediction", 10};
	static const struct str many = {"prediction_", 11};
	uint64_t number;
	int64_t cell;

	if (model_targets(m) == 0 && str_eq(name, one))
		return CELL_PREDICTION;
	if (str_eq(name, STR("score")) && model_score_output(m) >= 0)
		return model_score_output(m);
	if (model_targets(m) == 0 && str_has_prefix(name, many) &&
	    number_parse_u64((struct str){name.p + many.n,
	    name.n - many.n}, &number) && number < model_outputs(m))
		return (int64_t)number;
	for (uint32_t t = 0; t < model_targets(m); t++)
		if (find_of_target(m, t, name, &cell))
			return cell;
	return CELL_IGNORED;
}

static bool
read_header(struct expected_reader *r, const struct csv *csv, int64_t *cells,
    struct err *err)
{
	bool some = false;

	for (size_t i = 0; i < csv->n; i++) {
		cells[i] = find_cell(r->m, csv->cells[i]);
		some = some || cells[i] != CELL_IGNORED;
	}
	return some || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    model_targets(r->m) > 1 ?
	    "no column is called prediction_ and as a target of the model" :
	    "no column is called prediction, or as a class of the model");
}

static bool
add_record(struct expected_reader *r, const struct csv *csv,
    const int64_t *cells, size_t n, struct err *err)
{
	double *numbers;

	if (!expected_add(r, &numbers, err))
		return false;
	if (csv->n != n)
		return expected_fail(r, "it has not as many cells as the header",
		    err);
	for (size_t i = 0; i < n; i++) {
		struct str cell = csv->cells[i];
		struct doc d = {.kind = DOC_TEXT, .text = cell};

		if (cells[i] <= CELL_PREDICTION) {
			uint32_t target =
			    (uint32_t)(CELL_PREDICTION - cells[i]);

			if (cell.n == 0)
				d.kind = DOC_NULL;
			if (!(model_targets(r->m) == 0 ?
			    expected_predict(r, &d, err) :
			    expected_label(r, target, &d, err)))
				return false;
		} else if (cells[i] >= 0 && cell.n > 0 &&
		    !number_parse(str_trim(cell), &numbers[cells[i]])) {
			return expected_fail(r, "a cell is no number", err);
		}
	}
	return true;
}

bool
expected_read_csv(struct expected_reader *r, struct source *in, struct err *err)
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
