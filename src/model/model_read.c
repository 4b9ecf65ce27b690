/* SPDX-License-Identifier: ISC
 *
 * What a model tells about itself, and texts to columns and codes. Everything
 * here was proved when the image was opened.
 */
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/city.h"
#include "model/model_format.h"
#include "model/model_view.h"

enum {
	FOLD_MAX = 4096, /* longer texts are no category of a loose field */
	SCAN_MAX = 16,   /* hash tables so small are looked through */
};

/* --- hash tables --------------------------------------------------------- */

struct str
image_fold(struct str s, char *folded)
{
	for (size_t i = 0; i < s.n; i++)
		folded[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ?
		    s.p[i] + ('a' - 'A') : s.p[i]);
	return (struct str){folded, s.n};
}

static bool
is_entry(const struct image_entry *e, const char *text, struct str s)
{
	return e->text.n == s.n && e->value != ENTRY_EMPTY &&
	    (s.n == 0 || memcmp(text + e->text.at, s.p, s.n) == 0);
}

int32_t
image_find(const struct image_entry *table, uint32_t size, const char *text,
    struct str s)
{
	uint32_t hash, i;

	/* Most columns have a few categories, which differ in length: looking
	 * at them all is faster than hashing one text. */
	if (size <= SCAN_MAX) {
		for (i = 0; i < size; i++)
			if (is_entry(&table[i], text, s))
				return table[i].value;
		return ENTRY_EMPTY;
	}
	hash = (uint32_t)str_hash(s);
	for (i = hash & (size - 1); table[i].value != ENTRY_EMPTY;
	    i = (i + 1) & (size - 1))
		if (table[i].hash == hash && is_entry(&table[i], text, s))
			break;
	return table[i].value;
}

static int32_t
find(const struct model *m, struct image_table t, struct str s)
{
	return image_find(m->entries + t.first, t.size, m->text, s);
}

/* --- input --------------------------------------------------------------- */

uint32_t
model_inputs(const struct model *m)
{
	return m->n_inputs;
}

void
model_field(const struct model *m, uint32_t column, struct model_field *ret)
{
	const struct image_input *in = &m->inputs[column];

	*ret = (struct model_field){
	    .name = model_text(m, in->name),
	    .kind = in->kind,
	    .required = in->flags & INPUT_REQUIRED,
	    .unused = in->flags & INPUT_UNUSED,
	    .null = in->null,
	    .loose = in->flags & INPUT_LOOSE,
	    .hashed = in->kind == MODEL_TEXT && in->flags & INPUT_HASHED,
	    .closed = in->flags & INPUT_CLOSED,
	    .booleans = in->flags & INPUT_BOOLEANS,
	    .integer = in->flags & INPUT_INTEGER,
	    .has_default = in->flags & INPUT_DEFAULT,
	    .default_number = in->default_cell,
	    .has_range = in->flags & INPUT_RANGE,
	    .low = in->low,
	    .high = in->high,
	    .description = model_text(m, in->description),
	    .aliases = m->alias_views + in->alias,
	    .n_aliases = in->aliases,
	    .n_categories = in->categories,
	};
	if (in->kind == MODEL_TEXT && !(in->flags & INPUT_DEFAULT_MISSING))
		ret->default_text = model_text(m, in->default_text);
}

uint32_t
model_field_order(const struct model *m, uint32_t i)
{
	return m->order[i];
}

struct str
model_category(const struct model *m, uint32_t column, uint32_t c)
{
	const struct image_input *in = &m->inputs[column];

	if (in->flags & INPUT_FILL_FIRST)
		c = c + 1 < in->categories ? c + 1 : 0;
	return model_text(m, m->categories[in->category + c]);
}

int32_t
model_find_input(const struct model *m, struct str name, uint32_t hint)
{
	if (hint < m->n_inputs &&
	    str_eq(name, model_text(m, m->inputs[hint].name)))
		return (int32_t)hint;
	return find(m, m->about->names, name);
}

/* On its own, as room for a text takes time to set up. */
static __attribute__((noinline)) int32_t
find_folded(const struct model *m, const struct image_input *in,
    struct str text)
{
	char folded[FOLD_MAX];

	text = str_trim(text);
	if (text.n > in->longest || text.n > sizeof(folded))
		return ENTRY_EMPTY;
	return find(m, in->folded, image_fold(text, folded));
}

