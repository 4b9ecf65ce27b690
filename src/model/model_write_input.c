/* SPDX-License-Identifier: ISC
 *
 * Input columns to their sections: fields, dictionaries and the hash tables
 * that lead from a client's texts to columns and codes.
 */
#include "model/model_write.h"

#include <math.h>
#include <string.h>

#include "base/city.h"
#include "model/model_build.h"
#include "model/model_ir.h"

/* --- hash tables --------------------------------------------------------- */

/* Texts to be found: the first of equal ones wins. */
struct key {
	struct str text;
	struct image_text stored;
	int32_t value;
};

static struct image_table
put_table(struct writer *w, const struct key *keys, uint32_t n)
{
	struct image_table table = {0};
	struct image_entry *entries;

	if (n == 0 || n > INT32_MAX / 4)
		return table;
	table.size = 4;
	while (table.size < 2 * n)
		table.size *= 2;
	entries = write_room(w, SECTION_entries, table.size, &table.first);
	if (entries == NULL)
		return table;
	for (uint32_t i = 0; i < table.size; i++)
		entries[i] = (struct image_entry){.value = ENTRY_EMPTY};
	for (uint32_t k = 0; k < n; k++) {
		uint32_t hash = (uint32_t)str_hash(keys[k].text);
		uint32_t i = hash & (table.size - 1);
		const char *text = w->section[SECTION_text].p;

		while (entries[i].value != ENTRY_EMPTY && !str_eq(
		    (struct str){text + entries[i].text.at, entries[i].text.n},
		    keys[k].text))
			i = (i + 1) & (table.size - 1);
		if (entries[i].value == ENTRY_EMPTY)
			entries[i] = (struct image_entry){.hash = hash,
			    .text = keys[k].stored, .value = keys[k].value};
	}
	return table;
}

void
write_names(struct writer *w, struct image_about *about,
    const struct image_input *inputs)
{
	uint32_t n = w->b->columns.n;
	struct key *keys = ARENA_ARRAY(w->b->mem, n, struct key);

	if (keys == NULL)
		return;
	for (uint32_t i = 0; i < n; i++)
		keys[i] = (struct key){model_build_input_name(w->b, i),
		    inputs[i].name, (int32_t)i};
	about->names = put_table(w, keys, n);
}

/* --- inputs -------------------------------------------------------------- */

static double
text_cell(const struct ir_column *c, struct str text)
{
	int64_t code;

	if (text.p == NULL)
		return NAN;
	if (c->hashed)
		return (uint32_t)city_hash64(text);
	code = ir_dict_find(&c->categories, text);
	return code < 0 ? CODE_UNKNOWN : (double)code;
}

static void
put_aliases(struct writer *w, const struct ir_column *c,
    const struct model_field *f, struct image_input *in)
{
	in->alias = w->section[SECTION_aliases].n;
	in->aliases = f->n_aliases;
	for (uint32_t i = 0; i < f->n_aliases; i++) {
		const struct model_alias *a = &f->aliases[i];
		struct image_alias alias = {
		    .from = write_text(w, a->from_integer ? STR("") : a->text),
		    .to = write_text(w, a->to),
		    .integer = a->from_integer ? a->integer : 0,
		    .cell = f->kind == MODEL_TEXT ? text_cell(c, a->to) :
		    a->to_number,
		    .is_integer = a->from_integer,
		};

		write_put(w, SECTION_aliases, &alias, 1);
	}
}

