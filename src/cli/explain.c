/* SPDX-License-Identifier: ISC
 *
 * Where each line of the input schema came from, and the names of several
 * targets. What a line says is asked of the compiled model, so that it is what
 * clients will meet; where it came from is asked of the build.
 */
#include "cli/explain.h"

#include <math.h>
#include <stdint.h>

#include "json/json_write.h"

enum { SHOWN = 8, VALUE_BYTES = 2048 };

static const char *const line_names[] = {
    [LINE_KIND] = "kind",
    [LINE_REQUIRED] = "required",
    [LINE_NULL] = "null",
    [LINE_DEFAULT] = "default",
    [LINE_CATEGORIES] = "categories",
    [LINE_CLOSED] = "closed",
    [LINE_RANGE] = "range",
    [LINE_BOOLEANS] = "booleans",
    [LINE_LOOSE] = "loose",
    [LINE_ALIASES] = "aliases",
    [LINE_DESCRIPTION] = "description",
};
_Static_assert(countof(line_names) == LINE_COUNT, "a name each");

/* Whether a column of that kind has such a line. */
static bool
has_line(const struct model_field *f, enum field_line line)
{
	switch (line) {
	case LINE_CATEGORIES:
	case LINE_CLOSED:
		return f->kind == MODEL_TEXT;
	case LINE_RANGE:
	case LINE_BOOLEANS:
		return f->kind == MODEL_NUMBER;
	case LINE_LOOSE:
		return f->kind == MODEL_TEXT || f->n_aliases > 0;
	default:
		return true;
	}
}

static void
put_default(const struct model_field *f, struct buf *b)
{
	if (!f->has_default)
		buf_text(b, "none");
	else if (f->kind == MODEL_NUMBER && !isnan(f->default_number))
		buf_printf(b, "%g", f->default_number);
	else if (f->kind == MODEL_TEXT && f->default_text.p != NULL)
		buf_str(b, f->default_text);
	else
		buf_text(b, "missing");
}

static void
put_categories(const struct model *m, uint32_t column,
    const struct model_field *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->n_categories && i < SHOWN; i++) {
		buf_text(b, i > 0 ? ", " : "");
		buf_str(b, model_category(m, column, i));
	}
	if (f->n_categories > SHOWN)
		buf_printf(b, " and %u more", f->n_categories - SHOWN);
	if (f->n_categories == 0)
		buf_text(b, "none");
}

static void
put_aliases(const struct model_field *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->n_aliases && i < SHOWN; i++) {
		const struct model_alias *a = &f->aliases[i];

		buf_text(b, i > 0 ? ", " : "");
		if (a->from_integer)
			buf_printf(b, "%jd", (intmax_t)a->integer);
		else
			buf_json(b, a->text);
		buf_text(b, " is ");
		if (f->kind == MODEL_TEXT)
			buf_str(b, a->to);
		else if (isnan(a->to_number))
			buf_text(b, "missing");
		else
			buf_printf(b, "%g", a->to_number);
	}
	if (f->n_aliases > SHOWN)
		buf_printf(b, " and %u more", f->n_aliases - SHOWN);
	if (f->n_aliases == 0)
		buf_text(b, "none");
}

/* What a line says. */
static void
put_value(const struct model *m, uint32_t column,
    const struct model_field *f, enum field_line line, struct buf *b)
{
	static const char *const nulls[] = {
	    [NULL_REFUSE] = "refused",
	    [NULL_MISSING] = "missing to the model",
	    [NULL_DEFAULT] = "the default",
	};

	switch (line) {
	case LINE_KIND:
		buf_text(b, f->kind == MODEL_TEXT ? "text" :
		    f->integer ? "integer" : "number");
		break;
	case LINE_REQUIRED:
		buf_text(b, f->required ? "yes" : "no");
		break;
	case LINE_NULL:
		buf_text(b, nulls[f->null]);
		break;
	case LINE_DEFAULT:
		put_default(f, b);
		break;
	case LINE_CATEGORIES:
		put_categories(m, column, f, b);
		break;
	case LINE_CLOSED:
		buf_text(b, f->closed ? "others are refused" :
		    "others are scored as unknown");
		break;
	case LINE_RANGE:
		if (f->has_range)
			buf_printf(b, "%g to %g", f->low, f->high);
		else
			buf_text(b, "not known");
		break;
	case LINE_BOOLEANS:
		buf_text(b, f->booleans ? "taken for 1 and 0" :
		    "refused (unless the schema says booleans: true)");
		break;
	case LINE_LOOSE:
		buf_text(b, f->loose ? "case and spaces do not matter" :
		    "compared as it is");
		break;
	case LINE_ALIASES:
		put_aliases(f, b);
		break;
	case LINE_DESCRIPTION:
		buf_str(b, f->description);
		if (f->description.n == 0)
			buf_text(b, "none");
		break;
	case LINE_COUNT:
		break;
	}
}

