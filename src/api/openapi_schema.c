/* SPDX-License-Identifier: ISC
 *
 * A model's columns and classes as JSON Schema.
 */
#include "api/openapi_schema.h"

#include <math.h>
#include <string.h>

#include "api/predict_encode.h"
#include "json/json_write.h"
#include "model/model_build.h"

/* A likeness of more is not told. */
enum { PATTERN_BYTES = 16 << 10 };

static void
render_type(struct buf *b, const char *type)
{
	json_open(b, '{');
	json_key(b, "type");
	json_text(b, type);
	json_close(b, '}');
}

/* Everything a column knows by name: categories, then other spellings. */
static void
render_enum(struct buf *b, const struct model *m, uint32_t column,
    const struct model_field *f)
{
	json_open(b, '{');
	json_key(b, "enum");
	json_open(b, '[');
	for (uint32_t c = 0; c < f->n_categories; c++)
		json_str(b, model_category(m, column, c));
	for (uint32_t a = 0; a < f->n_aliases; a++) {
		if (f->aliases[a].from_integer)
			json_number(b, (double)f->aliases[a].integer);
		else
			json_str(b, f->aliases[a].text);
	}
	json_close(b, ']');
	json_close(b, '}');
}

/* A text in any case, with its signs taken for themselves. */
static void
put_pattern(struct buf *pattern, struct str text)
{
	static const char signs[] = "\\^$.|?*+()[]{}/";

	text = str_trim(text);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i], other = (char)(c ^ ('a' ^ 'A'));

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			buf_printf(pattern, "[%c%c]", c, other);
		else if (c != '\0' && strchr(signs, c) != NULL)
			buf_printf(pattern, "\\%c", c);
		else
			buf_char(pattern, c);
	}
}

/* A text that is a known one in all but case and outer white space. */
static void
render_likeness(struct buf *b, const struct model *m, uint32_t column,
    const struct model_field *f)
{
	char text[PATTERN_BYTES];
	struct buf pattern;
	bool first = true;

	buf_init(&pattern, text, sizeof(text));
	buf_text(&pattern, "^[ \t-\r]*(?:");
	for (uint32_t i = 0; i < f->n_categories + f->n_aliases; i++) {
		bool alias = i >= f->n_categories;
		uint32_t at = alias ? i - f->n_categories : i;

		if (alias && f->aliases[at].from_integer)
			continue;
		if (!first)
			buf_char(&pattern, '|');
		put_pattern(&pattern, alias ? f->aliases[at].text :
		    model_category(m, column, at));
		first = false;
	}
	buf_text(&pattern, ")[ \t-\r]*$");
	json_open(b, '{');
	json_key(b, "type");
	json_text(b, "string");
	if (!pattern.over) { /* else it says less, and nothing wrong */
		json_key(b, "pattern");
		json_str(b, buf_view(&pattern));
	}
	json_close(b, '}');
}

