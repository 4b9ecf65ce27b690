#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""From exec of `lightscore serve` with the shipped models to the first
answered prediction: the first start, which compiles the models, and later
starts, which find them compiled.

    start.py [TIMES]
"""
import http.client
import json
import subprocess
import sys
import tempfile
import time

import bench

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 11


def predict(port, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/v1/predict", body,
                           {"Content-Type": "application/json"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def start_once(state, body):
    port = bench.free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [bench.LIGHTSCORE, "serve", "--listen", f"127.0.0.1:{port}",
         "--state-dir", state],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        while not predict(port, body):
            if time.monotonic() - began > bench.DEADLINE:
                sys.exit("no answer")
            if process.poll() is not None:
                sys.exit("serve ended at once")
            time.sleep(0.0005)
        return (time.monotonic() - began) * 1000
    finally:
        bench.end(process)


def main():
    body = json.dumps(bench.held_out_rows()[0])
    first, later = [], []
    for _ in range(TIMES):
        with tempfile.TemporaryDirectory(prefix="lightscore-start-") as state:
            first.append(start_once(state, body))
            later.append(start_once(state, body))
    bench.finish(
        bench.report("first start, nothing compiled yet",
                     bench.median(first), "ms", 100, most=True),
        bench.report("later starts", bench.median(later), "ms", 100,
                     most=True))


main()
