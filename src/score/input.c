/* SPDX-License-Identifier: ISC
 *
 * A client's values to cells. Good rows pass in one loop; only when a value
 * does not fit is the row gone through again, to find the complaint that
 * comes first in the order promised to clients, or all there are.
 */
#include "score/input.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

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
	char digits[32];
	bool refused;
	int n;

	switch (raw->kind) {
	case RAW_TEXT:
		*cell = model_find_code(m, column, raw->text, &refused);
		return refused ? WRONG_VALUE : FITS;
	case RAW_INTEGER:
		if (is_alias(m, column, raw->number, cell))
			return FITS;
		if (!(m->inputs[column].flags & INPUT_HASHED) ||
		    fabs(raw->number) >= 0x1p53)
			return WRONG_TYPE;
		n = snprintf(digits, sizeof(digits), "%.0f", raw->number);
		*cell = model_find_code(m, column,
		    (struct str){digits, (size_t)n}, &refused);
		return FITS;
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

/* So much of a name as leaves room for the sentence around it. */
static struct str
name_of(const struct model *m, uint32_t column)
{
	enum { LONGEST = 300 };
	struct str name = model_text(m, m->inputs[column].name);

	if (name.n > LONGEST) {
		name.n = LONGEST;
		while (name.n > 0 && (name.p[name.n] & 0xc0) == 0x80)
			name.n--; /* not within a character */
	}
	return name;
}

/* All of what is missing, in schema order; as much as a sentence holds. */
static void
say_missing(const struct model *m, const struct raw *raw, struct buf *b)
{
	enum { LONGEST = 960 };
	size_t from = b->n;

	buf_text(b, "Missing required features: ");
	for (uint32_t i = 0, n = 0; i < m->n_inputs; i++) {
		uint32_t column = m->order[i];
		struct str name = name_of(m, column);

		if (raw[column].kind != RAW_ABSENT ||
		    !(m->inputs[column].flags & INPUT_REQUIRED))
			continue;
		if (b->n - from + name.n > LONGEST) {
			buf_text(b, ", ...");
			break;
		}
		buf_text(b, n++ > 0 ? ", " : "");
		buf_str(b, name);
	}
}

static void
say_categories(const struct model *m, uint32_t column, struct buf *b)
{
	enum { LONGEST = 500 };
	size_t from = b->n;

	for (uint32_t c = 0; c < m->inputs[column].categories; c++) {
		struct str category = model_category(m, column, c);

		if (c > 0)
			buf_text(b, ", ");
		if (b->n - from + category.n > LONGEST) {
			buf_text(b, "...");
			break;
		}
		buf_str(b, category);
	}
}

/* What was wanted of a column, and what came: behind its name. */
static void
say_wrong(const struct model *m, const struct input_problem *p,
    const struct raw *raw, struct buf *b)
{
	const struct image_input *in = &m->inputs[p->column];
	bool booleans = in->flags & INPUT_BOOLEANS;

	switch (p->what) {
	case INPUT_MISSING:
		buf_text(b, "it is required, and missing");
		break;
	case INPUT_TYPE:
		buf_printf(b, "expected %s, got %s", in->kind == MODEL_TEXT ?
		    "str" : in->flags & INPUT_INTEGER ?
		    (booleans ? "bool or int" : "int") :
		    booleans ? "bool, int or float" : "int or float",
		    raw->kind == RAW_NULL && raw->text.p != NULL ?
		    "an empty cell" : type_word(raw->kind));
		break;
	case INPUT_VALUE:
		if (in->kind == MODEL_NUMBER) {
			buf_text(b, "expected a finite number");
			break;
		}
		buf_text(b, "expected one of ");
		say_categories(m, p->column, b);
		break;
	}
}

void
input_problem_text(const struct model *m, const struct input_problem *p,
    const struct raw *raw, struct buf *b)
{
	say_wrong(m, p, &raw[p->column], b);
}

/* The lab's sentence. */
static void
say_problem(const struct model *m, const struct input_problem *p,
    const struct raw *raw, struct buf *b)
{
	if (p->what == INPUT_MISSING) {
		say_missing(m, raw, b);
		return;
	}
	buf_printf(b, "Invalid %s for %.*s: ",
	    p->what == INPUT_TYPE ? "type" : "value",
	    STR_ARG(name_of(m, p->column)));
	say_wrong(m, p, &raw[p->column], b);
}

/* --- all that is wrong --------------------------------------------------- */

static bool
has_problem(const struct model *m, uint32_t column, const struct raw *raw,
    struct input_problem *ret)
{
	double cell;

	ret->column = column;
	switch (to_cell(m, column, raw, &cell)) {
	case FITS:
		return false;
	case WRONG_MISSING:
		ret->what = INPUT_MISSING;
		break;
	case WRONG_TYPE:
		ret->what = INPUT_TYPE;
		break;
	case WRONG_VALUE:
		ret->what = INPUT_VALUE;
		break;
	}
	return true;
}

uint32_t
input_problems(const struct model *m, const struct raw *raw,
    struct input_problem *list, uint32_t most)
{
	/* What is missing, then numbers, then text. */
	enum { MISSING, NUMBERS, TEXTS, PASSES };
	struct input_problem p;
	uint32_t n = 0;

	for (int pass = 0; pass < PASSES; pass++)
		for (uint32_t i = 0; i < m->n_inputs; i++) {
			uint32_t column = m->order[i];
			bool text = m->inputs[column].kind == MODEL_TEXT;

			if (!has_problem(m, column, &raw[column], &p) ||
			    pass != (p.what == INPUT_MISSING ? MISSING :
			    text ? TEXTS : NUMBERS))
				continue;
			if (n++ < most)
				list[n - 1] = p;
		}
	return n;
}

void
input_refusal(const struct model *m, const struct raw *raw, struct buf *b)
{
	/* Missing columns are one sentence, so they take one place. */
	enum { LISTED = 20 };
	struct input_problem p;
	uint32_t n = 0, missing = 0;

	for (uint32_t i = 0; i < m->n_inputs; i++)
		missing += has_problem(m, i, &raw[i], &p) &&
		    p.what == INPUT_MISSING;
	if (missing > 0)
		say_missing(m, raw, b);
	for (int text = 0; text < 2; text++)
		for (uint32_t i = 0; i < m->n_inputs; i++) {
			uint32_t column = m->order[i];

			if (m->inputs[column].kind != (text ? MODEL_TEXT :
				MODEL_NUMBER) ||
			    !has_problem(m, column, &raw[column], &p) ||
			    p.what == INPUT_MISSING || n++ >= LISTED)
				continue;
			buf_text(b, missing > 0 || n > 1 ? "; " : "");
			say_problem(m, &p, raw, b);
		}
	if (n > LISTED)
		buf_printf(b, "; and %u more", n - LISTED);
}

/* Something is wrong with the row: what comes first? */
static bool
complain(const struct model *m, const struct raw *raw, struct err *err)
{
	char text[sizeof(err->text)];
	struct input_problem first;
	struct buf b;
	uint32_t n = input_problems(m, raw, &first, 1);

	assert(n > 0);
	buf_init(&b, text, sizeof(text));
	say_problem(m, &first, raw, &b);
	return err_set(err, ERR_INPUT, first.column, "%.*s",
	    STR_ARG(buf_view(&b)));
}

/* What most cells are: a category as training wrote it, or just a number.
 * The rest, good or bad, is for to_cell. */
static inline bool
plain_cell(const struct model *m, uint32_t column, const struct raw *raw,
    double *cell)
{
	const struct image_input *in = &m->inputs[column];
	int32_t code;

	if (raw->kind == RAW_TEXT) {
		code = model_pick_code(m, column, raw->text);
		*cell = code;
		return code >= 0;
	}
	*cell = raw->number;
	return raw->kind == RAW_FLOAT && in->kind == MODEL_NUMBER &&
	    !(in->flags & (INPUT_UNUSED | INPUT_INTEGER)) &&
	    isfinite(raw->number);
}

bool
input_row(const struct model *m, const struct raw *raw, double *cells,
    uint32_t *unknown, struct err *err)
{
	uint32_t n_unknown = 0;

	for (uint32_t i = 0; i < m->n_inputs; i++) {
		if (plain_cell(m, i, &raw[i], &cells[i]))
			continue;
		if (to_cell(m, i, &raw[i], &cells[i]) != FITS)
			return complain(m, raw, err);
		n_unknown += m->inputs[i].kind == MODEL_TEXT &&
		    cells[i] == CODE_UNKNOWN;
	}
	*unknown = n_unknown;
	return true;
}

const char *
input_fault_text(const struct score_fault *fault)
{
	static const char *const reasons[] = {
	    [SCORE_MISSING] = "the model takes no missing value here",
	    [SCORE_NOT_FINITE] = "too large for the model's 32-bit numbers",
	    [SCORE_UNKNOWN] = "a category the model does not know",
	    [SCORE_NO_NUMBER] = "the model can make no number of it",
	};

	return reasons[fault->why];
}

void
input_fault(const struct model *m, const struct score_fault *fault,
    struct err *err)
{
	static const char *const alone[] = {
	    [SCORE_MISSING] = "The model takes no missing value",
	    [SCORE_NOT_FINITE] = "A value is too large for the model",
	    [SCORE_UNKNOWN] = "A category is one the model does not know",
	    [SCORE_NO_NUMBER] = "The model can make no finite number of "
		"these values",
	};

	if (fault->column < 0)
		err_set(err, ERR_INPUT, ERR_NOWHERE, "%s", alone[fault->why]);
	else
		err_set(err, ERR_INPUT, (size_t)fault->column,
		    "Invalid value for %.*s: %s",
		    STR_ARG(name_of(m, (uint32_t)fault->column)),
		    input_fault_text(fault));
}
