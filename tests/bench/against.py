#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Another build against this one, one record a request: requests/s and the
workers' processor time for each, side by side in turns A B B A, so that a
noisy machine is unfair to neither.

    against.py BUILDDIR [ROUNDS [SECONDS]]
"""
import json
import pathlib
import sys

import bench

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 6
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3
WORKERS = 2
CONNECTIONS = 16


class Side:
    def __init__(self, name, builddir):
        bench.LIGHTSCORE = pathlib.Path(builddir) / "lightscore"
        self.name = name
        self.service = bench.Service("--workers", str(WORKERS))
        self.url = f"{self.service.url}/v1/predict"
        self.rps, self.us = [], []

    def processor_ns(self):
        """Of the workers; the time that they wait for one is not in it."""
        total = 0
        for pid in self.service.tree():
            if "lightscore-worker" in bench.command_line(pid)[0]:
                with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
                    total += int(f.read().split()[0])
        return total

    def load(self, body):
        before = self.processor_ns()
        rps = bench.wrk(self.url, body, CONNECTIONS, SECONDS)[0]
        self.rps.append(rps)
        self.us.append((self.processor_ns() - before) / 1e3 / rps / SECONDS)

    def report(self):
        bench.report(f"{self.name}, requests/s", bench.median(self.rps), "",
                     None)
        bench.report(f"{self.name}, us of a worker for each",
                     bench.median(self.us), "us", None)


def main():
    body = json.dumps(bench.held_out_rows()[0])
    this = Side("this build", bench.BUILDDIR)
    other = Side("the other", sys.argv[1])
    with this.service, other.service:
        for side in this, other:
            bench.wrk(side.url, body, CONNECTIONS, 1)
        for i in range(ROUNDS):
            for side in (this, other) if i % 2 == 0 else (other, this):
                side.load(body)
    this.report()
    other.report()
    bench.report("median ratio of requests/s", bench.median(
        [x / y for x, y in zip(this.rps, other.rps)]), "", None)
    bench.report("median difference of a worker's time", bench.median(
        [x - y for x, y in zip(this.us, other.us)]), "us", None)


main()
