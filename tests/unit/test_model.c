/* SPDX-License-Identifier: ISC
 *
 * model/: what the build accepts and refuses, what a compiled model tells of
 * itself, and that no damaged image opens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/checksum.h"
#include "base/file.h"
#include "model/model.h"
#include "model/model_build.h"
#include "model/model_format.h"
#include "model_zoo.h"

static struct arena mem;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	return arena_init(&mem, (size_t)1 << 28, &err) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_done(&mem);
	return 0;
}

static struct model *
open_zoo(enum zoo which)
{
	struct model *m;

	if (!model_open_bytes(zoo_image(which, &mem), &m, &err))
		fail_msg("%s", err.text);
	return m;
}

static void
assert_str(struct str s, const char *want)
{
	if (!str_eq(s, str_of(want)))
		fail_msg("\"%.*s\" instead of \"%s\"", STR_ARG(s), want);
}

/* The call fails with this kind, and its sentence has these words. */
#define REFUSED(call, kind_, words) \
	do { \
		assert_false(call); \
		assert_int_equal(err.kind, kind_); \
		if (strstr(err.text, words) == NULL) \
			fail_msg("\"%s\" lacks \"%s\"", err.text, words); \
	} while (0)

/* --- what a model tells -------------------------------------------------- */

static void
fields_are_as_declared_in_schema_order(void **state)
{
	static const char *const order[] = {"member", "age", "spent",
	    "colour", "size", "note"};
	struct model *m = open_zoo(ZOO_SHOP);
	struct model_field f;

	(void)state;
	assert_int_equal(model_inputs(m), countof(order));
	for (uint32_t i = 0; i < countof(order); i++) {
		model_field(m, model_field_order(m, i), &f);
		assert_str(f.name, order[i]);
	}
	model_field(m, 3, &f);
	assert_int_equal(f.kind, MODEL_TEXT);
	assert_true(f.required && f.loose && f.closed && !f.unused);
	assert_int_equal(f.null, NULL_REFUSE);
	assert_int_equal(f.n_categories, 2);
	assert_str(model_category(m, 3, 1), "Yes");
	assert_str(f.description, "Has a card");
	assert_int_equal(f.n_aliases, 4);
	assert_str(f.aliases[0].text, "1");
	assert_str(f.aliases[0].to, "Yes");
	assert_true(f.aliases[3].from_integer && f.aliases[3].integer == 0);
	model_field(m, 0, &f);
	assert_int_equal(f.kind, MODEL_NUMBER);
	assert_true(f.has_range && f.low == 18 && f.high == 99.5);
	assert_true(isnan(f.aliases[0].to_number));
	model_field(m, 1, &f);
	assert_true(!f.required && f.has_default && f.default_number == 0);
	assert_int_equal(f.null, NULL_DEFAULT);
	model_field(m, 2, &f);
	assert_str(f.default_text, ZOO_RED);
	model_close(m);
}

static void
column_nobody_reads_is_unused(void **state)
{
	struct model *m = open_zoo(ZOO_SHOP);
	struct model_field f;

	(void)state;
	model_field(m, 5, &f);
	assert_true(f.unused && !f.required);
	assert_int_equal(f.null, NULL_MISSING);
	model_close(m);
}

static void
texts_lead_to_codes(void **state)
{
	static const struct {
		uint32_t column;
		const char *text;
		double code;
		bool refused;
	} cases[] = {
	    {2, "blue", 0, false}, {2, ZOO_RED, 1, false},
	    {2, "", 3, false}, {2, "Blue", CODE_UNKNOWN, false},
	    {2, " blue", CODE_UNKNOWN, false},
	    {3, "No", 0, false}, {3, "Yes", 1, false}, {3, "1", 1, false},
	    {3, "0", 0, false}, {3, " yEs\t", 1, false}, {3, " 1 ", 1, false},
	    {3, "maybe", CODE_UNKNOWN, true}, {3, "", CODE_UNKNOWN, true},
	    {3, "yes, this is longer than any", CODE_UNKNOWN, true},
	};
	struct model *m = open_zoo(ZOO_SHOP);
	double cell;
	bool refused;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_true(model_find_code(m, cases[i].column,
		    str_of(cases[i].text), &refused) == cases[i].code);
		assert_int_equal(refused, cases[i].refused);
	}
	assert_true(model_find_integer_alias(m, 3, 0, &cell) && cell == 0);
	assert_true(model_find_integer_alias(m, 3, 1, &cell) && cell == 1);
	assert_false(model_find_integer_alias(m, 3, 2, &cell));
	assert_true(model_find_integer_alias(m, 0, -1, &cell) && isnan(cell));
	assert_true(model_find_text_alias(m, 0, STR("n/a"), &cell));
	assert_false(model_find_text_alias(m, 0, STR("N/A"), &cell));
	model_close(m);
}

