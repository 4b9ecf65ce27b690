/* SPDX-License-Identifier: ISC
 *
 * What a prediction looks like in each format. Doubles are written so that
 * they read back as the same double.
 */
#include "cli/answers.h"

#include "api/predict_encode.h"
#include "cli/csv.h"
#include "cli/labels.h"
#include "score/score.h"

static void
csv_predictions(const struct model *m, struct buf *b)
{
	uint32_t targets = model_targets(m), numbers = model_outputs(m);
	char name[LABELS_COLUMN_MAX];

	if (targets == 0 && numbers > 1) {
		for (uint32_t i = 0; i < numbers; i++)
			buf_printf(b, "%sprediction_%u", i > 0 ? "," : "", i);
		return;
	}
	if (targets == 0)
		buf_text(b, "prediction");
	for (uint32_t i = 0; i < targets; i++) {
		labels_prediction(m, i, name);
		buf_text(b, i > 0 ? "," : "");
		csv_cell(b, name, STR(""));
	}
}

static void
csv_header(const struct model *m, struct buf *b)
{
	char name[LABELS_COLUMN_MAX];
	struct model_target t;
	struct model_class c;

	csv_predictions(m, b);
	if (model_score_output(m) >= 0)
		buf_text(b, ",score");
	for (uint32_t i = 0; model_has_probabilities(m) &&
	     i < model_targets(m); i++) {
		model_target_at(m, i, &t);
		labels_probability(m, i, name);
		for (uint32_t k = 0; k < t.classes; k++) {
			model_class_at(m, t.class_ + k, &c);
			buf_char(b, ',');
			csv_cell(b, name, c.text);
		}
	}
	buf_char(b, '\n');
}

void
answers_begin(struct answers *a, const struct model *m,
    enum rows_format format, struct buf *b)
{
	*a = (struct answers){.model = m, .format = format};
	if (format == ROWS_CSV)
		csv_header(m, b);
	else if (format == ROWS_JSON)
		buf_char(b, '[');
}

static void
csv_row(const struct model *m, const double *out, struct buf *b)
{
	int32_t score = model_score_output(m);
	uint32_t targets = model_targets(m);
	struct model_target t;
	struct model_class c;

	for (uint32_t i = 0; i < targets; i++) {
		model_class_at(m, score_class(m, i, out), &c);
		buf_text(b, i > 0 ? "," : "");
		csv_cell(b, "", c.text);
	}
	for (uint32_t i = 0; targets == 0 && i < model_outputs(m); i++) {
		buf_text(b, i > 0 ? "," : "");
		buf_double(b, out[i]);
	}
	if (score >= 0) {
		buf_char(b, ',');
		buf_double(b, out[score]);
	}
	for (uint32_t i = 0; model_has_probabilities(m) && i < targets; i++) {
		model_target_at(m, i, &t);
		for (uint32_t k = 0; k < t.classes; k++) {
			buf_char(b, ',');
			buf_double(b, out[t.output + k]);
		}
	}
	buf_char(b, '\n');
}

/* A label, or of several targets a list of them. */
static void
json_labels(const struct model *m, const double *out, struct buf *b)
{
	uint32_t n = model_targets(m);

	if (n > 1)
		buf_char(b, '[');
	for (uint32_t i = 0; i < n; i++)
		predict_encode_class(b, m, score_class(m, i, out));
	if (n > 1)
		buf_char(b, ']');
}

static void
json_probabilities(const struct model *m, const struct model_target *t,
    const double *out, struct buf *b)
{
	struct model_class c;

	for (uint32_t k = 0; k < t->classes; k++) {
		model_class_at(m, t->class_ + k, &c);
		buf_char(b, k == 0 ? '{' : ',');
		buf_json(b, c.text);
		buf_char(b, ':');
		buf_double(b, out[t->output + k]);
	}
	buf_char(b, '}');
}

static void
json_row(const struct model *m, const double *out, struct buf *b)
{
	uint32_t n = model_has_probabilities(m) ? model_targets(m) : 0;
	int32_t score = model_score_output(m);
	struct model_target t;

	buf_text(b, "{\"prediction\":");
	if (model_targets(m) > 0)
		json_labels(m, out, b);
	else
		predict_encode_numbers(b, m, out);
	if (score >= 0) {
		buf_text(b, ",\"score\":");
		buf_double(b, out[score]);
	}
	if (n > 0)
		buf_text(b, ",\"probabilities\":");
	for (uint32_t i = 0; i < n; i++) {
		model_target_at(m, i, &t);
		if (n > 1) {
			buf_char(b, i == 0 ? '{' : ',');
			buf_json(b, t.name);
			buf_char(b, ':');
		}
		json_probabilities(m, &t, out, b);
	}
	buf_text(b, n > 1 ? "}}" : "}");
}

void
answers_row(struct answers *a, const double *out, struct buf *b)
{
	switch (a->format) {
	case ROWS_CSV:
		csv_row(a->model, out, b);
		break;
	case ROWS_JSON:
		buf_text(b, a->n > 0 ? ",\n " : "\n ");
		json_row(a->model, out, b);
		break;
	case ROWS_NDJSON:
		json_row(a->model, out, b);
		buf_char(b, '\n');
		break;
	}
	a->n++;
}

void
answers_end(struct answers *a, struct buf *b)
{
	if (a->format == ROWS_JSON)
		buf_text(b, "\n]\n");
}
