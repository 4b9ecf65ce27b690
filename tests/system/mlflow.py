#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""MLflow's model directories: what is taken from them, each contradiction by
name, paths that lead out, and the trial of the saved example - on the command
line and as a model that a service loads."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import service
import tap
from service import Service, wait_until

GOLDEN = service.SRCDIR / "tests/golden/mlflow"


def run(*arguments):
    done = subprocess.run([service.LIGHTSCORE, *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=60, text=True)
    return done


class Directory(unittest.TestCase):
    """A copy of a saved model that a test changes."""
    model = "pipeline"

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-ml-"))
        self.dir = self.take(self.model)
        self.image = self.folder / "out.lsm"

    def tearDown(self):
        shutil.rmtree(self.folder)

    def take(self, name):
        to = self.folder / name
        shutil.copytree(GOLDEN / name, to)
        os.chmod(to, 0o755)
        for file in to.iterdir():
            os.chmod(file, 0o644)
        return to

    def edit(self, before, after, file="MLmodel"):
        text = (self.dir / file).read_text(encoding="utf-8")
        self.assertIn(before, text)
        (self.dir / file).write_text(text.replace(before, after),
                                     encoding="utf-8")

    def take_in(self, *options):
        return run("import", self.dir, "-o", self.image, *options)

    def inspect(self, *options):
        done = self.take_in(*options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(run("inspect", self.image, "--json").stdout)

    def columns(self, *options):
        return {c["name"]: c for c in self.inspect(*options)["inputs"]}

    def signature(self, columns):
        """Other columns for the signature."""
        text = (self.dir / "MLmodel").read_text(encoding="utf-8")
        text, n = re.subn(r"  inputs: '.*?'\n(?=  outputs)",
                          f"  inputs: '{json.dumps(columns)}'\n", text,
                          flags=re.S)
        self.assertEqual(n, 1)
        (self.dir / "MLmodel").write_text(text, encoding="utf-8")

    def assertRefused(self, sentence, *options):
        done = self.take_in(*options)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(sentence, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertFalse(self.image.exists())


NAMED = [{"type": "long", "name": "age", "required": True},
         {"type": "double", "name": "income", "required": True},
         {"type": "boolean", "name": "member", "required": True},
         {"type": "string", "name": "region", "required": True}]


def changed(i, **values):
    return [{**c, **(values if k == i else {})} for k, c in enumerate(NAMED)]


class Signature(Directory):
    def test_it_gives_kinds_order_and_facts(self):
        told = self.inspect()
        self.assertEqual([(c["name"], c["type"], c.get("booleans"))
                          for c in told["inputs"]],
                         [("age", "integer", False),
                          ("income", "number", False),
                          ("member", "number", True),
                          ("region", "text", None)])
        self.assertEqual(told["mlflow_version"], "3.17.2")
        self.assertEqual(len(told["model_uuid"]), 32)
        self.assertGreater(told["figures"]["trained_time"], 1.7e9)
        self.assertEqual(told["example"]["region"], "north")

    def test_its_order_is_the_order_for_people(self):
        self.signature(NAMED[::-1])
        self.assertEqual(list(self.columns()),
                         ["region", "member", "income", "age"])

    def test_a_whole_number_is_held_to_it(self):
        rows = self.folder / "rows.ndjson"
        row = {"age": 40, "income": 1, "member": True, "region": "x"}
        rows.write_text("".join(json.dumps({**row, "age": age}) + "\n"
                                for age in (40, 40.0, 40.5)))
        done = run("predict", self.dir, rows)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("row 3: Invalid type for age: expected int, got float",
                      done.stderr)

    def test_a_column_that_need_not_be_there(self):
        self.signature(changed(3, required=False))
        columns = self.columns()
        self.assertFalse(columns["region"]["required"])
        self.assertTrue(columns["age"]["required"])

    def test_contradictions_name_both_sides(self):
        cases = [
            (changed(0, type="string"), "the column age is a string, but the"
             " model reads it as a number"),
            (changed(3, type="double"), "the column region is a double, but"
             " the model reads it as a text"),
            (changed(1, type="binary"), "the column income is a binary, but"
             " the model reads it as a number"),
            (changed(0, name="years"), "the signature lacks age, which the"
             " model reads"),
            (NAMED + NAMED[:1], "has the column age twice"),
            ([{"type": "double"}] * 3, "the signature has 3 columns, the"
             " model 4"),
            ([{"type": "tensor", "tensor-spec":
               {"dtype": "float64", "shape": [-1, 4]}}], "the column region"
             " is a float64, but the model reads it as a text"),
            ([{"type": "tensor", "tensor-spec":
               {"dtype": "object", "shape": [-1, 7]}}], "the signature has 7"
             " columns, the model 4"),
            ([{"type": "tensor", "tensor-spec":
               {"dtype": "object", "shape": [-1, 2, 2]}}], "is no table"),
            ([{"name": "age"}], "a column of the signature has no type"),
            (NAMED[:1] + [{"type": "double"}], "some columns of the signature"
             " have a name and some have none"),
            ({"age": "long"}, "expected a list of columns"),
        ]
        for columns, sentence in cases:
            with self.subTest(sentence):
                self.signature(columns)
                self.assertRefused(sentence)

    def test_what_the_model_does_not_read_is_a_warning(self):
        self.signature(NAMED + [{"type": "string", "name": "note"}])
        self.assertIn("the signature has the column note, which the model"
                      " does not read", self.take_in().stdout)

    def test_the_schema_overrules_it(self):
        schema = self.folder / "pipeline.schema.yaml"
        schema.write_text("name: theirs\ninputs:\n  - name: income\n"
                          "    required: no\n    default: 0.5\n"
                          "  - {name: age, type: number}\n")
        columns = self.columns()
        self.assertEqual(list(columns), ["income", "age", "member", "region"])
        self.assertFalse(columns["income"]["required"])
        self.assertEqual(columns["age"]["type"], "number")
        schema.rename(self.dir / "model.schema.yaml")
        self.assertEqual(self.inspect()["name"], "theirs")


class Names(Directory):
    model = "booster"

    def test_they_are_for_a_model_without_any(self):
        self.assertEqual([(name, c["type"], c["booleans"])
                          for name, c in self.columns().items()],
                         [("age", "integer", False),
                          ("income", "number", False),
                          ("member", "number", True)])

    def test_their_number_must_be_right(self):
        self.signature(NAMED[:2])
        self.assertRefused("the signature has 2 columns, the model 3")


class Spaces(Directory):
    """LightGBM writes _ for a space in a name; the signature has the space.
    """
    model = "tensor"

    def setUp(self):
        super().setUp()
        self.edit("feature_names=Column_0 Column_1",
                  "feature_names=the_age in_come", "model.lgb")
        (self.dir / "serving_input_example.json").write_text(
            '[{"the age": 40, "in_come": 1}]')
        (self.dir / "serving_output_example.json").unlink()

    def test_the_signature_gives_them_back(self):
        self.signature([{"type": "double", "name": "the age"},
                        {"type": "double", "name": "in_come"}])
        self.assertEqual(list(self.columns()), ["the age", "in_come"])

    def test_one_that_is_both_is_left_alone(self):
        self.signature([{"type": "double", "name": "the age"},
                        {"type": "double", "name": "in_come"},
                        {"type": "double", "name": "the_age"}])
        (self.dir / "serving_input_example.json").write_text(
            '[{"the_age": 40, "in_come": 1}]')
        self.assertEqual(list(self.columns()), ["in_come", "the_age"])

    def test_without_a_signature_the_example_has_them(self):
        text = (self.dir / "MLmodel").read_text(encoding="utf-8")
        (self.dir / "MLmodel").write_text(re.sub(
            r"\nsignature:\n(  .*\n)*", "\n", text), encoding="utf-8")
        self.assertEqual(self.inspect()["example"],
                         {"the_age": 40, "in_come": 1})


class Booleans(Directory):
    """Without a signature, as MLflow 1 left it, the example shows them."""
    model = "booster"

    def test_the_example_shows_them(self):
        text = (self.dir / "MLmodel").read_text(encoding="utf-8")
        bare = re.sub(r"\nsignature:\n(  .*\n)*", "\n", text)
        self.assertNotEqual(bare, text)
        (self.dir / "MLmodel").write_text(
            bare + "saved_input_example_info:\n"
            "  artifact_path: input_example.json\n")
        (self.dir / "input_example.json").write_text("[[40, 1.5, true]]")
        self.assertEqual([c["booleans"] for c in self.columns().values()],
                         [False, False, True])
        told = json.loads(run("import", self.dir, "--explain",
                              "--json").stdout)
        self.assertIn("MLflow input example", told[2]["booleans"]["from"])
        self.image.unlink()
        # What a signature says holds; here that it is a number.
        (self.dir / "MLmodel").write_text(
            text + "saved_input_example_info:\n"
            "  artifact_path: input_example.json\n")
        self.signature([{**c, "type": "double"} for c in NAMED[:3]])
        self.assertRefused("Invalid type for member")


class Paths(Directory):
    def test_they_stay_inside(self):
        shutil.copy(self.dir / "model.pkl", self.folder / "model.pkl")
        os.symlink(self.folder / "model.pkl", self.dir / "link.pkl")
        os.symlink("model.pkl", self.dir / "beside.pkl")
        text = (self.dir / "MLmodel").read_text(encoding="utf-8")
        cases = [
            ("../model.pkl", "which is not inside of the directory"),
            ("a/../../model.pkl", "which is not inside of the directory"),
            (self.folder / "model.pkl", "which is not inside"),
            ("link.pkl", "is a link out of the directory"),
            ("gone.pkl", "cannot open"),
            ("''", "which is not inside of the directory"),
            (".", "is not a regular file"),
        ]
        for path, sentence in cases:
            with self.subTest(path):
                (self.dir / "MLmodel").write_text(text.replace(
                    "pickled_model: model.pkl", f"pickled_model: {path}"),
                    encoding="utf-8")
                self.assertRefused(sentence)
        (self.dir / "MLmodel").write_text(text.replace(
            "pickled_model: model.pkl", "pickled_model: ./beside.pkl"),
            encoding="utf-8")
        self.inspect()

    def test_no_file_of_the_directory_is_overwritten(self):
        for name in "model.pkl", "MLmodel":
            before = (self.dir / name).read_bytes()
            done = run("import", self.dir, "-o", self.dir / name)
            self.assertEqual(done.returncode, 1)
            self.assertIn("would be overwritten", done.stderr)
            self.assertEqual((self.dir / name).read_bytes(), before)
        for _ in range(2):
            self.assertEqual(run("import", self.dir, "-o",
                                 self.dir / "out.lsm").returncode, 0)

    def test_the_example_too(self):
        self.edit("serving_input_path: serving_input_example.json",
                  "serving_input_path: ../example.json")
        self.assertRefused("which is not inside of the directory")

    def test_flavors_that_cannot_be_read_are_named(self):
        text = (self.dir / "MLmodel").read_text(encoding="utf-8")
        only = text.replace("  sklearn:\n", "  keras:\n")
        (self.dir / "MLmodel").write_text(only, encoding="utf-8")
        self.assertRefused("is a model of the flavor keras, which is not")
        code = re.sub(r"  keras:\n(    .*\n)*", "", only)
        (self.dir / "MLmodel").write_text(code, encoding="utf-8")
        self.assertRefused("is a model of Python code (mlflow.sklearn),"
                           " which is never run")
        (self.dir / "MLmodel").write_text("artifact_path: model\n")
        self.assertRefused("MLmodel has no flavors")
        (self.dir / "MLmodel").unlink()
        self.assertRefused("is a directory without a file MLmodel")


class Trial(Directory):
    answers = "serving_output_example.json"
    example = "serving_input_example.json"

    def test_another_answer_is_no_model(self):
        (self.dir / self.answers).write_text("[[0.5, 0.5], [0.9, 0.1], [0, 1]]")
        self.assertRefused(f"{self.example}: row 1: probability_0 differs from"
                           " what was recorded by 0.499, more than 1e-06")
        (self.dir / self.answers).write_text("[0, 0, 1]")
        self.assertRefused("row 1: the model predicts another class than was"
                           " recorded")
        (self.dir / self.answers).write_text("[1, 0]")
        self.assertRefused("2 recorded answers for 3 rows")
        (self.dir / self.answers).write_text("[1, 2, 0]")
        self.assertRefused('row 2: the prediction "2.0" is no class of the'
                           " model, which has 0, 1")
        (self.dir / self.answers).write_text("[1, 0, 1]")
        self.inspect()

    def test_the_image_answers_as_was_recorded_without_the_directory(self):
        self.inspect()
        rows, answers = self.folder / "rows.json", self.folder / "told.json"
        split = json.loads((self.dir / self.example).read_text())
        split = split["dataframe_split"]
        rows.write_text(json.dumps([dict(zip(split["columns"], row))
                                    for row in split["data"]]))
        shutil.copy(self.dir / self.answers, answers)
        shutil.rmtree(self.dir)
        done = run("verify", self.image, "--data", rows,
                   "--expected", answers)
        self.assertEqual(done.returncode, 0, done.stderr)
        # No byte of it can change unnoticed.
        image = bytearray(self.image.read_bytes())
        image[len(image) // 2] ^= 1
        self.image.write_bytes(image)
        done = run("verify", self.image, "--data", rows,
                   "--expected", answers)
        self.assertEqual(done.returncode, 1, done.stdout)

    def test_every_form_of_an_example(self):
        rows = [{"age": 86, "income": 38292.45, "member": True,
                 "region": "north"},
                {"age": 63, "income": 25899.44, "member": False,
                 "region": "west"},
                {"age": 67, "income": 43634.76, "member": False,
                 "region": "west"}]
        lists = [list(row.values()) for row in rows]
        names = list(rows[0])
        for form in (
                {"dataframe_split": {"columns": names, "data": lists,
                                     "index": [0, 1, 2]}},
                {"dataframe_split": {"columns": [0, 1, 2, 3], "data": lists}},
                {"dataframe_split": {"data": lists}},
                {"dataframe_records": rows}, {"instances": rows},
                {"instances": lists}, {"inputs": lists, "params": {"a": 1}},
                {"inputs": {n: [row[n] for row in rows] for n in names}},
                {"inputs": {n: [[row[n]] for row in rows] for n in names}},
                {"columns": names, "data": lists}, rows, lists):
            with self.subTest(str(form)[:40]):
                (self.dir / self.example).write_text(json.dumps(form))
                self.assertEqual(self.inspect()["example"], rows[0])
        # One column more is none of the model's.
        for row in rows:
            row["note"] = "n"
        (self.dir / self.example).write_text(json.dumps(
            {"dataframe_records": rows}))
        self.assertNotIn("note", self.inspect()["example"])

    def test_an_example_that_the_model_refuses(self):
        self.edit('"north"', "3", self.example)
        self.assertRefused("Invalid type for region: expected str, got int")
        (self.dir / self.answers).unlink()
        self.assertRefused("Invalid type for region: expected str, got int")
        (self.dir / self.example).write_text('{"inputs": [[1, 2, true]]}')
        self.assertRefused("a row has 3 values for 4 columns")
        (self.dir / self.example).write_text('{"inputs": [[1, 2')
        self.assertRefused(self.example)

    def test_an_example_that_is_no_table_or_is_gone_is_a_warning(self):
        (self.dir / self.example).write_text('{"inputs": "text"}')
        self.assertIn("it is no table", self.take_in().stdout)
        (self.dir / self.example).write_text(
            '{"inputs": [[1, 2, true, {"a": 1}]]}')
        self.assertIn("it is no table", self.take_in().stdout)
        (self.dir / self.example).unlink()
        self.assertIn("is not used: it is not there", self.take_in().stdout)


class Served(Directory):
    """As a service takes it: at its start and at a reload."""

    def setUp(self):
        service.lighttpd_or_skip()
        super().setUp()

    def reload(self, s, expect):
        before = s.log().count(expect)
        s.process.send_signal(signal.SIGHUP)
        s.wait_log(expect, before + 1)

    def test_a_directory_is_served_and_a_worse_one_is_not(self):
        row = {"age": 86, "income": 38292.45, "member": True,
               "region": "north"}
        answers = self.dir / Trial.answers
        good = json.loads(answers.read_text(encoding="utf-8"))
        with Service("--model", f"v1={self.dir}", "--workers", "1") as s:
            status, answer = s.predict(row, "v1")
            self.assertEqual((status, answer["prediction"]), (200, 1))
            self.assertAlmostEqual(answer["probability"], good[0][1],
                                   delta=1e-12)
            answers.write_text("[0, 0, 1]")
            self.reload(s, "reload given up, the old models serve on: cannot"
                        " load model v1: ")
            self.assertIn("row 1: the model predicts another class than was"
                          " recorded", s.log())
            self.assertEqual(s.predict(row, "v1")[1], answer)
            told = run("status", "--state-dir", s.state_dir).stdout
            self.assertRegex(told, r"(?m)^reload      given up: cannot load"
                             r" model v1: .*: row 1: the model predicts"
                             r" another class than was recorded$")
            # The model that is there now is another one, and known to be.
            shutil.rmtree(self.dir)
            self.take("booster").rename(self.dir)
            self.reload(s, "reload done")
            del row["region"]
            # (The old worker may take one more request before it ends.)
            wait_until(lambda: s.predict(row, "v1")[0] == 200, "a 200")
            self.assertNotIn("given up", run(
                "status", "--state-dir", s.state_dir).stdout)
            self.assertEqual(s.stop(), 0)

    def test_one_that_fails_its_trial_never_starts(self):
        (self.dir / Trial.answers).write_text("[0, 0, 1]")
        s = Service("--model", f"v1={self.dir}", "--workers", "1").launch()
        try:
            self.assertEqual(s.process.wait(service.PATIENCE), 1)
            self.assertIn("row 1: the model predicts another class than was"
                          " recorded", s.log())
        finally:
            s.close()


if __name__ == "__main__":
    tap.main()