static void
names_lead_to_columns_whatever_the_hint(void **state)
{
	struct model *m = open_zoo(ZOO_SHOP);

	(void)state;
	for (uint32_t hint = 0; hint < 8; hint++) {
		assert_int_equal(model_find_input(m, STR("age"), hint), 0);
		assert_int_equal(model_find_input(m, STR("size"), hint), 4);
		assert_int_equal(model_find_input(m, STR("Size"), hint), -1);
		assert_int_equal(model_find_input(m, STR(""), hint), -1);
	}
	model_close(m);
}

static void
facts_figures_and_classes_come_back(void **state)
{
	struct model *m = open_zoo(ZOO_SHOP);
	struct model_class c;
	char line[128];

	(void)state;
	assert_str(model_fact_at(m, FACT_NAME), "shop");
	assert_str(model_fact_at(m, FACT_TITLE), "");
	assert_true(model_figure(m, FIGURE_THRESHOLD) == 0.4);
	assert_true(model_figure(m, FIGURE_FEATURES) == 11);
	assert_true(model_figure(m, FIGURE_TREES) == 0);
	assert_true(isnan(model_figure(m, FIGURE_REF_F1)));
	assert_int_equal(model_task(m), MODEL_CLASSIFICATION);
	assert_int_equal(model_classes(m), 2);
	model_class_at(m, 1, &c);
	assert_str(c.text, "leaves");
	assert_int_equal(model_warnings(m), 1);
	assert_str(model_warning(m, 0), "trained long ago");
	assert_true(str_has_prefix(model_example(m), STR("{\"age\"")));
	for (uint32_t i = 0; i < model_steps(m); i++) {
		model_step_text(m, i, line, sizeof(line));
		assert_true(strlen(line) > 5);
	}
	model_step_text(m, 2, line, sizeof(line));
	assert_string_equal(line,
	    "impute #7 (age), missing is 44.5 -> #8");
	model_step_text(m, 2, line, 5);
	assert_true(strlen(line) < 5);
	for (int i = 0; i < FACT_COUNT; i++)
		assert_non_null(model_fact_name(i));
	for (int i = 0; i < FIGURE_COUNT; i++)
		assert_non_null(model_figure_name(i));
	model_close(m);
	m = open_zoo(ZOO_FOREST);
	assert_true(model_figure(m, FIGURE_TREES) == 2);
	assert_true(model_figure(m, FIGURE_NODES) == 10);
	assert_int_equal(model_outputs(m), 3);
	model_close(m);
}

/* --- null, from the steps ------------------------------------------------ */

enum path { TO_OUTPUT, TO_LINEAR, IMPUTED, TO_FOREST, TO_NAN_FOREST, SCALED_TO_NAN_FOREST,
	IMPUTED_AND_LINEAR, FLAGGED, NOWHERE };

