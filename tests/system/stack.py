# SPDX-License-Identifier: ISC
"""A real Prometheus and Alertmanager for system tests, set up by the files of
the repository: only the names of the lab's machines are replaced by this
one's, and times by shorter ones where a test asks for that."""
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request

from service import PATIENCE, SRCDIR

PROMETHEUS = shutil.which("prometheus")
ALERTMANAGER = (shutil.which("prometheus-alertmanager")
                or shutil.which("alertmanager"))
needs_prometheus = unittest.skipUnless(PROMETHEUS,
                                       "prometheus is not installed")
needs_alertmanager = unittest.skipUnless(ALERTMANAGER,
                                         "alertmanager is not installed")


def get(url, **query):
    with urllib.request.urlopen(
            url + ("?" + urllib.parse.urlencode(query) if query else ""),
            timeout=PATIENCE) as answer:
        return answer.read()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def replaced(text, changes):
    """The text with each of the changes, which must all be possible."""
    for theirs, here in changes.items():
        assert theirs in text, theirs
        text = text.replace(theirs, here)
    return text


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


class Prometheus(Program):
    """It, with the repository's configuration; `target` is HOST:PORT.
    `seconds` replaces the intervals, `rules` the directory of rules."""

    def __init__(self, target, alertmanager="127.0.0.1:9", seconds=None,
                 rules=SRCDIR / "prometheus/rules", flags=()):
        super().__init__()
        self.configuration = self.dir / "prometheus.yml"
        text = replaced(
            (SRCDIR / "prometheus/prometheus.yml").read_text(),
            {"app:5000": target, "localhost:9090": self.address,
             "alertmanager:9093": alertmanager,
             "/etc/prometheus/rules/": f"{rules}/"})
        if seconds is not None:
            text = re.sub(r"(_interval:) \d+s", rf"\1 {seconds}s", text)
        self.configuration.write_text(text)
        self.run(PROMETHEUS, f"--config.file={self.configuration}",
                 f"--storage.tsdb.path={self.dir}/data",
                 f"--web.listen-address={self.address}", *flags)

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
