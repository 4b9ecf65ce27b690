/* SPDX-License-Identifier: ISC
 *
 * import/: clusters, kernels, outliers, codes and categories. What does not
 * fit together is refused with the step and what is wrong.
 */
#include "pickled.h"

static const double six[] = {1, 2, 3, 4, 5, 6};

static void
centres_have_the_columns_of_the_row(void **state)
{
	(void)state;
	begin("sklearn.cluster._kmeans", "KMeans");
	matrix("cluster_centers_", six, 2, 3);
	assert_refused("KMeans: attribute cluster_centers_ does not fit 2 "
	    "columns");
	begin("sklearn.cluster._kmeans", "KMeans");
	assert_refused("no attribute cluster_centers_");
}

static void
a_mixture_has_weight_and_precision(void **state)
{
	static const double none[] = {0, 1, 0, 1}, half[] = {0.5, 0.5};

	(void)state;
	begin("sklearn.mixture._gaussian_mixture", "GaussianMixture");
	word("covariance_type", "diag");
	numbers("weights_", none, 2);
	matrix("means_", six, 2, 2);
	matrix("precisions_cholesky_", six, 2, 2);
	assert_refused("has a component that has no weight or no precision");
	begin("sklearn.mixture._gaussian_mixture", "GaussianMixture");
	word("covariance_type", "diag");
	numbers("weights_", half, 2);
	matrix("means_", six, 2, 2);
	matrix("precisions_cholesky_", none, 2, 2);
	assert_refused("has a component that has no weight or no precision");
	begin("sklearn.mixture._gaussian_mixture", "GaussianMixture");
	numbers("weights_", half, 2);
	matrix("means_", six, 2, 2);
	matrix("precisions_cholesky_", six, 2, 2);
	assert_refused("attribute precisions_cholesky_ has 4 numbers where 8 "
	    "are needed");
	begin("sklearn.mixture._gaussian_mixture", "GaussianMixture");
	numbers("weights_", half, 1);
	matrix("means_", six, 1, 2);
	word("covariance_type", "spherical");
	numbers("precisions_cholesky_", six, 1);
	assert_refused("has one component alone");
}

static void
a_kernel_is_one_that_is_known(void **state)
{
	(void)state;
	begin("sklearn.kernel_ridge", "KernelRidge");
	word("kernel", "laplacian");
	assert_refused("kernel='laplacian' is not supported; known are");
	begin("sklearn.kernel_ridge", "KernelRidge");
	word("kernel", "rbf");
	matrix("X_fit_", six, 2, 3);
	assert_refused("attribute X_fit_ does not fit 2 columns");
	begin("sklearn.kernel_ridge", "KernelRidge");
	word("kernel", "rbf");
	matrix("X_fit_", six, 3, 2);
	numbers("dual_coef_", six, 2);
	assert_refused("attribute dual_coef_ has 2 numbers where 3 are "
	    "needed");
	begin("sklearn.kernel_approximation", "RBFSampler");
	matrix("random_weights_", six, 3, 2);
	assert_refused("attribute random_weights_ does not fit 2 columns");
}

static void
an_envelope_needs_its_precision(void **state)
{
	(void)state;
	begin("sklearn.covariance._elliptic_envelope", "EllipticEnvelope");
	numbers("location_", six, 2);
	number("offset_", -3);
	assert_refused("train with store_precision=True");
	begin("sklearn.linear_model._stochastic_gradient", "SGDOneClassSVM");
	numbers("coef_", six, 3);
	assert_refused("attribute coef_ has 3 numbers where 2 are needed");
}

static void
partial_squares_of_old_are_not_read(void **state)
{
	(void)state;
	p_start(&p);
	p_object(&p, "sklearn.cross_decomposition._pls", "PLSRegression");
	number("n_features_in_", 2);
	word("_sklearn_version", "1.2.2");
	assert_refused("is read of scikit-learn 1.3 and newer");
}

static void
each_class_has_a_code(void **state)
{
	static const double classes[] = {0, 1, 2};

	(void)state;
	begin("sklearn.multiclass", "OutputCodeClassifier");
	numbers("classes_", classes, 3);
	matrix("code_book_", six, 3, 2);
	list_begin("estimators_");
	put_svc();
	list_end();
	assert_refused("attribute code_book_ has 6 numbers where 3 are "
	    "needed");
}

static void
a_dummy_has_shares_of_each_target(void **state)
{
	static const double classes[] = {0, 1};

	(void)state;
	begin("sklearn.dummy", "DummyClassifier");
	number("n_outputs_", 2);
	list_begin("classes_");
	p_doubles(&p, classes, 2);
	p_doubles(&p, classes, 2);
	list_end();
	list_begin("class_prior_");
	p_doubles(&p, classes, 2);
	p_doubles(&p, classes, 1);
	list_end();
	assert_refused("has 2 classes and 1 shares of them");
	begin("sklearn.dummy", "DummyClassifier");
	number("n_outputs_", 2);
	word("strategy", "constant");
	list_begin("classes_");
	p_doubles(&p, classes, 2);
	p_doubles(&p, classes, 2);
	list_end();
	list_begin("class_prior_");
	p_doubles(&p, classes, 2);
	p_doubles(&p, classes, 2);
	list_end();
	list_begin("constant");
	p_float(&p, 1);
	p_float(&p, 7);
	list_end();
	assert_refused("its constant is none of the classes");
}

static void
what_nothing_counted_is_no_category(void **state)
{
	static const double classes[] = {0, 1};

	(void)state;
	begin("sklearn.naive_bayes", "CategoricalNB");
	numbers("classes_", classes, 2);
	numbers("class_log_prior_", classes, 2);
	list_begin("feature_log_prob_");
	p_doubles(&p, six, 2);
	p_doubles(&p, six, 2);
	list_end();
	assert_refused("attribute feature_log_prob_ is of another form");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(centres_have_the_columns_of_the_row),
	    cmocka_unit_test(a_mixture_has_weight_and_precision),
	    cmocka_unit_test(a_kernel_is_one_that_is_known),
	    cmocka_unit_test(an_envelope_needs_its_precision),
	    cmocka_unit_test(partial_squares_of_old_are_not_read),
	    cmocka_unit_test(each_class_has_a_code),
	    cmocka_unit_test(a_dummy_has_shares_of_each_target),
	    cmocka_unit_test(what_nothing_counted_is_no_category),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!arena_init(&mem, (size_t)48 << 20, &err))
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
