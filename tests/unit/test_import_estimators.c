/* SPDX-License-Identifier: ISC
 *
 * import/: estimators of estimators. What does not fit together is refused
 * with the step and what is wrong.
 */
#include "pickled.h"

#include <stdlib.h>

#include "score/score.h"

static void
begin_stack(const char *method)
{
	begin("sklearn.ensemble._stacking", "StackingRegressor");
	list_begin("estimators_");
	put_regression(2);
	list_end();
	list_begin("stack_method_");
	p_text(&p, method);
	list_end();
}

static void
a_stack_asks_what_its_estimators_answer(void **state)
{
	(void)state;
	begin_stack("transform");
	assert_refused("StackingRegressor: attribute stack_method_ names a "
	    "method that is not known");
	begin_stack("decision_function");
	assert_refused("an estimator does not answer to decision_function");
	begin_stack("predict");
	p_text(&p, "final_estimator_");
	put_regression(2);
	assert_refused("step final_estimator_ (LinearRegression): was fitted "
	    "on 2 columns but gets 1");
	begin("sklearn.ensemble._stacking", "StackingRegressor");
	assert_refused("no list of estimators_");
}

static void
begin_chain(const double *order, int32_t n)
{
	begin("sklearn.multioutput", "RegressorChain");
	list_begin("estimators_");
	put_regression(2);
	put_regression(3);
	list_end();
	numbers("order_", order, n);
}

static void
a_chain_hands_its_numbers_on(void **state)
{
	static const double twice[] = {1, 1}, beyond[] = {0, 2};
	static const double order[] = {1, 0}, cells[] = {5, 4};
	char scratch[4096] __attribute__((aligned(64)));
	struct score_fault fault;
	struct model *m;
	double out[2];

	(void)state;
	begin_chain(twice, 2);
	assert_refused("attribute order_ is no order of the estimators");
	begin_chain(beyond, 2);
	assert_refused("attribute order_ is no order of the estimators");
	begin_chain(order, 1);
	assert_refused("attribute order_ is no order of the estimators");
	begin_chain(order, 2);
	p_end_object(&p);
	p_op(&p, '.');
	m = import_p();
	assert_non_null(m);
	assert_true(score_scratch_bytes(m, 1) <= sizeof(scratch));
	assert_true(score_rows(m, cells, 1, out, scratch, &fault));
	assert_true(out[1] == 9 && out[0] == 99);
	model_close(m);
	arena_reset(&mem, 1 << 16);
}

static void
begin_labels(const char *name, const char *method)
{
	static const double order[] = {0, 1};

	begin("sklearn.multioutput", name);
	numbers("order_", order, 2);
	if (method != NULL)
		word("chain_method_", method);
	list_begin("estimators_");
	put_svc();
}

static void
each_target_has_a_classifier(void **state)
{
	(void)state;
	begin_labels("MultiOutputClassifier", NULL);
	list_end();
	assert_refused("order_"); /* which a chain has */
	begin("sklearn.multioutput", "MultiOutputClassifier");
	list_begin("estimators_");
	put_svc();
	put_regression(2);
	list_end();
	assert_refused("an estimator does not predict one label");
	begin("sklearn.multioutput", "MultiOutputClassifier");
	list_begin("estimators_");
	list_end();
	assert_refused("no list of estimators_");
	begin_labels("ClassifierChain", "predict_proba");
	put_svc();
	list_end();
	assert_refused("an estimator has no predict_proba of two classes");
	begin_labels("ClassifierChain", "transform");
	put_svc();
	list_end();
	assert_refused("chain_method_");
	begin("sklearn.multioutput", "ClassifierChain");
	list_begin("order_");
	p_float(&p, 0);
	list_end();
	list_begin("estimators_");
	put_regression(2);
	list_end();
	assert_refused("an estimator does not predict one label");
}

static void
boosted_numbers_have_a_weight_each(void **state)
{
	static const double weights[] = {1, 2};

	(void)state;
	begin("sklearn.ensemble._weight_boosting", "AdaBoostRegressor");
	numbers("estimator_weights_", weights, 1);
	list_begin("estimators_");
	put_regression(2);
	put_regression(2);
	list_end();
	assert_refused("estimator_weights_ has fewer numbers than there are "
	    "estimators");
	begin("sklearn.ensemble._weight_boosting", "AdaBoostRegressor");
	numbers("estimator_weights_", weights, 2);
	list_begin("estimators_");
	put_svc();
	put_regression(2);
	list_end();
	assert_refused("an estimator does not predict one number");
}

static void
begin_calibrated(const char *calibrator, const char *method)
{
	static const double classes[] = {0, 1};

	begin("sklearn.calibration", "CalibratedClassifierCV");
	word("method", method);
	numbers("classes_", classes, 2);
	list_begin("calibrated_classifiers_");
	p_object(&p, "sklearn.calibration", "_CalibratedClassifier");
	p_text(&p, "estimator");
	put_svc();
	list_begin("calibrators");
	p_object(&p, "sklearn.isotonic", calibrator);
}