static enum model_null
null_of_number(enum path path)
{
	static const int32_t minus[] = {-1};
	static const double half[] = {0.5}, zero[] = {0};
	struct model_build *b = model_build_new(&mem);
	struct build_tree tree = {.n_nodes = 1, .left = minus, .right = minus,
	    .feature = minus, .threshold = zero, .value = half};
	struct build_forest f = {.compare = TREE_F64_LE_F64, .n_values = 1,
	    .n_outputs = 1, .n_trees = 1, .trees = &tree, .divide = 1};
	struct model_field field;
	uint32_t x, y, src[2], n = 0;

	assert_true(model_build_input(b, STR("x"), &x, &err));
	f.takes_nan = path == TO_NAN_FOREST || path == SCALED_TO_NAN_FOREST;
	switch (path) {
	case SCALED_TO_NAN_FOREST:
		assert_true(model_build_sub_div(b, x, 1, 2, &x, &err));
		/* FALLTHROUGH */
	case TO_FOREST:
	case TO_NAN_FOREST:
		assert_true(model_build_forest(b, &x, 1, &f, &y, &err));
		break;
	case IMPUTED:
	case IMPUTED_AND_LINEAR:
		assert_true(model_build_impute(b, x, 0, &src[n++], &err));
		if (path == IMPUTED_AND_LINEAR)
			src[n++] = x;
		assert_true(model_build_linear(b, src, n, 1,
		    (double[]){1, 1}, zero, &y, &err));
		break;
	case TO_LINEAR:
		assert_true(model_build_linear(b, &x, 1, 1, half, zero, &y,
		    &err));
		break;
	case FLAGGED:
		assert_true(model_build_indicator(b, x, &y, &err));
		break;
	case NOWHERE:
		assert_true(model_build_constant(b, 1, &y, &err));
		break;
	case TO_OUTPUT:
		y = x;
		break;
	}
	assert_true(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_field_default(b, 0, &field);
	return field.null;
}

static void
null_of_a_number_follows_its_paths(void **state)
{
	(void)state;
	assert_int_equal(null_of_number(TO_OUTPUT), NULL_REFUSE);
	assert_int_equal(null_of_number(TO_LINEAR), NULL_REFUSE);
	assert_int_equal(null_of_number(IMPUTED), NULL_MISSING);
	assert_int_equal(null_of_number(TO_FOREST), NULL_REFUSE);
	assert_int_equal(null_of_number(TO_NAN_FOREST), NULL_MISSING);
	assert_int_equal(null_of_number(SCALED_TO_NAN_FOREST), NULL_MISSING);
	assert_int_equal(null_of_number(IMPUTED_AND_LINEAR), NULL_REFUSE);
	assert_int_equal(null_of_number(FLAGGED), NULL_MISSING);
	assert_int_equal(null_of_number(NOWHERE), NULL_MISSING);
}

static enum model_null
null_of_text(int32_t unknown, int32_t missing, bool impute)
{
	int32_t map[] = {unknown, missing, 0};
	struct model_build *b = model_build_new(&mem);
	struct model_field field;
	uint32_t x, y, code;

	assert_true(model_build_input(b, STR("x"), &x, &err));
	assert_true(model_build_code(b, x, STR("one"), &code, &err));
	if (impute)
		assert_true(model_build_impute(b, x, code, &x, &err));
	assert_true(model_build_onehot(b, x, map, countof(map), 2, &y, &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_field_default(b, 0, &field);
	assert_int_equal(field.kind, MODEL_TEXT);
	return field.null;
}

/* The same through an ordinal encoder, whose numbers may be missing. */
static enum model_null
null_of_ordinal(double unknown, double missing, bool impute)
{
	double table[] = {unknown, missing, 0};
	struct model_build *b = model_build_new(&mem);
	struct model_field field;
	uint32_t x, y, code;

	assert_true(model_build_input(b, STR("x"), &x, &err));
	assert_true(model_build_code(b, x, STR("one"), &code, &err));
	assert_true(model_build_table(b, x, table, countof(table), &y, &err));
	if (impute)
		assert_true(model_build_impute(b, y, 7, &y, &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	model_build_field_default(b, 0, &field);
	return field.null;
}

/* An imputer names its fill before the encoder names the categories. */
static void
people_are_told_of_an_imputers_fill_last(void **state)
{
	static const char *const told[] = {"Bonn", "Oslo", "none"};
	static const double table[] = {-1, -1, -1, 0, 1};
	struct model_build *b = model_build_new(&mem);
	struct model *m;
	struct str image;
	uint32_t x, y, code;
	bool refused;

	(void)state;
	assert_true(model_build_input(b, STR("city"), &x, &err));
	assert_true(model_build_code(b, x, STR("none"), &code, &err));
	assert_true(model_build_impute(b, x, code, &y, &err));
	assert_true(model_build_code(b, x, STR("Bonn"), &code, &err));
	assert_true(model_build_code(b, x, STR("Oslo"), &code, &err));
	assert_true(model_build_table(b, y, table, countof(table), &y,
	    &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &y, 1, &err));
	assert_true(model_image(b, &image, &err));
	assert_true(model_open_bytes(image, &m, &err));
	for (uint32_t c = 0; c < countof(told); c++)
		assert_str(model_category(m, 0, c), told[c]);
	assert_true(model_find_code(m, 0, STR("none"), &refused) == 0);
	assert_true(model_find_code(m, 0, STR("Oslo"), &refused) == 2);
	model_close(m);
}

static void
null_of_a_text_follows_its_encoder(void **state)
{
	(void)state;
	assert_int_equal(null_of_ordinal(-1, 5, false), NULL_MISSING);
	assert_int_equal(null_of_ordinal(-1, -1, false), NULL_REFUSE);
	assert_int_equal(null_of_ordinal(-1, TABLE_REFUSE, false),
	    NULL_REFUSE);
	assert_int_equal(null_of_ordinal(-1, NAN, false), NULL_REFUSE);
	assert_int_equal(null_of_ordinal(-1, NAN, true), NULL_MISSING);
	assert_int_equal(null_of_ordinal(NAN, NAN, true), NULL_MISSING);
	assert_int_equal(null_of_text(ONEHOT_NONE, 1, false), NULL_MISSING);
	assert_int_equal(null_of_text(ONEHOT_NONE, ONEHOT_NONE, false),
	    NULL_REFUSE);
	assert_int_equal(null_of_text(ONEHOT_NONE, ONEHOT_REFUSE, false),
	    NULL_REFUSE);
	assert_int_equal(null_of_text(ONEHOT_NONE, ONEHOT_REFUSE, true),
	    NULL_MISSING);
}

/* --- what the build refuses ---------------------------------------------- */

static void
build_refuses_unsound_columns_and_slots(void **state)
{
	static const double table[] = {0, 0, 1};
	struct model_build *b = model_build_new(&mem);
	uint32_t x, y, code;

	(void)state;
	assert_true(model_build_input(b, STR("x"), &x, &err));
	REFUSED(model_build_input(b, STR("x"), &x, &err), ERR_INPUT, "\"x\"");
	REFUSED(model_build_input(b, STR("\xff"), &x, &err), ERR_INPUT,
	    "UTF-8");
	assert_true(model_build_input(b, STR("y"), &y, &err));
	assert_int_equal(y, 1);
	assert_int_equal(model_build_slot_kind(b, x), SLOT_UNDECIDED);
	assert_true(model_build_code(b, x, STR("t"), &code, &err));
	assert_int_equal(model_build_slot_kind(b, x), SLOT_TEXT);
	REFUSED(model_build_sub_div(b, x, 0, 1, &y, &err), ERR_MODEL,
	    "\"x\" is used as text and as a number");
	REFUSED(model_build_impute(b, 7, 0, &y, &err), ERR_MODEL, "slot 7");
	assert_true(model_build_sub_div(b, 1, 0, 1, &y, &err));
	REFUSED(model_build_table(b, 1, table, 3, &y, &err), ERR_MODEL,
	    "\"y\"");
	REFUSED(model_build_code(b, x, STR("\xc0"), &code, &err), ERR_INPUT,
	    "UTF-8");
	REFUSED(model_build_input(b, STR("z"), &x, &err), ERR_MODEL,
	    "after the first step");
}

static void
build_refuses_numbers_no_step_can_have(void **state)
{
	static const int32_t map[] = {ONEHOT_NONE, ONEHOT_NONE, 2};
	static const double bad[] = {NAN}, fine[] = {1};
	struct model_build *b = model_build_new(&mem);
	uint32_t x, t, y, code;

	(void)state;
	assert_true(model_build_input(b, STR("x"), &x, &err));
	assert_true(model_build_input(b, STR("t"), &t, &err));
	assert_true(model_build_code(b, t, STR("a"), &code, &err));
	REFUSED(model_build_sub_div(b, x, 0, 0, &y, &err), ERR_MODEL,
	    "divides");
	REFUSED(model_build_mul_add(b, x, 1, 0, 2, 1, &y, &err), ERR_MODEL,
	    "clips");
	REFUSED(model_build_constant(b, INFINITY, &y, &err), ERR_MODEL,
	    "finite");
	REFUSED(model_build_linear(b, &x, 1, 1, bad, fine, &y, &err),
	    ERR_MODEL, "coefficient");
	REFUSED(model_build_linear(b, &x, 1, 1, fine, bad, &y, &err),
	    ERR_MODEL, "intercept");
	REFUSED(model_build_onehot(b, t, map, 3, 2, &y, &err), ERR_MODEL,
	    "feature 2 of 2");
	REFUSED(model_build_onehot(b, t, map, 1, 2, &y, &err), ERR_MODEL,
	    "entries");
	REFUSED(model_build_lookup(b, x, (double[]){1, 2, 1}, 3, &y, &err),
	    ERR_MODEL, "twice");
	REFUSED(model_build_link(b, LINK_SIGMOID, (uint32_t[]){x, x}, 2, &y,
	    &err), ERR_MODEL, "2 values");
	REFUSED(model_build_onehot(b, t, map, 3, UINT32_MAX, &y, &err),
	    ERR_LIMIT, "intermediate values");
}

static bool
tree_builds(const int32_t *left, const int32_t *right, const int32_t *feature,
    double threshold, double leaf)
{
	double thresholds[5], values[5];
	struct build_tree tree = {.n_nodes = 5, .left = left, .right = right,
	    .feature = feature, .threshold = thresholds, .value = values};
	struct build_forest f = {.compare = TREE_F32_LE_F64, .n_values = 1,
	    .n_outputs = 1, .n_trees = 1, .trees = &tree, .divide = 1};
	struct model_build *b = model_build_new(&mem);
	uint32_t x, y;

	for (int i = 0; i < 5; i++) {
		thresholds[i] = threshold;
		values[i] = leaf;
	}
	assert_true(model_build_input(b, STR("x"), &x, &err));
	return model_build_forest(b, &x, 1, &f, &y, &err);
}

static void
build_refuses_what_is_no_tree(void **state)
{
#define NODES (const int32_t[])
	(void)state;
	assert_true(tree_builds(NODES{1, -1, 3, -1, -1},
	    NODES{2, -1, 4, -1, -1}, NODES{0, 0, 0, 0, 0}, 1, 1));
	REFUSED(tree_builds(NODES{1, -1, 0, -1, -1}, NODES{2, -1, 4, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, 1), ERR_MODEL, "node 2 of tree 0");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, -1, 5, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, 1), ERR_MODEL, "two later nodes");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, -1, 3, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, 1), ERR_MODEL, "two later nodes");
	REFUSED(tree_builds(NODES{1, 3, 3, -1, -1}, NODES{2, 4, 4, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, 1), ERR_MODEL, "shares a child");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, 4, 4, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, 1), ERR_MODEL, "two later nodes");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, -1, 4, -1, -1},
	    NODES{0, 0, 1, 0, 0}, 1, 1), ERR_MODEL, "feature");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, -1, 4, -1, -1},
	    NODES{0, 0, 0, 0, 0}, INFINITY, 1), ERR_MODEL, "threshold");
	REFUSED(tree_builds(NODES{1, -1, 3, -1, -1}, NODES{2, -1, 4, -1, -1},
	    NODES{0, 0, 0, 0, 0}, 1, NAN), ERR_MODEL, "value");
