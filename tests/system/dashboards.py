#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every panel of every dashboard, and every console page, over a real
Prometheus that scraped real traffic of a real service: it returns data, of
the shape that its panel draws."""
import collections
import html
import http.client
import json
import math
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest
import urllib.error

import service
import tap
from service import LIGHTSCORE, PATIENCE, SRCDIR, Service, wait_until
from stack import SOON, get, needs_prometheus, watched

SPAN = 120  # seconds that the graphs show here
CHOSEN = {"$job": "ml-api", "$instance": ".+", "$model": ".+",
          "$__rate_interval": "20s", "$__range": f"{SPAN}s"}
SERIES_MAX = 32  # of one panel: more cannot be told apart
BOARDS = sorted(SRCDIR.glob("grafana/dashboards/*.json"))
CONSOLES = sorted(SRCDIR.glob("prometheus/consoles/*.html"))
CHURN = SRCDIR / "models/churn"


# As much of a browser as the consoles' script asks for; at the end it tells
# the points of each figure's lines.
BROWSER = """
const figures = %s.map(dataset => ({ dataset,
  nextElementSibling: { rows: [{ cells: [{ style: {} }] }] },
  replaceChildren(picture) {
  this.lines = picture.children.filter(c => c.name === "polyline")
    .map(c => c.attributes.points); } }));
const document = { querySelectorAll: () => figures,
  createElementNS: (_, name) => ({ name, attributes: {}, children: [],
    setAttribute(key, value) { this.attributes[key] = value; },
    append(...c) { this.children.push(...c); } }) };
const location = { search: "?range=2" }, asked = globalThis.fetch;
globalThis.fetch = path => asked(new URL(path, %s));
process.on("exit", () => console.log(JSON.stringify(
  figures.map(f => f.lines || f.textContent))));
