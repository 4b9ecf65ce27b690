/* SPDX-License-Identifier: ISC
 *
 * Clients' values to cells: what is taken, what is refused, with which
 * sentence, and which of several complaints comes first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"
#include "model/model.h"
#include "model/model_build.h"
#include "score/input.h"

/* Columns in model order; people are told of them in another. */
enum { TENURE, GENDER, TOTAL, SENIOR, MONTHLY, CONTRACT, NOTE, COLUMNS };

static struct arena mem;
static struct model *m;
static struct err err;

#define BUILD(call) \
	do { \
		if (!(call)) \
			fail_msg("%s", err.text); \
	} while (0)

static void
declare(struct model_build *b, uint32_t column)
{
	static const struct model_alias senior[] = {
	    {.text = {"0", 1}, .to = {"No", 2}},
	    {.text = {"1", 1}, .to = {"Yes", 3}},
	    {.from_integer = true, .integer = 0, .to = {"No", 2}},
	    {.from_integer = true, .integer = 1, .to = {"Yes", 3}},
	};
	struct model_field f;

	model_build_field_default(b, column, &f);
	if (column == TOTAL) {
		f.required = false;
		f.null = NULL_DEFAULT;
		f.has_default = true;
		f.default_number = 0;
	} else if (column == SENIOR) {
		f.loose = f.closed = true;
		f.aliases = senior;
		f.n_aliases = countof(senior);
	}
	BUILD(model_build_field(b, &f, &err));
}

static int
setup(void **state)
{
	static const char *const names[] = {"tenure", "gender",
	    "TotalCharges", "SeniorCitizen", "MonthlyCharges", "Contract",
	    "note"};
	static const uint32_t order[] = {GENDER, CONTRACT, TENURE, MONTHLY,
	    TOTAL, SENIOR};
	static const struct {
		uint32_t column;
		const char *text;
	} texts[] = {{GENDER, "Female"}, {GENDER, "Male"}, {SENIOR, "No"},
	    {SENIOR, "Yes"}, {CONTRACT, "One year"}};
	static const double zeros[COLUMNS], table[] = {-1, TABLE_REFUSE, 0, 1};
	struct model_build *b;
	struct str image;
	uint32_t slot, code, src[6], y;

	(void)state;
	assert_true(arena_init(&mem, (size_t)1 << 26, &err));
	b = model_build_new(&mem);
	for (uint32_t i = 0; i < COLUMNS; i++)
		BUILD(model_build_input(b, str_of(names[i]), &slot, &err));
	for (size_t i = 0; i < countof(texts); i++)
		BUILD(model_build_code(b, texts[i].column,
		    str_of(texts[i].text), &code, &err));
	for (uint32_t i = 0; i < 6; i++) {
		src[i] = i;
		if (i == GENDER || i == SENIOR || i == CONTRACT)
			BUILD(model_build_table(b, i, table, countof(table),
			    &src[i], &err));
	}
	BUILD(model_build_linear(b, src, 6, 1, zeros, zeros, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	for (size_t i = 0; i < countof(order); i++)
		declare(b, order[i]);
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &m, &err));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	model_close(m);
	arena_done(&mem);
	return 0;
}

static const struct raw good[COLUMNS] = {
    [TENURE] = {RAW_INTEGER, 12, {0}},
    [GENDER] = {RAW_TEXT, 0, {"Female", 6}},
    [TOTAL] = {RAW_FLOAT, 720.5, {0}},
    [SENIOR] = {RAW_TEXT, 0, {"No", 2}},
    [MONTHLY] = {RAW_FLOAT, 59.95, {0}},
    [CONTRACT] = {RAW_TEXT, 0, {"One year", 8}},
};

/* The good row with one value changed gives this cell. */
static void
cell_is(int column, struct raw value, double want, uint32_t want_unknown)
{
	struct raw raw[COLUMNS];
	double cells[COLUMNS];
	uint32_t unknown = 99;

	memcpy(raw, good, sizeof(raw));
	raw[column] = value;
	BUILD(input_row(m, raw, cells, &unknown, &err));
	if (!(cells[column] == want || (isnan(want) &&
	    isnan(cells[column]))))
		fail_msg("column %d is %g instead of %g", column,
		    cells[column], want);
	assert_int_equal(unknown, want_unknown);
}

