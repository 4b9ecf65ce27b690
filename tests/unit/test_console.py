#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The console's script, run by node over a page of its own making: what is
filled in is what is sent."""
import json
import os
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                ".."))
import tap

PAGES = os.path.join(tap.SRCDIR, "src", "api")

# As much of a page as the script asks for.
BROWSER = r"""
class Element {
  constructor(tag) { this.tag = tag; this.children = []; this.on = {}; }
  append(...c) { this.children.push(...c); }
  replaceChildren(...c) { this.children = c; }
  setAttribute(name, value) { this[name] = value; }
  addEventListener(type, f) { this.on[type] = f; }
  get value() {
    if (this.set !== undefined || this.tag !== "select") return this.set ?? "";
    const chosen = this.children.find(o => o.selected) || this.children[0];
    return chosen ? chosen.value : "";
  }
  set value(v) { this.set = String(v); }
  all() {
    return [this, ...this.children.filter(c => c instanceof Element)
      .flatMap(c => c.all())];
  }
}
const ids = {}, posted = [], shown_headers = [], kept = given.kept || {};
const sessionStorage = { getItem: name => kept[name] ?? null,
  setItem: (name, value) => { kept[name] = String(value); } };
const document = {
  createElement: tag => new Element(tag),
  getElementById: id => ids[id] ??= new Element(id),
};
const location = { origin: "http://here" };
const fetch = async (path, options) => {
  if (options) { posted.push(options.body); shown_headers.push(options.headers); }
  return { ok: true, status: 200, json: async () =>
    path === "/info" ? given.info : path === "/openapi.json" ? given.api :
    { prediction: 1 } };
};
"""

# Fill in, submit, and tell what was sent and what there was to fill in.
USE = r"""
setTimeout(async () => {
  const controls = ids.fields.children.map(c => c.all().filter(
    e => e.tag === "input" || e.tag === "select"));
  const shown = controls.map(([main]) => ({ tag: main.tag, list: main.list,
    name: main.name, value: main.value }));
  const options = ids.fields.all().filter(e => e.tag === "datalist")
    .map(e => [e.id, e.children.map(o => o.value)]);
  const boxes = controls.map(c => c.length - 1);
  given.fill.forEach(([i, what, value]) => {
    if (what === "null") {
      controls[i][1].checked = value;
      controls[i][1].on.change();
    } else controls[i][0].value = value;
  });
  const keys = ids.key ? ids.key.all().filter(e => e.tag === "input") : [];
  if (given.key != null) { keys[0].value = given.key; keys[0].on.input(); }
  await ids.form.on.submit({ preventDefault() {}, target: ids.form });
  console.log(JSON.stringify({ shown, options, boxes, posted, kept,
    headers: shown_headers, keys: keys.map(e => [e.type, e.autocomplete]),
    said: ids.answer.all().flatMap(e => e.children.filter(
      c => typeof c === "string")).join("\n"), state: ids.state.textContent }));
}, 20);
"""

NUMBER, TEXT = {"type": "number"}, {"type": "string"}
NULL, BOOL = {"type": "null"}, {"type": "boolean"}


# The alerts that are shown, and when they are asked for again.
ALERTS = r"""
const again = [], later = setTimeout;
globalThis.setTimeout = (f, ms, ...rest) => { again.push([ms, ...rest]); };
later(() => console.log(JSON.stringify({ hidden: ids.alerts.hidden, again,
  lines: ids.alerts.children.map(c => c.all().flatMap(e => [e.textContent || "",
    ...e.children.filter(t => typeof t === "string")]).join("")) })), 20);
