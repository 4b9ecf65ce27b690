# SPDX-License-Identifier: ISC
"""scikit-learn itself, which only has a Python call: for scale."""
import sys

import loop
import models


def main(path):
    model = models.load(path)
    rows = model.features if model.table is None else model.table
    part = rows.iloc if model.table is not None else rows

    def predict(first, n):
        if hasattr(model.trained, "predict_proba"):
            return model.trained.predict_proba(part[first:first + n])[:, 1]
        return model.trained.predict(part[first:first + n])

    loop.serve(len(rows), predict)


main(sys.argv[1])
