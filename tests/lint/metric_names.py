#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every metric that a rule, a dashboard or a document names is in the table
of metrics, and is asked what its type can answer."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

SRC = pathlib.Path(tap.SRCDIR)
# What Prometheus itself makes.
BUILT_IN = {"up", "ALERTS", "ALERTS_FOR_STATE", "scrape_duration_seconds",
            "scrape_samples_scraped"}
# What Prometheus and Alertmanager say of themselves; the live tests ask them.
THEIRS = {"alertmanager_notifications_failed_total",
          "prometheus_config_last_reload_successful",
          "prometheus_notifications_alertmanagers_discovered",
          "prometheus_notifications_errors_total",
          "prometheus_rule_evaluation_failures_total"}
WORDS = {"and", "or", "unless", "by", "without", "on", "ignoring", "bool",
         "group_left", "group_right", "offset", "inf", "nan", "atan2"}
PARTS = ("_bucket", "_sum", "_count")
SCRAPED = {"job", "instance", "service"}  # what prometheus.yml adds
OVER_COUNTERS = ("rate", "irate", "increase")
OURS = re.compile(r"\b(?:ml|app|process|http_request|http_requests|"
                  r"http_response|model|target)_[a-z0-9_]*[a-z0-9]\b")


def table():
    """{name: type} and {name: labels} of every metric."""
    out = subprocess.run([os.path.join(tap.BUILDDIR, "lightscore"), "metrics",
                          "--json"], check=True, stdout=subprocess.PIPE)
    metrics = json.loads(out.stdout)
    return ({m["name"]: m["type"] for m in metrics},
            {m["name"]: {l["name"] for l in m["labels"]} for m in metrics})


def bare(expr):
    """An expression without strings, matchers, ranges and label lists."""
    expr = re.sub(r'"(?:\\.|[^"\\])*"' r"|'(?:\\.|[^'\\])*'", "''", expr)
    expr = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", expr)
    return re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*"
                  r"\([^)]*\)", " ", expr)


def names(expr):
    return [n for n in re.findall(r"(?<![\w:$.])[a-zA-Z_:][\w:]*\b(?!\s*\()",
                                  bare(expr)) if n not in WORDS]


def type_of(name, types):
    """"series" for a part of a histogram; None for what is not there."""
    for part in PARTS:
        if (name.endswith(part)
                and types.get(name[:-len(part)]) == "histogram"):
            return "series"
    return types.get(name)


def problems(expr, types, records=()):
    found = []
    for name in names(expr):
        kind = type_of(name, types)
        if name in BUILT_IN | THEIRS or name in records:
            continue
        if kind is None:
            found.append(f"there is no metric {name}")
        elif kind == "histogram":
            found.append(f"{name} is a histogram: name one of its series")
    for function, name in re.findall(
            r"\b(\w+)\s*\(\s*(?=([a-zA-Z_:][\w:]*))", bare(expr)):
        if (function in OVER_COUNTERS
                and type_of(name, types) in ("gauge", "info")):
            found.append(f"{function}() of {name}, which is no counter")
    for call in re.findall(r"histogram_quantile\s*\((.*)", bare(expr)):
        if not any(n.endswith("_bucket") for n in names(call)):
            found.append("histogram_quantile() needs the _bucket series")
    return found


def odd_labels(expr, labels):
    """Matchers on labels that their metric does not have."""
    found = []
    for name, matchers in re.findall(
            r"\b([a-z_]\w*)\{((?:[^{}\"]|\"[^\"]*\")*)\}", expr):
        family = next((name[:-len(p)] for p in PARTS if name.endswith(p)
                       and name[:-len(p)] in labels), name)
        if family not in labels:
            continue
        known = labels[family] | SCRAPED | (
            {"le"} if name.endswith("_bucket") else set())
        found += [f"{name} has no label {label}" for label in re.findall(
            r'(\w+)\s*(?:=~|!~|!=|=)\s*"', matchers) if label not in known]
    return found


