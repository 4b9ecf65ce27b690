#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Write the corpus of fuzz_skops: small models as the text of schema.json, a
NUL, and one .npy file that every array of the model is. Needs skops.

    seed_skops.py DIRECTORY
"""
import io
import pathlib
import re
import sys
import zipfile

import numpy as np
import pandas as pd
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (GradientBoostingClassifier,
                              HistGradientBoostingRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor


def models():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 2))
    y = (x[:, 0] > 0).astype(int)
    texts = pd.DataFrame({"t": list("abcd") * 10}, dtype=object)
    yield "linear", LinearRegression().fit(x, y)
    yield "tree", DecisionTreeRegressor(max_depth=2).fit(x, y)
    yield "boosting", GradientBoostingClassifier(
        n_estimators=1, max_depth=1).fit(x, y)
    yield "histogram", HistGradientBoostingRegressor(
        max_iter=1, max_depth=1, min_samples_leaf=5).fit(x, y)
    yield "sgd", SGDClassifier(loss="log_loss").fit(x, y)
    yield "pipeline", Pipeline([
        ("c", ColumnTransformer([("o", OneHotEncoder(), ["t"])])),
        ("m", LinearRegression())]).fit(texts, y)
    yield "scaled", Pipeline([("i", SimpleImputer()), ("s", StandardScaler()),
                              ("m", LinearRegression())]).fit(x, y)


def main(folder):
    for name, model in models():
        archive = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
        arrays = [n for n in archive.namelist() if n.endswith(".npy")]
        schema = re.sub(r'"\d+\.npy"', '"a.npy"',
                        archive.read("schema.json").decode())
        schema = re.sub(r"\n *", "", schema)
        largest = max((archive.read(n) for n in arrays), key=len)
        (folder / name).write_bytes(schema.encode() + b"\0" + largest)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
