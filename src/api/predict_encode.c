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

static void
put_classes(struct buf *b, const struct model *m, uint32_t first, uint32_t n)
{
	json_key(b, "classes");
	json_open(b, '[');
	for (uint32_t k = 0; k < n; k++)
		predict_encode_class(b, m, first + k);
	json_close(b, ']');
}

void
predict_encode_labels(struct buf *b, const struct model *m)
{
	struct model_target t;

	if (model_targets(m) <= 1) {
		put_classes(b, m, 0, model_classes(m));
		return;
	}
	json_key(b, "targets");
	json_open(b, '[');
	for (uint32_t i = 0; i < model_targets(m); i++) {
		model_target_at(m, i, &t);
		json_open(b, '{');
		json_key(b, "name");
		json_str(b, t.name);
		put_classes(b, m, t.class_, t.classes);
		json_close(b, '}');
	}
	json_close(b, ']');
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
	bool several = model_targets(s->model) > 1, good = true;

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
		if (!several)
			buf_text(&b, "{\"prediction\":");
		predict_encode_class(&b, s->model, k);
		if (several)
			;
		else if (model_has_probabilities(s->model))
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

/* Lists, target after target. */
static void
put_targets(const struct served *s, const double *out, const uint32_t *class_,
    struct buf *b)
{
	const struct model *m = s->model;
	uint32_t n = model_targets(m);
	struct model_target t;

	buf_text(b, "{\"prediction\":");
	for (uint32_t i = 0; i < n; i++) {
		buf_char(b, i == 0 ? '[' : ',');
		buf_str(b, s->head[class_[i]]);
	}
	buf_char(b, ']');
	if (!model_has_probabilities(m))
		return;
	buf_text(b, ",\"probability\":");
	for (uint32_t i = 0; i < n; i++) {
		model_target_at(m, i, &t);
		buf_char(b, i == 0 ? '[' : ',');
		buf_double(b, out[t.output + class_[i] - t.class_]);
	}
	buf_char(b, ']');
}

void
predict_encode_rows(const struct served *s, const struct predict_batch *batch,
    struct buf *b)
{
	uint32_t width = model_outputs(s->model);
	uint32_t targets = model_targets(s->model);
	bool probabilities = model_has_probabilities(s->model);
	int32_t score = model_score_output(s->model);

	if (batch->list)
		buf_char(b, '[');
	for (size_t i = 0; i < batch->rows; i++) {
		const double *out = batch->out + i * width;
		uint32_t k = targets == 1 ? batch->class_[i] : 0;

		if (i > 0)
			buf_char(b, ',');
		if (targets > 1) {
			put_targets(s, out, batch->class_ + i * targets, b);
			buf_str(b, s->tail);
			continue;
		}
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
