# SPDX-License-Identifier: ISC
"""The parameters of scikit-learn's classes that survey.py asks about."""
import numpy as np
import pandas as pd
from sklearn import (
    calibration, cluster, compose, decomposition, discriminant_analysis, dummy,
    ensemble, feature_selection, impute, model_selection, multiclass,
    multioutput, naive_bayes, neighbors, neural_network, pipeline,
    semi_supervised, svm)

from differential import VERSION
from survey_kit import (
    BY_HAND, L, NUMBERS, P, T, TEXTS, logistic, prepare, seeded, small, stump)


def encoders(v):
    """Of texts that may be missing or unseen."""
    onehot = {
        "plain": {}, "ignore": {"handle_unknown": "ignore"},
        "first": {"drop": "first"}, "binary": {"drop": "if_binary"},
        "array": {"drop": np.array(["basic", "pro"], dtype=object)},
        "list": {"drop": ["plus", "rare"], "handle_unknown": "ignore"},
        "dense": {"sparse_output": False},
        "rare": {"min_frequency": 40, "handle_unknown":
                 "infrequent_if_exist"},
        "share": {"min_frequency": 0.2, "handle_unknown": "ignore"},
        "most": {"max_categories": 2, "handle_unknown":
                 "infrequent_if_exist"},
        "most_first": {"max_categories": 2, "drop": "first"},
        "warn": {"handle_unknown": "warn", "max_categories": 3},
        "given": {"categories": [["basic", "plus", "pro", "rare", "x"],
                                 ["Zürich", "pro", "rare"]],
                  "handle_unknown": "ignore"},
        "float32": {"dtype": np.float32, "handle_unknown": "ignore"},
        "int": {"dtype": int, "handle_unknown": "ignore"},
        "combiner": {"handle_unknown": "ignore",
                     "feature_name_combiner": "concat"}}
    for word, how in onehot.items():
        for filled in (True, False):
            v.attempt(f"OneHotEncoder-{word}-{filled}", "2",
                      lambda: pipeline.make_pipeline(
                          impute.SimpleImputer(strategy="most_frequent")
                          if filled else "passthrough",
                          P.OneHotEncoder(**how), logistic()),
                      v.x[TEXTS])
    value = {"handle_unknown": "use_encoded_value"}
    ordinal = {
        "plain": {}, "unknown": {"unknown_value": -1, **value},
        "nan": {"unknown_value": np.nan, **value},
        "missing": {"unknown_value": -1, "encoded_missing_value": -2, **value},
        "rare": {"unknown_value": 9, "min_frequency": 50, **value},
        "most": {"unknown_value": 9, "max_categories": 2, **value},
        "float32": {"dtype": np.float32, "unknown_value": -1, **value},
        "int": {"dtype": np.int64, "unknown_value": -1,
                "encoded_missing_value": -2, **value}}
    for word, how in ordinal.items():
        v.attempt(f"OrdinalEncoder-{word}", "2",
                  lambda: pipeline.make_pipeline(P.OrdinalEncoder(**how),
                                                 small()), v.x[TEXTS])
    for target in ("2", "3", "r", "o", "b"):
        for word, how in (("auto", {}), ("smooth", {"smooth": 5.0})):
            last = L.Ridge() if target == "r" else logistic()
            v.attempt(f"TargetEncoder-{word}-{target}", target,
                      lambda: pipeline.make_pipeline(
                          P.TargetEncoder(cv=2, random_state=1, **how), last),
                      v.x[TEXTS])
    for word, how in (("number", {}), ("numbers", {"min_frequency": 60})):
        v.attempt(f"OneHotEncoder-{word}", "2", lambda:
                  pipeline.make_pipeline(P.OneHotEncoder(
                      handle_unknown="ignore", **how), logistic()),
                  v.x[["calls", "flag"]])


def is_text(x):
    return list(x.select_dtypes(object))


