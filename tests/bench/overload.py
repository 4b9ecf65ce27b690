#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""More requests than can be answered: how many are, and how soon the others
are told. offer.c sends at a rate that does not wait for answers: 1, 2, 5 and
10 times the most that was answered in a closed loop; requests cost
milliseconds (a batch for 160,000 trees), so that scoring is the limit and not
the web server.

    overload.py [ROWS [SECONDS]]

Prints a table as docs/reliability.md has it.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import bench

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 else 64
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 10
OFFER = bench.BUILDDIR / "tests/bench/offer"
MODEL = bench.SRCDIR / "tests/golden/telco/lgb_reg_model.txt"
INPUT = bench.SRCDIR / "tests/golden/telco/input_encoded_reg.json"
COPIES = 4000      # of the 40 trees of that model
NEEDED = ("num_leaves", "num_cat", "split_feature", "threshold",
          "decision_type", "left_child", "right_child", "leaf_value",
          "is_linear", "shrinkage")
CONNECTIONS = 2000
WORKERS = 2


def short(tree):
    """Without statistics, and with few digits: 160,000 are to be read."""
    lines = [line for line in tree.splitlines()
             if line.partition("=")[0] in NEEDED]
    return re.sub(r"\d+\.\d+(e-\d+)?", lambda m: f"{float(m[0]):.4g}",
                  "\n".join(lines)) + "\n\n"


def forest(path):
    """The model's trees again and again; its feature names."""
    text = MODEL.read_text(encoding="ascii")
    head, rest = text.split("Tree=0\n", 1)
    trees, tail = rest.split("end of trees", 1)
    trees = [short(t) for t in re.split(r"Tree=\d+\n", trees)] * COPIES
    trees = [f"Tree={n}\n{tree}" for n, tree in enumerate(trees)]
    head = re.sub(r"tree_sizes=.*",
                  "tree_sizes=" + " ".join(str(len(t)) for t in trees), head)
    path.write_text(head + "".join(trees) + "end of trees" + tail,
                    encoding="ascii")
    return re.search(r"feature_names=(.*)", head)[1].split()


def request(names):
    values = json.loads(INPUT.read_text(encoding="ascii"))
    rows = [dict(zip(names, values[i % len(values)])) for i in range(ROWS)]
    return json.dumps(rows).encode()


def offer(service, body, rate, connections):
    port = service.url.rpartition(":")[2]
    said = subprocess.run(
        [OFFER, port, str(rate), str(SECONDS), str(connections),
         "/m/predict"], input=body, check=True, stdout=subprocess.PIPE).stdout
    return json.loads(said)


def line(times, said):
    answered = said["status"].get("200", {"n": 0, "p99_ms": 0})
    shed = said["status"].get("503", {"n": 0, "p50_ms": 0, "p99_ms": 0})
    others = (said["due"] - answered["n"] - shed["n"])
    return answered["n"] / SECONDS, (
        f"| {times} | {said['due'] / SECONDS:,.0f} "
        f"| {answered['n'] / SECONDS:,.0f} | {{share:.0%}} "
        f"| {answered['p99_ms']:.0f} | {shed['n'] / SECONDS:,.0f} "
        f"| {shed['p50_ms']:.0f} | {shed['p99_ms']:.0f} | {others} |")


def main():
    goals = []
    with tempfile.TemporaryDirectory(prefix="lightscore-bench-") as folder:
        path = pathlib.Path(folder) / "forest.txt"
        body = request(forest(path))
        with bench.Service("--workers", str(WORKERS), "--model",
                           f"m={path}") as service:
            most = offer(service, body, 1e6, 8)["status"]["200"]
            most = most["n"] / SECONDS
            print(f"most in a closed loop of 8 clients: {most:,.0f}/s, "
                  f"{ROWS} rows, {len(body):,} bytes\n")
            print("| load | offered/s | answered/s | of the most | 99 % ms "
                  "| refused/s | 50 % ms | 99 % ms | lost |")
            print("|---|---|---|---|---|---|---|---|---|")
            for times in 1, 2, 5, 10:
                goodput, text = line(f"{times} x", offer(
                    service, body, most * times, CONNECTIONS))
                print(text.format(share=goodput / most), flush=True)
                goals.append(goodput >= 0.9 * most)
    bench.finish(*goals)


main()
