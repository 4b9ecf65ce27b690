/* SPDX-License-Identifier: ISC
 *
 * CSV records: first the end of the record is found, then its cells, both
 * within bytes that are known to be there. A quote opens a cell only at its
 * start; elsewhere it stands for itself, as other readers have it.
 */
#include "cli/csv.h"

#include <string.h>

bool
csv_init(struct csv *c, struct source *in, struct arena *mem, struct err *err)
{
	*c = (struct csv){.in = in, .next_line = 1};
	c->cells = ARENA_ARRAY(mem, CSV_CELLS_MAX, struct str);
	c->plain = arena_alloc(mem, SOURCE_RECORD_MAX + 1);
	if (mem->over)
		return arena_err(mem, "reading CSV", err);
	return true;
}

/* Where the scan for the end of a record stands. */
struct scan {
	size_t at; /* bytes looked at */
	enum { AT_START, IN_PLAIN, IN_QUOTES, AT_QUOTE } where;
};

/* True once s->at is the record's line feed. */
static bool
scan_on(struct scan *s, const char *p, size_t n)
{
	const char *quote, *line;

	/* Most records have no quote: look for the line alone. */
	if (s->at == 0 && (line = memchr(p, '\n', n)) != NULL &&
	    memchr(p, '"', (size_t)(line - p)) == NULL) {
		s->at = (size_t)(line - p);
		return true;
	}
	for (; s->at < n; s->at++) {
		char ch = p[s->at];

		if (s->where == IN_QUOTES) {
			quote = memchr(p + s->at, '"', n - s->at);
			s->at = quote != NULL ? (size_t)(quote - p) : n - 1;
			if (quote != NULL)
				s->where = AT_QUOTE;
		} else if (ch == '\n') {
			return true;
		} else if (ch == ',') {
			s->where = AT_START;
		} else if (ch == '"' && s->where != IN_PLAIN) {
			s->where = IN_QUOTES;
		} else {
			s->where = IN_PLAIN;
		}
	}
	return false;
}

static uint64_t
lines_in(struct str text)
{
	const char *end = text.p + text.n, *p = text.p;
	uint64_t n = 0;

	while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* The next record's bytes to c->text, passed over in the source. */
static enum csv_result
take_text(struct csv *c, struct err *err)
{
	struct source *in = c->in;
	struct scan scan = {0};
	size_t n;
	bool found;

	while (!(found = scan_on(&scan, in->p + in->from,
	    in->to - in->from)) && !in->end) {
		if (!source_more(in, err)) {
			err_context(err, "line %llu",
			    (unsigned long long)c->next_line);
			return CSV_FAILED;
		}
	}
	n = scan.at;
	c->line = c->next_line;
	c->text = (struct str){in->p + in->from, n};
	if (!found && n == 0)
		return CSV_END;
	source_skip(in, found ? n + 1 : n);
	c->next_line += lines_in(c->text) + (found ? 1 : 0);
	if (n > 0 && c->text.p[n - 1] == '\r')
		c->text.n--;
	if (!found && scan.where == IN_QUOTES) {
		err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "a quote that is opened is never closed");
		return CSV_BAD;
	}
	return CSV_RECORD;
}

/* A quoted cell at *p (behind its quote); *p ends behind the closing one. */
static struct str
quoted_cell(const char **p, const char *end, char **plain)
{
	struct str cell = {*p, 0};
	const char *from = *p;
	char *out = *plain;
	bool doubled = false;

	for (;;) {
		const char *quote = memchr(from, '"', (size_t)(end - from));

		/* take_text has seen that it is closed. */
		if (quote + 1 == end || quote[1] != '"') {
			if (!doubled) {
				cell.n = (size_t)(quote - *p);
			} else {
				memcpy(out, from, (size_t)(quote - from));
				out += quote - from;
				cell = (struct str){*plain,
				    (size_t)(out - *plain)};
				*plain = out;
			}
			*p = quote + 1;
			return cell;
		}
		doubled = true;
		memcpy(out, from, (size_t)(quote + 1 - from));
		out += quote + 1 - from;
		from = quote + 2;
	}
}

static enum csv_result
split(struct csv *c, struct err *err)
{
	const char *p = c->text.p, *end = p + c->text.n;
	char *plain = c->plain;

	c->n = 0;
	for (;;) {
		struct str *cell = &c->cells[c->n++];

		if (p < end && *p == '"') {
			p++;
			*cell = quoted_cell(&p, end, &plain);
			if (p < end && *p != ',') {
				err_set(err, ERR_INPUT, ERR_NOWHERE,
				    "cell %zu goes on behind its closing"
				    " quote", c->n);
				return CSV_BAD;
			}
		} else {
			const char *comma = p < end ?
			    memchr(p, ',', (size_t)(end - p)) : NULL;

			*cell = (struct str){p, (size_t)((comma != NULL ?
			    comma : end) - p)};
			p += cell->n;
		}
		if (p == end)
			return CSV_RECORD;
		p++;
		if (c->n == CSV_CELLS_MAX) {
			err_set(err, ERR_LIMIT, ERR_NOWHERE,
			    "more than %d cells", CSV_CELLS_MAX);
			return CSV_BAD;
		}
	}
}

/* What starts as no text does is most often one of these. */
static bool
refuse_text(struct str text, size_t bad, struct err *err)
{
	if (str_has_prefix(text, STR("\x1f\x8b")))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is compressed with gzip: unpack it first");
	if (str_has_prefix(text, STR("\xff\xfe")) ||
	    str_has_prefix(text, STR("\xfe\xff")))
		return err_set(err, ERR_INPUT, ERR_NOWHERE,
		    "is UTF-16: convert the file to UTF-8");
	return err_set(err, ERR_INPUT, ERR_NOWHERE, "byte %zu of the row is"
	    " not UTF-8: convert the file to UTF-8", bad + 1);
}

enum csv_result
csv_next(struct csv *c, struct err *err)
{
	enum csv_result got;
	size_t bad;

	do
		got = take_text(c, err);
	while (got == CSV_RECORD && c->text.n == 0);
	if (got != CSV_RECORD)
		return got;
	if (!str_is_utf8(c->text, &bad)) {
		refuse_text(c->text, bad, err);
		return CSV_BAD;
	}
	return split(c, err);
}

static bool
needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' ||
		    s.p[i] == '\r')
			return true;
	}
	return s.n > 0 && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void
put_doubled(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, s.p[i]);
	}
}

void
csv_cell(struct buf *b, const char *before, struct str cell)
{
	struct str head = str_of(before);

	/* Alone on its line, an empty cell would be an empty line. */
	if (head.n + cell.n > 0 && !needs_quotes(head) &&
	    !needs_quotes(cell)) {
		buf_str(b, head);
		buf_str(b, cell);
		return;
	}
	buf_char(b, '"');
	put_doubled(b, head);
	put_doubled(b, cell);
	buf_char(b, '"');
}
