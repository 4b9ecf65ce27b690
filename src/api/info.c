/* SPDX-License-Identifier: ISC
 *
 * /info: the lab's welcome document, said of any model, and what else is
 * known of each.
 */
#include <math.h>

#include "api/document.h"
#include "api/exchange.h"
#include "api/predict_encode.h"
#include "json/json_write.h"
#include "model/model_build.h"

static void
render_names(struct buf *b, const struct model *m, enum model_kind kind)
{
	struct model_field f;

	json_open(b, '[');
	for (uint32_t i = 0; m != NULL && i < model_inputs(m); i++) {
		model_field(m, model_field_order(m, i), &f);
		if (f.kind == kind)
			json_str(b, f.name);
	}
	json_close(b, ']');
}

static void
render_booleans(struct buf *b, const struct model *m)
{
	struct model_field f;
	bool some = false;

	for (uint32_t i = 0; m != NULL && i < model_inputs(m); i++) {
		model_field(m, model_field_order(m, i), &f);
		if (!f.booleans)
			continue;
		if (!some) {
			json_key(b, "boolean_features");
			json_open(b, '[');
		}
		json_str(b, f.name);
		some = true;
	}
	if (some)
		json_close(b, ']');
}

/* m is NULL where no model is served. */
static void
render_format(struct buf *b, const struct model *m)
{
	char text[96];
	struct buf words;

	buf_init(&words, text, sizeof(text));
	buf_printf(&words, "A JSON object (or list of objects) with all "
	    "%u features.", m != NULL ? model_inputs(m) : 0);
	json_open(b, '{');
	json_key(b, "numerical_features");
	render_names(b, m, MODEL_NUMBER);
	json_key(b, "categorical_features");
	render_names(b, m, MODEL_TEXT);
	render_booleans(b, m);
	json_key(b, "description");
	json_str(b, buf_view(&words));
	json_key(b, "example_single_record");
	if (m != NULL)
		document_example(b, m);
	else
		json_raw(b, STR("{}"));
	json_close(b, '}');
}

static void
render_facts(struct buf *b, const struct model *m)
{
	for (int i = 0; i < FACT_COUNT; i++) {
		struct str fact = model_fact_at(m, i);

		if (fact.n > 0) {
			json_key(b, model_fact_name(i));
			json_str(b, fact);
		}
	}
	for (int i = 0; i < FIGURE_COUNT; i++) {
		double v = model_figure(m, i);

		if (isfinite(v)) {
			json_key(b, model_figure_name(i));
			json_number(b, v);
		}
	}
}

static void
render_model(struct buf *b, const struct served *s)
{
	const struct model *m = s->model;

	json_open(b, '{');
	json_key(b, "slot");
	json_str(b, s->slot);
	json_key(b, "path");
	json_str(b, s->path);
	json_key(b, "task");
	json_text(b, model_task(m) == MODEL_REGRESSION ? "regression" :
	    "classification");
	predict_encode_labels(b, m);
	json_key(b, "probabilities");
	json_bool(b, model_has_probabilities(m));
	render_facts(b, m);
	json_key(b, "required_input_format");
	render_format(b, m);
	json_close(b, '}');
}

void
info_render(struct buf *b, const struct api *api)
{
	char text[96];
	struct buf words;

	buf_init(&words, text, sizeof(text));
	buf_printf(&words, "Lightscore " PACKAGE_VERSION " serves %zu model%s",
	    api->n_served, api->n_served == 1 ? "" : "s");
	json_open(b, '{');
	json_key(b, "message");
	json_str(b, buf_view(&words));
	json_key(b, "api_documentation");
	json_text(b, "Find the interactive documentation at /apidocs/");
	json_key(b, "model_versions_available");
	json_open(b, '[');
	for (size_t i = 0; i < api->n_served; i++)
		json_str(b, api->served[i].path);
	json_close(b, ']');
	json_key(b, "required_input_format");
	render_format(b, api->n_served > 0 ? api->served[0].model : NULL);
	json_key(b, "models");
	json_open(b, '[');
	for (size_t i = 0; i < api->n_served; i++)
		render_model(b, &api->served[i]);
	json_close(b, ']');
	if (api->alerts) {
		json_key(b, "alerts");
		json_text(b, "/alerts");
	}
	json_close(b, '}');
}
