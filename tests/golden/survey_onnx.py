#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each estimator and transformer that converters write, against ONNX Runtime.

Where differential_onnx.py tries many random models, this tries every kind of
them once, in the options that change what is written: what is not in
`REFUSED` has to be read, and answered as the runtime does. Skips where the
converters or the runtime are not installed.

    survey_onnx.py [--rows N] [--only WORD] [--keep DIRECTORY]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import onnx
    import onnxruntime
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn import (
        calibration, decomposition, discriminant_analysis, ensemble,
        feature_selection, gaussian_process, linear_model, model_selection,
        multiclass, multioutput, naive_bayes, neighbors, neural_network,
        pipeline, preprocessing, svm, tree)
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)

# What is refused, and in which words; a part of the name of the case.
REFUSED = {
    "Neighbors": "(Scan)",
    "GaussianProcess": "(Scan)",
    "BaggingClassifierLinearSVC": "works_along_the_rows",
    "two_numbers_of_Bagging": "works_along_the_rows",
    "two_numbers_of_MLP": "the_number_of_rows",
}
# The runtime adds hundreds of vectors up in float, in an order that depends
# on the batch.
COARSE = {"SVR": 1e-3}


def data(rows):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400 + rows, 4)) * [1, 3, 0.5, 10]
    x = np.round(x, 3).astype(np.float32)
    score = x @ [1, 0.5, -2, 0.1] + rng.normal(size=len(x))
    return x[:400], x[400:], score[:400]


def classifiers():
    some = {"random_state": 0, "n_estimators": 5}
    two = [("a", linear_model.LogisticRegression()),
           ("b", tree.DecisionTreeClassifier(max_depth=3))]
    lone = calibration.CalibratedClassifierCV
    return [
        linear_model.LogisticRegression(max_iter=300),
        linear_model.LogisticRegressionCV(Cs=2, cv=2),
        linear_model.SGDClassifier(loss="log_loss", random_state=0),
        linear_model.SGDClassifier(loss="modified_huber", random_state=0),
        linear_model.SGDClassifier(random_state=0),
        linear_model.RidgeClassifier(), linear_model.RidgeClassifierCV(),
        linear_model.Perceptron(random_state=0),
        linear_model.PassiveAggressiveClassifier(random_state=0),
        svm.LinearSVC(), svm.SVC(), svm.SVC(kernel="linear"),
        svm.SVC(kernel="poly", degree=2, coef0=1),
        svm.SVC(kernel="sigmoid", gamma=0.01),
        svm.SVC(decision_function_shape="ovo"),
        svm.SVC(probability=True, random_state=0),
        svm.NuSVC(nu=0.2), svm.NuSVC(nu=0.2, probability=True),
        discriminant_analysis.LinearDiscriminantAnalysis(),
        discriminant_analysis.QuadraticDiscriminantAnalysis(),
        naive_bayes.GaussianNB(), naive_bayes.BernoulliNB(binarize=0.2),
        tree.DecisionTreeClassifier(random_state=0),
        tree.ExtraTreeClassifier(random_state=0),
        ensemble.RandomForestClassifier(**some),
        ensemble.ExtraTreesClassifier(**some),
        ensemble.GradientBoostingClassifier(**some),
        ensemble.AdaBoostClassifier(**some),
        ensemble.AdaBoostClassifier(linear_model.LogisticRegression(),
                                    **some),
        ensemble.BaggingClassifier(max_features=0.5, **some),
        ensemble.BaggingClassifier(svm.LinearSVC(), **some),
        ensemble.VotingClassifier(two, voting="soft",
                                  flatten_transform=False),
        ensemble.VotingClassifier(two, flatten_transform=False,
                                  weights=np.array([1, 2])),
        ensemble.StackingClassifier(two, cv=2),
        ensemble.StackingClassifier(two, cv=2, passthrough=True),
        lone(svm.LinearSVC(), cv=2), lone(svm.SVC(), cv=2),
        lone(svm.LinearSVC(), method="isotonic", cv=2),
        lone(naive_bayes.GaussianNB(), ensemble=False, cv=2),
        neural_network.MLPClassifier((6, 4), max_iter=60, random_state=0),
        multiclass.OneVsRestClassifier(
            tree.DecisionTreeClassifier(max_depth=3)),
        multiclass.OneVsRestClassifier(svm.LinearSVC()),
        multiclass.OneVsOneClassifier(svm.LinearSVC()),
        model_selection.GridSearchCV(linear_model.LogisticRegression(),
                                     {"C": [1, 2]}, cv=2),
        neighbors.KNeighborsClassifier(5),
    ]