def columns(v):
    """The ways to name columns, and what is left over."""
    fill = impute.SimpleImputer()
    code = P.OneHotEncoder(handle_unknown="ignore")
    ways = {
        "names": NUMBERS, "slice": slice(4, 6), "names_slice":
        slice("calls", "flag"), "negative": [-1, -2], "mask":
        [True, False, True, False, False, True], "number": [0], "array":
        np.array([0, 2]), "tuple": ("age", "fee"), "index":
        pd.Index(NUMBERS), "none": [], "dtype":
        compose.make_column_selector(dtype_include="number"), "pattern":
        compose.make_column_selector(pattern="a(g|l)"), "both":
        compose.make_column_selector(pattern="a", dtype_include=float)}
    for word, way in ways.items():
        for rest in ("drop", P.OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1)):
            v.attempt(f"ColumnTransformer-{word}-{type(rest).__name__}", "2",
                      lambda: pipeline.make_pipeline(
                          compose.ColumnTransformer(
                              [("a", fill, way),
                               ("t", code, is_text)], remainder=rest),
                          ensemble.HistGradientBoostingClassifier(
                              max_iter=3, min_samples_leaf=5)))
    for word, how in (("pandas", "pandas"), ("default", "default")):
        for plain in (True, False):
            v.attempt(f"set_output-{word}-{plain}", "2", lambda:
                      pipeline.make_pipeline(compose.ColumnTransformer(
                          [("a", fill, NUMBERS),
                           ("t", P.OneHotEncoder(handle_unknown="ignore",
                                                 sparse_output=False),
                            TEXTS)], remainder="passthrough",
                          verbose_feature_names_out=plain),
                          impute.SimpleImputer(), P.StandardScaler(),
                          logistic()).set_output(transform=how))
    v.attempt("set_output-named", "2", lambda: pipeline.make_pipeline(
        compose.ColumnTransformer(
            [("a", fill, NUMBERS), ("t", "drop", ["city"])],
            remainder="passthrough", verbose_feature_names_out=False),
        compose.ColumnTransformer(
            [("t", P.OneHotEncoder(handle_unknown="ignore",
                                   sparse_output=False), ["plan"])],
            remainder=impute.SimpleImputer()),
        logistic()).set_output(transform="pandas"))
    nested = compose.ColumnTransformer(
        [("in", compose.ColumnTransformer([("b", fill, ["fee"])],
                                          remainder=P.StandardScaler()),
          NUMBERS), ("u", pipeline.FeatureUnion(
              [("x", impute.SimpleImputer(strategy="median")),
               ("y", impute.MissingIndicator(features="all")),
               ("z", "drop")], transformer_weights={"x": 0.5}),
              ["calls", "flag"])])
    v.attempt("ColumnTransformer-nested", "2", lambda: pipeline.Pipeline(
        [("a", nested), ("b", impute.SimpleImputer()), ("c", None),
         ("d", logistic())]))
    v.attempt("ColumnTransformer-text", "2", lambda: pipeline.make_pipeline(
        compose.make_column_transformer((code, ["plan"]), (fill, NUMBERS)),
        logistic()))
    v.attempt("Pipeline-memory", "2", lambda: pipeline.make_pipeline(
        compose.make_column_transformer((fill, NUMBERS)),
        logistic(), verbose=False, memory=str(v.folder / "memory")))


def imputers(v):
    numbers = v.x[NUMBERS + ["calls", "flag"]]
    s = impute.SimpleImputer
    empty = numbers.assign(fee=np.nan)
    how = {
        "mean": s(), "median": s(strategy="median"), "indicator":
        s(add_indicator=True), "most": s(strategy="most_frequent"),
        "constant": s(strategy="constant", fill_value=-3), "zero":
        s(strategy="constant"), "number": s(missing_values=0.0),
        "keep": s(keep_empty_features=True),
        "indicate": impute.MissingIndicator(), "all":
        impute.MissingIndicator(features="all", error_on_new=False),
        "iterative": impute.IterativeImputer(random_state=1, max_iter=4),
        "iterative_ridge": impute.IterativeImputer(L.Ridge(), max_iter=3),
        "iterative_tree": impute.IterativeImputer(stump(), max_iter=3),
        "iterative_few": impute.IterativeImputer(n_nearest_features=2,
                                                 random_state=1,
                                                 max_iter=3),
        "iterative_range": impute.IterativeImputer(
            min_value=0, max_value=50, random_state=1, max_iter=3,
            imputation_order="roman", initial_strategy="median"),
        "knn": impute.KNNImputer(), "knn_distance":
        impute.KNNImputer(weights="distance", n_neighbors=3)}
    for word, step in how.items():
        for what, x in (("", numbers), ("-empty", empty)):
            v.attempt(f"Imputer-{word}{what}", "2", lambda:
                      pipeline.make_pipeline(
                          step, ensemble.HistGradientBoostingClassifier(
                              max_iter=3, min_samples_leaf=5)), x)


