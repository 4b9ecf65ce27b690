#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Dashboards as files: what is committed is what grafana/boards.py makes, it
has the shape of Grafana's schema, and it keeps the rules that Grafana's
dashboard-linter asks for. What the queries return is tested live, by
tests/system/dashboards.py."""
import copy
import filecmp
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

SRC = pathlib.Path(tap.SRCDIR)
PATHS = sorted(SRC.glob("grafana/dashboards/*.json"))
MADE = ("grafana/dashboards", "prometheus/consoles")

# The lab's board: title, type and place of each panel, as its guide has them.
# Students copy its queries into Prometheus, which knows no $job: it has no
# variables. One title says two minutes, and one total is of counters that
# survive restarts.
LAB_UID = "ml-api-monitoring"
LAB_PANELS = [
    ("API Status", "stat", (0, 0, 4, 4)),
    ("Total Predictions", "stat", (4, 0, 5, 4)),
    ("Error Rate (2m)", "stat", (9, 0, 5, 4)),
    ("P95 Latency", "stat", (14, 0, 5, 4)),
    ("Memory Usage", "stat", (19, 0, 5, 4)),
    ("Request Rate by Model Version", "timeseries", (0, 4, 12, 8)),
    ("Prediction Latency Percentiles", "timeseries", (12, 4, 12, 8)),
    ("Predictions by Result", "piechart", (0, 12, 8, 8)),
    ("Predictions by Status", "piechart", (8, 12, 8, 8)),
    ("Active Alerts", "alertlist", (16, 12, 8, 8))]

# What of the schema our boards use: {name: type}; "?" where it may be left
# out, "*" where it may be null.
SCHEMA = {
    "dashboard": {
        "annotations": dict, "description": str, "editable": bool,
        "fiscalYearStartMonth": int, "graphTooltip": int, "id": "*",
        "links": list, "panels": list, "refresh": str, "schemaVersion": int,
        "tags": list, "templating": dict, "time": dict, "timepicker": dict,
        "timezone": str, "title": str, "uid": str, "version": int},
    "row": {"collapsed": bool, "gridPos": dict, "id": int, "panels": list,
            "title": str, "type": str},
    "panel": {"datasource": dict, "description": str, "fieldConfig": "?dict",
              "gridPos": dict, "id": int, "options": dict, "targets": "?list",
              "title": str, "transformations": "?list", "type": str},
    "target": {"datasource": dict, "editorMode": str, "expr": str,
               "format": "?str", "instant": bool, "legendFormat": "?str",
               "range": bool, "refId": str},
    "fieldConfig": {"defaults": dict, "overrides": list},
    "thresholds": {"mode": str, "steps": list},
    "variable": {"name": str, "label": str, "type": str, "hide": int,
                 "datasource": "?dict", "query": "*", "refresh": int,
                 "sort": "?int", "multi": bool, "includeAll": bool,
                 "allValue": "?str", "regex": str, "options": list,
                 "skipUrlSync": bool, "current": dict}}
UNITS = {"none", "short", "percentunit", "s", "bytes", "Bps", "reqps", "cps"}
KINDS = {"stat", "timeseries", "heatmap", "piechart", "bargauge", "table",
         "alertlist"}
OVER_TIME = r"(?:rate|irate|increase)"


def shape(kind, node):
    """What differs between a node and its schema."""
    if not isinstance(node, dict):
        return [f"{kind} is no object"]
    schema = SCHEMA[kind]
    found = [f"{kind} has {name}" for name in node if name not in schema]
    for name, want in schema.items():
        if want == "*" and name in node:
            continue
        if isinstance(want, str) and want.startswith("?"):
            if name not in node:
                continue
            want = {"dict": dict, "list": list, "str": str,
                    "int": int}[want[1:]]
        if name not in node or want == "*" or type(node[name]) is not want:
            found.append(f"{kind} needs {name}")
    return found


def shapes(board):
    found = shape("dashboard", board)
    for variable in board["templating"]["list"]:
        found += shape("variable", variable)
    for panel in board["panels"]:
        if panel["type"] == "row":
            found += shape("row", panel)
            continue
        found += shape("panel", panel)
        for target in panel.get("targets", ()):
            found += shape("target", target)
        if "fieldConfig" in panel:
            found += shape("fieldConfig", panel["fieldConfig"])
            thresholds = panel["fieldConfig"]["defaults"]["thresholds"]
            found += shape("thresholds", thresholds)
            values = [s["value"] for s in thresholds["steps"]]
            if values[0] is not None or values[1:] != sorted(
                    set(values[1:])):
                found.append("thresholds begin with null and rise")
    return found


def places(board):
    """Panels that leave the grid or lie on each other; ids given twice."""
    found, taken = [], {}
    ids = [p["id"] for p in board["panels"]]
    if len(ids) != len(set(ids)):
        found.append("an id is given twice")
    for panel in board["panels"]:
        g = panel["gridPos"]
        if g["x"] + g["w"] > 24:
            found.append(f"{panel['title']} leaves the grid")
        for cell in ((x, y) for x in range(g["x"], g["x"] + g["w"])
                     for y in range(g["y"], g["y"] + g["h"])):
            if taken.setdefault(cell, panel["title"]) != panel["title"]:
                found.append(f"{panel['title']} lies on {taken[cell]}")
                break
    return found


def expressions(panel):
    for target in panel.get("targets", ()):
        yield target, target["expr"]


def windows(panel, expr, lab):
    """Counters are asked for their change, over Grafana's own window."""
    found = []
    for window in re.findall(rf"\b{OVER_TIME}\s*\([^()]*\[([^]]*)\]", expr):
        if window in ("$__rate_interval", "$__range"):
            continue
        if not (lab and window == "2m" and "(2m)" in panel["title"]):
            found.append(f"the window is [{window}]")
    for counter in re.findall(r"\b\w+_(?:total|bucket|sum|count)\b(?!\s*\()",
                              expr):
        if not re.search(rf"\b{OVER_TIME}\s*\(\s*{counter}\b", expr) and not (
                lab and panel["title"] == "Total Predictions"):
            found.append(f"{counter} without rate() or increase()")
    return found


