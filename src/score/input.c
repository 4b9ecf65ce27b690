/* SPDX-License-Identifier: ISC
 *
 * A client's values to cells. Good rows pass in one loop; only when a value
 * does not fit is the row gone through again, to find the complaint that
 * comes first in the order promised to clients.
 */
#include "score/input.h"

#include <assert.h>
#include <math.h>

#include "base/buf.h"
#include "model/model_build.h"
#include "model/model_pick.h"
#include "model/model_view.h"

enum outcome { FITS, WRONG_MISSING, WRONG_TYPE, WRONG_VALUE };

static double
default_cell(const struct image_input *in)
{
	return in->flags & INPUT_DEFAULT ? in->default_cell : NAN;
}

static enum outcome
null_cell(const struct image_input *in, double *cell)
{
	switch ((enum model_null)in->null) {
	case NULL_MISSING:
		*cell = NAN;
		return FITS;
	case NULL_DEFAULT:
		*cell = default_cell(in);
		return FITS;
	case NULL_REFUSE:
		break;
	}
	return WRONG_TYPE;
}

/* An integer that stands for something else. */
static bool
is_alias(const struct model *m, uint32_t column, double number, double *cell)
{
	return m->inputs[column].aliases > 0 && fabs(number) < 0x1p63 &&
	    model_find_integer_alias(m, column, (int64_t)number, cell);
}

static enum outcome
number_cell(const struct model *m, uint32_t column, const struct raw *raw,
    double *cell)
{
	switch (raw->kind) {
	case RAW_INTEGER:
		if (is_alias(m, column, raw->number, cell))
			return FITS;
		/* FALLTHROUGH */
	case RAW_FLOAT:
		*cell = raw->number;
		if (!isfinite(raw->number))
			return WRONG_VALUE;
		/* 12.0 is a whole number, however it is written. */
		return m->inputs[column].flags & INPUT_INTEGER &&
		    raw->number != trunc(raw->number) ? WRONG_TYPE : FITS;
	case RAW_TEXT:
		return model_find_text_alias(m, column, raw->text, cell) ?
		    FITS : WRONG_TYPE;
	case RAW_BOOL:
		*cell = raw->number;
		return m->inputs[column].flags & INPUT_BOOLEANS ? FITS :
		    WRONG_TYPE;
	default:
		return WRONG_TYPE;
	}
}

static enum outcome
text_cell(const struct model *m, uint32_t column, const struct raw *raw,
    double *cell)
{
	bool refused;

	switch (raw->kind) {
	case RAW_TEXT:
		*cell = model_find_code(m, column, raw->text, &refused);
		return refused ? WRONG_VALUE : FITS;
	case RAW_INTEGER:
		return is_alias(m, column, raw->number, cell) ? FITS :
		    WRONG_TYPE;
	default:
		return WRONG_TYPE;
	}
}

/* What no step reads may be anything. */
static double
unused_cell(const struct raw *raw)
{
	bool number = raw->kind == RAW_INTEGER || raw->kind == RAW_FLOAT;

	return number && isfinite(raw->number) ? raw->number : NAN;
}

static enum outcome
to_cell(const struct model *m, uint32_t column, const struct raw *raw,
    double *cell)
{
	const struct image_input *in = &m->inputs[column];

	if (in->flags & INPUT_UNUSED) {
		*cell = unused_cell(raw);
		return FITS;
	}
	if (raw->kind == RAW_ABSENT) {
		*cell = default_cell(in);
		return in->flags & INPUT_REQUIRED ? WRONG_MISSING : FITS;
	}
	if (raw->kind == RAW_NULL)
		return null_cell(in, cell);
	return in->kind == MODEL_TEXT ? text_cell(m, column, raw, cell) :
	    number_cell(m, column, raw, cell);
}

/* --- sentences ----------------------------------------------------------- */

static const char *
type_word(enum raw_kind kind)
{
	static const char *const words[] = {
	    [RAW_ABSENT] = "nothing",
	    [RAW_NULL] = "NoneType",
	    [RAW_BOOL] = "bool",
	    [RAW_INTEGER] = "int",
	    [RAW_FLOAT] = "float",
	    [RAW_TEXT] = "str",
	    [RAW_LIST] = "list",
	    [RAW_OBJECT] = "dict",
	};

	return words[kind];
}

/* All of what is missing, in schema order; as much as a sentence holds. */
static bool
say_missing(const struct model *m, const struct raw *raw, uint32_t first,
    struct err *err)
{
	char text[sizeof(err->text) - 32];
	struct buf list;
	bool more = false;

