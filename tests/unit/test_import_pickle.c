/* SPDX-License-Identifier: ISC
 *
 * import/: the pickle reader and numpy's arrays. Right bytes become the
 * nodes they say, wrong ones a sentence with the place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import/array.h"
#include "import/pickle.h"
#include "import/value.h"
#include "pickler.h"

static struct arena mem;
static struct pickler p;

static const struct node *
read_bytes(const void *bytes, size_t n)
{
	const struct node *node;
	struct err err;
	size_t end;

	if (!pickle_read((struct str){bytes, n}, &mem, &node, &end, &err)) {
		print_message("# %s\n", err.text);
		return NULL;
	}
	return node;
}

#define READ(literal) read_bytes((literal), sizeof(literal) - 1)

static void
assert_refused(const void *bytes, size_t n, enum err_kind kind, size_t at,
    const char *sentence)
{
	const struct node *node;
	struct err err;
	size_t end;

	assert_false(pickle_read((struct str){bytes, n}, &mem, &node, &end,
	    &err));
	assert_int_equal(err.kind, kind);
	assert_int_equal(err.at, at);
	if (strstr(err.text, sentence) == NULL)
		fail_msg("got \"%s\", want \"%s\"", err.text, sentence);
}

#define REFUSED(literal, kind, at, sentence)                          \
	assert_refused((literal), sizeof(literal) - 1, (kind), (at), \
	    (sentence))

static int
forget(void **state)
{
	(void)state;
	arena_reset(&mem, 1 << 16);
	return 0;
}

static void
numbers_of_every_protocol_are_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		double want;
	} cases[] = {
#define CASE(literal, want) {(literal), sizeof(literal) - 1, (want)}
	    CASE("I42\n.", 42),
	    CASE("I-7\n.", -7),
	    CASE("I01\n.", 1),
	    CASE("L123456789012L\n.", 123456789012.0),
	    CASE("F-1.5e3\n.", -1500),
	    CASE("K\xff.", 255),
	    CASE("M\x01\x02.", 513),
	    CASE("J\xfe\xff\xff\xff.", -2),
	    CASE("\x8a\x00.", 0),
	    CASE("\x8a\x01\xff.", -1),
	    CASE("\x8a\x03\x01\x00\x01.", 65537),
	    CASE("\x8b\x02\x00\x00\x00\x00\x80.", -32768),
	    CASE("G\x3f\xf8\x00\x00\x00\x00\x00\x00.", 1.5),
	    CASE("\x88.", 1),
	    CASE("\x89.", 0),
#undef CASE
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		double v = NAN;

		assert_true(value_number(read_bytes(cases[i].bytes,
		    cases[i].n), &v));
		assert_true(v == cases[i].want);
	}
	/* Beyond 64 bits it is kept, but is no number to us. */
	assert_int_equal(READ("L99999999999999999999L\n.")->kind, NODE_BIG);
	assert_int_equal(READ("\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01.")
	    ->kind, NODE_BIG);
}

static void
text_of_every_protocol_becomes_utf8(void **state)
{
	(void)state;
	assert_true(node_is_text(READ("Vz\\u00fcrich\n."), "z\xc3\xbcrich"));
	assert_true(node_is_text(READ("Vz\xfcrich\n."), "z\xc3\xbcrich"));
	assert_true(node_is_text(READ("V\\U0001f600\n."), "\xf0\x9f\x98\x80"));
	assert_true(node_is_text(READ("X\x02\x00\x00\x00hi."), "hi"));
	assert_true(node_is_text(READ("\x8c\x02hi."), "hi"));
	assert_true(node_is_text(
	    READ("\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi."), "hi"));
	/* Bytes, as protocols below 3 spell them. */
	assert_true(str_eq(READ("c_codecs\nencode\n(Va\\u00ff\n"
	    "Vlatin1\ntR.")->text, STR("a\xff")));
	REFUSED("X\x02\x00\x00\x00\xff\xff.", ERR_INPUT, 0, "not UTF-8");
	REFUSED("V\\ud800\n.", ERR_INPUT, 0, "not Unicode");
}

