#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Requests/s of one record a request, against the ceiling: the same web
server with the same configuration in front of as many bare responders
(responder.c). Both stand at once and are loaded in turns, so that a noisy
machine is unfair to neither.

    ceiling.py [ROUNDS [SECONDS]]
"""
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import bench

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
SECONDS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
WORKERS = 2
CONNECTIONS = 16


class Ceiling:
    """A copy of the service's web server before the bare responders."""

    def __init__(self, service, workers):
        program, path = service.web_server_configuration()
        self.folder = tempfile.TemporaryDirectory(prefix="lightscore-bare-")
        sockets = f"{self.folder.name}/bare.sock"
        conf = f"{self.folder.name}/lighttpd.conf"
        with open(path) as f:
            text = f.read()
        with open(conf, "w") as f:
            f.write(re.sub(r'("socket"\s*=>\s*)"[^"]*"', rf'\1"{sockets}"',
                           text))
        self.responder = subprocess.Popen(
            [bench.RESPONDER, sockets, str(workers)])
        # As the service does: the listening socket is descriptor 0.
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1024)
            self.url = "http://127.0.0.1:%d" % listener.getsockname()[1]
            self.web = subprocess.Popen([program, "-D", "-f", conf],
                                        stdin=listener)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        bench.end(self.web)
        bench.end(self.responder)
        self.folder.cleanup()


def answer(url, body):
    """The first answer, once there is one."""
    deadline = time.monotonic() + bench.DEADLINE
    while True:
        try:
            request = urllib.request.Request(
                url, body.encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request) as response:
                return response.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def main():
    body = json.dumps(bench.held_out_rows()[0])
    ours, bare = [], []
    with bench.Service("--workers", str(WORKERS)) as service, \
            Ceiling(service, WORKERS) as ceiling:
        a, b = f"{service.url}/v1/predict", f"{ceiling.url}/v1/predict"
        print(f"# {len(body)} bytes of JSON; answers of "
              f"{len(answer(a, body))} and {len(answer(b, body))} bytes; "
              f"{WORKERS} workers, {CONNECTIONS} connections, "
              f"{ROUNDS} rounds of {SECONDS} s each in turns")
        for which in a, b:
            bench.wrk(which, body, CONNECTIONS, 1)
        for i in range(ROUNDS):
            turns = [(a, ours), (b, bare)]
            for url, results in turns if i % 2 == 0 else turns[::-1]:
                results.append(bench.wrk(url, body, CONNECTIONS, SECONDS))
    rps = bench.median([r[0] for r in ours])
    top = bench.median([r[0] for r in bare])
    ratios = [x[0] / y[0] for x, y in zip(ours, bare)]
    bench.report("lightscore, one record", rps, "req/s", None)
    bench.report("  p50", bench.median([r[1] for r in ours]), "ms", None)
    bench.report("  p99", bench.median([r[2] for r in ours]), "ms", None)
    bench.report("bare responder, same web server", top, "req/s", None)
    bench.report("  median ratio of neighbouring turns",
                 bench.median(ratios), "", None)
    bench.report("FastAPI + ONNX Runtime (recorded)", bench.PEER_RPS,
                 "req/s", None)
    bench.report("times FastAPI + ONNX Runtime", rps / bench.PEER_RPS, "x",
                 None)
    bench.finish(bench.report("share of the bare responder", rps / top, "",
                              0.95))


main()
