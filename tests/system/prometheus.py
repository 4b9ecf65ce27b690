#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A real Prometheus, set up by prometheus/prometheus.yml, scrapes a real
service: only the lab's container names are replaced by this machine's."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

SRC = pathlib.Path(tap.SRCDIR)
LIGHTSCORE = os.path.join(tap.BUILDDIR, "lightscore")
DEADLINE = 60


def until(what, probe):
    """The first result of probe() that is true; fails past the deadline."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        got = probe()
        if got:
            return got
        time.sleep(0.1)
    raise AssertionError(f"no {what} within {DEADLINE} s")


def get(url, **query):
    with urllib.request.urlopen(
            url + ("?" + urllib.parse.urlencode(query) if query else ""),
            timeout=20) as answer:
        return answer.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@unittest.skipUnless(shutil.which("prometheus"),
                     "prometheus is not installed")
@unittest.skipUnless(os.environ.get("LS_LIGHTTPD") is None
                     or os.path.exists(os.environ["LS_LIGHTTPD"]),
                     "lighttpd is not installed")
class Scrape(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        service = subprocess.Popen(
            [LIGHTSCORE, "serve", "--listen", "127.0.0.1:0",
             "--state-dir", str(cls.folder / "state")],
            stdout=subprocess.PIPE, encoding="utf-8")
        cls.addClassCleanup(service.stdout.close)
        cls.addClassCleanup(stop, service)
        ready = service.stdout.readline()
        if "ready on " not in ready:
            raise AssertionError(f"the service said {ready!r}")
        cls.service = ready.split("ready on ")[1].strip()
        cls.start_prometheus()

    @classmethod
    def start_prometheus(cls):
        port = free_port()
        text = (SRC / "prometheus/prometheus.yml").read_text()
        for ours, here in (
                ("app:5000", cls.service.removeprefix("http://")),
                ("localhost:9090", f"127.0.0.1:{port}"),
                ("/etc/prometheus/rules/", f"{SRC}/prometheus/rules/")):
            assert ours in text, ours
            text = text.replace(ours, here)
        (cls.folder / "prometheus.yml").write_text(text)
        log = open(cls.folder / "prometheus.log", "wb")
        cls.addClassCleanup(log.close)
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={cls.folder}/prometheus.yml",
             f"--storage.tsdb.path={cls.folder}/data",
             f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log, stderr=log)
        cls.addClassCleanup(stop, prometheus)
        cls.api = f"http://127.0.0.1:{port}/api/v1/"
        until("ready Prometheus", lambda: cls.is_ready(prometheus, port))
        until("target ml-api up", lambda: cls.target()["health"] == "up")

    @classmethod
    def is_ready(cls, process, port):
        if process.poll() is not None:
            raise AssertionError((cls.folder / "prometheus.log").read_text())
        try:
            return get(f"http://127.0.0.1:{port}/-/ready")
        except OSError:
            return None

    @classmethod
    def ask(cls, what, **query):
        return json.loads(get(cls.api + what, **query))["data"]

    @classmethod
    def target(cls):
        found = [t for t in cls.ask("targets")["activeTargets"]
                 if t["labels"]["job"] == "ml-api"]
        return found[0] if found else {"health": "not there yet"}

    def query(self, expr):
        return self.ask("query", query=expr)["result"]

    def predict(self, body):
        request = urllib.request.Request(
            self.service + "/v1/predict", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def test_the_target_is_up(self):
        target = self.target()
        self.assertEqual((target["health"], target["lastError"]), ("up", ""))
        self.assertEqual(target["labels"]["service"], "ml-prediction-api")

    def test_predictions_and_refusals_arrive_exactly(self):
        with open(SRC / "models/churn/reference.ndjson") as lines:
            row = json.loads(next(lines))["input"]
        answers = self.predict([row] * 3)
        self.assertEqual(len(answers), 3)
        for _ in range(5):
            self.assertIsNone(self.predict({"invalid": "data"}))

        def value(**labels):
            where = ",".join(f'{k}="{v}"' for k, v in labels.items())
            got = self.query('ml_predictions_total{model_version="v1",'
                             f'{where}}}')
            return float(got[0]["value"][1]) if got else None

        predicted = answers[0]["prediction"]
        until("count of the rows predicted", lambda: value(
            prediction_result=predicted, status="success") == 3)
        until("count of the bodies refused", lambda: value(
            prediction_result="validation_error", status="error") == 5)
        self.assertEqual(value(prediction_result="no_input", status="error"),
                         0)
        # The lab's demonstration: five such bodies raise the alert.
        self.assertTrue(self.query(
            'sum(ml_predictions_total{status="error"}) >= 3'))

    def test_the_labs_alerts_are_loaded_and_healthy(self):
        groups = until("evaluation of the rules", lambda: [
            g for g in [self.ask("rules")["groups"]]
            if all(r["health"] != "unknown" for x in g for r in x["rules"])])
        rules = {r["name"]: r["health"]
                 for g in groups[0] for r in g["rules"]}
        self.assertEqual(rules, dict.fromkeys(
            ("APIDown", "HighErrorRate", "HighLatency", "DemoHighErrorCount",
             "DemoHighRequestRate"), "ok"))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_has_nothing_to_say(self):
        for command, text in (
                (["check", "metrics"], get(self.service + "/metrics")),
                (["check", "config", f"{self.folder}/prometheus.yml"], b"")):
            got = subprocess.run(["promtool", *command], input=text,
                                 capture_output=True, timeout=60)
            self.assertEqual((got.returncode, got.stderr), (0, b""), command)


if __name__ == "__main__":
    tap.main()
