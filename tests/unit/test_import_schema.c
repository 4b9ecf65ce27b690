/* SPDX-License-Identifier: ISC
 *
 * import/: schema files. What they say reaches the model; every mistake is
 * told with its line and what would be right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "import/import.h"
#include "import/schema.h"
#include "model/model.h"
#include "score/input.h"

static struct arena mem;
static char folder[] = "/tmp/test_import_schema.XXXXXX";
static char path[PATH_MAX];

/* Two columns, a text of three categories and a number that may be missing;
 * two classes, 0 and 1. */
static struct model_build *
build_new(const struct schema *schema)
{
	struct model_build *b = model_build_new(&mem);
	const char *const sizes[] = {"S", "M", "L"};
	const double table[] = {0, 0, 1, 2, 3}, coef[] = {1, 1}, none = 0;
	uint32_t size, weight, slots[2], raw, first, code;
	struct err err;

	assert_true(model_build_input(b, STR("size"), &size, &err));
	assert_true(model_build_input(b, STR("weight"), &weight, &err));
	for (size_t i = 0; i < countof(sizes); i++)
		assert_true(model_build_code(b, size, str_of(sizes[i]), &code,
		    &err));
	assert_true(model_build_table(b, size, table, 5, &slots[0], &err));
	assert_true(model_build_impute(b, weight, 5, &slots[1], &err));
	assert_true(model_build_linear(b, slots, 2, 1, coef, &none, &raw,
	    &err));
	assert_true(model_build_link(b, LINK_SIGMOID, &raw, 1, &first, &err));
	slots[0] = first;
	slots[1] = first + 1;
	for (int k = 0; k < 2; k++) {
		struct model_class c = {.kind = CLASS_INTEGER, .number = k,
		    .text = k == 0 ? STR("0") : STR("1")};

		schema_name_class(schema, &c);
		assert_true(model_build_class(b, c, &err));
	}
	assert_true(model_build_output(b, MODEL_CLASSIFICATION, slots, 2,
	    &err));
	return b;
}

static bool
load(const char *yaml, struct model **ret, struct err *err)
{
	const struct schema *schema;
	struct model_build *b;
	struct str image;

	snprintf(path, sizeof(path), "%s/m.schema.yaml", folder);
	assert_true(file_write(path, str_of(yaml), err));
	if (!schema_load(path, &mem, &schema, err))
		return false;
	b = build_new(schema);
	return schema_apply(schema, b, err) && model_image(b, &image, err) &&
	    model_open_bytes(image, ret, err);
}

static void
assert_refused(const char *yaml, const char *sentence)
{
	struct model *m;
	struct err err;
	const char *at;

	assert_false(load(yaml, &m, &err));
	at = strstr(err.text, "m.schema.yaml:");
	if (at == NULL ||
	    strcmp(at + strlen("m.schema.yaml:"), sentence) != 0)
		fail_msg("got \"%s\", want \"%s\"", err.text, sentence);
}

static int
forget(void **state)
{
	(void)state;
	arena_reset(&mem, 1 << 16);
	unlink(path);
	return 0;
}

