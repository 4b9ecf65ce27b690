#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The rules of prometheus/rules as the Prometheus operator wants them.

    deploy/kubernetes/rules.py >deploy/kubernetes/rules.yaml

`make check` holds what is committed against what this makes. The rules about
Prometheus itself are left out: the operator brings its own.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ("alerts.yml", "slo.yml", "server.yml", "model.yml")
HEAD = """# SPDX-License-Identifier: ISC
# Made by rules.py of prometheus/rules: change those.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: lightscore
  labels:
    app.kubernetes.io/name: lightscore
spec:
  groups:
"""


def groups(path):
    """What is below `groups:`, two columns further in."""
    text = path.read_text(encoding="utf-8")
    _, found, below = ("\n" + text).partition("\ngroups:\n")
    if not found:
        sys.exit(f"{path}: no line \"groups:\"")
    return "".join(f"  {line}\n" if line else "\n"
                   for line in below.rstrip("\n").split("\n"))


def main():
    sys.stdout.write(HEAD + "\n".join(
        groups(ROOT / "prometheus/rules" / name) for name in FILES))


if __name__ == "__main__":
    main()
