#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""One row in one process, no HTTP: scoring alone, and decode + score +
encode, for the shipped models (`lightscore bench`, the best of some runs:
what disturbs a run only makes it longer).

    score.py [RUNS]
"""
import json
import subprocess
import sys
import tempfile

import bench

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 5


def figures(image):
    said = subprocess.run(
        [bench.LIGHTSCORE, "bench", image, "--batch", "1", "--json"],
        check=True, capture_output=True, text=True).stdout
    (one,) = json.loads(said)
    return one["score_ns_per_row"] / 1000, one["request_ns_per_row"] / 1000


def main():
    goals = []
    with tempfile.TemporaryDirectory(prefix="lightscore-bench-") as folder:
        for slot in "v1", "v2":
            image = f"{folder}/{slot}.lsm"
            subprocess.run(
                [bench.LIGHTSCORE, "import",
                 bench.SRCDIR / f"models/churn/{slot}.joblib", "-o", image],
                check=True, stdout=subprocess.DEVNULL)
            runs = [figures(image) for _ in range(RUNS)]
            score = min(run[0] for run in runs)
            request = min(run[1] for run in runs)
            goals.append(bench.report(f"{slot}, scoring alone", score, "us",
                                      2 if slot == "v1" else None, most=True))
            goals.append(bench.report(f"{slot}, decode + score + encode",
                                      request, "us",
                                      10 if slot == "v1" else None,
                                      most=True))
    bench.finish(*goals)


main()
