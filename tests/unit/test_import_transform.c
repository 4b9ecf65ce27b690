/* SPDX-License-Identifier: ISC
 *
 * import/: scikit-learn's transformers. What cannot be followed is refused by
 * step and class; what contradicts itself costs little.
 */
#include "import_fixture.h"

#include <math.h>
#include <string.h>

#include "model/model.h"
#include "pickler.h"

static struct pickler p;

/* The transformer as the only thing in the file, its object left open. */
static void
p_begin(const char *module, const char *name, int32_t columns)
{
	p_start(&p);
	p_object(&p, module, name);
	p_text(&p, "n_features_in_");
	p_int(&p, columns);
	p_text(&p, "_sklearn_version");
	p_text(&p, "1.7.2");
}

static void
assert_refused(const char *sentence)
{
	p_end_object(&p);
	p_stop(&p);
	assert_refused_str((struct str){p.bytes, p.n}, sentence);
}

/* Read as far as a transformer can be: alone it is no model. */
static void
assert_read(void)
{
	assert_refused("preprocessing without an estimator");
}

static void
p_key_text(const char *key, const char *value)
{
	p_text(&p, key);
	p_text(&p, value);
}

static void
p_key_float(const char *key, double value)
{
	p_text(&p, key);
	p_float(&p, value);
}

static void
p_key_doubles(const char *key, const double *v, int32_t n)
{
	p_text(&p, key);
	p_doubles(&p, v, n);
}

static void
p_function(const char *module, const char *name)
{
	p_begin("sklearn.preprocessing._function_transformer",
	    "FunctionTransformer", 2);
	p_text(&p, "func");
	p_global(&p, module, name);
}

static void
a_function_is_known_by_its_full_name(void **state)
{
	static const char *const known[][2] = {
	    {"numpy", "log1p"}, {"numpy.core._multiarray_umath", "sqrt"},
	    {"numpy._core._multiarray_umath", "absolute"},
	    {"scipy.special._ufuncs", "expit"}, {"numpy", "nan_to_num"},
	};
	static const char *const other[][2] = {
	    {"os", "log1p"}, {"numpy", "load"}, {"numpy.random", "log"},
	    {"builtins", "eval"}, {"__main__", "prepare"},
	};

	(void)state;
	for (size_t i = 0; i < countof(known); i++) {
		p_function(known[i][0], known[i][1]);
		assert_read();
	}
	for (size_t i = 0; i < countof(other); i++) {
		p_function(other[i][0], other[i][1]);
		assert_refused("is Python code, which is never run; use one "
		    "of numpy's");
	}
}

static void
a_function_with_arguments_is_refused(void **state)
{
	(void)state;
	p_function("numpy", "log1p");
	p_text(&p, "kw_args");
	p_raw(&p, "}(", 2);
	p_key_float("where", 1);
	p_op(&p, 'u');
	assert_refused("calls its function with kw_args");
	p_function("numpy", "log1p");
	p_text(&p, "kw_args");
	p_op(&p, '}');
	assert_read();
}

static void
bins_need_edges_and_double_precision(void **state)
{
	const double one = 1;

	(void)state;
	p_begin("sklearn.preprocessing._discretization", "KBinsDiscretizer",
	    1);
	p_text(&p, "dtype");
	p_global(&p, "numpy", "float32");
	assert_refused("dtype is not supported");
	p_begin("sklearn.preprocessing._discretization", "KBinsDiscretizer",
	    1);
	p_text(&p, "bin_edges_");
	p_op(&p, ']');
	p_doubles(&p, &one, 1);
	p_op(&p, 'a');
	assert_refused("holds a column without edges");
}

static void
p_polynomial(int32_t columns, int32_t degree)
{
	p_begin("sklearn.preprocessing._polynomial", "PolynomialFeatures",
	    columns);
	p_text(&p, "degree");
	p_int(&p, degree);
}

static void
polynomials_are_bounded(void **state)
{
	(void)state;
	p_polynomial(3, 4);
	assert_read();
	p_polynomial(3, 65);
	assert_refused("degree 65, more than the 64 allowed");
	p_polynomial(3, -1);
	assert_refused("degree -1, more than the 64 allowed");
	p_polynomial(2, 64);
	assert_read();
	p_polynomial(1000, 3);
	assert_refused("needs more than");
}

static void
p_matrix(const char *key, int32_t rows, int32_t columns)
{
	static const double zeros[64];
	const int32_t dims[] = {rows, columns};

	p_text(&p, key);
	p_array(&p, "f8", dims, 2, zeros,
	    (size_t)rows * (size_t)columns * sizeof(double), "C");
}

static void
matrices_fit_the_columns(void **state)
{
	(void)state;
	p_begin("sklearn.decomposition._pca", "PCA", 3);
	p_matrix("components_", 2, 4);
	assert_refused("components_ does not fit 3 columns");
	p_begin("sklearn.decomposition._truncated_svd", "TruncatedSVD", 4);
	p_matrix("components_", 2, 4);
	assert_read();
	p_begin("sklearn.preprocessing._data", "QuantileTransformer", 3);
	p_matrix("quantiles_", 5, 2);
	assert_refused("quantiles_ does not fit 3 columns");
}

static void
quantiles_ascend(void **state)
{
	const double refs[] = {0, 0.5, 1};
	const double down[] = {2, 1, 3};
	const int32_t dims[] = {3, 1};

	(void)state;
	p_begin("sklearn.preprocessing._data", "QuantileTransformer", 1);
	p_text(&p, "quantiles_");
	p_array(&p, "f8", dims, 2, down, sizeof(down), "C");
	p_key_doubles("references_", refs, 3);
	assert_refused("point 1 of a line");
}

