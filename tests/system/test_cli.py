#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The command line on real files: every command, and every way in which one
can be used wrongly, with its exit status and its sentence."""
import csv
import fcntl
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import tap

PROGRAM = os.path.join(tap.BUILDDIR, "lightscore")
CHURN = os.path.join(tap.SRCDIR, "models", "churn")
TELCO = os.path.join(tap.SRCDIR, "tests", "golden", "telco")
ESTIMATORS = os.path.join(tap.SRCDIR, "tests", "golden", "estimators")
DATA = os.path.join(CHURN, "telco-customer-churn.csv")

# Printed by tests/golden/churn_reference.py.
MEASURES = {
    "reference_accuracy": 0.8239386625017748,
    "reference_precision": 0.7109322602280349,
    "reference_recall": 0.5671482075976458,
    "reference_f1": 0.6309523809523809,
    "reference_roc_auc": 0.8733339806825211,
    "reference_brier": 0.12314073459273131,
    "reference_log_loss": 0.38285458606557854,
    "reference_ece": 0.018954080307843065,
}

ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not name.startswith("LIGHTSCORE_")}


def setUpModule():
    global folder, model
    folder = tempfile.mkdtemp(prefix="lightscore-cli-")
    ENVIRONMENT["HOME"] = folder
    # Root has none under its home.
    ENVIRONMENT["XDG_STATE_HOME"] = f"{folder}/.local/state"
    model = os.path.join(folder, "churn.lsm")
    done = run("import", os.path.join(CHURN, "v1.joblib"), "-o", model)
    if done.returncode != 0:
        raise AssertionError(done.stderr)


def tearDownModule():
    shutil.rmtree(folder)


def run(*arguments, stdin=b"", env=None):
    """Run a command to its end; output as text, or bytes for bytes in."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=120, cwd=folder,
                          env={**ENVIRONMENT, **(env or {})})
    done.stdout = done.stdout.decode()
    done.stderr = done.stderr.decode(errors="replace")
    return done


def path(name, content=None):
    where = os.path.join(folder, name)
    if content is not None:
        with open(where, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())
    return where


