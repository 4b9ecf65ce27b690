#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""More requests than can be answered: how many are, and how soon the others
are told. offer.c sends at a rate that does not wait for answers: 1, 2, 5 and
10 times the most that was answered in a closed loop; requests cost
milliseconds (a batch for 160,000 trees), so that scoring is the limit and not
the web server. The most is measured before and after each load, which is held
against the mean of the two.

With 0 for ROWS it is one row and the shipped model, and the web server is the
limit: then nothing is refused, and goodput is all that is held to a goal.

Clients are elsewhere, so the generator has a processor of its own, the last
one, and the service all others, with as many workers; on one processor they
share it, and the figures are the less for it.

    overload.py [ROWS [SECONDS]]

Prints tables as docs/reliability.md has them. `not sent`: all connections were
busy until the end. `lost` is what was sent and neither answered nor refused
5 s after the end, or otherwise than by 200 and 503.
"""
import json
import os
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
SHIPPED = ROWS == 0
COPIES = 4000      # of the 40 trees of that model
NEEDED = ("num_leaves", "num_cat", "split_feature", "threshold",
          "decision_type", "left_child", "right_child", "leaf_value",
          "is_linear", "shrinkage")
CONNECTIONS = 2000
CLOSED = 256 if SHIPPED else 4  # clients a worker in a closed loop
CPUS = sorted(os.sched_getaffinity(0))
WORKERS = max(1, len(CPUS) - 1)


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


def processor_time(service):
    """Seconds by part of the service."""
    parts = {}
    for pid in service.tree():
        try:
            line = bench.command_line(pid)
            with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
                seconds = int(f.read().split()[0]) / 1e9
        except FileNotFoundError:
            continue  # ended meanwhile
        name = os.path.basename(line[0]) if line else ""
        if "--reserve" in line:
            name = "reserve"
        parts[name] = parts.get(name, 0) + seconds
    return parts


def offer(service, body, rate, connections):
    """What it says, and `us`: processor time a request, by part."""
    port = service.url.rpartition(":")[2]
    before = processor_time(service)
    said = json.loads(subprocess.run(
        ["taskset", "-c", str(CPUS[-1]), OFFER, port, str(rate),
         str(SECONDS), str(connections),
         "/v1/predict" if SHIPPED else "/m/predict"], input=body,
        check=True, stdout=subprocess.PIPE).stdout)
    after = processor_time(service)
    used = {name: after[name] - before.get(name, 0) for name in after}
    used["generator"] = said["cpu_s"]
    said["us"] = {name: 1e6 * s / said["sent"] for name, s in used.items()}
    return said


def of(said, status):
    return said["status"].get(status, {"n": 0, "p50_ms": 0, "p99_ms": 0})


def closed(service, body):
    """Answers a second to as many clients as may wait: none is refused."""
    said = offer(service, body, 1e6, CLOSED * WORKERS)
    return of(said, "200")["n"] / SECONDS


def outcome(times, said, most):
    answered, shed = of(said, "200"), of(said, "503")
    others = said["sent"] - answered["n"] - shed["n"]
    return (f"| {times} x | {said['due'] / SECONDS:,.0f} "
            f"| {answered['n'] / SECONDS:,.0f} "
            f"| {answered['n'] / SECONDS / most:.0%} "
            f"| {answered['p99_ms']:.0f} | {shed['n'] / SECONDS:,.0f} "
            f"| {shed['p50_ms']:.0f} | {shed['p99_ms']:.0f} "
            f"| {said['due'] - said['sent']:,} | {others} |")


def cost(times, said):
    us, answered = said["us"], max(1, of(said, "200")["n"])
    scoring = us.get("lightscore-worker", 0) * said["sent"] / answered
    return f"| {times} x | " + " | ".join(
        f"{n:,.0f}" for n in (
            us.get("lighttpd", 0), us.get("reserve", 0),
            us.get("lightscored", 0), us["generator"], scoring)) + " |"


def prepare(folder):
    """Options that name the model, if any, and a request."""
    if SHIPPED:
        return (), json.dumps(bench.held_out_rows()[0]).encode()
    path = folder / "forest.txt"
    body = request(forest(path))
    return ("--model", f"m={path}"), body


def main():
    goals, costs = [], []
    os.sched_setaffinity(0, CPUS[:WORKERS])  # and of what is started
    with tempfile.TemporaryDirectory(prefix="lightscore-bench-") as folder:
        model, body = prepare(pathlib.Path(folder))
        with bench.Service("--workers", str(WORKERS), *model) as service:
            before = closed(service, body)
            print(f"most in a closed loop of {CLOSED * WORKERS} clients: "
                  f"{before:,.0f}/s, {ROWS or 1} rows, {len(body):,} bytes, "
                  f"{WORKERS} workers\n")
            print("| load | offered/s | answered/s | of the most | 99 % ms "
                  "| refused/s | 50 % ms | 99 % ms | not sent | lost |")
            print("|---|---|---|---|---|---|---|---|---|---|")
            for times in 1, 2, 5, 10:
                said = offer(service, body, before * times, CONNECTIONS)
                after = closed(service, body)
                most = (before + after) / 2
                before = after
                print(outcome(times, said, most), flush=True)
                costs.append(cost(times, said))
                goals.append(of(said, "200")["n"] / SECONDS >= 0.9 * most)
                goals.append(of(said, "503")["p99_ms"] <= 50)
    print("\n| load | lighttpd us | reserve us | lightscored us "
          "| generator us | scoring us an answer |\n|---|---|---|---|---|---|")
    print("\n".join(costs))
    bench.finish(*goals)


main()
