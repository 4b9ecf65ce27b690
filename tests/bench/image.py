#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A boosted model of 1,000 trees of depth 8: its image in bytes of its nodes,
8 each, and what processor time a worker takes to open it."""
import subprocess

import bench

NODE = 8


def main():
    nodes, size, ms = subprocess.run(
        [bench.BUILDDIR / "tests/bench/image"], check=True,
        capture_output=True, text=True).stdout.split()
    bench.finish(
        bench.report("image in bytes of its nodes",
                     int(size) / (NODE * int(nodes)), "", 1.2, most=True),
        bench.report("opening it", float(ms), "ms", 20, most=True))


main()
