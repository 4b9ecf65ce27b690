#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What README.md and lightscore-api(7) tell people to send to the shipped
models is sent, and answered as they say."""
import json
import pathlib
import re
import shlex
import sys
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import service  # noqa: E402
from service import SRCDIR, tap  # noqa: E402


def blocks(text):
    """The indented blocks of a Markdown text."""
    return [re.sub("(?m)^    ", "", b).strip() for b in
            re.findall(r"(?m)(?:^(?:    .*)?\n)+", text) if b.strip()]


def curl(command, files):
    """Method, path, headers and body of a curl command."""
    words = shlex.split(command.replace("\\\n", " "))
    method, body, headers, url = None, None, {}, None
    words = iter(words[1:])
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(words)
            if body.startswith("@"):
                body = files[body[1:]]
        elif word.startswith("-"):
            raise AssertionError(f"what is {word}?")
        else:
            url = word
    path = urllib.parse.urlsplit(url).path
    return method or ("POST" if body else "GET"), path, headers, body


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = service.Service("--workers", "1").start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def answer(self, command, files=()):
        method, path, headers, body = curl(command, files)
        status, _, got = self.service.request(method, path, body, headers)
        return status, got.decode()

    def test_readme(self):
        parts = [p for b in blocks((SRCDIR / "README.md").read_text())
                 for p in re.split(r"\n\n+", b)]
        checked = 0
        for command, want in zip(parts, parts[1:]):
            if not command.startswith("curl ") or not want.startswith("{"):
                continue
            _, got = self.answer(command)
            pattern = re.escape(want).replace(r"\.\.\.", ".*")
            self.assertRegex(got.strip(), f"^{pattern}$", command)
            checked += 1
        self.assertGreaterEqual(checked, 2)

    def test_manual(self):
        text = (SRCDIR / "man/lightscore-api.7").read_text()
        text = text.replace("\\e\n", "\\\n")
        record = json.dumps(service.rows()[0])
        commands = re.findall(r"^curl (?:.*\\\n)*.*$", text, re.M)
        self.assertEqual(len(commands), 2)
        for command in commands:
            status, _ = self.answer(command, {"customer.json": record})
            self.assertEqual(status, 200, command)


if __name__ == "__main__":
    tap.main()
