/* SPDX-License-Identifier: ISC
 *
 * The input schema of a build: what clients may send for each column, held
 * against what the steps read, where each line of it came from, and the rows
 * that try it.
 */
#include "model/model_build.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/model_ir.h"

void
model_build_field_default(struct model_build *b, uint32_t column,
    struct model_field *ret)
{
	const bool *takes;
	struct err err; /* a full arena is told by whatever comes next */

	if (column < b->columns.n && ir_column(b, column)->suggested) {
		*ret = ir_column(b, column)->field;
		return;
	}
	*ret = (struct model_field){
	    .name = model_build_input_name(b, column),
	    .kind = model_build_slot_kind(b, column) == SLOT_TEXT ?
	    MODEL_TEXT : MODEL_NUMBER,
	    .required = true,
	    .null = ir_flow(b, &takes, &err) && takes[column] ?
	    NULL_MISSING : NULL_REFUSE,
	    .description = STR(""),
	};
	ret->booleans = ret->kind == MODEL_NUMBER &&
	    column < b->columns.n && ir_column(b, column)->booleans;
}

static bool
bad_field(struct err *err, struct str name, const char *what)
{
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "column \"%.*s\": %s",
	    STR_ARG(name), what);
}

static bool
copy_aliases(struct model_build *b, struct ir_column *c,
    const struct model_field *field, struct err *err)
{
	struct model_alias *copy = ARENA_ARRAY(b->mem, field->n_aliases,
	    struct model_alias);

	if (copy == NULL)
		return ir_full(b, err);
	for (uint32_t i = 0; i < field->n_aliases; i++) {
		const struct model_alias *a = &field->aliases[i];

		copy[i] = *a;
		if (!a->from_integer && !ir_text(b, "an alias", a->text,
		    &copy[i].text, err))
			return false;
		if (field->kind == MODEL_NUMBER) {
			if (isinf(a->to_number))
				return bad_field(err, field->name,
				    "an alias stands for an infinite number");
			copy[i].to = STR("");
			continue;
		}
		if (field->closed &&
		    ir_dict_find(&c->categories, a->to) < 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "column \"%.*s\": an alias stands for \"%.*s\", "
			    "which is not one of its categories",
			    STR_ARG(field->name), STR_ARG(a->to));
		if (!ir_text(b, "an alias", a->to, &copy[i].to, err))
			return false;
	}
	c->field.aliases = copy;
	return true;
}

/* Some encoder of the column refuses this code (-1: unknown text). */
static bool
is_refused(const struct model_build *b, uint32_t column, int64_t code)
{
	for (uint32_t i = 0; i < b->steps.n; i++) {
		const struct ir_step *s = ir_step(b, i);
		uint32_t n = s->op == STEP_ONEHOT ? s->n_map : s->n_params;
		uint32_t at = code >= 0 && code < (int64_t)n - TABLE_CODES ?
		    (uint32_t)code + TABLE_CODES : TABLE_UNKNOWN;

		if (s->op != STEP_ONEHOT && s->op != STEP_TABLE)
			continue;
		if (ir_slot(b, s->src)->dict == (int32_t)column &&
		    (s->op == STEP_ONEHOT ? s->map[at] == ONEHOT_REFUSE :
		    isinf(s->params[at])))
			return true;
	}
	return false;
}

/* A text that every record without the column stands for. */
static bool
is_good_default(const struct model_build *b, uint32_t column,
    const struct model_field *field)
{
	int64_t code = ir_dict_find(&ir_column(b, column)->categories,
	    field->default_text);

	return ir_column(b, column)->hashed ||
	    (!(code < 0 && field->closed) && !is_refused(b, column, code));
}

/* What a field says against the column as the steps read it. */
static bool
check_field(const struct model_build *b, const struct model_field *field,
    uint32_t column, struct err *err)
{
	const struct ir_slot *slot = ir_slot(b, column);
	enum slot_kind kind = field->kind == MODEL_TEXT ? SLOT_TEXT :
	    SLOT_NUMBER;

	if (slot->kind != SLOT_UNDECIDED && slot->kind != kind)
		return bad_field(err, field->name, slot->kind == SLOT_TEXT ?
		    "the model reads it as text, not as a number" :
		    "the model reads it as a number, not as text");
	if (field->booleans && kind == SLOT_TEXT)
		return bad_field(err, field->name,
		    "only a number takes booleans, as 1 and 0");
	if (ir_column(b, column)->hashed && (field->closed || field->loose))
		return bad_field(err, field->name, "the model knows only "
		    "hashes of its categories, so `closed` and `loose` cannot "
		    "be held against them");
	for (uint32_t i = 0; ir_column(b, column)->hashed &&
	     i < field->n_aliases; i++)
		if (!field->aliases[i].from_integer)
			return bad_field(err, field->name, "the model knows "
			    "only hashes of its categories, so a text cannot "
			    "be an alias");
	if (field->null == NULL_DEFAULT && !field->has_default)
		return bad_field(err, field->name,
		    "null stands for a default, but there is none");
	if (field->has_default && kind == SLOT_NUMBER &&
	    isinf(field->default_number))
		return bad_field(err, field->name, "the default is infinite");
	if (field->has_default && kind == SLOT_NUMBER && field->integer &&
	    !isnan(field->default_number) &&
	    field->default_number != trunc(field->default_number))
		return bad_field(err, field->name,
		    "the default is no whole number");
	if (field->has_default && kind == SLOT_TEXT &&
	    field->default_text.p != NULL &&
	    !is_good_default(b, column, field))
		return bad_field(err, field->name,
		    "the default is not one of its categories");
	if (field->has_range && !(isfinite(field->low) &&
	    isfinite(field->high) && field->low <= field->high))
		return bad_field(err, field->name,
		    "the range is not a low and a high number");
	return true;
}

