/* SPDX-License-Identifier: ISC
 *
 * What a prediction looks like in each format. Doubles are written so that
 * they read back as the same double.
 */
#include "cli/answers.h"

#include "api/predict_encode.h"
#include "cli/csv.h"
#include "score/score.h"

static void
csv_header(const struct model *m, struct buf *b)
{
	buf_text(b, "prediction");
	for (uint32_t k = 0; k < model_classes(m); k++) {
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
	uint32_t n = model_classes(m);
	struct model_class c;

	if (n == 0) {
		buf_double(b, out[0]);
	} else {
		model_class_at(m, score_class(m, out), &c);
		csv_cell(b, "", c.text);
	}
	for (uint32_t k = 0; k < n; k++) {
		buf_char(b, ',');
		buf_double(b, out[k]);
	}
	buf_char(b, '\n');
}

static void
json_row(const struct model *m, const double *out, struct buf *b)
{
	uint32_t n = model_classes(m);
	struct model_class c;

	buf_text(b, "{\"prediction\":");
	if (n == 0) {
		buf_double(b, out[0]);
		buf_char(b, '}');
		return;
	}
	predict_encode_class(b, m, score_class(m, out));
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
