/* SPDX-License-Identifier: ISC
 *
 * A model for programs to read. Names are those of the model file.
 */
#include "cli/describe.h"

#include <math.h>

#include "api/predict_encode.h"
#include "json/json_write.h"
#include "model/model_build.h"

static void
put_facts(const struct model *m, struct buf *b)
{
	for (int i = 0; i < FACT_COUNT; i++) {
		struct str text = model_fact_at(m, i);

		if (text.n == 0)
			continue;
		json_key(b, model_fact_name(i));
		json_str(b, text);
	}
}

static void
put_figures(const struct model *m, struct buf *b)
{
	json_key(b, "figures");
	json_open(b, '{');
	for (int i = 0; i < FIGURE_COUNT; i++) {
		double v = model_figure(m, (enum model_figure)i);

		if (isnan(v))
			continue;
		json_key(b, model_figure_name(i));
		json_number(b, v);
	}
	json_close(b, '}');
}

static void
put_default(const struct model_field *f, struct buf *b)
{
	json_key(b, "default");
	if (f->kind == MODEL_NUMBER)
		json_number(b, f->default_number);
	else if (f->default_text.p != NULL)
		json_str(b, f->default_text);
	else
		json_raw(b, STR("null"));
}

static void
put_aliases(const struct model_field *f, struct buf *b)
{
	json_key(b, "aliases");
	json_open(b, '[');
	for (uint32_t i = 0; i < f->n_aliases; i++) {
		const struct model_alias *a = &f->aliases[i];

		json_open(b, '{');
		json_key(b, "from");
		if (a->from_integer)
			json_number(b, (double)a->integer);
		else
			json_str(b, a->text);
		json_key(b, "to");
		if (f->kind == MODEL_TEXT)
			json_str(b, a->to);
		else
			json_number(b, a->to_number);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
put_input(const struct model *m, uint32_t column, struct buf *b)
{
	static const char *const nulls[] = {
	    [NULL_REFUSE] = "refuse",
	    [NULL_MISSING] = "missing",
	    [NULL_DEFAULT] = "default",
	};
	struct model_field f;

	model_field(m, column, &f);
	json_open(b, '{');
	json_key(b, "name");
	json_str(b, f.name);
	json_key(b, "type");
	json_text(b, f.kind == MODEL_TEXT ? "text" :
	    f.integer ? "integer" : "number");
	json_key(b, "required");
	json_bool(b, f.required);
	json_key(b, "unused");
	json_bool(b, f.unused);
	json_key(b, "null");
	json_text(b, nulls[f.null]);
	if (f.has_default)
		put_default(&f, b);
	if (f.has_range) {
		json_key(b, "range");
		json_open(b, '[');
		json_number(b, f.low);
		json_number(b, f.high);
		json_close(b, ']');
	}
	if (f.kind == MODEL_NUMBER) {
		json_key(b, "booleans");
		json_bool(b, f.booleans);
	}
	if (f.kind == MODEL_TEXT) {
		json_key(b, "loose");
		json_bool(b, f.loose);
		json_key(b, "closed");
		json_bool(b, f.closed);
		json_key(b, "categories");
		json_open(b, '[');
		for (uint32_t i = 0; i < f.n_categories; i++)
			json_str(b, model_category(m, column, i));
		json_close(b, ']');
	}
	if (f.n_aliases > 0)
		put_aliases(&f, b);
	if (f.description.n > 0) {
		json_key(b, "description");
		json_str(b, f.description);
	}
	json_close(b, '}');
}

void
describe_json(const struct model *m, struct buf *b)
{
	char text[400];

	json_open(b, '{');
	put_facts(m, b);
	json_key(b, "task");
	json_text(b, model_task(m) == MODEL_REGRESSION ? "regression" :
	    "classification");
	json_key(b, "bytes");
	json_u64(b, model_bytes(m));
	json_key(b, "checksum");
	buf_printf(b, "\"%08x\"", model_checksum(m));
	put_figures(m, b);
	predict_encode_labels(b, m);
	json_key(b, "probabilities");
	json_bool(b, model_has_probabilities(m));
	json_key(b, "outputs");
	json_u64(b, model_outputs(m));
	json_key(b, "inputs");
	json_open(b, '[');
	for (uint32_t i = 0; i < model_inputs(m); i++)
		put_input(m, model_field_order(m, i), b);
	json_close(b, ']');
	json_key(b, "steps");
	json_open(b, '[');
	for (uint32_t i = 0; i < model_steps(m); i++) {
		model_step_text(m, i, text, sizeof(text));
		json_text(b, text);
	}
	json_close(b, ']');
	json_key(b, "warnings");
	json_open(b, '[');
	for (uint32_t i = 0; i < model_warnings(m); i++)
		json_str(b, model_warning(m, i));
	json_close(b, ']');
	if (model_example(m).n > 0) {
		json_key(b, "example");
		json_raw(b, model_example(m));
	}
	json_close(b, '}');
	buf_char(b, '\n');
}
