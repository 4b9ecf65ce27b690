#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""docs/models.md names the classes that are read, each, and no other."""
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap  # noqa: E402

SRC = pathlib.Path(tap.SRCDIR)
# Told by the case of their words, which no option's name has.
CLASS = re.compile(r"`([A-Z]+[a-z][A-Za-z]*|[A-Z]{3,})`")
NO_USERS_BUSINESS = {"TreePredictor"}
NOT_IN_THE_TABLE = {"LabelEncoder",  # of the target: only its classes are left
                    "ZipMap"}        # of ONNX


class Models(unittest.TestCase):
    def test_each_class_that_is_read_is_named(self):
        table = (SRC / "src/import/sklearn_classes.def").read_text()
        read = {name for name in re.findall(
            r'^CLASS\(\s*"[^"]+",\s*"([^"]+)"', table, re.M)
            if not name.startswith("_")} - NO_USERS_BUSINESS
        self.assertGreater(len(read), 100)
        named = set(CLASS.findall((SRC / "docs/models.md").read_text()))
        self.assertEqual(read - named, set(), "not in docs/models.md")
        self.assertEqual(named - read - NOT_IN_THE_TABLE, set(), "not read")


if __name__ == "__main__":
    tap.main()
