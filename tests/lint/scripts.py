#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""scripts/lib.sh: the sum of test suites that CI believes, what is missing,
and the README's list of packages against the one that is installed."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ.get("LS_SRCDIR", "."), "tests"))
import tap  # noqa: E402

LIB = os.path.join(tap.SRCDIR, "scripts/lib.sh")

SUITE = """PASS: a 1 - x
====================
# TOTAL: {total}
# PASS:  {ok}
# SKIP:  {skip}
# XFAIL: 0
# FAIL:  {bad}
# XPASS: 0
# ERROR: {error}
====================
"""


def suite(ok, bad=0, skip=0, error=0):
    return SUITE.format(total=ok + bad + skip + error, ok=ok, bad=bad,
                        skip=skip, error=error)


def shell(script, *arguments):
    done = subprocess.run(["sh", "-euc", f'. "{LIB}"; {script}', "sh",
                           *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout


def tally(*logs):
    with tempfile.TemporaryDirectory() as folder:
        paths = [f"{folder}/{i}" for i in range(len(logs))]
        for path, log in zip(paths, logs):
            with open(path, "w") as f:
                f.write(log)
        return shell('tally "$@"', *paths)


class Tally(unittest.TestCase):
    def test_suites_are_summed_over_all_logs(self):
        self.assertEqual(
            tally(suite(3, skip=1), suite(4) + suite(5, skip=2)),
            (0, "12 passed, 0 failed, 3 skipped\n"))

    def test_a_failure_anywhere_fails(self):
        self.assertEqual(tally(suite(3), suite(4, bad=1)),
                         (1, "7 passed, 1 failed, 0 skipped\n"))

    def test_a_test_that_could_not_run_fails(self):
        self.assertEqual(tally(suite(3, error=1)),
                         (1, "3 passed, 1 failed, 0 skipped\n"))

    def test_nothing_run_is_no_success(self):
        self.assertEqual(tally("make: nothing to do\n"),
                         (1, "0 passed, 0 failed, 0 skipped\n"))


class Logged(unittest.TestCase):
    def test_the_status_is_the_command_s(self):
        with tempfile.TemporaryDirectory() as folder:
            log = f"{folder}/log"
            for status in 0, 3:
                self.assertEqual(
                    shell('logged "$1" sh -c "echo said; exit $2"', log,
                          str(status)), (status, "said\n"))
                with open(log) as f:
                    self.assertEqual(f.read(), "said\n")


class Packages(unittest.TestCase):
    def lists(self):
        _, said = shell('echo $packages_run; echo $packages_test')
        return [set(line.split()) for line in said.splitlines()]

    def test_what_is_not_there_is_missing(self):
        if subprocess.run("command -v dpkg-query", shell=True,
                          stdout=subprocess.DEVNULL).returncode:
            self.skipTest("not a Debian system")
        self.assertEqual(
            shell("packages_missing dpkg no-such-package-1 base-files"),
            (0, "no-such-package-1\n"))

    def test_the_readme_names_what_is_installed(self):
        with open(os.path.join(tap.SRCDIR, "README.md")) as f:
            rows = dict(re.findall(r"^\| to (build|serve|test) \| (.*) \|$",
                                   f.read(), re.M))
        to_run, to_test = self.lists()
        # curl is for the reader's own requests.
        self.assertEqual(set((rows["build"] + " " + rows["serve"]).split()),
                         to_run - {"curl"})
        self.assertEqual(set(rows["test"].split()), to_test)

    def test_the_debian_package_is_built_with_the_same_libraries(self):
        with open(os.path.join(tap.SRCDIR, "debian/control")) as f:
            field = re.search(r"^Build-Depends:(.*?)^\S", f.read(),
                              re.M | re.S)[1]
        libraries = {p for p in self.lists()[0]
                     if re.fullmatch(r"(lib|zlib).*-dev", p)} - {"libc6-dev"}
        self.assertEqual(
            {p for p in re.findall(r"[\w.+-]+", field.partition("libcmocka")[0])
             if p.endswith("-dev")}, libraries)


if __name__ == "__main__":
    tap.main()