def chosen(expr):
    """Every selector of a scraped metric takes the chosen job and instance;
    records are by job, alerts have neither."""
    found = []
    for name, matchers in re.findall(
            r"\b([a-z][\w:]*)\{((?:[^{}\"]|\"[^\"]*\")*)\}", expr):
        if name not in ("ALERTS",) and 'job=~"$job"' not in matchers:
            found.append(f"{name} has no job=~\"$job\"")
        if ":" not in name and 'instance=~"$instance"' not in matchers:
            found.append(f"{name} has no instance=~\"$instance\"")
    return found


def lint(board):
    lab = board["uid"] == LAB_UID
    source = {"type": "prometheus",
              "uid": "prometheus" if lab else "${datasource}"}
    found = []
    for panel in board["panels"]:
        if panel["type"] == "row":
            continue
        said = []
        if panel["type"] not in KINDS:
            said.append(f"is a {panel['type']}")
        if not panel["title"].strip() or not panel["description"].endswith(
                (".", "`.")):
            said.append("needs a title and a sentence that describes it")
        if panel["type"] != "alertlist":
            defaults = panel["fieldConfig"]["defaults"]
            if defaults["unit"] not in UNITS:
                said.append(f"has the unit {defaults['unit']}")
            if not panel["targets"]:
                said.append("asks nothing")
        refs = [t["refId"] for t, _ in expressions(panel)]
        if len(refs) != len(set(refs)):
            said.append("has a refId twice")
        for target, expr in expressions(panel):
            if source != panel["datasource"] or source != target["datasource"]:
                said.append("does not ask the chosen data source")
            if target["instant"] == target["range"]:
                said.append("asks for a moment and a range, or neither")
            if panel["type"] in ("timeseries", "heatmap", "piechart",
                                 "bargauge") and "legendFormat" not in target:
                said.append("has no legend")
            said += windows(panel, expr, lab)
            said += [] if lab else chosen(expr)
        found += [f"{panel['title']} {s}" for s in said]
    return found + ([] if lab else choices(board))


def choices(board):
    """The variables that the linter asks for."""
    found = []
    by_name = {v["name"]: v for v in board["templating"]["list"]}
    source = by_name.get("datasource", {})
    if (source.get("type"), source.get("query"), source.get("label")) != (
            "datasource", "prometheus", "Data source"):
        found.append("no choice of the data source")
    for name in "job", "instance":
        variable = by_name.get(name, {})
        if (variable.get("type"), variable.get("multi"),
                variable.get("includeAll"), variable.get("allValue"),
                variable.get("refresh")) != ("query", True, True, ".+", 2):
            found.append(f"no choice of the {name}")
    if board["editable"]:
        found.append("a provisioned board is not to be edited")
    return found