#undef NODES
}

static void
build_refuses_a_schema_that_contradicts_the_model(void **state)
{
	static const struct model_alias alias[] = {{.text = {"1", 1},
	    .to = {"Ja", 2}}};
	struct model_build *b = zoo_build(ZOO_SHOP, &mem);
	struct model_field f = {.name = STR("shoe")};

	(void)state;
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "no such input");
	f.name = STR("age");
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "twice");
	model_build_field_default(b, 4, &f);
	f.kind = MODEL_TEXT;
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT,
	    "the model reads it as a number");
	f.kind = MODEL_NUMBER;
	f.null = NULL_DEFAULT;
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "no");
	f.null = NULL_REFUSE;
	f.has_range = true;
	f.low = 2;
	f.high = 1;
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "range");
	b = model_build_new(&mem);
	{
		uint32_t x, code;

		assert_true(model_build_input(b, STR("x"), &x, &err));
		assert_true(model_build_code(b, x, STR("Yes"), &code, &err));
	}
	model_build_field_default(b, 0, &f);
	f.closed = true;
	f.aliases = alias;
	f.n_aliases = 1;
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "\"Ja\"");
	f.n_aliases = 0;
	f.has_default = true;
	f.default_text = STR("No");
	REFUSED(model_build_field(b, &f, &err), ERR_INPUT, "default");
}

