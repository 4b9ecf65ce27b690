#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the corpus of fuzz_pickle: one small model of each kind, in turn in
every pickle protocol and joblib's forms. Needs scikit-learn 1.7.

    seed_pickle.py DIRECTORY
"""
import io
import pathlib
import pickle
import sys
import zlib

import joblib
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (AdaBoostClassifier, AdaBoostRegressor,
                              BaggingClassifier, ExtraTreesClassifier,
                              GradientBoostingClassifier,
                              GradientBoostingRegressor,
                              HistGradientBoostingClassifier,
                              IsolationForest, StackingClassifier,
                              RandomForestClassifier, RandomForestRegressor,
                              VotingClassifier)
from sklearn.decomposition import PCA
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import (SelectFromModel, SelectKBest,
                                       SelectPercentile, VarianceThreshold)
from sklearn.impute import IterativeImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import (LinearRegression, LogisticRegression,
                                  Perceptron, RidgeClassifier, SGDClassifier)
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (FunctionTransformer, KBinsDiscretizer,
                                   MinMaxScaler, Normalizer, OneHotEncoder,
                                   OrdinalEncoder, PolynomialFeatures,
                                   PowerTransformer, QuantileTransformer,
                                   SplineTransformer, StandardScaler,
                                   TargetEncoder)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor


def table(rows=60):
    rng = np.random.default_rng(1)
    x = pd.DataFrame({
        "a": rng.normal(size=rows),
        "b": rng.integers(0, 5, rows).astype(float),
        "c": rng.choice(["x", "y", "z"], rows).astype(object),
        "d": rng.choice(["p", "q", "r", "s"], rows,
                        p=[0.6, 0.3, 0.05, 0.05]).astype(object),
    })
    x.loc[::7, "a"] = np.nan
    x.loc[::9, "d"] = np.nan
    score = x["b"] + (x["c"] == "x") + rng.normal(size=rows)
    return x, np.digitize(score, [1.5, 3.0])


def models():
    x, y = table()
    numbers, texts = ["a", "b"], ["c", "d"]
    onehot = ColumnTransformer([
        ("num", Pipeline([("fill", SimpleImputer(add_indicator=True)),
                          ("scale", StandardScaler())]), numbers),
        ("cat", OneHotEncoder(handle_unknown="infrequent_if_exist",
                              min_frequency=5, drop="first"), texts)])
    ordinal = ColumnTransformer([
        ("cat", OrdinalEncoder(handle_unknown="use_encoded_value",
                               unknown_value=-1,
                               encoded_missing_value=-2), texts),
        ("fill", SimpleImputer(strategy="constant", fill_value=-1),
         ["a"])],
        remainder="passthrough")
    union = ColumnTransformer([
        ("both", FeatureUnion([("range", MinMaxScaler(clip=True)),
                               ("same", FunctionTransformer())]), ["b"]),
        ("count", OneHotEncoder(handle_unknown="ignore"), ["b"])])
    label = np.array(["no", "yes"])[(y > 0).astype(int)]
    small = {"n_estimators": 3, "max_depth": 2, "random_state": 1}
    yield "lr", Pipeline([("p", onehot), ("m", LogisticRegression())]), \
        x, label
    yield "lr3", Pipeline([("p", onehot), ("m", LogisticRegression())]), x, y
    yield "linear", Pipeline([("p", union), ("m", LinearRegression())]), x, y
    yield "tree", Pipeline([("p", ordinal), ("m", DecisionTreeClassifier(
        max_depth=3))]), x, y > 0
    yield "treereg", DecisionTreeRegressor(max_depth=2), x[["b"]], y
    yield "gb", Pipeline([("p", ordinal), ("m", GradientBoostingClassifier(
        **small))]), x, label
    yield "gb3", Pipeline([("p", ordinal), ("m", GradientBoostingClassifier(
        init="zero", **small))]), x, y
    yield "gbreg", Pipeline([("p", ordinal), (
        "m", GradientBoostingRegressor(**small))]), x, y
    yield "rf", Pipeline([("p", ordinal), ("m", RandomForestClassifier(
        **small))]), x, y
    yield "et", ExtraTreesClassifier(**small), x[["b"]].to_numpy(), y
    yield "rfreg", Pipeline([("p", onehot), ("m", RandomForestRegressor(
        **small))]), x, y
    yield "nb", Pipeline([("p", union), ("m", GaussianNB())]), x, y
    two = x[["b"]].to_numpy(), label
    yield "hist", HistGradientBoostingClassifier(
        max_iter=2, max_leaf_nodes=3), x[["a", "b"]], label
    yield "vote", VotingClassifier(
        [("a", SGDClassifier(loss="log_loss", random_state=1)),
         ("b", BernoulliNB())], voting="soft", weights=[1, 2]), *two
    yield "bag", BaggingClassifier(LogisticRegression(), n_estimators=2,
                                   random_state=1), *two
    yield "ada", AdaBoostClassifier(n_estimators=2, random_state=1), *two
    yield "mlp", MLPClassifier((2,), max_iter=2, random_state=1), *two
    yield "calibrated", CalibratedClassifierCV(LinearSVC(), cv=2), *two
    three = x[["b"]].to_numpy(), y
    tree = DecisionTreeClassifier(max_depth=1)
    yield "isotonic", CalibratedClassifierCV(
        tree, method="isotonic", cv=2), *three
    yield "ridge", RidgeClassifier(), *three
    yield "hard", VotingClassifier([("a", tree), ("b", Perceptron())]), *two
    yield "stack", StackingClassifier(
        [("a", tree), ("b", LinearSVC())], cv=2, passthrough=True), *two
    yield "adalr", AdaBoostClassifier(LogisticRegression(),
                                      n_estimators=2), *three
    yield "adareg", AdaBoostRegressor(n_estimators=3, random_state=1), *three
    yield "isolation", IsolationForest(
        n_estimators=2, max_samples=8, random_state=1), *two
    yield "ovr", OneVsRestClassifier(tree), *three
    yield "ovo", OneVsOneClassifier(tree), *three
    yield "threshold", FixedThresholdClassifier(tree, threshold=0.3), *two
    yield "huber", SGDClassifier(loss="modified_huber",
                                 random_state=1), *three
    several = np.c_[y, -y].astype(float)
    yield "chain", RegressorChain(LinearRegression(), order=[1, 0]), \
        three[0], several
    yield "outputs", MultiOutputRegressor(
        DecisionTreeRegressor(max_depth=1)), three[0], several
    yield "category", HistGradientBoostingClassifier(
        max_iter=2, max_leaf_nodes=3, categorical_features=[False, True]), \
        x[["a", "c"]], label
    full = x[["a", "b"]].fillna(0), label
    last = ("m", LogisticRegression())
    yield "shape", Pipeline([
        ("u", FeatureUnion([
            ("p", PowerTransformer()),
            ("q", QuantileTransformer(n_quantiles=5,
                                      output_distribution="normal")),
            ("b", KBinsDiscretizer(3)),
            ("f", FunctionTransformer(np.cbrt))])), last]), *full
    yield "select", Pipeline([
        ("n", Normalizer()), ("e", PolynomialFeatures(3)),
        ("v", VarianceThreshold()), ("k", SelectKBest(k=5)),
        ("f", SelectPercentile(percentile=80)),
        ("m", SelectFromModel(RandomForestClassifier(2, max_depth=2))),
        ("d", PCA(1, whiten=True)), ("l", LogisticRegression())]), *full
    yield "fill", Pipeline([
        ("u", FeatureUnion([("i", IterativeImputer(max_iter=2)),
                            ("m", MissingIndicator())])), last]), \
        x[["a", "b"]], label
    yield "spline", Pipeline([("s", SplineTransformer(
        3, degree=1, extrapolation="periodic")), last]), *full
    yield "target", Pipeline([("t", TargetEncoder(cv=2)), last]), \
        x[["c"]], y


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for i, (name, model, x, y) in enumerate(models()):
        model.fit(x, y)
        (folder / f"{name}_p{i % 6}").write_bytes(
            pickle.dumps(model, protocol=i % 6))
        data = io.BytesIO()
        joblib.dump(model, data)
        (folder / f"{name}_joblib").write_bytes(data.getvalue())
        if i % 3 == 0:
            (folder / f"{name}_zlib").write_bytes(
                zlib.compress(data.getvalue()))
    for name, data in (
            ("system", b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true"
                       b"\x85R."),
            ("self", b"\x80\x02]q\x00h\x00a."),
            ("persid", b"\x80\x02Pwhat\n."),
            ("ext", b"\x80\x02\x82\x01."),
            ("obj", b"(csklearn.x\nY\nI1\nL2L\nF1.5\nVz\\u00e9\no."),
            ("inst", b"(I01\nI00\nisklearn.x\nY\n.")):
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
