#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A real Prometheus, set up by prometheus/prometheus.yml, scrapes a real
service: only the names of the lab's machines are replaced by this one's."""
import re
import shutil
import subprocess
import unittest

import service
import tap
from service import PATIENCE, SRCDIR, Service, wait_until
from stack import SOON, needs_prometheus, watched


@needs_prometheus
class Scrape(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--workers", "2")
        cls.addClassCleanup(cls.service.close)
        cls.service.start()
        cls.prometheus = watched(cls.addClassCleanup, cls.service)

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

        wait_until(arrived, "the counts", SOON)
        # The lab's demonstration: five such bodies raise the alert.
        self.assertTrue(self.prometheus.query(
            'sum(ml_predictions_total{status="error"}) >= 3'))

    def test_every_rule_is_loaded_and_healthy(self):
        names = {name for path in SRCDIR.glob("prometheus/rules/*.yml")
                 for name in re.findall(r"- (?:alert|record): (\S+)",
                                        path.read_text())}
        wait_until(lambda: "unknown" not in
                   self.prometheus.rules().values(),
                   "an evaluation of every rule", SOON)
        self.assertEqual(self.prometheus.rules(),
                         dict.fromkeys(names, "ok"))

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
