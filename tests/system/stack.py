# SPDX-License-Identifier: ISC
"""A real Prometheus and Alertmanager for system tests, set up as
scripts/monitoring does it, with shorter times where a test asks for that; and
all of it together over a service."""
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from service import (PATIENCE, SRCDIR, Service, free_port, lighttpd_or_skip,
                     wait_until)

sys.path.insert(0, str(SRCDIR / "scripts"))
import watchers  # noqa: E402

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = (shutil.which("prometheus-alertmanager")
                or shutil.which("alertmanager"))
SOON = 120  # seconds: some scrapes and evaluations on a busy machine
needs_prometheus = unittest.skipUnless(PROMETHEUS,
                                       "prometheus is not installed")
needs_alertmanager = unittest.skipUnless(ALERTMANAGER,
                                         "alertmanager is not installed")


def get(url, **query):
    with urllib.request.urlopen(
            url + ("?" + urllib.parse.urlencode(query) if query else ""),
            timeout=PATIENCE) as answer:
        return answer.read()


def post(url, body):
    """(status, answer), both of JSON."""
    request = urllib.request.Request(url, body,
                                     {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


class Program:
    """One of them: a directory, a log, an address, a process."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.log = self.dir / "log"
        self.address = f"127.0.0.1:{free_port()}"
        self.process = None

    def run(self, *command):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(c) for c in command], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.dir)

    def close(self):
        if self.process is not None and self.process.poll() is None:
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


class PrometheusClient:
    """What is asked of a Prometheus."""

    def __init__(self, address):
        self.address = address

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

    def rules(self):
        """{name: health} of those that were evaluated or could not be."""
        return {r["name"]: r["health"] for g in self.ask("rules")["groups"]
                for r in g["rules"]}

    def alerts(self):
        """{name: state}"""
        return {a["labels"]["alertname"]: a["state"]
                for a in self.ask("alerts")["alerts"]}


class Prometheus(Program, PrometheusClient):
    """It over a service at `target`, HOST:PORT. `seconds` replaces the
    intervals, `rules` the directory of rules."""

    def __init__(self, target, alertmanager="127.0.0.1:9", seconds=None,
                 rules=watchers.RULES, flags=()):
        super().__init__()
        self.configuration = self.dir / "prometheus.yml"
        text = watchers.prometheus_configuration(self.address, target,
                                                 alertmanager, rules)
        if seconds is not None:
            text = re.sub(r"(_interval:) \d+s", rf"\1 {seconds}s", text)
        self.configuration.write_text(text)
        self.run(PROMETHEUS, *watchers.prometheus_flags(
            self.address, self.configuration, self.dir / "data"), *flags)


def shortened_rules(folder):
    """A copy of the rules that fires within seconds: nothing waits longer
    than two, and the lab's windows of minutes are twenty seconds."""
    folder.mkdir()
    for path in watchers.RULES.glob("*.yml"):
        text = re.sub(r"(?m)^(\s+for:) \S+", r"\1 2s", path.read_text())
        if path.name == "alerts.yml":
            text = re.sub(r"\[[12]m\]", "[20s]", text)
        (folder / path.name).write_text(text)
    return folder


class Alertmanager(Program):
    """It, with the repository's configuration and no waiting for more."""

    def __init__(self, receiver):
        super().__init__()
        configuration = self.dir / "alertmanager.yml"
        text = watchers.alertmanager_configuration(receiver)
        text = re.sub(r"(group_wait:) \S+", r"\1 0s", text)
        text = re.sub(r"(group_interval:) \S+", r"\1 1s", text)
        configuration.write_text(text)
        self.run(ALERTMANAGER, *watchers.alertmanager_flags(
            self.address, configuration, self.dir / "data"))

    def send(self, labels):
        """Fire alerts with these labels, as Prometheus would."""
        status, said = post(f"http://{self.address}/api/v2/alerts", json.dumps(
            [{"labels": each} for each in labels]).encode())
        assert status == 200, said

    def names(self, job=None):
        """{state: sorted names} of the alerts it holds (of that job): active
        or suppressed."""
        found = {"active": [], "suppressed": []}
        for alert in json.loads(get(f"http://{self.address}/api/v2/alerts")):
            if job in (None, alert["labels"].get("job")):
                found.setdefault(alert["status"]["state"], []).append(
                    alert["labels"]["alertname"])
        return {state: sorted(names) for state, names in found.items()}


class Receiver:
    """alertmanager/alerts, as it is run in a terminal."""

    def __init__(self):
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, SRCDIR / "alertmanager/alerts",
             "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip().rpartition(
            "//")[2]
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def said(self, state, name):
        """The lines of that alert in that state."""
        return [line for line in self.lines
                if re.search(rf" {state} +\S+ +{name}: ", line)]

    def post(self, body):
        return post(f"http://{self.address}/", body)

    def raw(self, data):
        """Send bytes; all that comes back."""
        host, _, port = self.address.partition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as peer:
            peer.sendall(data)
            answer = b""
            while part := peer.recv(65536):
                answer += part
            return answer

    def alerts(self):
        return json.loads(get(f"http://{self.address}/alerts"))["alerts"]


# Each of these starts its programs, has `cleanup` (addCleanup or
# addClassCleanup of a test) end them, and returns once they are up.

def alerting(cleanup):
    """(Alertmanager, Receiver) of what it sends"""
    receiver = Receiver()
    cleanup(receiver.close)
    alertmanager = Alertmanager(receiver.address)
    cleanup(alertmanager.close)
    wait_until(alertmanager.is_ready, "Alertmanager")
    return alertmanager, receiver


def watched(cleanup, service, **how):
    """The Prometheus that has scraped the service, which runs; `how` as
    Prometheus takes it."""
    prometheus = Prometheus(f"127.0.0.1:{service.port}", **how)
    cleanup(prometheus.close)
    wait_until(prometheus.is_ready, "Prometheus")
    wait_until(lambda: prometheus.target("ml-api")["health"] == "up",
               "the service scraped", SOON)
    return prometheus


def live(cleanup):
    """(Service, Prometheus, Alertmanager, Receiver): an alert takes seconds
    from its reason to the receiver."""
    lighttpd_or_skip()
    alertmanager, receiver = alerting(cleanup)
    # A port to come back to: nobody else gets it in between.
    service = Service("--workers", "2", port=free_port())
    cleanup(service.close)
    service.start()
    return service, watched(
        cleanup, service, alertmanager=alertmanager.address, seconds=1,
        rules=shortened_rules(service.dir / "rules"),
        flags=["--rules.alert.resend-delay=1s"]), alertmanager, receiver
