# SPDX-License-Identifier: ISC
"""What survey.py fits: a small mixed table, and models with few rounds."""
import inspect

import numpy as np
import pandas as pd
from sklearn.experimental import (  # noqa: F401
    enable_halving_search_cv, enable_iterative_imputer)
from sklearn import (
    compose, impute, linear_model, pipeline, preprocessing, tree)

from differential import known

P, T, L = preprocessing, tree, linear_model
NUMBERS, TEXTS = ["age", "fee"], ["plan", "city"]


def table(rows, test):
    """Two numbers, two texts, a count and a flag."""
    rng = np.random.default_rng(2 if test else 1)
    words = ["basic", "plus", "pro", "Zürich", "rare"]
    x = pd.DataFrame({
        "age": np.round(rng.normal(40, 12, rows), 1),
        "plan": rng.choice(words[:3] + (["unseen"] if test else ["rare"]),
                           rows, p=[0.4, 0.3, 0.25, 0.05]),
        "fee": np.round(rng.gamma(2, 30, rows), 2),
        "city": rng.choice(words[2:], rows),
        "calls": rng.integers(0, 6 + (2 if test else 0), rows).astype(float),
        "flag": rng.integers(0, 2, rows).astype(float)})
    x = x.astype({"plan": object, "city": object})
    score = (x["age"] / 12 - x["fee"] / 40 + (x["plan"] == "pro")
             + x["calls"] / 3 + rng.normal(0, 0.5, rows)).to_numpy()
    return x, score - np.median(score)


def gaps(x, seed):
    rng = np.random.default_rng(seed)
    x = x.copy()
    for name in x:
        x.loc[rng.random(len(x)) < 0.08, name] = np.nan
    return x


def prepare(last=None, scaler=None):
    """Everything becomes a number, none of them missing or below zero."""
    numbers = pipeline.make_pipeline(impute.SimpleImputer(),
                                     scaler or P.MinMaxScaler(clip=True))
    texts = pipeline.make_pipeline(
        impute.SimpleImputer(strategy="most_frequent"),
        P.OneHotEncoder(handle_unknown="ignore"))
    return compose.ColumnTransformer(
        [("numbers", numbers, NUMBERS + ["calls", "flag"]),
         ("texts", texts, TEXTS)], sparse_threshold=0)


def logistic(**more):
    return L.LogisticRegression(max_iter=200, **more)


def small(**more):
    return T.DecisionTreeClassifier(max_depth=3, random_state=1, **more)


def stump(**more):
    return T.DecisionTreeRegressor(max_depth=3, random_state=1, **more)


def seeded(cls, *first, **more):
    """The class with few rounds, always the same."""
    some = {"random_state": 1, "n_estimators": 4, "n_components": 2, "cv": 2,
            "max_iter": 100, "Cs": 2, **more}
    if cls.__name__.startswith("HistGradient"):
        some["max_iter"] = 5
    return known(cls, *first, **{k: v for k, v in some.items()
                                 if k in inspect.signature(cls).parameters})


# What cannot be made without arguments.
BY_HAND = {
    "ClassifierChain": lambda c: c(logistic(), random_state=1),
    "ColumnTransformer": lambda c: c([("a", P.StandardScaler(), [0, 2])]),
    "FeatureUnion": lambda c: c([("a", P.StandardScaler()),
                                 ("b", P.MaxAbsScaler())]),
    "FixedThresholdClassifier": lambda c: c(logistic(), threshold=0.3),
    "FrozenEstimator": None, # below
    "GridSearchCV": lambda c: c(logistic(), {"C": [0.1, 1]}, cv=2),
    "HalvingGridSearchCV": lambda c: c(logistic(), {"C": [0.1, 1]}, cv=2,
                                       random_state=1),
    "HalvingRandomSearchCV": lambda c: c(logistic(), {"C": [0.1, 1]}, cv=2,
                                         random_state=1),
    "MultiOutputClassifier": lambda c: c(logistic()),
    "MultiOutputRegressor": lambda c: c(L.Ridge()),
    "OneVsOneClassifier": lambda c: c(logistic()),
    "OneVsRestClassifier": lambda c: c(logistic()),
    "OutputCodeClassifier": lambda c: c(logistic(), random_state=1),
    "Pipeline": lambda c: c([("a", P.StandardScaler()), ("b", logistic())]),
    # What is not of full rank has no axes to speak of.
    "QuadraticDiscriminantAnalysis": lambda c: c(reg_param=0.1),
    "RFE": lambda c: c(logistic(), n_features_to_select=3),
    "RFECV": lambda c: c(logistic(), cv=2),
    "RandomizedSearchCV": lambda c: c(logistic(), {"C": [0.1, 1]}, cv=2,
                                      n_iter=2, random_state=1),
    "RegressorChain": lambda c: c(L.Ridge(), random_state=1),
    "SelectFromModel": lambda c: c(logistic()),
    "SelfTrainingClassifier": lambda c: c(logistic()),
    "SequentialFeatureSelector": lambda c: c(logistic(), cv=2,
                                             n_features_to_select=2),
    "SparseCoder": lambda c: c(np.eye(11)[:4]),
    "StackingClassifier": lambda c: c([("a", logistic()), ("b", small())],
                                      cv=2),
    "StackingRegressor": lambda c: c([("a", L.Ridge()), ("b", stump())],
                                     cv=2),
    "TunedThresholdClassifierCV": lambda c: c(logistic(), cv=2),
    "VotingClassifier": lambda c: c([("a", logistic()), ("b", small())]),
    "VotingRegressor": lambda c: c([("a", L.Ridge()), ("b", stump())]),
}
# Not of one row's numbers: texts, files, targets alone, or shapes of their
# own.
LEFT_OUT = {
    "CountVectorizer", "DictVectorizer", "FeatureHasher", "HashingVectorizer",
    "TfidfVectorizer", "PatchExtractor", "LabelBinarizer", "LabelEncoder", "KernelCenterer",
    "LocalOutlierFactor", "MissingIndicator",
    "MultiLabelBinarizer", "IsotonicRegression", "FrozenEstimator",
    "CCA", "PLSCanonical", "PLSSVD",
}
