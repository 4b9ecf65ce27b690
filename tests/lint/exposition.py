#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The metrics page keeps to both formats, by rules of our own and by
promtool's where it is installed."""
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

FIXTURE = os.path.join(tap.BUILDDIR, "tests/system/metrics_fixture")
SAMPLE = re.compile(r'([a-z_0-9]+)(?:\{((?:[a-z_0-9]+="(?:\\[\\"n]|[^"\\\n])*"'
                    r',?)*)\})? (\S+)$')
SUFFIXES = {"counter": {"_total"}, "info": {"_info"}, "gauge": {""},
            "histogram": {"_bucket", "_sum", "_count"}}


def page(form):
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([FIXTURE, os.path.join(folder, "m"), form],
                              check=True, stdout=subprocess.PIPE,
                              encoding="utf-8").stdout


class Family:
    def __init__(self, name):
        self.name, self.type, self.help, self.unit = name, None, None, None
        self.samples = []  # (name, labels, value)


def parse(text):
    """Families in order; a line out of its family's place is an error."""
    families = []
    for line in text.splitlines():
        if line == "# EOF":
            continue
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            if not families or families[-1].name != name:
                families.append(Family(name))
            setattr(families[-1], what.lower(), rest)
            continue
        m = SAMPLE.match(line)
        if not m or not m[1].startswith(families[-1].name):
            raise ValueError(line)
        families[-1].samples.append((m[1], m[2] or "", float(m[3])))
    return families


class Format(unittest.TestCase):
    def check_families(self, families, suffixes):
        names = [f.name for f in families]
        self.assertEqual(len(names), len(set(names)))
        series = [s[:2] for f in families for s in f.samples]
        self.assertEqual(len(series), len(set(series)))
        for f in families:
            self.assertTrue(f.help and f.type and f.samples, f.name)
            for name, labels, value in f.samples:
                self.assertIn(name[len(f.name):], suffixes[f.type], name)
                self.assertFalse(math.isnan(value), name)

    def check_histograms(self, families):
        checked = 0
        for f in families:
            if f.type != "histogram":
                continue
            counts = {l: v for n, l, v in f.samples if n.endswith("_count")}
            buckets = {}
            for name, labels, value in f.samples:
                if name.endswith("_bucket"):
                    rest, _, le = labels.rpartition('le="')
                    buckets.setdefault(rest.rstrip(","), []).append(
                        (float(le.rstrip('"')), value))
            self.assertEqual(buckets.keys(), counts.keys())
            for labels, rows in buckets.items():
                self.assertEqual(rows, sorted(rows), f.name)
                self.assertEqual([v for _, v in rows],
                                 sorted(v for _, v in rows), f.name)
                self.assertEqual(rows[-1], (math.inf, counts[labels]))
                checked += 1
        self.assertGreater(checked, 20)

    def test_text(self):
        families = parse(page("text"))
        self.check_families(families, SUFFIXES | {
            "counter": {""}, "gauge": {""}})
        self.check_histograms(families)

    def test_openmetrics(self):
        text = page("openmetrics")
        self.assertTrue(text.endswith("\n# EOF\n"))
        families = parse(text)
        self.check_families(families, SUFFIXES)
        self.check_histograms(families)
        for f in families:
            if f.unit:
                self.assertTrue(f.name.endswith("_" + f.unit), f.name)

    def test_both_say_the_same(self):
        def samples(form):
            return {s for f in parse(page(form)) for s in f.samples
                    if not f.name.startswith("process_")}
        self.assertEqual(samples("text"), samples("openmetrics"))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_has_nothing_to_say(self):
        got = subprocess.run(["promtool", "check", "metrics"], timeout=60,
                             input=page("text"), encoding="utf-8",
                             capture_output=True)
        self.assertEqual((got.returncode, got.stdout + got.stderr), (0, ""))


if __name__ == "__main__":
    tap.main()
