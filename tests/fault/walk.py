#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each allocation, map, file, pipe, socket, read, write and fork fails once
(fail.c): the program says so and ends, or does without and is right. None
dies of a signal, hangs, or leaves a wrong result.

`make check-fault` runs it, in a build without sanitizers. LS_FAULT_STEP says
how many calls apart the tries are, else every one is tried.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "system"))
import service  # noqa: E402
import tap  # noqa: E402

FAIL = service.BUILDDIR / "tests/fault/fail.so"
STEP = int(os.environ.get("LS_FAULT_STEP") or 1)
PATIENCE = 60


class Walk(unittest.TestCase):
    def setUp(self):
        if not FAIL.exists():
            self.skipTest("tests/fault/fail.so is not built")
        folder = tempfile.TemporaryDirectory(prefix="lightscore-fault-")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def run_failing(self, n, program, *args, stdin=None):
        """(it failed a call, what came of it)"""
        told = self.dir / "told"
        told.unlink(missing_ok=True)
        done = subprocess.run(
            [str(a) for a in (program, *args)], stdin=stdin or
            subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
            env={**os.environ, "LD_PRELOAD": str(FAIL), "LS_FAIL_AT": str(n),
                 "LS_FAIL_IN": program.name, "LS_FAIL_TOLD": str(told),
                 # What tells of a failed call is none of the program's.
                 "LIGHTSCORE_SANDBOX": "off"})
        return told.exists(), done

    def walk(self, once):
        n = tries = 1
        while once(n):
            n += STEP
            tries += 1
        print(f"# {self.id()}: {n} calls, {tries} tries", flush=True)

    def expect_said(self, n, done):
        """An end with a reason, not by a signal."""
        self.assertGreater(done.returncode, 0,
                           f"call {n}: {done.returncode} {done.stderr}")
        self.assertRegex(done.stderr.decode(), r"\S", f"call {n}: no reason")

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
                "v1.lsm", "rows.json", "told"}
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


if __name__ == "__main__":
    tap.main()
