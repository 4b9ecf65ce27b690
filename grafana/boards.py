#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The dashboards, once: made of this are grafana/dashboards/*.json and the
same boards as Prometheus console templates, prometheus/consoles/*.html.

    grafana/boards.py [DIRECTORY]

writes them below DIRECTORY (default: this source tree). `make check` holds
what is committed against what this makes. board_json.py and board_console.py
say how a panel becomes JSON or a page; this file says only what is shown.
"""
import pathlib
import sys

from board_console import console, index
from board_json import dashboard
from board_panels import (bars, firing, heatmap, pie, row, series, stat, table)

PREDICT = 'route="/{slot}/predict"'
WINDOWS = ("5m", "1h", "6h", "3d")
BURNS = [(None, "ok"), (1, "watch"), (3, "watch"), (6, "bad"),
         (14.4, "worse")]


def sel(*matchers):
    """The label matchers of our boards: what was chosen above, and more."""
    return "{" + ",".join(
        ['job=~"$job"', 'instance=~"$instance"', *matchers]) + "}"


def of_model(*matchers):
    return sel('model_version=~"$model"', *matchers)


def rate(name, matchers, by="", over="$__rate_interval"):
    total = f"sum by ({by})" if by else "sum"
    return f"{total} (rate({name}{matchers}[{over}]))"


def quantile(q, name, matchers, by="", over="$__rate_interval"):
    """Absent while nothing is observed, where it would be NaN."""
    labels = f"le, {by}" if by else "le"
    return (f"histogram_quantile({q}, "
            f"{rate(name + '_bucket', matchers, labels, over)}) >= 0")


def quantiles(name, matchers):
    return [(quantile(q, name, matchers), label) for q, label in (
        (0.5, "p50"), (0.95, "p95"), (0.99, "p99"))]


# --- the lab's board: its ten panels, their places and titles ---------------
LAB = [
    stat("API Status", "Whether Prometheus can read the metrics of every "
         "instance of the API.", 'min(up{job="ml-api"})', "none", (4, 4),
         words={0: "DOWN", 1: "UP"}, steps=[(None, "bad"), (1, "ok")],
         empty="no target", background=True),
    stat("Total Predictions", "Predictions and refused requests ever "
         "counted. The counters survive restarts.",
         "sum(ml_predictions_total)", "short", (5, 4)),
    stat("Error Rate (2m)", "Share of failed predictions of the last two "
         "minutes; refused input counts.",
         'sum(rate(ml_predictions_total{status="error"}[2m])) '
         "/ (sum(rate(ml_predictions_total[2m])) > 0)", "percentunit", (5, 4),
         steps=[(None, "ok"), (0.05, "watch"), (0.1, "bad")], empty="idle"),
    stat("P95 Latency", "Nineteen of twenty prediction requests were "
         "answered within this time.",
         quantile(0.95, "ml_prediction_duration_seconds", ""), "s", (5, 4),
         steps=[(None, "ok"), (0.25, "watch"), (0.5, "bad")], empty="idle"),
    stat("Memory Usage", "Memory of all processes of the service; what they "
         "share counts once.", "sum(app_memory_usage_bytes)", "bytes",
         (5, 4)),
    series("Request Rate by Model Version", "Prediction requests, whatever "
           "number of rows each has.",
           [(rate("ml_prediction_requests_total", "", "model_version"),
             "{{model_version}}"),
            (rate("ml_prediction_requests_total", ""), "Total")],
           "reqps", (12, 8)),
    series("Prediction Latency Percentiles", "Time spent on answered "
           "prediction requests.",
           quantiles("ml_prediction_duration_seconds", ""), "s", (12, 8),
           steps=[(None, "ok"), (0.25, "watch"), (0.5, "bad")]),
    pie("Predictions by Result", "Predictions within the time shown, by "
        "class or by why there is none.",
        "round(sum by (prediction_result) "
        "(increase(ml_predictions_total[$__range])))",
        "{{prediction_result}}", "short", (8, 8)),
    pie("Predictions by Status", "Predictions within the time shown, by "
        "whether they succeeded.",
        "round(sum by (status) (increase(ml_predictions_total[$__range])))",
        "{{status}}", "short", (8, 8)),
    firing("Active Alerts", "Alerts of Prometheus that fire or are about to.",
           (8, 8)),
]

# --- service: rate, errors, duration; objectives; refusals ------------------
HTTP = sel(PREDICT)
SERVICE = [
    row("Now"),
    stat("API", "Whether Prometheus can read the metrics.",
         f"min(up{sel()})", "none", (4, 4), words={0: "DOWN", 1: "UP"},
         steps=[(None, "bad"), (1, "ok")], empty="no target",
         background=True),
    stat("Prediction requests", "Requests to predict, whatever came of them.",
         rate("http_requests_total", HTTP), "reqps", (4, 4)),
    stat("Failed", "Share of requests to predict that were answered 5xx.",
         rate("http_requests_total", sel(PREDICT, 'code=~"5.."')) + " / ("
         + rate("http_requests_total", HTTP) + " > 0)", "percentunit", (4, 4),
         steps=[(None, "ok"), (0.001, "watch"), (0.0144, "bad")],
         empty="idle"),
    stat("p95", "Nineteen of twenty requests to predict were answered within "
         "this time.", quantile(0.95, "http_request_duration_seconds", HTTP),
         "s", (4, 4), steps=[(None, "ok"), (0.025, "watch"), (0.5, "bad")],
         empty="idle"),
    stat("Availability budget spent", "Share of the error budget of 30 days "
         "that the last three days spent; a tenth of it is their due.",
         'max(job:slo_availability_errors:ratio_rate3d{job=~"$job"}) / '
         "(1 - scalar(slo:availability:objective_ratio)) * 3 / 30",
         "percentunit", (4, 4), limit=None,
         steps=[(None, "ok"), (0.1, "watch"), (0.5, "bad")], empty="idle"),
    stat("Latency budget spent", "Share of the latency budget of 30 days that "
         "the last three days spent; a tenth of it is their due.",
         'max(job:slo_latency_errors:ratio_rate3d{job=~"$job"}) / '
         "(1 - scalar(slo:latency:objective_ratio)) * 3 / 30",
         "percentunit", (4, 4), limit=None,
         steps=[(None, "ok"), (0.1, "watch"), (0.5, "bad")], empty="idle"),

    row("Rate, errors, duration"),
    series("Requests by route", "Every request that reached a worker.",
           [(rate("http_requests_total", sel(), "route"), "{{route}}")],
           "reqps", (12, 8), stack=True),
    series("Predict by status code", "4xx are the clients' mistakes, 5xx "
           "ours.", [(rate("http_requests_total", HTTP, "code"), "{{code}}")],
           "reqps", (12, 8), stack=True),
    series("Latency of predict", "From the first byte of the request to the "
           "last of the answer.",
           quantiles("http_request_duration_seconds", HTTP), "s", (12, 8)),
    heatmap("Latency of predict, spread", "How many requests took how long.",
            rate("http_request_duration_seconds_bucket", HTTP, "le"), "s",
            (12, 8)),
    series("Time by stage", "Processor time a second that each stage of a "
           "prediction takes.",
           [(rate("ml_prediction_stage_duration_seconds_sum", sel(), "stage"),
             "{{stage}}")], "s", (12, 8), stack=True),
    series("Bytes in and out", "Bodies of requests and answers.",
           [(rate("http_request_size_bytes_sum", sel()), "in"),
            (rate("http_response_size_bytes_sum", sel()), "out")],
           "Bps", (12, 8)),

    row("Objectives"),
    series("Availability: how fast the budget burns", "1 spends the error "
           "budget in exactly 30 days. Alerts: 14.4 over 1h, 6 over 6h, 3 "
           "over 1d, 1 over 3d.",
           [(f'job:slo_availability_errors:ratio_rate{w}{{job=~"$job"}} / '
             "(1 - scalar(slo:availability:objective_ratio))",
             "{{job}} " + w) for w in WINDOWS], "none", (12, 8), steps=BURNS),
    series("Latency: how fast the budget burns", "As beside it, for answers "
           "that took longer than 25 ms.",
           [(f'job:slo_latency_errors:ratio_rate{w}{{job=~"$job"}} / '
             "(1 - scalar(slo:latency:objective_ratio))",
             "{{job}} " + w) for w in WINDOWS], "none", (12, 8), steps=BURNS),

    row("Refused, and alerts"),
    series("Refused before a handler", "Too large, malformed, too slow, or "
           "more than can wait.",
           [(rate("http_requests_rejected_total", sel(), "reason"),
             "{{reason}}")], "reqps", (8, 8)),
    series("Waiting connections", "For a worker, and how many may before "
           "requests are refused.",
           [(f"sum(ml_server_listen_queue_connections{sel()})", "waiting"),
            (f"sum(ml_server_listen_queue_shed_connections{sel()})",
             "may wait")], "short", (8, 8), dashed="may wait"),
    table("Firing", "Alerts that fire now.",
          'max by (alertname, severity, job, model_version) '
          '(ALERTS{alertstate="firing"})', "none", (8, 8),
          ["alertname", "severity", "job", "model_version"]),
]

# --- workers: the processes and what they use -------------------------------
SERVING, BUSY = sel('state=~"idle|busy"'), sel('state="busy"')
WORKERS = [
    row("Now"),
    stat("Serving", "Workers that serve or wait for a request.",
         f"sum(ml_server_workers{SERVING})",
         "short", (4, 4), steps=[(None, "bad"), (1, "ok")]),
    stat("Configured", "Workers that should be there.",
         f"sum(ml_server_workers_limit{sel()})", "short", (4, 4)),
    stat("Busy", "Share of the workers' time that requests took, over the "
         "last minutes.",
         f"sum(avg_over_time(ml_server_workers{BUSY}[5m])) "
         f"/ sum(ml_server_workers_limit{sel()})", "percentunit", (4, 4),
         steps=[(None, "ok"), (0.7, "watch"), (0.9, "bad")]),
    stat("Ended badly", "Workers that crashed, hung or ran out of memory "
         "within the time shown.",
         'round(sum(increase(ml_server_worker_exits_total'
         + sel('reason=~"crash|timeout|memory|sandbox"') + "[$__range])))", "short",
         (4, 4), steps=[(None, "ok"), (1, "watch"), (3, "bad")]),
    stat("Up for", "Since the supervisor started, the youngest instance.",
         f"min(time() - process_start_time_seconds{sel()})", "s", (4, 4)),
    stat("Memory", "Memory of all processes; what they share counts once.",
         f"sum(app_memory_usage_bytes{sel()})", "bytes", (4, 4)),

    row("Workers"),
    series("Workers by state", "What they do at the moments of the scrapes.",
           [(f"sum by (state) (ml_server_workers{sel()})", "{{state}}")],
           "short", (12, 8), stack=True),
    series("Requests by worker slot", "A replacement takes the slot of the "
           "worker before it.",
           [(rate("ml_server_worker_requests_total", sel(), "worker"),
             "slot {{worker}}")], "reqps", (12, 8)),
    series("Ended, by reason", "normal is a stop or reload.",
           [("sum by (reason) (increase(ml_server_worker_exits_total"
             + sel() + "[$__rate_interval]))", "{{reason}}")], "short",
           (12, 8)),
    series("In flight and waiting", "Requests in the workers' hands, and "
           "connections that wait for one.",
           [(f"sum(http_requests_in_flight{sel()})", "in flight"),
            (f"sum(ml_server_listen_queue_connections{sel()})", "waiting")],
           "short", (12, 8)),

    row("What they use"),
    series("Processors", "Cores in use: all workers, and the supervisor.",
           [(rate("ml_server_worker_cpu_seconds_total", sel()), "workers"),
            (rate("process_cpu_seconds_total", sel()), "supervisor")],
           "none", (8, 8), stack=True),
    series("Memory by worker slot", "Resident memory; pages that workers "
           "share are counted in each.",
           [("sum by (worker) (ml_server_worker_resident_memory_bytes"
             + sel() + ")", "slot {{worker}}")], "bytes", (8, 8)),
    series("File descriptors", "Of the supervisor, and how many it may open.",
           [(f"sum(process_open_fds{sel()})", "open"),
            (f"sum(process_max_fds{sel()})", "may open")], "short", (8, 8),
           dashed="may open"),
    series("Series in the counters file", "And how many it can hold.",
           [(f"sum(ml_metrics_series{sel()})", "held"),
            (f"sum(ml_metrics_series_limit{sel()})", "limit")], "short",
           (8, 8), dashed="limit"),
    series("Updates not counted", "Where the file was full or a label had "
           "too many values.",
           [("sum by (reason) (increase(ml_metrics_dropped_updates_total"
             + sel() + "[$__rate_interval]))", "{{reason}}")], "short",
           (8, 8)),
    series("Scrape duration", "How long reading the metrics takes.",
           [(f"max by (instance) (scrape_duration_seconds{sel()})",
             "{{instance}}")], "s", (8, 8)),
]

# --- model: what is served, what it is asked, what it answers ---------------
MODEL = [
    row("Models"),
    stat("Loaded", "Whether each model is served.",
         f"min by (model_version) (model_loaded{of_model()})", "none", (6, 4),
         legend="{{model_version}}", words={0: "NO", 1: "YES"},
         steps=[(None, "bad"), (1, "ok")], background=True),
    stat("Loaded since", "Time since the load of what is served.",
         "min by (model_version) "
         f"(time() - ml_model_loaded_timestamp_seconds{of_model()})", "s",
         (6, 4), legend="{{model_version}}"),
    stat("Last reload", "Whether the last load of the model succeeded.",
         f"min by (model_version) (ml_model_last_reload_successful{of_model()})",
         "none", (6, 4), legend="{{model_version}}",
         words={0: "FAILED", 1: "OK"}, steps=[(None, "bad"), (1, "ok")]),
    stat("Size", "Size of the compiled model.",
         f"max by (model_version) (ml_model_size_bytes{of_model()})", "bytes",
         (6, 4), legend="{{model_version}}"),
    table("What is served", "The identity of each model.",
          "max by (model_version, model_name, algorithm, format, sha256) "
          f"(ml_model_info{of_model()})", "none", (24, 5),
          ["model_version", "model_name", "algorithm", "format", "sha256"]),

    row("Questions and answers"),
    series("Predictions by result", "Rows by class, and requests without a "
           "prediction by reason.",
           [(rate("ml_predictions_total", of_model(),
                  "model_version, prediction_result"),
             "{{model_version}} {{prediction_result}}")], "cps", (12, 8),
           stack=True),
    series("Requests by outcome", "One for each request, whatever number of "
           "rows it has.",
           [(rate("ml_prediction_requests_total", of_model(),
                  "model_version, outcome"),
             "{{model_version}} {{outcome}}")], "reqps", (12, 8), stack=True),
    heatmap("Scores", "Probabilities of the positive class: a new shape "
            "means new inputs or another model.",
            rate("ml_prediction_score_bucket", of_model(), "le"),
            "percentunit", (12, 8)),
    series("Mean score", "Of the hour and of the day: drift shows as a gap "
           "between them.",
           [('max by (model_version) (model:ml_prediction_score:mean1h'
             '{job=~"$job",model_version=~"$model"})', "{{model_version}} 1h"),
            ('max by (model_version) (model:ml_prediction_score:mean1d'
             '{job=~"$job",model_version=~"$model"})',
             "{{model_version}} 1d")], "percentunit", (12, 8)),
    series("Refused requests", "Share of requests without input that the "
           "model understands, over ten minutes.",
           [('max by (model_version) (model:ml_prediction_refused:ratio_rate10m'
             '{job=~"$job",model_version=~"$model"})', "{{model_version}}")],
           "percentunit", (8, 8),
           steps=[(None, "ok"), (0.1, "bad")]),
    series("Rows in a request", "Mean, and 95th percentile.",
           [(rate("ml_prediction_rows_sum", of_model(), "model_version")
             + " / (" + rate("ml_prediction_rows_count", of_model(),
                             "model_version") + " > 0)",
             "{{model_version}} mean"),
            (quantile(0.95, "ml_prediction_rows", of_model(),
                      "model_version"), "{{model_version}} p95")],
           "short", (8, 8)),
    bars("Answers", "Rows by class within the time shown.",
         "round(sum by (model_version, prediction_result) "
         "(increase(ml_predictions_total"
         + of_model('status="success"') + "[$__range])))",
         "{{model_version}} {{prediction_result}}", "short", (8, 8)),

    row("Speed"),
    series("Latency", "95th percentile by model.",
           [(quantile(0.95, "ml_prediction_duration_seconds", of_model(),
                      "model_version"), "{{model_version}}")], "s", (12, 8)),
    series("Stages", "95th percentile of each stage of a request.",
           [(quantile(0.95, "ml_prediction_stage_duration_seconds",
                      of_model(), "stage"), "{{stage}}")], "s", (12, 8)),

    row("Against the reference data"),
    bars("Measures on the reference data", "What the model file says of "
         "itself: `lightscore import --reference --target`.",
         [(f"max by (model_version) (ml_reference_{m}{of_model()})",
           "{{model_version}} " + m.replace("_", " "))
          for m in ("accuracy", "precision", "recall", "f1", "roc_auc",
                    "ece")], None, "percentunit", (12, 8),
         empty="imported without reference data"),
    stat("Decision threshold", "Probability from which on the positive class "
         "is answered.", "max by (model_version) "
         f"(ml_model_decision_threshold_ratio{of_model()})", "percentunit",
         (6, 8), legend="{{model_version}}"),
    stat("Reference rows", "Rows of the reference data that the model file "
         "describes.", "max by (model_version) "
         f"(ml_model_reference_rows{of_model()})", "short", (6, 8),
         legend="{{model_version}}",
         empty="imported without reference data"),
]

BOARDS = [
    # file, uid, title, panels, of the lab, has models to choose
    ("ml-api-dashboard", "ml-api-monitoring", "ML API Monitoring Dashboard",
     LAB),
    ("ml-service", "lightscore-service", "ML Service", SERVICE),
    ("ml-workers", "lightscore-workers", "ML Workers", WORKERS),
    ("ml-model", "lightscore-model", "ML Models", MODEL),
]


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1
                       else pathlib.Path(__file__).parents[1])
    boards, consoles = top / "grafana/dashboards", top / "prometheus/consoles"
    for folder in boards, consoles:
        folder.mkdir(parents=True, exist_ok=True)
    for name, uid, title, panels in BOARDS:
        (boards / f"{name}.json").write_text(
            dashboard(uid, title, panels, lab=panels is LAB))
        (consoles / f"{name}.html").write_text(console(title, panels))
    (consoles / "index.html").write_text(
        index([(name, title) for name, _, title, _ in BOARDS]))


if __name__ == "__main__":
    main()