def regressors():
    some = {"random_state": 0, "n_estimators": 5}
    two = [("a", linear_model.Ridge()),
           ("b", tree.DecisionTreeRegressor(max_depth=3))]
    names = ("LinearRegression Ridge Lasso ElasticNet HuberRegressor "
             "BayesianRidge ARDRegression SGDRegressor RidgeCV LassoCV Lars "
             "LassoLars OrthogonalMatchingPursuit QuantileRegressor "
             "TheilSenRegressor RANSACRegressor PassiveAggressiveRegressor")
    return [getattr(linear_model, name)() for name in names.split()] + [
        svm.LinearSVR(), svm.SVR(), svm.SVR(kernel="poly", degree=2),
        svm.NuSVR(), tree.DecisionTreeRegressor(max_depth=5),
        tree.ExtraTreeRegressor(max_depth=5),
        ensemble.RandomForestRegressor(**some),
        ensemble.ExtraTreesRegressor(**some),
        ensemble.GradientBoostingRegressor(**some),
        ensemble.AdaBoostRegressor(**some),
        ensemble.AdaBoostRegressor(random_state=0, n_estimators=1),
        ensemble.AdaBoostRegressor(linear_model.LinearRegression(), **some),
        ensemble.BaggingRegressor(**some), ensemble.VotingRegressor(two),
        ensemble.StackingRegressor(two),
        neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=100,
                                    random_state=0),
        neighbors.KNeighborsRegressor(3),
        gaussian_process.GaussianProcessRegressor(),
    ]


def several_numbers():
    some = {"random_state": 0, "n_estimators": 3}
    return [
        linear_model.LinearRegression(), linear_model.MultiTaskLasso(),
        tree.DecisionTreeRegressor(max_depth=5),
        ensemble.RandomForestRegressor(**some),
        multioutput.MultiOutputRegressor(linear_model.Ridge()),
        ensemble.BaggingRegressor(**some),
        neural_network.MLPRegressor(hidden_layer_sizes=(5,), max_iter=50),
    ]


def several_labels():
    each = multioutput.MultiOutputClassifier
    return [
        each(linear_model.LogisticRegression(max_iter=300)),
        each(tree.DecisionTreeClassifier(max_depth=3)),
        each(ensemble.GradientBoostingClassifier(n_estimators=3)),
        tree.DecisionTreeClassifier(max_depth=4, random_state=0),
        ensemble.RandomForestClassifier(4, max_depth=4, random_state=0),
        ensemble.ExtraTreesClassifier(4, random_state=0),
    ]


def indicators():
    return [
        neural_network.MLPClassifier((5,), max_iter=100, random_state=0),
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression()),
        multiclass.OneVsRestClassifier(
            tree.DecisionTreeClassifier(max_depth=3)),
    ]


def transformers():
    p, f = preprocessing, feature_selection
    line = linear_model.LogisticRegression()
    return [
        p.StandardScaler(), p.MinMaxScaler(), p.MinMaxScaler(clip=True),
        p.MaxAbsScaler(), p.RobustScaler(), p.Normalizer(),
        p.Normalizer("l1"), p.Normalizer("max"), p.Binarizer(),
        p.PowerTransformer(), p.QuantileTransformer(n_quantiles=60),
        p.PolynomialFeatures(), p.KBinsDiscretizer(4, encode="ordinal"),
        p.KBinsDiscretizer(4, encode="onehot-dense"),
        p.FunctionTransformer(), decomposition.PCA(2),
        decomposition.PCA(2, whiten=True), decomposition.IncrementalPCA(2),
        decomposition.TruncatedSVD(2), f.SelectKBest(k=2),
        f.SelectPercentile(), f.SelectFpr(), f.SelectFdr(), f.SelectFwe(),
        f.VarianceThreshold(0.3), f.SelectFromModel(line),
        f.RFE(line, n_features_to_select=2),
        pipeline.FeatureUnion([("a", p.StandardScaler()),
                               ("b", p.MinMaxScaler())],
                              transformer_weights={"a": 2, "b": 0.5}),
    ]


def name_of(model):
    inner = [getattr(model, k, None) for k in ("estimator", "estimator_")]
    return type(model).__name__ + "".join(
        type(i).__name__ for i in inner[:1] if i is not None)


