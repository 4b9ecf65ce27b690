/* SPDX-License-Identifier: ISC
 *
 * Reads the contract cases. Everything returned is a slice of the file.
 */
#include "case_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

static void
stop(const char *what, struct str line)
{
	fprintf(stderr, "contract.test: %s: %.*s\n", what, STR_ARG(line));
	exit(2);
}

void
case_file_open(struct case_file *f, const char *path)
{
	struct err err;

	*f = (struct case_file){0};
	if (!file_map(path, 1 << 24, &f->map, &err))
		stop(err.text, str_of(path));
	f->rest = (struct str){f->map.p, f->map.n};
}

void
case_file_close(struct case_file *f)
{
	file_unmap(&f->map);
}

static size_t
take_number(struct str text, struct str line)
{
	uint64_t v;

	if (!number_parse_u64(text, &v))
		stop("no number", line);
	return (size_t)v;
}

static void
take_edit(struct test_case *c, int kind, struct str rest, struct str line)
{
	struct case_edit *e = &c->edits[c->n_edits++];

	if (c->n_edits > CASE_EDITS)
		stop("too many edits", line);
	e->kind = kind;
	e->record = take_number(str_cut(&rest, ' '), line);
	e->member.name = str_cut(&rest, ' ');
	e->member.text = rest;
}

static void
take_header(struct test_case *c, struct str rest, struct str line)
{
	struct str name = str_cut(&rest, ':');

	rest = str_trim(rest);
	if (str_eq(name, STR("Content-Type"))) {
		c->typed = true;
		c->content_type = rest;
	} else if (str_eq(name, STR("Content-Encoding"))) {
		c->encoding = rest;
	} else if (str_eq(name, STR("Accept"))) {
		c->accept = rest;
	} else if (!str_eq(name, STR("Accept-Encoding"))) {
		stop("a header that this runner does not know", line);
	}
}

static void
take_expect(struct test_case *c, struct str rest, struct str line)
{
	struct str statuses = str_cut(&rest, ' ');

	while (statuses.n > 0 && c->n_statuses < CASE_STATUSES)
		c->statuses[c->n_statuses++] =
		    (int)take_number(str_cut(&statuses, '|'), line);
	c->kind = str_cut(&rest, ' ');
	c->argument = rest;
}

static void
take_line(struct test_case *c, struct str line)
{
	struct str rest = line, word = str_cut(&rest, ' ');
	const struct {
		struct str word;
		struct str *to;
	} texts[] = {
	    {STR("error"), &c->error},
	    {STR("detail"), &c->detail},
	    {STR("allow"), &c->allow},
	    {STR("type"), &c->type},
	    {STR("location"), &c->location},
	    {STR("same"), &c->same},
	};

	for (size_t i = 0; i < countof(texts); i++) {
		if (str_eq(word, texts[i].word)) {
			*texts[i].to = rest;
			return;
		}
	}
	if (str_eq(word, STR("header"))) {
		take_header(c, rest, line);
	} else if (str_eq(word, STR("body"))) {
		c->has_body = true;
		c->body = rest;
	} else if (str_eq(word, STR("set"))) {
		take_edit(c, EDIT_SET, rest, line);
	} else if (str_eq(word, STR("drop"))) {
		take_edit(c, EDIT_DROP, rest, line);
	} else if (str_eq(word, STR("add"))) {
		take_edit(c, EDIT_ADD, rest, line);
	} else if (str_eq(word, STR("served"))) {
		c->served = true;
	} else if (str_eq(word, STR("expect"))) {
		take_expect(c, rest, line);
	} else if (c->method.n == 0) {
		c->method = word;
		c->path = rest;
	} else if (!str_eq(word, STR("chunked"))) {
		stop("not understood", line);
	}
}

