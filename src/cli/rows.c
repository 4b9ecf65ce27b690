/* SPDX-License-Identifier: ISC
 *
 * Rows of CSV, JSON and NDJSON to raw values by model column. What is wrong
 * with one row is said of that row; only what makes the rest unreadable ends
 * the reading.
 */
#include "cli/rows.h"

#include <math.h>
#include <string.h>

#include "api/predict_decode.h"
#include "base/number.h"
#include "json/json.h"

#define TREE_BYTES ((size_t)512 << 20)
enum { TREE_KEEP = 1 << 20, NAMES_SHOWN = 12 };

/* --- CSV -------------------------------------------------------------------- */

/* *ret is the cell of that name in the header, or -1. */
static bool
find_cell(const struct rows *r, struct str name, int32_t *ret,
    struct err *err)
{
	const struct csv *c = &r->csv;

	*ret = -1;
	for (size_t i = 0; i < c->n; i++) {
		if (!str_eq(c->cells[i], name))
			continue;
		if (*ret >= 0)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "%s has the column %.*s twice", r->in.name,
			    STR_ARG(name));
		*ret = (int32_t)i;
	}
	return true;
}

/* What the only cell of a header shows of another separator. */
static const char *
separator_hint(const struct rows *r)
{
	if (r->header_cells != 1)
		return "";
	if (memchr(r->header.p, ';', r->header.n) != NULL)
		return "; its cells are separated by semicolons: "
		    "separate them by commas";
	if (memchr(r->header.p, '\t', r->header.n) != NULL)
		return "; its cells are separated by tabs: "
		    "separate them by commas";
	return "";
}

/* One sentence with every required column that is not there. */
static bool
lacks(const struct rows *r, struct err *err)
{
	char names[200];
	struct buf b;
	uint32_t shown = 0;

	buf_init(&b, names, sizeof(names) - 1);
	for (uint32_t i = 0; i < model_inputs(r->model); i++) {
		uint32_t column = model_field_order(r->model, i);
		struct model_field f;

		model_field(r->model, column, &f);
		if (r->columns[column] >= 0 || !f.required)
			continue;
		if (shown++ < NAMES_SHOWN)
			buf_printf(&b, "%s%.*s", shown > 1 ? ", " : "",
			    STR_ARG(f.name));
	}
	return err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s has no column %.*s%s, which the model requires%s", r->in.name,
	    STR_ARG(buf_view(&b)),
	    shown > NAMES_SHOWN || b.over ? ", ..." : "", separator_hint(r));
}

static bool
read_header(struct rows *r, const char *extra, struct arena *mem,
    struct err *err)
{
	uint32_t n = model_inputs(r->model);
	bool missing = false;

	switch (csv_next(&r->csv, err)) {
	case CSV_RECORD:
		break;
	case CSV_END:
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s is empty: the first line must name the columns",
		    r->in.name);
	case CSV_BAD:
	case CSV_FAILED:
		return err_context(err, "%s", r->in.name);
	}
	r->header_cells = r->csv.n;
	r->header = arena_str(mem, r->csv.text);
	if (r->header.p == NULL)
		return arena_err(mem, "the header", err);
	if (extra != NULL && !find_cell(r, str_of(extra), &r->extra, err))
		return false;
	if (extra != NULL && r->extra < 0)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "%s has no column %s", r->in.name, extra);
	for (uint32_t i = 0; i < n; i++) {
		struct model_field f;

		model_field(r->model, i, &f);
		if (!find_cell(r, f.name, &r->columns[i], err))
			return false;
		missing = missing || (r->columns[i] < 0 && f.required);
	}
	return !missing || lacks(r, err);
}

