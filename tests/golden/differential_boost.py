#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random models of boosting libraries against the libraries themselves.

XGBoost, LightGBM and CatBoost: as saved by the library, as pickles of its
classes, and inside of scikit-learn's. Skips where none of them is installed. A
model is made from a seed, so a failure can be made again:

    differential_boost.py [--models N] [--rows N] [--seed N]
                          [--library NAME] [--keep DIRECTORY]

The comparing is done by the program `golden`, built beside the tests.
"""
import argparse
import json
import os
import pathlib
import pickle
import random
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy as np
    import pandas as pd
    import sklearn  # noqa: F401, the libraries' classes need it
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import VotingClassifier, VotingRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import (
        OneHotEncoder, OrdinalEncoder, StandardScaler)
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)


def version_of(library):
    return tuple(map(int, library.__version__.split(".")[:2]))


FAR = [0.0, -0.0, 1e-300, 1e30, -1e30, 5e-324, 1e-36]


class Maker:
    """What makers for all libraries have in common."""

    tolerance = 1e-12

    def __init__(self, seed, rows):
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.seed = seed
        self.rows = rows
        self.missing = self.random.random() < 0.6

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *choices):
        return self.random.choice(choices)

    # --- data ---------------------------------------------------------------

    def numbers(self, n, test):
        rng = self.rng
        x = {}
        for name, scale in self.columns:
            v = rng.normal(scale, 10.0 ** scale, n)
            if scale > 1:
                v = np.round(v, 1)
            if scale == 0:
                v = np.round(v)
            if test:
                far = rng.random(n) < 0.03
                v[far] = rng.choice(FAR, far.sum())
            if self.missing or test:
                v[rng.random(n) < (0.15 if self.missing else 0.01)] = np.nan
            x[name] = v
        return pd.DataFrame(x)

    def words(self, n, test, column):
        words = [f"{column} {k}" for k in range(6)]
        weight = 1.0 / np.arange(1, 7)
        v = self.rng.choice(np.array(words, dtype=object), n,
                            p=weight / weight.sum())
        if test:
            v[self.rng.random(n) < 0.03] = "never seen"
        return v

    def score(self, x):
        s = self.rng.normal(size=len(x))
        for name in x:
            v = x[name]
            if name.startswith("t"):
                s += pd.factorize(v)[0] % 3
            else:
                v = v.fillna(0).to_numpy(float)
                s += (v - v.mean()) / (v.std() + 1e-9)
        return s

    def make_data(self, texts):
        self.columns = [(f"n{i}", self.random.randrange(-2, 5))
                        for i in range(self.random.randrange(1, 6))]
        x, test = self.numbers(400, False), self.numbers(self.rows, True)
        self.texts = []
        for i in range(self.random.randrange(1, 3) if texts else 0):
            name = f"t{i}"
            self.texts.append(name)
            x[name] = self.words(400, False, name)
            test[name] = self.words(self.rows, True, name)
        return x, test, self.score(x)

    def target(self, s, kind, n_classes=3):
        """A target that suits the kind of objective."""
        if kind == "binary":
            return (s > np.median(s)).astype(int)
        if kind == "classes":
            return np.digitize(s, np.quantile(
                s, np.arange(1, n_classes) / n_classes))
        if kind == "count":
            return np.floor(np.exp(np.clip(s, -3, 3)))
        if kind == "positive":
            return np.exp(np.clip(s, -3, 3))
        if kind == "fraction":
            return 1 / (1 + np.exp(-s))
        return s

    # --- around the model ----------------------------------------------------

    def labels(self, y):
        names = self.pick(np.array(["no", "yes", "maybe", "never", "x"]),
                          np.array([3, 5, 9, 11, 12]),
                          np.array([0.5, 1.5, 2.5, 3.5, 4.5]))
        return names[y]

    def around(self, model, x, classifier):
        """The model behind steps, inside of others."""
        if classifier and self.chance(0.2):
            model = self.pick(
                CalibratedClassifierCV(model, cv=2),
                VotingClassifier([("a", model),
                                  ("b", LogisticRegression())],
                                 voting="soft"))
        elif not classifier and self.chance(0.2):
            model = VotingRegressor([("a", model), ("b", model)])
        numbers = [n for n in x if n not in self.texts]
        scale = self.pick(StandardScaler(), "passthrough")
        encoder = self.pick(
            OneHotEncoder(handle_unknown="ignore"),
            OneHotEncoder(handle_unknown="ignore", sparse_output=False),
            OrdinalEncoder(handle_unknown="use_encoded_value",
                           unknown_value=self.pick(-1, np.nan)))
        model = Pipeline([
            ("prepare", ColumnTransformer(
                [("n", scale, numbers)]
                + ([("t", encoder, self.texts)] if self.texts else []),
                sparse_threshold=self.pick(0, 1))),
            ("model", model)])
        if self.chance(0.1):
            model = GridSearchCV(model, {"verbose": [False]}, cv=2)
        return model

    def answers(self, model, rows):
        out = {"predict": np.asarray(model.predict(rows)).tolist()}
        if hasattr(model, "predict_proba"):
            # CatBoost gives a column of labels.
            out["predict"] = np.asarray(model.predict(rows)).ravel().tolist()
            out["proba"] = model.predict_proba(rows).astype(float).tolist()
        return out

    def write_data(self, folder, test, answers):
        """A row whose answer is no number is to be refused."""
        for i, row in enumerate(answers.get("proba", answers["predict"])):
            if not np.isfinite(row).all():
                for part in answers.values():
                    part[i] = None
        (folder / "input.json").write_text(json.dumps([
            {k: None if isinstance(v, float) and np.isnan(v) else v
             for k, v in row.items()} for row in test.to_dict("records")]))
        (folder / "expected.json").write_text(json.dumps(answers))

    def write_pickle(self, folder, model):
        (folder / "model").write_bytes(pickle.dumps(
            model, protocol=self.random.randrange(2, 6)))

    def write_wrapped(self, folder, model, kind, y, x, test, fit=None):
        """A wrapper alone or among scikit-learn's."""
        classifier = kind in ("binary", "classes")
        if classifier:
            y = self.labels(y) if self.any_labels else y
        if self.texts or self.chance(0.5):
            whole = self.around(model, x, classifier)
            if x.isna().any().any() and not hasattr(whole, "best_score_"):
                # Those beside it may not take what is missing.
                numbers = [n for n in x if n not in self.texts]
                for v in (x, test):
                    v[numbers] = v[numbers].fillna(0)
        else:
            whole = model
        whole.fit(x, y, **(fit or {}) if whole is model else {})
        self.write_pickle(folder, whole)
        self.write_data(folder, test, self.answers(whole, test))
        return whole