static void
a_full_schema_reaches_the_model(void **state)
{
	struct model_field f;
	struct model_class c;
	struct model *m;
	struct err err;
	double cell;
	bool refused;

	(void)state;
	assert_true(load("name: shirts\n"
	    "version: 7\n"
	    "title: \"Will it fit?\"\n"
	    "classes: {0: \"No\", 1: \"Yes\"}\n"
	    "threshold: 0.25\n"
	    "example: {size: M, weight: 61.5, count: 3, ok: true, "
	    "no: ~, id: \"7\"}\n"
	    "inputs:\n"
	    "  - name: weight\n"
	    "    type: number\n"
	    "    default: 60\n"
	    "    null: default\n"
	    "    range: [0, 200]\n"
	    "    booleans: yes\n"
	    "    aliases: {-1: 0, unknown: .nan}\n"
	    "    description: In kilograms\n"
	    "  - name: size\n"
	    "    type: text\n"
	    "    loose: yes\n"
	    "    closed: yes\n"
	    "    aliases: {38: M, \"38\": L}\n", &m, &err));
	assert_true(str_eq(model_fact_at(m, FACT_NAME), STR("shirts")));
	assert_true(str_eq(model_fact_at(m, FACT_VERSION), STR("7")));
	assert_true(str_eq(model_fact_at(m, FACT_TITLE),
	    STR("Will it fit?")));
	assert_true(model_figure(m, FIGURE_THRESHOLD) == 0.25);
	assert_true(str_eq(model_example(m),
	    STR("{\"size\": \"M\", \"weight\": 61.5, \"count\": 3, "
	    "\"ok\": true, \"no\": null, \"id\": \"7\"}")));
	model_class_at(m, 1, &c);
	assert_true(str_eq(c.text, STR("Yes")));
	assert_int_equal(c.kind, CLASS_TEXT); /* answered in quotes */
	/* People are told of weight first; the model has size first. */
	assert_int_equal(model_field_order(m, 0), 1);
	model_field(m, 1, &f);
	assert_int_equal(f.kind, MODEL_NUMBER);
	assert_int_equal(f.null, NULL_DEFAULT);
	assert_false(f.required);
	assert_true(f.has_default && f.default_number == 60);
	assert_true(f.booleans);
	assert_true(f.has_range && f.low == 0 && f.high == 200);
	assert_true(str_eq(f.description, STR("In kilograms")));
	assert_true(model_find_integer_alias(m, 1, -1, &cell) && cell == 0);
	assert_true(model_find_text_alias(m, 1, STR("unknown"), &cell) &&
	    isnan(cell));
	/* 38 is M, "38" is L, and " m " is M too. */
	assert_true(model_find_integer_alias(m, 0, 38, &cell) && cell == 1);
	assert_true(model_find_code(m, 0, STR("38"), &refused) == 2);
	assert_true(model_find_code(m, 0, STR(" m "), &refused) == 1);
	model_find_code(m, 0, STR("XXL"), &refused);
	assert_true(refused);
	model_close(m);
}

static void
without_words_the_model_decides(void **state)
{
	struct model_field f;
	struct model *m;
	struct err err;

	(void)state;
	assert_true(load("name: x\n", &m, &err));
	model_field(m, 0, &f);
	assert_int_equal(f.kind, MODEL_TEXT);
	assert_int_equal(f.null, NULL_REFUSE);
	model_field(m, 1, &f);
	assert_int_equal(f.kind, MODEL_NUMBER);
	assert_int_equal(f.null, NULL_MISSING); /* it is imputed */
	assert_true(f.required);
	model_close(m);
}

static void
every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *yaml, *sentence;
	} cases[] = {
	    {"nmae: x\n", "1: unknown key \"nmae\", did you mean \"name\"?"},
	    {"name: x\ninputs: 3\n",
		"2: inputs: expected a list, got a number 3"},
	    {"inputs:\n  - type: text\n",
		"2: inputs: an input without a name"},
	    {"inputs:\n  - name: size\n    tpye: text\n",
		"3: unknown key \"tpye\", did you mean \"type\"?"},
	    {"inputs:\n  - name: colour\n",
		"2: name: the model has no input colour; it has size, "
		"weight"},
	    {"inputs:\n  - name: size\n    type: string\n",
		"3: type: expected one of number, text, integer, got string"},
	    {"inputs:\n  - name: size\n    null: drop\n",
		"3: null: expected one of refuse, missing, default, got "
		"drop"},
	    {"inputs:\n  - name: size\n    type: number\n",
		"2: inputs: column \"size\": the model reads it as text, not "
		"as a number"},
	    {"inputs:\n  - name: weight\n    default: heavy\n",
		"3: default: expected a number, got text heavy"},
	    {"inputs:\n  - name: weight\n    null: default\n",
		"2: inputs: column \"weight\": null stands for a default, "
		"but there is none"},
	    {"inputs:\n  - name: weight\n    aliases: {-1: x}\n",
		"3: -1: expected a number, got text x"},
	    {"inputs:\n  - name: weight\n    range: [1]\n",
		"3: range: expected [low, high]"},
	    {"inputs:\n  - name: weight\n    required: maybe\n",
		"3: required: expected true or false, got text maybe"},
	    {"inputs:\n  - name: size\n    closed: yes\n"
	     "    aliases: {tiny: XXS}\n",
		"2: inputs: column \"size\": an alias stands for \"XXS\", "
		"which is not one of its categories"},
	    {"inputs:\n  - name: size\n    closed: yes\n    default: XXL\n",
		"2: inputs: column \"size\": the default is not one of its "
		"categories"},
	    {"inputs:\n  - name: size\n    range: [1, 2]\n",
		"3: range: only a number has a range; `closed: true` allows "
		"a text its categories alone"},
	    {"inputs:\n  - name: weight\n    closed: yes\n",
		"3: closed: only a text can be closed; a number has a "
		"`range`"},
	    {"inputs:\n  - name: weight\n    loose: yes\n",
		"3: loose: only a text can be loose, or a number with "
		"aliases"},
	    {"inputs:\n  - name: size\n    booleans: yes\n",
		"2: inputs: column \"size\": only a number takes booleans, "
		"as 1 and 0"},
	    {"inputs:\n  - name: weight\n    aliases: {true: 1}\n",
		"3: true: a boolean is no alias: say `booleans: true` and it "
		"stands for 1 or 0, or put quotes around the text"},
	    {"inputs:\n  - name: size\n  - name: size\n",
		"3: inputs: column \"size\": declared twice"},
	    {"classes: {0: a, 1: b, 2: c}\n",
		"1: the model has no class 2; it has a, b"},
	    {"threshold: 1.5\n",
		"1: threshold: expected a number between 0 and 1"},
	    {"example: [1]\n", "1: example: expected a mapping, got a list"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_refused(cases[i].yaml, cases[i].sentence);
		forget(NULL);
	}
}

