#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each class of scikit-learn once, and the parameters that change its answers.

Where differential.py tries many random models, this asks the installed
scikit-learn for every estimator and transformer that it has, and fits each in
a pipeline on a small mixed table. What is not in `REFUSED` has to be read, and
to answer as scikit-learn does, missing and unseen values included; the rest
has to be refused in these words. Skips where scikit-learn is not installed.

    survey.py [--rows N] [--group FUNCTION] [--only WORD] [--keep DIRECTORY]
"""
import argparse
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import joblib
    import numpy as np
    import pandas  # noqa: F401
    import sklearn
    from sklearn import pipeline
    from sklearn.utils import all_estimators
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)

from differential import VERSION, answers

if VERSION < (1, 5):
    print("1..0 # SKIP scikit-learn is older than 1.5")
    sys.exit(0)

from survey_boosters import boosters
from survey_cases import GROUPS
from survey_kit import (
    BY_HAND, LEFT_OUT, TEXTS, gaps, logistic, prepare, seeded, small, table)

# No reader: the message names the class and what to use in its place.
NO_READER = """
AdditiveChi2Sampler AffinityPropagation BayesianGaussianMixture BernoulliRBM
Birch BisectingKMeans DictionaryLearning FactorAnalysis FeatureAgglomeration
GaussianProcessClassifier GaussianProcessRegressor Isomap KNNImputer
KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer KernelPCA
LabelPropagation LabelSpreading LatentDirichletAllocation
LocallyLinearEmbedding MeanShift MiniBatchDictionaryLearning MiniBatchNMF
MiniBatchSparsePCA NMF NeighborhoodComponentsAnalysis PolynomialCountSketch
RadiusNeighborsClassifier RadiusNeighborsRegressor
RadiusNeighborsTransformer RandomTreesEmbedding SkewedChi2Sampler
SparseCoder SparsePCA SparseRandomProjection
""".split()
# Refused, and in which words; the first whose name is a part of the case's.
REFUSED = {
    "Imputer-iterative_range-empty":
        "had a column without any value",
    "Imputer-iterative_few-empty":
        "had a column without any value",
    "Imputer-iterative_tree-empty":
        "had a column without any value",
    "Imputer-iterative_ridge-empty":
        "had a column without any value",
    "Imputer-iterative-empty":
        "had a column without any value",
    "TfidfTransformer":
        "makes columns of texts or lists",
    "KBinsDiscretizer-float32":
        "dtype is not supported",
    "SplineTransformer-linear":
        "extrapolation='linear' is not supported",
    "SplineTransformer-quantile":
        "has knots that do not ascend",
    "FunctionTransformer-kw":
        "calls its function with kw_args",
    "FunctionTransformer-own":
        "is Python code, which is never run",
    "Imputer-iterative_tree":
        "is not supported inside of IterativeImputer",
    "GradientBoostingClassifier-own":
        "is not supported as the first guess",
    "GradientBoostingRegressor-own":
        "is not supported as the first guess",
    "TransformedTargetRegressor-pipeline":
        "as the transformer of the target",
    "TransformedTargetRegressor-log10":
        "is Python code, which is never run",
    "DummyClassifier-stratified":
        "is not supported; known are",
    "DummyClassifier-uniform":
        "is not supported; known are",
    "SVC-sparse":
        "was trained on a sparse matrix",
    "-impute":
        "is not supported inside of IterativeImputer",
    "-pick-":
        "selects by the importances of an object of class",
    "Imputer-knn":
        "KNNImputer is not supported",
}
# Float numbers that numpy adds up in float, in an order of its own.
COARSE = ("XGB",)


class Survey:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.lines = []
        self.x, self.score = table(300, False)
        self.x = gaps(self.x, 3)
        self.full, _ = table(300, False)
        test = gaps(table(options.rows, True)[0], 4)
        self.test = test
        self.write_rows(test)

    def write_rows(self, test):
        (self.folder / "input.json").write_text(json.dumps([
            {k: None if isinstance(v, float) and np.isnan(v) else v
             for k, v in row.items()} for row in test.to_dict("records")]))

    def target(self, kind):
        s = self.score
        return {
            "2": lambda: (s > 0).astype(int),
            "3": lambda: np.array(["low", "middle", "top"])[
                np.digitize(s, [-0.7, 0.7])],
            "r": lambda: s, "p": lambda: np.exp(s / 3),
            "b": lambda: s > 0, "gap": lambda: np.array([-5, 10, 11])[
                np.digitize(s, [-0.7, 0.7])],
            "f": lambda: np.where(s > 0, 3.0, -1.0),
            "o": lambda: np.where(s > 0, "yes", "no").astype(object),
            "rr": lambda: np.c_[s, -s + self.score[::-1]],
            "ll": lambda: np.c_[s > 0, s > 1].astype(int),
            "33": lambda: np.c_[np.digitize(s, [-0.7, 0.7]), s > 0],
            "part": lambda: np.where(np.arange(len(s)) % 5 == 0, -1, s > 0),
            "": lambda: None}[kind]()

    def attempt(self, name, target, model, x=None):
        """Fit, save and answer; note the line of the list."""
        if self.options.only not in name:
            return
        x = self.x if x is None else x
        try:
            model = copy.deepcopy(model()) # parts are shared
            y = self.target(target)
            model = model.fit(x) if y is None else model.fit(x, y)
            said = answers(model, self.test[list(x)] if hasattr(
                x, "columns") else self.test.to_numpy())
            joblib.dump(model, self.folder / f"{name}.joblib")
            if np.ndim(said["predict"]) == 2 and np.shape(
                    said["predict"])[1] == 1: # CatBoost's way
                said["predict"] = [y for y, in said["predict"]]
        except Exception as failed: # scikit-learn's own limits
            print(f"# {name} was not made: {type(failed).__name__}: "
                  f"{str(failed).splitlines()[0][:150]}")
            return
        (self.folder / f"{name}.schema.yaml").write_text(
            "inputs:\n" + "".join(
                f"  - {{name: {k}, 'null': missing, type: "
                f"{'text' if k in TEXTS else 'number'}}}\n" for k in x))
        expected = f"{name}.expected.json"
        (self.folder / expected).write_text(json.dumps(said))
        words = [w for part, w in REFUSED.items() if part in name]
        if name.split("-")[0] in NO_READER:
            words = [name.split("-")[0] + " is not supported; use one of"]
        if words:
            expected = "refused:" + words[0].replace("_", "@").replace(
                " ", "_")
        tolerance = 2e-7 if name.startswith(COARSE) else 1e-12
        self.lines.append(f"{name}.joblib input.json {expected} - "
                          f"{tolerance}\n")

    def behind(self, name, target, model, **more):
        """As the last step, on what is prepared."""
        self.attempt(name, target, lambda: pipeline.Pipeline(
            [("prepare", prepare()), ("model", model())]), **more)

    def between(self, name, step, target="2"):
        """As a step before a linear model and before a tree."""
        for word, last in (("line", logistic), ("tree", small)):
            self.attempt(f"{name}-{word}", target, lambda: pipeline.Pipeline(
                [("prepare", prepare()), ("step", step()),
                 ("last", last())]))

    # --- every class --------------------------------------------------------

    def classes(self):
        for name, cls in all_estimators():
            if name in LEFT_OUT:
                continue
            how = BY_HAND.get(name, seeded)
            kinds = self.kinds(name, cls)
            for kind in kinds:
                if kind == "t":
                    self.between(name, lambda: how(cls))
                else:
                    self.behind(f"{name}-{kind or 'none'}", kind,
                                lambda: how(cls))

    @staticmethod
    def kinds(name, cls):
        """Targets to try; "t" is none of them, but a transformer's place."""
        if name in ("MultiOutputClassifier", "ClassifierChain"):
            return ["ll", "33"] if name[0] == "M" else ["ll"]
        if name.startswith(("MultiTask", "MultiOutputR", "RegressorC")):
            return ["rr"]
        if name in ("RFE", "RFECV", "SelfTrainingClassifier"):
            return ["2"] + (["t"] if name[0] == "R" else [])
        kind = getattr(cls, "_estimator_type", None)
        if VERSION >= (1, 6):
            listed = {n for t in ("classifier", "regressor", "cluster")
                      for n, _ in all_estimators(t) if n == name and
                      (setattr(Survey, "_kind", t) or True)}
            kind = Survey._kind if listed else None
        if name in ("GammaRegressor", "PoissonRegressor", "TweedieRegressor"):
            return ["p"]
        if kind == "classifier" or name.endswith(("SearchCV", "Pipeline")):
            if name.endswith("ThresholdClassifier") or "TunedTh" in name:
                return ["2"]
            return ["2", "3"]
        if kind == "regressor":
            return ["r"]
        if hasattr(cls, "predict"):
            return [""]
        return ["t"] if hasattr(cls, "transform") else []

    def run(self):
        if self.options.group in ("", "classes"):
            self.classes()
        for group in (*GROUPS, boosters):
            if self.options.group in ("", group.__name__):
                group(self)
        (self.folder / "cases.list").write_text("".join(self.lines))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rows", type=int, default=60)
    arguments.add_argument("--group", default="")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--keep", type=pathlib.Path)
    options = arguments.parse_args()
    build = pathlib.Path(os.environ.get("LS_BUILDDIR", "."))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        Survey(options, folder).run()
        print(f"# scikit-learn {sklearn.__version__}", flush=True)
        return subprocess.run([build / "tests/golden/golden",
                               folder / "cases.list", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
