#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Memory of the whole tree (PSS: shared pages counted once), the web server
included, after load; and what each further worker adds."""
import json

import bench

FEW, MANY = 2, 10


def pss(pid):
    """Bytes of PSS of one process and its command."""
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def tree_pss(workers, show):
    rows = bench.held_out_rows()
    with bench.Service("--workers", str(workers)) as service:
        for slot in "v1", "v2":
            bench.wrk(f"{service.url}/{slot}/predict", json.dumps(rows[0]),
                      16, 1)
        each = [(pss(pid), bench.command_line(pid)[0])
                for pid in service.tree()]
    if show:
        for size, name in sorted(each, reverse=True):
            bench.report(f"  {name.rsplit('/', 1)[-1]}", size / 1024, "KiB",
                         None)
    return sum(size for size, _ in each)


def main():
    few = tree_pss(FEW, True)
    many = tree_pss(MANY, False)
    mib = 1024 * 1024
    bench.finish(
        bench.report(f"whole tree, {FEW} workers", few / mib, "MiB", 12,
                     most=True),
        bench.report("each further worker",
                     (many - few) / (MANY - FEW) / mib, "MiB", 1, most=True))


main()
