/* SPDX-License-Identifier: ISC
 *
 * A first look at reference data: missing values, booleans, categories that
 * the model does not know. Scoring would not tell: it sees what the schema
 * has made of the values.
 */
#include "cli/seen.h"

#include <math.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "cli/rows.h"

#define MEMORY ((size_t)1 << 30) /* address space; rows are what is used */

static void
add_value(const struct model *m, uint32_t column, enum model_kind kind,
    const struct raw *raw, struct seen *s)
{
	bool refused;

	switch (raw->kind) {
	case RAW_ABSENT:
	case RAW_NULL:
		s->missing++;
		break;
	case RAW_BOOL:
		s->booleans++;
		break;
	case RAW_FLOAT:
		s->whole = s->whole && raw->number == trunc(raw->number);
		break;
	case RAW_TEXT:
		if (kind == MODEL_TEXT)
			s->unknown += model_find_code(m, column, raw->text,
			    &refused) < 0;
		break;
	default:
		break;
	}
}

static bool
read_rows(struct rows *rows, const struct model *m, struct seen *seen,
    struct err *err)
{
	enum rows_result got;
	struct row row;

	while ((got = rows_next(rows, &row, err)) == ROWS_ROW) {
		if (row.raw == NULL)
			continue;
		for (uint32_t i = 0; i < model_inputs(m); i++) {
			seen[i].rows++;
			add_value(m, i, rows->kinds[i], &row.raw[i],
			    &seen[i]);
		}
	}
	return got == ROWS_END;
}

static bool
set_origin(struct seen *seen, uint32_t n, const char *path,
    struct arena *mem, struct err *err)
{
	static const struct str before = {"reference data ", 15};
	size_t cap = before.n + str_of(path).n;
	struct buf b;

	buf_init(&b, arena_alloc(mem, cap), cap);
	if (mem->over)
		return arena_err(mem, "the reference", err);
	buf_str(&b, before);
	buf_text(&b, path);
	for (uint32_t i = 0; i < n; i++) {
		seen[i].origin = buf_view(&b);
		seen[i].whole = true;
	}
	return true;
}

bool
seen_read(const char *path, const struct model *m, struct arena *mem,
    const struct seen **ret, struct err *err)
{
	uint32_t n = model_inputs(m);
	struct seen *seen;
	struct arena own;
	struct rows rows;
	struct stat st;
	bool ok;

	*ret = NULL;
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	seen = ARENA_ARRAY(mem, n, struct seen);
	if (seen == NULL)
		return arena_err(mem, "the reference", err);
	if (!set_origin(seen, n, path, mem, err) ||
	    !arena_init(&own, MEMORY, err))
		return false;
	ok = rows_open(path, m, NULL, &own, &rows, err);
	if (ok) {
		/* Whether the schema knows of them or not. */
		for (uint32_t i = 0; i < n; i++)
			rows.booleans[i] = true;
		ok = read_rows(&rows, m, seen, err);
		rows_close(&rows);
	}
	arena_done(&own);
	*ret = seen;
	return ok;
}