"""


@unittest.skipUnless(shutil.which("node"), "node is not installed")


def page_file(name):
    with open(os.path.join(PAGES, name), encoding="utf-8") as f:
        return re.sub(r"(?m)^@(.*)@$", lambda m: page_file(m[1]), f.read())


def console_script():
    return re.search(r"<script>(.*)</script>", page_file("console.html"),
                     re.S)[1]


class Console(unittest.TestCase):
    def use(self, columns, fill=(), **more):
        """columns: name to (choices of its schema, example)."""
        script = console_script()
        model = {"slot": "m", "path": "/m/predict", "classes": [],
                 "required_input_format": {"example_single_record": {
                     name: example for name, (_, example)
                     in columns.items()}}}
        given = {"info": {"message": "up", "models": [model]},
                 "api": {"components": {"schemas": {"m_record": {
                     "required": list(columns), "properties": {
                         name: {"anyOf": schema} for name, (schema, _)
                         in columns.items()}}}}}, "fill": list(fill),
                 **more}
        if "key" in more:
            given["api"]["components"]["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header",
                        "name": "X-API-Key"}}
        done = subprocess.run(
            ["node", "-"], text=True, capture_output=True, timeout=60,
            input=f"const given = {json.dumps(given)};{BROWSER}{script}{USE}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        told = json.loads(done.stdout)
        self.assertEqual(told["state"], "up")
        return told, [json.loads(body) for body in told["posted"]]

    def alerts(self, answer):
        """What is shown where `answer` is the JavaScript of /alerts'."""
        script = console_script()
        given = {"info": {"message": "up", "models": [],
                          "alerts": "/alerts"}, "api": {}}
        browser = BROWSER.replace('path === "/info"', 'path === "/alerts" ? '
                                  f'{answer} : path === "/info"')
        done = subprocess.run(
            ["node", "-"], text=True, capture_output=True, timeout=60,
            input=f"const given = {json.dumps(given)};{browser}{ALERTS}"
            f"{script}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        told = json.loads(done.stdout)
        self.assertEqual((told["hidden"], told["again"]),
                         (False, [[5000, "/alerts"]]))
        return told["lines"]

    def test_alerts_are_shown_newest_first_and_asked_for_again(self):
        sent = [{"status": state, "startsAt": "2026-01-02T03:04:05.678Z",
                 "labels": {"alertname": name, "severity": "demo"},
                 "annotations": {"summary": "Look"}}
                for state, name in (("resolved", "A"), ("firing", "B"))]
        self.assertEqual(self.alerts(json.dumps({"alerts": sent})), [
            "Alerts", " Look RESOLVED Ademo 2026-01-02T03:04:05",
            " Look FIRING Bdemo 2026-01-02T03:04:05"])
        self.assertEqual(self.alerts('{"alerts":[]}'),
                         ["Alerts", "None was sent yet."])

    def test_a_receiver_that_is_away_is_said_and_asked_again(self):
        self.assertEqual(
            self.alerts('(() => { throw new Error("away"); })()'),
            ["Alerts", "Error: away"])

    def test_the_example_is_sent_as_it_is(self):
        columns = {"age": ([NUMBER], 58), "city": ([{"enum": ["Oslo"]}],
                                                   "Oslo"),
                   "vip": ([NUMBER, BOOL], True), "id": ([TEXT], "7"),
                   "weight": ([NUMBER, NULL], None),
                   "rooms": ([{"type": "integer"}], 3)}
        self.assertEqual(self.use(columns)[1], [
            {"age": 58, "city": "Oslo", "vip": True, "id": "7",
             "weight": None, "rooms": 3}])

    def test_columns_may_be_called_anything(self):
        names = ["elements", "", "submit", "name", "length", "toString"]
        told, sent = self.use({name: ([NUMBER], i) for i, name
                               in enumerate(names)})
        self.assertEqual(sent, [{name: i for i, name in enumerate(names)}])
        self.assertEqual({one.get("name") for one in told["shown"]}, {None})

    def test_null_can_be_chosen_where_it_is_taken(self):
        columns = {"age": ([NUMBER, NULL], 5), "city": ([TEXT, NULL], "Oslo"),
                   "size": ([NUMBER], 1)}
        told, sent = self.use(columns, [(0, "null", True), (1, "null", True)])
        self.assertEqual(told["boxes"], [1, 1, 0])
        self.assertEqual(sent, [{"age": None, "city": None, "size": 1}])

    def test_an_open_column_takes_other_categories(self):
        known = {"enum": ["Oslo", "Rome"]}
        told, sent = self.use({"open": ([known, TEXT], "Oslo"),
                               "closed": ([known], "Rome")},
                              [(0, "value", "Bonn")])
        self.assertEqual([one["tag"] for one in told["shown"]],
                         ["input", "select"])
        self.assertEqual(told["options"],
                         [[told["shown"][0]["list"], ["Oslo", "Rome"]]])
        self.assertEqual(sent, [{"open": "Bonn", "closed": "Rome"}])

    def test_a_key_is_sent_and_kept_for_the_tab_where_one_is_wanted(self):
        column = {"a": ([NUMBER], 1)}
        json_only = {"Content-Type": "application/json"}
        told, _ = self.use(column)
        self.assertEqual((told["keys"], told["headers"], told["kept"]),
                         ([], [json_only], {}))
        told, _ = self.use(column, key="lsk_secret")
        self.assertEqual(told["keys"], [["password", "off"]])
        self.assertEqual(told["headers"],
                         [{**json_only, "X-API-Key": "lsk_secret"}])
        self.assertEqual(told["kept"], {"api-key": "lsk_secret"})
        # The command that does the same names the header, not the key.
        self.assertIn('-H "X-API-Key: $KEY"', told["said"])
        self.assertNotIn("lsk_secret", told["said"])
        told, _ = self.use(column, key=None, kept={"api-key": "lsk_before"})
        self.assertEqual(told["headers"],
                         [{**json_only, "X-API-Key": "lsk_before"}])
        told, _ = self.use(column, key="")
        self.assertEqual(told["headers"], [json_only])

    def test_a_column_of_booleans_sends_booleans(self):
        _, sent = self.use({"a": ([NUMBER, BOOL], True),
                            "b": ([NUMBER, BOOL], 0)}, [(0, "value", "false")])
        self.assertEqual(sent, [{"a": False, "b": False}])


if __name__ == "__main__":
    tap.main()
