#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""docs/lab/student.md, done as a student does it: each command is run, each
query asked, each alert waited for, and what the text says one sees is seen.
Addresses are this run's, and the rules' minutes are seconds. What needs
Docker is done by compose.py."""
import pathlib
import re
import signal
import subprocess
import tempfile
import unittest

import service
import tap
from service import SRCDIR, wait_until
from stack import SOON, live, needs_alertmanager, needs_prometheus

TEXT = SRCDIR / "docs/lab/student.md"


def blocks(text):
    """[(language, words, body)] of the fenced blocks."""
    return [(language, words.split(), body) for language, words, body in
            re.findall(r"^```(\w+)([\w ]*)\n(.*?)^```$", text,
                       re.M | re.S)]


def seen(expected, output):
    """Whether the lines are there in this order; ... stands for anything."""
    at = 0
    for line in expected.splitlines():
        if line == "...":
            continue
        for part in line.split("..."):
            found = output.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
    return True


@needs_prometheus
@needs_alertmanager
class Lab(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="lightscore-test.")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.background = []
        self.addCleanup(self.stop_background)
        self.service, self.prometheus, _, self.receiver = live(
            self.addCleanup)

    def stop_background(self):
        for process in self.background:
            process.send_signal(signal.SIGTERM)
        for process in self.background:
            process.wait()
        self.background = []

    def here(self, command):
        """The command with this run's addresses and places."""
        for theirs, ours in (
                ("localhost:5000", f"127.0.0.1:{self.service.port}"),
                ("localhost:9090", self.prometheus.address),
                ("localhost:9095", self.receiver.address),
                ("build/lightscore", str(service.LIGHTSCORE)),
                ("models/churn", f"{SRCDIR}/models/churn"),
                ("scripts/", f"{SRCDIR}/scripts/"),
                ("/tmp/lab", f"{self.dir}/lab")):
            command = command.replace(theirs, ours)
        self.assertNotIn("localhost", command)
        return command

    def run_command(self, body, words):
        command = self.here(body)
        if "background" in words:
            self.stop_background()
            self.background.append(subprocess.Popen(
                ["bash", "-c", f"exec {command}"], cwd=self.dir,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL))
            return ""
        done = subprocess.run(["bash", "-c", f"set -o pipefail\n{command}"],
                              cwd=self.dir, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120,
                              check=False)
        # head ends before those that write to it.
        self.assertIn(done.returncode, (0, -signal.SIGPIPE, 141, 23),
                      f"{body}: {done.stderr}")
        return done.stdout

    def test_every_step_shows_what_the_text_says(self):
        output, counts = None, {}
        for language, words, body in blocks(TEXT.read_text()):
            counts[language] = counts.get(language, 0) + 1
            if "docker" in words:
                continue
            if language == "bash":
                output = self.run_command(body, words)
            elif language == "text":
                self.assertTrue(seen(body, output),
                                f"expected:\n{body}\ngot:\n{output}")
            elif language == "promql":
                wait_until(lambda: self.prometheus.query(body.strip()), body,
                           SOON)
            elif language == "alert":
                name = body.strip()
                wait_until(lambda: self.prometheus.alerts().get(name)
                           == "firing", f"{name} firing", SOON)
                wait_until(lambda: self.receiver.said("FIRING", name),
                           f"{name} delivered", SOON)
            else:
                self.fail(f"what is {language}?")
        self.assertGreater(counts["bash"], 12)
        self.assertGreater(counts["promql"], 5)
        self.assertEqual(counts["alert"], 3)

    def test_every_query_of_the_instructor_has_an_answer(self):
        self.service.predict(service.rows()[0])
        found = 0
        for language, _, body in blocks(
                (TEXT.parent / "instructor.md").read_text()):
            if language == "promql":
                found += 1
                wait_until(lambda: self.prometheus.query(body.strip()), body,
                           SOON)
        self.assertGreater(found, 1)


if __name__ == "__main__":
    tap.main()
