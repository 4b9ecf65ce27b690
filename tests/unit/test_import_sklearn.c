/* SPDX-License-Identifier: ISC
 *
 * import/: scikit-learn's objects. What is refused here must be refused with
 * the step, the class and what to do; what is hostile must cost little.
 */
#include "import_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pickler.h"
#include "score/score.h"

static struct pickler p;

static struct model *
import_p(void)
{
	return import_str((struct str){p.bytes, p.n});
}

static void
assert_refused(const char *sentence)
{
	assert_refused_str((struct str){p.bytes, p.n}, sentence);
}

static double
score(const struct model *m, const double *cells)
{
	assert_int_equal(model_outputs(m), 1);
	return score_output(m, cells, 0);
}

/* --- LinearRegression -------------------------------------------------------- */

static void
p_common(const char *version, int32_t features)
{
	p_text(&p, "n_features_in_");
	p_int(&p, features);
	p_text(&p, "_sklearn_version");
	p_text(&p, version);
}

/* y = 2 x0 - x1 + 3, its object left open. */
static void
p_linear(const char *version)
{
	const double coef[] = {2, -1};

	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_common(version, 2);
	p_text(&p, "coef_");
	p_doubles(&p, coef, 2);
	p_text(&p, "intercept_");
	p_float(&p, 3);
}

static void
a_linear_model_scores(void **state)
{
	const double cells[] = {10, 4};
	struct model *m;

	(void)state;
	p_start(&p);
	p_linear("1.7.2");
	p_end_object(&p);
	p_stop(&p);
	m = import_p();
	assert_non_null(m);
	assert_true(score(m, cells) == 19);
	assert_int_equal(model_warnings(m), 0);
	assert_true(str_eq(model_fact_at(m, FACT_ALGORITHM),
	    STR("LinearRegression")));
	model_close(m);
}

static void
other_versions_are_read_with_a_warning(void **state)
{
	static const char *const versions[] = {"0.24.2", "1.10.0", "2.0",
	    "dev"};

	(void)state;
	for (size_t i = 0; i < countof(versions); i++) {
		struct model *m;

		p_start(&p);
		p_linear(versions[i]);
		p_end_object(&p);
		p_stop(&p);
		m = import_p();
		assert_non_null(m);
		assert_int_equal(model_warnings(m), 1);
		model_close(m);
		import_forget(NULL);
	}
}

static void
an_unknown_attribute_is_refused_by_name(void **state)
{
	(void)state;
	p_start(&p);
	p_linear("1.7.2");
	p_text(&p, "secret_sauce_");
	p_int(&p, 1);
	p_end_object(&p);
	p_stop(&p);
	assert_refused("f: LinearRegression: attribute 'secret_sauce_' is not "
	    "known and might change predictions");
}

static void
what_was_not_fitted_is_refused(void **state)
{
	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_common("1.7.2", 2);
	p_end_object(&p);
	p_stop(&p);
	assert_refused("no attribute coef_: was the model fitted?");
	p_start(&p);
	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_end_object(&p);
	p_stop(&p);
	assert_refused("no step tells the number of input columns: was the "
	    "model fitted before it was saved");
}

static void
a_number_that_is_not_finite_is_refused(void **state)
{
	const double coef[] = {1, NAN};

	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_common("1.7.2", 2);
	p_text(&p, "coef_");
	p_doubles(&p, coef, 2);
	p_text(&p, "intercept_");
	p_float(&p, 3);
	p_end_object(&p);
	p_stop(&p);
	assert_refused("attribute coef_ holds a number that is not finite");
}

static void
several_numbers_are_predicted_one_a_row_of_coefficients(void **state)
{
	const double coef[] = {1, 2, 3, 4}, cells[] = {10, 1};
	const int32_t dims[] = {2, 2};
	struct score_fault fault;
	char scratch[4096] __attribute__((aligned(64)));
	struct model *m;
	double out[2];

	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_common("1.7.2", 2);
	p_text(&p, "coef_");
	p_array(&p, "f8", dims, 2, coef, sizeof(coef), "C");
	p_text(&p, "intercept_");
	p_float(&p, 5);
	p_end_object(&p);
	p_stop(&p);
	m = import_p();
	assert_non_null(m);
	assert_int_equal(model_task(m), MODEL_REGRESSION);
	assert_int_equal(model_outputs(m), 2);
	assert_true(score_scratch_bytes(m, 1) <= sizeof(scratch));
	assert_true(score_rows(m, cells, 1, out, scratch, &fault));
	assert_true(out[0] == 17 && out[1] == 39);
	model_close(m);
}

