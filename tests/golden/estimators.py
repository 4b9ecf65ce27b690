#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the models of tests/golden/estimators: one small model of each
estimator, with its library's own answers.

    estimators.py DIRECTORY [NAME...]

Lines for cases.list go to stdout. What the installed scikit-learn does not
have is left out.
"""
import importlib
import inspect
import json
import pathlib
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import sklearn

from differential import answers

ROWS, TEST = 240, 40


def get(path):
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module("sklearn." + module), name)


def make(path, *first, **parameters):
    """The estimator, with those of the parameters that it has."""
    cls = get(path)
    names = inspect.signature(cls).parameters
    return cls(*first, **{k: v for k, v in parameters.items() if k in names})


def linear(name, **parameters):
    return make("linear_model." + name, **parameters)


def tree(depth=3):
    return make("tree.DecisionTreeClassifier", max_depth=depth,
                random_state=1)


def svc():
    return make("svm.LinearSVC", max_iter=100, random_state=1)


def calibrated(inside, **parameters):
    return make("calibration.CalibratedClassifierCV", inside, cv=2,
                **parameters)


def voters():
    return [("ridge", linear("RidgeClassifier", solver="svd")),
            ("tree", tree()), ("none", "drop"),
            ("bayes", get("naive_bayes.GaussianNB")())]


def hist(name, **parameters):
    return make("ensemble.HistGradientBoosting" + name, max_iter=4,
                min_samples_leaf=5, max_leaf_nodes=6, random_state=1,
                categorical_features=[1], **parameters)


def threshold(inside, **parameters):
    return make("model_selection.FixedThresholdClassifier", inside,
                **parameters)


def mixture(kind):
    return make("mixture.GaussianMixture", n_components=3, random_state=1,
                covariance_type=kind)


class Few:
    """Of the first rows alone, which are what the file holds."""

    def __init__(self, model):
        self.model = model

    def fit(self, x, y):
        return self.model.fit(x[:30], y[:30])


def few(path, **parameters):
    return Few(make(path, **parameters))


def halving(name):
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
    return make("model_selection." + name, linear("LogisticRegression"),
                {"C": [0.1, 1, 10]}, cv=3, random_state=1)


# name, target, how
CASES = [
    ("ridge_classifier", "2", lambda: linear("RidgeClassifier",
                                             solver="svd")),
    ("ridge_classifier_cv", "3", lambda: linear("RidgeClassifierCV")),
    ("linear_svc", "3", svc),
    ("sgd_hinge", "2", lambda: linear("SGDClassifier", random_state=1)),
    ("sgd_huber2", "2", lambda: linear(
        "SGDClassifier", loss="modified_huber", random_state=1)),
    ("sgd_huber3", "3", lambda: linear(
        "SGDClassifier", loss="modified_huber", random_state=1)),
    ("sgd_log3", "3", lambda: linear("SGDClassifier", loss="log_loss",
                                     random_state=1)),
    ("perceptron", "3", lambda: linear("Perceptron", random_state=1)),
    ("passive", "2", lambda: linear("PassiveAggressiveClassifier",
                                    random_state=1)),
    ("logistic_cv", "3", lambda: linear("LogisticRegressionCV", cv=3, Cs=3)),
    ("lda2", "2", lambda: get(
        "discriminant_analysis.LinearDiscriminantAnalysis")()),
    ("lda3", "3", lambda: get(
        "discriminant_analysis.LinearDiscriminantAnalysis")()),
    ("qda2", "2", lambda: get(
        "discriminant_analysis.QuadraticDiscriminantAnalysis")()),
    ("qda3", "3", lambda: get(
        "discriminant_analysis.QuadraticDiscriminantAnalysis")()),
    ("linear_several", "m", lambda: linear("LinearRegression")),
    ("multi_task", "m", lambda: linear("MultiTaskLasso", alpha=0.1)),
    ("bayesian_ridge", "r", lambda: linear("BayesianRidge")),
    ("ard", "r", lambda: linear("ARDRegression")),
    ("lasso_lars", "r", lambda: linear("LassoLars", alpha=0.01)),
    ("omp_cv", "r", lambda: linear("OrthogonalMatchingPursuitCV", cv=3)),
    ("quantile", "r", lambda: linear("QuantileRegressor", alpha=0.01,
                                     solver="highs")),
    ("theil_sen", "r", lambda: linear("TheilSenRegressor", random_state=1,
                                      max_subpopulation=50)),
    ("ransac", "r", lambda: linear("RANSACRegressor", random_state=1)),
    ("tweedie", "p", lambda: linear("TweedieRegressor", power=1.5)),
    ("tweedie_identity", "p", lambda: linear("TweedieRegressor", power=0)),
    ("vote_hard", "3", lambda: get("ensemble.VotingClassifier")(
        voters(), weights=[1, 2, 7, 1.5])),
    ("ada_logistic", "3", lambda: make(
        "ensemble.AdaBoostClassifier", linear("LogisticRegression"),
        n_estimators=4, algorithm="SAMME")),
    ("ada_regressor", "r", lambda: make(
        "ensemble.AdaBoostRegressor", n_estimators=7, random_state=1)),
    ("stack", "2", lambda: get("ensemble.StackingClassifier")(
        [("svc", svc()), ("tree", tree()), ("none", "drop")], cv=3)),
    ("stack_predict", "3", lambda: get("ensemble.StackingClassifier")(
        voters(), final_estimator=linear("RidgeClassifier", solver="svd"),
        passthrough=True, stack_method="predict", cv=3)),
    ("stack_regressor", "r", lambda: get("ensemble.StackingRegressor")(
        [("a", linear("LinearRegression")), ("b", make(
            "tree.DecisionTreeRegressor", max_depth=3))],
        passthrough=True, cv=3)),
    ("calibrated_sigmoid3", "3", lambda: calibrated(svc())),
    ("calibrated_isotonic2", "2", lambda: calibrated(
        svc(), method="isotonic")),
    ("calibrated_isotonic3", "3", lambda: calibrated(
        tree(), method="isotonic", ensemble=False)),
    ("calibrated_temperature2", "2", lambda: calibrated(
        svc(), method="temperature")),
    ("calibrated_temperature3", "3", lambda: calibrated(
        tree(), method="temperature")),
    ("threshold_probability", "2", lambda: threshold(
        linear("LogisticRegression"), threshold=0.3)),
    ("threshold_half", "2", lambda: threshold(tree())),
    ("threshold_other", "2", lambda: threshold(
        tree(), threshold=0.7, pos_label="no")),
    ("threshold_margin", "2", lambda: threshold(
        svc(), threshold=0.1, pos_label="no")),
    ("threshold_tuned", "2", lambda: get(
        "model_selection.TunedThresholdClassifierCV")(
            linear("LogisticRegression"), cv=3)),
    ("isolation", "2", lambda: make(
        "ensemble.IsolationForest", n_estimators=5, random_state=1,
        max_samples=40, max_features=2, contamination=0.1)),
    ("one_vs_rest", "3", lambda: get("multiclass.OneVsRestClassifier")(
        tree())),
    ("one_vs_rest_svc", "3", lambda: get("multiclass.OneVsRestClassifier")(
        svc())),
    ("one_vs_one", "3", lambda: get("multiclass.OneVsOneClassifier")(
        linear("LogisticRegression"))),
    ("one_vs_one2", "2", lambda: get("multiclass.OneVsOneClassifier")(
        tree())),
    ("one_class", "1", tree),
    ("centroid2", "2", lambda: make("neighbors.NearestCentroid")),
    ("centroid_prior3", "3", lambda: make(
        "neighbors.NearestCentroid", priors="empirical",
        shrink_threshold=0.2)),
    ("centroid_manhattan3", "3", lambda: make(
        "neighbors.NearestCentroid", metric="manhattan")),
    ("several", "m", lambda: get("multioutput.MultiOutputRegressor")(
        linear("LinearRegression"))),
    ("chain", "m", lambda: get("multioutput.RegressorChain")(
        linear("LinearRegression"), order=[2, 0, 1])),
    ("tree_several", "m", lambda: make(
        "tree.DecisionTreeRegressor", max_depth=4)),
    ("mlp_several", "m", lambda: make(
        "neural_network.MLPRegressor", hidden_layer_sizes=(3,), max_iter=20,
        random_state=1)),
    ("kmeans", "1", lambda: make("cluster.KMeans", n_clusters=4,
                                 random_state=1, n_init=2)),
    ("kmeans_before", "3", lambda: get("pipeline.make_pipeline")(
        make("cluster.MiniBatchKMeans", n_clusters=3, random_state=1,
             n_init=2), linear("LogisticRegression"))),
    ("mixture_full", "1", lambda: mixture("full")),
    ("mixture_tied", "1", lambda: mixture("tied")),
    ("mixture_diag", "1", lambda: mixture("diag")),
    ("mixture_spherical", "1", lambda: mixture("spherical")),
    ("envelope", "1", lambda: make("covariance.EllipticEnvelope",
                                   random_state=1)),
    ("sgd_outliers", "1", lambda: linear("SGDOneClassSVM", random_state=1)),
    ("pls", "r", lambda: make("cross_decomposition.PLSRegression")),
    ("pls_several", "m", lambda: make("cross_decomposition.PLSRegression")),
    ("kernel_ridge", "r", lambda: few("kernel_ridge.KernelRidge",
                                      kernel="rbf", gamma=0.1)),
    ("kernel_ridge_several", "m", lambda: few(
        "kernel_ridge.KernelRidge", kernel="polynomial", degree=2)),
    ("nystroem", "2", lambda: get("pipeline.make_pipeline")(
        make("kernel_approximation.Nystroem", n_components=5,
             random_state=1), linear("LogisticRegression"))),
    ("rbf_sampler", "2", lambda: get("pipeline.make_pipeline")(
        make("kernel_approximation.RBFSampler", n_components=6, gamma=0.2,
             random_state=1), linear("LogisticRegression"))),
    ("projection", "2", lambda: get("pipeline.make_pipeline")(
        make("random_projection.GaussianRandomProjection", n_components=3,
             random_state=1), linear("LogisticRegression"))),
    ("ica", "2", lambda: get("pipeline.make_pipeline")(
        make("decomposition.FastICA", n_components=3, random_state=1),
        linear("LogisticRegression"))),
    ("lda_before", "3", lambda: get("pipeline.make_pipeline")(
        get("discriminant_analysis.LinearDiscriminantAnalysis")(
            n_components=1), tree())),
    ("lda_before_eigen", "3", lambda: get("pipeline.make_pipeline")(
        get("discriminant_analysis.LinearDiscriminantAnalysis")(
            solver="eigen"), tree())),
    ("rfe_last", "2", lambda: make(
        "feature_selection.RFE", linear("LogisticRegression"),
        n_features_to_select=2)),
    ("categories3", "3", lambda: get("pipeline.make_pipeline")(
        make("preprocessing.KBinsDiscretizer", n_bins=4, encode="ordinal",
             strategy="uniform"), make("naive_bayes.CategoricalNB"))),
    ("self_training", "part", lambda: make(
        "semi_supervised.SelfTrainingClassifier",
        linear("LogisticRegression"))),
    ("output_code", "3", lambda: get("multiclass.OutputCodeClassifier")(
        tree(), random_state=1, code_size=3)),
    ("output_code_svc", "3", lambda: get("multiclass.OutputCodeClassifier")(
        svc(), random_state=1)),
    ("halving", "3", lambda: halving("HalvingGridSearchCV")),
    ("bag_votes3", "3", lambda: make(
        "ensemble.BaggingClassifier", get("pipeline.make_pipeline")(
            get("preprocessing.StandardScaler")(), svc()), n_estimators=3,
        random_state=1)),
    ("bag_several", "m", lambda: make(
        "ensemble.BaggingRegressor", linear("Ridge"), n_estimators=3,
        random_state=1)),
    ("dummy_several", "ll", lambda: get("pipeline.make_pipeline")(
        get("preprocessing.StandardScaler")(),
        make("dummy.DummyClassifier", strategy="prior"))),
    ("dummy_several_constant", "ll", lambda: get("pipeline.make_pipeline")(
        get("preprocessing.StandardScaler")(),
        make("dummy.DummyClassifier", strategy="constant",
             constant=["low", "yes"]))),
    ("dummy", "3", lambda: get("pipeline.make_pipeline")(
        get("preprocessing.StandardScaler")(),
        get("dummy.DummyClassifier")())),
    ("hist_category3", "3", lambda: hist("Classifier")),
    ("hist_category_quantile", "p", lambda: hist(
        "Regressor", loss="quantile", quantile=0.8)),
    ("hist_category_poisson", "p", lambda: hist(
        "Regressor", loss="poisson")),
]


def table(rng, n):
    return pd.DataFrame({
        "a": rng.normal(size=n).round(6),
        "b": rng.integers(0, 6, n).astype(float),
        "c": rng.exponential(2, n).round(6),
        "d": rng.normal(3, 2, n).round(6)})


def data():
    rng = np.random.default_rng(7)
    x, test = table(rng, ROWS), table(rng, TEST)
    test.iloc[:6] *= 30
    s = (x.a + 0.4 * x.b - 0.3 * x.c + 0.2 * x.d
         + 0.7 * rng.normal(size=ROWS)).to_numpy()
    targets = {
        "2": np.array(["no", "yes"])[(s > np.median(s)).astype(int)],
        "3": np.digitize(s, np.quantile(s, [0.3, 0.7])) * 3 - 1,
        "r": s,
        "p": np.exp(s / 3),
        "1": np.zeros(ROWS, int),
        "m": np.c_[s, -s * x.b, 2 * x.c],
        "part": np.where(np.arange(ROWS) % 3 == 0, -1, s > 0),
        "ll": np.array(["low", "mid", "top", "no", "yes"])[np.c_[
            np.digitize(s, [-0.5, 0.5]), 3 + (s > 0.2)]],
    }
    return x, targets, test


def main():
    warnings.simplefilter("ignore")
    folder, only = pathlib.Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir(parents=True, exist_ok=True)
    x, targets, test = data()
    (folder / "input.json").write_text(
        json.dumps(test.to_dict("records")).replace("}, ", "},\n") + "\n")
    for name, target, how in CASES:
        if only and name not in only:
            continue
        try:
            model = how().fit(x, targets[target])
        except (AttributeError, TypeError, ValueError):
            continue # another version has it
        expected = answers(model, test)
        stem = f"{name}_sk{sklearn.__version__}"
        joblib.dump(model, folder / f"{stem}.joblib.z", compress=("zlib", 9))
        (folder / f"{stem}.json").write_text(json.dumps(expected) + "\n")
        print(f"estimators/{stem}.joblib.z estimators/input.json "
              f"estimators/{stem}.json -")


if __name__ == "__main__":
    main()