"""


def chosen(expr):
    for name, value in CHOSEN.items():
        expr = expr.replace(name, value)
    return expr


def legend(text, labels):
    return re.sub(r"\{\{(\w+)\}\}", lambda m: labels.get(m[1], ""), text)


def problems(panel, target, results):
    """What is wrong with [(labels, [values])] for that panel."""
    found = []
    if not results:
        return ["no data"]
    if len(results) > SERIES_MAX:
        found.append(f"{len(results)} series")
    for labels, values in results:
        if not any(math.isfinite(v) for v in values):
            found.append(f"only NaN: {labels}")
        if min(values) < 0:
            found.append(f"below zero: {labels}")
    shown = target.get("legendFormat")
    if panel["type"] == "stat" and shown is None and len(results) != 1:
        found.append(f"{len(results)} values and no legend")
    if shown is not None:
        for name in re.findall(r"\{\{(\w+)\}\}", shown):
            if not all(labels.get(name) for labels, _ in results):
                found.append(f"no label {name}")
    if panel["type"] == "heatmap" and not all(
            "le" in labels for labels, _ in results):
        found.append("a heatmap needs buckets")
    defaults = panel["fieldConfig"]["defaults"]
    if defaults["unit"] == "percentunit" and "max" in defaults and max(
            v for _, values in results for v in values) > defaults["max"]:
        found.append("more than all of it")
    return found


@needs_prometheus
class Boards(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--workers", "2")
        cls.addClassCleanup(cls.service.close)
        # A model that knows its reference data.
        image = cls.service.dir / "v1.lsm"
        subprocess.run(
            [LIGHTSCORE, "import", CHURN / "v1.joblib", "-o", image,
             "--reference", CHURN / "telco-customer-churn.csv",
             "--target", "Churn"], check=True, timeout=PATIENCE,
            stdout=subprocess.DEVNULL)
        cls.service.args += ["--model", f"v1={image}",
                             "--model", f"v2={CHURN}/v2.joblib"]
        cls.service.start()
        cls.prometheus = watched(cls.addClassCleanup, cls.service, seconds=1)
        cls.traffic()

    @classmethod
    def wait_value(cls, expr, least):
        wait_until(lambda: any(v >= least for _, v in
                               cls.prometheus.query(expr)), expr, SOON)

    @classmethod
    def traffic(cls):
        """A little of everything, over more than one scrape."""
        rows = service.rows()
        killed = list(cls.service.workers().values())[0]
        for turn in range(3):
            for slot in "v1", "v2":
                for row in rows[turn * 5:turn * 5 + 5]:
                    assert cls.service.predict(row, slot)[0] == 200
                assert cls.service.predict(rows[:20], slot)[0] == 200
            for _ in range(2):
                assert cls.service.predict({"invalid": "data"})[0] == 400
            cls.service.request("GET", "/health")
            cls.service.request("GET", "/nothing")
            scrapes = 'count_over_time(up{job="ml-api"}[1h])'
            so_far = cls.prometheus.query(scrapes)[0][1]
            cls.wait_value(scrapes, so_far + 2)
        service.os.kill(killed, signal.SIGKILL)
        cls.keep_asking(rows[0])
        # Seen by Prometheus, and by the rules that stand on each other.
        cls.wait_value('sum(ml_predictions_total{status="success"})', 150)
        cls.wait_value("sum(ml_server_worker_exits_total"
                       '{reason="crash"})', 1)
        cls.wait_value("count(job:slo_latency_errors:ratio_rate3d)", 1)
        cls.wait_value("count(model:ml_prediction_score:mean1d)", 2)
        cls.wait_value('ALERTS{alertname="DemoHighErrorCount",'
                       'alertstate="firing"}', 1)

    @classmethod
    def keep_asking(cls, row):
        """However long the tests take: what was asked of late is within the
        windows of the rates."""
        over = threading.Event()

        def ask():
            while not over.wait(0.2):
                for slot, body in ("v1", row), ("v2", row), ("v1", {}):
                    try:
                        cls.service.predict(body, slot)
                    except (OSError, http.client.HTTPException):
                        pass

        asking = threading.Thread(target=ask)
        cls.addClassCleanup(asking.join)
        cls.addClassCleanup(over.set)
        asking.start()

    def results(self, target):
        """[(labels, [values])]"""
        query = {"query": chosen(target["expr"])}
        if not target.get("instant"):
            now = time.time()
            query.update(start=now - SPAN, end=now, step=1)
        try:
            data = self.prometheus.ask(
                "query" if target.get("instant") else "query_range", **query)
        except urllib.error.HTTPError as error:
            with error:
                self.fail(f"{query['query']}: {error.read().decode()}")
        return [(r["metric"], [float(v) for _, v in
                               r.get("values") or [r["value"]]])
                for r in data["result"]]

    def check_board(self, board):
        panels = [p for p in board["panels"] if p.get("targets")]
        self.assertGreater(len(panels), 8)
        for panel in panels:
            self.settle(lambda: self.check_panel(panel))

    def check_panel(self, panel):
        names = collections.Counter()
        for target in panel["targets"]:
            results = self.results(target)
            self.assertEqual(problems(panel, target, results), [],
                             f"{panel['title']}: {chosen(target['expr'])}")
            names.update(legend(target.get("legendFormat", ""), labels)
                         for labels, _ in results)
        if panel["type"] != "table":
            self.assertEqual([name for name, n in names.items() if n > 1],
                             [], f"{panel['title']}: twice in the legend")

    def settle(self, check):
        """On a busy machine a scrape may fail, and all is gone until the
        next: what is wrong stays wrong."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return check()
            except AssertionError:
                if time.monotonic() > end:
                    raise
            self.wait_value('up{job="ml-api"}', 1)

    def check_variables(self, board):
        for variable in board["templating"]["list"]:
            if variable["type"] != "query":
                continue
            metric, label = re.fullmatch(
                r"label_values\((.*), (\w+)\)", variable["query"]["query"]
            ).groups()
            wait_until(lambda: any(labels.get(label) for labels, _ in
                                   self.prometheus.query(chosen(metric))),
                       variable["name"], SOON)

    def check_annotations(self, board):
        for annotation in board["annotations"]["list"]:
            for _, value in self.prometheus.query(chosen(annotation["expr"])):
                self.assertLess(abs(value / 1000 - time.time()), 3600)

    def check_console(self, path):
        self.settle(lambda: self.check_page(path))

    def check_page(self, path):
        text = path.read_text()
        page = get(f"http://{self.prometheus.address}/consoles/"
                   f"{path.name}").decode()
        self.assertNotRegex(page, r"NaN|\{\{|&lt;no value|no data|"
                            r"error executing|error calling")
        for title in re.findall(r"<h[23]>(.*?)</h", text):
            self.assertIn(f">{title}</h", page)
        sections = page.split("<section")[1:]
        self.assertEqual(len(sections), text.count("<section"))
        for section in sections:
            cells = re.findall(r"<td>([^<]*)", section)
            self.assertTrue(cells and all(cells), section)
        for targets in re.findall(r'data-targets="([^"]*)"', page):
            for target in json.loads(html.unescape(targets)):
                results = self.results(target)
                self.assertTrue(results, target)
                for name in re.findall(r"\[(\w+)\]", target["legend"]):
                    self.assertTrue(all(labels.get(name)
                                        for labels, _ in results), target)


    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_the_script_of_the_consoles_draws_what_there_is(self):
        self.settle(self.check_script)

    def check_script(self):
        page = get(f"http://{self.prometheus.address}/consoles/"
                   "ml-service.html").decode()
        figures = [{k: html.unescape(v) for k, v in re.findall(
            r'data-(\w+)="([^"]*)"', figure)}
            for figure in re.findall(r"<figure (.*?)>", page)]
        script = re.search(r"<script>(.*?)</script>", page, re.S)[1]
        got = subprocess.run(
            ["node", "-"], text=True, capture_output=True, timeout=SOON,
            input=BROWSER % (json.dumps(figures), json.dumps(
                f"http://{self.prometheus.address}/consoles/")) + script)
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        drawn = json.loads(got.stdout)
        self.assertEqual(len(drawn), len(figures))
        for figure, lines in zip(figures, drawn):
            results = [r for t in json.loads(figure["targets"])
                       for r in self.results(t)]
            self.assertEqual(len(lines), len(results), figure)
            for line in lines:
                self.assertRegex(line, r"\A[\d.]+,[\d.]+( [\d.]+,[\d.]+)*\Z")