def shapers(v):
    """What changes the shape of numbers, with its less usual parameters."""
    k, d, f = P.KBinsDiscretizer, decomposition, feature_selection
    for strategy in ("uniform", "quantile", "kmeans"):
        for encode in ("onehot", "onehot-dense", "ordinal"):
            v.between(f"KBinsDiscretizer-{strategy}-{encode}", lambda: k(
                3, encode=encode, strategy=strategy))
    v.between("KBinsDiscretizer-float32", lambda: k(3, dtype=np.float32))
    for how in ("error", "constant", "linear", "continue", "periodic"):
        v.between(f"SplineTransformer-{how}", lambda: P.SplineTransformer(
            4, degree=2, extrapolation=how))
    v.between("SplineTransformer-quantile", lambda: P.SplineTransformer(
        3, knots="quantile", include_bias=False, sparse_output=True))
    v.between("PolynomialFeatures-range", lambda: P.PolynomialFeatures(
        (2, 3), interaction_only=True, order="F"))
    v.between("PowerTransformer-plain", lambda: P.PowerTransformer(
        standardize=False))
    v.between("QuantileTransformer-normal", lambda: P.QuantileTransformer(
        n_quantiles=20, output_distribution="normal"))
    v.between("PCA-share", lambda: d.PCA(0.9, whiten=True))
    v.between("PCA-full", lambda: d.PCA(svd_solver="full"))
    v.between("TruncatedSVD-arpack", lambda: d.TruncatedSVD(
        2, algorithm="arpack", random_state=1))
    v.between("FunctionTransformer-none", P.FunctionTransformer)
    for function in (np.log1p, np.sqrt, np.exp, np.abs):
        v.between(f"FunctionTransformer-{function.__name__}",
                  lambda: P.FunctionTransformer(function))
    v.between("FunctionTransformer-kw", lambda: P.FunctionTransformer(
        np.clip, kw_args={"a_min": 0, "a_max": 0.5}))
    v.between("FunctionTransformer-own", lambda: P.FunctionTransformer(
        own))
    v.between("SelectKBest-mutual", lambda: f.SelectKBest(
        f.mutual_info_classif, k=3))
    v.between("SelectKBest-chi2", lambda: f.SelectKBest(f.chi2, k=3))
    v.between("SelectFromModel-prefit", lambda: f.SelectFromModel(
        small().fit(prepare().fit_transform(v.x), v.target("2")),
        prefit=True))
    v.between("SelectFromModel-mean", lambda: f.SelectFromModel(
        ensemble.RandomForestClassifier(4, random_state=1),
        threshold="1.2*median"))
    v.between("RFE-share", lambda: f.RFE(small(), step=0.5,
                                         n_features_to_select=0.5))
    v.between("StandardScaler-sparse", lambda: P.StandardScaler(
        with_mean=False))
    v.between("RobustScaler-unit", lambda: P.RobustScaler(
        quantile_range=(10, 90), unit_variance=True))


