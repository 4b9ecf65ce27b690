#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The guide's section 7 on a real service, Prometheus and Alertmanager: what
raises an alert, how it reaches the webhook, and how it ends. Intervals are
seconds instead of minutes; what the rules ask is theirs."""
import json
import shutil
import subprocess
import sys
import unittest

import service
import tap
from service import PATIENCE, SRCDIR, Service, wait_until
from stack import (SOON, Receiver, alerting, get, live, needs_alertmanager,
                   needs_prometheus)


@needs_prometheus
@needs_alertmanager
class Section7(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service, cls.prometheus, cls.alertmanager, cls.receiver = live(
            cls.addClassCleanup)
        for job in "prometheus", "alertmanager":
            wait_until(lambda: cls.prometheus.target(job)["health"] == "up",
                       f"target {job}", SOON)

    def wait_firing(self, name, severity):
        wait_until(lambda: self.prometheus.alerts().get(name) == "firing",
                   f"{name} firing", SOON)
        # It waited first: each evaluation leaves a sample of the state.
        self.assertTrue(self.prometheus.query(
            "count_over_time(ALERTS"
            f'{{alertname="{name}",alertstate="pending"}}[5m]) > 0'))
        wait_until(lambda: self.receiver.said("FIRING", name),
                   f"{name} at the receiver", SOON)
        self.assertIn(f" {severity} ", self.receiver.said("FIRING", name)[0])

    def wait_resolved(self, name):
        wait_until(lambda: name not in self.prometheus.alerts(),
                   f"{name} not there any more", SOON)
        wait_until(lambda: self.receiver.said("RESOLVED", name),
                   f"{name} resolved at the receiver", SOON)

    def test_alerts_come_and_go_as_the_guide_says(self):
        """One story: each step stands on the one before."""
        row = service.rows()[0]
        wait_until(lambda: set(self.prometheus.alerts()) == {"Watchdog"},
                   "nothing wrong", SOON)

        # 7.3: five invalid requests
        for _ in range(5):
            self.assertEqual(self.service.predict({"invalid": "data"})[0],
                             400)
        self.wait_firing("DemoHighErrorCount", "demo")

        # 7.4: thirty requests
        for _ in range(30):
            self.assertEqual(self.service.predict(row)[0], 200)
        self.wait_firing("DemoHighRequestRate", "demo")
        self.wait_resolved("DemoHighRequestRate")

        # 7.6: the app stopped; what it said is gone with it
        self.assertEqual(self.service.stop(), 0)
        self.wait_firing("APIDown", "critical")
        self.wait_resolved("DemoHighErrorCount")

        # ... and started, with counters that begin anew
        again = Service("--workers", "2", port=self.service.port)
        self.addCleanup(again.close)
        again.start()
        self.wait_resolved("APIDown")
        # (Asked as often as it takes: on a busy machine a scrape may fail.)
        wait_until(lambda: [({}, 0)] == self.prometheus.query(
            'sum(ml_predictions_total{status="error"})'), "no errors", SOON)

        # The page shows what the terminal did, newest first. (Alerts that
        # are not of this story may come and go beside it.)
        told = [(a["status"], a["labels"]["alertname"])
                for a in self.receiver.alerts()]
        self.assertNotIn("Watchdog", [name for _, name in told])
        told = [(status, name) for status, name in told
                if name in ("APIDown", "DemoHighErrorCount")]
        self.assertEqual(told[0], ("resolved", "APIDown"))
        self.assertLess(told.index(("resolved", "DemoHighErrorCount")),
                        told.index(("firing", "DemoHighErrorCount")))
        self.assertIn("Watchdog", self.alertmanager.names()["active"])


@needs_alertmanager
class Inhibition(unittest.TestCase):
    """What is told, and what is kept quiet beside something worse."""

    @classmethod
    def setUpClass(cls):
        cls.alertmanager, _ = alerting(cls.addClassCleanup)

    def check(self, job, worse, quiet, told):
        """Each (name, severity, more labels): `worse` keeps `quiet` quiet,
        and `told` is told all the same."""
        self.alertmanager.send(
            {"alertname": name, "severity": severity, "job": job,
             "instance": "a", **more}
            for name, severity, more in (worse, *quiet, *told))
        states = {"suppressed": [n for n, _, _ in quiet],
                  "active": [n for n, _, _ in (worse, *told)]}
        wait_until(lambda: {s: sorted(n) for s, n in states.items()}
                   == self.alertmanager.names(job), f"{states}", SOON)

    def test_a_service_that_is_down_has_no_other_trouble(self):
        self.check("j1", ("APIDown", "critical", {}),
                   [("MLOverload", "critical", {}),
                    ("ValidationFailureRateHigh", "warning", {})],
                   [("APIAbsent", "critical", {}),
                    ("DemoHighErrorCount", "demo", {})])

    def test_the_fast_burn_is_told_and_not_the_slow_one(self):
        self.check("j2", ("MLLatencyBudgetBurn", "critical",
                          {"window": "1h"}),
                   [("MLLatencyBudgetBurn", "warning", {"window": "3d"})],
                   [("MLAvailabilityBudgetBurn", "warning", {})])

    def test_what_follows_is_not_told_beside_its_reason(self):
        self.check("j3", ("MLOverload", "critical", {}),
                   [("MLWorkersSaturated", "warning", {}),
                    ("MLListenQueueHigh", "warning", {})],
                   [("MLMetricsDropped", "warning", {}),
                    ("MLListenQueueHigh", "warning", {"instance": "b"})])
        self.check("j4", ("MLNoWorkers", "critical", {}),
                   [("MLWorkersMissing", "warning", {}),
                    ("MLWorkersCrashLooping", "warning", {})], [])
        self.check("j5", ("ModelNotLoaded", "critical",
                          {"model_version": "v1"}),
                   [("ModelStale", "info", {"model_version": "v1"})],
                   [("ModelStale", "info", {"model_version": "v2"})])


class Console(unittest.TestCase):
    """The list of the receiver, through the service."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)

    def test_it_is_at_alerts_where_the_setting_says(self):
        with Service("--workers", "1", "--alerts",
                     self.receiver.address) as s:
            self.assertEqual(json.loads(s.request("GET", "/info")[2])
                             ["alerts"], "/alerts")
            self.receiver.post(json.dumps({"alerts": [
                {"status": "firing", "labels": {"alertname": "A"}}]})
                .encode())
            status, _, body = s.request("GET", "/alerts")
            self.assertEqual((status, json.loads(body)),
                             (200, {"alerts": self.receiver.alerts()}))
            # Nobody sends alerts this way.
            self.assertEqual(s.request("POST", "/alerts", "{}")[0], 404)
            self.assertEqual(s.predict(service.rows()[0])[0], 200)

    def test_it_is_not_there_without_the_setting(self):
        with Service("--workers", "1") as s:
            self.assertNotIn("alerts", json.loads(
                s.request("GET", "/info")[2]))
            self.assertEqual(s.request("GET", "/alerts")[0], 404)

    def test_predictions_do_not_hang_on_the_receiver(self):
        with Service("--workers", "1", "--alerts",
                     "no..host:9095") as s:
            self.assertIn("alerts: cannot find no..host:9095",
                          s.log())
            self.assertEqual(s.predict(service.rows()[0])[0], 200)
        with Service("--workers", "1", "--alerts", "127.0.0.1:9") as s:
            self.assertEqual(s.request("GET", "/alerts")[0], 503)
            self.assertEqual(s.predict(service.rows()[0])[0], 200)

    def test_what_is_no_address_is_refused(self):
        s = Service("--alerts", "nonsense")
        self.addCleanup(s.close)
        s.launch()
        self.assertEqual(s.process.wait(PATIENCE), 2)
        self.assertRegex(s.log(), r"--alerts: .*nonsense")