class XGBoost(Maker):
    # Behind other estimators its floats meet doubles.
    tolerance = 2e-7
    any_labels = False
    objectives = [
        ("binary:logistic", "binary"), ("binary:logistic", "binary"),
        ("reg:logistic", "fraction"), ("binary:hinge", "binary"),
        ("multi:softprob", "classes"), ("multi:softmax", "classes"),
        ("reg:squarederror", "number"), ("reg:absoluteerror", "number"),
        ("reg:pseudohubererror", "number"), ("count:poisson", "count"),
        ("reg:gamma", "positive"), ("reg:tweedie", "positive"),
        ("reg:squaredlogerror", "positive"), ("rank:pairwise", "binary"),
        ("survival:cox", "positive"), ("reg:quantileerror", "number")]

    def parameters(self, objective):
        p = {"max_depth": self.pick(1, 3, 6), "eta": self.pick(0.3, 1.0),
             "subsample": self.pick(1.0, 0.7), "seed": self.seed,
             "objective": objective, "nthread": 1,
             "booster": self.pick("gbtree", "gbtree", "gbtree", "dart",
                                  "gblinear")}
        if self.chance(0.3):
            p["base_score"] = self.pick(0.3, 0.5, 0.9)
        if self.chance(0.2):
            p["num_parallel_tree"] = 3
        if p["booster"] == "dart":
            p["rate_drop"] = 0.3
        if p["booster"] == "gblinear":
            p["updater"] = "coord_descent"
        if objective == "reg:quantileerror":
            p["quantile_alpha"] = 0.4
        return p

    def write(self, folder):
        import xgboost
        objective, kind = self.pick(*self.objectives)
        wrapped = self.chance(0.5) and not objective.startswith("rank")
        x, test, s = self.make_data(wrapped and self.chance(0.6))
        y = self.target(s, kind)
        p = self.parameters(objective)
        if wrapped:
            return self.write_wrapper(xgboost, folder, p, kind, y, x, test)
        if kind == "classes":
            p["num_class"] = 3
        data = xgboost.DMatrix(x, y, nthread=1)
        if objective.startswith("rank"):
            data.set_group([100] * 4)
        b = xgboost.train(p, data, self.pick(1, 5, 12))
        old = False
        if self.chance(0.3):
            self.write_pickle(folder, b)
        else:
            forms = ["m.json", "m.ubj"]
            if version_of(xgboost) < (3, 1):
                forms.append("m.deprecated")  # the binary one
            if version_of(xgboost) < (1, 6):
                forms.remove("m.ubj")
            b.save_model(str(folder / self.pick(*forms)))
            saved = next(folder.glob("m.*"))
            old = saved.suffix == ".deprecated"  # has no names
            saved.rename(folder / "model")
        out = b.predict(xgboost.DMatrix(test, nthread=1)).astype(float)
        answers = {"predict": out.tolist()}
        if objective == "multi:softmax":
            b.set_param("objective", "multi:softprob")
            out = b.predict(xgboost.DMatrix(test, nthread=1)).astype(float)
        if kind == "classes":
            answers = {"predict": out.argmax(axis=1).tolist(),
                       "proba": out.tolist()}
        if objective.startswith("binary"):
            answers = {"predict": (out > 0.5).astype(int).tolist(),
                       "proba": [[float(np.float32(1) - np.float32(v)), v]
                                 for v in out]}
        if old:
            test.columns = [f"f{i}" for i in range(len(x.columns))]
        self.write_data(folder, test, answers)
        return b

    def write_wrapper(self, xgboost, folder, p, kind, y, x, test):
        p.update(n_estimators=self.pick(1, 5, 12),
                 missing=self.pick(np.nan, np.nan, np.nan, 0, -999.0))
        if not np.isnan(p["missing"]):
            # Rounded to float these are the same.
            test.iloc[:5, 0] = p["missing"] + 1e-9
        fit = {}
        if p["objective"] == "binary:hinge" and self.chance(0.9):
            p["objective"] = "binary:logistic"
        if kind in ("binary", "classes"):
            model = xgboost.XGBClassifier(**p)
        elif p["objective"] == "reg:squarederror" and self.chance(0.3) \
                and p["booster"] == "gbtree":
            model = xgboost.XGBRFRegressor(**p)
        else:
            model = xgboost.XGBRegressor(**p)
        if not self.texts and p["booster"] == "gbtree" and self.chance(0.3):
            model.set_params(early_stopping_rounds=2)
            fit = {"eval_set": [(x.iloc[::2], self.rng.permutation(y[::2]))],
                   "verbose": False}
            self.texts = []
            model.fit(x, y, **fit)
            self.write_pickle(folder, model)
            self.write_data(folder, test, self.answers(model, test))
            return model
        return self.write_wrapped(folder, model, kind, y, x, test, fit)


