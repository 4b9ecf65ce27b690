/* SPDX-License-Identifier: ISC
 *
 * import/: boosters in pickles. What the class around the library's model
 * says counts: labels, what is missing, how many iterations.
 */
#include "import_fixture.h"

#include <math.h>
#include <string.h>

#include "pickler.h"

static struct pickler p;

#define XGB(objective, trees) \
	"{\"learner\":{\"attributes\":{},\"feature_names\":[]," \
	"\"gradient_booster\":{\"model\":{\"tree_info\":[0],\"trees\":[" \
	trees "]},\"name\":\"gbtree\"},\"learner_model_param\":{" \
	"\"base_score\":\"5E-1\",\"num_class\":\"0\",\"num_feature\":\"2\"}," \
	"\"objective\":{\"name\":\"" objective "\"}},\"version\":[2,1,4]}"
/* 3 more than base_score below 0.5 in the second column, and where missing; 7
 * more from there on. */
#define STUMP "{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1]," \
	"\"split_indices\":[1,0,0],\"split_conditions\":[0.5,3,7]," \
	"\"default_left\":[1,0,0]}"
#define LGB(objective) \
	"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\n" \
	"max_feature_idx=1\n" objective "feature_names=a b\n" \
	"feature_infos=[0:1] [0:1]\n\n" \
	"Tree=0\nnum_leaves=1\nleaf_value=1\n\n" \
	"Tree=1\nnum_leaves=1\nleaf_value=2\n\n" \
	"end of trees\n\npandas_categorical:null\n"

static void
p_bytes(const char *text)
{
	p_op(&p, 'B');
	p_u32(&p, (uint32_t)strlen(text));
	p_raw(&p, text, strlen(text));
}

/* A wrapper with its Booster, left open. */
static void
p_xgboost(const char *class, const char *model)
{
	p_start(&p);
	p_object(&p, "xgboost.sklearn", class);
	p_text(&p, "_Booster");
	p_object(&p, "xgboost.core", "Booster");
	p_text(&p, "handle");
	p_bytes(model);
	p_end_object(&p);
}

static void
p_lightgbm(const char *class, const char *model, int best)
{
	p_start(&p);
	p_object(&p, "lightgbm.sklearn", class);
	p_text(&p, "_Booster");
	p_object(&p, "lightgbm.basic", "Booster");
	p_text(&p, "_handle");
	p_text(&p, model);
	p_text(&p, "best_iteration");
	p_int(&p, best);
	p_end_object(&p);
}

static void
p_end(void)
{
	p_end_object(&p);
	p_stop(&p);
}

static struct model *
import_p(void)
{
	struct model *m = import_str((struct str){p.bytes, p.n});

	if (m == NULL)
		fail_msg("%s", message);
	return m;
}

static void
assert_refused(const char *sentence)
{
	assert_refused_str((struct str){p.bytes, p.n}, sentence);
}

static void
a_regressor_gives_what_its_booster_does(void **state)
{
	struct model *m;

	(void)state;
	p_xgboost("XGBRegressor", XGB("reg:squarederror", STUMP));
	p_end();
	m = import_p();
	assert_int_equal(model_task(m), MODEL_REGRESSION);
	assert_true(score_output(m, (double[]){0, 0}, 0) == 3.5);
	assert_true(score_output(m, (double[]){0, 1}, 0) == 7.5);
	assert_true(score_output(m, (double[]){0, NAN}, 0) == 3.5);
	assert_true(str_eq(model_fact_at(m, FACT_FRAMEWORK_VERSION),
	    STR("XGBoost 2.1.4")));
	assert_int_equal(model_find_input(m, STR("f1"), 0), 1);
	assert_int_equal(model_warnings(m), 0);
	model_close(m);
	p_start(&p);
	p_object(&p, "xgboost.core", "Booster");
	p_text(&p, "handle");
	p_bytes("{\"Config\":{},\"Model\":" XGB("reg:squarederror", STUMP)
	    "}");
	p_end();
	m = import_p();
	assert_true(score_output(m, (double[]){0, 1}, 0) == 7.5);
	model_close(m);
}

