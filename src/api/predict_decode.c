/* SPDX-License-Identifier: ISC
 *
 * A request body to cells. What a value means is the business of score/input;
 * here JSON becomes raw values, and errors get their place: byte, line and
 * column for a text that is no JSON, the row for a record in a list. No value
 * that a client sent is repeated to it.
 */
#include "api/predict_decode.h"

#include <stdio.h>
#include <string.h>

#include "api/predict_errors.h"
#include "base/clock.h"
#include "json/json.h"

enum { DEPTH = 32 };

bool
predict_decode_is_json(struct str content_type)
{
	struct str rest = content_type;
	struct str type = str_trim(str_cut(&rest, ';'));
	static const struct str json = {"application/json", 16};
	static const struct str suffix = {"+json", 5};
	struct str tail = {type.p, 0};

	if (type.n > suffix.n)
		tail = (struct str){type.p + type.n - suffix.n, suffix.n};
	if (!str_eq_nocase(type, json) && (!str_eq_nocase(tail, suffix) ||
	    type.n < 12 ||
	    !str_eq_nocase((struct str){type.p, 12}, STR("application/"))))
		return false;
	while (rest.n > 0) {
		struct str value = str_cut(&rest, ';');
		struct str name = str_trim(str_cut(&value, '='));

		value = str_trim(value);
		if (value.n >= 2 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			value = (struct str){value.p + 1, value.n - 2};
		if (str_eq_nocase(name, STR("charset")) &&
		    !str_eq_nocase(value, STR("utf-8")) &&
		    !str_eq_nocase(value, STR("utf8")) &&
		    !str_eq_nocase(value, STR("us-ascii")))
			return false;
	}
	return true;
}

/* A text that json_parse refused. */
static bool
refuse_text(struct str body, const struct err *err, struct problem *p)
{
	size_t line, column;

	if (err->kind == ERR_LIMIT) {
		problem_set(p, PROBLEM_TOO_LARGE);
		snprintf(p->detail, sizeof(p->detail), "%s", err->text);
		return false;
	}
	problem_set(p, PROBLEM_NO_INPUT);
	json_place(body, err->at, &line, &column);
	snprintf(p->detail, sizeof(p->detail),
	    "%s, at byte %zu (line %zu, column %zu)", err->text, err->at,
	    line, column);
	return false;
}

/* What a JSON value is, by its first byte. */
static const char *
kind_name(char first)
{
	switch (first) {
	case '{':
		return "an object";
	case '[':
		return "a list";
	case '"':
		return "a string";
	case 't':
	case 'f':
		return "a boolean";
	case 'n':
		return "null";
	default:
		return "a number";
	}
}

/* The first few names, whole ones only, for those who send rows of an array:
 * they may never have seen the names. */
static void
say_keys(const struct model *m, struct problem *p)
{
	enum { NAMES = 3 };
	char text[200];
	struct model_field f;
	struct buf list;
	uint32_t n = model_inputs(m), i;

	buf_init(&list, text, sizeof(text));
	for (i = 0; i < n && i < NAMES; i++) {
		model_field(m, model_field_order(m, i), &f);
		if (f.name.n + 2 > list.cap - list.n)
			break;
		if (i > 0)
			buf_text(&list, ", ");
		buf_str(&list, f.name);
	}
	if (i > 0)
		snprintf(p->detail, sizeof(p->detail), "send an object with "
		    "the key%s %.*s%s", n > 1 ? "s" : "",
		    STR_ARG(buf_view(&list)), i < n ? ", ..." : "");
}

/* Records are objects; item `odd` is none. */
static bool
refuse_item(const struct model *m, const struct json_list *json,
    struct problem *p)
{
	const char *kind = kind_name(json->odd_first);

	if (!json->is_list && json->odd_first == 'n')
		return problem_set(p, PROBLEM_NO_INPUT);
	problem_set(p, PROBLEM_NOT_RECORDS);
	say_keys(m, p);
	if (json->is_list)
		snprintf(p->sentence, sizeof(p->sentence),
		    "row %zu: expected an object, got %s", json->odd + 1,
		    kind);
	else
		snprintf(p->sentence, sizeof(p->sentence), "%s, got %s",
		    problem_sentence(PROBLEM_NOT_RECORDS), kind);
	return false;
}

bool
predict_decode_body(struct str body, const struct model *m, size_t rows_limit,
    struct arena *mem, struct predict_batch *b, struct problem *p)
{
	/* Twice what a full list of whole records takes: the work that a
	 * body can ask for is bounded, columns that we ignore included. */
	const struct json_limits limits = {.depth = DEPTH,
	    .values = 2 * rows_limit * (model_inputs(m) + 1) + 1024};
	struct err err;

	if (!json_list_init(&b->json, mem, body, &limits, &err))
		return refuse_text(body, &err, p);
	b->list = b->json.is_list;
	b->rows = b->json.items;
	if (b->json.odd < b->rows)
		return refuse_item(m, &b->json, p);
	if (b->rows <= rows_limit)
		return true;
	problem_set(p, PROBLEM_ROWS);
	snprintf(p->sentence, sizeof(p->sentence),
	    "Too many rows in one request: %zu, at most %zu are accepted",
	    b->rows, rows_limit);
	return false;
}

static struct raw
raw_of(const cJSON *item)
{
	struct raw raw = {.kind = RAW_NULL};

	switch (item->type & 0xff) {
	case cJSON_Number:
		raw.kind = json_is_integer(item) ? RAW_INTEGER : RAW_FLOAT;
		raw.number = item->valuedouble;
		break;
	case cJSON_String:
		raw.kind = RAW_TEXT;
		raw.text = str_of(item->valuestring);
		break;
	case cJSON_True:
	case cJSON_False:
		raw.kind = RAW_BOOL;
		raw.number = cJSON_IsTrue(item);
		break;
	case cJSON_Array:
		raw.kind = RAW_LIST;
		break;
	case cJSON_Object:
		raw.kind = RAW_OBJECT;
		break;
	default:
		break;
	}
	return raw;
}

void
predict_decode_raw(const struct model *m, const cJSON *object,
    struct raw *raw)
{
	uint32_t n = model_inputs(m), hint = 0;

	for (uint32_t i = 0; i < n; i++)
		raw[i] = (struct raw){.kind = RAW_ABSENT};
	for (const cJSON *item = object->child; item != NULL;
	    item = item->next) {
		int32_t column = model_find_input(m, str_of(item->string),
		    hint);

		if (column < 0)
			continue;
		raw[column] = raw_of(item);
		hint = (uint32_t)column + 1;
	}
}

bool
predict_decode_list(const struct model *m, const cJSON *list,
    struct raw *raw)
{
	uint32_t n = model_inputs(m), i = 0;

	for (const cJSON *item = list->child; item != NULL;
	    item = item->next, i++) {
		if (i == n)
			return false;
		raw[i] = raw_of(item);
	}
	return i == n;
}

bool
predict_decode_row(const struct model *m, const cJSON *object,
    struct raw *raw, double *cells, uint32_t *unknown, struct err *err)
{
	predict_decode_raw(m, object, raw);
	return input_row(m, raw, cells, unknown, err);
}

bool
predict_decode_refuse(const struct predict_batch *b, size_t row,
    const struct err *err, struct problem *p)
{
	problem_set(p, PROBLEM_RECORD);
	snprintf(p->sentence, sizeof(p->sentence), "%s", err->text);
	if (b->list)
		snprintf(p->detail, sizeof(p->detail), "row %zu", row + 1);
	return false;
}

/* The first bad row: it is what the sentence says, the list begins. */
static bool
begin_errors(struct predict_batch *b, size_t row, const struct err *err,
    struct arena *mem, struct predict_errors *errors, struct problem *p)
{
	predict_decode_refuse(b, row, err, p);
	return predict_errors_begin(errors, b->list, mem);
}

bool
predict_decode_rows(const struct model *m, struct arena *mem,
    struct predict_batch *b, struct problem *p)
{
	uint32_t n = model_inputs(m), unknown;
	struct raw *raw = ARENA_ARRAY(mem, n, struct raw);
	struct predict_errors errors;
	bool good = true;
	const cJSON *item;
	struct err err;
	size_t mark;

	b->cells = arena_array(mem, b->rows, n * sizeof(double));
	mark = arena_mark(mem);
	if (mem->over)
		return problem_set(p, PROBLEM_TOO_LARGE);
	for (size_t i = 0; i < b->rows; i++) {
		uint64_t from = clock_mono_ns(), parsed;

		if (!json_list_next(&b->json, mem, &item, &err)) {
			if (good)
				return problem_set(p, PROBLEM_TOO_LARGE);
			break;
		}
		parsed = clock_mono_ns();
		if (!predict_decode_row(m, item, raw, b->cells + i * n,
		    &unknown, &err)) {
			if (good && !begin_errors(b, i, &err, mem, &errors, p))
				return false;
			predict_errors_add(&errors, m, i, raw);
			/* The list lies above the tree of its first row. */
			if (good)
				mark = arena_mark(mem);
			good = false;
		}
		/* Its tree is no longer needed. */
		arena_release(mem, mark);
		b->stage_ns[STAGE_PARSE] += parsed - from;
		b->stage_ns[STAGE_VALIDATE] += clock_mono_ns() - parsed;
	}
	if (!good)
		predict_errors_end(&errors, p);
	return good;
}
