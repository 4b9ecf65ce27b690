#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each allocation, map, file, pipe, socket, read, write and fork fails once
(fail.c): the program says so and ends, or does without and is right. None
dies of a signal, hangs, or leaves a wrong result; a service serves right
after it.

`make check-fault` tries every call, `make check` some of them: a build with
sanitizers, whose malloc must be the first, has none of it. LS_FAULT_TRIES
says how many tries a test has.
"""
import http.client
import json
import mmap
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "system"))
import service  # noqa: E402
import tap  # noqa: E402
from service import Service, wait_until  # noqa: E402

FAIL = service.BUILDDIR / "tests/fault/fail.so"
TRIES = int(os.environ.get("LS_FAULT_TRIES") or 6)
PATIENCE = 60
NEVER = 1 << 60
ENDS = "done", "given up"


class Walk(unittest.TestCase):
    last_calls = 0

    def setUp(self):
        if not FAIL.exists():
            self.skipTest("tests/fault/fail.so is not built")
        if b"libasan" in service.LIGHTSCORED.read_bytes():
            self.skipTest("sanitizers have a malloc of their own")
        folder = tempfile.TemporaryDirectory(prefix="lightscore-fault-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        page = self.dir / "page"
        page.write_bytes(bytes(4096))
        with open(page, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)

    def environment(self, program):
        return {"LD_PRELOAD": str(FAIL), "LS_FAIL_IN": program,
                "LS_FAIL_PAGE": str(self.dir / "page")}

    def fail_at(self, n):
        struct.pack_into("3q", self.page, 0, n, 0, 0)

    def calls(self):
        return struct.unpack_from("3q", self.page)[1]

    def has_failed(self):
        return struct.unpack_from("3q", self.page)[2] != 0

    def run_failing(self, n, program, *args, stdin=None):
        """(it failed a call, what came of it)"""
        self.fail_at(n)
        done = subprocess.run(
            [str(a) for a in (program, *args)], stdin=stdin or
            subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
            env={**os.environ, **self.environment(program.name)})
        failed, self.last_calls = self.has_failed(), self.calls()
        self.fail_at(0)
        return failed, done

    def walk(self, once):
        """Every call, or as many of them as there may be tries."""
        self.assertFalse(once(NEVER))
        calls = self.last_calls
        tries = 0
        for n in range(1, calls + 1, max(1, calls // TRIES)):
            once(n)
            tries += 1
        print(f"# {self.id()}: {calls} calls, {tries} tries", flush=True)

    def expect_said(self, n, done):
        """An end with a reason, not by a signal."""
        self.assertGreater(done.returncode, 0,
                           f"call {n}: {done.returncode} {done.stderr}")
        self.assertRegex(done.stderr.decode(), r"\S", f"call {n}: no reason")



class Commands(Walk):
    def test_import_writes_the_whole_image_or_none(self):
        source = service.SRCDIR / "models/churn/v1.joblib"
        image = self.dir / "v1.lsm"
        subprocess.run([service.LIGHTSCORE, "import", source, "-o", image],
                       check=True, stdout=subprocess.DEVNULL)
        rows = self.dir / "rows.json"
        rows.write_text(json.dumps(service.rows()[:20]))

        def answers():
            return subprocess.run(
                [service.LIGHTSCORE, "predict", image, rows], check=True,
                capture_output=True).stdout
        right = answers()

        def once(n):
            image.unlink(missing_ok=True)
            failed, done = self.run_failing(
                n, service.LIGHTSCORE, "import", source, "-o", image)
            if done.returncode != 0:
                self.expect_said(n, done)
            if image.exists():
                self.assertEqual(answers(), right, f"call {n}")
            else:
                self.assertNotEqual(done.returncode, 0, f"call {n}")
            left = set(os.listdir(self.dir)) - {
                "v1.lsm", "rows.json", "page"}
            self.assertEqual(left, set(), f"call {n}")
            return failed
        self.walk(once)

    def test_predict_gives_the_right_answers_or_none(self):
        image, rows = self.dir / "v1.lsm", self.dir / "rows.json"
        subprocess.run(
            [service.LIGHTSCORE, "import",
             service.SRCDIR / "models/churn/v1.joblib", "-o", image],
            check=True, stdout=subprocess.DEVNULL)
        rows.write_text(json.dumps(service.rows()[:20]))
        args = ("predict", image, rows)
        right = subprocess.run([service.LIGHTSCORE, *args], check=True,
                               capture_output=True).stdout

        def once(n):
            failed, done = self.run_failing(n, service.LIGHTSCORE, *args)
            if done.returncode == 0:
                self.assertEqual(done.stdout, right, f"call {n}")
            else:
                self.expect_said(n, done)
                self.assertTrue(right.startswith(done.stdout), f"call {n}")
            return failed
        self.walk(once)


class Served(Walk):
    """A service meets it, and serves right after it."""

    def setUp(self):
        super().setUp()
        service.lighttpd_or_skip()
        self.row = service.rows()[0]
        # Quicker to load than what training left.
        self.images = []
        for slot in ("v1", "v2"):
            image = self.dir / f"{slot}.lsm"
            subprocess.run(
                [service.LIGHTSCORE, "import", service.SRCDIR / "models/churn"
                 / f"{slot}.joblib", "-o", image], check=True,
                stdout=subprocess.DEVNULL)
            self.images += ["--model", f"{slot}={image}"]

    def service(self, program, *args):
        return Service("--workers", "1", *self.images, *args,
                       env=self.environment(program))

    def right(self, s):
        status, answer = s.predict(self.row)
        self.assertEqual(status, 200, answer)
        return answer

    def expect_no_signal(self, s, n):
        self.assertNotRegex(s.log(), r"died .*signal", f"call {n}")

    def reloads(self, s):
        """How the next one went."""
        before = [s.log().count(f"reload {how}") for how in ENDS]
        s.process.send_signal(signal.SIGHUP)
        return wait_until(lambda: [how for how, n in zip(ENDS, before)
                                   if s.log().count(f"reload {how}") > n],
                          "the end of a reload")[0]

    def walk_served(self, s, act):
        """What `act` does while a call fails; then all is right again."""
        right = self.right(s)

        def once(n):
            self.fail_at(n)
            act(n)
            failed, self.last_calls = self.has_failed(), self.calls()
            self.fail_at(0)
            if failed and self.reloads(s) != "done":
                self.fail(f"call {n}: no reload after it\n{s.log()[-2000:]}")
            if failed:
                s.wait_alone(1)
            self.assertEqual(self.right(s), right, f"call {n}")
            self.assertEqual(s.request("GET", "/metrics")[0], 200)
            self.expect_no_signal(s, n)
            return failed
        self.walk(once)

    def ask(self, s, n, *what):
        """An answer, be it a refusal or one that could not be written."""
        try:
            status, _, body = s.request(*what)
        except http.client.IncompleteRead:
            return
        self.assertIn(status, (200, 400, 408, 500, 502, 503, 504),
                      f"call {n}: {body}")
        if status != 200 and what[0] != "HEAD":
            self.assertIn("error", json.loads(body), f"call {n}")

    def test_a_worker_s_requests(self):
        with self.service("lightscore-worker") as s:
            body = json.dumps([self.row] * 3)

            def act(n):
                self.ask(s, n, "POST", "/v1/predict", body,
                         {"Content-Type": "application/json"})
                self.ask(s, n, "GET", "/info")
            self.walk_served(s, act)

    def test_a_worker_s_start(self):
        with self.service("lightscore-worker") as s:
            self.walk_served(s, lambda n: self.reloads(s))

    def test_a_scrape(self):
        with self.service("lightscore-exporter") as s:
            self.walk_served(s, lambda n: self.ask(s, n, "GET", "/metrics"))

    def test_a_reload(self):
        with self.service("lightscored") as s:
            self.walk_served(s, lambda n: self.reloads(s))

    def test_an_upgrade(self):
        """By itself; the calls go on in the program that takes over."""
        ends = "upgrade done", "upgrade given up"
        s = Service("--workers", "1", *self.images,
                    env=self.environment("lightscored"),
                    program=[service.LIGHTSCORED])
        with s:
            def act(n):
                before = [s.log().count(end) for end in ends]
                s.process.send_signal(signal.SIGUSR2)
                end, = wait_until(
                    lambda: [e for e, old in zip(ends, before)
                             if s.log().count(e) > old],
                    f"call {n}: the end of an upgrade")
                if end == ends[0]:
                    wait_until(lambda: re.search(
                        "reload (done|given up)",
                        s.log()[s.log().rindex(end):]),
                        f"call {n}: its reload")
            self.walk_served(s, act)

    def test_start_and_stop(self):
        right = None
        with self.service("none") as s:
            right = self.right(s)

        def once(n):
            s = self.service("lightscored")
            self.fail_at(n)
            s.launch()
            try:
                line = s.process.stdout.readline().decode()
                match = re.search(r":(\d+)$", line.strip())
                if match:
                    s.port = int(match[1])
                    self.assertEqual(self.right(s), right, f"call {n}")
                    self.assertEqual(s.request("GET", "/metrics")[0], 200)
                    s.process.send_signal(signal.SIGTERM)
                status = s.process.wait(PATIENCE)
                failed, self.last_calls = self.has_failed(), self.calls()
                if match:
                    self.assertEqual(status, 0, f"call {n}: {s.log()}")
                else:
                    self.assertGreater(status, 0, f"call {n}: {s.log()}")
                    self.assertRegex(s.log(), r"\S", f"call {n}: no reason")
                self.expect_no_signal(s, n)
            finally:
                self.fail_at(0)
                s.close()
            return failed
        self.walk(once)


if __name__ == "__main__":
    tap.main()
