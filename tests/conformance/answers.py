#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The service says in its OpenAPI document what it answers: each case is a
kind of answer that was undocumented once, or a schema that was too loose or
too tight."""
import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from service import SRCDIR, Service, lighttpd_or_skip, rows, tap  # noqa: E402

GOLDEN = SRCDIR / "tests/golden"
MODELS = {
    "v1": SRCDIR / "models/churn/v1.joblib",
    "unused": GOLDEN / "telco/lr_3class_model.joblib",
    "hashed": GOLDEN / "boost/cat_1.2.10_depthwise.json",
}
JSON = {"Content-Type": "application/json"}


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lighttpd_or_skip()
        cls.service = Service("--workers", "1", "--request-limit", "64k", *(
            arg for slot, path in MODELS.items()
            for arg in ("--model", f"{slot}={path}"))).start()
        cls.addClassCleanup(cls.service.close)
        _, _, body = cls.service.request("GET", "/openapi.json")
        cls.api = json.loads(body)

    def expect(self, status, method, path, answer):
        """That status, and the form that the document gives it."""
        got, headers, body = answer
        self.assertEqual(got, status, body)
        told = self.api["paths"][path][method]["responses"][str(status)]
        (kind,) = told["content"]
        self.assertEqual(headers["Content-Type"], kind)
        if status != 200:
            self.assertIn("error", json.loads(body))

    def columns(self, slot):
        record = self.api["components"]["schemas"][f"{slot}_record"]
        return record["properties"]

    def example(self, slot):
        path = self.api["paths"][f"/{slot}/predict"]["post"]
        return path["requestBody"]["content"]["application/json"]["example"]

    def test_every_path_answers_200_as_documented(self):
        for path, operations in self.api["paths"].items():
            for method, told in operations.items():
                body = None
                if "requestBody" in told:
                    body = json.dumps(told["requestBody"]["content"][
                        "application/json"]["example"])
                with self.subTest(path=path):
                    self.expect(200, method, path, self.service.request(
                        method.upper(), path, body, JSON))

    def test_a_method_of_no_operation_is_405_whatever_its_body(self):
        """But for a GET with a body: servers differ on where it ends, so
        the web server refuses it."""
        for path, operations in self.api["paths"].items():
            wrong = "GET" if "post" in operations else "POST"
            for method in (wrong, "PUT", "DELETE", "PATCH"):
                for body in (None, "{}"):
                    with self.subTest(path=path, method=method, body=body):
                        status, headers, _ = self.service.request(
                            method, path, body, JSON)
                        if method == "GET" and body is not None:
                            self.assertEqual(status, 400)
                            continue
                        self.assertEqual(status, 405)
                        self.assertNotIn(method, headers["Allow"])

    def test_refusals_of_the_web_server_are_documented(self):
        path = "/v1/predict"
        self.expect(415, "post", path, self.service.request(
            "POST", path, "{}", JSON | {"Content-Encoding": "gzip"}))
        post, get = b"POST /v1/predict", b"GET /health"
        head = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        for first, last, status in (
                (get, b" \x01\r\n", "400"), (post, b"", "411"),
                (post, b"Content-Length: 70000\r\n", "413"),
                (post, b"X: %s\r\n" % (b"x" * 17000), "431"),
                (get, b"X: %s\r\n" % (b"x" * 17000), "431")):
            answer = self.service.raw(first + head + last + b"\r\n").decode()
            self.assertEqual(answer[9:12], status, (last[:9], answer))
            self.assertIn('\r\nContent-Type: application/json\r\n', answer)
            self.assertIn('\r\n\r\n{"error":', answer)
            method, where = first.decode().lower().split()
            self.assertIn(status,
                          self.api["paths"][where][method]["responses"])

    def test_every_operation_tells_of_what_no_request_is_to_blame_for(self):
        for path, operations in self.api["paths"].items():
            for method, told in operations.items():
                for status in ("400", "500", "503", "504"):
                    self.assertIn(status, told["responses"], (path, method))

    def test_a_column_that_no_step_reads_is_documented_as_anything(self):
        self.assertIn({}, self.columns("unused")["Contract"]["anyOf"])
        for value in ({}, [1], "x", True, None, -1e300):
            status, answer = self.service.predict(
                self.example("unused") | {"Contract": value}, "unused")
            self.assertEqual(status, 200, answer)

    def test_spellings_of_a_closed_column_are_a_pattern(self):
        choices = self.columns("v1")["SeniorCitizen"]["anyOf"]
        (pattern,) = (c["pattern"] for c in choices if "pattern" in c)
        self.assertNotIn({"type": "string"}, choices)
        for text in ("Yes", " yEs\n", "NO", "\t1", "", "Y", "yess", "no no"):
            status, answer = self.service.predict(
                rows()[0] | {"SeniorCitizen": text})
            self.assertEqual(status == 200, bool(re.search(pattern, text)),
                             (text, answer))

    def test_a_column_of_hashes_takes_texts_and_whole_numbers(self):
        columns = self.columns("hashed")
        names = [n for n, c in columns.items()
                 if {"type": "string"} in c["anyOf"]
                 and {"type": "integer"} in c["anyOf"]]
        self.assertTrue(names, columns)
        for value, status in (("new", 200), (7, 200), (7.5, 400)):
            got, answer = self.service.predict(
                self.example("hashed") | {names[0]: value}, "hashed")
            self.assertEqual(got, status, answer)


if __name__ == "__main__":
    tap.main()
