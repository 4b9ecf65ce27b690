/* SPDX-License-Identifier: ISC
 *
 * What importers fill, but for the steps: facts, input columns, classes,
 * outputs and the input schema. What is accepted here is sound; what can only
 * be judged at the end (enough classes, an output) model_write checks.
 */
#include "model/model_build.h"

#include <math.h>
#include <string.h>

#include "model/model_ir.h"

struct model_build *
model_build_new(struct arena *mem)
{
	struct model_build *b = ARENA_NEW(mem, struct model_build);

	if (b == NULL)
		return NULL;
	b->mem = mem;
	for (int i = 0; i < FIGURE_COUNT; i++)
		b->figures[i] = NAN;
	b->figures[FIGURE_THRESHOLD] = 0.5;
	return b;
}

bool
ir_full(const struct model_build *b, struct err *err)
{
	return arena_err(b->mem, "the model", err);
}

bool
ir_copy(struct model_build *b, const void *p, size_t count, size_t size,
    void *ret, struct err *err)
{
	void *copy = arena_array(b->mem, count, size);

	if (copy == NULL)
		return ir_full(b, err);
	if (count > 0)
		memcpy(copy, p, count * size);
	memcpy(ret, &copy, sizeof(copy));
	return true;
}

bool
ir_text(struct model_build *b, const char *what, struct str s,
    struct str *ret, struct err *err)
{
	size_t bad;

