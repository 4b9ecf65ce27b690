/* SPDX-License-Identifier: ISC
 *
 * The input example of an MLflow model, in whichever of MLflow's forms, as
 * rows of the model's columns. Rows that are no table - nested values,
 * sparse matrices - are left out with a warning: they say nothing against
 * the model.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/number.h"
#include "import/mlflow.h"
#include "json/json.h"
#include "json/json_write.h"

#define EXAMPLE_BYTES_MAX ((size_t)4 << 20)
#define ROWS_BYTES_MAX    ((size_t)32 << 20) /* names are repeated */

/* Where MLflow puts the example, and where whoever saved the model may put
 * what it answered; see lightscore-model(5). */
static const struct str answers_file = {"serving_output_example.json", 27};

struct table {
	const struct model_build *b;
	struct buf rows; /* a JSON list of objects */
	size_t first;    /* bytes of the first of them */
	bool *booleans;  /* one a column: it has some */
	bool odd;        /* something in it is no value of a table */
};

/* --- values to rows ------------------------------------------------------ */

/* The column called so, with _ for each space where that is what LightGBM
 * wrote and no signature has told. */
static int64_t
find_input(const struct model_build *b, struct str name)
{
	int64_t found = model_build_find_input(b, name);
	char text[256];

	if (found >= 0 || name.n > sizeof(text))
		return found;
	for (size_t i = 0; i < name.n; i++)
		text[i] = name.p[i] == ' ' ? '_' : name.p[i];
	return model_build_find_input(b, (struct str){text, name.n});
}

static void
put_value(struct table *t, struct str column, const cJSON *v)
{
	int64_t found = find_input(t->b, column);
	char text[NUMBER_MAX];

	if (found < 0)
		return;
	column = model_build_input_name(t->b, (uint32_t)found);
	if (cJSON_IsBool(v))
		t->booleans[found] = true;
	json_key_str(&t->rows, column);
	if (v == NULL || cJSON_IsNull(v))
		json_raw(&t->rows, STR("null"));
	else if (cJSON_IsNumber(v) && json_is_integer(v))
		json_number(&t->rows, v->valuedouble);
	else if (cJSON_IsNumber(v))
		json_raw(&t->rows, (struct str){text,
		    number_format(v->valuedouble, text)});
	else if (cJSON_IsString(v))
		json_text(&t->rows, v->valuestring);
	else if (cJSON_IsBool(v))
		json_bool(&t->rows, cJSON_IsTrue(v));
	else
		t->odd = true;
}

static void
open_row(struct table *t)
{
	json_open(&t->rows, '{');
}

static void
close_row(struct table *t)
{
	json_close(&t->rows, '}');
	if (t->first == 0)
		t->first = t->rows.n - 1; /* behind the bracket */
}

static void
put_object(struct table *t, const cJSON *row)
{
	open_row(t);
	for (const cJSON *v = row->child; v != NULL; v = v->next)
		put_value(t, str_of(v->string), v);
	close_row(t);
}

/* A list of values, called as `columns` or, without, by the model's order. */
static bool
put_list(struct table *t, const cJSON *columns, const cJSON *row,
    struct err *err)
{
	const cJSON *c = columns != NULL ? columns->child : NULL;
	uint32_t n = columns != NULL ?
	    (uint32_t)cJSON_GetArraySize(columns) :
	    model_build_inputs(t->b), i = 0;
	char place[NUMBER_MAX];

	if ((uint32_t)cJSON_GetArraySize(row) != n)
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a row has %d values for %u columns",
		    cJSON_GetArraySize(row), n);
	open_row(t);
	for (const cJSON *v = row->child; v != NULL; v = v->next, i++) {
		struct str name = model_build_input_name(t->b, i);

		if (c != NULL && cJSON_IsString(c)) {
			name = str_of(c->valuestring);
		} else if (c != NULL) {
			/* pandas calls columns 0, 1, ... without a name. */
			name = (struct str){place, (size_t)snprintf(place,
			    sizeof(place), "%u", i)};
			if (model_build_find_input(t->b, name) < 0)
				name = model_build_input_name(t->b, i);
		}
		put_value(t, name, v);
		c = c != NULL ? c->next : NULL;
	}
	close_row(t);
	return true;
}