static void
containers_hold_what_was_put_in(void **state)
{
	const struct node *n;
	double v;

	(void)state;
	n = READ("(dp0\nVk\n(lp1\nI7\naI8\nasVk\n(I9\nI10\nts.");
	assert_int_equal(n->kind, NODE_DICT);
	assert_int_equal(n->n, 4);
	/* The last of equal keys counts. */
	assert_true(value_number(node_item(node_get(n, "k"), 1), &v));
	assert_true(v == 10);
	n = READ("\x8f(K\x01K\x02\x90.");
	assert_int_equal(n->kind, NODE_SET);
	assert_int_equal(n->n, 2);
	assert_int_equal(READ("K\x01K\x02K\x03\x87.")->n, 3);
	REFUSED("}(K\x01u.", ERR_INPUT, 4, "a key without a value");
	n = READ("]q\x00(h\x00h\x00" "e.");
	assert_ptr_equal(node_item(n, 0), n);
}

static void
nothing_is_resolved_or_called(void **state)
{
	const struct node *n = READ("cos\nsystem\n(Vtouch X\ntR.");

	(void)state;
	assert_int_equal(n->kind, NODE_OBJECT);
	assert_true(node_is_call(n, "os", "system"));
	assert_true(node_is_text(node_item(n->object.args, 0), "touch X"));
	n = READ("(cos\nsystem\nVx\no.");
	assert_true(node_is_call(n, "os", "system"));
	n = READ("(Vx\nios\nsystem\n.");
	assert_true(node_is_call(n, "os", "system"));
	n = READ("\x8c\x02os\x8c\x06system\x93)\x81.");
	assert_true(node_is_call(n, "os", "system"));
	REFUSED("Pwhat\n.", ERR_INPUT, 0, "opcode PERSID: refers to");
	REFUSED("NQ.", ERR_INPUT, 1, "opcode BINPERSID: refers to");
	REFUSED("\x82\x01.", ERR_INPUT, 0, "opcode EXT1: refers to");
	REFUSED("N\x97.", ERR_INPUT, 1, "opcode NEXT_BUFFER: refers to");
}

static void
damage_is_told_with_its_place(void **state)
{
	(void)state;
	REFUSED("", ERR_INPUT, 0, "ends without the STOP");
	REFUSED("K\x01", ERR_INPUT, 2, "at byte 2: the file ends");
	REFUSED("K", ERR_INPUT, 0, "opcode BININT1: wants 1 bytes");
	REFUSED("I1", ERR_INPUT, 0, "a line without an end");
	REFUSED("\xff.", ERR_INPUT, 0, "0xff is no opcode");
	REFUSED("\x80\x09.", ERR_INPUT, 0, "protocol 9 is not known");
	REFUSED(".", ERR_INPUT, 0, "nothing on the stack");
	REFUSED("0.", ERR_INPUT, 0, "nothing on the stack");
	REFUSED("Nt.", ERR_INPUT, 1, "no mark");
	REFUSED("N\x86.", ERR_INPUT, 1, "too few");
	REFUSED("N(\x85.", ERR_INPUT, 2, "too few"); /* not below the mark */
	REFUSED("h\x05.", ERR_INPUT, 0, "memo entry 5 was never written");
	REFUSED("Nr\xff\xff\xff\x7f.", ERR_INPUT, 1, "in a file of 7 bytes");
	REFUSED("B\xff\xff\xff\xffx.", ERR_INPUT, 0,
	    "wants 4294967295 bytes, the file has 2 more");
	REFUSED("\x96\xff\xff\xff\xff\xff\xff\xff\xffx.", ERR_INPUT, 0,
	    "truncated");
	REFUSED("\x95\x10\x00\x00\x00\x00\x00\x00\x00N.", ERR_INPUT, 0,
	    "a frame of 16 bytes, the file has 2 more");
	REFUSED("Ix1\n.", ERR_INPUT, 0, "not an integer");
	REFUSED("Fx\n.", ERR_INPUT, 0, "not a number");
	REFUSED("NNs.", ERR_INPUT, 2, "nothing on the stack");
	REFUSED("NNNs.", ERR_INPUT, 3, "cannot add items to None");
	REFUSED("NNb.", ERR_INPUT, 2, "a state for None");
	REFUSED("cx\ny\n)\x81}b}b.", ERR_INPUT, 10, "which has one");
	REFUSED("NNR.", ERR_INPUT, 2, "arguments that are no tuple");
	REFUSED("U\x01x.", ERR_INPUT, 0, "Python 2");
}