def linears(v):
    line = L.LogisticRegression
    for kind in ("2", "3"):
        for word, how in {
                "ovr": {"multi_class": "ovr"}, "multinomial":
                {"multi_class": "multinomial"}, "none": {"penalty": None},
                "l1": {"penalty": "l1", "solver": "saga"}, "elastic":
                {"penalty": "elasticnet", "l1_ratio": 0.4, "solver": "saga"},
                "weight": {"class_weight": "balanced"}, "liblinear":
                {"solver": "liblinear"}, "flat": {"fit_intercept": False},
                "newton": {"solver": "newton-cholesky"}}.items():
            v.behind(f"LogisticRegression-{word}-{kind}", kind,
                     lambda: line(max_iter=100, **how))
        for loss in ("hinge", "log_loss", "modified_huber", "perceptron",
                     "squared_hinge", "squared_error", "huber"):
            v.behind(f"SGDClassifier-{loss}-{kind}", kind, lambda:
                     L.SGDClassifier(loss, random_state=1))
        v.behind(f"LogisticRegressionCV-plain-{kind}", kind, lambda:
                 L.LogisticRegressionCV(Cs=2, cv=2, refit=False))
        for word, how in {"shrink": {"solver": "lsqr", "shrinkage": "auto"},
                          "eigen": {"solver": "eigen"}, "priors":
                          {"store_covariance": True}}.items():
            v.behind(f"LinearDiscriminantAnalysis-{word}-{kind}", kind,
                     lambda: discriminant_analysis
                     .LinearDiscriminantAnalysis(**how))
        v.behind(f"LinearSVC-crammer-{kind}", kind, lambda: svm.LinearSVC(
            multi_class="crammer_singer", max_iter=50))
        v.behind(f"Perceptron-weight-{kind}", kind, lambda: L.Perceptron(
            class_weight="balanced", penalty="l2"))
        for activation in ("identity", "logistic", "tanh", "relu"):
            v.behind(f"MLPClassifier-{activation}-{kind}", kind, lambda:
                     neural_network.MLPClassifier(
                         (4, 3), activation, max_iter=20, random_state=1))
    v.between("LinearDiscriminantAnalysis-transform", lambda:
              discriminant_analysis.LinearDiscriminantAnalysis(
                  n_components=1), "3")
    for word, how in {"log": {"power": 1, "link": "log"}, "identity":
                      {"power": 0, "link": "identity"}, "gamma":
                      {"power": 2}, "inverse": {"power": 3}}.items():
        v.behind(f"TweedieRegressor-{word}", "p",
                 lambda: L.TweedieRegressor(**how))
    v.behind("MLPRegressor-several", "rr", lambda:
             neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=1))
    v.behind("MLPRegressor-logistic", "r", lambda:
             neural_network.MLPRegressor(activation="logistic", max_iter=20))
    v.behind("RANSACRegressor-tree", "r", lambda: L.RANSACRegressor(
        stump(), min_samples=20, random_state=1))
    for name in ("LinearRegression", "Ridge", "RidgeCV", "Lasso", "Lars",
                 "OrthogonalMatchingPursuit"):
        v.behind(f"{name}-several", "rr", getattr(L, name))


def trees(v):
    for kind in ("2", "3"):
        for word, how in {
                "entropy": {"criterion": "entropy"}, "log":
                {"criterion": "log_loss"}, "pruned": {"ccp_alpha": 0.01},
                "weight": {"class_weight": "balanced"}, "leaves":
                {"max_leaf_nodes": 5}, "sqrt": {"max_features": "sqrt"},
                "sub": {"class_weight": {0: 3, 1: 1}} if kind == "2" else
                {}}.items():
            v.behind(f"DecisionTreeClassifier-{word}-{kind}", kind, lambda:
                     T.DecisionTreeClassifier(random_state=1, **how))
            v.behind(f"RandomForestClassifier-{word}-{kind}", kind, lambda:
                     ensemble.RandomForestClassifier(4, random_state=1,
                                                     **how))
        v.behind(f"RandomForestClassifier-oob-{kind}", kind, lambda:
                 ensemble.RandomForestClassifier(
                     20, oob_score=True, warm_start=True, max_samples=0.7,
                     random_state=1))
    numbers = v.x[NUMBERS + ["calls", "flag"]]
    for word, cls in (("tree", T.DecisionTreeClassifier), ("forest",
                      ensemble.RandomForestClassifier), ("extra",
                      ensemble.ExtraTreesClassifier)):
        v.attempt(f"missing-{word}", "3", lambda: seeded(cls), numbers)
        v.attempt(f"missing-never-{word}", "3", lambda: seeded(cls),
                  v.full[list(numbers)])
    v.behind("monotonic-tree", "2", lambda: T.DecisionTreeClassifier(
        monotonic_cst=[1, -1] + [0] * (prepare().fit_transform(v.x)
                                       .shape[1] - 2), random_state=1))
    for criterion in ("squared_error", "friedman_mse", "absolute_error",
                      "poisson"):
        v.behind(f"DecisionTreeRegressor-{criterion}", "p", lambda:
                 T.DecisionTreeRegressor(criterion=criterion, max_depth=4))
        v.behind(f"RandomForestRegressor-{criterion}", "p", lambda:
                 ensemble.RandomForestRegressor(
                     4, criterion=criterion, max_depth=4, random_state=1))
    for kind in ("rr", "33", "ll"):
        word = "Regressor" if kind == "rr" else "Classifier"
        for cls in (getattr(T, "DecisionTree" + word),
                    getattr(T, "ExtraTree" + word),
                    getattr(ensemble, "RandomForest" + word),
                    getattr(ensemble, "ExtraTrees" + word)):
            v.behind(f"{cls.__name__}-{kind}", kind, lambda: seeded(cls))