def yaml_values(text, key):
    """The values of `key:` in a rule file, block texts included."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        m = re.match(rf"(\s*(?:-\s+)?){key}:\s*(.*)$", line)
        if not m:
            continue
        if m[2] not in ("|", ">", "|-", ">-"):
            yield m[2]
            continue
        block = []
        for rest in lines[i + 1:]:
            if rest.strip() and len(rest) - len(rest.lstrip()) <= len(m[1]):
                break
            block.append(rest)
        yield "\n".join(block)


def json_values(node, key):
    if isinstance(node, dict):
        for k, v in node.items():
            if k == key and isinstance(v, str):
                yield v
            yield from json_values(v, key)
    elif isinstance(node, list):
        for v in node:
            yield from json_values(v, key)


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.types, cls.labels = table()

    def test_rules_ask_for_what_there_is(self):
        files = sorted(SRC.glob("prometheus/**/*.yml"))
        self.assertTrue(files)
        records = {r for f in files
                   for r in yaml_values(f.read_text(), "record")}
        exprs = 0
        for path in files:
            for expr in yaml_values(path.read_text(), "expr"):
                exprs += 1
                self.assertEqual(problems(expr, self.types, records)
                                 + odd_labels(expr, self.labels), [],
                                 f"{path}: {expr}")
        self.assertGreaterEqual(exprs, 5)

    def test_dashboards_ask_for_what_there_is(self):
        records = {r for f in SRC.glob("prometheus/**/*.yml")
                   for r in yaml_values(f.read_text(), "record")}
        for path in sorted(SRC.glob("grafana/**/*.json")):
            for expr in json_values(json.loads(path.read_text()), "expr"):
                self.assertEqual(problems(expr, self.types, records)
                                 + odd_labels(expr, self.labels), [],
                                 f"{path}: {expr}")

    def test_documents_name_what_there_is(self):
        families = {re.sub("_(total|info)$", "", n) for n in self.types}
        words = set().union(*self.labels.values())
        for path in [SRC / "README.md", *sorted(SRC.glob("man/*.[1-9]*")),
                     *sorted(SRC.glob("docs/runbooks/*.md"))]:
            for name in set(OURS.findall(path.read_text())):
                if name in families | words or type_of(name, self.types):
                    continue
                self.fail(f"{path}: there is no metric {name}")


class Lint(unittest.TestCase):
    """That the above can fail."""

    TYPES = {"a_total": "counter", "g": "gauge", "h_seconds": "histogram"}

    def found(self, expr):
        return " ".join(problems(expr, self.TYPES))

    def test_it_is_silent_where_all_is_well(self):
        for expr in ('sum by (x) (rate(a_total{y="z"}[5m])) / on (q) g > 0.1',
                     "histogram_quantile(0.95, sum(rate(h_seconds_bucket[2m])"
                     ") by (le)) or vector(0)",
                     'up{job="ml-api"} == 0', "rate(h_seconds_count[1m])"):
            self.assertEqual(self.found(expr), "", expr)

    def test_it_sees_a_name_that_is_not_there(self):
        self.assertIn("no metric b_total", self.found("rate(b_total[1m])"))
        self.assertIn("no metric g_sum", self.found("g_sum"))

    def test_it_sees_a_rate_of_a_gauge(self):
        self.assertIn("no counter", self.found("sum(rate(g[1m]))"))

    def test_it_sees_a_quantile_of_no_buckets(self):
        self.assertIn("_bucket", self.found(
            "histogram_quantile(0.9, rate(h_seconds_sum[1m]))"))

    def test_it_sees_a_label_that_is_not_there(self):
        labels = {"h_seconds": {"route"}, "g": set()}
        self.assertEqual(odd_labels(
            'h_seconds_bucket{route="/{x}",le="1",job="j"} / up{x="y"}',
            labels), [])
        self.assertEqual(odd_labels('g{le="1"} + h_seconds_sum{rout!="x"}',
                                    labels),
                         ["g has no label le",
                          "h_seconds_sum has no label rout"])

    def test_it_reads_block_texts(self):
        text = "- alert: A\n  expr: |\n    a\n    / b\n  for: 1m\n  expr: c\n"
        self.assertEqual(list(yaml_values(text, "expr")),
                         ["    a\n    / b", "c"])


if __name__ == "__main__":
    tap.main()