static void
depth_costs_memory_not_the_stack(void **state)
{
	size_t depth = 200000, n = 0;
	char *bytes = malloc(depth * 2 + 2);

	(void)state;
	bytes[n++] = 'N';
	for (size_t i = 0; i < depth; i++)
		bytes[n++] = (char)0x85;
	bytes[n++] = '.';
	assert_non_null(read_bytes(bytes, n));
	forget(NULL);
	memset(bytes, '(', depth);
	assert_refused(bytes, depth, ERR_INPUT, depth, "ends without");
	free(bytes);
}

static void
memory_is_bounded_by_the_arena(void **state)
{
	struct arena small;
	const struct node *node;
	struct err err;
	size_t end, n = 100000;
	char *bytes = malloc(n);

	(void)state;
	assert_true(arena_init(&small, 1 << 20, &err));
	memset(bytes, ']', n - 1);
	bytes[n - 1] = '.';
	assert_false(pickle_read((struct str){bytes, n}, &small, &node, &end,
	    &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_non_null(strstr(err.text, "1048576 bytes of memory"));
	arena_done(&small);
	free(bytes);
}

/* A name may be a text of megabytes, and be named in six bytes: looked
 * through each time, these would take an hour. */
static void
a_long_name_costs_nothing_when_named_again(void **state)
{
	static const char again[] = "h\0h\0\x93" "0";
	enum { LONG = 8 << 20, TIMES = 1 << 20, STEP = sizeof(again) - 1 };
	const uint32_t length = LONG;
	size_t n = 0;
	char *bytes = malloc(LONG + TIMES * STEP + 16);

	(void)state;
	assert_non_null(bytes);
	bytes[n++] = 'X';
	memcpy(bytes + n, &length, sizeof(length));
	n += sizeof(length);
	memset(bytes + n, 'a', LONG);
	n += LONG;
	bytes[n++] = (char)0x94;
	for (size_t i = 0; i < TIMES; i++, n += STEP)
		memcpy(bytes + n, again, STEP);
	bytes[n++] = '.';
	alarm(300);
	assert_non_null(read_bytes(bytes, n));
	alarm(0);
	free(bytes);
}

static void
what_follows_the_stop_is_not_looked_at(void **state)
{
	const struct node *node;
	struct err err;
	size_t end;

	(void)state;
	assert_true(pickle_read(STR("N.\xff\xff"), &mem, &node, &end, &err));
	assert_int_equal(end, 2);
}

/* --- arrays ------------------------------------------------------------------- */

static struct array
array_of(const void *items, size_t n, const char *code, const int32_t *dims,
    size_t n_dims, const char *order)
{
	struct array a = {0};
	struct err err;

	p_start(&p);
	p_array(&p, code, dims, n_dims, items, n, order);
	p_stop(&p);
	if (!array_view(read_bytes(p.bytes, p.n), &a, &err))
		print_message("# %s\n", err.text);
	return a;
}

static void
fortran_order_is_read_as_c_order(void **state)
{
	const double items[] = {1, 4, 2, 5, 3, 6};
	const int32_t dims[] = {2, 3};
	struct array a = array_of(items, sizeof(items), "f8", dims, 2, "F");
	double v;

	(void)state;
	assert_int_equal(a.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_true(array_number(&a, i, &v));
		assert_true(v == (double)i + 1);
	}
}

static void
items_of_every_width_are_read(void **state)
{
	static const struct {
		const char *code, *bytes;
		size_t n;
		double want;
	} cases[] = {
	    {"i1", "\xfe", 1, -2},
	    {"u1", "\xfe", 1, 254},
	    {"i2", "\xfe\xff", 2, -2},
	    {"u4", "\x00\x00\x00\x80", 4, 2147483648.0},
	    {"i8", "\xff\xff\xff\xff\xff\xff\xff\xff", 8, -1},
	    {"f4", "\x00\x00\xc0\x3f", 4, 1.5},
	    {"b1", "\x01", 1, 1},
	};
	const int32_t one = 1;
	struct value text;
	struct array a;
	double v;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		a = array_of(cases[i].bytes, cases[i].n, cases[i].code, &one,
		    1, "C");
		assert_true(array_number(&a, 0, &v));
		assert_true(v == cases[i].want);
	}
	/* Half and long double have a size, and are not read. */
	a = array_of("xx", 2, "f2", &one, 1, "C");
	assert_int_equal(a.dtype.type, ARRAY_OTHER);
	assert_false(array_number(&a, 0, &v));
	a = array_of("\xfc\0\0\0b\0\0\0\0\0\0\0", 12, "U3", &one, 1, "C");
	text = array_value(&a, 0, &mem);
	assert_true(str_eq(text.text, STR("\xc3\xbc" "b")));
}

static void
arrays_that_contradict_themselves_are_refused(void **state)
{
	static const struct {
		int32_t dims[3];
		size_t n_dims;
		const char *code;
	} cases[] = {
	    {{3}, 1, "f8"},                            /* too few bytes */
	    {{-1}, 1, "f8"},
	    {{INT32_MAX, INT32_MAX, INT32_MAX}, 3, "f8"}, /* overflows */
	    {{INT32_MAX}, 1, "U0"},                    /* items of no bytes */
	    {{1}, 1, "O8"},                            /* objects as bytes */
	    {{1}, 1, "q8"},
	    {{1}, 1, "f99999999999"},
	};
	struct array a;
	struct err err;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		p_start(&p);
		p_array(&p, cases[i].code, cases[i].dims, cases[i].n_dims,
		    "12345678", 8, "C");
		p_stop(&p);
		assert_false(array_view(read_bytes(p.bytes, p.n), &a, &err));
	}
	assert_false(array_view(READ("N."), &a, &err));
	assert_string_equal(err.text, "expected an array, got None");
}

