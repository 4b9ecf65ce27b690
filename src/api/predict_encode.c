/* SPDX-License-Identifier: ISC
 *
 * Predictions to JSON. All but the number is the same in every answer of a
 * model and class, so it is made once and copied.
 */
#include "api/predict_encode.h"

#include "json/json_write.h"
#include "score/score.h"

void
predict_encode_class(struct buf *b, const struct model *m, uint32_t k)
{
	struct model_class c;

	model_class_at(m, k, &c);
	switch (c.kind) {
	case CLASS_TEXT:
		json_str(b, c.text);
		break;
	case CLASS_FLOAT:
		json_number(b, c.number);
		break;
	case CLASS_INTEGER:
	case CLASS_BOOL:
		json_raw(b, c.text);
		break;
	}
}

static bool
keep(struct arena *mem, const struct buf *b, struct str *ret)
{
	*ret = arena_str(mem, buf_view(b));
	return !b->over && ret->p != NULL;
}

bool
predict_encode_prepare(struct served *s, struct arena *mem, struct err *err)
{
	char memory[8192];
	struct buf b;
	uint32_t heads = model_classes(s->model);
	bool good = true;

	buf_init(&b, memory, sizeof(memory));
	s->head = ARENA_ARRAY(mem, heads > 0 ? heads : 1, struct str);
	if (s->head == NULL)
		return arena_err(mem, "the table of answers", err);
	if (heads == 0) {
		buf_text(&b, "{\"prediction\":");
		good = keep(mem, &b, &s->head[0]);
	}
	for (uint32_t k = 0; good && k < heads; k++) {
		buf_reset(&b);
		buf_text(&b, "{\"prediction\":");
		predict_encode_class(&b, s->model, k);
		if (model_has_probabilities(s->model))
			buf_text(&b, ",\"probability\":");
		else if (model_score_output(s->model) >= 0)
			buf_text(&b, ",\"score\":");
		good = keep(mem, &b, &s->head[k]);
	}
	buf_reset(&b);
	buf_text(&b, ",\"model_version\":");
	buf_json(&b, s->slot);
	buf_char(&b, '}');
	if (!good || !keep(mem, &b, &s->tail))
		return err_set(err, ERR_LIMIT, ERR_NOWHERE,
		    "a class label of model %.*s is too long to answer with",
		    STR_ARG(s->slot));
	return true;
}

void
predict_encode_numbers(struct buf *b, const struct model *m,
    const double *out)
{
	uint32_t n = model_outputs(m);

	for (uint32_t i = 0; i < n; i++) {
		if (n > 1)
			buf_char(b, i == 0 ? '[' : ',');
		buf_double(b, out[i]);
	}
	if (n > 1)
		buf_char(b, ']');
}

void
predict_encode_rows(const struct served *s, const struct predict_batch *batch,
    struct buf *b)
{
	uint32_t width = model_outputs(s->model);
	bool probabilities = model_has_probabilities(s->model);
	int32_t score = model_score_output(s->model);

	if (batch->list)
		buf_char(b, '[');
	for (size_t i = 0; i < batch->rows; i++) {
		const double *out = batch->out + i * width;
		uint32_t k = batch->class_ != NULL ? batch->class_[i] : 0;

		if (i > 0)
			buf_char(b, ',');
		buf_str(b, s->head[k]);
		if (batch->class_ == NULL)
			predict_encode_numbers(b, s->model, out);
		else if (probabilities)
			buf_double(b, out[k]);
		else if (score >= 0)
			buf_double(b, out[score]);
		buf_str(b, s->tail);
	}
	if (batch->list)
		buf_char(b, ']');
}
