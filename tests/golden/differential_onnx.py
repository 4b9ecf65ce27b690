#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random models converted to ONNX, imported and scored, against ONNX Runtime.

Skips where the converters or the runtime are not installed. A model is made
from a seed, so a failure can be made again:

    differential_onnx.py [--models N] [--rows N] [--seed N] [--keep DIRECTORY]

The comparing is done by the program `golden`, built beside the tests.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import onnx
    import onnxruntime
    import pandas as pd
    import skl2onnx
    import sklearn
    from onnx import TensorProto, helper, numpy_helper
    from skl2onnx.common.data_types import (
        BooleanTensorType, DoubleTensorType, FloatTensorType,
        Int64TensorType, StringTensorType)
    from sklearn import (
        calibration, compose, discriminant_analysis, ensemble, feature_selection,
        impute, linear_model, naive_bayes, neural_network, pipeline,
        preprocessing, svm, tree)
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)

try:
    import onnxmltools
    import onnxmltools.convert.common.data_types as tools_types
except ImportError:
    onnxmltools = None
try:
    import xgboost
except ImportError:
    xgboost = None
try:
    import lightgbm
except ImportError:
    lightgbm = None
try:
    import catboost
except ImportError:
    catboost = None

TOLERANCE = 1e-6


class Maker:
    """One random model and the rows to hold it to."""

    def __init__(self, seed, rows):
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.rows = rows
        self.null = False
        self.probabilities = True  # the second output are some

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *choices):
        return self.random.choice(choices)

    def labels(self, y, n_classes):
        names = self.pick(
            np.arange(n_classes), np.arange(n_classes) * 3 + 5,
            np.array([f"class {i}" for i in range(n_classes)], dtype=object))
        return names[y]

    def target(self, s, n_classes):
        s = s + self.rng.normal(size=len(s)) * 0.5
        if n_classes == 0:
            return s * self.pick(1.0, 20.0)
        cuts = np.quantile(s, np.arange(1, n_classes) / n_classes)
        return self.labels(np.digitize(s, cuts), n_classes)

    def matrix(self, n, columns, missing=0.0, whole=()):
        x = self.rng.normal(size=(n, columns)) * self.scales
        for i in whole:
            x[:, i] = self.rng.integers(0, 6, n)
        x[self.rng.random(x.shape) < missing] = np.nan
        return x.astype(np.float32)

    # --- scikit-learn ---------------------------------------------------------

    def table(self, n, test):
        columns = {}
        for name in self.kinds:
            if name.startswith("n"):
                x = self.rng.normal(2, 3, n)
                if self.null:
                    x[self.rng.random(n) < 0.1] = np.nan
            elif name.startswith("i"):
                x = self.rng.integers(0, 7 if test else 6, n)
            elif name.startswith("b"):
                x = self.rng.random(n) < 0.4
            else:
                words = ["a", "bb", "c c", "d'"] + (["new"] if test else [])
                x = self.rng.choice(np.array(words, dtype=object), n)
            columns[name] = x
        return pd.DataFrame(columns)

    def scaler(self):
        return self.pick(
            preprocessing.StandardScaler(), preprocessing.MinMaxScaler(),
            preprocessing.StandardScaler(with_mean=False),
            preprocessing.MinMaxScaler(clip=True),
            preprocessing.MaxAbsScaler(), preprocessing.RobustScaler(),
            preprocessing.Normalizer(norm=self.pick("l1", "l2", "max")),
            preprocessing.Binarizer(threshold=0.7),
            preprocessing.PolynomialFeatures(2, include_bias=False),
            preprocessing.PowerTransformer(),
            preprocessing.KBinsDiscretizer(
                3, encode=self.pick("ordinal", "onehot-dense")))

    def transformer(self):
        parts = []
        numbers = [k for k in self.kinds if k[0] == "n"]
        wholes = [k for k in self.kinds if k[0] == "i"]
        texts = [k for k in self.kinds if k[0] == "t"]
        if numbers:
            steps = [("scale", self.scaler())]
            if self.null:
                steps.insert(0, ("fill", impute.SimpleImputer(
                    strategy=self.pick("mean", "median", "most_frequent"))))
            parts.append(("numbers", pipeline.Pipeline(steps), numbers))
        if wholes:
            parts.append(("wholes", self.pick(
                preprocessing.OneHotEncoder(handle_unknown="ignore"),
                preprocessing.StandardScaler(), "passthrough"), wholes))
        if texts:
            parts.append(("texts", self.pick(
                preprocessing.OneHotEncoder(handle_unknown="ignore",
                                            sparse_output=False),
                preprocessing.OneHotEncoder(handle_unknown="ignore",
                                            drop=self.pick(None,
                                                           "if_binary")),
                preprocessing.OrdinalEncoder(
                    handle_unknown="use_encoded_value", unknown_value=-1)),
                texts))
        return compose.ColumnTransformer(parts)

    def classifier(self, n_classes):
        seed = self.random.randrange(1000)
        trees = {"random_state": seed, "max_depth": self.pick(2, 4, None)}
        some = {**trees, "n_estimators": self.pick(1, 5, 30)}
        simple = self.pick(
            linear_model.LogisticRegression(max_iter=200),
            tree.DecisionTreeClassifier(**trees),
            naive_bayes.GaussianNB())
        return self.pick(
            simple, linear_model.LogisticRegression(max_iter=200),
            linear_model.SGDClassifier(loss="log_loss", random_state=seed),
            linear_model.SGDClassifier(loss="modified_huber",
                                       random_state=seed),
            linear_model.RidgeClassifier(), svm.LinearSVC(),
            linear_model.Perceptron(random_state=seed),
            discriminant_analysis.LinearDiscriminantAnalysis(),
            tree.DecisionTreeClassifier(**trees),
            tree.ExtraTreeClassifier(**trees),
            ensemble.RandomForestClassifier(**some),
            ensemble.ExtraTreesClassifier(**some),
            ensemble.GradientBoostingClassifier(
                n_estimators=self.pick(1, 20), random_state=seed,
                loss="exponential" if n_classes == 2 and self.chance(0.3)
                else "log_loss"),
            ensemble.HistGradientBoostingClassifier(
                max_iter=self.pick(1, 10), random_state=seed),
            ensemble.AdaBoostClassifier(n_estimators=5, random_state=seed),
            ensemble.BaggingClassifier(simple, n_estimators=3,
                                       random_state=seed),
            ensemble.VotingClassifier(
                [("a", simple),
                 ("b", linear_model.LogisticRegression(max_iter=200))],
                voting=self.pick("soft", "soft", "hard")),
            ensemble.StackingClassifier(
                [("a", simple),
                 ("b", linear_model.LogisticRegression(max_iter=200))]),
            calibration.CalibratedClassifierCV(
                self.pick(simple, svm.LinearSVC()), cv=2,
                method=self.pick("sigmoid", "isotonic")),
            neural_network.MLPClassifier(
                (6, 4), activation=self.pick("identity", "relu", "logistic",
                                             "tanh"),
                max_iter=30, random_state=seed),
            naive_bayes.GaussianNB(), naive_bayes.BernoulliNB(),
            pipeline.Pipeline([
                ("select", feature_selection.SelectKBest(k=2)),
                ("model", simple)]))

    def regressor(self):
        seed = self.random.randrange(1000)
        trees = {"random_state": seed, "max_depth": self.pick(2, 4, None)}
        some = {**trees, "n_estimators": self.pick(1, 5, 30)}
        return self.pick(
            linear_model.LinearRegression(), linear_model.Ridge(),
            linear_model.Lasso(0.05), linear_model.HuberRegressor(),
            linear_model.SGDRegressor(random_state=seed),
            linear_model.ElasticNet(0.05), svm.LinearSVR(),
            linear_model.BayesianRidge(),
            tree.DecisionTreeRegressor(**trees),
            ensemble.RandomForestRegressor(**some),
            ensemble.ExtraTreesRegressor(**some),
            ensemble.GradientBoostingRegressor(n_estimators=15,
                                               random_state=seed),
            ensemble.HistGradientBoostingRegressor(max_iter=10,
                                                   random_state=seed),
            ensemble.BaggingRegressor(n_estimators=3, random_state=seed),
            ensemble.VotingRegressor([
                ("a", linear_model.Ridge()),
                ("b", tree.DecisionTreeRegressor(max_depth=3))]),
            ensemble.StackingRegressor([
                ("a", linear_model.Ridge()),
                ("b", tree.DecisionTreeRegressor(max_depth=3))]),
            neural_network.MLPRegressor((5,), max_iter=30,
                                        random_state=seed))

    def sklearn(self):
        self.null = self.chance(0.4)
        self.kinds = ["n0", "n1", "n2"][:self.pick(2, 3)]
        self.kinds += self.pick([], ["i0"], ["i0", "i1"])
        self.kinds += self.pick([], ["t0"], ["t0", "t1"])
        n_classes = self.pick(0, 2, 2, 2, 3, 4)
        x = self.table(400, False)
        score = sum(pd.factorize(x[k])[0] % 3 if k[0] in "tb" else
                    np.nan_to_num(x[k].to_numpy(float)) for k in x)
        y = self.target(np.asarray(score, dtype=float), n_classes)
        model = pipeline.Pipeline([
            ("prepare", self.transformer()),
            ("model", self.classifier(n_classes) if n_classes else
             self.regressor())])
        self.what = type(model[-1]).__name__ + " " + " ".join(
            type(t[1][-1] if isinstance(t[1], pipeline.Pipeline)
                 else t[1]).__name__ for t in model[0].transformers)
        model.fit(x, y)
        self.probabilities = hasattr(model, "predict_proba")
        double = self.chance(0.15)
        number = DoubleTensorType if double else FloatTensorType
        types = {"n": number, "i": Int64TensorType, "b": BooleanTensorType,
                 "t": StringTensorType}
        options = {}
        if n_classes and hasattr(model, "predict_proba"):
            options = {"zipmap": self.pick(False, False, True, "columns")}
            if options["zipmap"] == "columns":
                options["zipmap"] = False
        self.model = skl2onnx.to_onnx(
            model, initial_types=[(k, types[k[0]]([None, 1])) for k in x],
            options={id(model): options} if options else None,
            target_opset={"": self.pick(12, 15, 18, 21),
                          "ai.onnx.ml": self.pick(2, 3)})
        test = self.table(self.rows, True)
        self.feed = {}
        for k in test:
            dtype = {"n": np.float64 if double else np.float32,
                     "i": np.int64, "b": bool, "t": object}[k[0]]
            self.feed[k] = test[k].to_numpy(dtype).reshape(-1, 1)
        self.input = [
            {k: None if isinstance(v, float) and np.isnan(v) else v
             for k, v in row.items()}
            for row in test.to_dict("records")]

    # --- boosting libraries ---------------------------------------------------

    def boosted(self, missing):
        self.columns = self.pick(2, 5, 9)
        self.scales = 10.0 ** self.rng.integers(-2, 3, self.columns)
        n_classes = self.pick(0, 2, 2, 3)
        x = self.matrix(500, self.columns, missing, self.whole)
        score = np.nan_to_num(x / self.scales).sum(axis=1)
        y = self.target(score, n_classes)
        if n_classes:
            y = np.unique(y, return_inverse=True)[1]
        test = self.matrix(self.rows, self.columns, missing, self.whole)
        self.input = [[None if np.isnan(v) else float(v) for v in row]
                      for row in test]
        return x, y, test, n_classes

    def xgboost(self):
        self.whole = ()
        x, y, test, n_classes = self.boosted(self.pick(0.0, 0.1))
        depth = {"n_estimators": self.pick(1, 10, 40),
                 "max_depth": self.pick(2, 5)}
        if n_classes == 0:
            model = self.pick(
                xgboost.XGBRegressor(**depth),
                xgboost.XGBRegressor(base_score=0.3, **depth))
        else:
            model = xgboost.XGBClassifier(**depth)
        self.what = type(model).__name__
        model.fit(x, y)
        self.model = onnxmltools.convert_xgboost(model, initial_types=[
            ("input", tools_types.FloatTensorType([None, self.columns]))])
        self.feed = {self.model.graph.input[0].name: test}

    def lightgbm(self):
        self.whole = self.pick((), (0, 1))
        x, y, test, n_classes = self.boosted(self.pick(0.0, 0.1))
        some = {"n_estimators": self.pick(1, 10, 40), "verbosity": -1,
                "num_leaves": self.pick(4, 15), "min_cat_data": 5}
        model = (lightgbm.LGBMRegressor(**some) if n_classes == 0 else
                 lightgbm.LGBMClassifier(**some))
        self.what = type(model).__name__
        model.fit(x, y, categorical_feature=list(self.whole) or "auto")
        self.model = onnxmltools.convert_lightgbm(
            model, zipmap=self.chance(0.5), initial_types=[
                ("input", tools_types.FloatTensorType([None, self.columns]))])
        self.feed = {self.model.graph.input[0].name: test}

    def catboost(self):
        self.whole = ()
        x, y, test, n_classes = self.boosted(0.0)
        some = {"iterations": self.pick(1, 10, 30), "verbose": False,
                "depth": self.pick(2, 4), "allow_writing_files": False}
        model = (catboost.CatBoostRegressor(**some) if n_classes == 0 else
                 catboost.CatBoostClassifier(**some))
        self.what = type(model).__name__
        model.fit(x, y)
        with tempfile.NamedTemporaryFile(suffix=".onnx") as f:
            model.save_model(f.name, format="onnx")
            self.model = onnx.load(f.name)
        self.feed = {self.model.graph.input[0].name: test}

    # --- trees by hand --------------------------------------------------------

    def grow(self, depth, modes):
        """Nested (mode, feature, value, tracks, yes, no), or a leaf."""
        if depth == 0 or self.chance(0.15):
            targets = range(self.outputs) if self.per_leaf > 1 else \
                [self.target_of_tree]
            return [(k, float(np.float32(self.rng.normal())))
                    for k in targets]
        value = float(self.rng.integers(-2, 3)) / self.pick(1, 2)
        return (self.pick(*modes), self.random.randrange(self.columns), value,
                self.chance(0.3), self.grow(depth - 1, modes),
                self.grow(depth - 1, modes))

    def flatten(self, trees):
        """The attributes up to opset 4."""
        a = {k: [] for k in (
            "treeids", "nodeids", "featureids", "values", "modes",
            "truenodeids", "falsenodeids", "missing_value_tracks_true")}
        w = {k: [] for k in ("treeids", "nodeids", "ids", "weights")}
        for t, root in enumerate(trees):
            ids = iter(range(10000))

            def put(node):
                i, at = next(ids), len(a["nodeids"])
                leaf = isinstance(node, list)
                a["treeids"].append(t)
                a["nodeids"].append(i)
                a["modes"].append("LEAF" if leaf else "BRANCH_" + node[0])
                a["featureids"].append(0 if leaf else node[1])
                a["values"].append(0.0 if leaf else node[2])
                a["missing_value_tracks_true"].append(
                    0 if leaf else int(node[3]))
                a["truenodeids"].append(0)
                a["falsenodeids"].append(0)
                if leaf:
                    for target, weight in dict(node).items():
                        w["treeids"].append(t)
                        w["nodeids"].append(i)
                        w["ids"].append(target)
                        w["weights"].append(weight)
                else:
                    a["truenodeids"][at] = put(node[4])
                    a["falsenodeids"][at] = put(node[5])
                return i

            put(root)
        return {"nodes_" + k: v for k, v in a.items()}, w

    def graph(self, nodes, outputs, kind=TensorProto.FLOAT, ml=3):
        g = helper.make_graph(nodes, "g", [helper.make_tensor_value_info(
            "X", kind, [None, self.columns])], outputs)
        self.model = helper.make_model(g, ir_version=9, opset_imports=[
            helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml",
                                                             ml)])

    def by_hand(self):
        self.columns = 4
        self.scales = np.ones(4)
        modes = self.pick(["LEQ"], ["LT"], ["GT", "GTE", "LT", "LEQ"],
                          ["EQ", "NEQ", "LEQ"], ["GTE"])
        double = self.chance(0.4)
        test = self.matrix(self.rows, 4, self.pick(0, 0.1))
        test = np.round(test * 2) / 2  # on the thresholds, too
        self.input = [[None if np.isnan(v) else float(v) for v in row]
                      for row in test]
        self.feed = {"X": test.astype(np.float64 if double else np.float32)}
        classes = self.pick(0, 0, 2, 3)
        self.outputs = self.pick(1, 3) if classes == 0 else \
            self.pick(1, classes)
        self.per_leaf = self.pick(1, self.outputs)
        trees = []
        for t in range(self.pick(1, 2, 3) * self.outputs):
            self.target_of_tree = t % self.outputs
            trees.append(self.grow(4, modes))
        nodes, weights = self.flatten(trees)
        extra = {}
        if double:
            nodes["nodes_values_as_tensor"] = numpy_helper.from_array(
                np.array(nodes.pop("nodes_values")))
        prefix = "class_" if classes else "target_"
        for k, v in weights.items():
            if k == "weights" and double:
                extra[prefix + "weights_as_tensor"] = numpy_helper.from_array(
                    np.array(v))
            else:
                extra[prefix + k] = v
        post = self.pick("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO")
        self.what = f"trees {modes} {classes} {self.outputs} {post}"
        kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
        if classes:
            if classes == 3 and self.outputs == 1:
                return self.by_hand()
            self.probabilities = post != "NONE" or \
                min(weights["weights"]) >= 0
            if self.chance(0.5) and not (classes == 2 and self.outputs == 2):
                base = [float(np.float32(self.rng.normal()))
                        for _ in range(1 if classes == 2 else 3)]
                extra["base_values_as_tensor" if double else "base_values"] = (
                    numpy_helper.from_array(np.array(base)) if double
                    else base)
            node = helper.make_node(
                "TreeEnsembleClassifier", ["X"], ["Y", "Z"],
                domain="ai.onnx.ml", post_transform=post,
                classlabels_int64s=list(range(classes)), **nodes, **extra)
            self.graph([node], [
                helper.make_tensor_value_info("Y", TensorProto.INT64, [None]),
                helper.make_tensor_value_info("Z", TensorProto.FLOAT,
                                              [None, classes])], kind)
        else:
            if self.chance(0.5):
                base = [float(np.float32(self.rng.normal()))
                        for _ in range(self.outputs)]
                extra["base_values_as_tensor" if double else "base_values"] = (
                    numpy_helper.from_array(np.array(base)) if double
                    else base)
            node = helper.make_node(
                "TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml",
                n_targets=self.outputs, post_transform=post,
                aggregate_function=self.pick(
                    "SUM", "AVERAGE", *(["MIN", "MAX"] if self.outputs == 1
                                        else [])), **nodes, **extra)
            self.graph([node], [helper.make_tensor_value_info(
                "Y", TensorProto.FLOAT, [None, self.outputs])], kind)

    def version_5(self):
        """TreeEnsemble, sets of members too."""
        self.columns = 3
        self.scales = np.ones(3)
        self.outputs = self.pick(1, 2)
        self.per_leaf = 1
        self.target_of_tree = self.outputs - 1
        double = self.chance(0.4)
        dtype = np.float64 if double else np.float32
        numbers = {"LEQ": 0, "LT": 1, "GTE": 2, "GT": 3, "EQ": 4, "NEQ": 5,
                   "MEMBER": 6}
        modes = self.pick(["LEQ"], ["MEMBER", "LEQ"], ["GT", "LT", "EQ"],
                          ["MEMBER"])
        self.what = f"TreeEnsemble {modes}"
        splits, leaves, members, roots = [], [], [], []

        def put(node):
            if isinstance(node, list):
                leaves.append(node[0])
                return len(leaves) - 1, 1
            at = len(splits)
            splits.append(None)
            if node[0] == "MEMBER":
                some = self.rng.choice(5, self.pick(1, 2, 3), replace=False)
                members.extend([float(v) for v in some] + [np.nan])
            yes, yes_leaf = put(node[4])
            no, no_leaf = put(node[5])
            splits[at] = (numbers[node[0]], node[1], node[2], int(node[3]),
                          yes, yes_leaf, no, no_leaf)
            return at, 0

        for _ in range(self.pick(1, 4)):
            root = self.grow(3, modes)
            while isinstance(root, list):
                root = self.grow(3, modes)
            roots.append(put(root)[0])
        # Members are listed in the order of the nodes.
        columns = list(zip(*splits))
        extra = {}
        if members:
            extra["membership_values"] = numpy_helper.from_array(
                np.array(members, dtype))
        node = helper.make_node(
            "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml",
            n_targets=self.outputs, aggregate_function=1,
            post_transform=self.pick(0, 0, 1, 2), tree_roots=roots,
            nodes_modes=numpy_helper.from_array(
                np.array(columns[0], np.uint8)),
            nodes_featureids=columns[1],
            nodes_splits=numpy_helper.from_array(np.array(columns[2], dtype)),
            nodes_missing_value_tracks_true=columns[3],
            nodes_truenodeids=columns[4], nodes_trueleafs=columns[5],
            nodes_falsenodeids=columns[6], nodes_falseleafs=columns[7],
            leaf_targetids=[t for t, _ in leaves],
            leaf_weights=numpy_helper.from_array(
                np.array([w for _, w in leaves], dtype)), **extra)
        kind = TensorProto.DOUBLE if double else TensorProto.FLOAT
        self.graph([node], [helper.make_tensor_value_info(
            "Y", kind, [None, self.outputs])], kind, ml=5)
        test = self.rng.integers(-1, 6, (self.rows, 3)).astype(dtype)
        if self.chance(0.5):
            test[self.rng.random(test.shape) < 0.1] = np.nan
        self.input = [[None if np.isnan(v) else float(v) for v in row]
                      for row in test]
        self.feed = {"X": test}

    def make(self):
        kinds = [self.sklearn] * 4 + [self.by_hand, self.version_5]
        if onnxmltools is not None and xgboost is not None:
            kinds.append(self.xgboost)
        if onnxmltools is not None and lightgbm is not None:
            kinds.append(self.lightgbm)
        if catboost is not None:
            kinds.append(self.catboost)
        self.pick(*kinds)()

    def answers(self):
        how = onnxruntime.SessionOptions()
        how.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            self.model.SerializeToString(), how,
            providers=["CPUExecutionProvider"])
        # In a batch the runtime adds up trees and rows in parts, alone it
        # weighs a row in another order: no two of its own answers agree
        # further than we hold ourselves to.
        ops = {n.op_type for n in self.model.graph.node}
        if ops & {"LinearRegressor", "LinearClassifier", "MatMul", "Gemm"}:
            out = session.run(None, self.feed)
        else:
            rows = [session.run(None, {k: v[i:i + 1]
                                       for k, v in self.feed.items()})
                    for i in range(self.rows)]
            out = [[r[k][0] for r in rows] for k in range(len(rows[0]))]
        if len(out) == 1:
            y = np.asarray(out[0])
            y = y.reshape(len(y), -1)
            return {"predict": y[:, 0].tolist() if y.shape[1] == 1 else
                    y.tolist()}
        label, proba = out
        if isinstance(proba[0], dict):
            proba = [[float(v) for v in row.values()] for row in proba]
        else:
            proba = np.asarray(proba, float).tolist()
        answers = {"predict": [v if isinstance(v, str) else int(v)
                               for v in np.asarray(label).reshape(-1)]}
        if self.probabilities:
            answers["proba"] = proba
        return answers

    def write(self, folder, name):
        onnx.save(self.model, str(folder / f"{name}.onnx"))
        (folder / f"{name}.input.json").write_text(json.dumps(self.input))
        (folder / f"{name}.expected.json").write_text(
            json.dumps(self.answers()))
        return (f"{name}.onnx {name}.input.json {name}.expected.json - "
                f"{TOLERANCE}\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--models", type=int, default=40)
    arguments.add_argument("--rows", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--keep", type=pathlib.Path)
    options = arguments.parse_args()
    build = pathlib.Path(os.environ.get("LS_BUILDDIR", "."))
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or pathlib.Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        lines = []
        for seed in range(options.seed, options.seed + options.models):
            maker = Maker(seed, options.rows)
            try:
                maker.make()
                line = maker.write(folder, f"model{seed}")
            except Exception as failed:  # a converter's own limits
                print(f"# model{seed} was not made: "
                      f"{getattr(maker, 'what', '?')}: "
                      f"{str(failed).splitlines()[0][:150]}")
                continue
            print(f"# model{seed}: {maker.what}")
            lines.append(line)
        (folder / "cases.list").write_text("".join(lines))
        sys.stdout.flush()
        done = subprocess.run([build / "tests/golden/golden",
                               folder / "cases.list", folder])
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
