/* SPDX-License-Identifier: ISC
 *
 * cli: CSV records and JSON items, whatever pieces the bytes arrive in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/csv.h"
#include "cli/items.h"

static struct arena mem;

/* A source over a file in memory. */
static struct source
source_of(struct str text)
{
	struct source s;
	struct err err;
	char path[40];
	int fd = memfd_create("input", 0);

	assert_true(fd >= 0);
	assert_true(file_write_fd(fd, text, &err));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	arena_reset(&mem, 1 << 16);
	assert_true(source_open(path, &mem, &s, &err));
	s.name = "input";
	close(fd);
	return s;
}

/* Records as "cell|cell\n", a bad one as "! reason\n". */
static void
read_csv(const char *text, struct buf *told)
{
	struct source in = source_of(str_of(text));
	enum csv_result got;
	struct csv c;
	struct err err;

	assert_true(csv_init(&c, &in, &mem, &err));
	while ((got = csv_next(&c, &err)) != CSV_END) {
		if (got == CSV_BAD) {
			buf_printf(told, "! %s at %llu: %.*s\n", err.text,
			    (unsigned long long)c.line, STR_ARG(c.text));
			continue;
		}
		assert_int_equal(got, CSV_RECORD);
		for (size_t i = 0; i < c.n; i++) {
			buf_text(told, i > 0 ? "|" : "");
			buf_str(told, c.cells[i]);
		}
		buf_char(told, '\n');
	}
	source_close(&in);
	buf_char(told, '\0');
}

static void
csv_is_rfc_4180(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
	    {"", ""},
	    {"\n\r\n\n", ""},
	    {"a,b\n1,2\n", "a|b\n1|2\n"},
	    {"a,b\r\n1,2", "a|b\n1|2\n"},
	    {"\xef\xbb\xbf" "a,b\n", "a|b\n"},
	    {",\n", "|\n"},
	    {"a,\n", "a|\n"},
	    {"\"a\"\"b\",\"c,d\"\n", "a\"b|c,d\n"},
	    {"\"x\ny\",2\n3,4\n", "x\ny|2\n3|4\n"},
	    {"\"\"\n", "\n"},
	    {"\"\"\"\"\"\"\n", "\"\"\n"},
	    {"5\" pipe,2\n", "5\" pipe|2\n"},
	    {" \"a\",b\n", " \"a\"|b\n"},
	    {"\"a\"b,c\n1,2\n", "! cell 1 goes on behind its closing quote at"
		" 1: \"a\"b,c\n1|2\n"},
	    {"1\n\"a\nb", "1\n! a quote that is opened is never closed at 2:"
		" \"a\nb\n"},
	    {"caf\xe9,1\nx,2\n", "! byte 4 of the row is not UTF-8: convert"
		" the file to UTF-8 at 1: caf\xe9,1\nx|2\n"},
	    {"\x1f\x8b\x08", "! is compressed with gzip: unpack it first"
		" at 1: \x1f\x8b\x08\n"},
	    {"\xff\xfe" "a", "! is UTF-16: convert the file to UTF-8 at 1:"
		" \xff\xfe" "a\n"},
	};
	char memory[1024];
	struct buf told;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		buf_init(&told, memory, sizeof(memory));
		read_csv(cases[i].text, &told);
		assert_string_equal(memory, cases[i].want);
	}
}

static void
csv_cells_written_read_back(void **state)
{
	static const char *const cells[] = {"", "a", "a b", " a", "a,b",
	    "say \"x\"", "two\nlines", "\r", "caf\xc3\xa9"};
	char memory[512], told_memory[512];
	struct buf b, told;

	(void)state;
	buf_init(&b, memory, sizeof(memory));
	for (size_t i = 0; i < countof(cells); i++) {
		buf_text(&b, i > 0 ? "," : "");
		csv_cell(&b, "", str_of(cells[i]));
	}
	buf_text(&b, "\n");
	buf_char(&b, '\0');
	buf_init(&told, told_memory, sizeof(told_memory));
	read_csv(memory, &told);
	assert_string_equal(told_memory,
	    "|a|a b| a|a,b|say \"x\"|two\nlines|\r|caf\xc3\xa9\n");
}