static void
end_calibrated(void)
{
	p_end_object(&p);
	list_end();
	p_end_object(&p);
	list_end();
}

static void
a_calibrator_must_be_one(void **state)
{
	static const double up[] = {0, 1, 2}, back[] = {0, 2, 1};

	(void)state;
	begin_calibrated("IsotonicRegression", "isotonic");
	word("out_of_bounds", "nan");
	end_calibrated();
	assert_refused("is supported with out_of_bounds='clip' only");
	begin_calibrated("IsotonicRegression", "isotonic");
	word("out_of_bounds", "clip");
	numbers("X_thresholds_", back, 3);
	numbers("y_thresholds_", up, 3);
	end_calibrated();
	assert_refused("point 2 of a line is not finite or before");
	begin_calibrated("IsotonicRegression", "isotonic");
	word("out_of_bounds", "clip");
	numbers("X_thresholds_", up, 3);
	numbers("y_thresholds_", up, 2);
	end_calibrated();
	assert_refused("y_thresholds_ has 2 numbers where 3 are needed");
	begin_calibrated("IsotonicRegression", "temperature");
	end_calibrated();
	assert_refused("no attribute beta_");
}

static void
begin_threshold(double threshold, double label)
{
	begin("sklearn.model_selection._classification_threshold",
	    "FixedThresholdClassifier");
	p_text(&p, "estimator_");
	put_svc();
	number("threshold", threshold);
	number("pos_label", label);
}

static void
a_threshold_is_on_what_there_is(void **state)
{
	(void)state;
	begin_threshold(0.5, 7);
	assert_refused("its positive label is none of the classes");
	begin_threshold(0.5, 1);
	word("response_method", "predict_proba");
	assert_refused("the estimator inside does not answer to "
	    "predict_proba");
	begin("sklearn.model_selection._classification_threshold",
	    "FixedThresholdClassifier");
	p_text(&p, "estimator_");
	put_regression(2);
	word("threshold", "auto");
	assert_refused("does not tell two classes apart");
}

static void
an_isolation_forest_needs_rows(void **state)
{
	(void)state;
	begin("sklearn.ensemble._iforest", "IsolationForest");
	number("offset_", -0.5);
	number("max_samples_", 1);
	assert_refused("IsolationForest: was trained on 1 rows a tree");
	begin("sklearn.ensemble._iforest", "IsolationForest");
	number("offset_", -0.5);
	number("max_samples_", 2);
	assert_refused("no list of trees in estimators_");
}

static void
begin_one_vs_rest(const char *kind)
{
	static const double classes[] = {0, 1, 2};

	begin("sklearn.multiclass", "OneVsRestClassifier");
	p_text(&p, "label_binarizer_");
	p_object(&p, "sklearn.preprocessing._label", "LabelBinarizer");
	word("y_type_", kind);
	numbers("classes_", classes, 3);
	p_end_object(&p);
	list_begin("estimators_");
	put_svc();
	put_svc();
	list_end();
}

static void
each_class_has_its_estimator(void **state)
{
	static const double classes[] = {0, 1, 2};

	(void)state;
	begin_one_vs_rest("multilabel-sequences");
	assert_refused("predicts several labels, which is not supported");
	begin_one_vs_rest("multiclass");
	assert_refused("has 2 estimators for 3 classes");
	begin("sklearn.multiclass", "OneVsOneClassifier");
	numbers("classes_", classes, 3);
	list_begin("estimators_");
	put_svc();
	put_svc();
	list_end();
	assert_refused("has 2 estimators for 3 classes");
}

static void
what_holds_itself_ends(void **state)
{
	(void)state;
	/* FrozenEstimator inside of itself, as memo 1. */
	p_start(&p);
	p_global(&p, "sklearn.frozen._frozen", "FrozenEstimator");
	p_raw(&p, ")\x81q\x01}(", 6);
	number("n_features_in_", 2);
	p_text(&p, "estimator");
	p_raw(&p, "h\x01", 2);
	assert_refused("steps nested deeper than");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stack_asks_what_its_estimators_answer),
	    cmocka_unit_test(a_chain_hands_its_numbers_on),
	    cmocka_unit_test(each_target_has_a_classifier),
	    cmocka_unit_test(boosted_numbers_have_a_weight_each),
	    cmocka_unit_test(a_calibrator_must_be_one),
	    cmocka_unit_test(a_threshold_is_on_what_there_is),
	    cmocka_unit_test(an_isolation_forest_needs_rows),
	    cmocka_unit_test(each_class_has_its_estimator),
	    cmocka_unit_test(what_holds_itself_ends),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (!arena_init(&mem, (size_t)48 << 20, &err))
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
