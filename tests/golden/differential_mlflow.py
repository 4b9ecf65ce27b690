#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random models in directories that MLflow wrote, imported and scored.

By save_model and log_model of the flavors sklearn, xgboost, lightgbm,
catboost and onnx, in every form that this MLflow has, with and without a
signature and an example. Skips where MLflow is not installed. A model is made
from a seed, so a failure can be made again:

    differential_mlflow.py [--models N] [--rows N] [--seed N]
                           [--keep DIRECTORY]

`lightscore import` makes the trial of the example; the comparing of other
rows is done by the program `golden`, built beside the tests.
"""
import argparse
import inspect
import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import warnings

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
BUILD = pathlib.Path(os.environ.get("LS_BUILDDIR", ".")).resolve()

try:
    import mlflow
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import (
        GradientBoostingClassifier, GradientBoostingRegressor,
        RandomForestClassifier)
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)


class Maker:
    """One random model, the directory of it, and rows to hold it to."""

    tolerance = 1e-12

    def __init__(self, seed, rows):
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.rows = rows
        self.seed = seed

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *choices):
        return self.random.choice(choices)

    # --- data ---------------------------------------------------------------

    def frame(self, n):
        x = {}
        for name, kind in self.columns.items():
            if kind == "double":
                v = self.rng.normal(2, 3, n).round(3)
            elif kind == "float":
                v = self.rng.normal(2, 3, n).astype(np.float32)
            elif kind == "long":
                v = self.rng.integers(-3, 9, n)
            elif kind == "boolean":
                v = self.rng.random(n) < 0.4
            else:
                v = self.rng.choice(np.array(["a", "b b", "c"],
                                             dtype=object), n)
            x[name] = v
        return pd.DataFrame(x)

    def make_data(self, kinds, texts, forms=("{}", "the {}", "N.{}")):
        """A frame, or the array in it; names with spaces and without."""
        form = self.pick(*forms)
        self.columns = {form.format(f"c{i}"): self.pick(*kinds)
                        for i in range(self.random.randrange(1, 6))}
        if texts and self.chance(0.6):
            self.columns[form.format("text")] = "string"
        self.train, self.test = self.frame(300), self.frame(self.rows)
        score = sum(pd.factorize(v)[0] % 3 if self.columns[k] == "string"
                    else (v.to_numpy(float) - v.to_numpy(float).mean())
                    for k, v in self.train.items())
        self.score = score + self.rng.normal(size=300) * 0.3
        self.is_array = ("string" not in self.columns.values()
                         and self.chance(0.3))
        if self.is_array:
            kind = self.pick(float, np.float32)
            self.train = self.train.to_numpy(kind)
            self.test = self.test.to_numpy(kind)

    def classes(self):
        n = self.pick(2, 2, 3)
        cuts = np.quantile(self.score, np.arange(1, n) / n)
        return np.digitize(self.score, cuts)

    # --- flavors ------------------------------------------------------------

    def pipeline(self, last):
        texts = [k for k, v in self.columns.items() if v == "string"]
        if self.is_array or (not texts and self.chance(0.3)):
            return last
        numbers = [k for k in self.columns if k not in texts]
        return make_pipeline(ColumnTransformer(
            [("n", StandardScaler(), numbers),
             ("t", OneHotEncoder(handle_unknown="ignore"), texts)]), last)

    def sklearn(self):
        self.make_data(("double", "float", "long", "boolean"), True)
        if self.chance(0.3):
            model = self.pipeline(self.pick(
                LinearRegression(),
                GradientBoostingRegressor(n_estimators=3)))
            model.fit(self.train, self.score)
            predict = model.predict
        else:
            y = self.classes()
            if self.chance(0.4):
                y = np.array(["no", "yes", "maybe"])[y]
            model = self.pipeline(self.pick(
                LogisticRegression(), GradientBoostingClassifier(
                    n_estimators=3), RandomForestClassifier(3)))
            model.fit(self.train, y)
            self.labels = model.classes_
            predict = model.predict_proba
        return mlflow.sklearn, model, predict, {
            "serialization_format": ["pickle", "cloudpickle", "skops"],
            "pyfunc_predict_fn": ["predict", "predict_proba"]
            if self.labels is not None else []}

    def boosted(self, classifier, regressor, **settings):
        if self.chance(0.4):
            model = regressor(**settings).fit(self.train, self.score)
            return model, model.predict
        model = classifier(**settings).fit(self.train, self.classes())
        self.labels = model.classes_
        return model, model.predict_proba

    def xgboost(self):
        import mlflow.xgboost
        import xgboost
        self.tolerance = 2e-7
        self.make_data(("double", "float", "long", "boolean"), False)
        if self.chance(0.5):
            model = xgboost.train(
                {"objective": "binary:logistic", "max_depth": 3},
                xgboost.DMatrix(self.train, self.classes() > 0), 4)
            self.labels = np.array([0, 1])

            def predict(x):
                p = model.predict(xgboost.DMatrix(x))
                return np.column_stack([1 - p, p])
        else:
            model, predict = self.boosted(
                xgboost.XGBClassifier, xgboost.XGBRegressor, n_estimators=4,
                max_depth=3)
        return mlflow.xgboost, model, predict, {
            "model_format": ["xgb", "json", "ubj", "deprecated"]}

    def lightgbm(self):
        import lightgbm
        import mlflow.lightgbm
        self.make_data(("double", "float", "long", "boolean"), False)
        model, predict = self.boosted(
            lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, n_estimators=4,
            num_leaves=7, verbose=-1)
        if self.chance(0.5):
            model = model.booster_
        return mlflow.lightgbm, model, predict, {
            "serialization_format": ["pickle", "cloudpickle", "skops"]}

    def catboost(self):
        import catboost
        import mlflow.catboost
        self.make_data(("double", "float", "long"), True)
        texts = [k for k, v in self.columns.items() if v == "string"]
        model, predict = self.boosted(
            catboost.CatBoostClassifier, catboost.CatBoostRegressor,
            iterations=4, depth=3, verbose=0, one_hot_max_size=9,
            cat_features=texts, allow_writing_files=False)
        return mlflow.catboost, model, predict, {
            "format": [] if texts else ["cbm", "json"]}

    def onnx(self):
        import mlflow.onnx
        import onnxruntime
        import skl2onnx
        from skl2onnx.common.data_types import (
            FloatTensorType, StringTensorType)
        types = {"float": FloatTensorType, "string": StringTensorType}
        self.tolerance = 1e-6
        # The converter takes no other names as they are.
        self.make_data(("float",), True, ("{}", "n{}"))
        model = self.pipeline(LogisticRegression())
        model.fit(self.train, self.classes())
        self.labels = model.classes_
        if isinstance(model, LogisticRegression):
            self.train = np.asarray(self.train, dtype=np.float32)
            self.test = np.asarray(self.test, dtype=np.float32)
            self.is_array = True
            inputs = [("X", FloatTensorType([None, len(self.columns)]))]
        else:
            inputs = [(k, types[v]([None, 1]))
                      for k, v in self.columns.items()]
        zipmap = self.chance(0.5)
        graph = skl2onnx.to_onnx(model, initial_types=inputs,
                                 options={"zipmap": zipmap}, target_opset=17)
        session = onnxruntime.InferenceSession(
            graph.SerializeToString(), providers=["CPUExecutionProvider"])

        def predict(x):
            if self.is_array:
                given = {"X": x}
            else:
                given = {i.name: x[[k]].to_numpy(
                    object if v == "string" else None) for i, (k, v)
                    in zip(session.get_inputs(), self.columns.items())}
            out = session.run(None, given)[1]
            return np.array([[p[k] for k in model.classes_] for p in out]
                            if zipmap else out)
        return mlflow.onnx, graph, predict, {
            "save_as_external_data": [False]}

    # --- the directory ------------------------------------------------------

    def save(self, flavor, model, where, options):
        """By save_model or by log_model; where it lies then."""
        if self.chance(0.5):
            flavor.save_model(model, str(where / "model"), **options)
            return where / "model"
        mlflow.set_tracking_uri((where / "runs").as_uri())
        with mlflow.start_run():
            flavor.log_model(model, "model", **options)
        found = list((where / "runs").rglob("MLmodel"))
        return found[0].parent

    def write(self, where):
        self.labels = None
        flavors = [self.sklearn]
        for name in "xgboost", "lightgbm", "catboost", "onnx":
            try:
                __import__(name)
                __import__("onnxruntime" if name == "onnx" else name)
                flavors.append(getattr(self, name))
            except ImportError:
                pass
        make = self.pick(*flavors)
        flavor, model, predict, forms = make()
        known = inspect.signature(flavor.save_model).parameters
        options = {name: self.pick(*values) for name, values in forms.items()
                   if name in known and values and self.chance(0.7)}
        options["pip_requirements"] = []
        answers = np.asarray(predict(self.test), dtype=float)
        spaced = any(" " in k for k in self.columns)
        if spaced or self.chance(0.6):
            options["signature"] = infer_signature(self.train, answers)
        if self.chance(0.7):
            options["input_example"] = self.train[:5]
        folder = self.save(flavor, model, where, options)
        if "input_example" in options:
            (folder / "serving_output_example.json").write_text(json.dumps(
                np.asarray(predict(self.train[:5]), dtype=float).tolist()))
        told = {"predict": answers.tolist()}
        if self.labels is not None:
            told = {"predict": self.labels[answers.argmax(axis=1)].tolist(),
                    "proba": answers.tolist()}
            if make in (self.lightgbm, self.catboost, self.xgboost):
                told["predict"] = answers.argmax(axis=1).tolist()
        (where / "expected.json").write_text(json.dumps(told))
        rows = self.test.astype(float).tolist() if self.is_array else [
            {k: v for k, v in row.items()}
            for row in self.test.astype(
                {k: float for k, v in self.columns.items() if v == "float"}
            ).astype(object).to_dict("records")]
        (where / "input.json").write_text(json.dumps(
            rows, default=lambda v: v.item()))
        return make.__name__, folder


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    status = 0
    print(f"# MLflow {mlflow.__version__}")
    print(f"1..{args.models}")
    with tempfile.TemporaryDirectory() as temporary:
        for i in range(args.models):
            where = pathlib.Path(args.keep or temporary) \
                / f"m{args.seed + i}"
            where.mkdir(parents=True)
            maker = Maker(args.seed + i, args.rows)
            try:
                flavor, folder = maker.write(where)
            except Exception as error:
                why = str(error).splitlines()[0][:100].replace("#", "")
                print(f"ok {i + 1} - # SKIP not saved: {why}")
                continue
            (where / "list").write_text(
                f"{folder.relative_to(where)} input.json expected.json -\n")
            done = subprocess.run(
                [BUILD / "lightscore", "import", folder, "-o",
                 where / "out.lsm"], capture_output=True, text=True)
            said = done.stderr
            if done.returncode == 0:
                done = subprocess.run(
                    [BUILD / "tests/golden/golden", where / "list", where,
                     str(maker.tolerance)], capture_output=True, text=True)
                said = done.stdout + done.stderr
            good = done.returncode == 0
            status |= not good
            print(f"{'ok' if good else 'not ok'} {i + 1} - {flavor} "
                  f"{args.seed + i}", flush=True)
            if not good:
                print("".join(f"# {line}\n" for line in said.splitlines()))
    return status


if __name__ == "__main__":
    sys.exit(main())