/* HistGradientBoostingRegressor of no trees, with an attribute of value 1
 * more. */
static void
p_hist(const char *more, const char *loss)
{
	p_start(&p);
	p_object(&p, "sklearn.ensemble._hist_gradient_boosting."
	    "gradient_boosting", "HistGradientBoostingRegressor");
	p_common("1.7.2", 2);
	p_text(&p, "loss");
	p_text(&p, loss);
	p_text(&p, "_baseline_prediction");
	p_float(&p, 3);
	p_text(&p, more);
	p_int(&p, 1);
	p_end_object(&p);
	p_stop(&p);
}

static void
histogram_boosting_says_what_it_cannot_do(void **state)
{
	(void)state;
	p_hist("is_categorical_", "squared_error");
	assert_refused("f: HistGradientBoostingRegressor: attribute "
	    "is_categorical_: expected an array");
	p_hist("verbose", "pinball");
	assert_refused("loss='pinball' is not supported; known are "
	    "'poisson'");
	p_hist("_predictors", "squared_error");
	assert_refused("no list of trees in _predictors");
}

/* VotingRegressor of one linear model, 2 x0 - x1 + 3, by this weight; its
 * estimators_ hold `fitted` of them. */
static void
p_voting(double weight, int fitted)
{
	p_start(&p);
	p_object(&p, "sklearn.ensemble._voting", "VotingRegressor");
	p_text(&p, "estimators");
	p_raw(&p, "](", 2);
	p_text(&p, "a");
	p_op(&p, 'N');
	p_op(&p, 0x86);
	p_op(&p, 'e');
	p_text(&p, "estimators_");
	p_raw(&p, "](", 2);
	for (int i = 0; i < fitted; i++) {
		p_linear("1.7.2");
		p_end_object(&p);
	}
	p_op(&p, 'e');
	p_text(&p, "weights");
	p_raw(&p, "](", 2);
	p_float(&p, weight);
	p_op(&p, 'e');
	p_end_object(&p);
	p_stop(&p);
}

static void
a_vote_is_the_weighted_average(void **state)
{
	const double cells[] = {10, 4};
	struct model *m;

	(void)state;
	p_voting(0.5, 1);
	m = import_p();
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, cells) == 19);
	model_close(m);
	import_forget(NULL);
	p_voting(0, 1);
	assert_refused("VotingRegressor: the weights sum to 0");
	p_voting(1, 2);
	assert_refused("attribute estimators_ does not fit estimators");
}

/* CalibratedClassifierCV of nothing, by this method, over n classes. */
static void
p_calibrated(const char *method, int32_t n)
{
	const double classes[] = {0, 1, 2};

	p_start(&p);
	p_object(&p, "sklearn.calibration", "CalibratedClassifierCV");
	p_common("1.7.2", 2);
	p_text(&p, "method");
	p_text(&p, method);
	p_text(&p, "classes_");
	p_doubles(&p, classes, n);
	p_end_object(&p);
	p_stop(&p);
}

static void
a_margin_alone_decides_without_probabilities(void **state)
{
	const double coef[] = {2, -1}, classes[] = {0, 1};
	struct model *m;

	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.svm._classes", "LinearSVC");
	p_common("1.7.2", 2);
	p_text(&p, "coef_");
	p_doubles(&p, coef, 2);
	p_text(&p, "intercept_");
	p_float(&p, 3);
	p_text(&p, "classes_");
	p_doubles(&p, classes, 2);
	p_end_object(&p);
	p_stop(&p);
	m = import_p();
	assert_non_null(m);
	assert_int_equal(model_classes(m), 2);
	assert_false(model_has_probabilities(m));
	model_close(m);
	p_calibrated("platt", 2);
	assert_refused("method='platt' is not supported; known are "
	    "'sigmoid', 'isotonic', 'temperature'");
	p_calibrated("sigmoid", 2);
	assert_refused("no list of calibrated_classifiers_");
}

/* --- steps --------------------------------------------------------------------- */

/* Pipeline with its list of steps, which is memo 0, left open. */
static void
p_pipeline(void)
{
	p_object(&p, "sklearn.pipeline", "Pipeline");
	p_text(&p, "steps");
	p_raw(&p, "]q\x00(", 4);
}

