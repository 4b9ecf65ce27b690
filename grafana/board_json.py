# SPDX-License-Identifier: ISC
"""Panels as a Grafana dashboard: classic JSON of schema version 38, which
servers from 10 to 13 load and migrate upwards."""
import json

# Okabe and Ito's palette: to be told apart by everybody. Never colour alone:
# each state has a word too.
COLORS = {"ok": "#0072B2", "watch": "#E69F00", "bad": "#D55E00",
          "worse": "#CC79A7"}
LAB_SOURCE = {"type": "prometheus", "uid": "prometheus"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
LEGEND = {"calcs": ["mean", "max", "lastNotNull"], "displayMode": "table",
          "placement": "bottom", "showLegend": True}
PIE_LEGEND = {"displayMode": "table", "placement": "right",
              "showLegend": True, "values": ["value", "percent"]}
NOW = ("stat", "piechart", "bargauge", "table")  # ask for one moment


def defaults(p):
    """fieldConfig.defaults: unit, thresholds, words for numbers."""
    steps = p["steps"] or [(None, "ok")]  # the first has no lower bound
    d = {"color": {"mode": "thresholds"}, "mappings": [], "unit": p["unit"],
         "thresholds": {"mode": "absolute", "steps": [
             {"color": COLORS[color], "value": value}
             for value, color in steps]}}
    if p["empty"]:
        d["noValue"] = p["empty"]
    if p["unit"] == "percentunit" and p["limit"] and p["kind"] != "heatmap":
        d.update(min=0, max=p["limit"])
    if p["words"]:
        d["mappings"] = [{"type": "value", "options": {
            str(n): {"color": COLORS["ok" if n else "bad"], "index": n,
                     "text": word} for n, word in p["words"].items()}}]
    if p["kind"] == "timeseries":
        d["color"] = {"mode": "palette-classic-by-name"}
        d["custom"] = {
            "drawStyle": "line", "lineWidth": 2, "showPoints": "never",
            "fillOpacity": 40 if p["stack"] else 10, "spanNulls": False,
            "stacking": {"group": "A",
                         "mode": "normal" if p["stack"] else "none"},
            "thresholdsStyle": {"mode": "dashed" if p["steps"] else "off"}}
        if p["unit"] == "percentunit":
            del d["max"]  # what is small shall be seen
        else:
            d["min"] = 0
    if p["kind"] in ("piechart", "bargauge"):
        d["color"] = {"mode": "palette-classic-by-name"}
    return d


def overrides(p):
    if not p.get("dashed"):
        return []
    return [{"matcher": {"id": "byName", "options": p["dashed"]},
             "properties": [
                 {"id": "custom.lineStyle",
                  "value": {"fill": "dash", "dash": [10, 10]}},
                 {"id": "custom.fillOpacity", "value": 0}]}]


def options(p):
    last = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    tooltip = {"mode": "multi", "sort": "desc"}
    return {
        "stat": lambda: {
            "colorMode": "background" if p.get("background") else "value",
            "graphMode": "none", "justifyMode": "auto",
            "orientation": "auto", "reduceOptions": last,
            "textMode": "auto"},
        "timeseries": lambda: {"legend": LEGEND, "tooltip": tooltip},
        "piechart": lambda: {
            "legend": PIE_LEGEND, "pieType": "pie", "reduceOptions": last,
            "displayLabels": ["name"], "tooltip": tooltip},
        "bargauge": lambda: {
            "displayMode": "basic", "orientation": "horizontal",
            "reduceOptions": last, "showUnfilled": True,
            "valueMode": "text", "minVizHeight": 10, "minVizWidth": 0},
        "heatmap": lambda: {
            "calculate": False, "cellGap": 1,
            "cellValues": {"unit": "reqps"},
            "color": {"mode": "scheme", "scheme": "Viridis", "steps": 64,
                      "exponent": 0.5, "fill": "dark-blue",
                      "reverse": False, "scale": "exponential"},
            "exemplars": {"color": COLORS["bad"]},
            "filterValues": {"le": 1e-9}, "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"show": True, "yHistogram": False},
            "yAxis": {"axisPlacement": "left", "reverse": False,
                      "unit": p["unit"]}},
        "table": lambda: {"cellHeight": "sm", "showHeader": True,
                          "footer": {"show": False, "reducer": ["sum"],
                                     "fields": "", "countRows": False}},
        "alertlist": lambda: {
            "alertInstanceLabelFilter": "", "alertName": "",
            "dashboardAlerts": False, "datasource": "Prometheus",
            "groupBy": [], "groupMode": "default", "maxItems": 20,
            "sortOrder": 1, "viewMode": "list", "stateFilter": {
                "error": True, "firing": True, "noData": False,
                "normal": False, "pending": True}},
    }[p["kind"]]()


def target(p, source, ref, expr, legend):
    now = p["kind"] in NOW
    t = {"datasource": source, "editorMode": "code", "expr": expr,
         "instant": now, "range": not now, "refId": ref}
    if legend:
        t["legendFormat"] = legend
    if p["kind"] in ("heatmap", "table"):
        t["format"] = p["kind"]
    return t


def columns(p):
    """A table shows its labels, in their order, and nothing else."""
    if p["kind"] != "table":
        return {}
    return {"transformations": [{"id": "organize", "options": {
        "excludeByName": {"Time": True, "Value": True}, "renameByName": {},
        "indexByName": {c: i for i, c in enumerate(p["columns"])}}}]}


def panel_json(p, number, source, grid):
    if p["kind"] == "row":
        return {"collapsed": False, "gridPos": grid, "id": number,
                "panels": [], "title": p["title"], "type": "row"}
    out = {"datasource": source, "description": p["description"],
           "gridPos": grid, "id": number, "options": options(p),
           "title": p["title"], "type": p["kind"], **columns(p)}
    if p["kind"] != "alertlist":
        out["fieldConfig"] = {"defaults": defaults(p),
                              "overrides": overrides(p)}
        out["targets"] = [target(p, source, chr(ord("A") + i), *t)
                          for i, t in enumerate(p["targets"])]
    return out


def places(panels):
    """From left to right, and on a new line where one is full."""
    x = y = height = 0
    for p in panels:
        w, h = (24, 1) if p["kind"] == "row" else p["size"]
        if x + w > 24:
            x, y, height = 0, y + height, 0
        yield {"h": h, "w": w, "x": x, "y": y}
        x, height = x + w, max(height, h)


def choice(name, label, query):
    """A variable of label values: several, or all."""
    return {"name": name, "label": label, "type": "query", "hide": 0,
            "datasource": SOURCE, "query": {"query": query, "refId": name},
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": ".+",
            "regex": "", "options": [], "skipUrlSync": False,
            "current": {"selected": True, "text": ["All"],
                        "value": ["$__all"]}}


def variables(models):
    chosen = [
        {"name": "datasource", "label": "Data source", "type": "datasource",
         "query": "prometheus", "hide": 0, "refresh": 1, "regex": "",
         "multi": False, "includeAll": False, "options": [],
         "skipUrlSync": False, "current": {
             "selected": True, "text": "Prometheus", "value": "prometheus"}},
        choice("job", "Job", "label_values(ml_server_workers_limit, job)"),
        choice("instance", "Instance", "label_values("
               'ml_server_workers_limit{job=~"$job"}, instance)')]
    if models:
        chosen.append(choice(
            "model", "Model", 'label_values(model_loaded{job=~"$job",'
            'instance=~"$instance"}, model_version)'))
    return chosen


def loads(source, matchers):
    """Marks the loads of models on every graph."""
    return {"name": "Model loaded", "enable": True, "hide": False,
            "datasource": source, "iconColor": COLORS["worse"],
            "expr": f"ml_model_loaded_timestamp_seconds{matchers} * 1000",
            "useValueForTime": "on", "step": "60s",
            "titleFormat": "{{model_version}} loaded"}


def dashboard(uid, title, panels, lab):
    source = LAB_SOURCE if lab else SOURCE
    models = any("$model" in expr for p in panels if p["kind"] != "row"
                 for expr, _ in p["targets"])
    board = {
        "annotations": {"list": [loads(
            source, "" if lab else '{job=~"$job",instance=~"$instance"}')]},
        "description": "Made by grafana/boards.py; change it there.",
        "editable": lab, "fiscalYearStartMonth": 0, "graphTooltip": 1,
        "id": None, "links": [{
            "asDropdown": False, "icon": "external link",
            "includeVars": True, "keepTime": True, "tags": ["ml"],
            "targetBlank": False, "title": "", "tooltip": "",
            "type": "dashboards", "url": ""}],
        "panels": [panel_json(p, i + 1, source, grid) for i, (p, grid) in
                   enumerate(zip(panels, places(panels)))],
        "refresh": "5s", "schemaVersion": 38,
        "tags": ["ml", "api", "monitoring"] if lab else ["ml", "lightscore"],
        "templating": {"list": [] if lab else variables(models)},
        "time": {"from": "now-15m", "to": "now"}, "timepicker": {},
        "timezone": "browser", "title": title, "uid": uid, "version": 1}
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"