class LightGBM(Maker):
    any_labels = True
    objectives = [
        ("binary", "binary"), ("binary", "binary"),
        ("multiclass", "classes"), ("multiclassova", "classes"),
        ("regression", "number"), ("regression", "number"),
        ("regression_l1", "number"), ("huber", "number"),
        ("fair", "number"), ("quantile", "number"), ("mape", "positive"),
        ("poisson", "count"), ("gamma", "positive"),
        ("tweedie", "positive"), ("cross_entropy", "fraction"),
        ("cross_entropy_lambda", "fraction"), ("lambdarank", "binary"),
        ("rank_xendcg", "binary")]

    def parameters(self, objective):
        p = {"num_leaves": self.pick(2, 5, 31), "seed": self.seed,
             "min_data_in_leaf": self.pick(1, 5, 20), "verbose": -1,
             "objective": objective, "num_threads": 1,
             "deterministic": True, "learning_rate": self.pick(0.1, 0.7)}
        if self.chance(0.15):
            p.update(boosting="rf", bagging_freq=1, bagging_fraction=0.6)
        elif self.chance(0.15):
            p.update(boosting="dart")
        if self.chance(0.2):
            p["zero_as_missing"] = True
        if self.chance(0.1):
            p["use_missing"] = False
        if self.chance(0.2) and objective == "binary":
            p[self.pick("is_unbalance", "boost_from_average")] = True
            p["sigmoid"] = self.pick(0.5, 2.0)
        if objective == "regression" and self.chance(0.3):
            p["reg_sqrt"] = True
        if objective in ("regression", "binary", "huber") \
                and "boosting" not in p and self.chance(0.4):
            p["linear_tree"] = True
        return p

    def write(self, folder):
        import lightgbm
        objective, kind = self.pick(*self.objectives)
        rank = objective in ("lambdarank", "rank_xendcg")
        wrapped = self.chance(0.5) and not rank and kind != "fraction"
        x, test, s = self.make_data(wrapped and self.chance(0.6))
        y = self.target(s, kind)
        p = self.parameters(objective)
        if wrapped:
            return self.write_wrapper(lightgbm, folder, p, kind, y, x, test)
        if kind == "classes":
            p["num_class"] = 3
        if self.chance(0.4):
            for v in (x, test):
                words = self.words(len(v), v is test, "c")
                v["c"] = pd.Categorical(
                    words, categories=sorted(set(words)))
        data = lightgbm.Dataset(x, y, params=p, free_raw_data=False)
        if rank:
            data.set_group([100] * 4)
        b = lightgbm.train(p, data, self.pick(1, 5, 12))
        if self.chance(0.3):
            self.write_pickle(folder, b)
        else:
            b.save_model(str(folder / "model"))
        out = b.predict(test, num_threads=1)
        answers = {"predict": out.tolist()}
        if kind == "classes":
            answers = {"predict": out.argmax(axis=1).tolist(),
                       "proba": out.tolist()}
        if objective == "binary":
            answers = {"predict": (out > 0.5).astype(int).tolist(),
                       "proba": [[1 - v, v] for v in out]}
        if "c" in test:
            test["c"] = test["c"].astype(object)
        self.write_data(folder, test, answers)
        return b

    def write_wrapper(self, lightgbm, folder, p, kind, y, x, test):
        p.update(n_estimators=self.pick(1, 5, 12))
        classifier = kind in ("binary", "classes")
        model = (lightgbm.LGBMClassifier if classifier
                 else lightgbm.LGBMRegressor)(**p)
        if not self.texts and "boosting" not in p and self.chance(0.3):
            if classifier:
                y = self.labels(y)
            model.fit(x, y, eval_set=[(x.iloc[::2],
                                       self.rng.permutation(y[::2]))],
                      callbacks=[lightgbm.early_stopping(2, verbose=False)])
            self.write_pickle(folder, model)
            self.write_data(folder, test, self.answers(model, test))
            return model
        return self.write_wrapped(folder, model, kind, y, x, test)