/* A joblib wrapper of `count` doubles, before its bytes. */
static void
p_wrapper(int32_t count, bool aligned)
{
	p_object(&p, "joblib.numpy_pickle", "NumpyArrayWrapper");
	p_text(&p, "shape");
	p_int(&p, count);
	p_op(&p, 0x85);
	p_text(&p, "order");
	p_text(&p, "C");
	p_text(&p, "dtype");
	p_dtype(&p, "f8");
	if (aligned) {
		p_text(&p, "numpy_array_alignment_bytes");
		p_int(&p, 16);
	}
	p_end_object(&p);
}

static void
joblib_arrays_are_read_in_line(void **state)
{
	const double items[] = {1.5, -2};
	double v;

	(void)state;
	for (int aligned = 0; aligned < 2; aligned++) {
		const struct node *n;
		struct array a;
		struct err err;

		p_start(&p);
		p_op(&p, '(');
		p_wrapper(2, aligned == 1);
		if (aligned == 1)
			p_raw(&p, "\x03\xff\xff\xff", 4);
		p_raw(&p, items, sizeof(items));
		p_int(&p, 7); /* the pickle goes on behind the bytes */
		p_raw(&p, "t.", 2);
		n = read_bytes(p.bytes, p.n);
		assert_int_equal(n->n, 2);
		assert_true(array_view(node_item(n, 0), &a, &err));
		assert_true(array_number(&a, 1, &v) && v == -2);
		assert_true(value_number(node_item(n, 1), &v) && v == 7);
	}
	p_start(&p);
	p_wrapper(INT32_MAX, true);
	p_raw(&p, "\x00" "12345678.", 10);
	assert_refused(p.bytes, p.n, ERR_INPUT, p.n - 11,
	    "an array of 2147483647 items of 8 bytes where the file has");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, forget)
	    TEST(numbers_of_every_protocol_are_read),
	    TEST(text_of_every_protocol_becomes_utf8),
	    TEST(containers_hold_what_was_put_in),
	    TEST(nothing_is_resolved_or_called),
	    TEST(damage_is_told_with_its_place),
	    TEST(depth_costs_memory_not_the_stack),
	    TEST(memory_is_bounded_by_the_arena),
	    TEST(a_long_name_costs_nothing_when_named_again),
	    TEST(what_follows_the_stop_is_not_looked_at),
	    TEST(fortran_order_is_read_as_c_order),
	    TEST(items_of_every_width_are_read),
	    TEST(arrays_that_contradict_themselves_are_refused),
	    TEST(joblib_arrays_are_read_in_line),
#undef TEST
	};
	struct err err;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!arena_init(&mem, (size_t)256 << 20, &err))
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