static void
p_end_pipeline(void)
{
	p_op(&p, 'e');
	p_end_object(&p);
}

static void
classes_that_are_not_known_are_refused_by_step(void **state)
{
	(void)state;
	p_start(&p);
	p_pipeline();
	p_text(&p, "model");
	p_object(&p, "sklearn.svm._classes", "OtherSVC");
	p_end_object(&p);
	p_op(&p, 0x86);
	p_end_pipeline();
	p_stop(&p);
	assert_refused("step model: sklearn.svm._classes.OtherSVC is not "
	    "supported");
	p_start(&p);
	p_pipeline();
	p_text(&p, "model");
	p_object(&p, "sklearn.svm._classes", "OtherSVC");
	p_common("1.7.2", 1);
	p_end_object(&p);
	p_op(&p, 0x86);
	p_end_pipeline();
	p_stop(&p);
	assert_refused("f: step model: sklearn.svm._classes.OtherSVC is not "
	    "supported; use one of LinearSVC");
	p_start(&p);
	p_object(&p, "sklearn.decomposition._nmf", "NMF");
	p_end_object(&p);
	p_stop(&p);
	assert_refused("f: the model: sklearn.decomposition._nmf.NMF is not "
	    "supported; use one of StandardScaler");
	p_start(&p);
	p_pipeline();
	p_text(&p, "mine");
	p_object(&p, "my.module", "Magic");
	p_common("1.7.2", 1);
	p_end_object(&p);
	p_op(&p, 0x86);
	p_end_pipeline();
	p_stop(&p);
	assert_refused("f: step mine: my.module.Magic is no class of "
	    "scikit-learn, and nothing in a file is ever run");
	p_start(&p);
	p_pipeline();
	p_text(&p, "clean"); /* first, and without a number of columns */
	p_object(&p, "__main__", "Cleaner");
	p_end_object(&p);
	p_op(&p, 0x86);
	p_text(&p, "model");
	p_linear("1.7.2");
	p_end_object(&p);
	p_op(&p, 0x86);
	p_end_pipeline();
	p_stop(&p);
	assert_refused("f: step clean: __main__.Cleaner is no class of "
	    "scikit-learn, and nothing in a file is ever run");
}

static void
data_in_the_place_of_a_model_is_told(void **state)
{
	(void)state;
	p_start(&p);
	p_object(&p, "pandas.core.frame", "DataFrame");
	p_end_object(&p);
	p_stop(&p);
	assert_refused("f: the model: pandas.core.frame.DataFrame holds data, "
	    "not a model: save the fitted pipeline");
	p_start(&p);
	p_op(&p, '}');
	p_stop(&p);
	assert_refused("expected a scikit-learn estimator, got a dict: save "
	    "the fitted pipeline alone");
}

/* y = not x, from one column with these two bytes, or numbers, as its
 * categories. */
static void
p_encoded(const char *code, const void *categories, size_t n)
{
	const double coef[] = {1, 0};
	const int32_t two = 2;

	p_start(&p);
	p_pipeline();
	p_text(&p, "hot");
	p_object(&p, "sklearn.preprocessing._encoders", "OneHotEncoder");
	p_common("1.7.2", 1);
	p_text(&p, "categories_");
	p_raw(&p, "](", 2);
	p_array(&p, code, &two, 1, categories, n, "C");
	p_op(&p, 'e');
	p_end_object(&p);
	p_op(&p, 0x86);
	p_text(&p, "line");
	p_object(&p, "sklearn.linear_model._base", "LinearRegression");
	p_common("1.7.2", 2);
	p_text(&p, "coef_");
	p_doubles(&p, coef, 2);
	p_text(&p, "intercept_");
	p_float(&p, 0);
	p_end_object(&p);
	p_op(&p, 0x86);
	p_end_pipeline();
	p_stop(&p);
}

static void
categories_that_are_booleans_let_clients_send_them(void **state)
{
	static const double zero, one = 1, numbers[] = {0, 1};
	struct model_field f;
	struct model *m;

	(void)state;
	p_encoded("b1", "\0\1", 2);
	m = import_p();
	assert_non_null(m);
	model_field(m, 0, &f);
	assert_true(f.kind == MODEL_NUMBER && f.booleans);
	assert_true(score(m, &zero) == 1 && score(m, &one) == 0);
	model_close(m);
	import_forget(NULL);
	p_encoded("f8", numbers, sizeof(numbers));
	m = import_p();
	assert_non_null(m);
	model_field(m, 0, &f);
	assert_false(f.booleans);
	model_close(m);
}

