#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Print the constants of tests/unit/test_performance.c.

Made with scikit-learn 1.7.2; the rows come from a generator of eight lines
that the test has too. Calibration error is written out: scikit-learn has none.
"""
import numpy as np
from sklearn import metrics as m


def noise(n):
    values, s = [], 12345
    for _ in range(n):
        s = (s * 1103515245 + 12345) % 2**31
        values.append((s >> 8) % 1000 / 1000)
    return np.array(values)


def calibration_error(score, hit):
    bins = sum((score > i / 10).astype(int) for i in range(1, 10))
    return sum(abs(score[bins == i].sum() - hit[bins == i].sum())
               for i in range(10)) / len(score)


def tell(name, values):
    print(name, *(repr(float(v)) for v in values))


r = noise(1200)
p = r[:300]
y = (r[300:600] < p).astype(int)
said = (p >= 0.5).astype(int)
both = np.c_[1 - p, p]
tell("two classes", [
    m.accuracy_score(y, said), m.precision_score(y, said),
    m.recall_score(y, said), m.f1_score(y, said), m.roc_auc_score(y, p),
    m.brier_score_loss(y, p), m.log_loss(y, both), calibration_error(p, y)])

a = r[:900].reshape(300, 3) + 0.05
p = a / a.sum(1, keepdims=True)
y = np.minimum((r[900:, None] > np.cumsum(p, 1)).sum(1), 2)
said = p.argmax(1)
tell("three classes", [
    m.accuracy_score(y, said), m.precision_score(y, said, average="macro"),
    m.recall_score(y, said, average="macro"),
    m.f1_score(y, said, average="macro"),
    m.roc_auc_score(y, p, multi_class="ovr"), m.brier_score_loss(y, p),
    m.log_loss(y, p), calibration_error(p.max(1), said == y)])