class Boards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.boards = {p.stem: json.loads(p.read_text()) for p in PATHS}

    def test_they_are_what_the_script_makes(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, SRC / "grafana/boards.py",
                            folder], check=True)
            for name in MADE:
                made = sorted(os.listdir(f"{folder}/{name}"))
                self.assertEqual(sorted(os.listdir(SRC / name)), made)
                self.assertEqual(filecmp.cmpfiles(
                    f"{folder}/{name}", SRC / name, made, shallow=False),
                    (made, [], []), "run grafana/boards.py")

    def test_they_have_the_shape_of_the_schema(self):
        for name, board in self.boards.items():
            self.assertEqual(shapes(board) + places(board), [], name)
            self.assertIsNone(board["id"])
            self.assertEqual(board["schemaVersion"], 38)

    def test_they_keep_the_rules(self):
        for name, board in self.boards.items():
            self.assertEqual(lint(board), [], name)

    def test_each_has_a_name_of_its_own(self):
        for key in "uid", "title":
            names = [b[key] for b in self.boards.values()]
            self.assertEqual(len(names), len(set(names)))
        for board in self.boards.values():
            self.assertRegex(board["uid"], r"\A[a-z-]{1,40}\Z")

    def test_the_labs_board_is_the_labs(self):
        board = self.boards["ml-api-dashboard"]
        self.assertEqual((board["uid"], board["title"], board["time"],
                          board["refresh"]),
                         (LAB_UID, "ML API Monitoring Dashboard",
                          {"from": "now-15m", "to": "now"}, "5s"))
        self.assertEqual(
            [(p["title"], p["type"], tuple(p["gridPos"][k] for k in "xywh"))
             for p in board["panels"]], LAB_PANELS)

    def test_provisioning_is_the_labs(self):
        """The lab's lines, in their order; more between them is ours."""
        for name, lines in {
                "datasources/prometheus.yml": [
                    "name: Prometheus", "uid: prometheus", "type: prometheus",
                    "access: proxy", "url: http://prometheus:9090",
                    "isDefault: true", "editable: false",
                    'timeInterval: "5s"'],
                "dashboards/dashboards.yml": [
                    "name: 'ML Monitoring Dashboards'", "orgId: 1",
                    "folder: 'ML Monitoring'", "folderUid: 'ml-monitoring'",
                    "type: file", "disableDeletion: false",
                    "updateIntervalSeconds: 30",
                    "path: /var/lib/grafana/dashboards"]}.items():
            text = (SRC / "grafana/provisioning" / name).read_text()
            places = [text.index(line) for line in lines]
            self.assertEqual(places, sorted(places), name)


class Judging(unittest.TestCase):
    """That the above can fail."""

    def said(self, change, judge=lint, board="ml-service"):
        path, = (p for p in PATHS if p.stem == board)
        changed = copy.deepcopy(json.loads(path.read_text()))
        change(changed)
        return " ".join(judge(changed))

    def test_it_sees_what_is_wrong(self):
        def panel(b, kind="timeseries"):
            return next(p for p in b["panels"] if p["type"] == kind)

        def expr(text):
            return lambda b: panel(b)["targets"][0].update(expr=text)

        here = '{job=~"$job",instance=~"$instance"}'
        for said, change in (
                ("window is [5m]", expr(f"rate(a_total{here}[5m])")),
                ("without rate()", expr(f"sum(a_total{here})")),
                ("no job", expr('up{instance=~"$instance"}')),
                ("no instance", expr('up{job=~"$job"}')),
                ("the unit", lambda b: panel(b)["fieldConfig"]["defaults"]
                 .update(unit="furlong")),
                ("describes it", lambda b: panel(b).update(description="")),
                ("no legend", lambda b: panel(b)["targets"][0].pop(
                    "legendFormat")),
                ("chosen data source", lambda b: panel(b)["targets"][0]
                 .update(datasource={"type": "prometheus", "uid": "x"})),
                ("or neither", lambda b: panel(b, "stat")["targets"][0]
                 .update(instant=False)),
                ("choice of the job", lambda b: b["templating"].update(
                    list=[])),
                ("asks nothing", lambda b: panel(b).update(targets=[]))):
            self.assertIn(said, self.said(change))

    def test_it_sees_a_wrong_shape(self):
        def first(b):
            return b["panels"][1]

        for said, change, judge in (
                ("panel needs title", lambda b: first(b).pop("title"),
                 shapes),
                ("panel has colour", lambda b: first(b).update(colour=1),
                 shapes),
                ("fieldConfig needs overrides", lambda b: first(b)[
                    "fieldConfig"].pop("overrides"), shapes),
                ("begin with null", lambda b: first(b)["fieldConfig"][
                    "defaults"]["thresholds"]["steps"][0].update(value=0),
                 shapes),
                ("lies on", lambda b: first(b)["gridPos"].update(w=5),
                 places),
                ("twice", lambda b: first(b).update(id=1), places)):
            self.assertIn(said, self.said(change, judge))


if __name__ == "__main__":
    tap.main()