/* A lookup is bounded, so texts that would all have to be tried are not
 * compiled. */
/* Every record without the column would be refused for it. */
/* Four numbers, one of which no step reads. */
static struct model_build *
build_line(void)
{
	static const char *const names[] = {"a", "b", "c", "d"};
	const double ones[] = {1, 1, 1}, none = 0;
	struct model_build *b = model_build_new(&mem);
	uint32_t slots[4], sum;

	for (size_t i = 0; i < countof(names); i++)
		assert_true(model_build_input(b, str_of(names[i]), &slots[i],
		    &err));
	assert_true(model_build_linear(b, slots, 3, 1, ones, &none, &sum,
	    &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &sum, 1, &err));
	return b;
}

static void
a_suggestion_holds_where_the_schema_is_silent(void **state)
{
	static const char *const order[] = {"b", "c", "a", "d"};
	struct model_build *b = build_line();
	struct model_field f;
	struct model *m;
	struct str image;

	(void)state;
	model_build_field_default(b, 2, &f);
	f.required = false;
	f.integer = true;
	assert_true(model_build_suggest(b, &f, &err));
	REFUSED(model_build_suggest(b, &f, &err), ERR_INPUT, "there twice");
	model_build_field_default(b, 0, &f);
	f.booleans = true;
	assert_true(model_build_suggest(b, &f, &err));
	model_build_field_default(b, 1, &f);
	f.kind = MODEL_TEXT;
	REFUSED(model_build_suggest(b, &f, &err), ERR_INPUT,
	    "reads it as a number, not as text");
	f.kind = MODEL_NUMBER;
	f.name = STR("e");
	REFUSED(model_build_suggest(b, &f, &err), ERR_INPUT,
	    "has no such input");
	/* Unread, so it stays unused whatever is suggested. */
	model_build_field_default(b, 3, &f);
	f.kind = MODEL_TEXT;
	assert_true(model_build_suggest(b, &f, &err));

	model_build_field_default(b, 1, &f);
	assert_true(model_build_field(b, &f, &err));
	assert_true(model_image(b, &image, &err));
	assert_true(model_open_bytes(image, &m, &err));
	for (uint32_t i = 0; i < 4; i++) {
		model_field(m, model_field_order(m, i), &f);
		assert_str(f.name, order[i]);
	}
	model_field(m, 2, &f);
	assert_true(f.integer && !f.required);
	model_field(m, 0, &f);
	assert_true(f.booleans && f.required);
	model_field(m, 3, &f);
	assert_true(f.unused);
	model_close(m);
}

static void
columns_can_be_called_otherwise(void **state)
{
	const struct str names[] = {STR("b"), STR("a"), STR("x"), STR("d")};
	const struct str twice[] = {STR("b"), STR("b"), STR("x"), STR("d")};
	const struct str bad[] = {STR("b"), STR("\xff"), STR("x"), STR("d")};
	struct model_build *b = build_line();

	(void)state;
	REFUSED(model_build_rename(b, twice, &err), ERR_INPUT,
	    "two input columns are named \"b\"");
	REFUSED(model_build_rename(b, bad, &err), ERR_INPUT, "is not UTF-8");
	assert_true(model_build_rename(b, names, &err));
	assert_str(model_build_input_name(b, 0), "b");
	assert_int_equal(model_build_find_input(b, STR("x")), 2);
	assert_int_equal(model_build_find_input(b, STR("c")), -1);
}

static void
a_default_that_an_encoder_refuses_is_refused(void **state)
{
	static const int32_t map[] = {ONEHOT_REFUSE, ONEHOT_REFUSE, 0};
	static const double table[] = {TABLE_REFUSE, 0, 1};

	(void)state;
	for (int onehot = 0; onehot < 2; onehot++) {
		struct model_build *b = model_build_new(&mem);
		struct model_field f;
		uint32_t x, y, code;

		assert_true(model_build_input(b, STR("city"), &x, &err));
		assert_true(model_build_code(b, x, STR("Oslo"), &code, &err));
		if (onehot)
			assert_true(model_build_onehot(b, x, map, countof(map), 1,
			    &y, &err));
		else
			assert_true(model_build_table(b, x, table, countof(table),
			    &y, &err));
		model_build_field_default(b, x, &f);
		f.has_default = true;
		f.default_text = STR("Rome");
		assert_false(model_build_field(b, &f, &err));
		assert_string_equal(err.text, "column \"city\": the default "
		    "is not one of its categories");
		f.default_text = STR("Oslo");
		assert_true(model_build_field(b, &f, &err));
	}
}