static bool
put_rows(struct table *t, const cJSON *columns, const cJSON *rows,
    struct err *err)
{
	for (const cJSON *row = rows->child; row != NULL; row = row->next) {
		if (cJSON_IsObject(row))
			put_object(t, row);
		else if (!cJSON_IsArray(row))
			t->odd = true;
		else if (!put_list(t, columns, row, err))
			return false;
	}
	return true;
}

/* {"a": [1, 2], "b": [3, 4]}: a list a column. */
static void
put_columns(struct table *t, const cJSON *map)
{
	const cJSON *first = map->child;
	int n = first != NULL && cJSON_IsArray(first) ?
	    cJSON_GetArraySize(first) : 0;
	/* Each list is walked once a row: examples are small. */
	const int most = 1000;

	t->odd = t->odd || n == 0 || n > most;
	for (int i = 0; i < n && !t->odd; i++) {
		open_row(t);
		for (const cJSON *c = first; c != NULL; c = c->next) {
			const cJSON *v = cJSON_IsArray(c) ?
			    cJSON_GetArrayItem(c, i) : NULL;

			t->odd = t->odd || v == NULL;
			if (v != NULL && cJSON_IsArray(v) &&
			    cJSON_GetArraySize(v) == 1)
				v = v->child; /* of shape [-1, 1] */
			put_value(t, str_of(c->string), v);
		}
		close_row(t);
	}
}

/* --- the forms ----------------------------------------------------------- */

static const cJSON *
find(const cJSON *map, const char *key)
{
	const cJSON *found = NULL;

	for (const cJSON *c = map->child; c != NULL; c = c->next)
		if (strcmp(c->string, key) == 0)
			found = c; /* the last one counts */
	return found;
}

static bool
put_split(struct table *t, const cJSON *split, struct err *err)
{
	const cJSON *columns = find(split, "columns");
	const cJSON *data = find(split, "data");

	if (!cJSON_IsArray(data) ||
	    (columns != NULL && !cJSON_IsArray(columns))) {
		t->odd = true;
		return true;
	}
	return put_rows(t, columns, data, err);
}

static bool
put_inputs(struct table *t, const cJSON *inputs, struct err *err)
{
	if (cJSON_IsArray(inputs))
		return put_rows(t, NULL, inputs, err);
	if (cJSON_IsObject(inputs) && inputs->child != NULL &&
	    !cJSON_IsArray(inputs->child))
		put_object(t, inputs);
	else if (cJSON_IsObject(inputs))
		put_columns(t, inputs);
	else
		t->odd = true;
	return true;
}

static bool
put_example(struct table *t, const cJSON *root, struct err *err)
{
	const cJSON *found;

	if (!cJSON_IsObject(root))
		return put_inputs(t, root, err);
	if ((found = find(root, "dataframe_split")) != NULL &&
	    cJSON_IsObject(found))
		return put_split(t, found, err);
	if ((found = find(root, "dataframe_records")) != NULL ||
	    (found = find(root, "inputs")) != NULL ||
	    (found = find(root, "instances")) != NULL)
		return put_inputs(t, found, err);
	if (find(root, "data") != NULL)
		return put_split(t, root, err);
	return put_inputs(t, root, err);
}

/* --- the files ----------------------------------------------------------- */

static bool
warn(struct import *im, const char *file, const char *why, struct err *err)
{
	char text[400];
	struct buf b;

	buf_init(&b, text, sizeof(text));
	buf_printf(&b, "the input example %.200s is not used: %.160s", file,
	    why);
	return model_build_warn(im->build, buf_view(&b), err);
}

static bool
read_table(struct import *im, struct str text, struct table *t,
    struct err *err)
{
	static const struct json_limits limits = {.depth = 16,
	    .values = 1 << 20};
	const cJSON *root;
	char *memory = arena_alloc(im->mem, ROWS_BYTES_MAX);