/* The texts of a column and their codes: categories, then text aliases. */
static void
put_dictionary(struct writer *w, const struct ir_column *c,
    const struct model_field *f, struct image_input *in)
{
	uint32_t n = c->categories.texts.n, n_keys = n;
	struct key *keys = ARENA_ARRAY(w->b->mem, (size_t)n + f->n_aliases,
	    struct key);

	if (keys == NULL)
		return;
	in->categories = n;
	for (uint32_t i = 0; i < n; i++) {
		struct str text = ir_dict_text(&c->categories, i);

		keys[i] = (struct key){text, write_text(w, text), (int32_t)i};
		write_put(w, SECTION_categories, &keys[i].stored, 1);
	}
	for (uint32_t i = 0; i < f->n_aliases; i++) {
		const struct model_alias *a = &f->aliases[i];
		double cell = text_cell(c, a->to);

		if (!a->from_integer && cell >= 0)
			keys[n_keys++] = (struct key){a->text,
			    write_text(w, a->text), (int32_t)cell};
	}
	in->exact = put_table(w, keys, n_keys);
	if (!f->loose)
		return;
	for (uint32_t i = 0; i < n_keys; i++) {
		struct str s = str_trim(keys[i].text);
		char *folded = arena_alloc(w->b->mem, s.n);

		if (folded == NULL)
			return;
		keys[i].text = image_fold(s, folded);
		keys[i].stored = write_text(w, keys[i].text);
		if (s.n > in->longest)
			in->longest = (uint32_t)s.n;
	}
	in->folded = put_table(w, keys, n_keys);
}

static void
put_input(struct writer *w, uint32_t i, struct image_input *in)
{
	struct ir_column *c = ir_column(w->b, i);
	struct model_field f = c->field;

	if (!c->declared)
		model_build_field_default(w->b, i, &f);
	if (c->ranged && !f.has_range && f.kind == MODEL_NUMBER) {
		f.has_range = true;
		f.low = c->low;
		f.high = c->high;
	}
	in->name = write_text(w, model_build_input_name(w->b, i));
	in->description = write_text(w, f.description);
	in->kind = f.kind;
	in->null = f.null;
	if (!c->declared && !c->used)
		in->flags |= INPUT_UNUSED;
	else if (f.required)
		in->flags |= INPUT_REQUIRED;
	if (f.loose)
		in->flags |= INPUT_LOOSE;
	if (f.closed && f.kind == MODEL_TEXT)
		in->flags |= INPUT_CLOSED;
	if (c->fill_first)
		in->flags |= INPUT_FILL_FIRST;
	if (c->hashed)
		in->flags |= INPUT_HASHED;
	if (f.booleans)
		in->flags |= INPUT_BOOLEANS;
	if (f.integer && f.kind == MODEL_NUMBER)
		in->flags |= INPUT_INTEGER;
	in->default_cell = NAN;
	if (f.has_default) {
		in->flags |= INPUT_DEFAULT;
		in->default_cell = f.kind == MODEL_TEXT ?
		    text_cell(c, f.default_text) : f.default_number;
		if (f.kind == MODEL_TEXT && f.default_text.p != NULL)
			in->default_text = write_text(w, f.default_text);
		else if (isnan(in->default_cell))
			in->flags |= INPUT_DEFAULT_MISSING;
	}
	if (f.has_range) {
		in->flags |= INPUT_RANGE;
		in->low = f.low;
		in->high = f.high;
	}
	put_aliases(w, c, &f, in);
	in->category = w->section[SECTION_categories].n;
	if (f.kind == MODEL_TEXT)
		put_dictionary(w, c, &f, in);
}

struct image_input *
write_inputs(struct writer *w)
{
	struct model_build *b = w->b;
	uint32_t n = b->columns.n, at;
	struct image_input *inputs = write_room(w, SECTION_inputs, n, &at);
	uint32_t *order = write_room(w, SECTION_order, n, &at);

	if (inputs == NULL || order == NULL)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		put_input(w, i, &inputs[i]);
	if (b->order.n > 0)
		memcpy(order, b->order.p, b->order.n * sizeof(*order));
	order += b->order.n;
	for (uint32_t i = 0; i < b->suggested.n; i++) {
		uint32_t column = ((const uint32_t *)b->suggested.p)[i];

		if (!ir_column(b, column)->declared)
			*order++ = column;
	}
	for (uint32_t i = 0; i < n; i++)
		if (!ir_column(b, i)->declared && !ir_column(b, i)->suggested)
			*order++ = i;
	return inputs;
}
