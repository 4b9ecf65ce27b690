#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""scripts/traffic against a running service: what each scenario does to the
counters, and what it says when it cannot send."""
import http.server
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import service
import tap
from service import SRCDIR, Service, wait_until

TRAFFIC = SRCDIR / "scripts/traffic"


def run(*args):
    return subprocess.run([str(a) for a in (TRAFFIC, *args)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120, check=False)


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--workers", "2").start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def outcomes(self):
        return {outcome: self.service.metric("ml_prediction_requests_total",
                                             outcome=outcome)
                for outcome in ("success", "no_input", "validation_error",
                                "error")}

    def send(self, *args):
        """What a second of it adds to the counters."""
        before = self.outcomes()
        done = run(*args, "--url", f"http://127.0.0.1:{self.service.port}",
                   "--seconds", "1")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        added = {k: v - before[k] for k, v in self.outcomes().items()}
        told = re.match(r"(\d+) requests, ", done.stdout)
        self.assertIsNotNone(told, done.stdout)
        self.assertEqual(int(told[1]), sum(added.values()))
        self.assertGreater(added["success"], 0)
        return added

    def test_normal_fails_nothing(self):
        added = self.send("--rate", "100")
        self.assertEqual(added["success"], sum(added.values()))

    def test_errors_are_a_share_of_all(self):
        # Of few, as a busy machine sends, any number but all and none.
        for flags, are_some in ((), self.assertGreater), (
                ("--errors", "0"), self.assertEqual):
            added = self.send("errors", "--rate", "200", *flags)
            are_some(added["no_input"] + added["validation_error"], 0)

    def test_slow_sends_lists(self):
        before = self.service.metric("ml_predictions_total")
        added = self.send("slow", "--rate", "30")
        rows = self.service.metric("ml_predictions_total") - before
        self.assertGreater(rows, 100 * sum(added.values()))

    def test_drift_is_let_through(self):
        added = self.send("drift", "--rate", "100")
        self.assertEqual(added["success"], sum(added.values()))

    def test_a_stop_ends_it_with_the_summary(self):
        url = f"http://127.0.0.1:{self.service.port}"
        for signo in signal.SIGINT, signal.SIGTERM:
            before = sum(self.outcomes().values())
            with subprocess.Popen(
                    [str(TRAFFIC), "--url", url, "--rate", "50"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL, text=True) as process:
                wait_until(lambda: sum(self.outcomes().values())
                           > before + 3, "requests")
                process.send_signal(signo)
                try:
                    said = process.communicate(timeout=60)[0]
                finally:
                    process.kill()
                self.assertRegex(said, r"^\d+ requests, ")
            self.assertEqual(process.returncode, 0)


class Recorder(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.bodies.append((time.monotonic(), body.decode()))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class Drift(unittest.TestCase):
    def test_it_begins_in_the_middle(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                             Recorder) as server:
            server.bodies = []
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            done = run("drift", "--rate", "100", "--seconds", "2", "--url",
                       f"http://127.0.0.1:{server.server_port}")
            server.shutdown()
            thread.join()
        self.assertEqual(done.returncode, 0, done.stderr)
        # The first asks whether there is a server: the run begins after it.
        middle = server.bodies[0][0] + 1
        self.assertGreaterEqual(len(server.bodies), 2)
        for at, body in server.bodies:
            if at < middle:
                self.assertNotIn("Something new", body)
        self.assertTrue(any("Something new" in body
                            for _, body in server.bodies))


class Failures(unittest.TestCase):
    def test_no_server_is_told(self):
        done = run("--url", "http://127.0.0.1:1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("http://127.0.0.1:1 does not answer", done.stderr)

    def test_wrong_arguments_are_told(self):
        for args, says in ((["--rate", "0"], "0.1 to 10000"),
                           (["--url", "ftp://x"], "give http://HOST:PORT"),
                           (["--errors", "101"], "0 to 100"),
                           (["--seconds", "-1"], "0 to 1000000"),
                           (["storm"], "invalid choice: 'storm'")):
            done = run(*args)
            self.assertEqual(done.returncode, 2)
            self.assertIn(says, done.stderr)

    def test_rows_that_are_none_are_told_with_their_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as f:
            f.write('{"a": 1}\n[1]\n')
            f.flush()
            done = run("--data", f.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{f.name}:2: not a JSON object", done.stderr)
        done = run("--data", "/nonexistent")
        self.assertIn("cannot read /nonexistent", done.stderr)


if __name__ == "__main__":
    tap.main()