def ensembles(v):
    e = ensemble
    g, h = e.GradientBoostingClassifier, e.HistGradientBoostingClassifier
    for kind in ("2", "3"):
        for word, how in {
                "zero": {"init": "zero"}, "own": {"init": logistic()},
                "dummy": {"init": dummy.DummyClassifier(strategy="prior")},
                "stop": {"n_iter_no_change": 2, "n_estimators": 30},
                "exp": {"loss": "exponential"} if kind == "2" else {},
                "sub": {"subsample": 0.6, "criterion": "squared_error"}
        }.items():
            v.behind(f"GradientBoostingClassifier-{word}-{kind}", kind,
                     lambda: g(**{"n_estimators": 4, "random_state": 1,
                                  **how}))
        raw = v.x.assign(plan=v.x["plan"].astype("category"),
                         city=v.x["city"].astype("category"))
        for word, how, x in (
                ("dtype", {"categorical_features": "from_dtype"}, raw),
                ("named", {"categorical_features": ["plan", "city"]}, raw),
                ("named_text", {"categorical_features": ["calls"]},
                 v.x.drop(columns=TEXTS)),
                ("monotonic", {"monotonic_cst": {"age": 1}},
                 v.x.drop(columns=TEXTS)),
                ("interact", {"interaction_cst": "pairwise"},
                 v.x.drop(columns=TEXTS)),
                ("weight", {"class_weight": "balanced"},
                 v.x.drop(columns=TEXTS))):
            v.attempt(f"HistGradientBoostingClassifier-{word}-{kind}", kind,
                      lambda: h(max_iter=4, min_samples_leaf=5, **how), x)
        two = [("a", logistic()), ("b", small()), ("c", "drop")]
        for word, how in {
                "soft": {"voting": "soft"}, "weights": {"voting": "soft",
                                                        "weights": [1, 3, 2]},
                "hard": {"weights": [1, 3, 2]}, "flat":
                {"voting": "soft", "flatten_transform": False}}.items():
            v.behind(f"VotingClassifier-{word}-{kind}", kind, lambda:
                     e.VotingClassifier(two, **how))
        fitted = [("a", logistic().fit(prepare().fit_transform(v.x),
                                       v.target(kind))), ("c", "drop")]
        for word, how in {
                "pass": {"passthrough": True}, "method": {"stack_method":
                                                          "predict_proba"},
                "predict": {"stack_method": "predict"} if kind == "2"
                else {}, "prefit": {"cv": "prefit", "estimators": fitted},
                "last": {"final_estimator": small()}, "boost":
                {"final_estimator": h(max_iter=3)}}.items():
            v.behind(f"StackingClassifier-{word}-{kind}", kind, lambda:
                     e.StackingClassifier(**{"estimators": two, "cv": 2,
                                             **how}))
        for word, inside in {
                "line": logistic(), "svc": svm.SVC(), "tree": small(),
                "pipe": pipeline.make_pipeline(P.StandardScaler(),
                                               logistic()),
                "pipe_svc": pipeline.make_pipeline(P.StandardScaler(),
                                                   svm.SVC()),
                "nb": naive_bayes.GaussianNB()}.items():
            v.behind(f"BaggingClassifier-{word}-{kind}", kind, lambda:
                     e.BaggingClassifier(inside, 3, max_features=0.7,
                                         random_state=1))
            v.behind(f"CalibratedClassifierCV-{word}-{kind}", kind, lambda:
                     calibration.CalibratedClassifierCV(inside, cv=2))
            v.behind(f"CalibratedClassifierCV-isotonic_{word}-{kind}", kind,
                     lambda: calibration.CalibratedClassifierCV(
                         inside, cv=2, method="isotonic", ensemble=False))
            v.behind(f"OneVsRestClassifier-{word}-{kind}", kind, lambda:
                     multiclass.OneVsRestClassifier(inside))
            v.behind(f"OneVsOneClassifier-{word}-{kind}", kind, lambda:
                     multiclass.OneVsOneClassifier(inside))
            v.behind(f"OutputCodeClassifier-{word}-{kind}", kind, lambda:
                     multiclass.OutputCodeClassifier(inside, random_state=1))
        for algorithm in ("SAMME",):
            v.behind(f"AdaBoostClassifier-line-{kind}", kind, lambda:
                     e.AdaBoostClassifier(logistic(), n_estimators=3))
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        v.behind(f"GradientBoostingRegressor-{loss}", "r", lambda:
                 e.GradientBoostingRegressor(loss=loss, n_estimators=4))
    v.behind("GradientBoostingRegressor-own", "r", lambda:
             e.GradientBoostingRegressor(init=L.Ridge(), n_estimators=4))
    for loss in ("squared_error", "absolute_error", "poisson", "gamma",
                 "quantile"):
        v.behind(f"HistGradientBoostingRegressor-{loss}", "p", lambda:
                 e.HistGradientBoostingRegressor(
                     loss=loss, max_iter=4, quantile=0.3
                     if loss == "quantile" else None))
    both = [("a", L.Ridge()), ("b", stump()), ("c", "drop")]
    v.behind("VotingRegressor-weights", "r", lambda: e.VotingRegressor(
        both, weights=[1, 2, 3]))
    v.behind("StackingRegressor-pass", "r", lambda: e.StackingRegressor(
        both, passthrough=True, final_estimator=L.Lasso(0.01), cv=2))
    v.behind("BaggingRegressor-svr", "r", lambda: e.BaggingRegressor(
        svm.SVR(), 3, random_state=1))
    for kind in ("rr",):
        v.behind("BaggingRegressor-rr", kind, lambda: e.BaggingRegressor(
            stump(), 3, random_state=1))
    for loss in ("linear", "square", "exponential"):
        v.behind(f"AdaBoostRegressor-{loss}", "r", lambda:
                 e.AdaBoostRegressor(loss=loss, n_estimators=4,
                                     random_state=1))


