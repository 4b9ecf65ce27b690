#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The model directories of this folder, as MLflow writes them, each with
rows it has not seen (input.json) and what the library answers
(NAME_expected.json). Wants mlflow-skinny, skops, scikit-learn, pandas and the
library of the flavor.

    make.py FOLDER [NAME ...]

The names are: library (pipeline, skops, booster and tensor), onnx, catboost,
and first, which is for MLflow 1.30.
"""
import json
import shutil
import sys
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FOLDER = Path(sys.argv[1])
RANDOM = np.random.default_rng(7)
ROWS = 400


def table(n):
    return pd.DataFrame({
        "age": RANDOM.integers(18, 90, n),
        "income": RANDOM.normal(3e4, 9e3, n).round(2),
        "member": RANDOM.random(n) < 0.4,
        "region": RANDOM.choice(["north", "south", "west"], n),
    })


def target(data):
    return ((data["age"] > 40).astype(int) + (data["income"] > 3e4)
            + data["member"] > 1).astype(int)


def plain(rows):
    """Rows as JSON has them."""
    return json.loads(rows.to_json(orient="records"))


def keep(name, save, rows, example, expected):
    """Save the model with its example, and what was answered to each."""
    where = FOLDER / name
    shutil.rmtree(where, ignore_errors=True)
    save(str(where), example)
    for extra in ("conda.yaml", "python_env.yaml", "requirements.txt"):
        (where / extra).unlink(missing_ok=True)
    if (where / "serving_input_example.json").exists():
        (where / "serving_output_example.json").write_text(
            json.dumps(expected(example).tolist()) + "\n")
    answers = expected(rows)
    told = {"predict": answers.tolist()}
    if answers.ndim == 2:
        told = {"predict": answers.argmax(axis=1).tolist(),
                "proba": answers.tolist()}
    (FOLDER / f"{name}_expected.json").write_text(json.dumps(told) + "\n")


def pipeline(data, wanted, rows):
    """Numbers, whole numbers, booleans and text, by name."""
    model = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore"), ["region", "member"])),
        LogisticRegression()).fit(data, wanted)
    keep("pipeline", lambda path, example: mlflow.sklearn.save_model(
        model, path, serialization_format="pickle",
        signature=infer_signature(data, model.predict(data)),
        input_example=example), rows, data.head(3), model.predict_proba)
    # What MLflow writes unless it is told otherwise; no example.
    keep("skops", lambda path, example: mlflow.sklearn.save_model(
        model, path, serialization_format="skops",
        signature=infer_signature(data, model.predict(data))), rows,
        data.head(3), model.predict_proba)


def booster(data, wanted, rows):
    """XGBoost trained on an array: the signature alone has the names."""
    import mlflow.xgboost
    import xgboost
    numbers = ["age", "income", "member"]
    model = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 3, "eta": 0.3},
        xgboost.DMatrix(data[numbers].to_numpy(float), label=wanted),
        num_boost_round=6)

    def predict(table):
        p = model.predict(xgboost.DMatrix(table[numbers].to_numpy(float)))
        return np.column_stack([1 - p, p])
    keep("booster", lambda path, example: mlflow.xgboost.save_model(
        model, path, model_format="ubj",
        signature=infer_signature(data[numbers], predict(data))), rows,
        data.head(3)[numbers], predict)


def tensor(data, wanted, rows):
    """LightGBM trained on an array, and said so: no names at all."""
    import lightgbm
    import mlflow.lightgbm
    numbers = ["age", "income"]
    array = data[numbers].to_numpy(float)
    model = lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "num_leaves": 4,
         "verbose": -1},
        lightgbm.Dataset(array, wanted + data["member"].astype(int)),
        num_boost_round=5)
    keep("tensor", lambda path, example: mlflow.lightgbm.save_model(
        model, path, signature=infer_signature(array, model.predict(array)),
        input_example=example), rows[numbers].to_numpy(float), array[:3],
        model.predict)


def onnx(data, wanted, rows):
    """A graph of several inputs, float by the signature."""
    import mlflow.onnx
    import onnxruntime
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    floats = {"age": "float32", "income": "float32"}
    data = data.drop(columns="member").astype(floats)
    model = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore"), ["region"])),
        LogisticRegression()).fit(data, wanted)
    graph = skl2onnx.to_onnx(model, initial_types=[
        (name, (FloatTensorType if name in floats else StringTensorType)(
            [None, 1])) for name in data.columns],
        options={"zipmap": False}, target_opset=17)
    session = onnxruntime.InferenceSession(graph.SerializeToString())

    def predict(table):
        table = table.astype(floats)
        return session.run(None, {
            name: table[[name]].to_numpy(floats.get(name, object))
            for name in data.columns})[1]
    keep("onnx", lambda path, example: mlflow.onnx.save_model(
        graph, path, signature=infer_signature(data, model.predict(data)),
        input_example=example), rows, data.head(3), predict)


def catboost(data, wanted, rows):
    """A category by its text, in CatBoost's own form."""
    import catboost
    import mlflow.catboost
    model = catboost.CatBoostClassifier(
        iterations=6, depth=3, one_hot_max_size=8, cat_features=["region"],
        allow_writing_files=False, verbose=0).fit(data, wanted)
    keep("catboost", lambda path, example: mlflow.catboost.save_model(
        model, path, signature=infer_signature(data, model.predict(data)),
        input_example=example), rows, data.head(3), model.predict_proba)


def first(data, wanted, rows):
    """MLflow 1 infers no signature from an example."""
    model = make_pipeline(
        make_column_transformer(
            (StandardScaler(), ["age", "income"]),
            (OneHotEncoder(handle_unknown="ignore"), ["region"]),
            ("passthrough", ["member"])),
        LogisticRegression()).fit(data, wanted)
    keep("first", lambda path, example: mlflow.sklearn.save_model(
        model, path, input_example=example), rows, data.head(3),
         model.predict_proba)


def library(data, wanted, rows):
    pipeline(data, wanted, rows)
    booster(data, wanted, rows)
    tensor(data, wanted, rows)


def main():
    data, rows = table(ROWS), table(60)
    wanted = target(data)
    for name in sys.argv[2:] or ["library", "onnx", "catboost"]:
        globals()[name](data, wanted, rows)
    (FOLDER / "input.json").write_text(json.dumps(plain(rows)) + "\n")
    (FOLDER / "input_tensor.json").write_text(json.dumps(
        rows[["age", "income"]].to_numpy(float).tolist()) + "\n")


if __name__ == "__main__":
    main()
