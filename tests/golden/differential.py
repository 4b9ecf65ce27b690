#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Random scikit-learn pipelines, imported and scored, against scikit-learn.

Skips where scikit-learn is not installed. A model is made from a seed, so a
failure can be made again:

    differential.py [--models N] [--rows N] [--seed N] [--keep DIRECTORY]

The comparing is done by the program `golden`, built beside the tests.
"""
import argparse
import inspect
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
    import joblib
    import numpy as np
    import pandas as pd
    import sklearn
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import (
        AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier,
        BaggingRegressor,
        ExtraTreesClassifier, ExtraTreesRegressor,
        GradientBoostingClassifier, GradientBoostingRegressor,
        HistGradientBoostingClassifier, HistGradientBoostingRegressor,
        IsolationForest, RandomForestClassifier, RandomForestRegressor,
        StackingClassifier, StackingRegressor, VotingClassifier,
        VotingRegressor)
    from sklearn.decomposition import PCA, TruncatedSVD
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.feature_selection import (
        RFE, GenericUnivariateSelect, SelectFdr, SelectFpr, SelectFromModel,
        SelectKBest, SelectPercentile, VarianceThreshold)
    from sklearn.impute import (
        IterativeImputer, MissingIndicator, SimpleImputer)
    from sklearn.linear_model import (
        BayesianRidge, ElasticNet, HuberRegressor, Lasso, LinearRegression,
        LogisticRegression, LogisticRegressionCV, MultiTaskLasso, Perceptron,
        Ridge, RidgeCV, RidgeClassifier, SGDClassifier, SGDRegressor,
        TweedieRegressor)
    from sklearn.discriminant_analysis import (
        LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis)
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import GridSearchCV
    from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
    from sklearn.multioutput import (
        ClassifierChain, MultiOutputClassifier, MultiOutputRegressor,
        RegressorChain)
    from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import FeatureUnion, Pipeline
    from sklearn.preprocessing import (
        Binarizer, KBinsDiscretizer, Normalizer, PolynomialFeatures,
        PowerTransformer, QuantileTransformer, SplineTransformer)
    from sklearn.preprocessing import (
        FunctionTransformer, MaxAbsScaler, MinMaxScaler, OneHotEncoder,
        OrdinalEncoder, RobustScaler, StandardScaler)
    from sklearn.svm import LinearSVC, LinearSVR
    from sklearn.tree import (
        DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier,
        ExtraTreeRegressor)
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is not installed")
    sys.exit(0)

try:
    import skops.io
except ImportError:
    skops = None

try:
    from sklearn.preprocessing import TargetEncoder
except ImportError:
    TargetEncoder = None

FUNCTIONS = [np.cbrt, np.square, np.abs, np.sign, np.negative, np.sin, np.cos,
             np.tanh, np.floor, np.ceil, np.rint, np.trunc, np.nan_to_num]

WORDS = ["Yes", "No", "DSL", "Fiber optic", "Zürich", "日本", "a b", "",
         "0", "1", "other", "None", "nan", "x,y", "\"q\""]


VERSION = tuple(int(n) for n in sklearn.__version__.split(".")[:2])


def known(cls, **parameters):
    """cls(...) with those of the parameters that this version has."""
    names = inspect.signature(cls).parameters
    return cls(**{k: v for k, v in parameters.items() if k in names})


class Maker:
    """One random model and the rows to hold it to."""

    def __init__(self, seed, rows):
        self.random = random.Random(seed)
        self.rng = np.random.default_rng(seed)
        self.rows = rows
        self.numbers, self.counts, self.texts = [], [], []
        self.missing = self.random.random() < 0.5

    def chance(self, p):
        return self.random.random() < p

    def pick(self, *choices):
        return self.random.choice(choices)

    # --- data ---------------------------------------------------------------

    def column(self, kind, n, test):
        """Values of a column, unseen ones among the test's."""
        name, how = kind
        rng = self.rng
        if name.startswith("n"):
            scale = 10.0 ** how
            x = rng.normal(how, scale, n)
            if how > 1:
                x = np.round(x, 2)
            if test:
                far = rng.random(n) < 0.02
                x[far] = rng.choice([0.0, -0.0, 1e-300, 1e30, -1e30, 5e-324],
                                    far.sum())
        elif name.startswith("c"):
            x = rng.integers(0, how + (2 if test else 0), n).astype(float)
        else:
            words = how + (["never seen", "No "] if test else [])
            weight = 1.0 / np.arange(1, len(words) + 1)
            x = rng.choice(np.array(words, dtype=object), n,
                           p=weight / weight.sum())
        x = pd.Series(x, dtype=object if name.startswith("t") else float)
        if self.missing or test:
            x[rng.random(n) < (0.1 if self.missing else 0.01)] = np.nan
        return x

    def table(self, n, test):
        return pd.DataFrame(
            {kind[0]: self.column(kind, n, test) for kind in self.kinds})

    def target(self, x, n_classes):
        """Something that can be learnt, with noise."""
        s = self.rng.normal(size=len(x))
        for name in x:
            v = x[name]
            if name.startswith("t"):
                s += pd.factorize(v)[0] % 3
            else:
                v = v.fillna(0).to_numpy(float)
                s += (v - v.mean()) / (v.std() + 1e-9)
        if n_classes == 0:
            return s
        y = np.digitize(s, np.quantile(s, np.arange(1, n_classes)
                                       / n_classes))
        labels = self.pick(
            np.arange(n_classes), np.arange(n_classes) * 3 - 1,
            np.array([f"class {i}" for i in range(n_classes)]),
            np.array([f"k{i}" for i in range(n_classes)], dtype=object),
            np.arange(n_classes) / 2)
        if n_classes == 2 and self.chance(0.2):
            labels = np.array([False, True])
        return labels[y]

    # --- steps --------------------------------------------------------------

    def scaler(self):
        return self.pick(
            StandardScaler(), StandardScaler(with_mean=False),
            StandardScaler(with_std=False), MinMaxScaler(), MaxAbsScaler(),
            RobustScaler(with_centering=self.chance(0.7)),
            MinMaxScaler(feature_range=(-1, 3), clip=True))

    def shaper(self):
        """What comes behind a scaler, on numbers without a gap."""
        return self.pick(
            FunctionTransformer(self.pick(*FUNCTIONS),
                                validate=self.chance(0.2)),
            PowerTransformer(standardize=self.chance(0.5)),
            QuantileTransformer(
                n_quantiles=self.pick(5, 200),
                output_distribution=self.pick("uniform", "normal")),
            KBinsDiscretizer(
                self.pick(2, 5), strategy=self.pick("uniform", "quantile"),
                encode=self.pick("onehot", "onehot-dense", "ordinal")),
            PolynomialFeatures(
                self.pick(2, 3), interaction_only=self.chance(0.4),
                include_bias=self.chance(0.5)),
            Normalizer(self.pick("l1", "l2", "max")),
            SplineTransformer(
                n_knots=self.pick(3, 5), degree=self.pick(1, 2, 3),
                extrapolation=self.pick("constant", "error", "periodic"),
                include_bias=self.chance(0.5)),
            Binarizer(threshold=self.pick(0, 0.3)),
            PCA(self.pick(1, None), whiten=self.chance(0.4)))

    def selector(self):
        """What chooses among the columns that the transformer makes."""
        tree = DecisionTreeClassifier(max_depth=4, random_state=1)
        few = RandomForestClassifier(4, max_depth=3, random_state=1)
        return self.pick(
            VarianceThreshold(self.pick(0, 0.1)),
            SelectKBest(k=self.pick(1, 2, "all")),
            SelectPercentile(percentile=self.pick(30, 77)),
            GenericUnivariateSelect(mode="k_best", param=2),
            SelectFpr(alpha=0.3), SelectFdr(alpha=0.5),
            SelectFromModel(self.pick(few, tree,
                                      LogisticRegression(max_iter=50)),
                            threshold=self.pick(None, "median",
                                                "0.5*mean")),
            SelectFromModel(few, max_features=2, threshold=-np.inf),
            RFE(tree, n_features_to_select=2), TruncatedSVD(2))

    def number_imputer(self):
        if self.chance(0.1):
            return IterativeImputer(max_iter=3, random_state=1,
                                    add_indicator=self.chance(0.4))
        if self.chance(0.1):
            return FeatureUnion([
                ("fill", SimpleImputer()),
                ("where", MissingIndicator(features=self.pick(
                    "missing-only", "all")))])
        strategy = self.pick("mean", "median", "most_frequent", "constant")
        return known(
            SimpleImputer, strategy=strategy, add_indicator=self.chance(0.4),
            keep_empty_features=self.chance(0.5),
            fill_value=-7.5 if strategy == "constant" and self.chance(0.5)
            else None)

    def text_imputer(self):
        return self.pick(
            SimpleImputer(strategy="most_frequent"),
            SimpleImputer(strategy="constant", fill_value="empty"),
            SimpleImputer(strategy="constant"))

    def encoder(self):
        grouping = self.pick({}, {}, {"min_frequency": self.pick(5, 0.1)},
                             {"max_categories": self.pick(2, 3)})
        if self.chance(0.6):
            return known(
                OneHotEncoder,
                handle_unknown=self.pick("error", "ignore",
                                         "infrequent_if_exist", "warn"),
                drop=self.pick(None, None, "first", "if_binary"),
                sparse_output=self.chance(0.5), **grouping)
        if self.chance(0.3):
            return known(OrdinalEncoder, **grouping)
        return known(
            OrdinalEncoder, handle_unknown="use_encoded_value",
            unknown_value=self.pick(-1, 99),
            encoded_missing_value=self.pick(np.nan, -2, 77), **grouping)

    def chain(self, *steps):
        steps = [s for s in steps if s is not None]
        if len(steps) == 1 and self.chance(0.7):
            return steps[0]
        return Pipeline([(f"s{i}", s) for i, s in enumerate(steps)]
                        + ([("none", "passthrough")]
                           if self.chance(0.1) else []))

    def choose(self, names, x):
        """The same columns in one of the forms that are allowed."""
        where = [x.columns.get_loc(n) for n in names]
        form = self.random.randrange(5)
        if form == 0:
            return where
        if form == 1:
            return [n in names for n in x]
        if form == 2:
            return x.columns[where]
        if form == 3 and where == list(range(where[0], where[-1] + 1)):
            return slice(where[0], where[-1] + 1)
        return list(names)

    def transformer(self, x):
        parts = []
        if self.numbers:
            step = self.chain(self.number_imputer(), self.scaler(),
                              self.shaper() if self.chance(0.4) else None)
            if not self.missing:
                step = self.pick(step, self.scaler(), "passthrough",
                                 FeatureUnion([("a", self.scaler()),
                                               ("b", FunctionTransformer()),
                                               ("c", "drop")],
                                              transformer_weights={"a": 0.3}))
            parts.append(("numbers", step, self.choose(self.numbers, x)))
        if self.counts:
            step = self.chain(self.number_imputer() if self.missing
                              and self.chance(0.7) else None, self.encoder())
            parts.append(("counts", step, self.choose(self.counts, x)))
        if self.texts:
            encoder = self.encoder()
            if TargetEncoder is not None and self.chance(0.2):
                encoder = TargetEncoder(cv=2, smooth=self.pick("auto", 3.0))
            step = self.chain(self.text_imputer() if self.missing
                              and self.chance(0.6) else None, encoder)
            parts.append(("texts", step, self.choose(self.texts, x)))
        self.random.shuffle(parts)
        rest = "drop"
        if len(parts) > 1 and parts[-1][0] != "texts" and self.chance(0.3):
            parts.pop()
            rest = self.pick("drop", "passthrough", "passthrough",
                             self.chain(SimpleImputer(), StandardScaler()))
        weights = {parts[0][0]: 2.5} if self.chance(0.1) else None
        return ColumnTransformer(parts, remainder=rest,
                                 transformer_weights=weights,
                                 sparse_threshold=self.pick(0, 0.3, 1))

    def ensemble(self, n_classes):
        members = [(f"m{i}", self.estimator(n_classes, True))
                   for i in range(self.pick(1, 2, 3))]
        weights = self.pick(None, [1, 0.5, 3][:len(members)])
        if self.chance(0.2):
            members[-1] = ("none", "drop")
        bag = {"n_estimators": 3, "random_state": self.random.randrange(99),
               "max_features": self.pick(0.5, 1.0),
               "bootstrap_features": self.chance(0.3)}
        if n_classes == 0:
            return self.pick(
                TransformedTargetRegressor(
                    self.estimator(0, True), transformer=self.pick(
                        StandardScaler(), RobustScaler(), MinMaxScaler(),
                        PowerTransformer(),
                        QuantileTransformer(n_quantiles=20))),
                VotingRegressor(members, weights=weights),
                AdaBoostRegressor(self.estimator(0, True), n_estimators=4,
                                  random_state=1),
                StackingRegressor(
                    members, cv=2, passthrough=self.chance(0.5),
                    final_estimator=self.pick(None, Ridge())),
                BaggingRegressor(self.estimator(0, True), **bag))
        if self.chance(0.3):
            methods = ["sigmoid", "isotonic"] + (
                ["temperature"] if VERSION >= (1, 8) else [])
            return CalibratedClassifierCV(
                self.pick(LinearSVC(max_iter=50), RidgeClassifier(),
                          self.estimator(n_classes, True),
                          BaggingClassifier(LogisticRegression(), **bag)),
                method=self.pick(*methods),
                cv=self.pick(2, 3), ensemble=self.chance(0.7))
        if self.chance(0.3):
            return self.votes(n_classes, members, weights)
        return self.pick(
            VotingClassifier(members, voting="soft", weights=weights),
            BaggingClassifier(self.estimator(n_classes, True),
                              max_samples=self.pick(0.05, 1.0), **bag),
            AdaBoostClassifier(
                DecisionTreeClassifier(max_depth=self.pick(1, 2, 3)),
                n_estimators=self.pick(1, 10),
                learning_rate=self.pick(0.3, 1.0)))

    def decider(self):
        """A classifier without probabilities."""
        return self.pick(
            LinearSVC(max_iter=50), RidgeClassifier(),
            Perceptron(max_iter=20),
            SGDClassifier(loss=self.pick("hinge", "squared_hinge"),
                          max_iter=20))

    def votes(self, n_classes, members, weights):
        """What one classifier decides of what others do."""
        if VERSION >= (1, 5) and n_classes == 2 and self.chance(0.3):
            from sklearn.model_selection import FixedThresholdClassifier
            return FixedThresholdClassifier(
                self.pick(self.estimator(2, True), self.decider()),
                threshold=self.pick("auto", 0.1, 0.5, 0.8))
        if VERSION != (1, 3) and self.chance(0.2):
            return known(AdaBoostClassifier, n_estimators=3,
                         base_estimator=LogisticRegression(),
                         estimator=LogisticRegression(), algorithm="SAMME")
        inside = self.pick(self.decider(), self.estimator(n_classes, True))
        return self.pick(
            VotingClassifier(members + [("d", self.decider())],
                             weights=None if weights is None
                             else weights + [2]),
            StackingClassifier(
                members + [("d", self.decider())], cv=2,
                stack_method=self.pick("auto", "predict")
                if n_classes > 2 or self.chance(0.5) else "auto",
                passthrough=self.chance(0.3),
                final_estimator=self.pick(None, self.decider())),
            OneVsRestClassifier(inside), OneVsOneClassifier(inside))

    def several(self):
        """A regressor of more than one number."""
        seed = {"random_state": self.random.randrange(99)}
        return self.pick(
            LinearRegression(fit_intercept=self.chance(0.7)), Ridge(),
            MultiTaskLasso(0.1),
            MLPRegressor((3,), max_iter=20, **seed),
            DecisionTreeRegressor(max_depth=4, **seed),
            RandomForestRegressor(n_estimators=3, max_depth=5, **seed),
            MultiOutputRegressor(self.estimator(0, True)),
            RegressorChain(self.estimator(0, True), order="random", **seed))

    def labels(self, x):
        """A classifier of several targets, and these."""
        seed = {"random_state": self.random.randrange(99)}
        chain = {"order": "random", **seed}
        if VERSION >= (1, 5) and self.chance(0.5):
            chain["chain_method"] = "predict_proba"
        if self.chance(0.5):
            y = np.c_[self.target(x, 2) == self.target(x, 2),
                      self.target(x, 0) > 0, self.target(x, 0) > 1]
            return self.pick(
                ClassifierChain(LogisticRegression(max_iter=50), **chain),
                ClassifierChain(RandomForestClassifier(3, **seed), **chain),
                OneVsRestClassifier(self.decider()),
                OneVsRestClassifier(RandomForestClassifier(3, **seed)),
                RidgeClassifier(), MLPClassifier((3,), max_iter=20, **seed)
            ), y.astype(int)
        y = np.c_[np.digitize(self.target(x, 0), [0]),
                  np.digitize(self.target(x, 0), [-1, 0, 1])]
        if self.chance(0.5):
            y = y.astype(str)
        return self.pick(
            MultiOutputClassifier(self.decider()),
            MultiOutputClassifier(OneVsRestClassifier(
                LogisticRegression(max_iter=50))),
            DecisionTreeClassifier(max_depth=4, **seed),
            ExtraTreeClassifier(max_depth=4, **seed),
            RandomForestClassifier(3, max_depth=5, **seed),
            ExtraTreesClassifier(3, max_depth=5, **seed)), y

    def categories(self, n_classes):
        """Histogram boosting over categories that nothing has encoded."""
        self.kinds = [k for k in self.kinds
                      if VERSION >= (1, 4) or not k[0].startswith("t")]
        names = [k[0] for k in self.kinds]
        cls = HistGradientBoostingClassifier if n_classes else \
            HistGradientBoostingRegressor
        return known(
            cls, max_iter=6, min_samples_leaf=3,
            random_state=self.random.randrange(99),
            max_leaf_nodes=self.pick(4, 15),
            early_stopping=self.chance(0.5),
            categorical_features=[not n.startswith("n") for n in names])

    def estimator(self, n_classes, inside=False):
        seed = self.random.randrange(1000)
        tree = {"random_state": seed,
                "max_depth": self.pick(2, 5, None),
                "min_samples_leaf": self.pick(1, 1, 4)}
        if self.chance(0.2):
            tree["max_leaf_nodes"] = 20
        if self.chance(0.2):
            tree["ccp_alpha"] = 0.002
        some = {**tree, "n_estimators": self.pick(1, 3, 12)}
        hist = {"random_state": seed, "max_iter": self.pick(1, 8),
                "min_samples_leaf": self.pick(3, 20),
                "early_stopping": self.chance(0.3)}
        if not inside and self.chance(0.15):
            return self.ensemble(n_classes)
        mlp = {"hidden_layer_sizes": self.pick((4,), (5, 3)),
               "activation": self.pick("identity", "relu", "logistic",
                                       "tanh"),
               "max_iter": 20, "random_state": seed}
        if n_classes == 0:
            return self.pick(
                MLPRegressor(**mlp),
                HistGradientBoostingRegressor(
                    loss=self.pick("squared_error", "absolute_error"),
                    **hist),
                LinearRegression(fit_intercept=self.chance(0.8)),
                self.pick(Ridge(fit_intercept=self.chance(0.8)), RidgeCV(),
                          BayesianRidge(), TweedieRegressor(power=0),
                          Lasso(0.1), ElasticNet(0.1), HuberRegressor(),
                          LinearSVR(max_iter=50),
                          SGDRegressor(average=self.chance(0.3))),
                DecisionTreeRegressor(**tree),
                ExtraTreeRegressor(**tree),
                RandomForestRegressor(**some), ExtraTreesRegressor(**some),
                GradientBoostingRegressor(
                    loss=self.pick("squared_error", "absolute_error",
                                   "huber", "quantile"),
                    init=self.pick(None, "zero"), **some))
        boost = dict(some)
        if n_classes == 2 and self.chance(0.3):
            boost["loss"] = "exponential"
        logistic = self.pick({}, {"solver": "newton-cholesky"},
                             {"fit_intercept": False},
                             {"multi_class": "multinomial"},
                             {"multi_class": "ovr"})
        if n_classes == 2 and self.chance(0.2):
            logistic = {"solver": "liblinear"}
        weight = self.pick(None, None, "balanced")
        new = VERSION >= (1, 1)
        if not inside and self.chance(0.1):
            return self.decider()
        return self.pick(
            MLPClassifier(**mlp),
            self.pick(LinearDiscriminantAnalysis(),
                      QuadraticDiscriminantAnalysis(reg_param=0.1),
                      Pipeline([("s", StandardScaler(with_mean=False)),
                                ("d", DummyClassifier())]),
                      SGDClassifier(loss="modified_huber", max_iter=20),
                      LogisticRegressionCV(Cs=2, cv=2)),
            self.pick(BernoulliNB(binarize=self.pick(0.0, 0.5)),
                      MultinomialNB(), ComplementNB(norm=self.chance(0.3))),
            HistGradientBoostingClassifier(**hist),
            SGDClassifier(loss="log_loss" if new else "log",
                          average=self.chance(0.3)),
            known(LogisticRegression, max_iter=200, **logistic),
            DecisionTreeClassifier(
                criterion=self.pick("gini", "entropy"), class_weight=weight,
                **tree),
            ExtraTreeClassifier(**tree),
            RandomForestClassifier(class_weight=weight, **some),
            ExtraTreesClassifier(**some),
            GradientBoostingClassifier(
                init=self.pick(None, None, "zero"),
                subsample=self.pick(1.0, 0.7), **boost))

    def make(self):
        """(model, test table, its target's kind)."""
        self.kinds = []
        for i in range(self.random.randrange(1, 4)):
            self.kinds.append((f"n{i}", self.random.randrange(-2, 5)))
        for i in range(self.random.randrange(0, 3)):
            self.kinds.append((f"c{i}", self.random.randrange(2, 7)))
        for i in range(self.random.randrange(0, 4)):
            words = self.random.sample(WORDS, self.random.randrange(2, 7))
            self.kinds.append((f"t{i}", words))
        self.random.shuffle(self.kinds)
        for name, _ in self.kinds:
            {"n": self.numbers, "c": self.counts,
             "t": self.texts}[name[0]].append(name)
        n_classes = self.pick(0, 2, 2, 3, 5)
        if self.chance(0.08):
            model = self.categories(n_classes)
            x = self.table(250, False)
            test = self.table(self.rows, True)
            return model.fit(x, self.target(x, n_classes)), test, test
        x = self.table(250, False)
        y = self.target(x, n_classes)
        if n_classes == 5 and self.chance(0.3):
            model, y = self.labels(x)
            model = Pipeline([("prepare", self.transformer(x)),
                              ("model", model)])
            test = self.table(self.rows, True)
            return model.fit(x, y), test, test
        if n_classes == 0 and self.chance(0.3):
            y = np.c_[y, self.target(x, 0), -y]
            model = Pipeline([("prepare", self.transformer(x)),
                              ("model", self.several())])
            test = self.table(self.rows, True)
            return model.fit(x, y), test, test
        if self.chance(0.03):
            model = Pipeline([
                ("prepare", self.transformer(x)),
                ("model", IsolationForest(
                    n_estimators=5, max_features=self.pick(0.5, 1.0),
                    contamination=self.pick("auto", 0.1),
                    random_state=1))])
            test = self.table(self.rows, True)
            return model.fit(x), test, test
        if self.chance(0.15):
            model = self.estimator(n_classes)
            x = x[self.numbers].fillna(0)
            test = self.table(self.rows, True)[self.numbers]
            if self.chance(0.5):
                x = x.to_numpy()
                test.columns = [f"x{i}" for i in range(test.shape[1])]
                model.fit(x, y)
                return model, test, test.to_numpy()
        else:
            steps = [("prepare", self.transformer(x)),
                     ("model", self.estimator(n_classes))]
            if n_classes > 0 and self.chance(0.3):
                steps.insert(1, ("select", self.selector()))
            model = Pipeline(steps)
            test = self.table(self.rows, True)
        if self.chance(0.05):
            model = GridSearchCV(model, {"verbose": [False]}, cv=2)
        model.fit(x, y)
        return model, test, test

    def write(self, folder):
        """Returns the line of the list, or None if training refused."""
        try:
            model, test, rows = self.make()
        except (ValueError, TypeError, ZeroDivisionError):
            return None
        data = folder / "model"
        form = self.random.randrange(5)
        if form == 4 and skops is not None and dumped(model, data):
            pass
        elif form == 0:
            joblib.dump(model, data)
        elif form == 1:
            joblib.dump(model, data, compress=("zlib", 3))
        else:
            data.write_bytes(pickle.dumps(
                model, protocol=self.random.randrange(2, 6)))
        (folder / "input.json").write_text(json.dumps([
            {k: None if isinstance(v, float) and np.isnan(v) else v
             for k, v in row.items()}
            for row in test.to_dict("records")]))
        # A null is a missing value, even where the model has no place of its
        # own for it.
        (folder / "model.schema.yaml").write_text("inputs:\n" + "".join(
            f"  - {{name: {k}, 'null': missing}}\n" for k in test))
        (folder / "expected.json").write_text(json.dumps(
            answers(model, rows)))
        return model


