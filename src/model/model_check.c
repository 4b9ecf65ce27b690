/* SPDX-License-Identifier: ISC
 *
 * The proof that scoring and the accessors rest on: every place, count, index
 * and number of an image is held against what it points into. Time and memory
 * stay linear in the size of the file. Steps are in model_check_steps.c.
 */
#include "model/model_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool
check_bad(struct check *c, const void *where, const char *what)
{
	return err_set(c->err, ERR_INPUT,
	    (size_t)((const char *)where - c->m->bytes),
	    "%s: the compiled model is damaged, import it again", what);
}

/* How many records the image has of a section. */
static uint32_t
count(const struct model *m, enum image_section_kind section)
{
	const uint32_t counts[] = {
#define SECTION(name, type) m->n_##name,
		IMAGE_SECTIONS(SECTION)
#undef SECTION
	};

	return counts[section];
}

static bool
bad_part(struct check *c, const void *where, const char *how,
    enum image_section_kind section)
{
	static const char *const names[] = {
#define SECTION(name, type) #name,
		IMAGE_SECTIONS(SECTION)
#undef SECTION
	};
	char what[64];

	snprintf(what, sizeof(what), "%s %s", how, names[section]);
	return check_bad(c, where, what);
}

bool
check_take(struct check *c, const void *where, enum image_section_kind section,
    uint32_t first, uint64_t n)
{
	uint32_t all = count(c->m, section);

	if (first != c->end[section] || n > all - first)
		return bad_part(c, where, "not the next", section);
	c->end[section] = first + (uint32_t)n;
	return true;
}

/* What nothing points to was not checked, so there must be none. */
static bool
check_all_taken(struct check *c)
{
	static const enum image_section_kind taken[] = {SECTION_categories,
	    SECTION_aliases, SECTION_entries, SECTION_lists, SECTION_params,
	    SECTION_maps, SECTION_forests, SECTION_lanes, SECTION_trees,
	    SECTION_nodes, SECTION_leaves};

	for (size_t i = 0; i < countof(taken); i++)
		if (c->end[taken[i]] != count(c->m, taken[i]))
			return bad_part(c, c->m->bytes, "unused", taken[i]);
	return true;
}

/* --- texts and tables ---------------------------------------------------- */

static bool
check_text(struct check *c, const struct image_text *t)
{
	const struct model *m = c->m;
	size_t bad;

	/* Every byte of text is referred to at most twice: by what has it
	 * and by a hash table. */
	c->text += t->n;
	if (t->at > m->n_text || t->n > m->n_text - t->at ||
	    c->text > 2 * (uint64_t)m->n_text)
		return check_bad(c, t, "a text outside its section");
	if (!str_is_utf8(model_text(m, *t), &bad))
		return check_bad(c, m->text + t->at + bad,
		    "a text that is not UTF-8");
	return true;
}

/* Every lookup must end and every entry be found by its own text: from its
 * home to itself there is no empty entry. */
static bool
check_table(struct check *c, const struct image_table *t,
    uint32_t values)
{
	const struct model *m = c->m;
	const struct image_entry *entries;
	uint32_t run = 0, start = 0;

	if (t->size == 0)
		return true;
	if (!check_take(c, t, SECTION_entries, t->first, t->size))
		return false;
	if ((t->size & (t->size - 1)) != 0)
		return check_bad(c, t, "a hash table of an odd size");
	entries = m->entries + t->first;
	while (start < t->size && entries[start].value != ENTRY_EMPTY)
		start++;
	if (start == t->size)
		return check_bad(c, t, "a hash table without an end");
	for (uint32_t i = 1; i <= t->size; i++) {
		uint32_t at = (start + i) & (t->size - 1);
		const struct image_entry *e = &entries[at];

		if (e->value == ENTRY_EMPTY) {
			run = 0;
			continue;
		}
		if (e->value < 0 || (uint32_t)e->value >= values)
			return check_bad(c, e, "a hash table entry "
			    "for something that is not there");
		if (!check_text(c, &e->text))
			return false;
		if (e->hash != (uint32_t)str_hash(model_text(m, e->text)) ||
		    ((at - e->hash) & (t->size - 1)) > run ||
		    ++run > ENTRY_RUN_MAX)
			return check_bad(c, e,
			    "a hash table entry in the wrong place");
	}
	return true;
}