def metas(v):
    s = model_selection
    for inner in (logistic(), small(), L.RidgeClassifier(),
                  pipeline.make_pipeline(P.StandardScaler(), logistic())):
        word = type(inner).__name__
        for method in ("auto", "predict_proba", "decision_function"):
            v.behind(f"FixedThresholdClassifier-{word}-{method}", "2",
                     lambda: s.FixedThresholdClassifier(
                         inner, threshold=0.2, response_method=method))
        v.behind(f"TunedThresholdClassifierCV-{word}", "o", lambda:
                 s.TunedThresholdClassifierCV(inner, cv=2, scoring="accuracy",
                                              store_cv_results=True))
    v.attempt("GridSearchCV-whole", "3", lambda: s.GridSearchCV(
        pipeline.Pipeline([("p", prepare()), ("m", logistic())]),
        {"m__C": [0.1, 1], "p__numbers__minmaxscaler":
         [P.StandardScaler(), "passthrough"]}, cv=2,
        scoring=["accuracy", "f1_macro"], refit="accuracy"))
    v.behind("GridSearchCV-none", "2", lambda: s.GridSearchCV(
        logistic(), {"C": [1]}, cv=s.StratifiedKFold(2)))
    v.attempt("Pipeline-GridSearchCV", "3", lambda: pipeline.make_pipeline(
        prepare(), s.RandomizedSearchCV(svm.SVC(), {"C": [0.1, 1]}, cv=2,
                                        n_iter=2)))
    for cls in (s.GridSearchCV, s.HalvingGridSearchCV):
        v.attempt(f"{cls.__name__}-outside", "r", lambda: cls(
            pipeline.make_pipeline(prepare(), L.Ridge()),
            {"ridge__alpha": [0.1, 1]}, cv=2))
    t = compose.TransformedTargetRegressor
    for word, how in {
            "log": {"func": np.log, "inverse_func": np.exp}, "log1p":
            {"func": np.log1p, "inverse_func": np.expm1}, "sqrt":
            {"func": np.sqrt, "inverse_func": np.square}, "scaler":
            {"transformer": P.StandardScaler()}, "power":
            {"transformer": P.PowerTransformer()}, "quantile":
            {"transformer": P.QuantileTransformer(n_quantiles=20)}, "none": {},
            "pipeline": {"transformer": pipeline.make_pipeline(
                P.StandardScaler(), P.MinMaxScaler())},
            "log10": {"func": np.log10, "inverse_func": pow_10},
            "function": {"transformer": P.FunctionTransformer(
                np.log1p, np.expm1)}}.items():
        v.behind(f"TransformedTargetRegressor-{word}", "p", lambda: t(
            L.Ridge(), **how))
    v.behind("TransformedTargetRegressor-several", "rr", lambda: t(
        L.Ridge(), transformer=P.StandardScaler()))
    v.behind("SelfTrainingClassifier-part", "part", lambda:
             semi_supervised.SelfTrainingClassifier(logistic()))
    for kind, name in (("ll", "MultiOutputClassifier"),
                       ("ll", "ClassifierChain"),
                       ("ll", "OneVsRestClassifier"),
                       ("33", "MultiOutputClassifier")):
        for inner in (svm.SVC(), small(), ensemble.AdaBoostClassifier(
                n_estimators=3), ensemble.HistGradientBoostingClassifier(
                max_iter=3), svm.LinearSVC()):
            cls = getattr(multioutput, name, None) or getattr(multiclass,
                                                              name)
            v.behind(f"{name}-{type(inner).__name__}-{kind}", kind,
                     lambda: cls(inner))
    for kind in ("ll", "33"):
        for cls in (neighbors.KNeighborsClassifier, dummy.DummyClassifier,
                    L.RidgeClassifier, neural_network.MLPClassifier):
            v.behind(f"{cls.__name__}-{kind}", kind, lambda: cls())
    v.behind("DummyRegressor-rr", "rr", dummy.DummyRegressor)
    v.behind("KNeighborsRegressor-rr", "rr", neighbors.KNeighborsRegressor)
    for strategy in ("most_frequent", "prior", "stratified", "uniform",
                     "constant"):
        v.behind(f"DummyClassifier-{strategy}", "2", lambda:
                 dummy.DummyClassifier(strategy=strategy, constant=1,
                                       random_state=1))
    for strategy in ("median", "quantile", "constant"):
        v.behind(f"DummyRegressor-{strategy}", "r", lambda:
                 dummy.DummyRegressor(strategy=strategy, quantile=0.3,
                                      constant=2.5))
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator
        inner = logistic().fit(prepare().fit_transform(v.x), v.target("3"))
        v.behind("FrozenEstimator-plain", "3", lambda: FrozenEstimator(inner))
        v.behind("CalibratedClassifierCV-frozen", "3", lambda:
                 calibration.CalibratedClassifierCV(FrozenEstimator(inner)))


