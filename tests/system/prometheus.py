#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A real Prometheus, set up by prometheus/prometheus.yml, scrapes a real
service: only the names of the lab's machines are replaced by this one's."""
import json
import pathlib
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

import service
import tap
from service import PATIENCE, SRCDIR, Service, wait_until

SCRAPES = 60  # seconds: a few scrapes and evaluations


def get(url, **query):
    with urllib.request.urlopen(
            url + ("?" + urllib.parse.urlencode(query) if query else ""),
            timeout=PATIENCE) as answer:
        return answer.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Prometheus:
    """It, with the repository's configuration; `target` is HOST:PORT."""

    def __init__(self, target):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.log = self.dir / "log"
        self.address = f"127.0.0.1:{free_port()}"
        self.configuration = self.dir / "prometheus.yml"
        text = (SRCDIR / "prometheus/prometheus.yml").read_text()
        for theirs, here in (
                ("app:5000", target), ("localhost:9090", self.address),
                ("/etc/prometheus/rules/", f"{SRCDIR}/prometheus/rules/")):
            assert theirs in text, theirs
            text = text.replace(theirs, here)
        self.configuration.write_text(text)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.configuration}",
                 f"--storage.tsdb.path={self.dir}/data",
                 f"--web.listen-address={self.address}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        try:
            return get(f"http://{self.address}/-/ready")
        except OSError:
            return None

    def ask(self, what, **query):
        return json.loads(get(f"http://{self.address}/api/v1/{what}",
                              **query))["data"]

    def query(self, expr):
        """[(labels, value)]"""
        return [(r["metric"], float(r["value"][1]))
                for r in self.ask("query", query=expr)["result"]]

    def target(self, job):
        for target in self.ask("targets")["activeTargets"]:
            if target["labels"]["job"] == job:
                return target
        return {"health": "not there yet"}


@unittest.skipUnless(shutil.which("prometheus"),
                     "prometheus is not installed")
class Scrape(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--workers", "2")
        cls.addClassCleanup(cls.service.close)
        cls.service.start()
        cls.prometheus = Prometheus(f"127.0.0.1:{cls.service.port}")
        cls.addClassCleanup(cls.prometheus.close)
        wait_until(cls.prometheus.is_ready, "Prometheus")
        wait_until(lambda: cls.prometheus.target("ml-api")["health"] == "up",
                   "target ml-api", SCRAPES)

    def test_the_target_is_up(self):
        target = self.prometheus.target("ml-api")
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        self.assertEqual(target["labels"]["service"], "ml-prediction-api")
        self.assertEqual(
            [v for _, v in self.prometheus.query('up{job="ml-api"}')], [1])

    def test_openmetrics_is_what_it_gets(self):
        told = self.prometheus.ask("targets/metadata",
                                   metric="ml_prediction_duration_seconds")
        self.assertEqual([(m["type"], m["unit"]) for m in told],
                         [("histogram", "seconds")])

    def test_predictions_and_refusals_arrive_exactly(self):
        status, answers = self.service.predict([service.rows()[0]] * 3)
        self.assertEqual((status, len(answers)), (200, 3))
        for _ in range(5):
            self.assertEqual(self.service.predict({"invalid": "data"})[0],
                             400)
        want = {"Yes": 0, "No": 0, "no_input": 0, "validation_error": 5,
                "error": 0}
        want[answers[0]["prediction"]] = 3

        def arrived():
            return want == {
                labels["prediction_result"]: value
                for labels, value in self.prometheus.query(
                    'ml_predictions_total{model_version="v1"}')}

        wait_until(arrived, "the counts", SCRAPES)
        # The lab's demonstration: five such bodies raise the alert.
        self.assertTrue(self.prometheus.query(
            'sum(ml_predictions_total{status="error"}) >= 3'))

    def test_the_labs_alerts_are_loaded_and_healthy(self):
        def rules():
            return {r["name"]: r["health"]
                    for g in self.prometheus.ask("rules")["groups"]
                    for r in g["rules"]}

        wait_until(lambda: "unknown" not in rules().values(),
                   "an evaluation of every rule", SCRAPES)
        self.assertEqual(rules(), dict.fromkeys(
            ("APIDown", "HighErrorRate", "HighLatency", "DemoHighErrorCount",
             "DemoHighRequestRate"), "ok"))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_has_nothing_to_say(self):
        page = self.service.request("GET", "/metrics")[2]
        for command, text in (
                (["check", "metrics"], page),
                (["check", "config", self.prometheus.configuration], b"")):
            got = subprocess.run(["promtool", *command], input=text,
                                 capture_output=True, timeout=PATIENCE)
            self.assertEqual((got.returncode, got.stderr), (0, b""), command)


if __name__ == "__main__":
    tap.main()