/* A cell of a number column. Python writes True, most others true. */
static struct raw
raw_number(struct str cell, bool booleans)
{
	struct raw raw = {.kind = RAW_TEXT, .text = cell};
	struct str bare = str_trim(cell);

	if (booleans && (str_eq(bare, STR("True")) ||
	    str_eq(bare, STR("true"))))
		return (struct raw){.kind = RAW_BOOL, .number = 1};
	if (booleans && (str_eq(bare, STR("False")) ||
	    str_eq(bare, STR("false"))))
		return (struct raw){.kind = RAW_BOOL};

	if (bare.n == 0)
		return (struct raw){.kind = RAW_NULL, .text = cell};
	if (!number_parse(bare, &raw.number))
		return raw;
	if (isnan(raw.number))
		return (struct raw){.kind = RAW_NULL};
	raw.kind = RAW_INTEGER;
	for (size_t i = 0; i < bare.n; i++) {
		if (bare.p[i] != '-' && (bare.p[i] < '0' || bare.p[i] > '9'))
			raw.kind = RAW_FLOAT;
	}
	return raw;
}

/* A cell of a text column. A model that takes the integer 1 for a category
 * takes the cell 1 too: CSV does not tell them apart. */
static struct raw
raw_text(const struct rows *r, uint32_t column, struct str cell)
{
	struct raw raw = {.kind = RAW_TEXT, .text = cell};
	double number, code;
	bool refused;

	if (cell.n == 0)
		return (struct raw){.kind = RAW_NULL, .text = cell};
	if ((cell.p[0] != '-' && (cell.p[0] < '0' || cell.p[0] > '9')) ||
	    model_find_code(r->model, column, cell, &refused) >= 0)
		return raw;
	if (number_parse(cell, &number) && number == trunc(number) &&
	    fabs(number) < 9e15 && model_find_integer_alias(r->model, column,
	    (int64_t)number, &code))
		return (struct raw){.kind = RAW_INTEGER, .number = number};
	return raw;
}

static enum rows_result
next_csv(struct rows *r, struct row *row, struct err *err)
{
	uint32_t n = model_inputs(r->model);
	enum csv_result got = csv_next(&r->csv, &row->why);

	if (got == CSV_END)
		return ROWS_END;
	if (got == CSV_FAILED) {
		*err = row->why;
		return ROWS_FAILED;
	}
	row->number = ++r->number;
	row->text = r->csv.text;
	if (got == CSV_RECORD && r->csv.n != r->header_cells) {
		err_set(&row->why, ERR_INPUT, ERR_NOWHERE,
		    "the row has %zu cells, the header has %zu", r->csv.n,
		    r->header_cells);
		got = CSV_BAD;
	}
	if (got == CSV_BAD)
		return ROWS_ROW;
	for (uint32_t i = 0; i < n; i++) {
		if (r->columns[i] < 0)
			r->raw[i] = (struct raw){.kind = RAW_ABSENT};
		else if (r->kinds[i] == MODEL_NUMBER)
			r->raw[i] = raw_number(r->csv.cells[r->columns[i]],
			    r->booleans[i]);
		else
			r->raw[i] = raw_text(r, i,
			    r->csv.cells[r->columns[i]]);
	}
	if (r->extra >= 0)
		row->extra = r->csv.cells[r->extra];
	row->raw = r->raw;
	return ROWS_ROW;
}

/* --- JSON ------------------------------------------------------------------- */

static bool
read_object(struct rows *r, struct str text, struct err *err)
{
	static const struct json_limits limits = {JSON_DEPTH_MAX, 1 << 20};
	const cJSON *root;

	arena_reset(&r->tree, TREE_KEEP);
	if (!json_parse(&r->tree, text, &limits, &root, err))
		return false;
	if (cJSON_IsArray(root))
		return predict_decode_list(r->model, root, r->raw) ||
		    err_set(err, ERR_INPUT, 0, "a list of %d values for the "
		    "%u columns of the model", cJSON_GetArraySize(root),
		    model_inputs(r->model));
	if (!cJSON_IsObject(root))
		return err_set(err, ERR_INPUT, 0,
		    "expected an object of column names and values");
	predict_decode_raw(r->model, root, r->raw);
	return true;
}

static enum rows_result
next_json(struct rows *r, struct row *row, struct err *err)
{
	switch (items_next(&r->items, &row->text, err)) {
	case ITEMS_ITEM:
		break;
	case ITEMS_END:
		return ROWS_END;
	case ITEMS_FAILED:
		return ROWS_FAILED;
	}
	row->number = ++r->number;
	if (read_object(r, row->text, &row->why))
		row->raw = r->raw;
	return ROWS_ROW;
}

/* --- both ------------------------------------------------------------------- */