static void
an_estimator_must_come_last_and_must_come(void **state)
{
	(void)state;
	p_start(&p);
	p_pipeline();
	for (int i = 0; i < 2; i++) {
		p_text(&p, i == 0 ? "one" : "two");
		p_linear("1.7.2");
		p_end_object(&p);
		p_op(&p, 0x86);
	}
	p_end_pipeline();
	p_stop(&p);
	assert_refused("step two comes behind an estimator");
	p_start(&p);
	p_object(&p, "sklearn.preprocessing._function_transformer",
	    "FunctionTransformer");
	p_common("1.7.2", 2);
	p_end_object(&p);
	p_stop(&p);
	assert_refused("preprocessing without an estimator");
}

static void
a_function_of_the_target_is_known_by_name(void **state)
{
	static const char *const names[] = {"expm1", "sinh"};
	const double cells[] = {1, 4};
	struct model *m;

	(void)state;
	for (int i = 0; i < 2; i++) {
		p_start(&p);
		p_object(&p, "sklearn.compose._target",
		    "TransformedTargetRegressor");
		p_text(&p, "regressor_");
		p_linear("1.7.2");
		p_end_object(&p);
		p_text(&p, "transformer_");
		p_object(&p, "sklearn.preprocessing._function_transformer",
		    "FunctionTransformer");
		p_text(&p, "inverse_func");
		p_global(&p, "numpy", names[i]);
		p_end_object(&p);
		p_end_object(&p);
		p_stop(&p);
		if (i == 1)
			break;
		m = import_p();
		if (m == NULL)
			fail_msg("%s", message);
		assert_true(fabs(score(m, cells) - expm1(1)) < 1e-15);
		model_close(m);
		import_forget(NULL);
	}
	assert_refused("step transformer_ (FunctionTransformer): the function "
	    "numpy.sinh is Python code");
}

static void
a_function_is_not_run(void **state)
{
	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.preprocessing._function_transformer",
	    "FunctionTransformer");
	p_common("1.7.2", 2);
	p_text(&p, "func");
	p_global(&p, "__main__", "log1p");
	p_end_object(&p);
	p_stop(&p);
	assert_refused("the function __main__.log1p is Python code");
}

static void
a_pipeline_inside_itself_is_refused(void **state)
{
	(void)state;
	p_start(&p);
	p_global(&p, "sklearn.pipeline", "Pipeline");
	p_raw(&p, ")\x81q\x01}(", 6);
	p_text(&p, "steps");
	p_raw(&p, "](", 2);
	p_text(&p, "again");
	p_raw(&p, "h\x01\x86" "e", 4);
	p_end_object(&p);
	p_stop(&p);
	assert_null(import_p());
	assert_non_null(strstr(message, "f: "));
}

static void
objects_that_share_cannot_ask_for_endless_work(void **state)
{
	(void)state;
	/* Ten unions, each of a hundred times the one before: 10^20 steps in
	 * a few kilobytes. */
	p_start(&p);
	p_object(&p, "sklearn.preprocessing._function_transformer",
	    "FunctionTransformer");
	p_common("1.7.2", 1);
	p_end_object(&p);
	p_raw(&p, "q\x00", 2);
	for (char level = 1; level <= 10; level++) {
		p_object(&p, "sklearn.pipeline", "FeatureUnion");
		p_text(&p, "transformer_list");
		p_raw(&p, "](", 2);
		for (int i = 0; i < 100; i++) {
			p_text(&p, "t");
			p_op(&p, 'h');
			p_op(&p, level - 1);
			p_op(&p, 0x86);
		}
		p_op(&p, 'e');
		p_end_object(&p);
		p_op(&p, 'q');
		p_op(&p, level);
	}
	p_stop(&p);
	assert_refused("allowed");
}

/* --- trees ---------------------------------------------------------------------- */

struct tree_node {
	int64_t left, right, feature;
	double threshold;
	uint8_t missing_left, unused[7]; /* all of it is written */
};

