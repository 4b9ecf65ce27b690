/* SPDX-License-Identifier: ISC
 *
 * json/: strictness, limits, offsets, integers apart from floats; writing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "json/json.h"
#include "json/json_write.h"

static const struct json_limits limits = {32, 1000};

static int
setup(void **state)
{
	static struct arena mem;
	struct err err;

	*state = &mem;
	return arena_init(&mem, 1 << 20, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	arena_done(*state);
	return 0;
}

static const cJSON *
read_text(struct arena *mem, const char *text)
{
	const cJSON *tree;
	struct err err;

	if (!json_parse(mem, str_of(text), &limits, &tree, &err))
		fail_msg("%s: %s at %zu", text, err.text, err.at);
	return tree;
}

static void
integers_are_told_from_floats(void **state)
{
	const cJSON *c = read_text(*state, "[1,1.0,1e0,-0,0.5,"
	    "\"1\",true,{\"a\":[7,7.5],\"b\":9007199254740993},12]")->child;
	static const int want[] = {1, 0, 0, 1, 0, 0, 0};

	for (size_t i = 0; i < countof(want); i++, c = c->next)
		assert_int_equal(json_is_integer(c), want[i]);
	assert_true(json_is_integer(c->child->child));
	assert_false(json_is_integer(c->child->child->next));
	assert_true(json_is_integer(c->child->next));
	assert_true(json_is_integer(c->next));
	assert_true(c->child->next->valuedouble == 9007199254740992.0);
}

static void
duplicates_and_order_are_kept(void **state)
{
	const cJSON *o = read_text(*state, "{\"a\":1,\"A\":2,\"a\":3}");

	assert_string_equal(o->child->string, "a");
	assert_string_equal(o->child->next->string, "A");
	assert_int_equal(o->child->next->next->valuedouble, 3);
}

static void
escapes_become_utf8(void **state)
{
	assert_string_equal(read_text(*state,
	    "\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\n\\r\\t\\\\\\\"\"")->valuestring,
	    "\xc3\xa9\xf0\x9f\x98\x80/\b\f\n\r\t\\\"");
}

static void
byte_order_mark_is_skipped(void **state)
{
	struct err err;
	const cJSON *tree;

	assert_true(cJSON_IsArray(read_text(*state, "\xef\xbb\xbf[]")));
	assert_false(json_parse(*state, STR("\xef\xbb\xbf[}"), &limits, &tree,
	    &err));
	assert_int_equal(err.at, 4); /* counted in the text as sent */
}

static void
refusals_name_the_byte(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *part; /* of the sentence */
	} cases[] = {
	    {"", 0, "empty"},
	    {"   ", 3, "ends"},
	    {"[1,", 3, "ends"},
	    {"[1,]", 3, "expected a value"},
	    {"[1 2]", 3, "',' or ']'"},
	    {"{\"a\":1,}", 7, "key"},
	    {"{\"a\" 1}", 5, "':'"},
	    {"{\"a\":1 \"b\":2}", 7, "',' or '}'"},
	    {"{'a':1}", 1, "double quotes"},
	    {"[}", 1, "expected a value"},
	    {"{]", 1, "key"},
	    {"[1}", 2, "',' or ']'"},
	    {"[]x", 2, "follows"},
	    {"[] []", 3, "follows"},
	    {"nul", 0, "expected a value"},
	    {"nulll", 4, "follows"},
	    {"01", 0, "starts with 0"},
	    {"-01", 0, "starts with 0"},
	    {"1.", 2, "decimal point"},
	    {".5", 0, "expected a value"},
	    {"1e", 2, "exponent"},
	    {"-", 1, "sign"},
	    {"+1", 0, "expected a value"},
	    {"0x0c", 1, "follows"},
	    {"[NaN]", 1, "NaN"},
	    {"[Infinity]", 1, "Infinity"},
	    {"[-Infinity]", 1, "infinity"},
	    {"\"abc", 0, "no end"},
	    {"\"a\nb\"", 2, "control character"},
	    {"\"\\x\"", 1, "escape"},
	    {"\"\\", 1, "escape"},
	    {"\"\\u12g4\"", 5, "hexadecimal"},
	    {"[\"ab\\u0000\"]", 4, "\\u0000"},
	    {"\"\\ud800\"", 1, "surrogate"},
	    {"\"\\udc00\\ud800\"", 1, "surrogate"},
	    {"\"\\ud800\\u0041\"", 1, "surrogate"},
	    {"\"\\udc00\\udc00\"", 1, "surrogate"},
	    {"\"a\xff\"", 2, "UTF-8"},
	    {"\"\xed\xa0\x80\"", 1, "UTF-8"},
	    {"\"\xc3", 0, "no end"},
	};
	const cJSON *tree;
	struct err err;

	for (size_t i = 0; i < countof(cases); i++) {
		if (json_parse(*state, str_of(cases[i].text), &limits, &tree,
		    &err))
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.kind, ERR_INPUT);
		if (err.at != cases[i].at ||
		    strstr(err.text, cases[i].part) == NULL)
			fail_msg("%s: %s at %zu", cases[i].text, err.text,
			    err.at);
	}
}