def own(x):
    return x + 1


def pow_10(y):
    return 10 ** y


def targets(v):
    """Labels of every kind."""
    for kind in ("b", "gap", "f", "o"):
        for cls in (L.LogisticRegression, T.DecisionTreeClassifier,
                    ensemble.RandomForestClassifier,
                    ensemble.GradientBoostingClassifier,
                    ensemble.HistGradientBoostingClassifier,
                    ensemble.AdaBoostClassifier,
                    ensemble.VotingClassifier, ensemble.StackingClassifier,
                    svm.SVC, svm.LinearSVC, naive_bayes.GaussianNB,
                    neural_network.MLPClassifier, L.RidgeClassifier,
                    L.SGDClassifier, multiclass.OneVsRestClassifier,
                    multiclass.OneVsOneClassifier, dummy.DummyClassifier,
                    calibration.CalibratedClassifierCV,
                    neighbors.KNeighborsClassifier,
                    model_selection.FixedThresholdClassifier,
                    neighbors.NearestCentroid):
            if kind == "gap" and "Threshold" in cls.__name__:
                continue
            v.behind(f"{cls.__name__}-label_{kind}", kind, lambda:
                     BY_HAND.get(cls.__name__, seeded)(cls))
        v.behind(f"VotingClassifier-soft-label_{kind}", kind, lambda:
                 ensemble.VotingClassifier(
                     [("a", logistic()), ("b", small())], voting="soft"))