class CatBoost(Maker):
    any_labels = True
    objectives = [
        ("Logloss", "binary"), ("Logloss", "binary"),
        ("CrossEntropy", "fraction"), ("MultiClass", "classes"),
        ("MultiClassOneVsAll", "classes"), ("RMSE", "number"),
        ("RMSE", "number"), ("MAE", "number"), ("Quantile", "number"),
        ("Poisson", "count"), ("Tweedie:variance_power=1.5", "count"),
        ("Huber:delta=1", "number"), ("MultiRMSE", "several")]

    def write(self, folder):
        import catboost
        objective, kind = self.pick(*self.objectives)
        x, test, s = self.make_data(self.chance(0.5))
        y = np.c_[s, -s + 3] if kind == "several" else self.target(s, kind)
        classifier = kind in ("binary", "classes")
        p = {"loss_function": objective, "iterations": self.pick(1, 7, 20),
             "depth": self.pick(1, 3, 6), "random_seed": self.seed,
             "thread_count": 1, "verbose": 0, "allow_writing_files": False,
             "one_hot_max_size": 50, "learning_rate": self.pick(0.1, 0.6)}
        if kind != "several":
            p["grow_policy"] = self.pick("SymmetricTree", "SymmetricTree",
                                         "Depthwise", "Lossguide")
        if self.chance(0.3):
            p["nan_mode"] = "Max"
        model = (catboost.CatBoostClassifier if kind in
                 ("binary", "classes", "fraction")
                 else catboost.CatBoostRegressor)(**p)
        if classifier and self.chance(0.7):
            y = self.labels(y)
        if self.texts and self.chance(0.3) and kind not in (
                "several", "fraction"):
            whole = self.around(model, x, classifier)
            numbers = [n for n in x if n not in self.texts]
            for v in (x, test):
                v[numbers] = v[numbers].fillna(0)
            whole.fit(x, y)
            self.write_pickle(folder, whole)
            self.write_data(folder, test, self.answers(whole, test))
            return whole
        if self.chance(0.2):
            for v in (x, test):
                v["i"] = self.rng.integers(0, 5 + (v is test), len(v))
            self.texts.append("i")
        model.fit(x, y, cat_features=self.texts)
        form = self.random.randrange(3)
        if form == 0:
            self.write_pickle(folder, model)
        elif form == 1:
            model.save_model(str(folder / "model"))
        else:
            model.save_model(str(folder / "model"), format="json")
        answers = {"predict": np.asarray(model.predict(test)).tolist()}
        if kind in ("binary", "classes", "fraction"):
            out = model.predict_proba(test)
            answers = {"predict": np.asarray(
                model.classes_)[out.argmax(axis=1)].tolist(),
                "proba": out.tolist()}
        self.write_data(folder, test, answers)
        return model


