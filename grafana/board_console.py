# SPDX-License-Identifier: ISC
"""Panels as a Prometheus console template. The values of now are filled in
by Prometheus, so they are there without JavaScript; the script of
lightscore.lib draws what has a past."""
import html
import json
import re

# What the choices of a dashboard stand at here.
FIXED = {"$job": "ml-api", "$instance": ".+", "$model": ".+"}
HERE = {"$__rate_interval": "1m", "$__range": "15m"}
# How a value is written, by unit; else as a number.
WRITTEN = {"s": "{{ .Value | humanizeDuration }}",
           "percentunit": "{{ .Value | humanizePercentage }}",
           "bytes": "{{ .Value | humanize1024 }}B",
           "Bps": "{{ .Value | humanize1024 }}B/s"}
NUMBER = ("{{ if ge .Value 1000.0 }}{{ .Value | humanize }}"
          '{{ else }}{{ printf "%.3g" .Value }}{{ end }}')
SUFFIX = {"reqps": " /s", "cps": " /s"}
TOP = """<!-- Made by grafana/boards.py; change it there. -->
{{{{ template "lightscore_head" {title} }}}}
"""
BOTTOM = '{{ template "lightscore_foot" }}\n'


def fixed(expr, *replacements):
    for these in (FIXED, *replacements):
        for name, value in these.items():
            expr = expr.replace(name, value)
    return expr


def query(expr):
    expr = fixed(expr, HERE)
    assert "`" not in expr and "$" not in expr, expr
    return f"query `{expr}`"


def label_of(legend):
    """{{name}} of a legend as the template's field."""
    return re.sub(r"\{\{(\w+)\}\}", r"{{ .Labels.\1 }}", legend or "")


def value_of(p):
    if p["words"]:
        return ("{{ if eq .Value 1.0 }}" + p["words"][1] + "{{ else }}"
                + p["words"][0] + "{{ end }}")
    return WRITTEN.get(p["unit"], NUMBER + SUFFIX.get(p["unit"], ""))


def rows(p):
    """A row a series, of every target; a word where there is none."""
    empty = html.escape(p["empty"] or "no data")
    return "".join(
        f"{{{{ range {query(expr)} }}}}<tr><th>{label_of(legend)}"
        f"<td>{value_of(p)}</tr>{{{{ else }}}}<tr><th>"
        f"{html.escape(re.sub('{{.*?}}', '', legend or '').strip())}"
        f"<td>{empty}</tr>{{{{ end }}}}\n"
        for expr, legend in p["targets"])


def listing(expr, columns, empty):
    cells = "".join(f'<td>{{{{ or .Labels.{c} "–" }}}}' for c in columns)
    head = "".join(f"<th>{c}" for c in columns)
    return (f"<table><tr>{head}</tr>\n{{{{ range {query(expr)} }}}}<tr>"
            f"{cells}</tr>{{{{ else }}}}<tr><td>{html.escape(empty)}</tr>"
            "{{ end }}\n</table>")


def spread(p):
    """A heatmap of now: which share is within each bucket's bound."""
    (expr, _), = p["targets"]
    share = f"sort(({expr}) / scalar(max({expr})) < 1)"
    return rows({**p, "unit": "percentunit",
                 "empty": "idle, or all within the first bound",
                 "targets": [(share, "up to {{le}}")]})


def graph(p):
    """What the script draws. Braces are the template's: names of labels
    stand in brackets here."""
    targets = json.dumps([
        {"expr": fixed(e), "legend": re.sub(r"\{\{(\w+)\}\}", r"[\1]", l)}
        for e, l in p["targets"]])
    return (f'<figure data-unit="{p["unit"]}" data-stack="{int(p["stack"])}" '
            f'data-targets="{html.escape(targets)}"></figure>\n')


def body(p):
    if p["kind"] == "alertlist":
        return listing(p["alerts"], ["alertname", "alertstate", "severity"],
                       "none")
    if p["kind"] == "table":
        return listing(p["targets"][0][0], p["columns"], p["empty"])
    drawn = graph(p) if p["kind"] == "timeseries" else ""
    values = spread(p) if p["kind"] == "heatmap" else rows(p)
    return f'{drawn}<table class="{p["kind"]}">\n{values}</table>'


def section(p):
    if p["kind"] == "row":
        return f"<h2>{html.escape(p['title'])}</h2>\n"
    return (f'<section class="w{p["size"][0]}"><h3>{html.escape(p["title"])}'
            f"</h3>\n<p>{html.escape(p['description'])}</p>\n{body(p)}\n"
            "</section>\n")


def page(title, content):
    return TOP.format(title=json.dumps(title)) + content + BOTTOM


def console(title, panels):
    return page(title, "".join(map(section, panels)))


def index(boards):
    return page("Lightscore", "<ul>\n" + "".join(
        f'<li><a href="{name}.html">{html.escape(title)}</a></li>\n'
        for name, title in boards) + "</ul>\n")
