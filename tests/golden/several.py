#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the models of tests/golden/several: classifiers of several targets,
each with its library's own answers.

    several.py DIRECTORY [NAME...]

Lines for cases.list go to stdout. What the installed scikit-learn does not
have is left out.
"""
import inspect
import json
import pathlib
import sys
import warnings

import joblib
import numpy as np
import sklearn
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    LogisticRegression, RidgeClassifier, SGDClassifier)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

ROWS, TEST, COLUMNS = 200, 40, 4


def make(cls, *first, **parameters):
    names = inspect.signature(cls).parameters
    if not set(parameters) <= set(names):
        return None
    return cls(*first, **parameters)


def forest(cls):
    return cls(4, max_depth=4, random_state=1)


def chain(inside, **parameters):
    return make(ClassifierChain, inside, order=[2, 0, 1], **parameters)


def svc():
    return LinearSVC(max_iter=200, random_state=1)


# name, targets, how
CASES = [
    ("multi_logistic", "mixed", lambda: MultiOutputClassifier(
        LogisticRegression())),
    ("multi_svc", "mixed", lambda: MultiOutputClassifier(svc())),
    ("multi_pipeline", "texts", lambda: make_pipeline(
        SimpleImputer(), MultiOutputClassifier(make_pipeline(
            StandardScaler(), SGDClassifier(
                loss="modified_huber", random_state=1))))),
    ("multi_ovr", "mixed", lambda: MultiOutputClassifier(
        OneVsRestClassifier(LogisticRegression()))),
    ("tree", "mixed", lambda: DecisionTreeClassifier(
        max_depth=4, random_state=1)),
    ("forest", "mixed", lambda: forest(RandomForestClassifier)),
    ("extra_texts", "texts", lambda: forest(ExtraTreesClassifier)),
    ("chain", "columns", lambda: chain(LogisticRegression())),
    ("chain_numbers", "mixed", lambda: chain(svc())),
    ("chain_proba", "columns", lambda: chain(
        forest(RandomForestClassifier), chain_method="predict_proba")),
    ("chain_decision", "columns", lambda: chain(
        svc(), chain_method="decision_function")),
    ("mlp", "columns", lambda: MLPClassifier(
        (5,), max_iter=150, random_state=1)),
    ("ovr_logistic", "columns", lambda: OneVsRestClassifier(
        LogisticRegression())),
    ("ovr_svc", "columns", lambda: OneVsRestClassifier(svc())),
    ("ovr_forest", "constant", lambda: OneVsRestClassifier(
        forest(RandomForestClassifier))),
    ("ovr_constant", "constant", lambda: OneVsRestClassifier(
        LogisticRegression())),
    ("ridge", "columns", lambda: RidgeClassifier(solver="svd")),
]


def rows(n, seed):
    return np.random.default_rng(seed).normal(size=(n, COLUMNS)).round(2)


def targets(x, kind):
    rng = np.random.default_rng(3)
    s = x @ rng.normal(size=(COLUMNS, 3)) + rng.normal(size=(len(x), 3)) / 2
    if kind == "mixed":  # of 2, 3 and 4 classes
        return np.stack([np.digitize(s[:, k], np.quantile(
            s[:, k], np.arange(1, k + 2) / (k + 2))) for k in range(3)], 1)
    if kind == "texts":
        return np.stack([np.where(s[:, 0] > 0, "Yes", "No"),
                         np.digitize(s[:, 1], [-1, 1]).astype(str)], 1)
    y = (s > 0).astype(int)
    if kind == "constant":
        y[:, 0] = 1
    return y


def answers(model, x):
    predict = model.predict(x)
    r = {"predict": predict.tolist()}
    try:
        proba = model.predict_proba(x)
    except (AttributeError, ValueError):  # a chain has none of three classes
        return r
    if isinstance(proba, list):
        r["proba"] = [[p[i].tolist() for p in proba] for i in range(len(x))]
    else:
        r["proba"] = proba.tolist()
    return r


def main(directory, names):
    directory.mkdir(parents=True, exist_ok=True)
    x, test = rows(ROWS, 1), rows(TEST, 2)
    where = directory / "input.json"
    where.write_text(json.dumps(test.tolist()) + "\n")
    for name, kind, how in CASES:
        model = how()
        if model is None or (names and name not in names):
            continue
        model.fit(x, targets(x, kind))
        stem = f"{name}_sk{sklearn.__version__}"
        joblib.dump(model, directory / f"{stem}.joblib.z",
                    compress=("zlib", 9))
        (directory / f"{stem}.json").write_text(
            json.dumps(answers(model, test)) + "\n")
        print(f"several/{stem}.joblib.z several/input.json "
              f"several/{stem}.json -")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