/* "0.2 % missing, 3 rows with unknown categories, whole numbers" */
static void
put_seen(const struct seen *s, const struct model_field *f,
    struct buf *b)
{
	buf_printf(b, "%.3g %% missing", s->rows > 0 ?
	    100 * (double)s->missing / (double)s->rows : 0);
	if (f->kind == MODEL_TEXT && s->unknown > 0)
		buf_printf(b, ", %ju with an unknown category",
		    (uintmax_t)s->unknown);
	if (f->kind == MODEL_NUMBER && s->whole)
		buf_text(b, ", whole numbers alone");
}

/* Names and texts of the model must not speak to the terminal. */
static void
put_plain(struct str text, struct buf *b)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		buf_char(b, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

/* What is written of a column, in order: its name, its lines, what the
 * reference data has where there are any, its end. */
struct writer {
	void (*target)(struct str name, uint32_t t, struct str origin,
	    struct buf *out);
	void (*column)(const struct model_field *f, bool first,
	    struct buf *out);
	void (*line)(const char *name, struct str value, struct str origin,
	    struct buf *out);
	void (*seen)(const struct seen *s, const struct model_field *f,
	    struct buf *out);
	void (*end)(struct buf *out);
};

static void
walk(const struct model *m, const struct model_build *b,
    const struct seen *seen, const struct writer *w, struct buf *out)
{
	char memory[VALUE_BYTES];

	for (uint32_t i = 0; i < model_inputs(m); i++) {
		uint32_t column = model_field_order(m, i);
		struct model_field f;

		model_field(m, column, &f);
		w->column(&f, i == 0, out);
		for (int line = 0; line < LINE_COUNT && !f.unused; line++) {
			struct buf value;

			if (!has_line(&f, (enum field_line)line))
				continue;
			buf_init(&value, memory, sizeof(memory));
			put_value(m, column, &f, (enum field_line)line,
			    &value);
			w->line(line_names[line], buf_view(&value),
			    model_build_origin_of(b, column,
				(enum field_line)line), out);
		}
		if (seen != NULL && !f.unused)
			w->seen(&seen[column], &f, out);
		w->end(out);
	}
	for (uint32_t t = 0; model_targets(m) > 1 && t < model_targets(m);
	     t++) {
		struct model_target target;

		model_target_at(m, t, &target);
		w->target(target.name, t, model_build_target_origin_of(b, t),
		    out);
	}
}

static void
text_column(const struct model_field *f, bool first, struct buf *out)
{
	buf_text(out, first ? "" : "\n");
	put_plain(f->name, out);
	buf_text(out, f->unused ? ": not used by the model, anything may be "
	    "sent\n" : "\n");
}

static void
text_line(const char *name, struct str value, struct str origin,
    struct buf *out)
{
	buf_printf(out, "  %-12s", name);
	put_plain(value, out);
	buf_printf(out, "%*s  [", value.n < 32 ? 32 - (int)value.n : 0, "");
	put_plain(origin, out);
	buf_text(out, "]\n");
}

static void
text_seen(const struct seen *s, const struct model_field *f, struct buf *out)
{
	char memory[VALUE_BYTES];
	struct buf value;

	buf_init(&value, memory, sizeof(memory));
	put_seen(s, f, &value);
	text_line("seen", buf_view(&value), s->origin, out);
}

static void
text_target(struct str name, uint32_t t, struct str origin, struct buf *out)
{
	buf_text(out, t == 0 ? "\ntargets\n" : "");
	text_line("name", name, origin, out);
}

static void
text_end(struct buf *out)
{
	(void)out;
}

void
explain_text(const struct model *m, const struct model_build *b,
    const struct seen *seen, struct buf *out)
{
	static const struct writer text = {text_target, text_column,
	    text_line, text_seen, text_end};

	walk(m, b, seen, &text, out);
}

static void
json_column(const struct model_field *f, bool first, struct buf *out)
{
	(void)first;
	json_open(out, '{');
	json_key(out, "name");
	json_str(out, f->name);
	json_key(out, "unused");
	json_bool(out, f->unused);
}

static void
json_line(const char *name, struct str value, struct str origin,
    struct buf *out)
{
	json_key(out, name);
	json_open(out, '{');
	json_key(out, "value");
	json_str(out, value);
	json_key(out, "from");
	json_str(out, origin);
	json_close(out, '}');
}

static void
json_seen(const struct seen *s, const struct model_field *f, struct buf *out)
{
	(void)f;
	json_key(out, "seen");
	json_open(out, '{');
	json_key(out, "rows");
	json_u64(out, s->rows);
	json_key(out, "missing");
	json_u64(out, s->missing);
	json_key(out, "unknown");
	json_u64(out, s->unknown);
	json_key(out, "whole");
	json_bool(out, s->whole);
	json_key(out, "from");
	json_str(out, s->origin);
	json_close(out, '}');
}

static void
json_target(struct str name, uint32_t t, struct str origin, struct buf *out)
{
	(void)t;
	json_open(out, '{');
	json_line("target", name, origin, out);
	json_close(out, '}');
}

static void
json_end(struct buf *out)
{
	json_close(out, '}');
}

void
explain_json(const struct model *m, const struct model_build *b,
    const struct seen *seen, struct buf *out)
{
	static const struct writer json = {json_target, json_column,
	    json_line, json_seen, json_end};

	json_open(out, '[');
	walk(m, b, seen, &json, out);
	json_close(out, ']');
	buf_char(out, '\n');
}
