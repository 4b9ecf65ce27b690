# SPDX-License-Identifier: ISC
"""Prometheus and Alertmanager on this machine, as scripts/monitoring and the
system tests start them: by the repository's configuration, with this
machine's addresses in the place of the containers' names."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
RULES = ROOT / "prometheus/rules"


def localised(name, changes):
    text = (ROOT / name).read_text(encoding="utf-8")
    for theirs, here in changes.items():
        text = text.replace(theirs, here)
    return text


def prometheus_configuration(at, server, alertmanager, rules):
    return localised("prometheus/prometheus.yml", {
        "app:5000": server, "localhost:9090": at,
        "alertmanager:9093": alertmanager,
        "/etc/prometheus/rules/": f"{rules}/"})


def alertmanager_configuration(alerts):
    return localised("alertmanager/alertmanager.yml",
                     {"alerts:9095": alerts})


def prometheus_flags(at, configuration, data):
    return [f"--config.file={configuration}", f"--storage.tsdb.path={data}",
            f"--web.console.templates={ROOT}/prometheus/consoles",
            f"--web.console.libraries={ROOT}/prometheus/console_libraries",
            f"--web.listen-address={at}"]


def alertmanager_flags(at, configuration, data):
    return [f"--config.file={configuration}", f"--storage.path={data}",
            "--cluster.listen-address=", f"--web.listen-address={at}"]