static void
colliding_categories_are_refused(void **state)
{
	struct model_build *b = model_build_new(&mem);
	struct str image;
	uint32_t x, code;
	char text[16];
	int found = 0;

	(void)state;
	assert_true(model_build_input(b, STR("x"), &x, &err));
	for (int i = 0; found < 300; i++) {
		int n = snprintf(text, sizeof(text), "%d", i);
		struct str s = {text, (size_t)n};

		if ((str_hash(s) & 1023) < 20) {
			assert_true(model_build_code(b, x, s, &code, &err));
			found++;
		}
	}
	assert_true(model_build_table(b, x, (double[]){0, 0, 0}, 3, &x,
	    &err));
	assert_true(model_build_output(b, MODEL_REGRESSION, &x, 1, &err));
	REFUSED(model_image(b, &image, &err), ERR_INPUT,
	    "hash table entry in the wrong place");
}

static void
targets_have_classes_and_outputs_of_their_own(void **state)
{
	struct str image = zoo_image(ZOO_TARGETS, &mem);
	char text[MODEL_RESULT_MAX];
	struct model_target t;
	struct model_class c;
	struct model *m;
	uint32_t k;

	(void)state;
	assert_true(model_open_bytes(image, &m, &err));
	assert_int_equal(model_targets(m), 2);
	assert_int_equal(model_classes(m), 5);
	assert_int_equal(model_outputs(m), 7);
	model_target_at(m, 0, &t);
	assert_true(str_eq(t.name, STR("output_0")));
	assert_int_equal(t.class_, 0);
	assert_int_equal(t.classes, 2);
	assert_int_equal(t.output, 0);
	assert_int_equal(t.outputs, 4);
	assert_int_equal(t.decision, 2);
	model_target_at(m, 1, &t);
	assert_true(str_eq(t.name, STR("size")));
	assert_int_equal(t.class_, 2);
	assert_int_equal(t.classes, 3);
	assert_int_equal(t.output, 4);
	assert_int_equal(t.decision, 4);
	model_class_at(m, 2, &c);
	assert_true(str_eq(c.text, STR("low")));
	assert_true(str_eq(model_result(m, 1, text), STR("output_0=Yes")));
	assert_true(str_eq(model_result(m, 4, text), STR("size=high")));
	assert_true(model_probability_at(m, 1, &k) && k == 1);
	assert_false(model_probability_at(m, 2, &k));
	assert_false(model_probability_at(m, 3, &k));
	assert_true(model_probability_at(m, 6, &k) && k == 4);
	assert_true(model_has_probabilities(m));
	assert_int_equal(model_score_output(m), -1);
	model_close(m);
}

