#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""GET /metrics with the slabs of 64 workers to sum: rendering, FastCGI, the
web server and the loopback together, on one kept connection.

    scrape.py [TIMES]
"""
import http.client
import sys
import time

import bench

TIMES = int(sys.argv[1]) if len(sys.argv) > 1 else 200
WORKERS = 64


def main():
    taken = []
    with bench.Service("--workers", str(WORKERS)) as service:
        connection = http.client.HTTPConnection(
            service.url.removeprefix("http://"), timeout=5)
        for _ in range(TIMES):
            began = time.monotonic()
            connection.request("GET", "/metrics")
            response = connection.getresponse()
            page = response.read()
            taken.append((time.monotonic() - began) * 1000)
            if response.status != 200:
                sys.exit(f"/metrics answered {response.status}")
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    bench.report(f"page of {series} series", len(page), "bytes", None)
    bench.finish(bench.report(f"scrape, {WORKERS} workers",
                              bench.median(taken), "ms", 2, most=True))


main()