def read(name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as f:
        return f.read()


def reference():
    with open(os.path.join(CHURN, "reference.ndjson"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def customers(n):
    with open(DATA, encoding="utf-8", newline="") as f:
        rows = list(csv.reader(f))
    return rows[0], rows[1:n + 1]


def as_csv(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


class Case(unittest.TestCase):
    def assertFine(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def assertFails(self, done, status, sentence):
        """One line on stderr that has the sentence."""
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(sentence, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("lightscore"), done.stderr)


class Use(Case):
    def test_every_command_has_help(self):
        overview = run("help")
        self.assertFine(overview)
        names = re.findall(r"^  (\w+)", overview.stdout, re.M)
        self.assertEqual(names, ["serve", "import", "inspect", "predict",
                                 "verify", "bench", "status", "key",
                                 "config", "metrics", "help"])
        for name in names:
            for words in ([name, "--help"], ["help", name]):
                done = run(*words)
                self.assertFine(done)
        self.assertIn("--rejects FILE", run("help", "predict").stdout)
        serve = run("help", "serve").stdout
        self.assertIn("--request-limit", serve)
        self.assertIn("  --web-server, --no-web-server (default on)\n"
                      "      Run lighttpd", serve)
        self.assertIn("[--json | --mdoc]", run("help", "metrics").stdout)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^lightscore \d+\.\d+")

    def test_wrong_use_is_told_with_the_nearest_name(self):
        self.assertEqual(run().returncode, 2)
        for words, sentence in [
                (["inspct", "x"], 'did you mean inspect?'),
                (["frobnicate"], 'the command "frobnicate" is not known;'),
                (["predict"], "an argument is missing: FILE"),
                (["predict", "a", "b", "c"], '"c" is one too many'),
                (["predict", "a", "--ouput=csv"], "did you mean --output?"),
                (["predict", "a", "--output"], "needs a value"),
                (["predict", "a", "--output=xml"],
                 'the format "xml" is not known, give csv, json or ndjson'),
                (["inspect", "a", "--json=1"], "takes no value"),
                (["import", "a"], "say where to: -o FILE.lsm"),
                (["import", "a", "-o", "b", "--json"],
                 "--json is a form of --explain"),
                (["import", "a", "-o", "b", "--target", "c"],
                 "--target names a column of --reference"),
                (["verify", "a"], "say what to compare: --data FILE"),
                (["verify", "a", "--data", "b", "--expected", "c",
                  "--tolerance", "-1"], 'the tolerance "-1" is no number'),
                (["verify", "a", "--data", "b", "--expected", "c",
                  "--ulp", "1.5"], '"1.5" is no number of doubles'),
                (["verify", "a", "--data", "b", "--expected", "c", "--ulp",
                  "1", "--tolerance", "1"], "a --tolerance or an --ulp"),
                (["bench", "a", "--batch", "0"], "--batch takes up to"),
                (["bench", "a", "--batch", "1,,2"], "--batch takes up to"),
                (["config", "--worker=1"], "did you mean --workers?"),
                (["status", "--state-dirr=x"], "did you mean --state-dir?"),
                (["config", "--check"], "needs a value: FILE"),
                (["serve", "model.joblib"], 'the argument "model.joblib" is'
                 " not taken; a model is named by --model SLOT=FILE"),
                (["help", "servee"], "did you mean serve?")]:
            with self.subTest(words):
                self.assertFails(run(*words), 2, sentence)


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Completion(Case):
    def complete(self, *words):
        script = os.path.join(tap.SRCDIR, "src", "cli", "lightscore.bash")
        done = subprocess.run(
            ["bash", "-c", 'source "$0"; COMP_WORDS=("$@");'
             " COMP_CWORD=$(($# - 1)); _lightscore;"
             ' printf "%s\\n" "${COMPREPLY[@]}"', script, PROGRAM, *words],
            capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_commands_and_options_are_completed(self):
        self.assertEqual(self.complete("in"), ["inspect"])
        self.assertEqual(self.complete("predict", "--re"), ["--rejects"])
        self.assertEqual(self.complete("import", "--model"),
                         ["--model-version"])
        self.assertIn("--no-web-server", self.complete("serve", "--"))


class Import(Case):
    def test_what_was_found_is_said(self):
        done = run("import", os.path.join(CHURN, "v2.joblib"), "-o", "v2.lsm",
                   "--name", "leave", "--model-version", "7")
        self.assertFine(done)
        for words in ["leave", "7", "RandomForestClassifier",
                      "scikit-learn 1.7.2", "19: 3 numbers, 16 texts",
                      "No, Yes", "100,", "bytes, checksum"]:
            self.assertIn(words, done.stdout)

    def test_reference_measures_are_those_of_scikit_learn(self):
        done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                   "measured.lsm", "--reference", DATA, "--target", "Churn")
        self.assertFine(done)
        figures = json.loads(run("inspect", "--json",
                                 "measured.lsm").stdout)["figures"]
        self.assertEqual(figures["reference_rows"], 7043)
        for name, value in MEASURES.items():
            self.assertAlmostEqual(figures[name], value, delta=1e-12,
                                   msg=name)

    def test_reference_gives_ranges_where_the_schema_has_none(self):
        source = os.path.join(TELCO, "lr_ohe_model.joblib")
        self.assertFine(run("import", source, "-o", "plain.lsm"))
        self.assertFine(run("import", source, "-o", "ranged.lsm",
                            "--reference", path("ref.csv", as_csv(
                                *self.cleaned(50)))))
        ranges = {i["name"]: i.get("range") for i in json.loads(run(
            "inspect", "--json", "ranged.lsm").stdout)["inputs"]}
        header, rows = self.cleaned(50)
        charges = [float(r[header.index("MonthlyCharges")]) for r in rows]
        self.assertEqual(ranges["MonthlyCharges"],
                         [min(charges), max(charges)])
        plain = json.loads(run("inspect", "--json", "plain.lsm").stdout)
        self.assertFalse([i for i in plain["inputs"] if "range" in i])
        self.assertNotIn("reference_rows", plain["figures"])

    @staticmethod
    def cleaned(n):
        return customers(n)

    def test_wrong_references_are_refused_with_the_row(self):
        header, rows = customers(20)
        target, tenure = header.index("Churn"), header.index("tenure")
        for change, words, sentence in [
                ((4, target, "Perhaps"), ["--target", "Churn"],
                 'row 5: the target "Perhaps" is no class of the model,'
                 ' which has No, Yes'),
                ((6, tenure, "long"), ["--target", "Churn"],
                 "row 7: Invalid type for tenure"),
                (None, ["--target", "Gone"], "has no column Gone")]:
            bent = [list(r) for r in rows]
            if change:
                bent[change[0]][change[1]] = change[2]
            done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                       "bent.lsm", "--reference",
                       path("bent.csv", as_csv(header, bent)), *words)
            self.assertFails(done, 1, sentence)
            self.assertFalse(os.path.exists(path("bent.lsm")))
        done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                   "bent.lsm", "--reference", path("none.csv",
                                                   as_csv(header, [])))
        self.assertFails(done, 1, "has no rows")

    def test_an_example_that_would_be_refused_is_refused(self):
        with open(os.path.join(CHURN, "v1.schema.yaml"),
                  encoding="utf-8") as f:
            good = f.read()
        # Its first column is on the line below.
        line = good[:good.index("example:")].count("\n") + 2
        for old, new, sentence in [
                ("  tenure: 12\n", "  tenure: 12\n  tenrue: 3\n",
                 "the model has no input tenrue"),
                ("  tenure: 12\n", "", "Missing required features: tenure"),
                ("  tenure: 12\n", "  tenure: long\n",
                 "Invalid type for tenure: expected int or float, got str"),
                ('  SeniorCitizen: "No"\n', '  SeniorCitizen: "Perhaps"\n',
                 "Invalid value for SeniorCitizen: expected one of No, Yes"),
                ("  tenure: 12\n", "  tenure: 1e300\n",
                 "Invalid value for tenure: too large")]:
            self.assertIn(old, good)
            done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                       path("refused.lsm"), "--schema",
                       path("example.yaml", good.replace(old, new, 1)))
            self.assertFails(done, 1,
                             f"example.yaml:{line}: example: {sentence}")
            self.assertFalse(os.path.exists(path("refused.lsm")))

    def test_a_recorded_answer_is_held_to(self):
        with open(os.path.join(CHURN, "v1.schema.yaml"),
                  encoding="utf-8") as f:
            good = f.read()
        line = good[:good.index("answer:")].count("\n") + 1
        start, rest = good.index("answer:"), good.index("inputs:")
        for answer, sentence in [
                ('"Yes"', "row 1: the model predicts another class than was"
                 " recorded"),
                ('{probabilities: {"No": 0.8559842, "Yes": 0.15}}',
                 "row 1: probability_Yes differs from what was recorded by"
                 " 0.00598, more than 1e-06"),
                ('{prediction: "Perhaps"}', 'recorded answer: row 1: the'
                 ' prediction "Perhaps" is no class of the model'),
                ('{predicted: "No"}', 'unknown key "predicted", did you mean'
                 ' "prediction"?'), ("[1]", "the prediction is no label")]:
            with self.subTest(answer):
                done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                           path("refused.lsm"), "--schema",
                           path("answer.yaml", good[:start] + "answer: "
                                + answer + "\n" + good[rest:]))
                self.assertFails(done, 1, f"answer.yaml:{line}: ")
                self.assertIn(sentence, done.stderr)
                self.assertFalse(os.path.exists(path("refused.lsm")))
        for answer in ['"No"', '{prediction: "No", probability: 0.8559842}']:
            self.assertFine(run(
                "import", os.path.join(CHURN, "v1.joblib"), "-o",
                path("held.lsm"), "--schema",
                path("answer.yaml", good[:start] + "answer: " + answer
                     + "\n" + good[rest:])))
        self.assertFails(run(
            "import", os.path.join(CHURN, "v1.joblib"), "-o", "no.lsm",
            "--schema", path("answer.yaml", "answer: 1\n")), 1,
            "an answer without an example")

    def test_what_is_no_model_is_refused(self):
        for source, sentence in [
                ("/nonexistent/m.pkl", "No such file"),
                (folder, ""),
                (path("empty.pkl", b""), "empty"),
                (path("text.pkl", b"hello, world\n"), "text.pkl"),
                (os.path.join(TELCO, "bad_os_system.pkl"), "ever run"),
                (os.path.join(TELCO, "bad_truncated_z3.joblib"), "truncated"),
                (os.path.join(TELCO, "knn_model.joblib"),
                 "not supported")]:
            with self.subTest(source):
                done = run("import", source, "-o", "no.lsm")
                self.assertFails(done, 1, sentence)
                self.assertFalse(os.path.exists(path("no.lsm")))

    def test_a_place_that_cannot_be_written_is_said(self):
        done = run("import", os.path.join(CHURN, "v1.joblib"), "-o",
                   "/nonexistent/x.lsm")
        self.assertFails(done, 1, "/nonexistent/x.lsm: ")
        self.assertNotIn(".tmp", done.stderr)

    def test_a_compiled_model_is_checked_and_copied(self):
        with open(model, "rb") as f:
            image = f.read()
        copy = path("copy.lsm")
        self.assertFine(run("import", model, "-o", copy))
        with open(copy, "rb") as f:
            self.assertEqual(f.read(), image)
        for name, content, words, why in [
                ("cut.lsm", image[:-1], [], "where it should have"),
                ("whole.lsm", image, ["--name", "x"], "is compiled already"),
                ("whole.lsm", image, ["--explain"], "is compiled already")]:
            done = run("import", path(name, content), "-o",
                       path("none.lsm"), *words)
            self.assertFails(done, 1, why)
            self.assertFalse(os.path.exists(path("none.lsm")))

    def test_the_source_is_never_overwritten(self):
        with open(os.path.join(CHURN, "v1.joblib"), "rb") as f:
            content = f.read()
        source = path("mine.joblib", content)
        link = os.path.join(folder, "link.lsm")
        os.symlink(source, link)
        for out in source, link:
            self.assertFails(run("import", source, "-o", out), 1,
                             "would be overwritten")
        with open(source, "rb") as f:
            self.assertEqual(f.read(), content)

    def test_decisions_are_measured_without_probabilities(self):
        with open(os.path.join(ESTIMATORS, "input.json")) as f:
            rows = json.load(f)
        for name, right in (("linear_svc", True), ("one_class", False)):
            stem = os.path.join(ESTIMATORS, f"{name}_sk1.7.2")
            with open(stem + ".json") as f:
                labels = json.load(f)["predict"]
            data = path(f"{name}.csv", as_csv(
                [*rows[0], "y"],
                [[*row.values(), y] for row, y in zip(rows, labels)]))
            done = run("import", stem + ".joblib.z", "-o", "decides.lsm",
                       "--reference", data, "--target", "y")
            if not right:
                self.assertFails(done, 1, "the model knows one class only: "
                                 "leave --target out")
                continue
            self.assertFine(done)
            figures = json.loads(run("inspect", "decides.lsm",
                                     "--json").stdout)["figures"]
            self.assertEqual(figures["reference_accuracy"], 1)
            self.assertNotIn("reference_roc_auc", figures)


class Explain(Case):
    """Every line with where it came from; what is silent yields."""
    SOURCE = os.path.join(TELCO, "lr_ohe_model.joblib")

    def lines(self, *words):
        done = run("import", self.SOURCE, "--explain", "--json", *words)
        self.assertFine(done)
        return {column.pop("name"): column
                for column in json.loads(done.stdout)}

    def test_the_model_file_and_the_rules_alone(self):
        columns = self.lines()
        self.assertEqual(columns["tenure"]["kind"],
                         {"value": "number", "from": "model file"})
        self.assertEqual(columns["tenure"]["range"],
                         {"value": "not known", "from": "default rule"})
        self.assertEqual(columns["Contract"]["categories"],
                         {"value": "Month-to-month, One year, Two year",
                          "from": "model file"})
        self.assertEqual(columns["Contract"]["required"],
                         {"value": "yes", "from": "default rule"})
        self.assertNotIn("seen", columns["tenure"])
        self.assertNotIn("categories", columns["tenure"])
        self.assertNotIn("range", columns["Contract"])

    def test_names_of_several_targets(self):
        model = os.path.join(tap.SRCDIR, "tests/golden/several",
                             "chain_numbers_sk1.7.2.joblib.z")
        done = run("import", model, "--explain", "--json")
        self.assertFine(done)
        targets = [c["target"] for c in json.loads(done.stdout)
                   if "target" in c]
        self.assertGreater(len(targets), 1)
        self.assertEqual(targets[0],
                         {"value": "output_0", "from": "default rule"})
        names = [f"label {i}" for i in range(len(targets))]
        schema = path("targets.yaml", f"targets: {json.dumps(names)}\n")
        done = run("import", model, "--explain", "--schema", schema)
        self.assertFine(done)
        self.assertRegex(done.stdout, r"\ntargets\n  name +label 0 +"
                         r"\[schema .*targets.yaml:1\]\n")

    def test_the_schema_is_above_the_reference(self):
        schema = path("explain.yaml", "inputs:\n"
                      "  - name: tenure\n"
                      "    range: [0, 100]\n"
                      "    type: integer\n"
                      "  - {name: Contract, closed: yes, loose: yes,\n"
                      "     aliases: {0: Two year, m: Month-to-month},\n"
                      "     default: Two year, null: default}\n")
        header, rows = customers(40)
        rows[0][header.index("TechSupport")] = "Perhaps"
        data = path("explain.csv", as_csv(header, rows))
        columns = self.lines("--schema", schema, "--reference", data)
        self.assertEqual(columns["tenure"]["range"],
                         {"value": "0 to 100", "from": f"schema {schema}:3"})
        self.assertEqual(columns["tenure"]["kind"],
                         {"value": "integer", "from": f"schema {schema}:4"})
        self.assertEqual(columns["MonthlyCharges"]["range"]["from"],
                         f"reference data {data}")
        contract = columns["Contract"]
        self.assertEqual(
            [contract[line]["value"] for line in
             ("required", "null", "default", "closed", "loose", "aliases")],
            ["no", "the default", "Two year", "others are refused",
             "case and spaces do not matter",
             '0 is Two year, "m" is Month-to-month'])
        self.assertEqual({contract[line]["from"] for line in
                          ("required", "null", "default")},
                         {f"schema {schema}:7"})
        self.assertEqual(columns["TechSupport"]["seen"]["unknown"], 1)
        self.assertEqual(columns["tenure"]["seen"],
                         {"rows": 40, "missing": 0, "unknown": 0,
                          "whole": True, "from": f"reference data {data}"})
        done = run("import", self.SOURCE, "--explain", "--schema", schema,
                   "--reference", data, "-o", "explained.lsm")
        self.assertFine(done)
        self.assertRegex(done.stdout, r"(?m)^tenure\n  kind +integer +\[schema"
                         rf" {re.escape(schema)}:4\]\n  required +yes +"
                         r"\[default rule\]$")
        self.assertRegex(done.stdout, r"(?m)^  seen +0 % missing, 1 with an"
                         r" unknown category +\[reference data ")
        self.assertTrue(os.path.exists(path("explained.lsm")))

    def test_booleans_of_the_reference_are_taken(self):
        header, rows = customers(30)
        tenure = header.index("tenure")
        for i, row in enumerate(rows):
            row[tenure] = "True" if i % 2 else "False"
        data = path("booleans.csv", as_csv(header, rows))
        columns = self.lines("--reference", data)
        self.assertEqual(columns["tenure"]["booleans"],
                         {"value": "taken for 1 and 0",
                          "from": f"reference data {data}"})
        schema = path("no.yaml", "inputs: [{name: tenure, booleans: no}]\n")
        self.assertFails(run("import", self.SOURCE, "--explain", "--schema",
                             schema, "--reference", data), 1,
                         "row 1: Invalid type for tenure")
        # What else the schema says of the column says nothing of booleans.
        path("no.yaml", "inputs: [{name: tenure, range: [0, 1]}]\n")
        self.assertEqual(self.lines("--schema", schema, "--reference", data)
                         ["tenure"]["booleans"]["value"],
                         "taken for 1 and 0")


class Inspect(Case):
    def test_a_compiled_model_tells_what_its_source_tells(self):
        compiled = json.loads(run("inspect", model, "--json").stdout)
        source = json.loads(run("inspect", os.path.join(CHURN, "v1.joblib"),
                                "--json").stdout)
        # How a forest is scored was measured for each of them.
        for told in compiled, source:
            del told["checksum"]
            told["steps"] = [re.sub(r", (trees )?side by side[^,]*", "",
                                    step.partition(" -> ")[0])
                             for step in told["steps"]]
        self.assertEqual(compiled, source)
        self.assertEqual(compiled["classes"], ["No", "Yes"])
        self.assertEqual(compiled["inputs"][0]["name"], "gender")
        senior = compiled["inputs"][-1]
        self.assertEqual((senior["name"], senior["closed"]),
                         ("SeniorCitizen", True))
        self.assertIn({"from": 1, "to": "Yes"}, senior["aliases"])
        self.assertEqual(compiled["example"]["Contract"], "One year")

    def test_a_model_is_told_in_words(self):
        text = run("inspect", model).stdout
        self.assertRegex(text, r"tenure +number required; 0 to 72")
        self.assertRegex(text, r"SeniorCitizen +text +required; one of")
        self.assertIn("GradientBoostingClassifier", text)

    def test_a_models_words_do_not_speak_to_the_terminal(self):
        named = path("named.lsm")
        run("import", os.path.join(CHURN, "v1.joblib"), "-o", named,
            "--name", "\x1b[2Ja\nb")
        self.assertIn("  name        ?[2Ja?b\n", run("inspect", named).stdout)
        self.assertEqual(json.loads(run("inspect", named, "--json").stdout)
                         ["name"], "\x1b[2Ja\nb")

    def test_damaged_models_are_refused(self):
        with open(model, "rb") as f:
            image = f.read()
        for name, content in [
                ("cut.lsm", image[:len(image) // 2]),
                ("head.lsm", image[:12]),
                ("bent.lsm", image[:-9] + b"\xff" + image[-8:])]:
            for command in (["inspect"], ["predict"], ["bench"]):
                done = run(*command, path(name, content))
                self.assertFails(done, 1, name)


class Predict(Case):
    def test_answers_are_those_of_scikit_learn(self):
        rows = reference()
        given = "".join(json.dumps(r["input"]) + "\n" for r in rows)
        for version in ("v1", "v2"):
            done = run("predict", os.path.join(CHURN, f"{version}.joblib"),
                       stdin=given.encode())
            self.assertFine(done)
            got = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(len(got), len(rows))
            for answer, row in zip(got, rows):
                want = row[version]
                self.assertEqual(answer["prediction"], want["prediction"])
                for name, p in want["probabilities"].items():
                    self.assertAlmostEqual(answer["probabilities"][name], p,
                                           delta=1e-12)

    def test_every_format_gives_the_same_numbers(self):
        header, rows = customers(700)
        text = as_csv(header, rows)
        numbers = {"tenure", "MonthlyCharges", "TotalCharges"}
        objects = [{h: (float(v) if v.strip() else None) if h in numbers
                    else v for h, v in zip(header, row)} for row in rows]
        inputs = {
            "in.csv": text,
            "in.json": json.dumps(objects, indent=1),
            "in.ndjson": "\n".join(map(json.dumps, objects)),
        }
        want = None
        for name, content in inputs.items():
            path(name, content)
            for out in ("out.csv", "out.json", "out.ndjson"):
                self.assertFine(run("predict", model, name, "-o", out))
                text = read(out)
                if out == "out.json":
                    got = json.loads(text)
                elif out == "out.ndjson":
                    got = list(map(json.loads, text.splitlines()))
                else:
                    got = [{"prediction": r["prediction"], "probabilities": {
                        c: float(r["probability_" + c])
                        for c in ("No", "Yes")}}
                        for r in csv.DictReader(io.StringIO(text))]
                self.assertEqual(len(got), 700)
                want = want or got
                self.assertEqual(got, want, (name, out))

    def test_the_format_follows_option_name_and_input(self):
        header, rows = customers(2)
        text = as_csv(header, rows).encode()
        self.assertTrue(run("predict", model, stdin=text).stdout
                        .startswith("prediction,probability_No"))
        self.assertTrue(run("predict", model, "-", "--output=json",
                            stdin=text).stdout.startswith("[\n {"))
        run("predict", model, "-o", "x.jsonl", stdin=text)
        self.assertTrue(read("x.jsonl").startswith('{"prediction"'))
        run("predict", model, "-o", "x.json", "--output", "csv", stdin=text)
        self.assertTrue(read("x.json").startswith("prediction,"))
        run("predict", model, "-o", "plain", stdin=text)
        self.assertTrue(read("plain").startswith("prediction,"))
        self.assertFails(run("predict", model, "-o", "x.parquet", stdin=text),
                         2, 'no format is called "parquet"')
        self.assertFalse(os.path.exists(path("x.parquet")))
        self.assertFine(run("predict", model, "-o", "x.dat", "--output=csv",
                            stdin=text))
        done = run("predict", model, stdin=b" [] ")
        self.assertFine(done)
        self.assertEqual(json.loads(done.stdout), [])

    def test_csv_as_people_have_it(self):
        header, rows = customers(1)
        want = run("predict", model, stdin=as_csv(header, rows).encode())
        turned = as_csv(header[::-1], [rows[0][::-1]])
        quoted = "\r\n".join(",".join(f'"{c}"' for c in r)
                             for r in [header, rows[0]])
        for text in (turned, quoted, "\ufeff" + quoted + "\r\n\r\n",
                     as_csv(header, rows).replace("29.85", " 29.85 ")):
            done = run("predict", model, stdin=text.encode())
            self.assertFine(done)
            self.assertEqual(done.stdout, want.stdout)

    def test_words_for_booleans_are_taken_where_the_schema_says_so(self):
        schema = path("booleans.yaml", "inputs:\n  - name: tenure\n"
                      "    booleans: true\n")
        self.assertFine(run("import", os.path.join(CHURN, "v1.joblib"),
                            "--schema", schema, "-o", path("bool.lsm")))
        header, rows = customers(1)
        row = list(rows[0])
        tenure = header.index("tenure")
        for number, words in ((1, ("True", "true", " True ")),
                              (0, ("False", "false"))):
            row[tenure] = str(number)
            want = run("predict", "bool.lsm",
                       stdin=as_csv(header, [row]).encode())
            self.assertFine(want)
            for word in words:
                row[tenure] = word
                sent = as_csv(header, [row]).encode()
                done = run("predict", "bool.lsm", stdin=sent)
                self.assertFine(done)
                self.assertEqual(done.stdout, want.stdout, word)
                done = run("predict", model, stdin=sent)
                self.assertIn("tenure: expected int or float, got str",
                              done.stderr)
        row[tenure] = "yes"
        done = run("predict", "bool.lsm", stdin=as_csv(header, [row]).encode())
        self.assertIn("tenure: expected bool, int or float, got str",
                      done.stderr)
        self.assertIn("tenure               number required, may be a "
                      "boolean", run("inspect", "bool.lsm").stdout)

    def test_empty_cells_are_nulls_and_optional_columns_may_lack(self):
        header, rows = customers(1)
        charges = header.index("TotalCharges")
        empty = list(rows[0])
        empty[charges] = ""
        zero = list(rows[0])
        zero[charges] = "0"
        short = [h for h in header if h != "TotalCharges"]
        answers = {run("predict", model, stdin=text.encode()).stdout
                   for text in (as_csv(header, [empty]),
                                as_csv(header, [zero]),
                                as_csv(short, [[c for i, c in
                                                enumerate(rows[0])
                                                if i != charges]]))}
        self.assertEqual(len(answers), 1)
        empty[header.index("tenure")] = ""
        done = run("predict", model, stdin=as_csv(header, [empty]).encode())
        self.assertEqual(done.returncode, 1)
        self.assertIn("row 1: Invalid type for tenure: expected int or float,"
                      " got an empty cell", done.stderr)
        done = run("predict", model, stdin=json.dumps(
            [{**reference()[0]["input"], "tenure": None}]).encode())
        self.assertIn("got NoneType", done.stderr)

    def test_a_list_is_a_row_in_the_order_of_the_columns(self):
        source = os.path.join(TELCO, "lgb_rf_model.txt")
        with open(os.path.join(TELCO, "input_encoded.json"),
                  encoding="utf-8") as f:
            rows = json.load(f)[:3]
        rows[1] = rows[1][:-1]
        done = run("predict", source, path("lists.json", json.dumps(rows)))
        self.assertEqual(len(json.loads(done.stdout)), 2, done.stderr)
        self.assertIn(f"row 2: a list of {len(rows[1])} values for the"
                      f" {len(rows[0])} columns of the model", done.stderr)
        done = run("bench", source, path("lists.json",
                                         json.dumps(rows[:1])), "--json",
                   "--batch", "1")
        self.assertFine(done)

    def test_absent_columns_are_one_clear_error(self):
        done = run("predict", model, stdin=b"tenure,gender\n1,Male\n")
        self.assertFails(done, 1, "standard input has no column Partner,"
                         " Dependents, PhoneService")
        self.assertIn("which the model requires", done.stderr)
        for mark, word in ((";", "semicolons"), ("\t", "tabs")):
            done = run("predict", model, stdin=mark.join(
                ("tenure", "gender")).encode() + b"\n")
            self.assertFails(done, 1, f"its cells are separated by {word}: "
                             "separate them by commas")
        self.assertNotIn("separate", run("predict", model,
                                         stdin=b"tenure\n").stderr)
        self.assertFails(run("predict", model, stdin=b""), 1,
                         "is empty: the first line must name the columns")
        header, rows = customers(1)
        done = run("predict", model, stdin=as_csv(
            header + ["tenure"], [rows[0] + ["1"]]).encode())
        self.assertFails(done, 1, "has the column tenure twice")

    def bad_csv(self):
        header, rows = customers(6)
        rows[1][header.index("tenure")] = "soon"
        rows[3] = rows[3][:5]
        rows[4][header.index("SeniorCitizen")] = "maybe, or"
        return header, rows

    def test_bad_rows_are_told_and_the_good_ones_are_written(self):
        header, rows = self.bad_csv()
        done = run("predict", model, stdin=as_csv(header, rows).encode())
        self.assertEqual(done.returncode, 1)
        told = done.stderr.splitlines()
        self.assertEqual(len(told), 4)
        self.assertEqual(told[0], "lightscore: row 2: Invalid type for"
                         " tenure: expected int or float, got str")
        self.assertEqual(told[1], "lightscore: row 4: the row has 5 cells,"
                         " the header has 21")
        self.assertIn("row 5: Invalid value for SeniorCitizen", told[2])
        self.assertEqual(told[3], "lightscore: 3 of 6 rows could not be"
                         " scored")
        good = [rows[i] for i in (0, 2, 5)]
        self.assertEqual(done.stdout, run("predict", model, stdin=as_csv(
            header, good).encode()).stdout)

    def test_rejects_keep_number_reason_and_row_of_csv(self):
        header, rows = self.bad_csv()
        text = as_csv(header, rows)
        done = run("predict", model, "--rejects", "rejects.csv",
                   stdin=text.encode())
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr, "lightscore: 3 of 6 rows could not be"
                         " scored, see rejects.csv\n")
        kept = list(csv.reader(io.StringIO(read("rejects.csv"))))
        self.assertEqual(kept[0], ["row", "reason"] + header)
        self.assertEqual([r[0] for r in kept[1:]], ["2", "4", "5"])
        self.assertEqual([r[2:] for r in kept[1:]],
                         [rows[1], rows[3], rows[4]])
        self.assertIn("5 cells", kept[2][1])

    def test_rejects_keep_rows_of_json(self):
        good = reference()[0]["input"]
        lines = [json.dumps(good), '{"tenure": 1', "[1]", json.dumps(good),
                 json.dumps({**good, "tenure": "x"}), '"\\ud800"']
        done = run("predict", model, "--rejects", "rejects.ndjson",
                   path("mixed.ndjson", "\n".join(lines)))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("\n"), 2)
        kept = [json.loads(line) for line in
                read("rejects.ndjson").splitlines()]
        self.assertEqual([r["row"] for r in kept], [2, 3, 5, 6])
        self.assertEqual(kept[0]["input"], lines[1])
        self.assertEqual(kept[1]["input"], [1])
        self.assertEqual(kept[2]["input"], {**good, "tenure": "x"})
        self.assertIn("tenure", kept[2]["reason"])

    def test_rejects_have_all_that_is_wrong_with_a_row(self):
        good = reference()[0]["input"]
        bad = {**good, "tenure": "x", "SeniorCitizen": "perhaps",
               "gender": None}
        del bad["Contract"]
        done = run("predict", model, "--rejects", "rejects.ndjson",
                   path("bad.ndjson", json.dumps(bad) + "\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            json.loads(read("rejects.ndjson"))["reason"],
            "Missing required features: Contract; Invalid type for tenure:"
            " expected int or float, got str; Invalid type for gender:"
            " expected str, got NoneType; Invalid value for SeniorCitizen:"
            " expected one of No, Yes")
        # No more than a text for people, however many columns there are.
        done = run("predict", model, "--rejects", "rejects.ndjson",
                   path("bad.ndjson", json.dumps({c: [] for c in good})))
        self.assertEqual(
            json.loads(read("rejects.ndjson"))["reason"].count("; "), 18)

    def test_no_bad_row_leaves_an_empty_rejects_file(self):
        header, rows = customers(2)
        path("rejects.csv", "old\n")
        self.assertFine(run("predict", model, "--rejects", "rejects.csv",
                            stdin=as_csv(header, rows).encode()))
        self.assertEqual(read("rejects.csv").count("\n"), 1)

    def test_a_broken_list_is_told_with_its_place_and_leaves_no_file(self):
        good = json.dumps(reference()[0]["input"])
        for text, sentence in [
                (f"[{good}, {good}", "expected , or ]"),
                (f"[{good} {good}]", "expected , or ]"),
                (f"[{good}, {good[:50]}", "that begins here to end")]:
            done = run("predict", model, path("broken.json", text), "-o",
                       "none.json")
            self.assertFails(done, 1, sentence)
            self.assertRegex(done.stderr, r"broken\.json: byte \d+")
            self.assertFalse(os.path.exists(path("none.json")))

    def test_one_object_over_several_lines_is_a_row(self):
        done = run("predict", model, stdin=json.dumps(
            reference()[0]["input"], indent=2).encode())
        self.assertFine(done)
        self.assertEqual(json.loads(done.stdout)["prediction"],
                         reference()[0]["v1"]["prediction"])

    def test_lines_that_come_in_pieces_are_lines(self):
        good = json.dumps(reference()[0]["input"])
        text = f"{good}\n{{bad\n{good}\n".encode()
        with subprocess.Popen([PROGRAM, "predict", model],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE,
                              env=ENVIRONMENT) as child:
            child.stdin.write(text[:40])
            child.stdin.flush()
            deadline = time.monotonic() + 60
            while fcntl.ioctl(child.stdin, termios.FIONREAD,
                              b"\0" * 4) != b"\0" * 4:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.001)
            out, told = child.communicate(text[40:], 60)
        self.assertEqual(out.count(b"\n"), 2)
        self.assertIn(b"row 2: ", told)
        self.assertIn(b"1 of 3 rows", told)

    def test_a_regression_answers_with_a_number(self):
        source = os.path.join(TELCO, "linreg_model.joblib")
        with open(os.path.join(TELCO, "input.json"), encoding="utf-8") as f:
            columns = json.load(f)
        objects = columns if isinstance(columns, list) else None
        if objects is None:
            self.skipTest("another form of input")
        path("reg.json", json.dumps([o for o in objects if None
                                     not in o.values()][:5]))
        done = run("predict", source, "reg.json")
        self.assertFine(done)
        for answer in json.loads(done.stdout):
            self.assertEqual(list(answer), ["prediction"])
            self.assertIsInstance(answer["prediction"], float)
        done = run("predict", source, "reg.json", "--output=csv")
        self.assertEqual(done.stdout.splitlines()[0], "prediction")

    def test_what_has_no_probabilities_tells_none(self):
        data = os.path.join(ESTIMATORS, "input.json")
        for name, keys, header in [
                ("linear_svc", ["prediction"], "prediction"),
                ("isolation", ["prediction", "score"], "prediction,score"),
                ("linear_several", ["prediction"],
                 "prediction_0,prediction_1,prediction_2")]:
            source = os.path.join(ESTIMATORS, f"{name}_sk1.7.2.joblib.z")
            done = run("predict", source, data, "--output=json")
            self.assertFine(done)
            for answer in json.loads(done.stdout):
                self.assertEqual(list(answer), keys)
            csv = run("predict", source, data, "--output=csv")
            lines = csv.stdout.splitlines()
            self.assertEqual(lines[0], header)
            self.assertEqual({line.count(",") for line in lines},
                             {header.count(",")})
        self.assertEqual(len(answer["prediction"]), 3)
        done = run("inspect", source, "--json")
        self.assertEqual(json.loads(done.stdout)["outputs"], 3)

    def test_files_that_cannot_be_read_or_written_are_said(self):
        header, rows = customers(1)
        data = path("one.csv", as_csv(header, rows))
        for words, sentence in [
                ([model, "/nonexistent.csv"], "/nonexistent.csv"),
                (["/nonexistent.lsm", data], "/nonexistent.lsm"),
                ([model, data, "-o", "/nonexistent/x"], "/nonexistent/x"),
                ([model, data, "-o", folder], "is a directory"),
                ([model, data, "--rejects", "/nonexistent/x"],
                 "/nonexistent/x"),
                ([model, data, "-o", "/dev/full"], "No space left")]:
            with self.subTest(words):
                self.assertFails(run("predict", *words), 1, sentence)
        self.assertFalse([n for n in os.listdir(folder) if ".tmp" in n])

    def test_files_that_are_read_are_never_overwritten(self):
        header, rows = customers(1)
        data = path("kept.csv", as_csv(header, rows))
        both = os.path.join(folder, "both")
        self.assertFails(run("predict", model, data, "-o", data), 1,
                         "would be overwritten")
        self.assertFails(run("predict", model, data, "--rejects", data), 1,
                         "would be overwritten")
        self.assertFails(run("predict", model, data, "-o", both,
                             "--rejects", both), 1, "two outputs")
        with open(data, newline="") as f:
            self.assertEqual(f.read(), as_csv(header, rows))

    def test_not_utf8_is_a_bad_row(self):
        header, rows = customers(2)
        text = as_csv(header, rows).encode().replace(b"Female", b"Fem\xe9le")
        done = run("predict", model, stdin=text)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is not UTF-8", done.stderr)


class Streams(Case):
    ROWS = 200000

    @classmethod
    def setUpClass(cls):
        header, rows = customers(1000)
        block = as_csv(header, rows).split("\n", 1)
        cls.big = path("big.csv", block[0] + "\n" +
                       block[1] * (cls.ROWS // 1000))

    def test_many_rows_score_in_bounded_memory(self):
        out = path("big.out.csv")
        peak = 0
        with subprocess.Popen([PROGRAM, "predict", model, self.big, "-o",
                               out], env=ENVIRONMENT) as child:
            while child.poll() is None:
                with open(f"/proc/{child.pid}/status",
                          encoding="utf-8") as f:
                    for line in f:
                        if line.startswith("VmHWM:"):
                            peak = max(peak, int(line.split()[1]))
                time.sleep(0.005)
        self.assertEqual(child.returncode, 0)
        # Sanitizers keep a shadow of their own.
        if not sanitized():
            self.assertGreater(peak, 0)
            self.assertLess(peak, 16 << 10)
        with open(out, encoding="utf-8") as f:
            self.assertEqual(sum(1 for _ in f), self.ROWS + 1)

    def test_a_reader_that_goes_away_ends_it_quietly(self):
        with subprocess.Popen([PROGRAM, "predict", model, self.big],
                              stdout=subprocess.PIPE, cwd=folder,
                              stderr=subprocess.PIPE,
                              env=ENVIRONMENT) as child:
            child.stdout.readline()
            child.stdout.close()
            self.assertEqual(child.stderr.read(), b"")
            self.assertEqual(child.wait(60), 1)

    def test_a_stop_leaves_no_file_behind(self):
        child = subprocess.Popen(
            [PROGRAM, "predict", model, "-", "-o", "stopped.csv",
             "--rejects", "stopped.rejects"], stdin=subprocess.PIPE,
            cwd=folder, stderr=subprocess.PIPE, env=ENVIRONMENT)
        with open(self.big, "rb") as f:
            child.stdin.write(f.read(1 << 20))
            child.stdin.flush()
        deadline = time.monotonic() + 60
        while not any(n.startswith("stopped.csv.") and
                      os.path.getsize(path(n)) > 0
                      for n in os.listdir(folder)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(60), 1)
        self.assertEqual(child.stderr.read(), b"lightscore: stopped\n")
        child.stderr.close()
        child.stdin.close()
        self.assertFalse([n for n in os.listdir(folder)
                          if n.startswith("stopped")])

    def test_a_terminal_sees_how_far_it_is(self):
        master, slave = pty.openpty()
        child = subprocess.Popen(
            [PROGRAM, "predict", model, self.big], cwd=folder,
            stdout=subprocess.PIPE, stderr=slave, env=ENVIRONMENT)
        os.close(slave)
        # A full pipe holds it up for longer than a job without a bar takes.
        self.assertTrue(child.stdout.read(1))
        time.sleep(0.3)
        drain = threading.Thread(target=child.stdout.read)
        drain.start()
        seen = b""
        while True:
            try:
                got = os.read(master, 4096)
            except OSError:
                break
            if not got:
                break
            seen += got
        os.close(master)
        drain.join()
        child.stdout.close()
        self.assertEqual(child.wait(60), 0)
        self.assertRegex(seen, rb"\[#*\.*\] +\d+ %  \d+ rows")
        self.assertTrue(seen.endswith(b"\r\x1b[K"), seen[-40:])


class Several(Case):
    """A forest that predicts three labels, of 2, 3 and 4 classes."""

    @classmethod
    def setUpClass(cls):
        folder = os.path.join(tap.SRCDIR, "tests", "golden", "several")
        with open(os.path.join(folder, "forest_sk1.7.2.json")) as f:
            cls.want = json.load(f)
        with open(os.path.join(folder, "input.json")) as f:
            rows = json.load(f)
        cls.source = os.path.join(folder, "forest_sk1.7.2.joblib.z")
        cls.model = path("several.lsm", "")
        cls.schema = path("several.schema.yaml", "targets: [wet, warm, sky]"
                          "\nclasses: {3: clear}\n")
        done = run("import", cls.source, "--schema", cls.schema, "-o",
                   cls.model)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.told = done.stdout
        cls.data = path("several.ndjson", "".join(json.dumps(
            {f"x{i}": v for i, v in enumerate(row)}) + "\n"
            for row in rows))
        cls.labels = [["clear" if i == 2 and k == 3 else k
                       for i, k in enumerate(row)]
                      for row in cls.want["predict"]]

    def test_all_of_them_are_predicted(self):
        done = run("predict", self.model, self.data, "--output", "ndjson")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["prediction"] for r in rows], self.labels)
        classes = [["0", "1"], ["0", "1", "2"], ["0", "1", "2", "clear"]]
        for row, want in zip(rows, self.want["proba"]):
            got = row["probabilities"]
            self.assertEqual(list(got), ["wet", "warm", "sky"])
            for target, names, shares in zip(got.values(), classes, want):
                self.assertEqual(list(target), names)
                for name, share in zip(names, shares):
                    self.assertAlmostEqual(target[name], share, places=12)

    def test_csv_has_a_column_each(self):
        done = run("predict", self.model, self.data, "--output", "csv")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(list(rows[0]), [
            "prediction_wet", "prediction_warm", "prediction_sky",
            "probability_wet_0", "probability_wet_1", "probability_warm_0",
            "probability_warm_1", "probability_warm_2", "probability_sky_0",
            "probability_sky_1", "probability_sky_2",
            "probability_sky_clear"])
        self.assertEqual([[r[f"prediction_{t}"] for t in
                           ("wet", "warm", "sky")] for r in rows],
                         [[str(k) for k in row] for row in self.labels])

    def verify(self, expected, name):
        if not isinstance(expected, str):
            expected = json.dumps(expected)
        done = run("verify", self.model, "--data", self.data, "--expected",
                   path(name, expected), "--json", "--tolerance", "1e-12")
        return done

    def test_every_form_of_recorded_answers(self):
        proba = self.want["proba"]
        forms = {
            "labels.json": self.labels,
            "mlflow.json": {"predictions": self.labels},
            "rows.json": {"predict": self.labels, "proba": proba},
            "library.json": {"predict": self.labels, "proba": [
                [row[t] for row in proba] for t in range(3)]},
            "shares.json": proba,
            "served.json": [
                {"prediction": labels, "probability": [max(s) for s in p],
                 "model_version": "v1"}
                for labels, p in zip(self.labels, proba)],
        }
        for output in "csv", "json", "ndjson":
            forms["own." + output] = run("predict", self.model, self.data,
                                         "--output", output).stdout
        for name, form in forms.items():
            with self.subTest(name):
                done = self.verify(form, name)
                self.assertEqual(done.stderr, "")
                self.assertEqual(done.returncode, 0, done.stdout)
                told = json.loads(done.stdout)
                self.assertEqual((told["rows"], told["class_mismatches"]),
                                 (len(proba), 0))

    def test_what_differs_is_told_by_target(self):
        wrong = [list(row) for row in self.labels]
        wrong[4][2] = 0 if wrong[4][2] != 0 else 1
        done = self.verify(wrong, "wrong.json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["class_mismatches"], 1)
        shares = json.loads(json.dumps(self.want["proba"]))
        shares[5][1][2] += 0.25
        done = self.verify({"predict": self.labels, "proba": shares},
                           "far.json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["largest_difference"]
                         ["column"], "probability_warm_2")

    def test_answers_that_do_not_fit_are_an_error(self):
        cases = [
            ([[0, 1]], "the probabilities of each target"),
            ([{"prediction": 1}], "no list with a label of each target"),
            ([{"prediction": [0, 7, 0]}], "is no class of warm, which has"),
            ([{"probabilities": {"cold": {"0": 1}}}],
             "a target that the model has not"),
            ([{"prediction": [0, 0, 0], "probability": 1}],
             "no list with one of each target"),
            ({"classes": [0, 1], "predict": self.labels},
             "of several targets are not read"),
            ({"predict": self.labels, "proba": [[[1]], [[1]], [[1]]]},
             "not as many rows"),
        ]
        for expected, sentence in cases:
            with self.subTest(sentence):
                done = self.verify(expected, "bad.json")
                self.assertEqual(done.returncode, 1)
                self.assertIn(sentence, done.stderr)
        done = self.verify("prediction\n1\n", "bad.csv")
        self.assertIn("no column is called prediction_ and as a target",
                      done.stderr)

    def test_they_are_told_by_name(self):
        line = "answers     wet: 0, 1; warm: 0, 1, 2; sky: 0, 1, 2, clear\n"
        self.assertIn(line, self.told)
        self.assertIn(line, run("inspect", self.model).stdout)
        told = json.loads(run("inspect", self.model, "--json").stdout)
        self.assertEqual(told["targets"], [
            {"name": "wet", "classes": [0, 1]},
            {"name": "warm", "classes": [0, 1, 2]},
            {"name": "sky", "classes": [0, 1, 2, "clear"]}])
        self.assertNotIn("classes", told)

    def test_a_schema_that_does_not_fit_is_an_error(self):
        cases = [
            ("targets: [a, b]\n", "expected 3 names"),
            ("targets: [a, b, a]\n", "two targets are named"),
            ("targets: wet\n", "several.bad.yaml:1"),
            ("threshold: 0.3\n", "only a model of two classes"),
        ]
        for text, sentence in cases:
            with self.subTest(text):
                done = run("import", self.source, "--schema",
                           path("several.bad.yaml", text), "-o",
                           path("several.bad.lsm", ""))
                self.assertEqual(done.returncode, 1)
                self.assertIn(sentence, done.stderr)
        done = run("import", os.path.join(CHURN, "v1.joblib"), "--schema",
                   path("several.bad.yaml", "targets: [a]\n"), "-o",
                   path("several.bad.lsm", ""))
        self.assertIn("several have names", done.stderr)

    def test_an_answer_that_is_recorded_is_held_to(self):
        with open(self.data) as f:
            example = f.readline().strip()
        labels, proba = self.want["predict"][0], self.want["proba"][0]
        text = "\n".join([
            "targets: [wet, warm, sky]", f"example: {example}",
            "answer:", f"  prediction: {labels}",
            f"  probabilities: {{wet: {{0: {proba[0][0]}}}}}", ""])
        words = ["-o", path("several.try.lsm", ""), "--schema"]
        done = run("import", self.source, *words,
                   path("several.try.yaml", text))
        self.assertEqual(done.returncode, 0, done.stderr)
        wrong = text.replace(str(labels), str([1 - labels[0], *labels[1:]]))
        done = run("import", self.source, *words,
                   path("several.try.yaml", wrong))
        self.assertEqual(done.returncode, 1)
        self.assertIn("predicts another class", done.stderr)

    def test_reference_data_has_no_one_target(self):
        data = path("several.csv", "x0,x1,x2,x3,y\n1,2,3,4,0\n")
        words = ["import", self.source, "--reference", data, "-o",
                 path("several.ref.lsm", "")]
        done = run(*words, "--target", "y")
        self.assertEqual(done.returncode, 1)
        self.assertIn("predicts 3 targets", done.stderr)
        self.assertEqual(run(*words).returncode, 0)

    def test_it_is_measured(self):
        told = json.loads(run("bench", self.model, "--batch", "1",
                              "--json").stdout)
        self.assertTrue(told)


class Verify(Case):
    """The shipped model against its reference answers, in every form."""

    @classmethod
    def setUpClass(cls):
        answers = [row["v1"] for row in reference()]
        cls.data = path("verify.ndjson", "".join(
            json.dumps(row["input"]) + "\n" for row in reference()))
        cls.n = len(answers)
        cls.answers = answers
        cls.proba = [[a["probabilities"][c] for c in ("No", "Yes")]
                     for a in answers]

    def verify(self, expected, *words, name="expected.json"):
        if not isinstance(expected, str):
            expected = json.dumps(expected)
        return run("verify", model, "--data", self.data, "--expected",
                   path(name, expected), *words)

    def told(self, expected, *words, name="expected.json"):
        done = self.verify(expected, "--json", *words, name=name)
        self.assertEqual(done.stderr, "")
        told = json.loads(done.stdout)
        self.assertEqual(done.returncode, 0 if told["within"] else 1)
        return told

    def test_every_form_of_recorded_answers(self):
        labels = [a["prediction"] for a in self.answers]
        names = "id,probability_No,Yes\n"
        forms = {
            "list.json": self.answers,
            "lines.ndjson": "".join(json.dumps(a) + "\n"
                                    for a in self.answers),
            "sides.json": {"classes": ["No", "Yes"], "predict": labels,
                           "proba": self.proba},
            "turned.json": {"classes": ["Yes", "No"], "predict": labels,
                            "proba": [p[::-1] for p in self.proba]},
            "mlflow.json": {"predictions": labels},
            "served.json": [{"prediction": c, "probability": max(p),
                             "model_version": "v1"}
                            for c, p in zip(labels, self.proba)],
            "proba.json": self.proba,
            "labels.json": labels,
            "second.json": [p[1] for p in self.proba],
            "proba.csv": names + "".join(f"{i},{p[0]!r},{p[1]!r}\n"
                                         for i, p in enumerate(self.proba)),
            "labels.csv": "prediction\n" + "\n".join(labels) + "\n",
        }
        for name, form in forms.items():
            with self.subTest(name):
                told = self.told(form, "--tolerance", "1e-12", name=name)
                self.assertEqual((told["rows"], told["class_mismatches"]),
                                 (self.n, 0))
                self.assertLess(told["largest_difference"]["difference"],
                                1e-12)

    def test_our_own_answers_are_the_same_to_the_last_bit(self):
        for output in "csv", "json", "ndjson":
            expected = run("predict", model, self.data, "--output",
                           output).stdout
            done = self.verify(expected, "--ulp", "0", name="own." + output)
            self.assertFine(done)
            self.assertTrue(done.stdout.endswith("the same, to 0 ulp\n"))

    def test_what_differs_is_told_with_its_row_and_column(self):
        bent = [list(p) for p in self.proba]
        bent[41][1] += 1e-5
        told = self.told(bent)
        at = told["largest_difference"]
        self.assertEqual((at["row"], at["column"]), (42, "probability_Yes"))
        self.assertAlmostEqual(at["difference"], 1e-5, delta=1e-12)
        self.assertGreater(at["ulp"], 1000)
        self.assertFalse(told["within"])
        self.assertTrue(self.told(bent, "--tolerance", "2e-5")["within"])
        self.assertFalse(self.told(bent, "--ulp", "1000")["within"])
        done = self.verify(bent)
        self.assertEqual(done.returncode, 1)
        self.assertIn("at row 42, probability_Yes\n", done.stdout)
        self.assertIn("not the same, to 1e-06\n", done.stdout)

    def test_classes_and_refusals_that_differ_are_counted(self):
        labels = [a["prediction"] for a in self.answers]
        labels[3] = "Yes" if labels[3] == "No" else "No"
        labels[7] = None
        done = self.verify(labels)
        self.assertEqual(done.returncode, 1)
        self.assertIn("class mismatches     1, the first at row 4\n",
                      done.stdout)
        self.assertIn("refusals that differ 1, the first at row 8: it is"
                      " scored, and no answer is recorded\n", done.stdout)

    def test_answers_that_do_not_fit_are_refused(self):
        labels = [a["prediction"] for a in self.answers]
        for name, form, sentence in [
                ("few.json", labels[:-1], "has more rows than the"),
                ("many.json", labels + labels, "recorded answers"),
                ("other.json", labels[:-1] + ["Perhaps"],
                 f'row {self.n}: the prediction "Perhaps" is no class'),
                ("wide.json", [[0.1, 0.2, 0.7]], "row 1: expected a list"
                 " with the probability of each class"),
                ("named.json", [{"probabilities": {"Maybe": 1}}],
                 'row 1: the probability of "Maybe" is no class'),
                ("empty.json", [{}], "row 1: neither a prediction nor"),
                ("turned.json", {"classes": ["A", "B"], "predict": labels,
                                 "proba": self.proba},
                 '"classes" has other classes than the model'),
                ("short.json", {"predict": labels, "proba": []},
                 '"proba" has 0 rows'),
                ("broken.json", '[{"prediction": "No"}', "broken.json: "),
                ("none.csv", "a,b\n1,2\n", "no column is called prediction"),
                ("text.csv", "Yes\nhalf\n", "row 1: a cell is no number")]:
            with self.subTest(name):
                self.assertFails(self.verify(form, name=name), 1, sentence)
        self.assertFails(run("verify", model, "--data", self.data,
                             "--expected", "gone.json"), 1, "gone.json")

    def test_a_regression(self):
        source = os.path.join(TELCO, "linreg_model.joblib")
        with open(os.path.join(TELCO, "linreg_expected.json"),
                  encoding="utf-8") as f:
            want = json.load(f)["predict"]
        rows = self.filled()
        data = path("regression.json", json.dumps(rows))
        for form in ({"predict": want}, want,
                     [{"prediction": v} for v in want]):
            self.assertFine(run("verify", source, "--data", data,
                                "--expected", path("r.json",
                                                   json.dumps(form)),
                                "--tolerance", "1e-12"))

    @staticmethod
    def filled():
        """The rows of the golden cases; a null is 0 there."""
        with open(os.path.join(TELCO, "input.json"), encoding="utf-8") as f:
            return [{**row, "TotalCharges": row["TotalCharges"] or 0.0}
                    for row in json.load(f)]


class Bench(Case):
    def test_figures_of_each_batch(self):
        done = run("bench", model, DATA, "--batch", "1,20", "--json")
        self.assertFine(done)
        results = json.loads(done.stdout)
        self.assertEqual([r["rows"] for r in results], [1, 20])
        for r in results:
            # Which is larger is not asked: the machine may be busy.
            self.assertGreater(r["score_ns_per_row"], 1)
            self.assertGreater(r["request_ns_per_row"], 1)
            self.assertAlmostEqual(r["request_rows_per_s"] *
                                   r["request_ns_per_row"], 1e9, delta=1)

    def test_rows_are_made_from_the_schema(self):
        done = run("bench", os.path.join(TELCO, "linreg_model.joblib"),
                   "--batch=3")
        self.assertFine(done)
        self.assertRegex(done.stdout, r"rows +score ns/row +request ns/row")
        self.assertRegex(done.stdout, r"(walks|side by side|no trees)\n")

    def test_data_that_does_not_fit_is_an_error(self):
        done = run("bench", model, path("bad.csv", "a\n1\n"))
        self.assertFails(done, 1, "bad.csv has no column")


class Status(Case):
    def test_no_service_is_said(self):
        done = run("status")
        self.assertFails(done, 1, "no service has run with the state"
                         f" directory {folder}/.local/state/lightscore/")

    def test_a_file_that_is_none_is_refused(self):
        os.makedirs(path("wrong"), exist_ok=True)
        path("wrong/metrics", b"\0" * 5000)
        done = run("status", "--state-dir", path("wrong"))
        self.assertFails(done, 1, "wrong/metrics")

    def test_a_service_is_shown_and_watched(self):
        state = path("state")
        server = subprocess.Popen(
            [PROGRAM, "serve", "--no-web-server", "--workers=2",
             "--queue-limit=77",
             "--listen=127.0.0.1:0", f"--state-dir={state}",
             f"--model=churn={model}"], stdout=subprocess.PIPE, cwd=folder,
            stderr=subprocess.PIPE, env=ENVIRONMENT)
        try:
            self.wait_for_workers(state, 2)
            done = run("status", f"--state-dir={state}")
            self.assertFine(done)
            self.assertRegex(done.stdout, r"\nchurn +yes +0 ")
            self.assertRegex(done.stdout,
                             r"\nqueue +\d+, answered 503 beyond 77\n")
            watch = subprocess.Popen(
                [PROGRAM, "status", "--watch", f"--state-dir={state}"],
                stdout=subprocess.PIPE, cwd=folder, env=ENVIRONMENT)
            pages = 0
            while pages < 2:
                pages += watch.stdout.readline().startswith(b"model ")
            watch.send_signal(signal.SIGINT)
            watch.stdout.read()
            self.assertEqual(watch.wait(60), 0)
            watch.stdout.close()
        finally:
            server.terminate()
            server.communicate(timeout=60)
        self.assertEqual(server.returncode, 0)
        done = run("status", f"--state-dir={state}")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"\nchurn +no +0 ")
        done = run("status", f"--state-dir={state}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("not running", done.stdout)

    def wait_for_workers(self, state, n):
        deadline = time.monotonic() + 60
        while True:
            text = run("status", f"--state-dir={state}").stdout
            if len(re.findall(r"^\d+ +\d+  idle", text, re.M)) == n:
                return
            self.assertLess(time.monotonic(), deadline, text)


class Settings(Case):
    def test_flag_wins_over_environment_over_file(self):
        path("c.yaml", "workers: 2\nrows_limit: 3\nqueue_limit: 4\n"
             "models:\n  a: a.lsm\n")
        done = run("config", "-c", "c.yaml", "--json", "--workers=5",
                   "--model", "b=b.lsm", env={"LIGHTSCORE_WORKERS": "4",
                                              "LIGHTSCORE_ROWS_LIMIT": "7"})
        self.assertFine(done)
        told = json.loads(done.stdout)
        self.assertEqual({name: (s["value"], s["origin"], s["where"])
                          for name, s in told["settings"].items()
                          if s["origin"] != "default"}, {
            "workers": (5, "flag", "--workers"),
            "rows_limit": (7, "environment", "LIGHTSCORE_ROWS_LIMIT"),
            "queue_limit": (4, "file", "c.yaml:3")})
        self.assertEqual({slot: (m["file"], m["where"])
                          for slot, m in told["models"].items()},
                         {"a": ("a.lsm", "c.yaml:5"), "b": ("b.lsm",
                                                            "--model")})
        text = run("config", "-c", "c.yaml").stdout
        self.assertRegex(text, r"queue_limit +4 +c\.yaml:3")
        self.assertRegex(text, r"log_level +info +default")

    def test_what_is_not_said_is_shown_as_a_service_would_have_it(self):
        done = run("config", "--json", "--listen", "127.0.0.1:81")
        self.assertFine(done)
        told = json.loads(done.stdout)
        self.assertEqual(told["settings"]["state_dir"], {
            "value": f"{folder}/.local/state/lightscore/127.0.0.1-81",
            "origin": "default", "where": ""})
        self.assertEqual(
            {slot: (os.path.basename(m["file"]), m["origin"])
             for slot, m in told["models"].items()},
            {"v1": ("v1.joblib", "default"), "v2": ("v2.joblib", "default")})
        for model in told["models"].values():
            self.assertTrue(os.access(model["file"], os.R_OK))
        self.assertRegex(run("config").stdout,
                         r"models\.v1 +/.*/v1\.joblib +default\n")

    def test_files_that_a_checked_file_names_are_looked_for(self):
        path("one.lsm", "")
        for text, end in (("models:\n  a: one.lsm\n", "fine, 1 model\n"),
                          ("models:\n  a: one.lsm\n  b: one.lsm\n",
                           "fine, 2 models\n"),
                          ("workers: 1\n", "fine, no models: the shipped"
                           " ones are served\n")):
            done = run("config", "--check", path("good.yaml", text))
            self.assertFine(done)
            self.assertTrue(done.stdout.endswith(end), done.stdout)
        for text, sentence in (
                ("models:\n  a: none.lsm\n", "bad.yaml:2: models.a: cannot"
                 f" read the file {folder}/none.lsm: No such file"),
                ("models:\n  a: {file: one.lsm, schema: s.yaml}\n",
                 "bad.yaml:2: models.a: cannot read the schema"
                 f" {folder}/s.yaml: No such file")):
            self.assertFails(run("config", "--check",
                                 path("bad.yaml", text)), 1, sentence)

    def test_a_file_is_checked(self):
        done = run("config", "--check", path("good.yaml", "workers: 2\n"))
        self.assertFine(done)
        for text, sentence in [
                ("workers: 999\n", 'bad.yaml:1: workers: "999" cannot be'
                 ' used, give a number from 1 to 256, or auto'),
                ("wrkers: 1\n", 'bad.yaml:1: unknown key "wrkers", did you'
                 ' mean "workers"?'),
                ("a: [\n", "bad.yaml:2:1:"),
                ("a: &a [*a]\n", "anchors and aliases")]:
            done = run("config", "--check", path("bad.yaml", text))
            self.assertFails(done, 1, sentence)
        self.assertFails(run("config", env={"LIGHTSCORE_WORKERS": "no"}), 1,
                         'LIGHTSCORE_WORKERS: "no" cannot be used')

    def test_the_sample_can_be_used(self):
        sample = run("config", "--sample")
        self.assertFine(sample)
        self.assertFine(run("config", "--check",
                            path("sample.yaml", sample.stdout)))
        unmarked = re.sub(r"^#(?! \S)", "", sample.stdout, flags=re.M)
        for name in ("churn-v1.lsm", "churn-v2.joblib", "churn.schema.yaml"):
            path(name, "")
        self.assertFine(run("config", "--check",
                            path("sample.yaml", unmarked)))

    def test_metrics_are_listed(self):
        done = run("metrics", "--json")
        self.assertFine(done)
        listed = json.loads(done.stdout)
        names = [m["name"] for m in listed]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn("ml_predictions_total", names)
        text = run("metrics").stdout
        for m in listed:
            self.assertTrue(m["help"])
            self.assertIn(m["name"], text)


def sanitized():
    with open(PROGRAM, "rb") as f:
        return b"__asan_init" in f.read()


if __name__ == "__main__":
    tap.main()
