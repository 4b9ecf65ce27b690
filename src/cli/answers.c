/* SPDX-License-Identifier: ISC
 *
 * What a prediction looks like in each format. Doubles are written so that
 * they read back as the same double.
 */
#include "cli/answers.h"

#include "api/predict_encode.h"
#include "cli/csv.h"
#include "score/score.h"

static uint32_t
probabilities(const struct model *m)
{
	return model_has_probabilities(m) ? model_classes(m) : 0;
}

static void
csv_header(const struct model *m, struct buf *b)
{
	uint32_t numbers = model_classes(m) > 0 ? 0 : model_outputs(m);

	if (numbers > 1)
		for (uint32_t i = 0; i < numbers; i++)
			buf_printf(b, "%sprediction_%u", i > 0 ? "," : "", i);
	else
		buf_text(b, "prediction");
	if (model_score_output(m) >= 0)
		buf_text(b, ",score");
	for (uint32_t k = 0; k < probabilities(m); k++) {
		struct model_class c;

		model_class_at(m, k, &c);
		buf_char(b, ',');
		csv_cell(b, "probability_", c.text);
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
	struct model_class c;

	if (model_classes(m) > 0) {
		model_class_at(m, score_class(m, out), &c);
		csv_cell(b, "", c.text);
	} else {
		for (uint32_t i = 0; i < model_outputs(m); i++) {
			buf_text(b, i > 0 ? "," : "");
			buf_double(b, out[i]);
		}
	}
	if (score >= 0) {
		buf_char(b, ',');
		buf_double(b, out[score]);
	}
	for (uint32_t k = 0; k < probabilities(m); k++) {
		buf_char(b, ',');
		buf_double(b, out[k]);
	}
	buf_char(b, '\n');
}

static void
json_row(const struct model *m, const double *out, struct buf *b)
{
	uint32_t n = probabilities(m);
	int32_t score = model_score_output(m);
	struct model_class c;

	buf_text(b, "{\"prediction\":");
	if (model_classes(m) > 0)
		predict_encode_class(b, m, score_class(m, out));
	else
		predict_encode_numbers(b, m, out);
	if (score >= 0) {
		buf_text(b, ",\"score\":");
		buf_double(b, out[score]);
	}
	if (n == 0) {
		buf_char(b, '}');
		return;
	}
	buf_text(b, ",\"probabilities\":{");
	for (uint32_t k = 0; k < n; k++) {
		model_class_at(m, k, &c);
		if (k > 0)
			buf_char(b, ',');
		buf_json(b, c.text);
		buf_char(b, ':');
		buf_double(b, out[k]);
	}
	buf_text(b, "}}");
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