/* The record dtype of nodes, with an extra field if there is one. */
static void
p_node_dtype(const char *extra)
{
	static const struct {
		const char *name, *code;
		size_t at;
	} fields[] = {
	    {"left_child", "i8", offsetof(struct tree_node, left)},
	    {"right_child", "i8", offsetof(struct tree_node, right)},
	    {"feature", "i8", offsetof(struct tree_node, feature)},
	    {"threshold", "f8", offsetof(struct tree_node, threshold)},
	    {"missing_go_to_left", "u1",
		offsetof(struct tree_node, missing_left)},
	};

	p_global(&p, "numpy", "dtype");
	p_text(&p, "V40");
	p_raw(&p, "\x89\x88\x87R(K\x03", 7);
	p_text(&p, "|");
	p_raw(&p, "N(", 2);
	for (size_t i = 0; i < countof(fields); i++)
		p_text(&p, fields[i].name);
	if (extra != NULL)
		p_text(&p, extra);
	p_raw(&p, "t}(", 3);
	for (size_t i = 0; i < countof(fields); i++) {
		p_text(&p, fields[i].name);
		p_dtype(&p, fields[i].code);
		p_int(&p, (int32_t)fields[i].at);
		p_op(&p, 0x86);
	}
	p_raw(&p, "u", 1);
	p_int(&p, sizeof(struct tree_node));
	p_raw(&p, "K\x08K\x10tb", 6);
}

/* A DecisionTreeRegressor of two columns; leaves hold 0, 1, 2 ... */
static void
p_tree(const struct tree_node *nodes, int32_t n, const char *extra)
{
	const int32_t dims[] = {n, 1, 1};
	double values[8];

	for (int i = 0; i < n; i++)
		values[i] = i;
	p_start(&p);
	p_object(&p, "sklearn.tree._classes", "DecisionTreeRegressor");
	p_common("1.7.2", 2);
	p_text(&p, "criterion");
	p_text(&p, "squared_error");
	p_text(&p, "splitter");
	p_text(&p, "best");
	p_text(&p, "tree_");
	p_global(&p, "sklearn.tree._tree", "Tree");
	p_raw(&p, "(K\x02NK\x01tR}(", 10);
	p_text(&p, "node_count");
	p_int(&p, n);
	p_text(&p, "nodes");
	p_global(&p, "numpy._core.numeric", "_frombuffer");
	p_raw(&p, "(B", 2);
	p_u32(&p, (uint32_t)n * (uint32_t)sizeof(*nodes));
	p_raw(&p, nodes, (size_t)n * sizeof(*nodes));
	p_node_dtype(extra);
	p_op(&p, '(');
	p_int(&p, n);
	p_op(&p, 't');
	p_text(&p, "C");
	p_raw(&p, "tR", 2);
	p_text(&p, "values");
	p_array(&p, "f8", dims, 3, values, (size_t)n * sizeof(*values), "C");
	p_raw(&p, "ub", 2);
	p_end_object(&p);
	p_stop(&p);
}

static void
a_tree_sends_rows_where_training_said(void **state)
{
	/* The root: x1 <= 0.5, missing to the left; then "all but missing go
	 * left", which scikit-learn says by an infinite threshold. */
	const struct tree_node nodes[] = {
	    {1, 2, 1, 0.5, 1},
	    {-1, -1, -2, -2, 0},
	    {3, 4, 0, INFINITY, 0},
	    {-1, -1, -2, -2, 0},
	    {-1, -1, -2, -2, 0},
	};
	const double left[] = {9, 0.5}, missing[] = {9, NAN};
	const double right[] = {1e38, 0.6}, right_missing[] = {NAN, 7};
	struct model *m;

	(void)state;
	p_tree(nodes, 5, NULL);
	m = import_p();
	if (m == NULL)
		fail_msg("%s", message);
	assert_true(score(m, left) == 1);
	assert_true(score(m, missing) == 1);
	assert_true(score(m, right) == 3);
	assert_true(score(m, right_missing) == 4);
	model_close(m);
}

