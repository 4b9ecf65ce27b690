# SPDX-License-Identifier: ISC
"""CatBoost's applier, through Python: its C library is in no package of
PyPI."""
import sys

import loop
import models


def main(path):
    model = models.load(path)
    rows = model.features

    def predict(first, n):
        return model.trained.predict_proba(rows[first:first + n],
                                           thread_count=1)[:, 1]

    loop.serve(len(rows), predict)


main(sys.argv[1])
