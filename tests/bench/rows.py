#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Rows/s through HTTP of lists of 1,000 records: one request after the other
on one connection, and on as many connections as there are workers.

    rows.py [SECONDS]
"""
import itertools
import json
import sys

import bench

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
WORKERS = 2
ROWS = 1000


def main():
    rows = itertools.islice(itertools.cycle(bench.held_out_rows()), ROWS)
    body = json.dumps(list(rows))
    print(f"# {ROWS} records, {len(body):,} bytes a request, {WORKERS} workers")
    goals = []
    with bench.Service("--workers", str(WORKERS)) as service:
        for slot in "v1", "v2":
            url = f"{service.url}/{slot}/predict"
            bench.wrk(url, body, 1, 1)
            one = bench.wrk(url, body, 1, SECONDS)
            all_ = bench.wrk(url, body, WORKERS, SECONDS)
            goal = 150000 if slot == "v1" else None
            goals.append(bench.report(f"{slot}, one connection",
                                      one[0] * ROWS, "rows/s", goal))
            bench.report("  p50 of a request", one[1], "ms", None)
            bench.report(f"{slot}, {WORKERS} connections", all_[0] * ROWS,
                         "rows/s", None)
    bench.finish(*goals)


main()
