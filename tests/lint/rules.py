#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Rules, their tests and their runbooks: the lab's alerts unchanged, nothing
without a severity, a page or a test, and promtool content with all."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

SRC = pathlib.Path(tap.SRCDIR)
RULES = sorted(SRC.glob("prometheus/rules/*.yml"))
TESTS = sorted(SRC.glob("tests/rules/*.test.yml"))
RUNBOOKS = SRC / "docs/runbooks"
LAB = "alerts.yml"
LAB_SHA256 = ("b19e81ee964ddff535b9233ad01b17c0"
              "cc947fe61802bd257902858a1a909080")
SEVERITIES = {"critical", "warning", "info", "none", "demo"}
KINDS = {"fires", "quiet", "zero traffic", "counter reset"}
ALWAYS = {"Watchdog"}  # never quiet
SECONDS = 300  # a test file needs a few, on an idle machine
needs_promtool = unittest.skipUnless(shutil.which("promtool"),
                                     "promtool is not installed")


def entries(text, key):
    """(name, text) of each list entry that begins with "- key: name"."""
    parts = re.split(rf"(?m)^\s*- {key}:\s*(\S.*)$", text)
    return [(parts[i], re.split(r"(?m)^\s*- (?:alert|record|name):",
                                parts[i + 1])[0])
            for i in range(1, len(parts), 2)]


def field(entry, name):
    found = re.search(rf"(?m)^\s+{name}:\s*(.*)$", entry)
    return found and found[1].strip('"')


def alerts():
    """{name: [(file name, entry)]}"""
    found = {}
    for path in RULES:
        for name, entry in entries(path.read_text(), "alert"):
            found.setdefault(name, []).append((path.name, entry))
    return found


def tested(texts):
    """{alert: kinds of groups that test it}, where one that expects it to
    fire counts as "fires", whatever the group is called."""
    found = {}
    for text in texts:
        for group in re.split(r"(?m)^  - name: ", text)[1:]:
            kind = re.match(r'"([a-z ]+):', group)[1]
            for name, fires in re.findall(
                    r"alertname: (\w+)(?:, exp_alerts: \[\]|"
                    r"\n\s+exp_alerts:\n(\s+- exp_labels))", group):
                kinds = found.setdefault(name, set())
                kinds.add("fires" if fires else
                          "quiet" if kind == "fires" else kind)
    return found


class Rules(unittest.TestCase):
    def test_the_labs_alerts_are_the_labs_byte_for_byte(self):
        text = (SRC / "prometheus/rules" / LAB).read_bytes()
        self.assertEqual(hashlib.sha256(text).hexdigest(), LAB_SHA256)

    def test_every_alert_says_how_bad_it_is_and_what_to_do(self):
        for name, found in alerts().items():
            for path, entry in found:
                self.assertIn(field(entry, "severity"), SEVERITIES, name)
                for annotation in "summary", "description":
                    self.assertTrue(field(entry, annotation), name)
                if path != LAB:
                    self.assertEqual(field(entry, "runbook"),
                                     f"docs/runbooks/{name}.md")

    def test_every_alert_has_its_page_and_every_page_its_alert(self):
        pages = {p.stem for p in RUNBOOKS.glob("*.md")} - {"README"}
        self.assertEqual(pages, set(alerts()))
        for page in pages:
            text = (RUNBOOKS / f"{page}.md").read_text()
            self.assertTrue(text.startswith(f"# {page}\n"), page)
            for other in re.findall(r"(\w+)\.md\b", text):
                self.assertIn(other, pages, page)

    def test_every_alert_is_tested_in_every_way(self):
        found = tested(p.read_text() for p in TESTS)
        self.assertEqual(set(found), set(alerts()))
        for name, kinds in found.items():
            if name not in ALWAYS:
                self.assertEqual(kinds, KINDS, name)

    def test_every_record_is_tested(self):
        tests = "\n".join(p.read_text() for p in TESTS)
        exprs = "\n".join(re.findall(r"(?m)^\s+expr: (.*)$", tests))
        for path in RULES:
            for name, _ in entries(path.read_text(), "record"):
                self.assertRegex(exprs, rf"{name}\b")

    def test_the_latency_objective_is_a_bucket(self):
        out = subprocess.run(
            [os.path.join(tap.BUILDDIR, "lightscore"), "metrics", "--json"],
            check=True, stdout=subprocess.PIPE).stdout
        buckets = {m["name"]: m.get("buckets") for m in json.loads(out)}
        bounds = {(name, bound) for path in RULES for name, bound in
                  re.findall(r'(\w+)_bucket\{[^"]*(?:"[^"]*"[^"]*)*?'
                             r'\ble="([^"]*)"', path.read_text())}
        self.assertTrue(bounds)
        for name, bound in bounds:
            self.assertIn(float(bound), buckets[name])


@needs_promtool
class Promtool(unittest.TestCase):
    def run_on(self, *arguments):
        got = subprocess.run(["promtool", *map(str, arguments)], text=True,
                             capture_output=True, timeout=SECONDS)
        self.assertEqual((got.returncode, got.stderr), (0, ""),
                         got.stdout + got.stderr)
        return got.stdout

    def test_it_accepts_the_configuration(self):
        self.run_on("check", "config", SRC / "prometheus/prometheus.yml")

    def test_it_accepts_the_rules(self):
        self.run_on("check", "rules", "--lint=all", "--lint-fatal", *RULES)


def add_test_of(path):
    def test(self):
        self.run_on("test", "rules", path)
    name = path.name.removesuffix(".test.yml").replace("-", "_")
    setattr(Promtool, f"test_its_unit_tests_of_{name}_pass", test)


for each in TESTS:
    add_test_of(each)


class Reading(unittest.TestCase):
    """That the above can fail."""

    def test_it_sees_which_ways_were_tested(self):
        text = """tests:
  - name: "zero traffic: x"
    alert_rule_test:
      - {eval_time: 1m, alertname: A, exp_alerts: []}
  - name: "fires: y"
    alert_rule_test:
      - {eval_time: 1m, alertname: B, exp_alerts: []}
      - eval_time: 2m
        alertname: A
        exp_alerts:
          - exp_labels: {a: b}
"""
        self.assertEqual(tested([text]), {"A": {"zero traffic", "fires"},
                                          "B": {"quiet"}})

    def test_it_reads_the_fields_of_an_alert(self):
        text = """groups:
  - name: g
    rules:
      - alert: A
        expr: x
        labels:
          severity: demo
      - record: r
        expr: z
"""
        (name, entry), = entries(text, "alert")
        self.assertEqual((name, field(entry, "severity"),
                          field(entry, "runbook")), ("A", "demo", None))


if __name__ == "__main__":
    tap.main()
