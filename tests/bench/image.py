#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A boosted model of 1,000 trees of depth 8: its image in bytes of its nodes,
and what processor time a worker takes to open it. A node has 8 bytes; a leaf
that is a double has the 8 of its number besides, one that is a float has it
in the node."""
import subprocess

import bench

NODE = 8
DOUBLE = 8


def grown(leaf):
    nodes, leaves, size, ms = subprocess.run(
        [bench.BUILDDIR / "tests/bench/image", leaf], check=True,
        capture_output=True, text=True).stdout.split()
    of = NODE * int(nodes) + (DOUBLE * int(leaves) if leaf == "double" else 0)
    return [
        bench.report(f"image of {leaf} leaves in bytes of its nodes",
                     int(size) / of, "", 1.2, most=True),
        bench.report("opening it", float(ms), "ms", 20, most=True)]


bench.finish(*grown("float"), *grown("double"))
