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

static const char *
kind_name(const cJSON *item)
{
	switch (item->type & 0xff) {
	case cJSON_Object:
		return "an object";
	case cJSON_Array:
		return "a list";
	case cJSON_String:
		return "a string";
	case cJSON_Number:
		return "a number";
	case cJSON_NULL:
		return "null";
	default:
		return "a boolean";
	}
}

/* How many there are; all must be objects. */
static bool
count_records(const cJSON *list, size_t rows_limit, size_t *rows,
    struct problem *p)
{
	size_t n = 0;

	for (const cJSON *item = list->child; item != NULL;
	    item = item->next) {
		n++;
		if (cJSON_IsObject(item))
			continue;
		problem_set(p, PROBLEM_NOT_RECORDS);
		snprintf(p->sentence, sizeof(p->sentence),
		    "row %zu: expected an object, got %s", n,
		    kind_name(item));
		return false;
	}
	if (n > rows_limit) {
		problem_set(p, PROBLEM_ROWS);
		snprintf(p->sentence, sizeof(p->sentence),
		    "Too many rows in one request: %zu, at most %zu are "
		    "accepted", n, rows_limit);
		return false;
	}
	*rows = n;
	return true;
}

bool
predict_decode_body(struct str body, const struct model *m, size_t rows_limit,
    struct arena *mem, struct predict_batch *b, struct problem *p)
{
	/* Twice what a full list of whole records takes: the memory that a
	 * body can ask for is bounded, columns that we ignore included. */
	const struct json_limits limits = {.depth = DEPTH,
	    .values = 2 * rows_limit * (model_inputs(m) + 1) + 1024};
	const cJSON *tree;
	struct err err;

	if (!json_parse(mem, body, &limits, &tree, &err))
		return refuse_text(body, &err, p);
	if (cJSON_IsNull(tree))
		return problem_set(p, PROBLEM_NO_INPUT);
	b->list = cJSON_IsArray(tree);
	b->first = b->list ? tree->child : tree;
	b->rows = 1;
	if (b->list)
		return count_records(tree, rows_limit, &b->rows, p);
	if (cJSON_IsObject(tree))
		return true;
	problem_set(p, PROBLEM_NOT_RECORDS);
	snprintf(p->sentence, sizeof(p->sentence), "%s, got %s",
	    problem_sentence(PROBLEM_NOT_RECORDS), kind_name(tree));
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

bool
predict_decode_rows(const struct model *m, struct arena *mem,
    struct predict_batch *b, struct problem *p)
{
	uint32_t n = model_inputs(m), unknown;
	struct raw *raw = ARENA_ARRAY(mem, n, struct raw);
	const cJSON *item = b->first;
	struct err err;

	b->cells = arena_array(mem, b->rows, n * sizeof(double));
	if (raw == NULL || b->cells == NULL)
		return problem_set(p, PROBLEM_TOO_LARGE);
	for (size_t i = 0; i < b->rows; i++, item = item->next) {
		if (!predict_decode_row(m, item, raw, b->cells + i * n,
		    &unknown, &err))
			return predict_decode_refuse(b, i, &err, p);
	}
	return true;
}