	*t = (struct table){.b = im->build, .booleans = ARENA_ARRAY(im->mem,
	    model_build_inputs(im->build), bool)};
	if (memory == NULL || t->booleans == NULL)
		return arena_err(im->mem, "the input example", err);
	buf_init(&t->rows, memory, ROWS_BYTES_MAX);
	json_open(&t->rows, '[');
	if (!json_parse(im->mem, text, &limits, &root, err) ||
	    !put_example(t, root, err))
		return false;
	json_close(&t->rows, ']');
	return !t->rows.over || err_set(err, ERR_LIMIT, ERR_NOWHERE,
	    "more than %zu bytes of rows", ROWS_BYTES_MAX);
}

/* Empty where nobody has left any. */
static bool
read_answers(const struct mlflow *m, struct import *im, struct str *ret,
    struct err *err)
{
	char path[PATH_MAX];
	struct file_map map;
	int n = snprintf(path, sizeof(path), "%s/%s", m->dir,
	    answers_file.p);

	*ret = STR("");
	if (n < 0 || n >= (int)sizeof(path) || access(path, F_OK) != 0)
		return true;
	if (!mlflow_find(m, answers_file, path, err) ||
	    !file_map(path, EXAMPLE_BYTES_MAX, &map, err))
		return false;
	*ret = arena_str(im->mem, (struct str){map.p, map.n});
	file_unmap(&map);
	return ret->p != NULL || arena_err(im->mem, path, err);
}

/* Where no signature tells the kinds, rows that the model was given show
 * which of its numbers were booleans. */
static bool
apply_booleans(const struct mlflow *m, const char *path,
    const struct table *t, struct import *im, struct err *err)
{
	const struct yaml_node *told = yaml_find(yaml_find(m->root,
	    "signature"), "inputs");
	char text[PATH_MAX + 32];
	int n = snprintf(text, sizeof(text), "MLflow input example %s", path);

	if (told != NULL && !yaml_is_null(told))
		return true;
	for (uint32_t i = 0; i < model_build_inputs(im->build); i++) {
		if (!t->booleans[i] ||
		    model_build_slot_kind(im->build, i) != SLOT_NUMBER)
			continue;
		model_build_booleans(im->build, i);
		if (!model_build_origin(im->build, i, LINE_BOOLEANS,
			(struct str){text, (size_t)n}, err))
			return false;
	}
	return true;
}

static bool
apply_file(const struct mlflow *m, const char *path, struct import *im,
    struct err *err)
{
	struct model_trial trial = {.place = str_of(path)};
	struct file_map map;
	struct table t;
	bool ok;

	if (!file_map(path, EXAMPLE_BYTES_MAX, &map, err))
		return false;
	ok = read_table(im, (struct str){map.p, map.n}, &t, err);
	file_unmap(&map);
	if (!ok)
		return err_context(err, "%s", path);
	if (t.odd || t.first == 0)
		return warn(im, path, t.odd ? "it is no table" :
		    "it has no rows", err);
	trial.rows = buf_view(&t.rows);
	return apply_booleans(m, path, &t, im, err) &&
	    read_answers(m, im, &trial.answers, err) &&
	    model_build_example(im->build,
		(struct str){t.rows.p + 1, t.first}, trial.place, err) &&
	    model_build_trial(im->build, &trial, err);
}

bool
mlflow_apply_example(const struct mlflow *m, struct import *im,
    struct err *err)
{
	const struct yaml_node *info = yaml_find(m->root,
	    "saved_input_example_info");
	const struct yaml_node *at = yaml_find(info, "serving_input_path");
	char path[PATH_MAX];
	struct str name;

	if (at == NULL || yaml_is_null(at))
		at = yaml_find(info, "artifact_path");
	if (at == NULL || yaml_is_null(at))
		return true;
	if (!yaml_text(at, &name, err))
		return false;
	if (!mlflow_find(m, name, path, err))
		/* Whoever copied the model may have left it behind. */
		return err->kind == ERR_SYSTEM &&
		    warn(im, path, "it is not there", err);
	return apply_file(m, path, im, err);
}
