#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The programs are hardened as configure found the compiler able to, and the
list of what they are linked with is what they are linked with."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap  # noqa: E402

BUILDDIR = pathlib.Path(tap.BUILDDIR)
PROGRAMS = ("lightscore", "lightscored", "lightscore-worker",
            "lightscore-exporter")
SYSTEM = ("libc.", "libm.", "ld-linux", "libgcc_s.", "libasan.", "libubsan.",
          "libpthread.", "libdl.", "librt.")


def readelf(flag, program):
    return subprocess.run(
        ["readelf", "-W", flag, BUILDDIR / program], text=True, check=True,
        capture_output=True, env=os.environ | {"LC_ALL": "C"}).stdout


def made_with(name):
    text = (BUILDDIR / "Makefile").read_text(encoding="utf-8")
    return re.search(rf"^{name} =(.*)$", text, re.M)[1].split()


@unittest.skipUnless(shutil.which("readelf"), "readelf is not installed")
class Programs(unittest.TestCase):
    def test_are_position_independent(self):
        for program in PROGRAMS:
            self.assertRegex(readelf("-h", program), r"Type:\s+DYN")

    def test_cannot_be_written_where_the_linker_wrote(self):
        flags = made_with("LS_LDHARDEN")
        for program in PROGRAMS:
            if "-Wl,-z,relro" in flags:
                self.assertIn("GNU_RELRO", readelf("-l", program))
            if "-Wl,-z,now" in flags:
                self.assertRegex(readelf("-d", program), r"FLAGS.*\bNOW\b")

    def test_have_no_memory_that_is_written_and_run(self):
        for program in PROGRAMS:
            segments = readelf("-l", program)
            self.assertNotRegex(segments, r"(?m)^ +\w+ .* RWE ")
            self.assertRegex(segments, r"(?m)^ +GNU_STACK .* RW +0x")

    def test_guard_their_stacks_and_copies(self):
        flags = made_with("LS_HARDEN")
        sanitized = made_with("LS_SANITIZE")
        for program in PROGRAMS:
            symbols = readelf("-s", program)
            if "-fstack-protector-strong" in flags:
                self.assertIn("__stack_chk_fail", symbols)
            if "-D_FORTIFY_SOURCE=2" in flags and not sanitized:
                self.assertRegex(symbols, r"__\w+_chk\b(?<!stack_chk)")

    def test_are_linked_with_what_the_list_says(self):
        with open(BUILDDIR / "lightscore.cdx.json", encoding="utf-8") as f:
            told = json.load(f)
        self.assertEqual(told["bomFormat"], "CycloneDX")
        listed = {p["value"] for c in told["components"]
                  for p in c["properties"]}
        linked = set()
        for program in PROGRAMS:
            for name in re.findall(r"NEEDED.*\[(.*)\]",
                                   readelf("-d", program)):
                if not name.startswith(SYSTEM):
                    linked.add(re.sub(r"(-0)?\.so\b.*", "", name))
        self.assertEqual(linked, listed)


if __name__ == "__main__":
    tap.main()
