#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Train the two churn models that Lightscore ships and serves by default.

    python3 -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python train.py [FOLDER]

Reads telco-customer-churn.csv beside this script and writes into FOLDER
(default: beside this script), the same bytes every time:

    v1.joblib v2.joblib                 the pipelines, as joblib leaves them
    v1.schema.yaml v2.schema.yaml       what clients may send
    metrics.json                        how well each does on held-out rows
    reference.ndjson                    inputs with scikit-learn's answers

Nothing of this is needed to serve the models.
"""
import json
import pathlib
import sys

import joblib
import numpy
import pandas
import sklearn
from sklearn import metrics
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20250

# Every input, in the order in which clients are told of missing ones.
COLUMNS = {
    "gender": "Gender of the account holder",
    "Partner": "Lives with a partner",
    "Dependents": "Has dependents",
    "PhoneService": "Has telephone service",
    "PaperlessBilling": "Gets bills electronically",
    "MultipleLines": "Has more than one line",
    "InternetService": "Kind of internet access",
    "OnlineSecurity": "Booked online security",
    "OnlineBackup": "Booked online backup",
    "DeviceProtection": "Booked device protection",
    "TechSupport": "Booked technical support",
    "StreamingTV": "Streams television",
    "StreamingMovies": "Streams films",
    "Contract": "Term of the contract",
    "PaymentMethod": "How bills are paid",
    "tenure": "Months as a customer",
    "MonthlyCharges": "Charged this month, in dollars",
    "TotalCharges": "Charged so far, in dollars; 0 before the first bill",
    "SeniorCitizen": "Is 65 or older",
}
NUMBERS = ["tenure", "MonthlyCharges", "TotalCharges"]
TEXTS = [name for name in COLUMNS if name not in NUMBERS]
TARGET = "Churn"

EXAMPLE = {
    "tenure": 12, "MonthlyCharges": 59.95, "TotalCharges": 720.5,
    "Contract": "One year", "PaymentMethod": "Electronic check",
    "OnlineSecurity": "No", "TechSupport": "No", "InternetService": "DSL",
    "gender": "Female", "SeniorCitizen": "No", "Partner": "Yes",
    "Dependents": "No", "PhoneService": "Yes", "MultipleLines": "No",
    "PaperlessBilling": "Yes", "OnlineBackup": "Yes",
    "DeviceProtection": "No", "StreamingTV": "No", "StreamingMovies": "No",
}

MODELS = {
    "v1": {
        "title": "Customer churn, gradient boosting",
        "compress": 0,
        "estimator": GradientBoostingClassifier(
            n_estimators=100, max_depth=3, learning_rate=0.1,
            random_state=SEED),
    },
    "v2": {
        "title": "Customer churn, random forest",
        "compress": ("zlib", 3),
        "estimator": RandomForestClassifier(
            n_estimators=100, max_depth=7, min_samples_leaf=10,
            max_features="sqrt", random_state=SEED),
    },
}


def read_data():
    data = pandas.read_csv(HERE / "telco-customer-churn.csv")
    # Blank for customers who have not had a bill yet.
    data["TotalCharges"] = pandas.to_numeric(
        data["TotalCharges"], errors="coerce").fillna(0.0)
    data["SeniorCitizen"] = data["SeniorCitizen"].map({0: "No", 1: "Yes"})
    return data


def make_pipeline(estimator):
    return Pipeline([
        ("prepare", ColumnTransformer([
            ("numbers", StandardScaler(), NUMBERS),
            ("texts", OneHotEncoder(handle_unknown="ignore"), TEXTS),
        ])),
        ("classify", estimator),
    ])


def measure(model, rows, truth):
    probability = model.predict_proba(rows)[:, 1]
    predicted = model.predict(rows)
    churned = truth == "Yes"
    return {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "precision": metrics.precision_score(churned, predicted == "Yes"),
        "recall": metrics.recall_score(churned, predicted == "Yes"),
        "f1": metrics.f1_score(churned, predicted == "Yes"),
        "roc_auc": metrics.roc_auc_score(churned, probability),
        "brier": metrics.brier_score_loss(churned, probability),
        "log_loss": metrics.log_loss(churned, probability),
    }


def write_schema(path, version, title, data, model):
    """The sidecar that the server reads beside a model: JSON scalars are
    YAML, so every text is quoted and stays a text ("Yes" is no boolean)."""
    text = json.dumps
    lines = [
        "# Written by train.py. What clients may send, and how it is read.",
        "name: churn",
        f"version: {text(version)}",
        f"title: {text(title)}",
        "description: " + text(
            "Will this telephone and internet customer leave? Trained on"
            " IBM's Telco Customer Churn sample."),
        "example:",
    ]
    lines += [f"  {name}: {text(v)}" for name, v in EXAMPLE.items()]
    row = pd.DataFrame([EXAMPLE])[NUMBERS + TEXTS]
    lines += ["answer:",
              f"  prediction: {text(str(model.predict(row)[0]))}",
              "  probabilities:"]
    lines += [f"    {text(str(label))}: {float(p)!r}" for label, p
              in zip(model.classes_, model.predict_proba(row)[0])]
    lines += ["inputs:"]
    for name, meaning in COLUMNS.items():
        number = name in NUMBERS
        lines += [f"  - name: {name}",
                  f"    type: {'number' if number else 'text'}"]
        if name == "TotalCharges":
            lines += ["    required: false", "    default: 0.0",
                      "    null: default"]
        else:
            lines += ["    required: true", "    null: refuse"]
        if name == "SeniorCitizen":
            lines += ["    loose: true", "    closed: true",
                      "    aliases:",
                      '      "0": "No"', '      "1": "Yes"',
                      '      0: "No"', '      1: "Yes"']
        if number:
            lines += [f"    range: [{data[name].min()}, {data[name].max()}]"]
        lines += [f"    description: {text(meaning)}"]
    path.write_text("\n".join(lines) + "\n")


def edge_rows():
    """Rows that the schema and the encoder must treat with care."""
    def row(**changes):
        return {**EXAMPLE, **changes}

    for name in TEXTS:
        if name != "SeniorCitizen":
            yield row(**{name: "Never seen before"})
            yield row(**{name: ""})
    yield row(Contract="one year")
    yield row(Contract=" One year ")
    yield row(PaymentMethod="Überweisung \u2028 \U0001f4b3")
    yield {name: EXAMPLE[name] for name in EXAMPLE if name != "TotalCharges"}
    yield row(TotalCharges=None)
    for spelling in ("Yes", "yes", "YES", " No ", "no", "0", "1", 0, 1):
        yield row(SeniorCitizen=spelling)
    for name in NUMBERS:
        for value in (0, -0.0, -1, 1e-300, 5e-324, 0.1, 2**53 + 1, 1e15,
                      -1e15, 1e30, -1e30):
            yield row(**{name: value})
    yield row(tenure=-1e36, MonthlyCharges=1e36, TotalCharges=-1e36)


def as_trained(rows):
    """Clients' rows to training's columns, by the rules of the schema."""
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    frame["TotalCharges"] = [
        0.0 if row.get("TotalCharges") is None else row["TotalCharges"]
        for row in rows]
    for name in NUMBERS:
        frame[name] = frame[name].astype(float)
    yes = ("yes", "1")
    frame["SeniorCitizen"] = [
        "Yes" if str(row["SeniorCitizen"]).strip().lower() in yes else "No"
        for row in rows]
    return frame


def write_reference(path, models, held_out):
    sample = held_out.sample(n=300, random_state=SEED)
    rows = [dict(zip(COLUMNS, values)) for values in
            sample[list(COLUMNS)].astype(object).values.tolist()]
    rows += edge_rows()
    frame = as_trained(rows)
    answers = {}
    for version, model in models.items():
        classes = [str(c) for c in model.classes_]
        answers[version] = [
            {"prediction": str(label),
             "probabilities": dict(zip(classes, map(float, p)))}
            for label, p in zip(model.predict(frame),
                                model.predict_proba(frame))]
    with open(path, "w", encoding="ascii") as out:
        for i, row in enumerate(rows):
            line = {"input": row, **{v: answers[v][i] for v in models}}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    return len(rows)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    data = read_data()
    train, held_out = train_test_split(
        data, test_size=0.25, stratify=data[TARGET], random_state=SEED)
    models = {}
    figures = {"rows_train": len(train), "rows_held_out": len(held_out),
               "scikit-learn": sklearn.__version__,
               "numpy": numpy.__version__, "joblib": joblib.__version__}
    for version, how in MODELS.items():
        model = make_pipeline(how["estimator"])
        model.fit(train[NUMBERS + TEXTS], train[TARGET])
        joblib.dump(model, folder / f"{version}.joblib",
                    compress=how["compress"])
        write_schema(folder / f"{version}.schema.yaml", version,
                     how["title"], train, model)
        figures[version] = measure(model, held_out[NUMBERS + TEXTS],
                                   held_out[TARGET])
        models[version] = model
    figures["reference_rows"] = write_reference(
        folder / "reference.ndjson", models, held_out)
    text = json.dumps(figures, indent=2)
    (folder / "metrics.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