/* The first byte that is no white space; 0 for an empty file. */
static bool
first_byte(struct source *in, char *ret, struct err *err)
{
	size_t at = in->from;

	for (;;) {
		size_t from = in->from;

		for (; at < in->to; at++) {
			if (strchr(" \t\r\n", in->p[at]) == NULL ||
			    in->p[at] == '\0') {
				*ret = in->p[at];
				return true;
			}
		}
		*ret = 0;
		if (in->end)
			return true;
		if (!source_more(in, err))
			return false;
		at -= from - in->from;
	}
}

/* Whether the first object ends on its line, as in NDJSON: then a bad line
 * harms no other. Reads on to the line's end: a pipe may bring it in pieces.
 * Brackets in strings may deceive it; whole values are read either way. */
static bool
first_line_is_whole(struct source *in, bool *ret, struct err *err)
{
	size_t at = in->from;
	bool begun = false;
	int depth = 0;

	for (;;) {
		size_t from = in->from;

		for (; at < in->to; at++) {
			char c = in->p[at];

			begun = begun || c == '{';
			depth += (c == '{') - (c == '}');
			if (c == '\n' && begun)
				break;
		}
		if (at < in->to || in->end) {
			*ret = depth == 0;
			return true;
		}
		if (!source_more(in, err))
			return false;
		at -= from - in->from;
	}
}

static bool
find_format(struct rows *r, const char *path, struct err *err)
{
	struct str name = str_of(path != NULL ? path : "-");
	bool lines = str_has_suffix(name, STR(".ndjson")) ||
	    str_has_suffix(name, STR(".jsonl"));
	bool json = lines || str_has_suffix(name, STR(".json"));
	char first;

	if (!first_byte(&r->in, &first, err))
		return false;
	if (str_has_suffix(name, STR(".csv")) ||
	    (first != '[' && first != '{' && !json)) {
		r->format = ROWS_CSV;
		return true;
	}
	if (first == '[' && !lines) {
		r->format = ROWS_JSON;
		items_init(&r->items, &r->in, ITEMS_ARRAY);
		return true;
	}
	r->format = ROWS_NDJSON;
	if (!lines && !first_line_is_whole(&r->in, &lines, err))
		return false;
	items_init(&r->items, &r->in, lines ? ITEMS_LINES : ITEMS_VALUES);
	return true;
}

static bool
begin(struct rows *r, const char *path, const char *extra,
    struct arena *mem, struct err *err)
{
	if (!find_format(r, path, err))
		return false;
	if (r->format != ROWS_CSV) {
		if (extra != NULL)
			return err_set(err, ERR_INPUT, ERR_NOWHERE,
			    "%s is no CSV file", r->in.name);
		return arena_init(&r->tree, TREE_BYTES, err);
	}
	return csv_init(&r->csv, &r->in, mem, err) &&
	    read_header(r, extra, mem, err);
}

bool
rows_open(const char *path, const struct model *m, const char *extra,
    struct arena *mem, struct rows *ret, struct err *err)
{
	uint32_t n = model_inputs(m);

	*ret = (struct rows){.model = m, .extra = -1,
	    .columns = ARENA_ARRAY(mem, n, int32_t),
	    .kinds = ARENA_ARRAY(mem, n, enum model_kind),
	    .booleans = ARENA_ARRAY(mem, n, bool),
	    .raw = ARENA_ARRAY(mem, n, struct raw)};
	if (mem->over)
		return arena_err(mem, "the input", err);
	for (uint32_t i = 0; i < n; i++) {
		struct model_field f;

		model_field(m, i, &f);
		ret->kinds[i] = f.kind;
		ret->booleans[i] = f.booleans;
	}
	if (!source_open(path, mem, &ret->in, err))
		return false;
	if (begin(ret, path, extra, mem, err))
		return true;
	rows_close(ret);
	return false;
}

void
rows_close(struct rows *r)
{
	source_close(&r->in);
	arena_done(&r->tree);
}

enum rows_result
rows_next(struct rows *r, struct row *ret, struct err *err)
{
	*ret = (struct row){0};
	return r->format == ROWS_CSV ? next_csv(r, ret, err) :
	    next_json(r, ret, err);
}