static void
nul_byte_in_the_text_is_refused(void **state)
{
	const cJSON *tree;
	struct err err;

	assert_false(json_parse(*state, STR("[1,\0]"), &limits, &tree, &err));
	assert_int_equal(err.at, 3);
	assert_false(json_parse(*state, STR("\"a\0\""), &limits, &tree, &err));
	assert_int_equal(err.at, 2);
	assert_false(json_parse(*state, STR("[]\0"), &limits, &tree, &err));
	assert_int_equal(err.at, 2);
}

static void
nesting_is_bounded(void **state)
{
	char text[100001];
	const cJSON *tree;
	struct err err;

	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	assert_true(json_parse(*state, (struct str){text, 64}, &limits, &tree,
	    &err));
	memset(text, '[', sizeof(text));
	assert_false(json_parse(*state, (struct str){text, sizeof(text)},
	    &limits, &tree, &err));
	assert_int_equal(err.at, 32);
	assert_non_null(strstr(err.text, "32 levels"));
}

static void
values_are_counted(void **state)
{
	static const struct json_limits three = {32, 3};
	const cJSON *tree;
	struct err err;

	assert_true(json_parse(*state, STR("[1,{}]"), &three, &tree, &err));
	assert_false(json_parse(*state, STR("[1,{},2]"), &three, &tree, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(err.at, 6);
}

static void
numbers_have_a_longest_form(void **state)
{
	char text[70];
	const cJSON *tree;
	struct err err;

	memset(text, '9', sizeof(text));
	assert_true(json_parse(*state, (struct str){text, 63}, &limits, &tree,
	    &err));
	assert_true(tree->valuedouble == 1e63);
	assert_false(json_parse(*state, (struct str){text, 64}, &limits, &tree,
	    &err));
	assert_true(isinf(read_text(*state, "1e400")->valuedouble));
}

static void
memory_is_the_arenas_and_bounded(void **state)
{
	struct arena small;
	const cJSON *tree;
	struct err err;
	void *p;

	(void)state;
	assert_true(arena_init(&small, 4096, &err));
	assert_true(json_parse(&small, STR("[1,2,3]"), &limits, &tree, &err));
	assert_true((const char *)tree >= small.base &&
	    (const char *)tree < small.base + small.cap);
	arena_reset(&small, 4096);
	/* 64 values of 64 bytes do not fit beside the rest. */
	for (size_t n = 1; n < 200; n++) {
		char text[400];

		memset(text, ',', sizeof(text));
		for (size_t i = 0; i < n; i++)
			text[2 * i + 1] = '1';
		text[0] = '[';
		text[2 * n] = ']';
		arena_reset(&small, 4096);
		if (json_parse(&small, (struct str){text, 2 * n + 1}, &limits,
		    &tree, &err)) {
			assert_true(n < 63);
			continue;
		}
		assert_true(n > 30);
		assert_int_equal(err.kind, ERR_LIMIT);
	}
	arena_done(&small);
	/* The hooks are gone: cJSON elsewhere has malloc again. */
	p = cJSON_CreateNull();
	assert_non_null(p);
	cJSON_Delete(p);
}

static struct json_list
read_list(struct arena *mem, const char *text)
{
	struct json_list list;
	struct err err;

	if (!json_list_init(&list, mem, str_of(text), &limits, &err))
		fail_msg("%s: %s at %zu", text, err.text, err.at);
	return list;
}

static void
lists_are_read_item_by_item(void **state)
{
	struct arena *mem = *state;
	struct json_list l = read_list(mem,
	    "\xef\xbb\xbf [ {\"a\":[1,2.0]} ,{}\n,\t{\"a\":3,\"b\":4.5}, 7 ] ");
	size_t mark = arena_mark(mem);
	const cJSON *item;
	struct err err;

	assert_true(l.is_list);
	assert_int_equal(l.items, 4);
	assert_int_equal(l.odd, 3);
	assert_int_equal(l.odd_first, '7');
	assert_true(json_list_next(&l, mem, &item, &err));
	assert_true(json_is_integer(item->child->child));
	assert_false(json_is_integer(item->child->child->next));
	assert_null(item->next);
	arena_release(mem, mark);
	assert_true(json_list_next(&l, mem, &item, &err));
	assert_true(cJSON_IsObject(item) && item->child == NULL);
	arena_release(mem, mark);
	/* Numbers of earlier items count, whether their trees live or not. */
	assert_true(json_list_next(&l, mem, &item, &err));
	assert_true(json_is_integer(item->child));
	assert_false(json_is_integer(item->child->next));
	assert_true(json_list_next(&l, mem, &item, &err));
	assert_true(json_is_integer(item));
}

static void
a_value_alone_is_no_list(void **state)
{
	static const struct {
		const char *text;
		size_t items, odd;
		char first;
	} cases[] = {
	    {" {\"a\":[{},1]}", 1, 1, 0},
	    {" \"[\" ", 1, 0, '"'},
	    {"null", 1, 0, 'n'},
	    {"-1", 1, 0, '-'},
	    {"[]", 0, 0, 0},
	    {"[[],{}]", 2, 0, '['},
	    {"[{},{\"a\":[1]},{}]", 3, 3, 0},
	};

	for (size_t i = 0; i < countof(cases); i++) {
		struct json_list l = read_list(*state, cases[i].text);

		assert_int_equal(l.items, cases[i].items);
		assert_int_equal(l.odd, cases[i].odd);
		if (l.odd < l.items)
			assert_int_equal(l.odd_first, cases[i].first);
	}
}

static void
a_list_takes_the_memory_of_one_item(void **state)
{
	struct arena small;
	struct json_list l;
	char text[4000];
	size_t n = 0, mark, least;
	const cJSON *item;
	struct err err;

	(void)state;
	text[n++] = '[';
	while (n < sizeof(text) - 12) {
		memcpy(text + n, "{\"a\":1.5},", 10);
		n += 10;
	}
	text[n - 1] = ']';
	assert_true(arena_init(&small, 4096, &err));
	assert_true(json_list_init(&l, &small, (struct str){text, n}, &limits,
	    &err));
	assert_true(l.items > 300 && l.odd == l.items);
	mark = arena_mark(&small);
	for (size_t i = 0; i < l.items; i++) {
		assert_true(json_list_next(&l, &small, &item, &err));
		assert_true(item->child->valuedouble == 1.5);
		arena_release(&small, mark);
	}
	/* What is released is zero again, as all memory of an arena. */
	least = small.cap - mark;
	for (size_t i = 0; i < least; i++)
		assert_int_equal(small.base[mark + i], 0);
	arena_done(&small);
}

static void
place_is_line_and_column(void **state)
{
	struct str text = STR("[\n 1,\n x]");
	size_t line, column;

	(void)state;
	json_place(text, 7, &line, &column);
	assert_int_equal(line, 3);
	assert_int_equal(column, 2);
	json_place(text, 0, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 1);
	json_place(text, text.n, &line, &column);
	assert_int_equal(column, 4);
}

static void
writing_puts_the_commas(void **state)
{
	char memory[400];
	struct buf b;
	const cJSON *tree;
	struct err err;

	buf_init(&b, memory, sizeof(memory));
	json_open(&b, '{');
	json_key(&b, "a\"");
	json_open(&b, '[');
	json_number(&b, 1);
	json_number(&b, 0.1);
	json_number(&b, NAN);
	json_text(&b, "x,");
	json_bool(&b, true);
	json_open(&b, '{');
	json_close(&b, '}');
	json_open(&b, '[');
	json_close(&b, ']');
	json_raw(&b, STR("[7]"));
	json_close(&b, ']');
	json_key(&b, "b");
	json_u64(&b, UINT64_MAX);
	json_key_str(&b, STR("c"));
	json_str(&b, STR(""));
	json_close(&b, '}');
	assert_false(b.over);
	assert_int_equal(b.n, strlen("{\"a\\\"\":[1,0.1,null,\"x,\",true,{},[],"
	    "[7]],\"b\":18446744073709551615,\"c\":\"\"}"));
	assert_memory_equal(b.p, "{\"a\\\"\":[1,0.1,null,\"x,\",true,{},[],"
	    "[7]],\"b\":18446744073709551615,\"c\":\"\"}", b.n);
	assert_true(json_parse(*state, buf_view(&b), &limits, &tree, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(integers_are_told_from_floats),
	    cmocka_unit_test(duplicates_and_order_are_kept),
	    cmocka_unit_test(escapes_become_utf8),
	    cmocka_unit_test(byte_order_mark_is_skipped),
	    cmocka_unit_test(refusals_name_the_byte),
	    cmocka_unit_test(nul_byte_in_the_text_is_refused),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(values_are_counted),
	    cmocka_unit_test(numbers_have_a_longest_form),
	    cmocka_unit_test(memory_is_the_arenas_and_bounded),
	    cmocka_unit_test(lists_are_read_item_by_item),
	    cmocka_unit_test(a_value_alone_is_no_list),
	    cmocka_unit_test(a_list_takes_the_memory_of_one_item),
	    cmocka_unit_test(place_is_line_and_column),
	    cmocka_unit_test(writing_puts_the_commas),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