/* A LinearRegression of one column, as protocol 2 has it. */
static const char linear[] =
    "\x80\x02" "csklearn.linear_model._base\nLinearRegression\n)\x81}("
    "X\x0e\0\0\0n_features_in_K\x01"
    "X\x05\0\0\0coef_cnumpy.core.numeric\n_frombuffer\n"
    "(c_codecs\nencode\nX\x09\0\0\0\0\0\0\0\0\0\xc3\xb0?X\x06\0\0\0latin1"
    "\x86Rcnumpy\ndtype\nX\x02\0\0\0f8\x85RK\x01\x85X\x01\0\0\0CtR"
    "X\x0a\0\0\0intercept_K\x00ub.";

static void
the_file_beside_the_model_is_its_schema(void **state)
{
	static const char *const beside[] = {"m.tar.pkl.schema.yaml",
	    "m.tar.schema.yaml", "m.schema.yaml"};
	const struct import_options options = {0};
	struct model_build *b;
	struct model *m;
	struct str image;
	char model[PATH_MAX], schema[PATH_MAX];
	struct err err;

	(void)state;
	snprintf(model, sizeof(model), "%s/m.tar.pkl", folder);
	assert_true(file_write(model,
	    (struct str){linear, sizeof(linear) - 1}, &err));
	for (size_t i = 0; i < countof(beside); i++) {
		snprintf(schema, sizeof(schema), "%s/%s", folder, beside[i]);
		assert_true(file_write(schema, STR("name: found\n"), &err));
		if (!import_file(model, &options, &mem, &b, &err))
			fail_msg("%s", err.text);
		assert_true(model_image(b, &image, &err));
		assert_true(model_open_bytes(image, &m, &err));
		assert_true(str_eq(model_fact_at(m, FACT_NAME),
		    STR("found")));
		model_close(m);
		unlink(schema);
		forget(NULL);
	}
	/* Without one the model is named after its file. */
	assert_true(import_file(model, &options, &mem, &b, &err));
	assert_true(model_image(b, &image, &err));
	assert_true(model_open_bytes(image, &m, &err));
	assert_true(str_eq(model_fact_at(m, FACT_NAME), STR("m")));
	assert_true(str_eq(model_fact_at(m, FACT_SOURCE), STR("m.tar.pkl")));
	model_close(m);
	unlink(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, forget)
	    TEST(a_full_schema_reaches_the_model),
	    TEST(without_words_the_model_decides),
	    TEST(every_mistake_is_told_with_its_line),
	    TEST(the_file_beside_the_model_is_its_schema),
#undef TEST
	};
	struct err err;
	int failed;

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (mkdtemp(folder) == NULL ||
	    !arena_init(&mem, (size_t)64 << 20, &err))
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
