# SPDX-License-Identifier: ISC
"""XGBoost's, LightGBM's and CatBoost's classes for survey.py, inside of what
scikit-learn puts around them."""
import sys

import numpy as np
from sklearn import (
    calibration, compose, ensemble, feature_selection, impute,
    model_selection, multiclass, multioutput, pipeline)

from survey_kit import L, NUMBERS, P, TEXTS, logistic, small


def boosters(v):
    """Inside of what scikit-learn puts around them."""
    libraries = {}
    some = {"n_estimators": 4, "max_depth": 3, "random_state": 1}
    try:
        import xgboost
        libraries["XGB"] = (xgboost.XGBClassifier, xgboost.XGBRegressor, some)
        libraries["XGBRF"] = (xgboost.XGBRFClassifier,
                              xgboost.XGBRFRegressor, some)
    except (ImportError, ValueError):
        pass
    try:
        import lightgbm
        libraries["LGBM"] = (
            lightgbm.LGBMClassifier, lightgbm.LGBMRegressor,
            {"verbose": -1, "num_threads": 1, **some})
    except (ImportError, ValueError):
        pass
    try:
        import catboost
        libraries["CatBoost"] = (
            catboost.CatBoostClassifier, catboost.CatBoostRegressor,
            {"verbose": 0, "allow_writing_files": False, "thread_count": 1,
             **some})
    except (ImportError, ValueError):
        pass
    for name, (classifier, regressor, how) in libraries.items():
        booster_inside(v, name, lambda **more: classifier(**how, **more),
                       lambda **more: regressor(**how, **more))
    rankers(v, libraries)


def booster_inside(v, name, c, r):
    s, e = model_selection, ensemble
    raw = v.x[NUMBERS + ["calls", "flag"]]
    v.attempt(f"{name}-alone", "2", c, raw)
    v.attempt(f"{name}-alone_number", "r", r, raw)
    for kind in ("2", "gap" if name[0] == "X" else "3", "3", "o", "b"):
        for word, around in {
                "plain": lambda: c(),
                "search": lambda: s.GridSearchCV(
                    c(), {"learning_rate": [0.3, 0.5]}, cv=2),
                "vote": lambda: e.VotingClassifier(
                    [("a", c()), ("b", logistic())]),
                "soft": lambda: e.VotingClassifier(
                    [("a", c()), ("b", logistic())], voting="soft"),
                "stack": lambda: e.StackingClassifier(
                    [("a", c()), ("b", logistic())], cv=2),
                "stack_pass": lambda: e.StackingClassifier(
                    [("a", c()), ("b", logistic())], cv=2, passthrough=True),
                "stack_last": lambda: e.StackingClassifier(
                    [("a", small()), ("b", logistic())], c(), cv=2),
                "calibrated": lambda: calibration.CalibratedClassifierCV(
                    c(), cv=2),
                "isotonic": lambda: calibration.CalibratedClassifierCV(
                    c(), cv=2, method="isotonic", ensemble=False),
                "bag": lambda: e.BaggingClassifier(c(), 2, max_features=0.6,
                                                   random_state=1),
                "rest": lambda: multiclass.OneVsRestClassifier(c()),
                "pairs": lambda: multiclass.OneVsOneClassifier(c()),
                "pick": lambda: pipeline.make_pipeline(
                    feature_selection.SelectFromModel(c()), c()),
                "rfe": lambda: pipeline.make_pipeline(
                    feature_selection.RFE(c(), n_features_to_select=4),
                    logistic()),
                "ada": lambda: e.AdaBoostClassifier(c(), n_estimators=2),
                "threshold": lambda: s.FixedThresholdClassifier(
                    c(), threshold=0.3)}.items():
            if word == "threshold" and kind not in "2ob":
                continue
            v.behind(f"{name}-{word}-{kind}", kind, around)
    for kind in ("ll", "33"):
        v.behind(f"{name}-several-{kind}", kind, lambda:
                 multioutput.MultiOutputClassifier(c()))
        if kind == "ll":
            v.behind(f"{name}-chain-{kind}", kind, lambda:
                     multioutput.ClassifierChain(c(), random_state=1))
        v.behind(f"{name}-plain-{kind}", kind, c)
    v.behind(f"{name}-rest-ll", "ll", lambda:
             multiclass.OneVsRestClassifier(c()))
    for word, around, kind in (
            ("vote", lambda: e.VotingRegressor([("a", r()),
                                                ("b", L.Ridge())]), "r"),
            ("stack", lambda: e.StackingRegressor(
                [("a", r()), ("b", L.Ridge())], cv=2), "r"),
            ("bag", lambda: e.BaggingRegressor(r(), 2, random_state=1), "r"),
            ("ada", lambda: e.AdaBoostRegressor(
                r(), n_estimators=2, random_state=1), "r"),
            ("target", lambda: compose.TransformedTargetRegressor(
                r(), func=np.log, inverse_func=np.exp), "p"),
            ("several", lambda: multioutput.MultiOutputRegressor(r()), "rr"),
            ("chain", lambda: multioutput.RegressorChain(r()), "rr"),
            ("plain", r, "rr")):
        v.behind(f"{name}-number_{word}-{kind}", kind, around)
    v.attempt(f"{name}-impute", "2", lambda: pipeline.make_pipeline(
        impute.IterativeImputer(r(), max_iter=2, random_state=1), c()), raw)
    v.attempt(f"{name}-sparse", "2", lambda: pipeline.make_pipeline(
        compose.ColumnTransformer(
            [("t", P.OneHotEncoder(handle_unknown="ignore"), TEXTS)],
            remainder="passthrough", sparse_threshold=1), c()))
    v.attempt(f"{name}-dense", "3" if name == "LGBM" else "2", lambda:
              pipeline.make_pipeline(compose.ColumnTransformer(
                  [("t", P.OrdinalEncoder(
                      handle_unknown="use_encoded_value", unknown_value=-1),
                    TEXTS)], remainder="passthrough"), c()))
    v.attempt(f"{name}-frame", "2", lambda: pipeline.make_pipeline(
        compose.ColumnTransformer(
            [("t", P.OrdinalEncoder(
                handle_unknown="use_encoded_value", unknown_value=-1),
              TEXTS)], remainder="passthrough",
            verbose_feature_names_out=False).set_output(transform="pandas"),
        c()))


def rankers(v, libraries):
    """Behind a pipeline, with groups for the last step."""
    group = [100, 100, 100]
    raw = v.x[NUMBERS + ["calls", "flag"]]
    relevant = np.digitize(v.score, [-0.7, 0.7])
    for name, word in (("XGB", "xgboost"), ("LGBM", "lightgbm")):
        if name not in libraries:
            continue
        module = sys.modules[word]
        cls = getattr(module, f"{name}Ranker")
        how = libraries[name][2]

        class Fitted:
            """One that has its groups already."""

            def fit(self, x, y):
                return cls(**how).fit(x, relevant, group=group)

        v.attempt(f"{name}-ranker", "2", Fitted, raw)

        class Behind:
            def fit(self, x, y):
                key = cls.__name__.lower() + "__group"
                return pipeline.make_pipeline(
                    impute.SimpleImputer(), cls(**how)).fit(
                        x, relevant, **{key: group})

        v.attempt(f"{name}-ranker_behind", "2", Behind, raw)
