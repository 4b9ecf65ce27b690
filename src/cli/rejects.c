/* SPDX-License-Identifier: ISC
 *
 * No row is lost: what was not scored is written down with its number, the
 * reason, and every byte it had.
 */
#include "cli/rejects.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/csv.h"
#include "json/json.h"

bool
rejects_open(const char *path, const struct rows *rows, struct arena *mem,
    struct rejects *ret, struct err *err)
{
	*ret = (struct rejects){.path = path, .format = rows->format};
	ret->out.fd = -1;
	if (path == NULL)
		return true;
	if (!out_open(path, mem, &ret->out, err))
		return false;
	if (rows->format == ROWS_CSV) {
		buf_text(&ret->out.b, "row,reason,");
		buf_str(&ret->out.b, rows->header);
		buf_char(&ret->out.b, '\n');
	}
	return true;
}

/* The row as it stood, behind what the buffer has; it may be longer than
 * any buffer. */
static bool
put_text(struct rejects *r, struct str text, struct err *err)
{
	if (text.n < OUT_RECORD_MAX / 2) {
		buf_str(&r->out.b, text);
		return true;
	}
	if (!file_write_fd(r->out.fd, buf_view(&r->out.b), err) ||
	    !file_write_fd(r->out.fd, text, err))
		return err_context(err, "%s", r->path);
	buf_reset(&r->out.b);
	return true;
}

static bool
is_json(struct str text, struct arena *mem)
{
	static const struct json_limits limits = {JSON_DEPTH_MAX, 1 << 20};
	const cJSON *root;
	struct err err;

	return memchr(text.p, '\n', text.n) == NULL &&
	    json_parse(mem, text, &limits, &root, &err);
}

static bool
put_json(struct rejects *r, const struct batch_row *row, struct err *err)
{
	struct buf *b = &r->out.b;
	struct arena mem;
	bool ok;

	if (!arena_init(&mem, (size_t)512 << 20, err))
		return false;
	buf_printf(b, "{\"row\":%llu,\"reason\":",
	    (unsigned long long)row->number);
	buf_json(b, str_of(row->reason));
	buf_text(b, ",\"input\":");
	if (is_json(row->text, &mem)) {
		ok = put_text(r, row->text, err);
	} else {
		/* No JSON: the bytes as a string, each escaped at most. */
		struct buf quoted;

		buf_init(&quoted, arena_alloc(&mem, 6 * row->text.n + 2),
		    6 * row->text.n + 2);
		buf_json(&quoted, row->text);
		ok = put_text(r, buf_view(&quoted), err);
	}
	buf_text(b, "}\n");
	arena_done(&mem);
	return ok;
}

bool
rejects_add(struct rejects *r, const struct batch_row *row, struct err *err)
{
	r->n++;
	if (r->path == NULL) {
		fprintf(stderr, "lightscore: row %llu: %s\n",
		    (unsigned long long)row->number, row->reason);
		return true;
	}
	if (r->format == ROWS_CSV) {
		buf_printf(&r->out.b, "%llu,", (unsigned long long)row->number);
		csv_cell(&r->out.b, "", str_of(row->reason));
		buf_char(&r->out.b, ',');
		if (!put_text(r, row->text, err))
			return false;
		buf_char(&r->out.b, '\n');
	} else if (!put_json(r, row, err))
		return false;
	return out_drain(&r->out, err);
}

bool
rejects_close(struct rejects *r, struct err *err)
{
	return r->path == NULL || out_close(&r->out, err);
}

void
rejects_abandon(struct rejects *r)
{
	if (r->path != NULL)
		out_abandon(&r->out);
}
