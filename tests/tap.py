# SPDX-License-Identifier: ISC
"""Run the unittest cases of a script and print TAP.

A test script ends with
    if __name__ == "__main__":
        tap.main()
and may be given names of tests (Class or Class.test) as arguments.
"""
import os
import sys
import traceback
import unittest

SRCDIR = os.environ.get("LS_SRCDIR") or os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))
BUILDDIR = os.environ.get("LS_BUILDDIR") or os.path.join(SRCDIR, "build")


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.n = 0
        self.bad = 0

    def line(self, ok, test, note=""):
        self.n += 1
        self.bad += not ok
        name = test.id().replace("__main__.", "")
        print(f"{'ok' if ok else 'not ok'} {self.n} - {name}{note}", flush=True)

    def told(self, err):
        for part in traceback.format_exception(*err):
            for text in part.rstrip().split("\n"):
                print(f"# {text}", flush=True)

    def addSuccess(self, test):
        self.line(True, test)

    def addFailure(self, test, err):
        self.line(False, test)
        self.told(err)

    addError = addFailure

    def addSkip(self, test, reason):
        self.line(True, test, f" # SKIP {reason}")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.line(False, subtest)
            self.told(err)


def main():
    loader = unittest.TestLoader()
    module = sys.modules["__main__"]
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:], module)
    else:
        suite = loader.loadTestsFromModule(module)
    result = Result()
    suite.run(result)
    print(f"1..{result.n}", flush=True)
    sys.exit(1 if result.bad else 0)
