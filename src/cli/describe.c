/* SPDX-License-Identifier: ISC
 *
 * A model for people to read.
 */
#include "cli/describe.h"

#include <math.h>

#include "model/model_build.h"

enum { SHOWN = 8 };

static void
label(const char *name, struct buf *b)
{
	buf_printf(b, "  %-11s ", name);
}

/* A text of the model's, which must not speak to the terminal. */
static void
put_text(struct str text, struct buf *b)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		buf_char(b, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

static void
put_fact(const struct model *m, enum model_fact fact, struct buf *b)
{
	struct str text = model_fact_at(m, fact);

	if (text.n == 0)
		return;
	label(model_fact_name(fact), b);
	put_text(text, b);
	buf_char(b, '\n');
}

/* "Yes, No"; of several targets "; churn: Yes, No". */
static void
put_target(const struct model *m, uint32_t i, struct buf *b)
{
	struct model_target t;
	struct model_class c;

	model_target_at(m, i, &t);
	if (t.name.n > 0) {
		buf_text(b, i > 0 ? "; " : "");
		put_text(t.name, b);
		buf_text(b, ": ");
	}
	for (uint32_t k = 0; k < t.classes && k < SHOWN; k++) {
		model_class_at(m, t.class_ + k, &c);
		buf_text(b, k > 0 ? ", " : "");
		put_text(c.text, b);
	}
	if (t.classes > SHOWN)
		buf_printf(b, " and %u more", t.classes - SHOWN);
}

static void
put_classes(const struct model *m, struct buf *b)
{
	uint32_t n = model_targets(m);

	label("answers", b);
	if (model_task(m) == MODEL_REGRESSION) {
		if (model_outputs(m) > 1)
			buf_printf(b, "%u numbers\n", model_outputs(m));
		else
			buf_text(b, "a number\n");
		return;
	}
	for (uint32_t i = 0; i < n && i < SHOWN; i++)
		put_target(m, i, b);
	if (n > SHOWN)
		buf_printf(b, "; and %u more", n - SHOWN);
	if (model_score_output(m) >= 0)
		buf_text(b, "; with a score");
	else if (!model_has_probabilities(m))
		buf_text(b, "; without probabilities");
	buf_char(b, '\n');
}

static void
put_inputs_line(const struct model *m, struct buf *b)
{
	uint32_t n = model_inputs(m), texts = 0;
	struct model_field f;

	for (uint32_t i = 0; i < n; i++) {
		model_field(m, i, &f);
		texts += f.kind == MODEL_TEXT;
	}
	label("inputs", b);
	buf_printf(b, "%u: %u numbers, %u texts", n, n - texts, texts);
	if (!isnan(model_figure(m, FIGURE_FEATURES)))
		buf_printf(b, "; %.0f features",
		    model_figure(m, FIGURE_FEATURES));
	buf_char(b, '\n');
}

static void
put_reference(const struct model *m, struct buf *b)
{
	static const struct {
		enum model_figure figure;
		const char *name;
	} measures[] = {
	    {FIGURE_REF_ACCURACY, "accuracy"},
	    {FIGURE_REF_PRECISION, "precision"},
	    {FIGURE_REF_RECALL, "recall"},
	    {FIGURE_REF_F1, "F1"},
	    {FIGURE_REF_ROC_AUC, "ROC AUC"},
	    {FIGURE_REF_BRIER, "Brier"},
	    {FIGURE_REF_LOG_LOSS, "log loss"},
	    {FIGURE_REF_ECE, "ECE"},
	};
	double rows = model_figure(m, FIGURE_REFERENCE_ROWS);

	if (isnan(rows))
		return;
	label("reference", b);
	buf_printf(b, "%.0f rows", rows);
	for (size_t i = 0; i < countof(measures); i++) {
		double v = model_figure(m, measures[i].figure);

		if (!isnan(v))
			buf_printf(b, ", %s %.4f", measures[i].name, v);
	}
	buf_char(b, '\n');
}

void
describe_summary(const struct model *m, struct buf *b)
{
	double trees = model_figure(m, FIGURE_TREES);

	put_fact(m, FACT_NAME, b);
	put_fact(m, FACT_VERSION, b);
	put_fact(m, FACT_TITLE, b);
	put_fact(m, FACT_FORMAT, b);
	label("framework", b);
	put_text(model_fact_at(m, FACT_FRAMEWORK_VERSION), b);
	buf_char(b, '\n');
	put_fact(m, FACT_PIPELINE, b);
	put_inputs_line(m, b);
	put_classes(m, b);
	if (trees > 0) {
		label("trees", b);
		buf_printf(b, "%.0f, %.0f nodes\n", trees,
		    model_figure(m, FIGURE_NODES));
	}
	put_reference(m, b);
	label("size", b);
	buf_printf(b, "%zu bytes, checksum %08x\n", model_bytes(m),
	    model_checksum(m));
	for (uint32_t i = 0; i < model_warnings(m); i++) {
		label("warning", b);
		put_text(model_warning(m, i), b);
		buf_char(b, '\n');
	}
}

static void
put_categories(const struct model *m, uint32_t column,
    const struct model_field *f, struct buf *b)
{
	for (uint32_t i = 0; i < f->n_categories && i < SHOWN; i++) {
		buf_text(b, i > 0 ? ", " : "");
		put_text(model_category(m, column, i), b);
	}
	if (f->n_categories > SHOWN)
		buf_printf(b, " and %u more", f->n_categories - SHOWN);
}

static void
put_default(const struct model_field *f, struct buf *b)
{
	if (f->kind == MODEL_NUMBER && !isnan(f->default_number)) {
		buf_printf(b, ", default %g", f->default_number);
	} else if (f->kind == MODEL_TEXT && f->default_text.p != NULL) {
		buf_text(b, ", default ");
		put_text(f->default_text, b);
	} else {
		buf_text(b, ", default missing");
	}
}

static void
put_input(const struct model *m, uint32_t column, struct buf *b)
{
	static const char *const nulls[] = {
	    [NULL_REFUSE] = "",
	    [NULL_MISSING] = ", may be null",
	    [NULL_DEFAULT] = ", null is the default",
	};
	struct model_field f;

	model_field(m, column, &f);
	buf_text(b, "  ");
	put_text(f.name, b);
	buf_printf(b, "%*s %-6s ", f.name.n < 20 ? 20 - (int)f.name.n : 0, "",
	    f.kind == MODEL_TEXT ? "text" :
	    f.integer ? "integer" : "number");
	buf_text(b, f.unused ? "not used" :
	    f.required ? "required" : "optional");
	if (f.has_default)
		put_default(&f, b);
	if (f.booleans)
		buf_text(b, ", may be a boolean");
	buf_text(b, nulls[f.null]);
	if (f.has_range)
		buf_printf(b, "; %g to %g", f.low, f.high);
	if (f.n_categories > 0) {
		buf_text(b, f.closed ? "; one of " : "; ");
		put_categories(m, column, &f, b);
	}
	buf_char(b, '\n');
}

void
describe_details(const struct model *m, struct buf *b)
{
	char text[400];

	put_fact(m, FACT_SOURCE, b);
	put_fact(m, FACT_SHA256, b);
	put_fact(m, FACT_DESCRIPTION, b);
	put_fact(m, FACT_MLFLOW_VERSION, b);
	put_fact(m, FACT_RUN_ID, b);
	put_fact(m, FACT_MODEL_UUID, b);
	if (model_figure(m, FIGURE_THRESHOLD) != 0.5)
		buf_printf(b, "  %-12s%g\n", "threshold",
		    model_figure(m, FIGURE_THRESHOLD));
	buf_text(b, "\ninputs\n");
	for (uint32_t i = 0; i < model_inputs(m); i++)
		put_input(m, model_field_order(m, i), b);
	buf_text(b, "\nsteps\n");
	for (uint32_t i = 0; i < model_steps(m); i++) {
		model_step_text(m, i, text, sizeof(text));
		buf_printf(b, "  %s\n", text);
	}
	if (model_example(m).n > 0)
		buf_printf(b, "\nexample\n  %.*s\n",
		    STR_ARG(model_example(m)));
}