def others(v):
    n = neighbors
    for kind in ("2", "3"):
        for word, how in {
                "one": {"n_neighbors": 1}, "distance":
                {"weights": "distance"}, "manhattan": {"p": 1}, "cosine":
                {"metric": "cosine"}, "brute": {"algorithm": "brute"},
                "ball": {"algorithm": "ball_tree"}, "chebyshev":
                {"metric": "chebyshev"}, "p3": {"p": 3},
                "distance1": {"weights": "distance", "p": 1}}.items():
            v.behind(f"KNeighborsClassifier-{word}-{kind}", kind, lambda:
                     n.KNeighborsClassifier(**how))
        for word, how in {
                "linear": {"kernel": "linear"}, "poly": {"kernel": "poly"},
                "sigmoid": {"kernel": "sigmoid"}, "proba":
                {"probability": True, "random_state": 1}, "ovo":
                {"decision_function_shape": "ovo"}, "ties":
                {"break_ties": True}, "weight":
                {"class_weight": "balanced"}}.items():
            v.behind(f"SVC-{word}-{kind}", kind, lambda: svm.SVC(**how))
        for word, cls in (("SVC", svm.SVC), ("NuSVC", svm.NuSVC),
                          ("KNeighborsClassifier", n.KNeighborsClassifier)):
            v.attempt(f"{word}-sparse-{kind}", kind, lambda:
                      pipeline.make_pipeline(compose.ColumnTransformer(
                          [("t", P.OneHotEncoder(handle_unknown="ignore"),
                            TEXTS)], sparse_threshold=1), cls()))
        for cls in (naive_bayes.BernoulliNB, naive_bayes.MultinomialNB,
                    naive_bayes.ComplementNB, naive_bayes.CategoricalNB):
            v.attempt(f"{cls.__name__}-codes-{kind}", kind, lambda:
                      pipeline.make_pipeline(P.OrdinalEncoder(
                          handle_unknown="use_encoded_value",
                          unknown_value=4, encoded_missing_value=4),
                          cls(alpha=0.5, fit_prior=False)), v.x[TEXTS])
        v.behind(f"GaussianNB-priors-{kind}", kind, lambda:
                 naive_bayes.GaussianNB(priors=[0.5, 0.5] if kind == "2"
                                        else [0.2, 0.5, 0.3]))
        v.behind(f"NearestCentroid-shrink-{kind}", kind, lambda:
                 n.NearestCentroid(shrink_threshold=0.2))
        v.behind(f"NearestCentroid-manhattan-{kind}", kind, lambda:
                 n.NearestCentroid(metric="manhattan"))
    for word, how in {"one": {"n_neighbors": 1}, "distance":
                      {"weights": "distance"}, "p1": {"p": 1}}.items():
        v.behind(f"KNeighborsRegressor-{word}", "r", lambda:
                 n.KNeighborsRegressor(**how))
    for k in ("plain", "far"):
        v.behind(f"KMeans-{k}", "", lambda: cluster.KMeans(
            3, random_state=1, n_init=2))


GROUPS = (encoders, columns, imputers, shapers, linears, trees, ensembles,
          metas, targets, others)