bool
case_file_next(struct case_file *f, struct test_case *ret)
{
	*ret = (struct test_case){0};
	while (f->rest.n > 0) {
		struct str before = f->rest, line = str_cut(&f->rest, '\n');
		struct str rest = line, word = str_cut(&rest, ' ');

		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (str_eq(word, STR("record"))) {
			if (f->n_members == CASE_MEMBERS)
				stop("too many members", line);
			f->record[f->n_members].name = str_cut(&rest, ' ');
			f->record[f->n_members++].text = rest;
		} else if (!str_eq(word, STR("case"))) {
			take_line(ret, line);
		} else if (ret->id.n > 0) {
			f->rest = before; /* the next one */
			break;
		} else {
			ret->id = rest;
		}
	}
	if (ret->id.n > 0 && (ret->n_statuses == 0 || ret->path.n == 0))
		stop("incomplete case", ret->id);
	if (ret->has_body && !ret->typed)
		ret->content_type = STR("application/json");
	return ret->id.n > 0;
}

static void expand(const struct case_file *f, const struct test_case *c,
    struct str text, struct buf *b);

static void
put_member(const struct case_file *f, const struct test_case *c,
    struct str name, struct str text, bool *first, struct buf *b)
{
	buf_text(b, *first ? "\"" : ", \"");
	*first = false;
	buf_str(b, name);
	buf_text(b, "\": ");
	expand(f, c, text, b);
}

static void
put_record(const struct case_file *f, const struct test_case *c, size_t n,
    struct buf *b)
{
	bool first = true;

	buf_char(b, '{');
	for (size_t i = 0; i < f->n_members; i++) {
		struct str text = f->record[i].text;
		bool dropped = false;

		for (size_t k = 0; k < c->n_edits; k++) {
			const struct case_edit *e = &c->edits[k];

			if (e->record != n || e->kind == EDIT_ADD ||
			    !str_eq(e->member.name, f->record[i].name))
				continue;
			dropped = e->kind == EDIT_DROP;
			text = e->member.text;
		}
		if (!dropped)
			put_member(f, c, f->record[i].name, text, &first, b);
	}
	for (size_t k = 0; k < c->n_edits; k++)
		if (c->edits[k].record == n && c->edits[k].kind == EDIT_ADD)
			put_member(f, c, c->edits[k].member.name,
			    c->edits[k].member.text, &first, b);
	buf_char(b, '}');
}

/* Records that differ in their whole numbers. */
static void
put_rows(const struct case_file *f, size_t rows, struct buf *b)
{
	for (size_t i = 0; i < rows; i++) {
		struct test_case c = {0};
		char tenure[24];
		int n = snprintf(tenure, sizeof(tenure), "%zu", i % 73);

		c.n_edits = 1;
		c.edits[0].member.name = f->record[0].name;
		c.edits[0].member.text = (struct str){tenure, (size_t)n};
		if (i > 0)
			buf_char(b, ',');
		put_record(f, &c, 0, b);
	}
}

/* "100 x" or "rows 500", between ${ and }. */
static void
put_repeated(const struct case_file *f, struct str what, struct buf *b)
{
	struct str rest = what, word = str_cut(&rest, ' ');

	if (str_eq(word, STR("rows"))) {
		put_rows(f, take_number(rest, what), b);
		return;
	}
	for (size_t n = take_number(word, what); n > 0; n--)
		buf_str(b, rest);
}

static void
expand(const struct case_file *f, const struct test_case *c, struct str text,
    struct buf *b)
{
	while (text.n > 0) {
		bool more = memchr(text.p, '$', text.n) != NULL;

		buf_str(b, str_cut(&text, '$'));
		if (!more)
			return;
		if (text.n >= 3 && text.p[0] == 'x') {
			char hex[3] = {text.p[1], text.p[2], '\0'};

			buf_char(b, (char)strtoul(hex, NULL, 16));
			text = (struct str){text.p + 3, text.n - 3};
		} else if (text.n > 2 && text.p[0] == '{') {
			size_t n = 1;


			while (n < text.n - 1 && text.p[n] != '}')
				n++;
			put_repeated(f, (struct str){text.p + 1, n - 1}, b);
			text = (struct str){text.p + n + 1, text.n - n - 1};
		} else if (text.n > 0 && text.p[0] >= '0' &&
		    text.p[0] <= '9') {
			put_record(f, c, (size_t)(text.p[0] - '0'), b);
			text = (struct str){text.p + 1, text.n - 1};
		} else {
			stop("not understood after $", text);
		}
	}
}

void
case_file_body(const struct case_file *f, const struct test_case *c,
    struct buf *b)
{
	expand(f, c, c->body, b);
	if (b->over)
		stop("body too long", c->id);
}
