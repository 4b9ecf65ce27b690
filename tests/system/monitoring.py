#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""scripts/monitoring: one command, everything watched; and what it says when
something is wrong."""
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import service
import tap
from service import SRCDIR, free_port, wait_until
from stack import get, needs_alertmanager, needs_prometheus

ENOUGH = 120  # seconds: three servers start on a busy machine


@needs_prometheus
@needs_alertmanager
class Monitoring(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.at = {flag: f"127.0.0.1:{free_port()}"
                   for flag in ("prometheus", "alertmanager", "alerts")}

    def launch(self, *flags, settings=()):
        command = [SRCDIR / "scripts/monitoring",
                   *(f"--{flag}={at}" for flag, at in self.at.items()),
                   *flags, service.LIGHTSCORE, "serve",
                   "--listen=127.0.0.1:0",
                   f"--state-dir={self.dir}/state", *settings]
        process = subprocess.Popen([str(c) for c in command],
                                   stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process

    def fails(self, says, *flags, settings=()):
        process = self.launch(*flags, settings=settings)
        _, said = process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 1, said)
        self.assertRegex(said, says)

    def test_all_of_it_is_up_and_ends_together(self):
        process = self.launch()
        lines = []
        while "alerts sent" not in (lines[-1:] or [""])[0]:
            lines.append(process.stdout.readline())
            self.assertTrue(lines[-1], "it ended: " + "".join(lines))
        urls = dict(re.findall(r"^  (\S.*?) +(http://\S+)$",
                               "".join(lines), re.M))
        self.assertEqual(set(urls), {
            "the API", "Prometheus", "dashboards", "Alertmanager",
            "alerts sent"})
        for url in urls.values():
            self.assertTrue(get(url))
        self.assertEqual(get(urls["the API"] + "/alerts"),
                         get(urls["alerts sent"] + "/alerts"))
        wait_until(lambda: b'"health":"up"' in get(
            f"http://{self.at['prometheus']}/api/v1/targets",
            scrapePool="ml-api"), "the server scraped", ENOUGH)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=ENOUGH)
        self.assertEqual(process.returncode, 0)
        for at in self.at.values():
            host, _, port = at.partition(":")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((host, int(port))).close()

    def test_its_flags_may_stand_behind_the_server_s(self):
        """As scripts/run hands them on: what a message says to give."""
        at = self.at.pop("prometheus")
        host, _, port = at.partition(":")
        with socket.create_server((host, int(port))):
            self.fails(rf"cannot listen on {at}: .* --prometheus",
                       settings=["--workers", "2", "--prometheus", at])

    def test_a_port_that_is_taken_is_named(self):
        for flag in self.at:
            host, _, port = self.at[flag].partition(":")
            with self.subTest(flag), \
                    socket.create_server((host, int(port))):
                self.fails(rf"cannot listen on {host}:{port}: .* choose "
                           rf"another with --{flag}")

    def test_a_server_that_does_not_start_says_why(self):
        self.fails("cannot read model v1 from /nonexistent",
                   settings=["--model", "v1=/nonexistent"])

    def test_a_broken_rule_is_named_before_anything_starts(self):
        (self.dir / "broken.yml").write_text(
            "groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]\n")
        self.fails(r"(?s)promtool finds faults:.*broken\.yml.*parse error",
                   f"--rules={self.dir}")
        self.assertFalse((self.dir / "state").exists())

    def test_no_rules_are_told(self):
        self.fails(rf"no rules \(\*.yml\) are in {self.dir}",
                   f"--rules={self.dir}")


if __name__ == "__main__":
    tap.main()
