#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Print the reference measures of tests/system/test_cli.py: those of
models/churn/v1.joblib on all rows of its data, by scikit-learn 1.7.2."""
import os

import joblib
import numpy as np
import pandas as pd
from sklearn import metrics as m

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../models/churn")
data = pd.read_csv(os.path.join(folder, "telco-customer-churn.csv"))
data["TotalCharges"] = pd.to_numeric(data["TotalCharges"],
                                     errors="coerce").fillna(0.0)
data["SeniorCitizen"] = data["SeniorCitizen"].map({0: "No", 1: "Yes"})
model = joblib.load(os.path.join(folder, "v1.joblib"))
p = model.predict_proba(data[list(model.feature_names_in_)])[:, 1]
y = (data["Churn"] == "Yes").astype(int).to_numpy()
said = (p >= 0.5).astype(int)
bins = sum((p > i / 10).astype(int) for i in range(1, 10))
for name, value in {
        "accuracy": m.accuracy_score(y, said),
        "precision": m.precision_score(y, said),
        "recall": m.recall_score(y, said),
        "f1": m.f1_score(y, said),
        "roc_auc": m.roc_auc_score(y, p),
        "brier": m.brier_score_loss(y, p),
        "log_loss": m.log_loss(y, np.c_[1 - p, p]),
        "ece": sum(abs(p[bins == i].sum() - y[bins == i].sum())
                   for i in range(10)) / len(p)}.items():
    print(f'    "reference_{name}": {float(value)!r},')
