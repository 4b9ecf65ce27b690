/* SPDX-License-Identifier: ISC
 *
 * import/: CatBoost's models. Each rule of the library is seen alone in small
 * documents of the JSON export; the binary form is read to its last byte and
 * no further.
 */
#include "import_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/city.h"
#include "base/file.h"
#include "score/input.h"

/* A model, with what a case does not care about left at what works. */
struct parts {
	const char *floats, *categories, *trees, *loss, *classes, *scale;
	const char *more, *info;
};
#define FLOAT(index, column, treatment) \
	"{\"feature_index\":" index ",\"flat_feature_index\":" column "," \
	"\"borders\":[],\"has_nans\":true,\"nan_value_treatment\":\"" \
	treatment "\",\"feature_id\":\"\"}"
#define CATEGORY(hashes) \
	"{\"feature_index\":0,\"flat_feature_index\":1,\"feature_id\":\"plan\"," \
	"\"values\":[" hashes "]}"
#define ABOVE(border) "{\"split_type\":\"FloatFeature\"," \
	"\"float_feature_index\":0,\"border\":" border "}"
#define IS(hash) "{\"split_type\":\"OneHotFeature\"," \
	"\"cat_feature_index\":0,\"value\":" hash "}"
#define TREE(splits, leaves) \
	"\"oblivious_trees\":[{\"splits\":[" splits "]," \
	"\"leaf_values\":[" leaves "]}]"
/* Of "basic", as the file has it. */
#define BASIC "1310075093"

static struct str
catboost(struct parts f)
{
	static char text[8192];
#define OR(word, standard) (f.word != NULL ? f.word : standard)

	snprintf(text, sizeof(text),
	    "{\"features_info\":{\"float_features\":[%s],"
	    "\"categorical_features\":[%s]%s},\"model_info\":{"
	    "\"catboost_version_info\":\"tags/v1.2.10\\n x\","
	    "\"class_params\":{%s}%s,\"params\":{\"loss_function\":{"
	    "\"type\":\"%s\"}}},%s,\"scale_and_bias\":%s}",
	    OR(floats, FLOAT("0", "0", "AsFalse")), OR(categories, ""),
	    OR(more, ""), OR(classes, ""), OR(info, ""), OR(loss, "RMSE"),
	    OR(trees, TREE(ABOVE("0.5"), "1,2")), OR(scale, "[1,[0]]"));
	return str_of(text);
}

static struct model *
import_parts(struct parts f)
{
	struct model *m = import_str(catboost(f));

	if (m == NULL)
		fail_msg("%s", message);
	return m;
}

static void
above_the_border_as_float_goes_right(void **state)
{
	static const struct {
		double x, want;
	} cases[] = {{0.5, 1}, {0.50000000001, 1}, {0.6, 2}, {NAN, 1}};
	struct model *m = import_parts((struct parts){0});

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_true(score_output(m, &cases[i].x, 0) == cases[i].want);
	assert_true(str_eq(model_fact_at(m, FACT_FRAMEWORK_VERSION),
	    STR("CatBoost 1.2.10")));
	model_close(m);
	m = import_parts((struct parts){.floats = FLOAT("0", "0", "AsTrue")});
	assert_true(score_output(m, (double[]){NAN}, 0) == 2);
	model_close(m);
}

static void
the_first_split_is_the_lowest_bit_of_a_leaf(void **state)
{
	struct model *m = import_parts((struct parts){
	    .floats = FLOAT("0", "0", "AsIs") "," FLOAT("1", "1", "AsIs"),
	    .trees = TREE(ABOVE("0") ",{\"split_type\":\"FloatFeature\","
		"\"float_feature_index\":1,\"border\":0}", "1,2,3,4")});

	(void)state;
	assert_true(score_output(m, (double[]){1, -1}, 0) == 2);
	assert_true(score_output(m, (double[]){-1, 1}, 0) == 3);
	model_close(m);
}

static void
trees_that_are_not_symmetric_are_nested(void **state)
{
	struct model *m = import_parts((struct parts){.trees =
	    "\"trees\":[{\"split\":" ABOVE("0") ",\"left\":{\"value\":5},"
	    "\"right\":{\"split\":" ABOVE("9") ",\"left\":{\"value\":[6]},"
	    "\"right\":{\"value\":7}}}]"});

	(void)state;
	assert_true(score_output(m, (double[]){0}, 0) == 5);
	assert_true(score_output(m, (double[]){9}, 0) == 6);
	assert_true(score_output(m, (double[]){10}, 0) == 7);
	model_close(m);
}

/* One row through the column "plan". */
static double
score_plan(const struct model *m, struct raw plan)
{
	struct raw row[] = {{.kind = RAW_FLOAT, .number = 0}, plan};
	double cells[2];
	uint32_t unknown;
	struct err err;

	if (!input_row(m, row, cells, &unknown, &err))
		return NAN;
	assert_int_equal(unknown, 0);
	return score_output(m, cells, 0);
}

