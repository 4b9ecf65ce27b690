#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The manual pages: clean mdoc, no command, option or program left out, and
examples that run as they stand."""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import tap

PROGRAM = os.path.join(tap.BUILDDIR, "lightscore")
CHURN = os.path.join(tap.SRCDIR, "models", "churn")


def pages():
    """Path of each page, by name: those written and those generated."""
    found = {}
    for folder in (tap.SRCDIR, tap.BUILDDIR):
        for path in glob.glob(os.path.join(folder, "man", "*.[1-9]")):
            found[os.path.basename(path)] = path
    return found


def words(page):
    """The text of a page without its macros' escapes."""
    with open(pages()[page], encoding="utf-8") as f:
        return f.read()


def told(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, text=True,
                          stdout=subprocess.PIPE, timeout=60).stdout


class Man(unittest.TestCase):
    def test_every_program_and_file_has_its_page(self):
        self.assertEqual(sorted(pages()), [
            "lightscore-api.7", "lightscore-exporter.8",
            "lightscore-metrics.7", "lightscore-model.5",
            "lightscore-worker.8", "lightscore.1", "lightscore.conf.5",
            "lightscored.8"])

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_pages_are_clean_mdoc(self):
        for name, path in pages().items():
            said = subprocess.run(["mandoc", "-T", "lint", path], text=True,
                                  stdout=subprocess.PIPE, timeout=60,
                                  stderr=subprocess.STDOUT).stdout
            # Our own pages need not be installed here.
            said = [line for line in said.splitlines()
                    if "referenced manual not found" not in line
                    and "outdated mandoc.db" not in line]
            self.assertEqual(said, [], name)

    def test_references_are_to_pages_that_are_there(self):
        names = set(pages())
        for name in names:
            for target, section in re.findall(r"^\.Xr (\S+) (\d)",
                                              words(name), re.M):
                if target.startswith("lightscore"):
                    self.assertIn(f"{target}.{section}", names, name)

    def test_every_command_and_option_is_described(self):
        page = words("lightscore.1")
        for command in re.findall(r"^  (\w+)", told("help"), re.M):
            self.assertIn(f"\n.It Cm {command}\n", page)
            if command == "serve":
                continue  # its options are the settings
            for option in re.findall(r"--([a-z-]+)", told("help", command)):
                if option not in ("help", "mdoc"):
                    self.assertIn(f"Fl -{option}", page, command)

    def test_every_setting_is_described(self):
        page = words("lightscore.conf.5")
        for name in re.findall(r"^#(\w+):", told("config", "--sample"),
                               re.M):
            self.assertRegex(page, rf"(?m)^\.(It )?Ic {name}\b")

    def test_every_key_of_a_schema_is_described(self):
        with open(os.path.join(tap.SRCDIR, "src/import/schema.def"),
                  encoding="utf-8") as table:
            keys = re.findall(r"^(?:MODEL|INPUT)\((\w+)\)", table.read(),
                              re.M)
        self.assertGreater(len(keys), 10)
        described = [word for line in re.findall(
            r"^\.It Ic (.*)$", words("lightscore-model.5"), re.M)
            for word in line.split(" , ")]
        self.assertEqual(sorted(keys), sorted(described))

    def test_examples_run(self):
        lines = re.findall(r"^\.Dl \$ (.*)$", words("lightscore.1"), re.M)
        self.assertGreater(len(lines), 4)
        with tempfile.TemporaryDirectory() as folder:
            for name, source in (("churn.joblib", "v1.joblib"),
                                 ("churn.schema.yaml", "v1.schema.yaml"),
                                 ("customers.csv",
                                  "telco-customer-churn.csv")):
                shutil.copy(os.path.join(CHURN, source),
                            os.path.join(folder, name))
            for line in lines:
                done = subprocess.run(
                    ["sh", "-ec", line], cwd=folder, text=True, timeout=120,
                    capture_output=True, env={
                        **os.environ,
                        "PATH": tap.BUILDDIR + ":" + os.environ["PATH"]})
                self.assertEqual((done.returncode, done.stderr), (0, ""),
                                 line)
            self.assertTrue(os.path.getsize(f"{folder}/scores.csv") > 1000)


if __name__ == "__main__":
    tap.main()
