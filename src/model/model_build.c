/* SPDX-License-Identifier: ISC
 *
 * What importers fill, but for the steps and the input schema: facts, input
 * columns, classes, outputs. What is accepted here is sound; what can only be
 * judged at the end (enough classes, an output) model_image checks.
 */
#include "model/model_build.h"

#include <math.h>
#include <stdio.h>
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

bool
model_build_rename(struct model_build *b, const struct str *names,
    struct err *err)
{
	struct ir_dict renamed = {0};
	uint32_t number;
	size_t bad;

	for (uint32_t i = 0; i < b->columns.n; i++) {
		if (!str_is_utf8(names[i], &bad))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the name of input column %u is not UTF-8 at its "
			    "byte %zu", i, bad);
		if (!ir_dict_add(b->mem, &renamed, names[i], &number))
			return ir_full(b, err);
		if (number != i)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "two input columns are named \"%.*s\"",
			    STR_ARG(names[i]));
	}
	b->names = renamed;
	return true;
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

int64_t
model_build_find_input(const struct model_build *b, struct str name)
{
	return ir_dict_find(&b->names, name);
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
	if (ir_column(b, (uint32_t)s->dict)->hashed)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "column \"%.*s\" is used as hashes and as text",
		    STR_ARG(model_build_input_name(b, (uint32_t)s->dict)));
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
model_build_missing_seen(struct model_build *b, uint32_t slot)
{
	if (slot < b->slots.n)
		ir_slot(b, slot)->missing_seen = true;
}

void
model_build_booleans(struct model_build *b, uint32_t slot)
{
	struct ir_column *c;

	if (slot >= b->slots.n || ir_slot(b, slot)->column < 0)
		return;
	c = ir_column(b, (uint32_t)ir_slot(b, slot)->column);
	c->booleans = true;
	/* Reference data comes after the schema, and below it. */
	if ((c->declared || c->suggested) &&
	    c->field.kind == MODEL_NUMBER && c->origins[LINE_BOOLEANS].n == 0)
		c->field.booleans = true;
}

/* --- what comes out ------------------------------------------------------ */

static bool
begin_target(struct model_build *b, struct err *err)
{
	struct ir_target *t = ir_grow(b->mem, &b->targets, 1, sizeof(*t));

	if (t == NULL)
		return ir_full(b, err);
	*t = (struct ir_target){.class_ = b->classes.n,
	    .output = b->outputs.n};
	b->class_names = (struct ir_dict){0};
	return true;
}

/* The target that classes and outputs go to. */
static bool
last_target(struct model_build *b, struct ir_target **ret, struct err *err)
{
	if (b->targets.n == 0 && !begin_target(b, err))
		return false;
	*ret = ir_target(b, b->targets.n - 1);
	return true;
}

bool
model_build_target(struct model_build *b, struct err *err)
{
	uint32_t t = b->targets.n;
	char name[32];
	int n = snprintf(name, sizeof(name), "output_%u", t);

	return begin_target(b, err) && ir_text(b, "the name of a target",
	    (struct str){name, (size_t)n}, &ir_target(b, t)->name, err);
}

bool
model_build_name_target(struct model_build *b, uint32_t t, struct str name,
    struct err *err)
{
	if (name.n == 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "target %u has an empty name", t);
	if (name.n > MODEL_TARGET_NAME_MAX)
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "the name of target %u has more than %d bytes", t,
		    MODEL_TARGET_NAME_MAX);
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "the name of target %u has a control character",
			    t);
	for (uint32_t i = 0; i < b->targets.n; i++)
		if (i != t && str_eq(ir_target(b, i)->name, name))
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "two targets are named \"%.*s\"", STR_ARG(name));
	return ir_text(b, "the name of a target", name,
	    &ir_target(b, t)->name, err);
}

bool
model_build_target_origin(struct model_build *b, uint32_t t,
    struct str origin, struct err *err)
{
	return ir_text(b, "an origin", origin, &ir_target(b, t)->origin, err);
}

struct str
model_build_target_origin_of(const struct model_build *b, uint32_t t)
{
	const struct ir_target *target = ir_target(b, t);

	return target->origin.n > 0 ? target->origin : STR("default rule");
}

uint32_t
model_build_targets(const struct model_build *b)
{
	return b->targets.n;
}

bool
model_build_class(struct model_build *b, struct model_class class_,
    struct err *err)
{
	struct model_class *at, copy = class_;
	struct ir_target *t;
	uint32_t number;
	size_t bad;

	if (!last_target(b, &t, err))
		return false;
	if (class_.kind != CLASS_TEXT && !isfinite(class_.number))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "class %u is not a finite number", t->classes);
	if (!str_is_utf8(class_.text, &bad))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "the name of class %u is not UTF-8 at its byte %zu",
		    t->classes, bad);
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
	t->classes++;
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
	return b->targets.n > 0 && ir_target(b, 0)->probabilities > 0;
}

struct str
model_build_class_text(const struct model_build *b, uint32_t k)
{
	const struct model_class *classes = b->classes.p;

	return k < b->classes.n ? classes[k].text : STR("");
}

static bool
add_outputs(struct model_build *b, const uint32_t *src, uint32_t n,
    struct err *err)
{
	uint32_t *at;

	if (!ir_use_all(b, src, n, err))
		return false;
	at = ir_grow(b->mem, &b->outputs, n, sizeof(*at));
	if (at == NULL)
		return ir_full(b, err);
	memcpy(at, src, n * sizeof(*at));
	b->has_output = true;
	return true;
}

bool
model_build_output(struct model_build *b, enum model_task task,
    const uint32_t *src, uint32_t n, struct err *err)
{
	struct ir_target *t = NULL;

	if (task == MODEL_CLASSIFICATION && !last_target(b, &t, err))
		return false;
	if (b->has_output && (t == NULL || t->outputs > 0 ||
	    b->task != MODEL_CLASSIFICATION))
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "the model has two sets of outputs");
	if (n == 0)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a model without outputs cannot be served");
	if (!add_outputs(b, src, n, err))
		return false;
	b->task = task;
	if (t != NULL)
		t->outputs = t->probabilities = n;
	return true;
}

bool
model_build_decision(struct model_build *b, const uint32_t *scores,
    uint32_t n, struct err *err)
{
	struct ir_target *t;

	if (!last_target(b, &t, err))
		return false;
	if (t->outputs == 0) {
		if (!model_build_output(b, MODEL_CLASSIFICATION, scores, n,
			err))
			return false;
		t->probabilities = 0;
		return true;
	}
	if (t->outputs != t->probabilities || n != t->probabilities)
		return err_set(err, ERR_MODEL, ERR_NOWHERE,
		    "a model with %u probabilities and %u scores",
		    t->probabilities, n);
	if (!add_outputs(b, scores, n, err))
		return false;
	t->outputs += n;
	return true;
}

void
model_build_tell_score(struct model_build *b)
{
	b->tells_score = true;
}