LIBRARIES = {"xgboost": XGBoost, "lightgbm": LightGBM, "catboost": CatBoost}


def run(library, maker, args, folder):
    try:
        version = __import__(library).__version__
    except (ImportError, ValueError) as error:
        # A ValueError is what a numpy of another age gives.
        print(f"# {library} cannot be used: {error}")
        return None
    lines, refused = [], 0
    for i in range(args.models):
        name = f"{library}{args.seed + i}"
        (folder / name).mkdir(parents=True, exist_ok=True)
        try:
            maker(args.seed + i, args.rows).write(folder / name)
        except Exception as error:
            refused += 1
            if args.keep:
                print(f"# {name}: {str(error).splitlines()[0][:200]}")
            continue
        lines.append(f"{name}/model {name}/input.json "
                     f"{name}/expected.json -\n")
    (folder / library).write_text("".join(lines))
    print(f"# {library} {version}, {len(lines)} models, "
          f"{refused} that training refused", flush=True)
    golden = pathlib.Path(os.environ.get("LS_BUILDDIR", ".")) \
        / "tests/golden/golden"
    return subprocess.run([golden, folder / library, folder,
                           str(maker.tolerance)], capture_output=True,
                          text=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=20)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--library")
    parser.add_argument("--keep")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    n, status = 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        for library, maker in LIBRARIES.items():
            if args.library not in (None, library):
                continue
            done = run(library, maker, args,
                       pathlib.Path(args.keep or temporary))
            if done is None:
                continue
            status |= done.returncode
            for line in done.stdout.splitlines():
                if line.startswith(("ok ", "not ok ")):
                    n += 1
                    start, rest = line.split(" - ", 1)
                    print(f"{start.rsplit(' ', 1)[0]} {n} - {rest}")
                elif not line.startswith("1.."):
                    print(line)
    print(f"1..{n}" + ("" if n else " # SKIP no boosting library is there"))
    return status


if __name__ == "__main__":
    sys.exit(main())
