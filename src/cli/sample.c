/* SPDX-License-Identifier: ISC
 *
 * Rows for measuring. Made rows take the same way as read ones, through a
 * file in memory, so both are judged alike.
 */
#include "cli/sample.h"

#include <math.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "cli/rows.h"
#include "json/json_write.h"

#define OBJECT_BYTES ((size_t)4 << 20)

static void
made_value(const struct model *m, uint32_t column, size_t row, struct buf *b)
{
	struct model_field f;
	double at = (double)(row * 7919 % 1009) / 1009;

	model_field(m, column, &f);
	if (f.kind == MODEL_NUMBER && f.has_range)
		at = f.low + (f.high - f.low) * at;
	if (f.integer)
		at = trunc(f.has_range ? at : 100 * at);
	json_key_str(b, f.name);
	if (f.kind == MODEL_TEXT)
		json_str(b, f.n_categories > 0 ? model_category(m, column,
		    (uint32_t)((row + column) % f.n_categories)) : STR("a"));
	else
		json_number(b, at);
}

static bool
make_rows(const struct model *m, size_t n, int fd, struct buf *b,
    struct err *err)
{
	for (size_t row = 0; row < n; row++) {
		buf_reset(b);
		json_open(b, '{');
		for (uint32_t i = 0; i < model_inputs(m); i++)
			made_value(m, model_field_order(m, i), row, b);
		json_close(b, '}');
		buf_char(b, '\n');
		if (b->over)
			return err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "a row is longer than %zu bytes", b->cap);
		if (!file_write_fd(fd, buf_view(b), err))
			return false;
	}
	return true;
}

/* What a CSV row or a list of values is as a client's JSON. */
static void
put_object(const struct model *m, const struct raw *raw, struct buf *b)
{
	json_open(b, '{');
	for (uint32_t i = 0; i < model_inputs(m); i++) {
		uint32_t column = model_field_order(m, i);
		struct model_field f;

		if (raw[column].kind == RAW_ABSENT)
			continue;
		model_field(m, column, &f);
		json_key_str(b, f.name);
		switch (raw[column].kind) {
		case RAW_TEXT:
			json_str(b, raw[column].text);
			break;
		case RAW_INTEGER:
		case RAW_FLOAT:
			json_number(b, raw[column].number);
			break;
		case RAW_BOOL:
			json_bool(b, raw[column].number != 0);
			break;
		default:
			json_raw(b, STR("null"));
		}
	}
	json_close(b, '}');
}

static bool
take_row(struct sample *s, const struct model *m, const struct row *row,
    bool odd, struct buf *b, struct arena *mem, struct err *err)
{
	uint32_t unknown;

	if (row->raw == NULL) {
		*err = row->why;
		return false;
	}
	if (!input_row(m, row->raw, s->cells + s->n * model_inputs(m),
	    &unknown, err))
		return false;
	buf_reset(b);
	if (odd)
		put_object(m, row->raw, b);
	else
		buf_str(b, row->text);
	s->objects[s->n] = arena_str(mem, buf_view(b));
	if (b->over || mem->over)
		return arena_err(mem, "the rows", err);
	s->n++;
	return true;
}

static bool
read_rows(const char *path, const struct model *m, size_t most,
    struct buf *b, struct arena *mem, struct sample *ret, struct err *err)
{
	enum rows_result got = ROWS_ROW;
	struct rows rows;
	struct row row;

	if (!rows_open(path, m, NULL, mem, &rows, err))
		return false;
	while (ret->n < most &&
	    (got = rows_next(&rows, &row, err)) == ROWS_ROW) {
		/* What is no object is made one. */
		bool odd = rows.format == ROWS_CSV ||
		    (row.text.n > 0 && row.text.p[0] != '{');

		if (!take_row(ret, m, &row, odd, b, mem, err)) {
			err_context(err, "row %llu",
			    (unsigned long long)row.number);
			got = ROWS_FAILED;
			break;
		}
	}
	rows_close(&rows);
	if (got == ROWS_FAILED)
		return false;
	return ret->n > 0 || err_set(err, ERR_INPUT, ERR_NOWHERE,
	    "%s has no rows", path);
}

bool
sample_read(const char *path, const struct model *m, size_t most,
    struct arena *mem, struct sample *ret, struct err *err)
{
	char made[40];
	struct buf b;
	int fd;
	bool ok;

	*ret = (struct sample){
	    .objects = ARENA_ARRAY(mem, most, struct str),
	    .cells = ARENA_ARRAY(mem, most * model_inputs(m), double)};
	buf_init(&b, arena_alloc(mem, OBJECT_BYTES), OBJECT_BYTES);
	if (mem->over)
		return arena_err(mem, "the rows", err);
	if (path != NULL)
		return read_rows(path, m, most, &b, mem, ret, err);
	fd = memfd_create("rows.ndjson", MFD_CLOEXEC);
	if (fd < 0)
		return err_system(err, "cannot make rows");
	snprintf(made, sizeof(made), "/proc/self/fd/%d", fd);
	ok = make_rows(m, most, fd, &b, err) &&
	    read_rows(made, m, most, &b, mem, ret, err);
	close(fd);
	return ok;
}