	buf_init(&list, text, sizeof(text));
	for (uint32_t i = 0; i < m->n_inputs; i++) {
		uint32_t column = m->order[i];
		struct str name = model_text(m, m->inputs[column].name);

		if (raw[column].kind != RAW_ABSENT ||
		    !(m->inputs[column].flags & INPUT_REQUIRED))
			continue;
		if (name.n + 8 > list.cap - list.n) {
			more = true;
			break;
		}
		if (list.n > 0)
			buf_text(&list, ", ");
		buf_str(&list, name);
	}
	return err_set(err, ERR_INPUT, first,
	    "Missing required features: %.*s%s", STR_ARG(buf_view(&list)),
	    more ? ", ..." : "");
}

static bool
say_value(const struct model *m, uint32_t column, struct err *err)
{
	const struct image_input *in = &m->inputs[column];
	char text[sizeof(err->text) / 2];
	struct buf list;

	if (in->kind == MODEL_NUMBER)
		return err_set(err, ERR_INPUT, column,
		    "Invalid value for %.*s: expected a finite number",
		    STR_ARG(model_text(m, in->name)));
	buf_init(&list, text, sizeof(text));
	for (uint32_t c = 0; c < in->categories; c++) {
		struct str category = model_category(m, column, c);

		if (c > 0)
			buf_text(&list, ", ");
		if (category.n + 8 > list.cap - list.n) {
			buf_text(&list, "...");
			break;
		}
		buf_str(&list, category);
	}
	return err_set(err, ERR_INPUT, column,
	    "Invalid value for %.*s: expected one of %.*s",
	    STR_ARG(model_text(m, in->name)), STR_ARG(buf_view(&list)));
}

static bool
say_type(const struct model *m, uint32_t column, const struct raw *raw,
    struct err *err)
{
	const struct image_input *in = &m->inputs[column];
	bool booleans = in->flags & INPUT_BOOLEANS;
	const char *wanted = in->kind == MODEL_TEXT ? "str" :
	    in->flags & INPUT_INTEGER ? (booleans ? "bool or int" : "int") :
	    booleans ? "bool, int or float" : "int or float";

	return err_set(err, ERR_INPUT, column,
	    "Invalid type for %.*s: expected %s, got %s",
	    STR_ARG(model_text(m, in->name)), wanted,
	    raw->kind == RAW_NULL && raw->text.p != NULL ? "an empty cell" :
	    type_word(raw->kind));
}

/* Something is wrong with the row: what comes first? */
static bool
complain(const struct model *m, const struct raw *raw, struct err *err)
{
	enum model_kind kinds[] = {MODEL_NUMBER, MODEL_TEXT};
	double cell;

	for (uint32_t i = 0; i < m->n_inputs; i++) {
		uint32_t column = m->order[i];

		if (to_cell(m, column, &raw[column], &cell) == WRONG_MISSING)
			return say_missing(m, raw, column, err);
	}
	for (size_t k = 0; k < countof(kinds); k++)
		for (uint32_t i = 0; i < m->n_inputs; i++) {
			uint32_t column = m->order[i];
			enum outcome outcome;

			if (m->inputs[column].kind != kinds[k])
				continue;
			outcome = to_cell(m, column, &raw[column], &cell);
			if (outcome == WRONG_TYPE)
				return say_type(m, column, &raw[column], err);
			if (outcome == WRONG_VALUE)
				return say_value(m, column, err);
		}
	assert(!"a row is refused for a reason");
	return false;
}

bool
input_row(const struct model *m, const struct raw *raw, double *cells,
    uint32_t *unknown, struct err *err)
{
	uint32_t n_unknown = 0;

	for (uint32_t i = 0; i < m->n_inputs; i++) {
		int32_t code = raw[i].kind == RAW_TEXT ?
		    model_pick_code(m, i, raw[i].text) : -1;

		/* Most cells are a category as training wrote it. */
		if (code >= 0) {
			cells[i] = code;
			continue;
		}
		if (to_cell(m, i, &raw[i], &cells[i]) != FITS)
			return complain(m, raw, err);
		n_unknown += m->inputs[i].kind == MODEL_TEXT &&
		    cells[i] == CODE_UNKNOWN;
	}
	*unknown = n_unknown;
	return true;
}

void
input_fault(const struct model *m, const struct score_fault *fault,
    struct err *err)
{
	static const char *const reasons[] = {
	    [SCORE_MISSING] = "the model takes no missing value here",
	    [SCORE_NOT_FINITE] = "too large for the model's 32-bit numbers",
	    [SCORE_UNKNOWN] = "a category the model does not know",
	};
	static const char *const alone[] = {
	    [SCORE_MISSING] = "The model takes no missing value",
	    [SCORE_NOT_FINITE] = "A value is too large for the model",
	    [SCORE_UNKNOWN] = "A category is one the model does not know",
	};

	if (fault->column < 0)
		err_set(err, ERR_INPUT, ERR_NOWHERE, "%s", alone[fault->why]);
	else
		err_set(err, ERR_INPUT, (size_t)fault->column,
		    "Invalid value for %.*s: %s",
		    STR_ARG(model_text(m, m->inputs[fault->column].name)),
		    reasons[fault->why]);
}