static void
render_choices(struct buf *b, const struct model *m, uint32_t column,
    const struct model_field *f)
{
	bool text = f->kind == MODEL_TEXT;
	bool known = (text ? f->n_categories : 0) + f->n_aliases > 0;

	json_key(b, "anyOf");
	json_open(b, '[');
	if (known)
		render_enum(b, m, column, f);
	if (!text)
		render_type(b, f->integer ? "integer" : "number");
	else if (!known || !f->closed)
		render_type(b, "string");
	if (known && f->loose && (f->closed || !text))
		render_likeness(b, m, column, f);
	if (f->hashed)
		render_type(b, "integer");
	if (f->booleans)
		render_type(b, "boolean");
	if (f->null != NULL_REFUSE)
		render_type(b, "null");
	if (f->unused) { /* and anything else */
		json_open(b, '{');
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
render_description(struct buf *b, const struct model_field *f)
{
	char text[1024];
	struct buf words;

	buf_init(&words, text, sizeof(text));
	buf_str(&words, f->description);
	if (f->has_range)
		buf_printf(&words, "%sIn training %.10g to %.10g",
		    words.n > 0 ? ". " : "", f->low, f->high);
	if (f->loose)
		buf_text(&words, words.n > 0 ?
		    ". Case and outer spaces do not matter" :
		    "Case and outer spaces do not matter");
	if (words.n == 0)
		return;
	json_key(b, "description");
	json_str(b, buf_view(&words));
}

static void
render_field(struct buf *b, const struct model *m, uint32_t column)
{
	struct model_field f;

	model_field(m, column, &f);
	json_key_str(b, f.name);
	json_open(b, '{');
	render_choices(b, m, column, &f);
	render_description(b, &f);
	if (f.has_default && f.kind == MODEL_NUMBER &&
	    isfinite(f.default_number)) {
		json_key(b, "default");
		json_number(b, f.default_number);
	} else if (f.has_default && f.kind == MODEL_TEXT &&
	    f.default_text.p != NULL) {
		json_key(b, "default");
		json_str(b, f.default_text);
	}
	json_close(b, '}');
}

static void
render_key(struct buf *b, struct str slot, const char *what)
{
	char text[128];
	struct buf key;

	buf_init(&key, text, sizeof(text));
	buf_str(&key, slot);
	buf_text(&key, what);
	json_key_str(b, buf_view(&key));
}

static void
render_record(struct buf *b, const struct model *m)
{
	struct model_field f;

	json_open(b, '{');
	json_key(b, "type");
	json_text(b, "object");
	json_key(b, "required");
	json_open(b, '[');
	for (uint32_t i = 0; i < model_inputs(m); i++) {
		model_field(m, model_field_order(m, i), &f);
		if (f.required)
			json_str(b, f.name);
	}
	json_close(b, ']');
	json_key(b, "properties");
	json_open(b, '{');
	for (uint32_t i = 0; i < model_inputs(m); i++)
		render_field(b, m, model_field_order(m, i));
	json_close(b, '}');
	json_close(b, '}');
}

/* The label that a row gets of one target. */
static void
render_label(struct buf *b, const struct model *m, uint32_t target)
{
	struct model_target t;

	model_target_at(m, target, &t);
	json_open(b, '{');
	if (t.name.n > 0) {
		json_key(b, "title");
		json_str(b, t.name);
	}
	json_key(b, "enum");
	json_open(b, '[');
	for (uint32_t k = 0; k < t.classes; k++)
		predict_encode_class(b, m, t.class_ + k);
	json_close(b, ']');
	json_close(b, '}');
}

static void
open_list(struct buf *b)
{
	json_open(b, '{');
	json_key(b, "type");
	json_text(b, "array");
}

static void
close_list(struct buf *b, uint32_t n)
{
	json_key(b, "minItems");
	json_u64(b, n);
	json_key(b, "maxItems");
	json_u64(b, n);
	json_close(b, '}');
}

static void
render_numbers(struct buf *b, uint32_t n)
{
	open_list(b);
	json_key(b, "items");
	render_type(b, "number");
	close_list(b, n);
}

static void
render_labels(struct buf *b, const struct model *m)
{
	uint32_t n = model_targets(m);

	open_list(b);
	json_key(b, "prefixItems");
	json_open(b, '[');
	for (uint32_t t = 0; t < n; t++)
		render_label(b, m, t);
	json_close(b, ']');
	close_list(b, n);
}

/* Of one target, or a list of one each. */
static void
render_probability(struct buf *b, uint32_t targets)
{
	struct str one = STR("{\"type\":\"number\",\"minimum\":0,"
	    "\"maximum\":1,\"description\":\"Of the class that is "
	    "predicted\"}");

	if (targets == 1) {
		json_raw(b, one);
		return;
	}
	open_list(b);
	json_key(b, "items");
	json_raw(b, one);
	close_list(b, targets);
}

static void
render_prediction(struct buf *b, const struct served *s)
{
	const struct model *m = s->model;
	bool probability = model_has_probabilities(m);
	bool score = model_score_output(m) >= 0;

	json_open(b, '{');
	json_key(b, "type");
	json_text(b, "object");
	json_key(b, "required");
	json_open(b, '[');
	json_text(b, "prediction");
	if (probability || score)
		json_text(b, probability ? "probability" : "score");
	json_text(b, "model_version");
	json_close(b, ']');
	json_key(b, "properties");
	json_open(b, '{');
	json_key(b, "prediction");
	if (model_targets(m) > 1)
		render_labels(b, m);
	else if (model_targets(m) == 1)
		render_label(b, m, 0);
	else if (model_outputs(m) > 1)
		render_numbers(b, model_outputs(m));
	else
		render_type(b, "number");
	if (probability) {
		json_key(b, "probability");
		render_probability(b, model_targets(m));
	} else if (score) {
		json_key(b, "score");
		json_raw(b, STR("{\"type\":\"number\",\"description\":"
		    "\"What decides: below 0 it is the other class\"}"));
	}
	json_key(b, "model_version");
	json_open(b, '{');
	json_key(b, "const");
	json_str(b, s->slot);
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, '}');
}

void
openapi_render_schemas(struct buf *b, const struct served *s)
{
	render_key(b, s->slot, "_record");
	render_record(b, s->model);
	render_key(b, s->slot, "_prediction");
	render_prediction(b, s);
}

void
openapi_render_about(struct buf *b, const struct served *s)
{
	struct str title = model_fact_at(s->model, FACT_TITLE);
	struct str description = model_fact_at(s->model, FACT_DESCRIPTION);
	char text[4096];
	struct buf words;

	buf_init(&words, text, sizeof(text));
	buf_str(&words, title);
	if (title.n > 0 && description.n > 0)
		buf_text(&words, ". ");
	buf_str(&words, description);
	if (words.n == 0)
		return;
	json_key(b, "description");
	json_str(b, buf_view(&words));
}