static void
name_of_a_target_is_refused_where_it_cannot_be_told_apart(void **state)
{
	struct model_build *b = zoo_build(ZOO_TARGETS, &mem);
	char name[MODEL_TARGET_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	REFUSED(model_build_name_target(b, 0, STR(""), &err), ERR_INPUT,
	    "target 0 has an empty name");
	REFUSED(model_build_name_target(b, 0, STR("size"), &err), ERR_INPUT,
	    "two targets are named \"size\"");
	REFUSED(model_build_name_target(b, 0, STR("a\nb"), &err), ERR_INPUT,
	    "a control character");
	REFUSED(model_build_name_target(b, 0, STR("\xff"), &err), ERR_INPUT,
	    "not UTF-8");
	REFUSED(model_build_name_target(b, 0,
	    (struct str){name, sizeof(name)}, &err), ERR_LIMIT,
	    "more than 100 bytes");
	assert_true(model_build_name_target(b, 1, STR("size"), &err));
}

static void
targets_with_and_without_probabilities_are_refused(void **state)
{
	struct model_build *b = zoo_build(ZOO_TARGETS, &mem);
	struct str image;
	uint32_t x;

	(void)state;
	assert_true(model_build_target(b, &err));
	REFUSED(model_image(b, &image, &err), ERR_MODEL,
	    "others none");
	assert_true(model_build_class(b, (struct model_class){
	    .kind = CLASS_TEXT, .text = STR("No")}, &err));
	assert_true(model_build_constant(b, 1, &x, &err));
	assert_true(model_build_decision(b, &x, 1, &err));
	REFUSED(model_image(b, &image, &err), ERR_MODEL,
	    "others none");
	REFUSED(model_build_output(b, MODEL_REGRESSION, &x, 1, &err),
	    ERR_MODEL, "two sets of outputs");
	REFUSED(model_build_output(b, MODEL_CLASSIFICATION, &x, 1, &err),
	    ERR_MODEL, "two sets of outputs");
}

static void
unfinished_build_is_refused(void **state)
{
	struct model_build *b = model_build_new(&mem);
	struct str image;
	uint32_t x;

	(void)state;
	REFUSED(model_image(b, &image, &err), ERR_MODEL, "no input");
	assert_true(model_build_input(b, STR("x"), &x, &err));
	REFUSED(model_image(b, &image, &err), ERR_MODEL, "no output");
	REFUSED(model_build_output(b, MODEL_REGRESSION, NULL, 0, &err),
	    ERR_MODEL, "without outputs");
	assert_true(model_build_output(b, MODEL_CLASSIFICATION,
	    (uint32_t[]){x}, 1, &err));
	REFUSED(model_build_decision(b, (uint32_t[]){x, x}, 2, &err),
	    ERR_MODEL, "1 probabilities and 2 scores");
	REFUSED(model_image(b, &image, &err), ERR_MODEL, "0 classes");
	assert_true(model_build_class(b, (struct model_class){
	    .kind = CLASS_TEXT, .text = STR("one")}, &err));
	REFUSED(model_build_class(b, (struct model_class){
	    .kind = CLASS_INTEGER, .text = STR("one")}, &err), ERR_INPUT,
	    "two classes are named \"one\"");
	REFUSED(model_build_class(b, (struct model_class){
	    .kind = CLASS_TEXT, .text = STR("\xed\xa0\x80")}, &err), ERR_INPUT,
	    "class 1 is not UTF-8");
	REFUSED(model_build_class(b, (struct model_class){
	    .kind = CLASS_FLOAT, .text = STR("2"), .number = NAN}, &err),
	    ERR_MODEL, "class 1 is not a finite number");
	model_build_figure(b, FIGURE_THRESHOLD, 1.5);
	REFUSED(model_image(b, &image, &err), ERR_INPUT, "threshold 1.5");
	model_build_figure(b, FIGURE_THRESHOLD, 0.5);
	assert_true(model_image(b, &image, &err));
}

/* A model with some of everything, unless the arena is too small for it. */
static bool
build_in(struct arena *small)
{
	static const int32_t left[] = {1, -1, -1}, right[] = {2, -1, -1};
	static const int32_t feature[] = {0, 0, 0};
	static const double threshold[] = {1, 0, 0}, value[] = {0, 1, 2};
	static const int32_t map[] = {-1, -1, 0, 1};
	struct build_tree tree = {.n_nodes = 3, .left = left, .right = right,
	    .feature = feature, .threshold = threshold, .value = value};
	struct build_forest f = {.compare = TREE_F64_LE_F64, .n_values = 1,
	    .n_outputs = 1, .n_trees = 1, .trees = &tree, .divide = 1};
	struct model_build *b = model_build_new(small);
	struct model_alias alias = {.text = STR("N"), .to = STR("no")};
	struct model_field field;
	struct str image;
	uint32_t x, t, code, y, z;
	char name[24];

	if (b == NULL)
		return arena_err(small, "an empty model", &err);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "column %d", i);
		if (!model_build_input(b, str_of(name), &x, &err))
			return false;
	}
	t = x - 1;
	if (!model_build_code(b, t, STR("yes"), &code, &err) ||
	    !model_build_code(b, t, STR("no"), &code, &err) ||
	    !model_build_onehot(b, t, map, countof(map), 2, &y, &err) ||
	    !model_build_lookup(b, x, threshold, 1, &z, &err) ||
	    !model_build_impute(b, 0, 1, &z, &err) ||
	    !model_build_forest(b, (uint32_t[]){y, z}, 2, &f, &y, &err) ||
	    !model_build_linear(b, (uint32_t[]){y, z}, 2, 1, threshold,
	    threshold, &y, &err) ||
	    !model_build_link(b, LINK_SIGMOID, &y, 1, &y, &err) ||
	    !model_build_output(b, MODEL_REGRESSION, &y, 1, &err) ||
	    !model_build_warn(b, STR("small"), &err) ||
	    !model_build_fact(b, FACT_NAME, STR("small"), &err))
		return false;
	model_build_field_default(b, t, &field);
	field.loose = true;
	field.aliases = &alias;
	field.n_aliases = 1;
	return model_build_field(b, &field, &err) &&
	    model_image(b, &image, &err);
}

static void
full_arena_is_a_limit_not_a_crash(void **state)
{
	bool ok = false;

	(void)state;
	/* Any bound below what is needed, to the byte. */
	for (size_t cap = 0; !ok; cap += 16) {
		struct arena small;

		assert_true(cap < 1 << 20);
		assert_true(arena_init(&small, cap + 1, &err));
		small.cap = cap;
		ok = build_in(&small);
		if (!ok && err.kind != ERR_LIMIT)
			fail_msg("%s", err.text);
		small.cap = (cap + 4096) & ~(size_t)4095;
		arena_done(&small);
	}
}

/* --- damaged images ------------------------------------------------------ */

/* Exactly n bytes, so that a sanitizer sees a read behind them. */
static bool
opens(const char *bytes, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);
	struct model *m;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	ok = model_open_bytes((struct str){copy, n}, &m, &err);
	if (ok)
		model_close(m);
	free(copy);
	return ok;
}

