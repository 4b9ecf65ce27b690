# SPDX-License-Identifier: ISC
"""YDF over the trees that scikit-learn trained: with its own loop in C++
(`benchmark`), whose fastest engine for such trees is QuickScorer. PyPI has
its C++ library only inside the Python module."""
import sys

import ydf

import loop
import models


def main(path):
    model = models.load(path)
    same = ydf.from_sklearn(model.trained)

    def predict(first, n):
        return same.predict({"features": model.features[first:first + n]})

    def time_batch(batch, ns):
        return same.benchmark(
            {"features": model.features}, benchmark_duration=ns / 1e9,
            warmup_duration=ns / 1e10, batch_size=batch, num_threads=1
        ).duration_per_example * 1e9

    loop.serve(len(model.features), predict, time_batch)


main(sys.argv[1])