static void
says(const struct raw *raw, const char *sentence, size_t at)
{
	double cells[COLUMNS];
	uint32_t unknown;

	assert_false(input_row(m, raw, cells, &unknown, &err));
	assert_string_equal(err.text, sentence);
	assert_int_equal(err.at, at);
	assert_int_equal(err.kind, ERR_INPUT);
}

static void
one_says(int column, struct raw value, const char *sentence)
{
	struct raw raw[COLUMNS];

	memcpy(raw, good, sizeof(raw));
	raw[column] = value;
	says(raw, sentence, (size_t)column);
}

#define INT(v)   ((struct raw){RAW_INTEGER, (v), {0}})
#define FLOAT(v) ((struct raw){RAW_FLOAT, (v), {0}})
#define TEXT(v)  ((struct raw){RAW_TEXT, 0, STR(v)})
#define KIND(k)  ((struct raw){(k), 0, {0}})

static void
good_values_become_cells(void **state)
{
	(void)state;
	cell_is(TENURE, INT(12), 12, 0);
	cell_is(TENURE, FLOAT(-12.5), -12.5, 0);
	cell_is(GENDER, TEXT("Male"), 1, 0);
	cell_is(GENDER, TEXT("female"), CODE_UNKNOWN, 1);
	cell_is(CONTRACT, TEXT(""), CODE_UNKNOWN, 1);
	cell_is(CONTRACT, TEXT("a\0b"), CODE_UNKNOWN, 1);
}

static void
absent_or_null_becomes_the_default(void **state)
{
	(void)state;
	cell_is(TOTAL, KIND(RAW_ABSENT), 0, 0);
	cell_is(TOTAL, KIND(RAW_NULL), 0, 0);
	one_says(TOTAL, TEXT("x"),
	    "Invalid type for TotalCharges: expected int or float, got str");
}

static void
loose_closed_field_takes_its_spellings_only(void **state)
{
	(void)state;
	cell_is(SENIOR, TEXT("YES"), 1, 0);
	cell_is(SENIOR, TEXT(" no "), 0, 0);
	cell_is(SENIOR, TEXT("0"), 0, 0);
	cell_is(SENIOR, INT(1), 1, 0);
	cell_is(SENIOR, INT(0), 0, 0);
	one_says(SENIOR, TEXT("maybe"), "Invalid value for SeniorCitizen: "
	    "expected one of No, Yes");
	one_says(SENIOR, TEXT(""), "Invalid value for SeniorCitizen: "
	    "expected one of No, Yes");
	one_says(SENIOR, INT(2),
	    "Invalid type for SeniorCitizen: expected str, got int");
	one_says(SENIOR, FLOAT(1),
	    "Invalid type for SeniorCitizen: expected str, got float");
	one_says(SENIOR, KIND(RAW_BOOL),
	    "Invalid type for SeniorCitizen: expected str, got bool");
	one_says(SENIOR, INT(1e300),
	    "Invalid type for SeniorCitizen: expected str, got int");
}

static void
wrong_types_are_named_in_pythons_words(void **state)
{
	static const struct {
		enum raw_kind kind;
		const char *word;
	} words[] = {{RAW_NULL, "NoneType"}, {RAW_BOOL, "bool"},
	    {RAW_TEXT, "str"}, {RAW_LIST, "list"}, {RAW_OBJECT, "dict"},
	    {RAW_INTEGER, "int"}, {RAW_FLOAT, "float"}};
	char want[128];

	(void)state;
	for (size_t i = 0; i < countof(words); i++) {
		bool number = words[i].kind == RAW_INTEGER ||
		    words[i].kind == RAW_FLOAT;

		snprintf(want, sizeof(want), "Invalid type for tenure: "
		    "expected int or float, got %s", words[i].word);
		if (!number)
			one_says(TENURE, KIND(words[i].kind), want);
		snprintf(want, sizeof(want), "Invalid type for gender: "
		    "expected str, got %s", words[i].word);
		if (words[i].kind != RAW_TEXT)
			one_says(GENDER, KIND(words[i].kind), want);
	}
}

static void
missing_features_come_first_in_schema_order(void **state)
{
	struct raw raw[COLUMNS] = {0};

	(void)state;
	says(raw, "Missing required features: gender, Contract, tenure, "
	    "MonthlyCharges, SeniorCitizen", GENDER);
	memcpy(raw, good, sizeof(raw));
	raw[TENURE] = TEXT("x");
	raw[CONTRACT] = KIND(RAW_ABSENT);
	says(raw, "Missing required features: Contract", CONTRACT);
}

