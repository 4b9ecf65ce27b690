#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Runs the contract cases through a real `lightscore serve`.

The other runner, run_direct, reads the same file. What only a real service
can show is added at the end: the counters after all of it, and the shipped
models' reference answers.
"""
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap  # noqa: E402

CASES = os.path.join(tap.SRCDIR, "tests/cases/contract.test")
REFERENCE = os.path.join(tap.SRCDIR, "models/churn/reference.ndjson")
DEADLINE = 60


class Case:
    def __init__(self, name):
        self.id = name
        self.method = self.path = self.body = None
        self.headers = {}
        self.edits = []
        self.chunked = self.served = False
        self.statuses, self.kind, self.argument = [], None, ""
        self.texts = {}

    def take(self, line):
        word, _, rest = line.partition(" ")
        if word in ("error", "detail", "allow", "type", "location", "same"):
            self.texts[word] = rest
        elif word == "header":
            name, _, value = rest.partition(":")
            self.headers[name] = value.strip()
        elif word == "body":
            self.body = rest
        elif word in ("set", "drop", "add"):
            n, name, *text = rest.split(" ", 2)
            self.edits.append((word, int(n), name, *text))
        elif line == "chunked":
            self.chunked = True
        elif line == "served":
            self.served = True
        elif word == "expect":
            statuses, self.kind, *argument = rest.split(" ", 2)
            self.statuses = [int(s) for s in statuses.split("|")]
            self.argument = "".join(argument)
        elif self.method is None:
            self.method, self.path = word, rest
        else:
            raise ValueError(f"{CASES}: not understood: {line}")


def read_cases():
    record, cases = {}, {}
    with open(CASES, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            if word == "record":
                name, _, record[name] = rest.partition(" ")
            elif word == "case":
                case = cases[rest] = Case(rest)
            else:
                case.take(line)
    return record, cases


RECORD, ALL = read_cases()


def record_text(edits, n):
    changed = {name: text for word, i, name, *text in edits
               if i == n and word != "add"}
    members = [(name, changed.get(name, [text])[0])
               for name, text in RECORD.items() if changed.get(name) != []]
    members += [(name, text[0]) for word, i, name, *text in edits
                if i == n and word == "add"]
    return "{%s}" % ", ".join(f'"{name}": {text}' for name, text in members)


def repeated(what):
    word, _, rest = what.partition(" ")
    if word == "rows":
        first = next(iter(RECORD))
        return ",".join(record_text([("set", 0, first, str(i % 73))], 0)
                        for i in range(int(rest)))
    return rest * int(word)


def body_bytes(case):
    if case.body is None:
        return None
    text = re.sub(r"\$(\d)", lambda m: record_text(case.edits, int(m[1])),
                  case.body)
    text = re.sub(r"\$\{(\w+ .[^}]*)\}", lambda m: repeated(m[1]), text)
    parts = re.split(r"\$x([0-9a-f]{2})", text)
    return b"".join(bytes.fromhex(p) if i % 2 else p.encode()
                    for i, p in enumerate(parts))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Service:
    def __init__(self):
        self.state = tempfile.TemporaryDirectory(prefix="lightscore-cases-")
        self.process = subprocess.Popen(
            [os.path.join(tap.BUILDDIR, "lightscore"), "serve", "--listen",
             "127.0.0.1:0", "--workers", "2", "--state-dir", self.state.name],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"ready on http://([\d.]+):(\d+)", line)
        if not found:
            self.close()
            raise RuntimeError(f"serve did not start: {line!r}")
        self.address = found[1], int(found[2])

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.state.cleanup()
        return code

    def ask(self, method, path, body=None, headers={}, chunked=False):
        c = http.client.HTTPConnection(*self.address, timeout=DEADLINE)
        try:
            c.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                if value:
                    c.putheader(name, value)
            if chunked:
                c.putheader("Transfer-Encoding", "chunked")
            elif body is not None:
                c.putheader("Content-Length", str(len(body)))
            c.endheaders()
            try:
                if chunked:
                    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in
                                    (body[:7], body[7:100], body[100:], b""))
                c.send(body or b"")
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before it was sent; the answer says why
            return Answer(c.getresponse())
        finally:
            c.close()


class Contract(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(os.environ.get("LS_LIGHTTPD", "")):
            raise unittest.SkipTest("lighttpd is not installed")
        cls.service = Service()
        cls.answers = {}

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def answer(self, name):
        """Each case is sent once, by whoever needs its answer first."""
        if name not in self.answers:
            case = ALL[name]
            body = body_bytes(case)
            headers = dict(case.headers)
            if body is not None:
                headers.setdefault("Content-Type", "application/json")
            self.answers[name] = self.service.ask(
                case.method, case.path, body, headers, case.chunked)
        return self.answers[name]

    def is_prediction(self, case, v):
        self.assertEqual(set(v), {"prediction", "probability",
                                  "model_version"})
        self.assertIn(v["prediction"], ("Yes", "No"))
        self.assertTrue(0.5 <= v["probability"] <= 1)
        self.assertEqual(v["model_version"], case.path[1:3])

    def is_error(self, case, v):
        self.assertTrue(v["error"])
        self.assertEqual(case.texts.get("error", v["error"]), v["error"])
        self.assertIn(case.texts.get("detail", ""), v.get("detail", ""))

    def is_metrics(self, case, a):
        self.assertIn(b"\nml_predictions_total{", a.body)
        if "openmetrics" in case.headers.get("Accept", ""):
            self.assertTrue(a.body.endswith(b"# EOF\n"))
        if "name[]" in case.path:
            self.assertNotIn(b"http_requests_total", a.body)

    def check(self, case):
        a, texts = self.answer(case.id), case.texts
        self.assertIn(a.status, case.statuses, a.body[:400])
        if case.kind == "metrics":
            self.is_metrics(case, a)
        elif case.kind != "any":
            self.assertTrue(a.headers["Content-Type"].startswith(
                "application/json"), a.headers["Content-Type"])
            v = a.json()
            if case.kind == "prediction":
                self.is_prediction(case, v)
            elif case.kind == "predictions":
                self.assertEqual(len(v), int(case.argument))
                for one in v:
                    self.is_prediction(case, one)
            elif case.kind == "error":
                self.is_error(case, v)
            elif case.kind == "exact":
                self.assertEqual(v, json.loads(case.argument))
            else:
                self.assertEqual(case.kind, "json")
        if case.method == "HEAD":
            self.assertEqual(a.body, b"")
        for name in "allow", "location":
            if name in texts:
                self.assertEqual(a.headers[name], texts[name])
        if "type" in texts:
            self.assertTrue(a.headers["Content-Type"].startswith(
                texts["type"]))
        if "same" in texts:
            self.assertEqual(a.body, self.answer(texts["same"]).body)

    def test_zz_counters_hold_every_answer(self):
        """Runs last; sends what has not been sent."""
        want = {}
        for case in ALL.values():
            a = self.answer(case.id)
            route = re.fullmatch(r"/(v[12])/predict(\?.*)?", case.path)
            # What the web server refuses need not reach a model.
            if case.method != "POST" or not route or case.served:
                continue
            if a.status == 200:
                v = a.json()
                for one in v if isinstance(v, list) else [v]:
                    key = route[1], one["prediction"]
                    want[key] = want.get(key, 0) + 1
            else:
                result = ("no_input" if a.json()["error"] ==
                          "No input data provided" else "validation_error")
                want[route[1], result] = want.get((route[1], result), 0) + 1
        page = self.service.ask("GET", "/metrics").body.decode()
        got = {}
        for slot, result, n in re.findall(
                r'^ml_predictions_total\{model_version="(\w+)",'
                r'prediction_result="(\w+)",status="\w+"\} (\d+)', page, re.M):
            if int(n):
                got[slot, result] = int(n)
        over = got.get(("v1", "validation_error"), 0) - want[
            "v1", "validation_error"]
        self.assertIn(over, (0, 1))  # a body over the limit may be seen
        got["v1", "validation_error"] -= over
        self.assertEqual(got, want)

    def test_zz_reference_answers(self):
        """After the counters: it predicts too."""
        with open(REFERENCE, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        body = json.dumps([row["input"] for row in rows]).encode()
        for slot in "v1", "v2":
            a = self.service.ask("POST", f"/{slot}/predict", body,
                                 {"Content-Type": "application/json"})
            self.assertEqual(a.status, 200, a.body[:400])
            for row, got in zip(rows, a.json(), strict=True):
                want = row[slot]["prediction"]
                self.assertEqual(got["prediction"], want)
                self.assertAlmostEqual(
                    got["probability"], row[slot]["probabilities"][want],
                    delta=1e-12)


def add(case):
    def test(self):
        self.check(case)
    setattr(Contract, "test_" + case.id, test)


for each in ALL.values():
    add(each)

if __name__ == "__main__":
    tap.main()