static void
a_category_is_its_hash_whatever_the_file_knows(void **state)
{
	char text[400];
	struct model *m;

	(void)state;
	assert_int_equal((int32_t)(uint32_t)city_hash64(STR("basic")),
	    atoi(BASIC));
	m = import_parts((struct parts){.categories = CATEGORY("7," BASIC),
	    .trees = TREE(IS(BASIC), "1,2")});
	assert_true(score_plan(m, (struct raw){.kind = RAW_TEXT,
	    .text = STR("basic")}) == 2);
	assert_true(score_plan(m, (struct raw){.kind = RAW_TEXT,
	    .text = STR("Basic")}) == 1);
	assert_true(isnan(score_plan(m, (struct raw){.kind = RAW_NULL})));
	assert_true(isnan(score_plan(m, (struct raw){.kind = RAW_FLOAT,
	    .number = 1.5})));
	model_close(m);
	/* An integer is its digits. */
	snprintf(text, sizeof(text), "{\"feature_index\":0,"
	    "\"flat_feature_index\":1,\"values\":[%d]}",
	    (int32_t)(uint32_t)city_hash64(STR("-12")));
	snprintf(text + 200, 200, "\"oblivious_trees\":[{\"splits\":[{"
	    "\"split_type\":\"OneHotFeature\",\"cat_feature_index\":0,"
	    "\"value\":%d}],\"leaf_values\":[1,2]}]",
	    (int32_t)(uint32_t)city_hash64(STR("-12")));
	m = import_parts((struct parts){.categories = text,
	    .trees = text + 200});
	assert_true(score_plan(m, (struct raw){.kind = RAW_INTEGER,
	    .number = -12}) == 2);
	assert_true(score_plan(m, (struct raw){.kind = RAW_INTEGER,
	    .number = 12}) == 1);
	model_close(m);
}

static void
a_loss_says_what_becomes_of_the_scaled_sum(void **state)
{
	static const struct {
		const char *loss;
		uint32_t outputs;
		double want; /* of 0.75, the last output */
	} cases[] = {
	    {"RMSE", 1, 0.75}, {"Quantile", 1, 0.75},
	    {"YetiRank", 1, 0.75},
	};
	struct model *m;

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		m = import_parts((struct parts){.loss = cases[i].loss,
		    .trees = TREE("", "0.125"), .scale = "[2,[0.5]]"});
		assert_int_equal(model_outputs(m), cases[i].outputs);
		assert_true(score_output(m, (double[]){0}, 0) ==
		    cases[i].want);
		model_close(m);
	}
	m = import_parts((struct parts){.loss = "Poisson",
	    .trees = TREE("", "0.75")});
	assert_true(score_output(m, (double[]){0}, 0) == exp(0.75));
	model_close(m);
	m = import_parts((struct parts){.loss = "Logloss",
	    .trees = TREE("", "0.75")});
	assert_true(score_output(m, (double[]){0}, 1) ==
	    1 / (1 + exp(-0.75)));
	model_close(m);
	m = import_parts((struct parts){.loss = "MultiRMSE",
	    .trees = TREE(ABOVE("0"), "1,2,3,4"), .scale = "[1,[0,10]]"});
	assert_int_equal(model_outputs(m), 2);
	assert_true(score_output(m, (double[]){1}, 0) == 3);
	assert_true(score_output(m, (double[]){1}, 1) == 14);
	model_close(m);
}

static void
labels_are_the_models(void **state)
{
	struct model_class label;
	struct model *m = import_parts((struct parts){.loss = "Logloss",
	    .classes = "\"class_names\":[\"no\",\"yes\"],"
		"\"class_to_label\":[0,1],\"class_label_type\":\"String\""});

	(void)state;
	model_class_at(m, 1, &label);
	assert_true(str_eq(label.text, STR("yes")));
	model_close(m);
	m = import_parts((struct parts){.loss = "MultiClass",
	    .trees = TREE("", "0,0,0"), .scale = "[1,[0,0,0]]",
	    .classes = "\"class_names\":[3,5,7],"
		"\"class_label_type\":\"Integer\""});
	model_class_at(m, 2, &label);
	assert_true(label.kind == CLASS_INTEGER && label.number == 7);
	assert_true(str_eq(label.text, STR("7")));
	model_close(m);
	m = import_parts((struct parts){.loss = "Logloss",
	    .classes = "\"class_names\":[false,true],"
		"\"class_label_type\":\"Boolean\""});
	model_class_at(m, 1, &label);
	assert_true(label.kind == CLASS_BOOL);
	assert_true(str_eq(label.text, STR("true")));
	model_close(m);
	m = import_parts((struct parts){.loss = "Logloss",
	    .classes = "\"class_names\":[0,1],"
		"\"class_label_type\":\"Float\""});
	model_class_at(m, 1, &label);
	assert_true(label.kind == CLASS_FLOAT);
	assert_true(str_eq(label.text, STR("1.0")));
	model_close(m);
}