double
model_find_code(const struct model *m, uint32_t column, struct str text,
    bool *refused)
{
	const struct image_input *in = &m->inputs[column];
	int32_t code;

	if (in->flags & INPUT_HASHED) {
		*refused = false;
		return (uint32_t)city_hash64(text);
	}
	code = find(m, in->exact, text);
	if (code < 0 && in->flags & INPUT_LOOSE)
		code = find_folded(m, in, text);
	*refused = code < 0 && in->flags & INPUT_CLOSED;
	return code;
}

bool
model_find_integer_alias(const struct model *m, uint32_t column,
    int64_t value, double *cell)
{
	const struct image_input *in = &m->inputs[column];

	for (uint32_t i = 0; i < in->aliases; i++) {
		const struct image_alias *a = &m->aliases[in->alias + i];

		if (a->is_integer && a->integer == value) {
			*cell = a->cell;
			return true;
		}
	}
	return false;
}

bool
model_find_text_alias(const struct model *m, uint32_t column, struct str text,
    double *cell)
{
	const struct image_input *in = &m->inputs[column];
	bool loose = in->flags & INPUT_LOOSE;

	if (loose) /* once: it may be as long as a request */
		text = str_trim(text);
	for (uint32_t i = 0; i < in->aliases; i++) {
		const struct image_alias *a = &m->aliases[in->alias + i];
		struct str from = model_text(m, a->from);

		if (a->is_integer)
			continue;
		if (loose ? str_eq_nocase(text, str_trim(from)) :
		    str_eq(text, from)) {
			*cell = a->cell;
			return true;
		}
	}
	return false;
}

/* --- output -------------------------------------------------------------- */

enum model_task
model_task(const struct model *m)
{
	return m->about->task;
}

uint32_t
model_targets(const struct model *m)
{
	return m->n_targets;
}

void
model_target_at(const struct model *m, uint32_t t, struct model_target *ret)
{
	const struct image_target *at = &m->targets[t];

	*ret = (struct model_target){.name = model_text(m, at->name),
	    .class_ = at->class_, .classes = at->classes,
	    .output = at->output, .decision = at->output + at->decision,
	    .outputs = at->outputs};
}

uint32_t
model_classes(const struct model *m)
{
	return m->n_classes;
}

void
model_class_at(const struct model *m, uint32_t k, struct model_class *ret)
{
	const struct image_class *c = &m->classes[k];

	*ret = (struct model_class){.kind = c->kind, .number = c->number,
	    .text = model_text(m, c->text)};
}

struct str
model_result(const struct model *m, uint32_t k, char text[MODEL_RESULT_MAX])
{
	struct str label = model_text(m, m->classes[k].text), name;
	uint32_t t = 0;
	int n;

	if (m->n_targets == 1)
		return label;
	while (k - m->targets[t].class_ >= m->targets[t].classes)
		t++;
	name = model_text(m, m->targets[t].name);
	n = snprintf(text, MODEL_RESULT_MAX, "%.*s=%.*s", STR_ARG(name),
	    STR_ARG(label));
	return (struct str){text, n < MODEL_RESULT_MAX ? (size_t)n :
	    MODEL_RESULT_MAX - 1};
}

uint32_t
model_outputs(const struct model *m)
{
	return m->about->outputs;
}

bool
model_probability_at(const struct model *m, uint32_t i, uint32_t *k)
{
	const struct image_target *t = m->targets;

	if (m->n_targets == 0)
		return false;
	while (i - t->output >= t->outputs)
		t++;
	*k = t->class_ + (i - t->output);
	return i - t->output < t->probabilities;
}

bool
model_has_probabilities(const struct model *m)
{
	return m->n_targets > 0 && m->targets[0].probabilities > 0;
}

int32_t
model_score_output(const struct model *m)
{
	return m->about->tells_score != 0 ?
	    (int32_t)m->targets[0].decision : -1;
}

/* --- what it is ---------------------------------------------------------- */

struct str
model_fact_at(const struct model *m, int fact)
{
	return model_text(m, m->about->facts[fact]);
}

double
model_figure(const struct model *m, enum model_figure figure)
{
	return m->about->figures[figure];
}

uint32_t
model_warnings(const struct model *m)
{
	return m->n_warnings;
}

struct str
model_warning(const struct model *m, uint32_t i)
{
	return model_text(m, m->warnings[i]);
}

struct str
model_example(const struct model *m)
{
	return model_text(m, m->about->example);
}

size_t
model_bytes(const struct model *m)
{
	return m->n_bytes;
}

uint32_t
model_checksum(const struct model *m)
{
	return ((const struct image_header *)m->bytes)->checksum;
}

uint32_t
model_steps(const struct model *m)
{
	return m->n_steps;
}