class Webhook(unittest.TestCase):
    """alertmanager/alerts by itself."""

    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.close)

    def send(self, **alert):
        return self.receiver.post(json.dumps(
            {"version": "4", "receiver": "demo", "alerts": [
                {"status": "firing", "labels": {"alertname": "A"},
                 "annotations": {}, "startsAt": "2026-01-02T03:04:05.678Z",
                 "endsAt": "0001-01-01T00:00:00Z", **alert}]}).encode())

    def test_an_alert_is_a_line_and_a_row(self):
        said = self.send(labels={"alertname": "Full", "severity": "warning",
                                 "instance": "a:1", "job": "j"},
                         annotations={"summary": "The <disk> is full"})
        self.assertEqual(said, (200, {"status": "ok"}))
        wait_until(lambda: self.receiver.said("FIRING", "Full"), "a line")
        self.assertEqual(self.receiver.said("FIRING", "Full"), [
            "2026-01-02T03:04:05 FIRING   warning  Full: The <disk> is full "
            "(instance=a:1 job=j)"])
        page = get(f"http://{self.receiver.address}/").decode()
        self.assertIn("<td>The &lt;disk&gt; is full<td>", page)

    def test_no_control_character_reaches_the_terminal(self):
        self.send(labels={"alertname": "Odd"},
                  annotations={"summary": "a\x1b[2Jb\nc"})
        wait_until(lambda: self.receiver.said("FIRING", "Odd"), "a line")
        self.assertIn("Odd: a?[2Jb?c", self.receiver.said("FIRING", "Odd")[0])

    def test_what_is_no_notification_is_refused_with_the_reason(self):
        for body, reason in (
                (b"{", "not JSON"), (b"[" * 100000, "not JSON"),
                (b"\xff", "not JSON"), (b"[]", 'no list "alerts"'),
                (b'{"alerts":[1]}', "neither firing nor resolved"),
                (b'{"alerts":[{"status":"x"}]}', "neither firing"),
                (b'{"alerts":[{"status":"firing","labels":{"a":1}}]}',
                 "labels is not an object of texts")):
            status, answer = self.receiver.post(body)
            self.assertEqual(status, 400, body[:20])
            self.assertIn(reason, answer["error"])
        self.assertIn(b" 413 ", self.receiver.raw(
            b"POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n"))
        self.assertIn(b" 411 ", self.receiver.raw(
            b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"))

    def test_a_taken_port_is_one_sentence(self):
        got = subprocess.run(
            [sys.executable, SRCDIR / "alertmanager/alerts",
             "--listen", self.receiver.address],
            capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(got.returncode, 1)
        self.assertRegex(got.stderr, r"\Aalerts: cannot listen on \S+: "
                         r"Address already in use; .*\n\Z")


@unittest.skipUnless(shutil.which("amtool"), "amtool is not installed")
class Amtool(unittest.TestCase):
    FILES = ("alertmanager.yml", "production.yml")

    def run_on(self, *arguments):
        got = subprocess.run(["amtool", *arguments], capture_output=True,
                             text=True, timeout=PATIENCE)
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)
        return got.stdout.strip()

    def test_it_accepts_the_configurations(self):
        for name in self.FILES:
            self.run_on("check-config", str(SRCDIR / "alertmanager" / name))

    def test_every_severity_goes_where_it_belongs(self):
        for name in self.FILES:
            for labels, receiver in (
                    (["severity=critical"], "pager"),
                    (["severity=warning"], "tickets"),
                    (["severity=info"], "digest"),
                    (["severity=demo"], "demo"),
                    (["severity=none"], "nobody"),
                    (["severity=none", "alertname=Watchdog"], "deadman"),
                    (["alertname=X"], "tickets")):
                self.assertEqual(self.run_on(
                    "config", "routes", "test", "--config.file",
                    str(SRCDIR / "alertmanager" / name), *labels), receiver)


class Files(unittest.TestCase):
    def test_production_has_the_same_routes_and_no_secret(self):
        demo, production = (
            (SRCDIR / "alertmanager" / name).read_text()
            for name in ("alertmanager.yml", "production.yml"))
        cut = slice(*(demo.index(s) for s in ("\nroute:", "\nreceivers:")))
        self.assertIn(demo[cut], production)
        self.assertNotRegex(production,
                            "(password|token|credentials|key|api_url):")


if __name__ == "__main__":
    tap.main()