static void
trees_that_lead_astray_are_refused(void **state)
{
	static const struct {
		struct tree_node root;
		const char *sentence;
	} cases[] = {
	    {{1, 9, 0, 0, 0}, "node 0 of the tree has a right_child out of"},
	    {{-7, 2, 0, 0, 0}, "node 0 of the tree has a left_child out of"},
	    {{1, 2, 5, 0, 0}, "node 0 of the tree has a feature out of"},
	    {{1, 2, -2, 0, 0}, "splits on no feature"},
	    {{0, 2, 0, 0, 0}, "DecisionTreeRegressor: "}, /* to itself */
	    {{1, 2, 0, NAN, 0}, "threshold that is not finite"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		struct tree_node nodes[] = {
		    cases[i].root,
		    {-1, -1, -2, -2, 0},
		    {-1, -1, -2, -2, 0},
		};

		p_tree(nodes, 3, NULL);
		assert_refused(cases[i].sentence);
		import_forget(NULL);
	}
}

static void
a_node_field_that_is_not_known_is_refused(void **state)
{
	const struct tree_node leaf = {-1, -1, -2, -2, 0};

	(void)state;
	p_tree(&leaf, 1, "split_kind");
	assert_refused("a field 'split_kind' that is not known; train with "
	    "scikit-learn 1.0 to 1.9");
}

/* --- files ---------------------------------------------------------------------- */

static void
other_formats_are_refused_by_name(void **state)
{
	static const struct {
		struct str bytes;
		const char *sentence;
	} cases[] = {
	    {{"\x89LSM\r\n\x1a\n........", 16}, "is compiled already"},
	    {{"\x08\x08\x12\x07skl2onnx", 12}, "ONNX model"},
	    {{"binf....", 8}, "is an XGBoost model that is cut off"},
	    {{"PK\x03\x04....", 8}, "zip archive"},
	    {{"\x28\xb5\x2f\xfd", 4}, "compressed with zstd"},
	    {{"\x89HDF\r\n\x1a\n....", 12}, "Keras writes: export the model as "
	     "ONNX"},
	    {{"\x1c\0\0\0TFL3....", 12}, "is a TensorFlow Lite model"},
	    {{"\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.\x80\x02.", 18},
	     "is a PyTorch file: export the model with torch.onnx.export"},
	    {{"PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0"
	     "archive/", 38}, "the zip archive"},
	    {{"PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0a\0\0\0"
	     "m/data.pkl", 40}, "is a PyTorch file"},
	    {{"PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b\0\0\0"
	     "m/data.pkl", 40}, "the zip archive is damaged"}, /* cut */
	    {{"PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0d\0\0\0"
	     "metadata.json", 43}, "is a Keras model"},
	    {{"\x93NUMPY\1\0", 8}, "is an array of NumPy: data"},
	    {{"PAR1....PAR1", 12}, "is a Parquet table: data"},
	    {{"X\n\0\0\0\3....", 10}, "save an XGBoost model with xgb.save"},
	    {{"version https://git-lfs.github.com/spec/v1\n", 42},
	     "fetch the file with `git lfs pull`"},
	    {{"<?xml version=\"1.0\"?>\n<PMML version=\"4.4\">", 42},
	     "is PMML, which is not read"},
	    {{"\xef\xbb\xbf <PMML>", 10}, "is PMML, which is not read"},
	    {{"\n<!DOCTYPE html>", 16}, "is a web page"},
	    {{"<", 1}, "this is not a model that can be read"},
	    {{"", 0}, "the file is empty"},
	    {{"hello", 5}, "f: this is not a model that can be read: "
	     "give a scikit-learn model saved with joblib.dump, pickle.dump or "
	     "skops.io.dump"},
	};

	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		assert_null(import_str(cases[i].bytes));
		assert_memory_equal(message, "f: ", 3);
		if (strstr(message, cases[i].sentence) == NULL)
			fail_msg("got \"%s\", want \"%s\"", message,
			    cases[i].sentence);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(a_linear_model_scores),
	    TEST(other_versions_are_read_with_a_warning),
	    TEST(an_unknown_attribute_is_refused_by_name),
	    TEST(what_was_not_fitted_is_refused),
	    TEST(a_number_that_is_not_finite_is_refused),
	    TEST(several_numbers_are_predicted_one_a_row_of_coefficients),
	    TEST(histogram_boosting_says_what_it_cannot_do),
	    TEST(a_vote_is_the_weighted_average),
	    TEST(a_margin_alone_decides_without_probabilities),
	    TEST(classes_that_are_not_known_are_refused_by_step),
	    TEST(data_in_the_place_of_a_model_is_told),
	    TEST(categories_that_are_booleans_let_clients_send_them),
	    TEST(an_estimator_must_come_last_and_must_come),
	    TEST(a_function_of_the_target_is_known_by_name),
	    TEST(a_function_is_not_run),
	    TEST(a_pipeline_inside_itself_is_refused),
	    TEST(objects_that_share_cannot_ask_for_endless_work),
	    TEST(a_tree_sends_rows_where_training_said),
	    TEST(trees_that_lead_astray_are_refused),
	    TEST(a_node_field_that_is_not_known_is_refused),
	    TEST(other_formats_are_refused_by_name),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}
