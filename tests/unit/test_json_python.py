#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Our JSON and Python's read the same texts the same way.

Python is the more lenient; where ours refuses more (NaN, lone surrogates,
U+0000, nesting, long numbers) the difference is spelled out in python_reads.
"""
import json
import os
import random
import re
import struct
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap  # noqa: E402

DEPTH = 32
RECORD = ('{"tenure": 12, "charges": 59.95, "none": null, "s": "\\u00e9\\n\\"'
          'x", "big": -1.5E+10, "t": true, "f": false, "o": {"a": [1, [], {}, '
          '0, -0, 0.0, 1e5]}, "e": "", "pair": "\\ud83d\\ude00", "raw": "é☃😀"}')
SEEDS = [RECORD, "[%s, %s]" % (RECORD, RECORD), "[]", "{}", "0", "-0", "1.0",
         '"x"', "true", "null", " [1 , 2,\t3\r\n] ", "[" * 32 + "]" * 32,
         '{"a":{"a":1},"a":2}', "\ufeff[1]", "1" * 63, "0." + "3" * 61]
BITS = list('{}[]:,"\\ \n\t0123456789+-.eEtfnulaurs/b') + [
    "null", "true", "false", "NaN", "Infinity", "-Infinity", '"a"', '"a":',
    "\\u0000", "\\ud800", "\\udc00", "\\u12", "\\x", "\x00", "\x1f", "\x7f",
    "1e400", "-1e-400", "00", "01", "1.", ".5", "0x1", "9" * 70, "é", "]]]",
    "[[[[", "\ufeff", "//", "'", "1e+", "5e-324", "1.7976931348623157e308",
    "2.2250738585072011e-308", "9007199254740993", "123456789012345678901"]
RAW = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x98",
       b"\x80", b"\xef\xbb\xbf"]


class Refused(Exception):
    pass


def refuse(_):
    raise Refused


def bits(kind, v):
    return kind + struct.pack(">d", v).hex()


def told(v):
    """The line json_tell prints for a value."""
    if v is None:
        return "0"
    if isinstance(v, (bytes, str)):
        if isinstance(v, str):
            if "\0" in v or re.search("[\ud800-\udfff]", v):
                raise Refused
            v = v.encode()
        return '"%s"' % v.hex()
    if v is True or v is False:
        return "T" if v else "F"
    if isinstance(v, Number):
        return v.told
    if isinstance(v, Pairs):
        return "{%s}" % "".join(told(k) + told(x) + " " for k, x in v)
    return "[%s]" % "".join(told(x) + " " for x in v)


class Number:
    def __init__(self, kind, text):
        if len(text) > 63:
            raise Refused
        self.told = bits(kind, float(text))


class Pairs(list):
    pass


def depth(v):
    if isinstance(v, Pairs):
        return 1 + max([depth(x) for _, x in v], default=0)
    if isinstance(v, list):
        return 1 + max([depth(x) for x in v], default=0)
    return 0


def python_reads(raw):
    try:
        text = raw.decode("utf-8")
        if text.startswith("\ufeff"):
            text = text[1:]
        v = json.loads(
            text, parse_constant=refuse, object_pairs_hook=Pairs,
            parse_int=lambda t: Number("i", t),
            parse_float=lambda t: Number("f", t))
        if depth(v) > DEPTH:
            raise Refused
        return told(v)
    except (ValueError, Refused, RecursionError):
        return None


def mutate(rng, raw):
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(raw) + 1)
        what = rng.randrange(6)
        if what == 0:
            raw = raw[:at] + rng.choice(BITS).encode() + raw[at:]
        elif what == 1:
            raw = raw[:at] + raw[at + rng.randint(1, 5):]
        elif what == 2:
            raw = raw[:at] + rng.choice(RAW) + raw[at:]
        elif what == 3:
            raw = raw[:at]
        elif what == 4:
            end = at + rng.randint(0, 20)
            raw = raw[:at] + raw[at:end] * 2 + raw[end:]
        else:
            bit = rng.choice(BITS).encode()
            raw = raw[:at] + bit + raw[at + len(bit):]
    return raw


class Json(unittest.TestCase):
    def test_agrees_with_python(self):
        rng = random.Random(11)
        texts = [s.encode() for s in SEEDS + BITS] + RAW
        for bit in BITS:
            texts += [("[%s]" % bit).encode(), ('"%s"' % bit).encode(),
                      ('{"k": %s}' % bit).encode(),
                      ("[1%s]" % bit).encode()]
        while len(texts) < 20000:
            texts.append(mutate(rng, rng.choice(SEEDS).encode()))
        out = subprocess.run(
            [os.path.join(tap.BUILDDIR, "tests/unit/json_tell")],
            input="".join(t.hex() + "\n" for t in texts), text=True,
            capture_output=True, check=True).stdout.split("\n")
        read = 0
        for raw, line in zip(texts, out):
            want = python_reads(raw)
            if want is None:
                self.assertTrue(line.startswith("no "), (raw, line))
            else:
                read += 1
                self.assertEqual(line, want, raw)
        self.assertEqual(len(out), len(texts) + 1)
        # The texts are no walk-over: many of either kind.
        self.assertGreater(read, 2000)
        self.assertGreater(len(texts) - read, 2000)


if __name__ == "__main__":
    tap.main()