static bool
check_found(struct check *c, const struct image_table *t,
    const struct image_text *text, uint32_t value)
{
	const struct model *m = c->m;
	if (image_find(m->entries + t->first, t->size, m->text,
	    model_text(m, *text)) != (int32_t)value)
		return check_bad(c, text,
		    "a name that its hash table does not lead to");
	return true;
}

/* --- inputs -------------------------------------------------------------- */

static bool
check_cell(struct check *c, const struct image_input *in,
    const double *cell)
{
	double v = *cell;

	if (isnan(v))
		return true;
	if (in->kind == MODEL_NUMBER ? isfinite(v) :
	    (in->flags & INPUT_HASHED) != 0 ? v >= 0 && v <= UINT32_MAX &&
	    v == (double)(uint32_t)v :
	    v == CODE_UNKNOWN || (v >= 0 && v < in->categories &&
	    v == (double)(uint32_t)v))
		return true;
	return check_bad(c, cell, "a value its column cannot have");
}

static bool
check_aliases(struct check *c, const struct image_input *in)
{
	const struct model *m = c->m;
	if (!check_take(c, in, SECTION_aliases, in->alias, in->aliases))
		return false;
	for (uint32_t i = 0; i < in->aliases; i++) {
		const struct image_alias *a = &m->aliases[in->alias + i];

		if (a->is_integer > 1)
			return check_bad(c, a, "an alias of no kind");
		if (!check_text(c, &a->from) ||
		    !check_text(c, &a->to) ||
		    !check_cell(c, in, &a->cell))
			return false;
	}
	return true;
}

static bool
check_input(struct check *c, const struct image_input *in)
{
	const struct model *m = c->m;
	bool range = (in->flags & INPUT_RANGE) != 0;

	if (in->kind > MODEL_TEXT || in->null > NULL_DEFAULT ||
	    (in->flags & ~(uint32_t)INPUT_FLAGS) != 0)
		return check_bad(c, in, "an input of no kind");
	if (in->kind == MODEL_TEXT && (in->flags & INPUT_BOOLEANS) != 0)
		return check_bad(c, in, "a text that takes booleans");
	if (in->kind == MODEL_TEXT && (in->flags & INPUT_INTEGER) != 0)
		return check_bad(c, in, "a text of whole numbers");
	if ((in->flags & INPUT_HASHED) != 0 && (in->kind != MODEL_TEXT ||
	    in->categories > 0 || (in->flags & (INPUT_CLOSED | INPUT_LOOSE))))
		return check_bad(c, in, "hashes of no text");
	if (range && !(isfinite(in->low) && isfinite(in->high) &&
	    in->low <= in->high))
		return check_bad(c, &in->low, "a range without a low "
		    "and a high number");
	if (!check_text(c, &in->name) ||
	    !check_text(c, &in->description) ||
	    !check_text(c, &in->default_text) ||
	    !check_cell(c, in, &in->default_cell) ||
	    !check_aliases(c, in) ||
	    !check_table(c, &in->exact, in->categories) ||
	    !check_table(c, &in->folded, in->categories))
		return false;
	if (!check_take(c, in, SECTION_categories, in->category,
	    in->categories))
		return false;
	if (in->kind == MODEL_NUMBER && in->categories > 0)
		return check_bad(c, in, "categories of numbers");
	for (uint32_t i = 0; i < in->categories; i++) {
		const struct image_text *t = &m->categories[in->category + i];

		if (!check_text(c, t) ||
		    !check_found(c, &in->exact, t, i))
			return false;
	}
	return true;
}

/* Each column stands in the schema order once. */
static bool
check_order(struct check *c)
{
	const struct model *m = c->m;
	bool *seen;
	uint32_t i;

	if (m->n_order != m->n_inputs)
		return check_bad(c, m->order,
		    "a schema order of another length");
	seen = calloc((size_t)m->n_order + 1, sizeof(*seen));
	if (seen == NULL)
		return err_system(c->err, "no memory to check a model");
	for (i = 0; i < m->n_order; i++) {
		if (m->order[i] >= m->n_inputs || seen[m->order[i]])
			break;
		seen[m->order[i]] = true;
	}
	free(seen);
	return i == m->n_order || check_bad(c, &m->order[i],
		    "a schema order that leaves out a column");
}