/* The texts of a field that has been checked, and its place in an order. */
static bool
set_field(struct model_build *b, const struct model_field *field,
    uint32_t column, struct ir_array *order, struct err *err)
{
	struct ir_column *c = ir_column(b, column);
	uint32_t *at;

	c->field = *field;
	c->field.name = model_build_input_name(b, column);
	if (!ir_text(b, "a description", field->description,
	    &c->field.description, err) || !copy_aliases(b, c, field, err))
		return false;
	if (field->kind == MODEL_TEXT && field->has_default &&
	    field->default_text.p != NULL && !ir_text(b, "a default",
	    field->default_text, &c->field.default_text, err))
		return false;
	at = ir_grow(b->mem, order, 1, sizeof(*at));
	if (at == NULL)
		return ir_full(b, err);
	*at = column;
	ir_slot(b, column)->kind = field->kind == MODEL_TEXT ? SLOT_TEXT :
	    SLOT_NUMBER;
	return true;
}

bool
model_build_field(struct model_build *b, const struct model_field *field,
    struct err *err)
{
	int64_t found = ir_dict_find(&b->names, field->name);
	uint32_t column = (uint32_t)found;

	if (found < 0)
		return bad_field(err, field->name,
		    "the model has no such input");
	if (ir_column(b, column)->declared)
		return bad_field(err, field->name, "declared twice");
	if (!check_field(b, field, column, err) ||
	    !set_field(b, field, column, &b->order, err))
		return false;
	ir_column(b, column)->declared = true;
	return true;
}

bool
model_build_suggest(struct model_build *b, const struct model_field *field,
    struct err *err)
{
	int64_t found = ir_dict_find(&b->names, field->name);
	uint32_t column = (uint32_t)found;

	assert(field->n_aliases == 0);
	assert(!field->has_default && !field->has_range);
	if (found < 0)
		return bad_field(err, field->name,
		    "the model has no such input");
	if (ir_column(b, column)->suggested || ir_column(b, column)->declared)
		return bad_field(err, field->name, "there twice");
	if (!check_field(b, field, column, err) ||
	    !set_field(b, field, column, &b->suggested, err))
		return false;
	ir_column(b, column)->suggested = true;
	return true;
}

/* --- where it came from -------------------------------------------------- */

bool
model_build_origin(struct model_build *b, uint32_t column,
    enum field_line line, struct str origin, struct err *err)
{
	return ir_text(b, "an origin", origin,
	    &ir_column(b, column)->origins[line], err);
}

struct str
model_build_origin_of(const struct model_build *b, uint32_t column,
    enum field_line line)
{
	const struct ir_column *c = ir_column(b, column);
	bool steps = false;

	if (c->origins[line].n > 0)
		return c->origins[line];
	switch (line) {
	case LINE_KIND:
	case LINE_NULL:
		steps = c->used;
		break;
	case LINE_CATEGORIES:
		steps = c->categories.texts.n > 0;
		break;
	case LINE_BOOLEANS:
		steps = c->booleans;
		break;
	default:
		break;
	}
	return steps ? STR("model file") : STR("default rule");
}

void
model_build_range(struct model_build *b, uint32_t column, double low,
    double high)
{
	struct ir_column *c = ir_column(b, column);

	c->ranged = isfinite(low) && isfinite(high) && low <= high;
	c->low = low;
	c->high = high;
}

bool
model_build_example(struct model_build *b, struct str json, struct str place,
    struct err *err)
{
	b->example_place = arena_str(b->mem, place);
	return b->example_place.p != NULL ?
	    ir_text(b, "the example", json, &b->example, err) :
	    ir_full(b, err);
}

struct str
model_build_example_place(const struct model_build *b)
{
	return b->example_place;
}

bool
model_build_trial(struct model_build *b, const struct model_trial *trial,
    struct err *err)
{
	struct model_trial *at = ir_grow(b->mem, &b->trials, 1, sizeof(*at));

	if (at == NULL)
		return ir_full(b, err);
	at->rows = arena_str(b->mem, trial->rows);
	at->answers = arena_str(b->mem, trial->answers);
	at->place = arena_str(b->mem, trial->place);
	return !b->mem->over || ir_full(b, err);
}

const struct model_trial *
model_build_trial_at(const struct model_build *b, uint32_t i)
{
	const struct model_trial *trials = b->trials.p;

	return i < b->trials.n ? &trials[i] : NULL;
}