def add_tests():
    for path in BOARDS:
        board = json.loads(path.read_text())
        name = path.stem.replace("-", "_")
        setattr(Boards, f"test_panels_of_{name}_have_their_data",
                lambda self, b=board: self.check_board(b))
        setattr(Boards, f"test_choices_of_{name}_have_values",
                lambda self, b=board: self.check_variables(b))
        setattr(Boards, f"test_marks_of_{name}_are_times",
                lambda self, b=board: self.check_annotations(b))
    for path in CONSOLES:
        setattr(Boards, f"test_console_{path.stem.replace('-', '_')}_is_full",
                lambda self, p=path: self.check_console(p))


add_tests()


class Judging(unittest.TestCase):
    """That the above can fail."""

    def judge(self, results, kind="stat", unit="short", **target):
        return " ".join(problems(
            {"type": kind, "fieldConfig": {"defaults": {
                "unit": unit, "max": 1}}}, target, results))

    def test_it_is_content_with_what_is_right(self):
        self.assertEqual(self.judge([({}, [1.0])]), "")
        self.assertEqual(self.judge([({"a": "x"}, [1.0]), ({"a": "y"}, [2])],
                                    legendFormat="{{a}}"), "")

    def test_it_sees_what_is_not(self):
        nan = float("nan")
        for said, got in (
                ("no data", self.judge([])),
                ("only NaN", self.judge([({}, [nan, nan])])),
                ("2 values", self.judge([({"a": "x"}, [1]), ({}, [2])])),
                ("no label b", self.judge([({"a": "x"}, [1])],
                                          legendFormat="{{b}}")),
                ("buckets", self.judge([({}, [1])], "heatmap")),
                ("more than all", self.judge([({}, [1.5])],
                                             unit="percentunit")),
                ("below zero", self.judge([({}, [-1])]))):
            self.assertIn(said, got)


if __name__ == "__main__":
    tap.main()
