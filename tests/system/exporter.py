#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""lightscore-exporter, spoken to as the web server speaks: FastCGI."""
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

EXPORTER = os.path.join(tap.BUILDDIR, "lightscore-exporter")
FIXTURE = os.path.join(tap.BUILDDIR, "tests/system/metrics_fixture")
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4; charset=utf-8"


def record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def pair(name, value):
    name, value = name.encode(), value.encode()
    lengths = b"".join(
        bytes([n]) if n < 128 else struct.pack(">I", n | 1 << 31)
        for n in (len(name), len(value)))
    return lengths + name + value


def read_all(s, n):
    got = b""
    while len(got) < n:
        part = s.recv(n - len(got))
        if not part:
            raise EOFError(f"{len(got)} of {n} bytes")
        got += part
    return got


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.status = int(self.headers["status"].split()[0])
        self.text = self.body.decode()


class Exporter:
    """The program with its socket on descriptor 0."""

    def __init__(self, folder):
        self.metrics = os.path.join(folder, "metrics")
        self.path = os.path.join(folder, "s")
        subprocess.run([FIXTURE, self.metrics], check=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        self.process = subprocess.Popen(
            [EXPORTER, "--metrics", self.metrics], stdin=self.listener)

    def ask(self, method="GET", uri="/metrics", accept=None, body=b""):
        path, _, query = uri.partition("?")
        params = {"REQUEST_METHOD": method, "REQUEST_URI": uri,
                  "SCRIPT_NAME": path, "PATH_INFO": "",
                  "QUERY_STRING": query, "SERVER_PROTOCOL": "HTTP/1.1",
                  "CONTENT_LENGTH": str(len(body))}
        if accept is not None:
            params["HTTP_ACCEPT"] = accept
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(60)
            s.connect(self.path)
            s.sendall(
                record(1, struct.pack(">HB5x", 1, 0))
                + record(4, b"".join(pair(*p) for p in params.items()))
                + record(4) + (record(5, body) if body else b"") + record(5))
            out = b""
            while True:
                _, kind, _, n, pad, _ = struct.unpack(
                    ">BBHHBB", read_all(s, 8))
                content = read_all(s, n + pad)[:n]
                if kind == 6:
                    out += content
                if kind == 3:
                    return Answer(out)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self.listener.close()
        return code


class Running(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.exporter = Exporter(folder.name)
        self.addCleanup(self.exporter.close)
        self.ask = self.exporter.ask

    def test_a_scrape_gets_the_sums_of_all_workers_as_text(self):
        a = self.ask()
        self.assertEqual((a.status, a.headers["content-type"]), (200, TEXT))
        self.assertEqual(int(a.headers["content-length"]), len(a.body))
        self.assertIn('ml_predictions_total{model_version="v1",'
                      'prediction_result="No",status="success"} 189\n', a.text)
        self.assertIn('ml_predictions_total{model_version="v1",'
                      'prediction_result="Yes",status="success"} 0\n', a.text)

    def test_openmetrics_is_answered_when_asked_for(self):
        a = self.ask(accept="application/openmetrics-text;version=1.0.0,"
                            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
        self.assertEqual((a.status, a.headers["content-type"]),
                         (200, OPENMETRICS))
        self.assertTrue(a.text.endswith("\n# EOF\n"))

    def test_head_has_the_head_of_get_and_no_body(self):
        a, b = self.ask("HEAD"), self.ask("GET")
        self.assertEqual(a.status, 200)
        self.assertEqual(a.headers, b.headers)
        self.assertEqual(a.body, b"")

    def test_names_asked_for_are_the_only_ones_answered(self):
        a = self.ask(uri="/metrics?name[]=model_loaded&name%5B%5D="
                         "ml_prediction_rows_bucket")
        names = {line.split()[2] for line in a.text.splitlines()
                 if line.startswith("# TYPE")}
        self.assertEqual(names, {"model_loaded", "ml_prediction_rows"})

    def test_another_method_gets_405_with_allow(self):
        for method in "POST", "PUT", "DELETE":
            a = self.ask(method, body=b"x=1")
            self.assertEqual((a.status, a.headers["allow"]),
                             (405, "GET, HEAD"))
            self.assertIn('"error"', a.text)

    def test_another_path_gets_404(self):
        self.assertEqual(self.ask(uri="/metrics/x").status, 404)

    def test_broken_requests_do_not_end_it(self):
        for raw in (b"", b"\0" * 8, b"GET /metrics HTTP/1.0\r\n\r\n",
                    record(1, struct.pack(">HB5x", 1, 0)),
                    record(1, struct.pack(">HB5x", 1, 0)) + record(4, b"\xff"),
                    os.urandom(512)):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.exporter.path)
                s.sendall(raw)
            self.assertEqual(self.ask().status, 200)

    def test_sigterm_ends_it_with_0(self):
        self.assertEqual(self.ask().status, 200)
        self.assertEqual(self.exporter.close(), 0)


class Refusing(unittest.TestCase):
    def run_on(self, path):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("\0lightscore-exporter-%d" % os.getpid())
            listener.listen(1)
            return subprocess.run([EXPORTER, "--metrics", path], timeout=60,
                                  stdin=listener, capture_output=True)

    def test_a_missing_file_is_said_with_its_path(self):
        got = self.run_on("/nonexistent/metrics")
        self.assertEqual(got.returncode, 1)
        self.assertIn(b"/nonexistent/metrics", got.stderr)

    def test_a_truncated_file_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "metrics")
            subprocess.run([FIXTURE, path], check=True)
            os.truncate(path, 65536)
            got = self.run_on(path)
        self.assertEqual(got.returncode, 1)
        self.assertIn(b"it has 65536 bytes and should have", got.stderr)

    def test_called_wrongly_it_says_how_to_call_it(self):
        for args in [], ["--metrics"], ["--no-such"], ["--metrics", "a", "b"]:
            got = subprocess.run([EXPORTER, *args], text=True, check=False,
                                 capture_output=True, timeout=60)
            self.assertEqual((got.returncode, got.stdout), (2, ""), args)
            self.assertIn("usage: lightscore-exporter", got.stderr)

    def test_help_and_version(self):
        for flag, said in ("--help", "usage: "), ("--version", "lightscore "):
            got = subprocess.run([EXPORTER, flag], text=True, check=False,
                                 capture_output=True, timeout=60)
            self.assertEqual((got.returncode, got.stderr), (0, ""))
            self.assertTrue(got.stdout.startswith(said), got.stdout)

    def test_what_does_not_listen_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "metrics")
            subprocess.run([FIXTURE, path], check=True)
            got = subprocess.run([EXPORTER, "--metrics", path], timeout=60,
                                 stdin=subprocess.DEVNULL, check=False,
                                 capture_output=True)
        self.assertEqual(got.returncode, 1)
        self.assertIn(b"not a listening socket", got.stderr)


if __name__ == "__main__":
    tap.main()
