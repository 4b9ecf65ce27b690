/* SPDX-License-Identifier: ISC
 *
 * The list of all that is wrong with a request, bounded in number and bytes
 * whatever the request holds. It names columns of the model and kinds of
 * values; no value that a client sent is repeated to it.
 */
#include "api/predict_errors.h"

#include "json/json_write.h"

bool
predict_errors_begin(struct predict_errors *e, bool list, struct arena *mem)
{
	char *memory = arena_alloc(mem, PREDICT_ERRORS_BYTES);

	*e = (struct predict_errors){.list = list, .named = true};
	if (memory == NULL)
		return false;
	/* The bracket that closes the list has its place. */
	buf_init(&e->text, memory, PREDICT_ERRORS_BYTES - 1);
	json_open(&e->text, '[');
	return true;
}

/* column < 0: nobody knows which. */
static void
add(struct predict_errors *e, const struct model *m, size_t row,
    int64_t column, struct str text)
{
	size_t before = e->text.n;
	struct model_field f;

	/* Once one had no room, none has: the list has no holes. */
	if (e->full)
		return;
	json_open(&e->text, '{');
	if (e->list) {
		json_key(&e->text, "row");
		json_u64(&e->text, row + 1);
	}
	if (column >= 0) {
		model_field(m, (uint32_t)column, &f);
		json_key(&e->text, "field");
		json_str(&e->text, f.name);
	}
	json_key(&e->text, "error");
	json_str(&e->text, text);
	json_close(&e->text, '}');
	if (!e->text.over) {
		e->full = ++e->listed == PREDICT_ERRORS_MAX;
		return;
	}
	e->text.n = before;
	e->text.over = false;
	e->full = true;
}

void
predict_errors_add(struct predict_errors *e, const struct model *m,
    size_t row, const struct raw *raw)
{
	struct input_problem list[PREDICT_ERRORS_MAX];
	uint32_t n = input_problems(m, raw, list, countof(list));
	char memory[640];
	struct buf text;

	e->rows++;
	e->all += n;
	for (uint32_t i = 0; i < n && i < countof(list) && !e->full; i++) {
		e->named = e->named && list[i].what == INPUT_MISSING;
		buf_init(&text, memory, sizeof(memory));
		input_problem_text(m, &list[i], raw, &text);
		add(e, m, row, list[i].column, buf_view(&text));
	}
}

void
predict_errors_fault(struct predict_errors *e, const struct model *m,
    size_t row, const struct score_fault *fault)
{
	e->rows++;
	e->all++;
	e->named = false;
	add(e, m, row, fault->column, str_of(input_fault_text(fault)));
}

/* One thing, or columns missing from one row: the sentence names them, if it
 * has room for all. */
static bool
is_said(const struct predict_errors *e, const struct problem *p)
{
	return e->all == 1 || (e->rows == 1 && e->named &&
	    !str_has_suffix(str_of(p->sentence), STR(", ...")));
}

void
predict_errors_end(struct predict_errors *e, struct problem *p)
{
	if (is_said(e, p) || e->listed == 0)
		return;
	e->text.cap++;
	json_close(&e->text, ']');
	p->errors = buf_view(&e->text);
	p->more = e->all - e->listed;
}