def dumped(model, path):
    """By skops, which does not know a frame's columns as a parameter."""
    try:
        skops.io.dump(model, path)
    except (TypeError, skops.io.exceptions.UnsupportedTypeException):
        return False
    return True


def answers(model, rows):
    """Row by row where one of them is refused: null stands for that."""
    def ask(part):
        out = {"predict": model.predict(part).tolist()}
        if hasattr(model, "predict_proba"):
            proba = model.predict_proba(part)
            if isinstance(proba, list):
                if any(np.isnan(p).any() for p in proba):
                    raise ValueError
                out["proba"] = [[p[i].tolist() for p in proba]
                                for i in range(len(part))]
                return out
            out["proba"] = proba.tolist()
            if np.isnan(out["proba"]).any(): # nothing to be told
                raise ValueError
        elif hasattr(model, "score_samples"):
            out["score"] = model.decision_function(part).tolist()
        return out

    try:
        return ask(rows)
    except ValueError:
        pass
    whole = {"predict": [], "proba": [], "score": []}
    for i in range(len(rows)):
        try:
            one = ask(rows[i:i + 1])
        except ValueError:
            one = {"predict": [None]}
        for key in whole:
            whole[key] += one.get(key, [None])
    if not any(whole["score"]):
        del whole["score"]
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=25)
    parser.add_argument("--rows", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    build = pathlib.Path(os.environ.get("LS_BUILDDIR", "."))
    golden = build / "tests/golden/golden"
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(args.keep or temporary)
        lines, refused = [], 0
        for i in range(args.models):
            name = f"seed{args.seed + i}"
            (folder / name).mkdir(parents=True, exist_ok=True)
            model = Maker(args.seed + i, args.rows).write(folder / name)
            if model is None:
                refused += 1
                continue
            lines.append(f"{name}/model {name}/input.json "
                         f"{name}/expected.json -\n")
        (folder / "cases.list").write_text("".join(lines))
        print(f"# scikit-learn {sklearn.__version__}, {len(lines)} models, "
              f"{refused} that training refused", flush=True)
        return subprocess.run(
            [golden, folder / "cases.list", folder]).returncode


if __name__ == "__main__":
    sys.exit(main())
