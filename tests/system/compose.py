#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""docker-compose.yml on a real Docker engine, led through the lab's guide:
everything comes up healthy, is scraped, alerts, goes down and comes back.

Takes minutes and an engine, so it runs where LS_DOCKER is set (see
scripts/test-docker). What cannot be had without a registry is left out."""
import json
import os
import re
import shutil
import subprocess
import time
import unittest

import service
import tap
from service import free_port
from stack import PrometheusClient, get, post

SERVICES = ["app", "prometheus", "alertmanager", "alerts"]
PROBED = ["app", "prometheus", "alertmanager"]
PATIENCE = 180
ROW = service.rows()[0]


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.environ.get("LS_DOCKER"):
            raise unittest.SkipTest(
                "set LS_DOCKER or run scripts/test-docker: it takes minutes")
        ports = {name: free_port() for name in SERVICES}
        cls.app, cls.alerts = (f"http://127.0.0.1:{ports[name]}"
                               for name in ("app", "alerts"))
        cls.prometheus = PrometheusClient(
            f"127.0.0.1:{ports['prometheus']}")
        cls.environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"lightscore-test-{os.getpid()}",
            **{f"{name.upper()}_PORT": str(port)
               for name, port in ports.items()}}
        cls.addClassCleanup(cls.compose, "down", "-v")
        cls.compose("up", "-d", "--build", *SERVICES)

    @classmethod
    def compose(cls, *args):
        done = subprocess.run(
            cls.program() + ["-f", str(service.SRCDIR / "docker-compose.yml"),
                             *args], env=cls.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=1200, check=False)
        if done.returncode != 0:
            raise AssertionError(f"compose {args}: {done.stderr[-3000:]}")
        return done.stdout

    @staticmethod
    def program():
        if shutil.which("docker-compose"):
            return ["docker-compose"]
        return ["docker", "compose"]

    def wait(self, condition, what):
        def reached():
            try:
                return condition()
            except OSError:  # not up, or not yet
                return None
        return service.wait_until(reached, what, PATIENCE)

    def wait_data(self, expression):
        return self.wait(lambda: self.prometheus.query(expression),
                         expression)

    def alert(self, name):
        """pending, firing or inactive."""
        return self.prometheus.alerts().get(name, "inactive")

    def delivered(self, name):
        return name in get(f"{self.alerts}/alerts").decode()

    def is_healthy(self, name):
        container = self.compose("ps", "-q", name).strip()
        done = subprocess.run(
            ["docker", "inspect", "-f", "{{.State.Health.Status}}",
             container], capture_output=True, text=True, check=True,
            env=self.environment)
        return done.stdout.strip() == "healthy"

    def predict(self, row, times=1):
        body = json.dumps(row).encode()
        return [post(f"{self.app}/v1/predict", body)[0]
                for _ in range(times)]

    def test_1_everything_comes_up_healthy(self):
        for name in PROBED:
            self.wait(lambda name=name: self.is_healthy(name),
                      f"{name} healthy")
        self.assertIn("Up", self.compose("ps"))
        self.assertTrue(get(f"{self.app}/health"))
        self.assertEqual(self.predict(ROW), [200])

    def test_2_the_app_runs_with_nothing_to_spare(self):
        container = self.compose("ps", "-q", "app").strip()
        done = subprocess.run(
            ["docker", "inspect", container], capture_output=True, text=True,
            check=True, env=self.environment)
        told = json.loads(done.stdout)[0]
        self.assertEqual(told["Config"]["User"], "10001:10001")
        self.assertTrue(told["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(told["HostConfig"]["CapDrop"], ["ALL"])
        done = subprocess.run(
            ["docker", "image", "ls", "--format", "{{.Repository}} {{.Size}}"],
            capture_output=True, text=True, check=True, env=self.environment)
        size, = re.findall(r"^lightscore (\d+)[\d.]*MB$", done.stdout, re.M)
        self.assertLess(int(size), 120)

    def test_3_both_targets_are_up_and_the_guides_queries_have_data(self):
        self.wait(lambda: len(self.prometheus.query("up == 1")) >= 2,
                  "targets up")
        self.predict(ROW, 5)
        for expression in (
                'up{job="ml-api"}', "ml_predictions_total",
                "rate(ml_predictions_total[1m])",
                "sum by (model_version) (ml_predictions_total)",
                "histogram_quantile(0.95, sum(rate("
                "ml_prediction_duration_seconds_bucket[5m])) by (le))"):
            self.wait_data(expression)

    def test_4_five_invalid_requests_fire_and_are_delivered(self):
        self.assertEqual(self.predict({"invalid": "data"}, 5), [400] * 5)
        self.wait(lambda: self.alert("DemoHighErrorCount") == "firing",
                  "DemoHighErrorCount firing")
        self.wait(lambda: self.delivered("DemoHighErrorCount"), "delivery")

    def test_5_traffic_fires_the_request_rate(self):
        deadline = time.monotonic() + PATIENCE
        while self.alert("DemoHighRequestRate") != "firing":
            self.assertLess(time.monotonic(), deadline)
            self.predict(ROW, 5)
            time.sleep(1)

    def test_6_a_stopped_app_is_told_and_comes_back_counting(self):
        before = self.wait_data("sum(ml_predictions_total)")[0][1]
        self.compose("stop", "app")
        self.wait(lambda: self.alert("APIDown") == "firing", "APIDown firing")
        self.compose("start", "app")
        self.wait(lambda: self.alert("APIDown") == "inactive",
                  "APIDown resolved")
        after = self.wait_data("sum(ml_predictions_total)")[0][1]
        self.assertGreaterEqual(after, before)

    def test_7_the_lab_compiles_and_scores_in_the_container(self):
        found = [c for c in lab_commands() if " exec " in c]
        self.assertGreater(len(found), 1)
        for command in found:
            done = subprocess.run(
                ["bash", "-c", command.replace(
                    "docker compose", " ".join(self.program()))],
                env=self.environment, cwd=service.SRCDIR, text=True,
                stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(
            "prediction,probability_No,probability_Yes\n"), done.stdout)


def lab_commands():
    """What the student's text has done with Docker."""
    text = (service.SRCDIR / "docs/lab/student.md").read_text()
    return "".join(re.findall(r"^```bash docker\n(.*?)^```$", text,
                              re.M | re.S)).splitlines()


class Lab(unittest.TestCase):
    def test_what_the_lab_does_with_docker_is_done_here(self):
        self.assertEqual({c for c in lab_commands() if " exec " not in c}, {
            f"docker compose {words}" for words in (
                "up -d --build", "ps", "stop app", "start app")})


if __name__ == "__main__":
    tap.main()