static void
csv_longer_than_a_chunk_stays_whole(void **state)
{
	enum { ROWS = 60000 };
	static char text[ROWS * 24 + 1];
	struct source in;
	struct csv c;
	struct err err;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ROWS; i++)
		n += (size_t)sprintf(text + n, i % 3 ? "%zu,x%zu\n" :
		    "%zu,\"x%zu\"\r\n", i, i);
	in = source_of((struct str){text, n});
	assert_true(csv_init(&c, &in, &mem, &err));
	for (size_t i = 0; i < ROWS; i++) {
		char want[24];

		assert_int_equal(csv_next(&c, &err), CSV_RECORD);
		assert_int_equal(c.n, 2);
		assert_int_equal(c.line, i + 1);
		snprintf(want, sizeof(want), "x%zu", i);
		assert_true(str_eq(c.cells[1], str_of(want)));
	}
	assert_int_equal(csv_next(&c, &err), CSV_END);
	assert_int_equal(in.done, n);
	source_close(&in);
}

static void
a_record_that_never_ends_is_refused(void **state)
{
	static char text[SOURCE_RECORD_MAX + (1 << 19)];
	struct source in;
	struct csv c;
	struct err err;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[0] = 'a';
	text[1] = '\n';
	text[2] = '"';
	in = source_of((struct str){text, sizeof(text)});
	assert_true(csv_init(&c, &in, &mem, &err));
	assert_int_equal(csv_next(&c, &err), CSV_RECORD);
	assert_int_equal(csv_next(&c, &err), CSV_FAILED);
	assert_string_equal(err.text, "line 2: input: the record at byte 2 is"
	    " longer than 8388608 bytes");
	source_close(&in);
}

static void
read_items(const char *text, enum items_kind kind, struct buf *told)
{
	struct source in = source_of(str_of(text));
	enum items_result got;
	struct items it;
	struct str item;
	struct err err;

	items_init(&it, &in, kind);
	while ((got = items_next(&it, &item, &err)) == ITEMS_ITEM)
		buf_printf(told, "%.*s;", STR_ARG(item));
	if (got == ITEMS_FAILED)
		buf_printf(told, "! %s", err.text);
	else /* The end stays the end. */
		assert_int_equal(items_next(&it, &item, &err), ITEMS_END);
	source_close(&in);
	buf_char(told, '\0');
}

static void
items_are_cut_where_they_end(void **state)
{
	static const struct {
		enum items_kind kind;
		const char *text, *want;
	} cases[] = {
	    {ITEMS_ARRAY, "[]", ""},
	    {ITEMS_ARRAY, " [ {\"a\":1} ,\n{\"b\":[1,2]} ] \n",
		"{\"a\":1};{\"b\":[1,2]};"},
	    {ITEMS_ARRAY, "[1,\"a,]\\\"}\",null]", "1;\"a,]\\\"}\";null;"},
	    {ITEMS_ARRAY, "[1 2]", "1;! input: byte 4: expected , or ]"},
	    {ITEMS_ARRAY, "[1,]", "1;! input: byte 4: expected a value"},
	    {ITEMS_ARRAY, "[1", "1;! input: byte 3: expected , or ]"},
	    {ITEMS_ARRAY, "[{\"a\":1", "! input: byte 2: expected the value"
		" that begins here to end"},
	    {ITEMS_ARRAY, "[1] x",
		"1;! input: byte 5: expected nothing behind the list"},
	    {ITEMS_ARRAY, "{}", "! input: byte 1: expected ["},
	    {ITEMS_LINES, "{\"a\":1}\n\n  {bad\r\n{\"b\":2}",
		"{\"a\":1};{bad;{\"b\":2};"},
	    {ITEMS_LINES, "", ""},
	    {ITEMS_VALUES, "{\n\"a\": 1\n}\n{\"b\":2}",
		"{\n\"a\": 1\n};{\"b\":2};"},
	    {ITEMS_VALUES, "  ", ""},
	};
	char memory[512];
	struct buf told;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		buf_init(&told, memory, sizeof(memory));
		read_items(cases[i].text, cases[i].kind, &told);
		assert_string_equal(memory, cases[i].want);
	}
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	return arena_init(&mem, 64 << 20, &err) ? 0 : 1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(csv_is_rfc_4180),
	    cmocka_unit_test(csv_cells_written_read_back),
	    cmocka_unit_test(csv_longer_than_a_chunk_stays_whole),
	    cmocka_unit_test(a_record_that_never_ends_is_refused),
	    cmocka_unit_test(items_are_cut_where_they_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, NULL);
}