class Survey:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.lines = []
        self.names = {}
        self.train, self.test, self.score = data(options.rows)

    def convert(self, model, options, opset):
        some = {id(model): options} if options else None
        return skl2onnx.to_onnx(
            model, initial_types=[("X", FloatTensorType([None, 4]))],
            options=some, target_opset=opset)

    def answers(self, graph):
        how = onnxruntime.SessionOptions()
        how.log_severity_level = 4
        how.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(
            graph.SerializeToString(), how,
            providers=["CPUExecutionProvider"])
        return session.run(None, {"X": self.test})

    def write(self, name, graph, answers):
        n = self.names[name] = self.names.get(name, 0) + 1
        name = f"{name}_{n}".replace("(", "").replace(" ", "_")
        refused = [words for part, words in REFUSED.items() if part in name]
        expected = f"{name}.expected.json"
        onnx.save(graph, str(self.folder / f"{name}.onnx"))
        (self.folder / expected).write_text(json.dumps(answers))
        if refused:
            expected = "refused:" + refused[0]
        tolerance = [t for part, t in COARSE.items() if part in name]
        self.lines.append(f"{name}.onnx input.json {expected} - "
                          f"{tolerance[0] if tolerance else 1e-6}\n")

    def attempt(self, what, model, y, put, options=None, opset=None):
        name = f"{what}_{name_of(model)}"
        if self.options.only not in name:
            return
        try:
            model.fit(self.train.astype(np.float64), y)
            graph = self.convert(model, options, opset)
            answers = put(model, self.answers(graph))
        except Exception as failed:  # a converter's own limits
            print(f"# {name} was not made: "
                  f"{str(failed).splitlines()[0][:120]}")
            return
        self.write(name, graph, answers)

    @staticmethod
    def numbers(_, out):
        y = out[0].reshape(len(out[0]), -1)
        return {"predict": (y[:, 0] if y.shape[1] == 1 else y).tolist()}

    @staticmethod
    def labels(_, out):
        answers = {"predict": out[0].reshape(-1).tolist()}
        if len(out) > 2 and len(out[2]) == len(out[0]):
            proba = np.column_stack([y.reshape(-1) for y in out[1:]])
        elif isinstance(out[1], list):
            proba = np.array([list(row.values()) for row in out[1]])
        else:
            proba = out[1]
        # Scores stand in the same place.
        if proba.min() >= 0 and abs(proba.sum(axis=1) - 1).max() < 1e-5:
            answers["proba"] = proba.tolist()
        return answers

    def several(self, model, out):
        """Of an indicator matrix a number each, of targets a list each."""
        rows = range(len(out[0]))
        if isinstance(out[1], list):
            proba = [[part[i].tolist() for part in out[1]] for i in rows]
        elif out[1].ndim == 3:
            sizes = [len(c) for c in model.classes_]
            proba = [[out[1][t, i, :n].tolist() for t, n in enumerate(sizes)]
                     for i in rows]
        else:
            proba = [[[float(1 - p), float(p)] for p in row]
                     for row in out[1]]
        return {"predict": out[0].tolist(), "proba": proba}

    def run(self):
        two = (self.score > 0).astype(int)
        three = np.digitize(self.score, [-1.5, 1])
        plain = {"zipmap": False}
        (self.folder / "input.json").write_text(
            json.dumps([[float(v) for v in row] for row in self.test]))
        for what, y in (("two", two),
                        ("texts", np.array(["a", "b", "c"],
                                           dtype=object)[three])):
            for model in classifiers():
                options = None if isinstance(model, svm.LinearSVC) else plain
                self.attempt(what, model, y, self.labels, options)
        for options in ({}, {"zipmap": "columns"}, {"nocl": True},
                        {"output_class_labels": True, **plain}):
            for model in classifiers()[:1] + classifiers()[23:27]:
                self.attempt("options", model, two, self.labels, options)
        for model in (classifiers()[0], ensemble.AdaBoostClassifier(
                n_estimators=5), ensemble.GradientBoostingClassifier(
                n_estimators=5)):
            for what, y in (("two", two), ("three", three)):
                self.attempt(f"scores_{what}", model, y, self.labels,
                             {"raw_scores": True, **plain})
        for opset in (9, 12, 15, 18, 22):
            for model in (classifiers()[0], classifiers()[26]):
                self.attempt("opset", model, three, self.labels, plain, opset)
            self.attempt("opset", ensemble.AdaBoostRegressor(n_estimators=5),
                         self.score, self.numbers, opset=max(opset, 11))
        for model in regressors():
            self.attempt("number", model, self.score, self.numbers)
        for name in ("PoissonRegressor", "GammaRegressor",
                     "TweedieRegressor"):
            self.attempt("number", getattr(linear_model, name)(),
                         np.abs(self.score) + 0.1, self.numbers)
        both = np.column_stack([self.score, self.train[:, 1]])
        for model in several_numbers():
            self.attempt("two_numbers_of", model, both, self.numbers)
        other = (self.train[:, 1] > 0).astype(int)
        for model in several_labels():
            self.attempt("two_labels_of", model,
                         np.column_stack([three, other * 2 + 3]),
                         self.several, plain)
        for model in several_labels() + indicators():
            self.attempt("marks_of", model, np.column_stack([two, other]),
                         self.several, plain)
        for model in transformers():
            for last in (linear_model.LogisticRegression(max_iter=300),
                         tree.DecisionTreeClassifier(max_depth=3)):
                self.attempt(name_of(model),
                             pipeline.make_pipeline(model, last), two,
                             self.labels, plain)
        for word, y in (("outlier", None),):
            self.attempt(word, svm.OneClassSVM(), y, self.numbers)
            self.attempt(word, ensemble.IsolationForest(n_estimators=5), y,
                         self.numbers, opset={"": 15, "ai.onnx.ml": 3})
        (self.folder / "cases.list").write_text("".join(self.lines))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rows", type=int, default=200)
    arguments.add_argument("--only", default="")
    arguments.add_argument("--keep", type=pathlib.Path)
    options = arguments.parse_args()
    build = pathlib.Path(os.environ.get("LS_BUILDDIR", "."))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        Survey(options, folder).run()
        sys.stdout.flush()
        return subprocess.run([build / "tests/golden/golden",
                               folder / "cases.list", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