static void
missing_is_what_the_wrapper_says(void **state)
{
	struct model *m;

	(void)state;
	p_xgboost("XGBRegressor", XGB("reg:squarederror", STUMP));
	p_text(&p, "missing");
	p_float(&p, 8);
	p_end();
	m = import_p();
	assert_true(score_output(m, (double[]){0, 8}, 0) == 3.5);
	/* As floats they are the same. */
	assert_true(score_output(m, (double[]){0, 8.0000000001}, 0) == 3.5);
	assert_true(score_output(m, (double[]){0, 9}, 0) == 7.5);
	model_close(m);
	p_xgboost("XGBRegressor", XGB("reg:squarederror", STUMP));
	p_text(&p, "missing");
	p_float(&p, INFINITY);
	p_end();
	assert_refused("missing=inf is not supported");
}

static void
labels_are_the_wrappers(void **state)
{
	struct model_class label;
	struct model *m;

	(void)state;
	p_xgboost("XGBClassifier", XGB("binary:logistic", STUMP));
	p_text(&p, "classes_");
	p_doubles(&p, (double[]){3, 9}, 2);
	p_end();
	m = import_p();
	assert_int_equal(model_classes(m), 2);
	model_class_at(m, 1, &label);
	assert_true(label.number == 9);
	model_close(m);
	p_xgboost("XGBClassifier", XGB("binary:logistic", STUMP));
	p_end();
	m = import_p();
	model_class_at(m, 1, &label);
	assert_true(label.kind == CLASS_INTEGER && label.number == 1);
	model_close(m);
	p_lightgbm("LGBMClassifier", LGB("objective=binary sigmoid:1\n"), 0);
	p_text(&p, "_classes");
	p_doubles(&p, (double[]){3, 9, 11}, 3);
	p_end();
	assert_refused("has 3 labels for 2 classes");
	p_xgboost("XGBClassifier", XGB("reg:squarederror", STUMP));
	p_end();
	assert_refused("no probabilities with objective 'reg:squarederror'; "
	    "train with one that does, such as 'binary:logistic'");
	p_lightgbm("LGBMClassifier", LGB("objective=binary sigmoid:1\n"), 0);
	p_text(&p, "of_tomorrow");
	p_doubles(&p, (double[]){3}, 1);
	p_end();
	assert_refused("of_tomorrow' is not known and might change "
	    "predictions; train with LightGBM");
}

static void
iterations_beyond_the_best_do_not_count(void **state)
{
	static const double want[] = {3, 1, 3, 3};
	static const int best[] = {0, 1, 2, 99};

	(void)state;
	for (size_t i = 0; i < countof(want); i++) {
		struct model *m;

		p_lightgbm("LGBMRegressor", LGB("objective=regression\n"),
		    best[i]);
		p_end();
		m = import_p();
		assert_true(score_output(m, (double[]){0, 0}, 0) == want[i]);
		model_close(m);
	}
	p_lightgbm("LGBMRegressor", LGB("objective=regression\n"), -7);
	p_end();
	assert_refused("best_iteration is no number of iterations");
}

static void
what_is_of_the_users_own_is_refused_by_name(void **state)
{
	(void)state;
	p_lightgbm("LGBMRegressor", LGB("objective=regression\n"), 0);
	p_text(&p, "objective");
	p_global(&p, "__main__", "loss");
	p_end();
	assert_refused("a function of the user's own as objective");
	p_lightgbm("LGBMRegressor", LGB("objective=regression\n"), 0);
	p_text(&p, "predict_raw_score");
	p_bool(&p, true);
	p_end();
	assert_refused("attribute 'predict_raw_score' is not known");
	p_xgboost("XGBRegressor", "CONFIG-offset:1234");
	p_end();
	assert_refused("is an XGBoost model that is cut off, or damaged");
	p_xgboost("XGBRegressor", "{\"learner\":");
	p_end();
	assert_refused("the text ends where a value is expected");
	p_start(&p);
	p_object(&p, "xgboost.sklearn", "XGBRegressor");
	p_text(&p, "max_depth");
	p_int(&p, 3);
	p_end();
	assert_refused("expected the model of a Booster in it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(a_regressor_gives_what_its_booster_does),
	    TEST(missing_is_what_the_wrapper_says),
	    TEST(labels_are_the_wrappers),
	    TEST(iterations_beyond_the_best_do_not_count),
	    TEST(what_is_of_the_users_own_is_refused_by_name),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}