static void
forty_missing_features_are_all_named(void **state)
{
	enum { FORTY = 40 };
	static const double zeros[FORTY];
	static const struct raw nothing[FORTY]; /* RAW_ABSENT */
	struct model_build *b = model_build_new(&mem);
	char name[32], want[1000] = "Missing required features";
	double cells[FORTY];
	struct model *wide;
	struct str image;
	uint32_t src[FORTY], unknown, y;

	(void)state;
	for (int i = 0; i < FORTY; i++) {
		snprintf(name, sizeof(name), "a_long_column_name_%02d", i);
		strcat(strcat(want, i == 0 ? ": " : ", "), name);
		BUILD(model_build_input(b, str_of(name), &src[i], &err));
	}
	BUILD(model_build_linear(b, src, FORTY, 1, zeros, zeros, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &wide, &err));
	assert_false(input_row(wide, nothing, cells, &unknown, &err));
	assert_string_equal(err.text, want);
	model_close(wide);
}

static void
numbers_come_before_texts_each_in_schema_order(void **state)
{
	struct raw raw[COLUMNS];

	(void)state;
	memcpy(raw, good, sizeof(raw));
	raw[MONTHLY] = TEXT("a");
	raw[TENURE] = TEXT("b");
	raw[GENDER] = INT(1);
	says(raw, "Invalid type for tenure: expected int or float, got str",
	    TENURE);
	raw[TENURE] = INT(1);
	says(raw, "Invalid type for MonthlyCharges: expected int or float, "
	    "got str", MONTHLY);
	raw[MONTHLY] = INT(1);
	raw[SENIOR] = TEXT("x");
	says(raw, "Invalid type for gender: expected str, got int", GENDER);
}

static void
all_problems_of_a_row_are_found_in_the_order_of_the_sentences(void **state)
{
	const struct input_problem want[] = {{CONTRACT, INPUT_MISSING},
	    {TENURE, INPUT_TYPE}, {MONTHLY, INPUT_VALUE},
	    {GENDER, INPUT_TYPE}, {SENIOR, INPUT_VALUE}};
	struct input_problem list[COLUMNS];
	struct raw raw[COLUMNS];
	char text[2048];
	struct buf b;

	(void)state;
	memcpy(raw, good, sizeof(raw));
	assert_int_equal(input_problems(m, raw, list, COLUMNS), 0);
	raw[SENIOR] = TEXT("x");
	raw[GENDER] = INT(1);
	raw[CONTRACT] = KIND(RAW_ABSENT);
	raw[TENURE] = TEXT("b");
	raw[MONTHLY] = FLOAT(INFINITY);
	assert_int_equal(input_problems(m, raw, list, COLUMNS),
	    countof(want));
	for (size_t i = 0; i < countof(want); i++) {
		assert_int_equal(list[i].column, want[i].column);
		assert_int_equal(list[i].what, want[i].what);
	}
	assert_int_equal(input_problems(m, raw, list, 1), countof(want));
	buf_init(&b, text, sizeof(text) - 1);
	input_refusal(m, raw, &b);
	text[b.n] = '\0';
	assert_string_equal(text, "Missing required features: Contract; "
	    "Invalid type for tenure: expected int or float, got str; "
	    "Invalid value for MonthlyCharges: expected a finite number; "
	    "Invalid type for gender: expected str, got int; "
	    "Invalid value for SeniorCitizen: expected one of No, Yes");
}

