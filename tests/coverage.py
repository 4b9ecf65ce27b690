#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Lines and branches run, of all and of the folders and files named; fails
where those miss the goal.

    coverage.py GCOVR-JSON-SUMMARY PATH...
"""
import json
import sys

GOAL = 95.0  # % of lines


def tell(name, files):
    lines = sum(f["line_total"] for f in files)
    ran = sum(f["line_covered"] for f in files)
    branches = sum(f["branch_total"] for f in files)
    taken = sum(f["branch_covered"] for f in files)
    percent = 100 * ran / max(lines, 1)
    print(f"{name:32} {ran:6}/{lines:6} lines {percent:5.1f} %  "
          f"{taken:6}/{branches:6} branches "
          f"{100 * taken / max(branches, 1):5.1f} %")
    return percent


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        files = [f for f in json.load(f)["files"]
                 if f["filename"].endswith(".c")]
    folders = sorted({f["filename"].rpartition("/")[0] for f in files})
    for folder in folders:
        tell(folder, [f for f in files
                      if f["filename"].startswith(folder + "/")])
    tell("all", files)
    wanted = [f for f in files for path in sys.argv[2:]
              if f["filename"] == path or f["filename"].startswith(path + "/")]
    for f in wanted:
        if f["line_percent"] < GOAL:
            print(f"  below {GOAL:.0f} %: {f['filename']} "
                  f"{f['line_percent']:.1f} %")
    if tell("request path", wanted) < GOAL:
        sys.exit(f"the request path is below {GOAL:.0f} % of lines")


if __name__ == "__main__":
    main()
