# SPDX-License-Identifier: ISC
"""The models of the comparison, trained on the spot with fixed seeds, the
rows they are measured on and the answers of the library that trained them."""
import dataclasses
import pathlib

import joblib
import numpy
import pandas

SEED = 20261
ROWS = 4000  # that are scored, over and over
FEATURES = 28
CHURN = pathlib.Path(__file__).parents[3] / "models/churn"
NUMBERS = ["tenure", "MonthlyCharges", "TotalCharges"]


@dataclasses.dataclass
class Model:
    """What training left. `features` are the numbers that reach the
    estimator; of a pipeline, `table` is what reaches the pipeline."""
    key: str
    title: str
    library: str
    trained: object
    features: numpy.ndarray
    answers: numpy.ndarray
    table: pandas.DataFrame = None

    @property
    def estimator(self):
        return self.trained[-1] if self.table is not None else self.trained


def telco():
    data = pandas.read_csv(CHURN / "telco-customer-churn.csv")
    data["TotalCharges"] = pandas.to_numeric(
        data["TotalCharges"], errors="coerce").fillna(0.0)
    data["tenure"] = data["tenure"].astype(float)
    data["SeniorCitizen"] = data["SeniorCitizen"].map({0: "No", 1: "Yes"})
    columns = [c for c in data if c not in ("customerID", "Churn")]
    return data[columns], (data["Churn"] == "Yes").astype(int)


def pipeline(key, title, estimator):
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rows, churned = telco()
    texts = [c for c in rows if c not in NUMBERS]
    trained = Pipeline([
        ("prepare", ColumnTransformer([
            ("numbers", StandardScaler(), NUMBERS),
            ("texts", OneHotEncoder(handle_unknown="ignore"), texts)],
            sparse_threshold=0)),
        ("classify", estimator)]).fit(rows, churned)
    table = rows[:ROWS]
    features = trained[:-1].transform(table)
    if hasattr(estimator, "estimators_"):
        # As scikit-learn's trees do before they compare.
        features = features.astype("float32")
    return Model(key, title, "scikit-learn", trained, features,
                 trained.predict_proba(table)[:, 1], table)


def synthetic(n):
    """Floats, and a target that takes trees to guess."""
    random = numpy.random.default_rng(SEED)
    x = random.normal(size=(n + ROWS, FEATURES)).astype("float32")
    margin = (x[:, 0] * x[:, 1] + numpy.sin(3 * x[:, 2]) + abs(x[:, 3])
              - x[:, 4] * (x[:, 5] > 0) + 0.5 * x[:, 6:].sum(1) / 4 - 0.8)
    chance = 1 / (1 + numpy.exp(-2 * margin))
    y = (random.random(n + ROWS) < chance).astype(int)
    return x[:n], y[:n], chance[:n], x[n:]


def train_a():
    from sklearn.linear_model import LogisticRegression
    return pipeline("a", "Telco + logistic regression",
                    LogisticRegression(max_iter=1000))


def train_b():
    from sklearn.ensemble import RandomForestClassifier
    return pipeline("b", "Telco + random forest, 100 unlimited",
                    RandomForestClassifier(100, random_state=SEED))


def train_c():
    from sklearn.ensemble import GradientBoostingClassifier
    return pipeline("c", "Telco + gradient boosting, 100 x depth 3",
                    GradientBoostingClassifier(random_state=SEED))


def train_xgboost(key, trees, depth, n):
    import xgboost
    x, y, _, rows = synthetic(n)
    trained = xgboost.train(
        {"objective": "binary:logistic", "max_depth": depth, "eta": 0.05,
         "tree_method": "hist", "seed": SEED, "nthread": 2},
        xgboost.DMatrix(x, y), trees)
    trained.set_param({"nthread": 1})
    return Model(key, f"XGBoost, {trees:,} x depth {depth}", "xgboost",
                 trained, rows, trained.inplace_predict(rows))


def train_d():
    return train_xgboost("d", 500, 6, 30000)


def train_e():
    import lightgbm
    x, y, _, rows = synthetic(30000)
    trained = lightgbm.LGBMClassifier(
        n_estimators=500, num_leaves=31, learning_rate=0.05,
        random_state=SEED, n_jobs=2, verbose=-1).fit(x, y)
    return Model("e", "LightGBM, 500 x 31 leaves", "lightgbm", trained, rows,
                 trained.predict_proba(rows, num_threads=1)[:, 1])


def train_f():
    from sklearn.ensemble import RandomForestClassifier
    x, y, _, rows = synthetic(20000)
    trained = RandomForestClassifier(100, min_samples_leaf=5, n_jobs=2,
                                     random_state=SEED).fit(x, y)
    trained.n_jobs = 1
    return Model("f", "random forest, 100 x min_samples_leaf 5",
                 "scikit-learn", trained, rows,
                 trained.predict_proba(rows)[:, 1])


def train_g():
    return train_xgboost("g", 1000, 8, 50000)


def train_h():
    import catboost
    x, y, _, rows = synthetic(30000)
    trained = catboost.CatBoostClassifier(
        iterations=500, depth=6, random_seed=SEED, thread_count=2,
        verbose=False, allow_writing_files=False).fit(x, y)
    return Model("h", "CatBoost, 500 x depth 6", "catboost", trained, rows,
                 trained.predict_proba(rows, thread_count=1)[:, 1])


def train_i():
    """YDF takes these very trees, and runs them with its QuickScorer."""
    from sklearn.ensemble import GradientBoostingRegressor
    x, _, chance, rows = synthetic(10000)
    trained = GradientBoostingRegressor(
        n_estimators=300, max_depth=5, subsample=0.5, max_features=0.5,
        random_state=SEED).fit(x, chance)
    return Model("i", "scikit-learn gradient boosting, 300 x depth 5",
                 "scikit-learn", trained, rows, trained.predict(rows))


KEYS = "abcdefghi"


def load(path):
    return joblib.load(path)


def get(key, work):
    """The model, trained when it is asked for the first time."""
    path = work / f"{key}.trained"
    if not path.exists():
        print(f"training {key}", flush=True)
        joblib.dump(globals()[f"train_{key}"](), work / "new")
        (work / "new").rename(path)
    return load(path)


def write_rows(model, path, of_pipeline):
    """Tab-separated, a line of column names first, n: before a column of
    numbers, t: before one of texts."""
    table = model.table if of_pipeline else pandas.DataFrame(
        model.features.astype(float),
        columns=[f"f{i}" for i in range(model.features.shape[1])])
    kinds = ["n" if table[c].dtype == float else "t" for c in table]
    with open(path, "w", encoding="utf-8") as out:
        print(*(f"{k}:{c}" for k, c in zip(kinds, table)), sep="\t", file=out)
        for row in table.itertuples(index=False):
            print(*(v if isinstance(v, str) else repr(float(v)) for v in row),
                  sep="\t", file=out)