/* SplineTransformer over one column, its last key open for a value. */
static void
p_spline(double last_knot, const char *extrapolation)
{
	const double t[] = {0, 1, 2, last_knot}, c[] = {1, 0, 0, 1};
	const int32_t dims[] = {2, 2};

	p_begin("sklearn.preprocessing._polynomial", "SplineTransformer", 1);
	p_key_text("extrapolation", extrapolation);
	p_text(&p, "bsplines_");
	p_op(&p, ']');
	p_object(&p, "scipy.interpolate._bsplines", "BSpline");
	p_text(&p, "k");
	p_int(&p, 1);
	p_key_doubles("t", t, 4);
	p_text(&p, "c");
	p_array(&p, "f8", dims, 2, c, sizeof(c), "C");
	p_end_object(&p);
	p_op(&p, 'a');
}

static void
splines_need_knots_that_ascend(void **state)
{
	(void)state;
	p_spline(3, "constant");
	assert_read();
	p_spline(2, "constant");
	assert_refused("has knots that do not ascend");
	p_spline(3, "linear");
	assert_refused("extrapolation='linear' is not supported; known are "
	    "'constant'");
}

static void
p_filter(const char *class, const double *v)
{
	p_begin("sklearn.feature_selection._univariate_selection", class, 3);
	p_key_doubles("scores_", v, 3);
	p_key_doubles("pvalues_", v, 3);
}

static void
filters_work_out_their_choice(void **state)
{
	const double v[] = {0.2, NAN, 0.01};

	(void)state;
	p_filter("SelectKBest", v);
	p_text(&p, "k");
	p_int(&p, 2);
	assert_read();
	p_filter("SelectKBest", v);
	p_key_text("k", "some");
	assert_refused("attribute k: expected a number, got 'some'");
	p_filter("SelectPercentile", v);
	p_key_float("percentile", 101);
	assert_refused("101 is no percentile");
	p_filter("GenericUnivariateSelect", v);
	p_key_text("mode", "best");
	assert_refused("mode='best' is not supported; known are 'percentile'");
	p_begin("sklearn.feature_selection._variance_threshold",
	    "VarianceThreshold", 2);
	p_key_float("threshold", 0);
	p_key_doubles("variances_", v, 3);
	assert_refused("variances_ has 3 numbers where 2 are needed");
}

/* SelectFromModel, its estimator_ left open. */
static void
p_select_from(const char *module, const char *class)
{
	p_begin("sklearn.feature_selection._from_model", "SelectFromModel",
	    2);
	p_text(&p, "estimator_");
	p_object(&p, module, class);
}

static void
importances_come_from_the_estimator(void **state)
{
	const double coef[] = {1, -2};

	(void)state;
	p_select_from("sklearn.linear_model._base", "LinearRegression");
	p_key_doubles("coef_", coef, 2);
	p_end_object(&p);
	assert_read();
	p_select_from("sklearn.linear_model._base", "LinearRegression");
	p_key_doubles("coef_", coef, 1);
	p_end_object(&p);
	assert_refused("coefficients of its estimator do not fit 2 columns");
	p_select_from("sklearn.linear_model._base", "LinearRegression");
	p_key_doubles("coef_", coef, 2);
	p_end_object(&p);
	p_key_text("threshold", "2*most");
	assert_refused("threshold 'most' is neither mean nor median");
	p_select_from("sklearn.linear_model._base", "LinearRegression");
	p_key_doubles("coef_", coef, 2);
	p_end_object(&p);
	p_key_text("threshold", "x*mean");
	assert_refused("the threshold 'x*mean' has no number before its *");
	p_select_from("sklearn.linear_model._base", "LinearRegression");
	p_key_doubles("coef_", coef, 2);
	p_end_object(&p);
	p_key_text("importance_getter", "steps.0");
	assert_refused("importance_getter='steps.0' is not supported");
	p_select_from("sklearn.svm._classes", "SVC");
	p_key_float("C", 1);
	p_end_object(&p);
	assert_refused("selects by the importances of an object of class "
	    "sklearn.svm._classes.SVC, which the file does not hold");
}

static void
imputation_by_chance_is_refused(void **state)
{
	const double zeros[] = {0, 0};

	(void)state;
	p_begin("sklearn.impute._iterative", "IterativeImputer", 2);
	p_text(&p, "initial_imputer_");
	p_object(&p, "sklearn.impute._base", "SimpleImputer");
	p_key_doubles("statistics_", zeros, 2);
	p_end_object(&p);
	p_text(&p, "imputation_sequence_");
	p_op(&p, ']');
	p_text(&p, "sample_posterior");
	p_bool(&p, true);
	assert_refused("draws what it fills in by chance");
}

static void
what_is_not_read_names_what_is(void **state)
{
	(void)state;
	p_begin("sklearn.impute._knn", "KNNImputer", 2);
	assert_refused("sklearn.impute._knn.KNNImputer is not supported; "
	    "use one of");
	p_begin("sklearn.feature_extraction.text", "TfidfVectorizer", 1);
	assert_refused("TfidfVectorizer makes columns of texts or lists, "
	    "which is not supported; compute them before the request");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, import_forget)
	    TEST(a_function_is_known_by_its_full_name),
	    TEST(a_function_with_arguments_is_refused),
	    TEST(bins_need_edges_and_double_precision),
	    TEST(polynomials_are_bounded),
	    TEST(matrices_fit_the_columns),
	    TEST(quantiles_ascend),
	    TEST(splines_need_knots_that_ascend),
	    TEST(filters_work_out_their_choice),
	    TEST(importances_come_from_the_estimator),
	    TEST(imputation_by_chance_is_refused),
	    TEST(what_is_not_read_names_what_is),
#undef TEST
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, import_begin, import_end);
}