static void
what_cannot_be_served_is_refused_by_name(void **state)
{
	static const struct {
		struct parts parts;
		const char *sentence;
	} cases[] = {
	    {{.loss = "RMSEWithUncertainty"},
		"loss_function 'RMSEWithUncertainty'"},
	    {{.loss = "MultiClass"}, "do not fit its loss_function"},
	    {{.trees = TREE("{\"split_type\":\"OnlineCtr\"}", "1,2")},
		"splits on OnlineCtr: statistics of categories"},
	    {{.more = ",\"text_features\":[{}]"}, "texts or embeddings"},
	    {{.floats = ""}, "without columns"},
	    {{.floats = FLOAT("0", "1", "AsIs") "," FLOAT("1", "1", "AsIs")},
		"not numbered from 0"},
	    {{.floats = FLOAT("1", "0", "AsIs")}, "not numbered from 0"},
	    {{.floats = FLOAT("0", "1e9", "AsIs")}, "without columns"},
	    {{.trees = "\"x\":0"}, "without trees"},
	    {{.trees = TREE(ABOVE("0"), "1,2,3")},
		"has not a value for each leaf"},
	    {{.trees = TREE(ABOVE("0") "," ABOVE("0"), "1,2")},
		"has not a value for each leaf"},
	    {{.trees = TREE(ABOVE("\"x\""), "1,2")},
		"a feature that is not there"},
	    {{.trees = TREE(IS("1"), "1,2")}, "a feature that is not there"},
	    {{.categories = CATEGORY("7"), .trees = TREE(IS("8"), "1,2")},
		"a category that is not there"},
	    {{.categories = CATEGORY("1e10")}, "are no hashes"},
	    {{.trees = "\"trees\":[{\"split\":" ABOVE("0") ",\"left\":{"
		"\"value\":1}}]"}, "has not a value for each leaf"},
	    {{.trees = TREE(ABOVE("0"), "1,1e999")}, "finite"},
	    {{.scale = "[1,[\"x\"]]"}, "scale_and_bias cannot be read"},
	    {{.loss = "Logloss", .classes = "\"class_names\":[1,2,3]"},
		"labels are not as many as its classes"},
	    {{.loss = "Logloss", .classes = "\"class_names\":[1,2],"
		"\"class_to_label\":[1,0]"}, "in another order"},
	    {{.loss = "Logloss",
		.info = ",\"binclass_probability_threshold\":\"0.3\""},
		"part at a probability of 0.3 instead of 0.5"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++)
		assert_refused_str(catboost(cases[i].parts),
		    cases[i].sentence);
}

/* A part of a binary model is an error, and a changed one never a crash. */
static void
binary_models_are_read_to_the_last_byte_and_no_further(void **state)
{
	static const char *const names[] = {"binary.cbm", "multi.cbm"};
	const char *source = getenv("LS_SRCDIR");
	struct file_map file;
	struct err err;
	char path[4096], *copy;

	(void)state;
	for (size_t i = 0; i < countof(names); i++) {
		struct model *m;

		snprintf(path, sizeof(path),
		    "%s/tests/fuzz/corpus/catboost/%s",
		    source != NULL ? source : ".", names[i]);
		assert_true(file_map(path, 1 << 20, &file, &err));
		m = import_str((struct str){file.p, file.n});
		if (m == NULL)
			fail_msg("%s", message);
		model_close(m);
		copy = malloc(file.n);
		assert_non_null(copy);
		for (size_t n = 4; n < file.n; n += 3) {
			/* Bytes of its own, for a sanitizer to see. */
			char *part = malloc(n);

			assert_non_null(part);
			memcpy(part, file.p, n);
			assert_null(import_str((struct str){part, n}));
			free(part);
			import_forget(NULL);
		}
		for (size_t k = 4; k < file.n; k++) {
			memcpy(copy, file.p, file.n);
			copy[k] = (char)(copy[k] ^ (1 << k % 8));
			m = import_str((struct str){copy, file.n});
			if (m != NULL)
				model_close(m);
			import_forget(NULL);
		}
		free(copy);
		file_unmap(&file);
	}
	assert_refused_str(STR("CBM1"), "damaged or truncated");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(above_the_border_as_float_goes_right),
	    TEST(the_first_split_is_the_lowest_bit_of_a_leaf),
	    TEST(trees_that_are_not_symmetric_are_nested),
	    TEST(a_category_is_its_hash_whatever_the_file_knows),
	    TEST(a_loss_says_what_becomes_of_the_scaled_sum),
	    TEST(labels_are_the_models),
	    TEST(what_cannot_be_served_is_refused_by_name),
	    TEST(binary_models_are_read_to_the_last_byte_and_no_further),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}