static bool
check_inputs(struct check *c)
{
	const struct model *m = c->m;

	if (m->n_inputs == 0)
		return check_bad(c, m->inputs, "no input column");
	if (!check_order(c))
		return false;
	for (uint32_t i = 0; i < m->n_inputs; i++)
		if (!check_input(c, &m->inputs[i]))
			return false;
	if (!check_table(c, &m->about->names, m->n_inputs))
		return false;
	for (uint32_t i = 0; i < m->n_inputs; i++)
		if (!check_found(c, &m->about->names, &m->inputs[i].name, i))
			return false;
	return true;
}

/* --- what comes out ------------------------------------------------------ */

static bool
check_about(struct check *c)
{
	const struct model *m = c->m;
	const struct image_about *about = m->about;

	for (int i = 0; i < FACT_COUNT; i++)
		if (!check_text(c, &about->facts[i]))
			return false;
	for (int i = 0; i < FIGURE_COUNT; i++)
		if (isinf(about->figures[i]))
			return check_bad(c, &about->figures[i],
			    "a figure that is infinite");
	if (!(about->figures[FIGURE_THRESHOLD] >= 0 &&
	    about->figures[FIGURE_THRESHOLD] <= 1))
		return check_bad(c, &about->figures[FIGURE_THRESHOLD],
		    "a threshold that is no probability");
	for (uint32_t i = 0; i < m->n_warnings; i++)
		if (!check_text(c, &m->warnings[i]))
			return false;
	return check_text(c, &about->example);
}

/* Targets take the classes and the outputs one behind the other, all of
 * them. */
static bool
check_targets(struct check *c)
{
	const struct model *m = c->m;
	uint64_t classes = 0, outputs = 0;

	for (uint32_t i = 0; i < m->n_targets; i++) {
		const struct image_target *t = &m->targets[i];
		bool fits = t->class_ == classes && t->output == outputs &&
		    t->classes > 0 && t->decision <= t->probabilities &&
		    (t->probabilities == 0 ||
		    t->probabilities == t->classes) &&
		    (t->decision == 0 || t->decision == t->classes) &&
		    t->outputs == (uint64_t)t->decision + t->classes &&
		    (t->probabilities > 0) == model_has_probabilities(m);

		classes += t->classes;
		outputs += t->outputs;
		if (!fits || classes > m->n_classes ||
		    outputs > m->about->outputs ||
		    t->name.n > MODEL_TARGET_NAME_MAX ||
		    (t->name.n > 0) != (m->n_targets > 1))
			return check_bad(c, t, "a target of no kind");
		if (!check_text(c, &t->name))
			return false;
	}
	return (classes == m->n_classes &&
	    (m->n_targets == 0 || outputs == m->about->outputs)) ||
	    check_bad(c, m->about, "outputs of no target");
}

static bool
check_outputs(struct check *c)
{
	const struct model *m = c->m;
	const struct image_about *about = m->about;

	if (about->outputs == 0 || about->task > MODEL_REGRESSION ||
	    (about->task == MODEL_CLASSIFICATION) != (m->n_targets > 0) ||
	    about->tells_score > 1 || (about->tells_score != 0 &&
	    (m->n_targets != 1 || model_has_probabilities(m))))
		return check_bad(c, about, "outputs of no kind");
	if (!check_targets(c))
		return false;
	for (uint32_t i = 0; i < m->n_classes; i++) {
		const struct image_class *class_ = &m->classes[i];

		if (class_->kind > CLASS_BOOL || !isfinite(class_->number))
			return check_bad(c, class_,
			    "a class of no kind");
		if (!check_text(c, &class_->text))
			return false;
	}
	return check_list(c, about, about->output, about->outputs,
	    about->slots);
}

bool
model_check(const struct model *m, struct err *err)
{
	struct check c = {.m = m, .err = err};

	if (m->n_about != 1)
		return check_bad(&c, m->about, "not one description");
	return check_about(&c) && check_inputs(&c) && check_steps(&c) &&
	    check_outputs(&c) && check_all_taken(&c);
}