/* As much of it as leaves the sentence whole. */
static void
names_without_end_are_cut_at_a_character(void **state)
{
	static const double one = 1, none = 0;
	const struct raw wrong = TEXT("x");
	struct model_build *b = model_build_new(&mem);
	char name[2001];
	struct model *wide;
	struct str image;
	uint32_t x, y, unknown;
	double cell;
	size_t bad;

	(void)state;
	for (size_t i = 0; i < sizeof(name) - 1; i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	BUILD(model_build_input(b, (struct str){name, sizeof(name) - 1}, &x,
	    &err));
	BUILD(model_build_linear(b, &x, 1, 1, &one, &none, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &wide, &err));
	assert_false(input_row(wide, &wrong, &cell, &unknown, &err));
	assert_non_null(strstr(err.text, ": expected int or float, got str"));
	assert_true(str_is_utf8(str_of(err.text), &bad));
	model_close(wide);
}

static void
number_has_to_be_finite(void **state)
{
	(void)state;
	one_says(TENURE, FLOAT(INFINITY),
	    "Invalid value for tenure: expected a finite number");
	one_says(TENURE, FLOAT(NAN),
	    "Invalid value for tenure: expected a finite number");
}

/* Elsewhere a boolean is no number: see wrong_types above. */
static void
column_of_booleans_takes_them_for_one_and_zero(void **state)
{
	static const double one = 1, none = 0;
	const struct raw values[] = {{RAW_BOOL, 1, {0}}, KIND(RAW_BOOL),
	    INT(1), FLOAT(0.5)};
	const struct raw wrong = TEXT("true");
	struct model_build *b = model_build_new(&mem);
	struct model_field f;
	struct model *vip;
	struct str image;
	uint32_t x, y, unknown;
	double cell;

	(void)state;
	BUILD(model_build_input(b, STR("vip"), &x, &err));
	BUILD(model_build_linear(b, &x, 1, 1, &one, &none, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_booleans(b, x);
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &vip, &err));
	model_field(vip, 0, &f);
	assert_true(f.booleans);
	for (size_t i = 0; i < countof(values); i++) {
		BUILD(input_row(vip, &values[i], &cell, &unknown, &err));
		assert_true(cell == values[i].number);
	}
	assert_false(input_row(vip, &wrong, &cell, &unknown, &err));
	assert_string_equal(err.text, "Invalid type for vip: expected bool, "
	    "int or float, got str");
	model_close(vip);
}

/* However it is written, 12.0 is one. */
static void
column_of_whole_numbers_takes_no_fraction(void **state)
{
	static const double one = 1, none = 0;
	const struct raw values[] = {INT(3), FLOAT(12), FLOAT(-0.0)};
	const struct raw half = FLOAT(0.5), huge = FLOAT(INFINITY);
	struct model_build *b = model_build_new(&mem);
	struct model_field f;
	struct model *rooms;
	struct str image;
	uint32_t x, y, unknown;
	double cell;

	(void)state;
	BUILD(model_build_input(b, STR("rooms"), &x, &err));
	BUILD(model_build_linear(b, &x, 1, 1, &one, &none, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_field_default(b, x, &f);
	f.integer = true;
	BUILD(model_build_field(b, &f, &err));
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &rooms, &err));
	model_field(rooms, 0, &f);
	assert_true(f.integer);
	for (size_t i = 0; i < countof(values); i++) {
		BUILD(input_row(rooms, &values[i], &cell, &unknown, &err));
		assert_true(cell == values[i].number);
	}
	assert_false(input_row(rooms, &half, &cell, &unknown, &err));
	assert_string_equal(err.text, "Invalid type for rooms: expected int, "
	    "got float");
	assert_false(input_row(rooms, &huge, &cell, &unknown, &err));
	assert_string_equal(err.text, "Invalid value for rooms: expected a "
	    "finite number");
	model_close(rooms);
}

static void
column_nobody_reads_takes_anything(void **state)
{
	(void)state;
	for (int kind = RAW_ABSENT; kind <= RAW_OBJECT; kind++)
		cell_is(NOTE, (struct raw){(enum raw_kind)kind, 3, {0}},
		    kind == RAW_INTEGER || kind == RAW_FLOAT ? 3 : NAN, 0);
	cell_is(NOTE, FLOAT(INFINITY), NAN, 0);
}

static void
faults_of_scoring_have_sentences(void **state)
{
	static const struct {
		struct score_fault fault;
		const char *text;
	} cases[] = {
	    {{3, SCORE_MISSING, TENURE},
	     "Invalid value for tenure: the model takes no missing value "
	     "here"},
	    {{3, SCORE_NOT_FINITE, MONTHLY},
	     "Invalid value for MonthlyCharges: too large for the model's "
	     "32-bit numbers"},
	    {{3, SCORE_UNKNOWN, GENDER},
	     "Invalid value for gender: a category the model does not know"},
	    {{3, SCORE_MISSING, -1}, "The model takes no missing value"},
	    {{3, SCORE_NOT_FINITE, -1}, "A value is too large for the model"},
	    {{3, SCORE_UNKNOWN, -1},
	     "A category is one the model does not know"},
	    {{3, SCORE_NO_NUMBER, TENURE},
	     "Invalid value for tenure: the model can make no number of it"},
	    {{3, SCORE_NO_NUMBER, -1},
	     "The model can make no finite number of these values"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		input_fault(m, &cases[i].fault, &err);
		assert_string_equal(err.text, cases[i].text);
	}
}

/* A model of one column with these categories. */
static struct model *
open_categories(const struct str *texts, uint32_t n)
{
	static const double one = 1, none = 0;
	double entries[64] = {0};
	struct model_build *b = model_build_new(&mem);
	struct model *ret;
	struct str image;
	uint32_t slot, code, y;

	BUILD(model_build_input(b, STR("plan"), &slot, &err));
	for (uint32_t i = 0; i < n; i++)
		BUILD(model_build_code(b, slot, texts[i], &code, &err));
	BUILD(model_build_table(b, slot, entries, TABLE_CODES + n, &slot,
	    &err));
	BUILD(model_build_linear(b, &slot, 1, 1, &one, &none, &y, &err));
	BUILD(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	BUILD(model_image(b, &image, &err));
	BUILD(model_open_bytes(image, &ret, &err));
	return ret;
}

static double
code_of(const struct model *plans, struct str text)
{
	const struct raw raw = {RAW_TEXT, 0, text};
	uint32_t unknown;
	double cell;

	BUILD(input_row(plans, &raw, &cell, &unknown, &err));
	assert_int_equal(unknown, cell < 0);
	return cell;
}

/* However many there are and however long, the very text is found, and none
 * that differs from it in one byte. */
static void
categories_are_found_by_every_byte(void **state)
{
	enum { MOST = 48, LONGEST = 40 };
	static const uint32_t counts[] = {1, 2, 7, 15, MOST};
	static char bytes[MOST][LONGEST];
	struct str texts[MOST];

	(void)state;
	for (uint32_t i = 0; i < MOST; i++) {
		texts[i] = (struct str){bytes[i], i < LONGEST ? i + 1 : 7};
		for (size_t k = 0; k < LONGEST; k++)
			bytes[i][k] = (char)('a' + (i + k) % 23);
		bytes[i][0] = (char)('A' + i / 3);
	}
	for (size_t c = 0; c < countof(counts); c++) {
		struct model *plans = open_categories(texts, counts[c]);

		for (uint32_t i = 0; i < counts[c]; i++) {
			assert_true(code_of(plans, texts[i]) == i);
			for (size_t k = 0; k < texts[i].n; k++) {
				bytes[i][k] ^= 0x80;
				assert_true(code_of(plans, texts[i]) ==
				    CODE_UNKNOWN);
				bytes[i][k] ^= 0x80;
			}
		}
		assert_true(code_of(plans, STR("")) == CODE_UNKNOWN);
		model_close(plans);
	}
}

/* The lookup that sees length, ends and middle cannot tell these. */
static void
categories_alike_at_ends_and_middle_are_told_apart(void **state)
{
	static const struct str texts[] = {STR("plan-0-a"), STR("plbn-0-a"),
	    STR("plan-0ba"), STR(""), STR("x")};
	struct model *plans = open_categories(texts, countof(texts));

	(void)state;
	for (size_t i = 0; i < countof(texts); i++)
		assert_true(code_of(plans, texts[i]) == (double)i);
	assert_true(code_of(plans, STR("plcn-0-a")) == CODE_UNKNOWN);
	model_close(plans);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_values_become_cells),
	    cmocka_unit_test(absent_or_null_becomes_the_default),
	    cmocka_unit_test(loose_closed_field_takes_its_spellings_only),
	    cmocka_unit_test(wrong_types_are_named_in_pythons_words),
	    cmocka_unit_test(missing_features_come_first_in_schema_order),
	    cmocka_unit_test(forty_missing_features_are_all_named),
	    cmocka_unit_test(numbers_come_before_texts_each_in_schema_order),
	    cmocka_unit_test(
		all_problems_of_a_row_are_found_in_the_order_of_the_sentences),
	    cmocka_unit_test(names_without_end_are_cut_at_a_character),
	    cmocka_unit_test(number_has_to_be_finite),
	    cmocka_unit_test(column_of_booleans_takes_them_for_one_and_zero),
	    cmocka_unit_test(column_of_whole_numbers_takes_no_fraction),
	    cmocka_unit_test(column_nobody_reads_takes_anything),
	    cmocka_unit_test(faults_of_scoring_have_sentences),
	    cmocka_unit_test(categories_are_found_by_every_byte),
	    cmocka_unit_test(
		categories_alike_at_ends_and_middle_are_told_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("score input", tests, setup,
	    teardown);
}