	if (!str_is_utf8(s, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is not UTF-8 at its byte %zu", what, bad);
	*ret = arena_str(b->mem, s);
	return ret->p != NULL || ir_full(b, err);
}

bool
model_build_fact(struct model_build *b, enum model_fact fact, struct str text,
    struct err *err)
{
	return ir_text(b, model_fact_name(fact), text, &b->facts[fact], err);
}

void
model_build_figure(struct model_build *b, enum model_figure figure,
    double value)
{
	b->figures[figure] = value;
}

bool
model_build_warn(struct model_build *b, struct str sentence, struct err *err)
{
	struct str text, *at;

	if (!ir_text(b, "a warning", sentence, &text, err))
		return false;
	at = ir_grow(b->mem, &b->warnings, 1, sizeof(*at));
	if (at == NULL)
		return ir_full(b, err);
	*at = text;
	return true;
}

/* --- columns ------------------------------------------------------------- */

bool
model_build_input(struct model_build *b, struct str name, uint32_t *slot,
    struct err *err)
{
	struct ir_column *column;
	struct ir_slot *s;
	uint32_t i;
	size_t bad;

	if (b->steps.n > 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "input column \"%.*s\" comes after the first step",
		    STR_ARG(name));
	if (!str_is_utf8(name, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the name of input column %u is not UTF-8 at its byte %zu",
		    b->columns.n, bad);
	if (ir_dict_find(&b->names, name) >= 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "two input columns are named \"%.*s\"", STR_ARG(name));
	if (b->slots.n >= IMAGE_SLOTS_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "more than %u input columns", IMAGE_SLOTS_MAX);
	if (!ir_dict_add(b->mem, &b->names, name, &i))
		return ir_full(b, err);
	column = ir_grow(b->mem, &b->columns, 1, sizeof(*column));
	s = ir_grow(b->mem, &b->slots, 1, sizeof(*s));
	if (column == NULL || s == NULL)
		return ir_full(b, err);
	memset(column, 0, sizeof(*column));
	*s = (struct ir_slot){.column = (int32_t)i, .dict = (int32_t)i};
	*slot = i;
	return true;
}

enum slot_kind
model_build_slot_kind(const struct model_build *b, uint32_t slot)
{
	return slot < b->slots.n ? ir_slot(b, slot)->kind : SLOT_UNDECIDED;
}

bool
model_build_slot_is_filled(const struct model_build *b, uint32_t slot)
{
	return slot < b->slots.n && ir_slot(b, slot)->filled;
}

uint32_t
model_build_inputs(const struct model_build *b)
{
	return b->columns.n;
}

struct str
model_build_input_name(const struct model_build *b, uint32_t slot)
{
	return slot < b->columns.n ? ir_dict_text(&b->names, slot) : STR("");
}

bool
model_build_code(struct model_build *b, uint32_t slot, struct str text,
    uint32_t *code, struct err *err)
{
	const struct ir_slot *s;
	size_t bad;

	if (!ir_use(b, slot, SLOT_TEXT, err))
		return false;
	s = ir_slot(b, slot);
	if (s->dict < 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a category of numbers cannot be the text \"%.*s\"",
		    STR_ARG(text));
	if (!str_is_utf8(text, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a category of \"%.*s\" is not UTF-8 at its byte %zu",
		    STR_ARG(model_build_input_name(b, (uint32_t)s->dict)),
		    bad);
	return ir_dict_add(b->mem, &ir_column(b, (uint32_t)s->dict)->categories,
	    text, code) || ir_full(b, err);
}

uint32_t
model_build_codes(const struct model_build *b, uint32_t slot)
{
	const struct ir_slot *s;

	if (slot >= b->slots.n)
		return 0;
	s = ir_slot(b, slot);
	return s->dict < 0 ? s->codes :
	    ir_column(b, (uint32_t)s->dict)->categories.texts.n;
}

void
model_build_booleans(struct model_build *b, uint32_t slot)
{
	if (slot < b->slots.n && ir_slot(b, slot)->column >= 0)
		ir_column(b, (uint32_t)ir_slot(b, slot)->column)->booleans =
		    true;
}

/* --- what comes out ------------------------------------------------------ */

bool
model_build_class(struct model_build *b, struct model_class class_,
    struct err *err)
{
	struct model_class *at, copy = class_;
	uint32_t number;
	size_t bad;

	if (class_.kind != CLASS_TEXT && !isfinite(class_.number))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "class %u is not a finite number", b->classes.n);
	if (!str_is_utf8(class_.text, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the name of class %u is not UTF-8 at its byte %zu",
		    b->classes.n, bad);
	if (ir_dict_find(&b->class_names, class_.text) >= 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "two classes are named \"%.*s\"",
		    STR_ARG(class_.text));
	if (!ir_dict_add(b->mem, &b->class_names, class_.text, &number))
		return ir_full(b, err);
	copy.text = ir_dict_text(&b->class_names, number);
	if (copy.kind == CLASS_TEXT)
		copy.number = 0;
	at = ir_grow(b->mem, &b->classes, 1, sizeof(*at));
	if (at == NULL)
		return ir_full(b, err);
	*at = copy;
	return true;
}

uint32_t
model_build_classes(const struct model_build *b)
{
	return b->classes.n;
}

bool
model_build_has_probabilities(const struct model_build *b)
{
	return b->n_probabilities > 0;
}

struct str
model_build_class_text(const struct model_build *b, uint32_t k)
{
	const struct model_class *classes = b->classes.p;

	return k < b->classes.n ? classes[k].text : STR("");
}

bool
model_build_output(struct model_build *b, enum model_task task,
    const uint32_t *src, uint32_t n, struct err *err)
{
	if (b->has_output)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "the model has two sets of outputs");
	if (n == 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a model without outputs cannot be served");
	if (!ir_use_all(b, src, n, err) ||
	    !ir_copy(b, src, n, sizeof(*src), &b->outputs, err))
		return false;
	b->task = task;
	b->n_outputs = n;
	b->n_probabilities = task == MODEL_CLASSIFICATION ? n : 0;
	b->has_output = true;
	return true;
}

bool
model_build_decision(struct model_build *b, const uint32_t *scores,
    uint32_t n, struct err *err)
{
	uint32_t before = b->n_probabilities, *all;

	if (!b->has_output) {
		if (!model_build_output(b, MODEL_CLASSIFICATION, scores, n,
			err))
			return false;
		b->n_probabilities = 0;
		return true;
	}
	if (b->n_outputs != before || n != before)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a model with %u probabilities and %u scores", before, n);
	if (!ir_use_all(b, scores, n, err))
		return false;
	all = ARENA_ARRAY(b->mem, (size_t)before + n, uint32_t);
	if (all == NULL)
		return ir_full(b, err);
	memcpy(all, b->outputs, before * sizeof(*all));
	memcpy(all + before, scores, n * sizeof(*all));
	b->outputs = all;
	b->n_outputs = before + n;
	return true;
}

void
model_build_tell_score(struct model_build *b)
{
	b->tells_score = true;
}

/* --- the input schema ---------------------------------------------------- */

void
model_build_field_default(struct model_build *b, uint32_t column,
    struct model_field *ret)
{
	const bool *takes;
	struct err err; /* a full arena is told by whatever comes next */

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

	return !(code < 0 && field->closed) && !is_refused(b, column, code);
}

bool
model_build_field(struct model_build *b, const struct model_field *field,
    struct err *err)
{
	int64_t found = ir_dict_find(&b->names, field->name);
	struct ir_column *c;
	struct ir_slot *slot;
	enum slot_kind kind = field->kind == MODEL_TEXT ? SLOT_TEXT :
	    SLOT_NUMBER;
	uint32_t *order;

	if (found < 0)
		return bad_field(err, field->name,
		    "the model has no such input");
	c = ir_column(b, (uint32_t)found);
	slot = ir_slot(b, (uint32_t)found);
	if (c->declared)
		return bad_field(err, field->name, "declared twice");
	if (slot->kind != SLOT_UNDECIDED && slot->kind != kind)
		return bad_field(err, field->name, slot->kind == SLOT_TEXT ?
		    "the model reads it as text, not as a number" :
		    "the model reads it as a number, not as text");
	if (field->booleans && kind == SLOT_TEXT)
		return bad_field(err, field->name,
		    "only a number takes booleans, as 1 and 0");
	if (field->null == NULL_DEFAULT && !field->has_default)
		return bad_field(err, field->name,
		    "null stands for a default, but there is none");
	if (field->has_default && kind == SLOT_NUMBER &&
	    isinf(field->default_number))
		return bad_field(err, field->name, "the default is infinite");
	if (field->has_default && kind == SLOT_TEXT &&
	    field->default_text.p != NULL &&
	    !is_good_default(b, (uint32_t)found, field))
		return bad_field(err, field->name,
		    "the default is not one of its categories");
	if (field->has_range && !(isfinite(field->low) &&
	    isfinite(field->high) && field->low <= field->high))
		return bad_field(err, field->name,
		    "the range is not a low and a high number");

	c->field = *field;
	c->field.name = model_build_input_name(b, (uint32_t)found);
	if (!ir_text(b, "a description", field->description,
	    &c->field.description, err) || !copy_aliases(b, c, field, err))
		return false;
	if (kind == SLOT_TEXT && field->has_default &&
	    field->default_text.p != NULL && !ir_text(b, "a default",
	    field->default_text, &c->field.default_text, err))
		return false;
	order = ir_grow(b->mem, &b->order, 1, sizeof(*order));
	if (order == NULL)
		return ir_full(b, err);
	*order = (uint32_t)found;
	slot->kind = kind;
	c->declared = true;
	return true;
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