static void
every_flipped_byte_is_refused(void **state)
{
	(void)state;
	for (int k = 0; k < ZOO_COUNT; k++) {
		struct str image = zoo_image((enum zoo)k, &mem);
		char *bent = arena_alloc(&mem, image.n);

		memcpy(bent, image.p, image.n);
		assert_true(opens(bent, image.n));
		for (size_t i = 0; i < image.n; i++) {
			bent[i] ^= (char)(1 << i % 8);
			assert_false(opens(bent, image.n));
			bent[i] ^= (char)(1 << i % 8);
		}
	}
}

static void
every_shorter_file_is_refused(void **state)
{
	(void)state;
	for (int k = 0; k < ZOO_COUNT; k++) {
		struct str image = zoo_image((enum zoo)k, &mem);

		for (size_t n = 0; n < image.n; n++)
			assert_false(opens(image.p, n));
	}
}

/* The same with a checksum that fits: what still opens must be harmless,
 * which the fuzz target holds it to; here, that the proofs bite at all. */
static void
most_forged_numbers_are_refused(void **state)
{
	size_t behind = offsetof(struct image_header, checksum) + 4;
	struct str image = zoo_image(ZOO_FOREST, &mem);
	uint32_t *bent = arena_alloc(&mem, image.n);
	size_t refused = 0, tried = 0;
	struct image_header *header = (struct image_header *)bent;

	(void)state;
	memcpy(bent, image.p, image.n);
	for (size_t i = sizeof(*header) / 4; i < image.n / 4; i++) {
		uint32_t was = bent[i];

		bent[i] = 0x40000000;
		header->checksum = checksum_crc32((char *)bent + behind,
		    image.n - behind);
		refused += !opens((char *)bent, image.n);
		tried++;
		bent[i] = was;
	}
	assert_true(refused > tried / 2);
}

static void
error_names_file_offset_and_remedy(void **state)
{
	char path[] = "/tmp/test_model.XXXXXX";
	struct str image = zoo_image(ZOO_CUTS, &mem);
	char *bent = arena_alloc(&mem, image.n);
	struct model *m;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_true(file_write(path, image, &err));
	assert_true(model_open(path, &m, &err));
	assert_int_equal(model_bytes(m), image.n);
	model_close(m);

	memcpy(bent, image.p, image.n);
	bent[8]++;
	assert_true(file_write(path, (struct str){bent, image.n}, &err));
	REFUSED(model_open(path, &m, &err), ERR_INPUT, path);
	assert_non_null(strstr(err.text, "version 3"));
	assert_non_null(strstr(err.text, "import the model again"));
	assert_int_equal(err.at, 8);

	assert_true(file_write(path, STR("\x80\x04\x95 a pickle"), &err));
	REFUSED(model_open(path, &m, &err), ERR_INPUT, "lightscore import");
	assert_true(file_write(path, (struct str){image.p, image.n - 1},
	    &err));
	REFUSED(model_open(path, &m, &err), ERR_INPUT, "at byte 16");
	unlink(path);
	REFUSED(model_open(path, &m, &err), ERR_SYSTEM, path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_as_declared_in_schema_order),
	    cmocka_unit_test(column_nobody_reads_is_unused),
	    cmocka_unit_test(texts_lead_to_codes),
	    cmocka_unit_test(names_lead_to_columns_whatever_the_hint),
	    cmocka_unit_test(facts_figures_and_classes_come_back),
	    cmocka_unit_test(null_of_a_number_follows_its_paths),
	    cmocka_unit_test(people_are_told_of_an_imputers_fill_last),
	    cmocka_unit_test(null_of_a_text_follows_its_encoder),
	    cmocka_unit_test(build_refuses_unsound_columns_and_slots),
	    cmocka_unit_test(build_refuses_numbers_no_step_can_have),
	    cmocka_unit_test(build_refuses_what_is_no_tree),
	    cmocka_unit_test(
		build_refuses_a_schema_that_contradicts_the_model),
	    cmocka_unit_test(a_suggestion_holds_where_the_schema_is_silent),
	    cmocka_unit_test(columns_can_be_called_otherwise),
	    cmocka_unit_test(a_default_that_an_encoder_refuses_is_refused),
	    cmocka_unit_test(colliding_categories_are_refused),
	    cmocka_unit_test(targets_have_classes_and_outputs_of_their_own),
	    cmocka_unit_test(
		name_of_a_target_is_refused_where_it_cannot_be_told_apart),
	    cmocka_unit_test(targets_with_and_without_probabilities_are_refused),
	    cmocka_unit_test(unfinished_build_is_refused),
	    cmocka_unit_test(full_arena_is_a_limit_not_a_crash),
	    cmocka_unit_test(every_flipped_byte_is_refused),
	    cmocka_unit_test(every_shorter_file_is_refused),
	    cmocka_unit_test(most_forged_numbers_are_refused),
	    cmocka_unit_test(error_names_file_offset_and_remedy),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("model", tests, setup, teardown);
}
