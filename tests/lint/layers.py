#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every #include in src/ against src/LAYERS."""
import os
import pathlib
import re
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SOURCE = {".c", ".h", ".def"}


def read_layers(path):
    """{folder: those it may include}, and what is wrong with the file."""
    allowed, wrong = {}, []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.partition("#")[0].strip()
        if not line:
            continue
        folder, colon, below = line.partition(":")
        if not colon or folder in allowed:
            wrong.append(f"{path.name}:{number}: {line!r} is no new folder")
        for name in below.split():
            if name not in allowed:
                wrong.append(f"{path.name}:{number}: {folder} names {name}, "
                             "which does not stand above it")
        allowed[folder] = set(below.split())
    return allowed, wrong


def problems(src):
    """One line for each rule that a file under src breaks."""
    allowed, found = read_layers(src / "LAYERS")
    for path in sorted(p for p in src.glob("*/*") if p.suffix in SOURCE):
        folder = path.parent.name
        where = path.relative_to(src)
        if folder not in allowed:
            found.append(f"{where}: {folder} is not in LAYERS")
            continue
        includes = INCLUDE.findall(path.read_text())
        for name in includes:
            of, slash, _ = name.partition("/")
            if not slash:
                found.append(f"{where}: say whose {name} is")
            elif of != folder and of not in allowed[folder]:
                found.append(f"{where}: {folder} may not include {name}")
        own = f"{folder}/{path.stem}.h"
        if (path.suffix == ".c" and (src / own).exists()
                and includes[:1] != [own]):
            found.append(f"{where}: its own header comes first")
    return found


class Layers(unittest.TestCase):
    def test_every_include_goes_down(self):
        self.assertEqual(problems(pathlib.Path(tap.SRCDIR, "src")), [])


class Lint(unittest.TestCase):
    """That the above can fail."""

    def check(self, layers, files):
        with tempfile.TemporaryDirectory() as name:
            src = pathlib.Path(name)
            (src / "LAYERS").write_text(layers)
            for path, text in files.items():
                (src / path).parent.mkdir(exist_ok=True)
                (src / path).write_text(text)
            return problems(src)

    def test_it_is_silent_where_all_is_well(self):
        self.assertEqual(self.check("base:\nscore: base\n", {
            "base/err.h": "#include <stdio.h>\n",
            "score/score.h": "",
            "score/score.c": '#include "score/score.h"\n'
                             '#include "base/err.h"\n'}), [])

    def test_it_sees_a_sibling_included(self):
        got = self.check("base:\njson: base\nscore: base\n", {
            "json/json.h": "", "score/score.c": '# include "json/json.h"\n'})
        self.assertEqual(got, ["score/score.c: score may not include "
                               "json/json.h"])

    def test_it_sees_a_folder_that_is_not_in_layers(self):
        self.assertEqual(self.check("base:\n", {"new/x.c": ""}),
                         ["new/x.c: new is not in LAYERS"])

    def test_it_sees_a_cycle_written_down(self):
        self.assertIn("stand above it",
                      " ".join(self.check("a: b\nb: a\n", {})))

    def test_it_sees_a_header_that_is_not_first(self):
        got = self.check("base:\n", {
            "base/a.h": "", "base/b.h": "",
            "base/a.c": '#include "base/b.h"\n#include "base/a.h"\n'})
        self.assertEqual(got, ["base/a.c: its own header comes first"])


if __name__ == "__main__":
    tap.main()
