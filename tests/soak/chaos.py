#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Processes die by SIGKILL, one every 100 ms, under load and scrapes: every
answer is counted once, no counter falls, no histogram is torn.

LS_CHAOS_SECONDS says for how long; `make check` takes a few.
"""
import http.client
import os
import pathlib
import random
import re
import signal
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] /
                       "system"))
import service  # noqa: E402
import tap  # noqa: E402
from service import Load, Service, wait_until  # noqa: E402

SECONDS = float(os.environ.get("LS_CHAOS_SECONDS") or 4)
KILL_EVERY = 0.1
SUPERVISOR_EVERY = 20  # kills of others
ROW = service.rows()[0]


def page_of(text):
    """({series: value}, names of what never falls)."""
    samples, only_up = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            # That of the supervisor's own CPU begins with each supervisor.
            if kind == "counter" and name != "process_cpu_seconds_total":
                only_up.add(name)
            elif kind == "histogram":
                only_up |= {name + s for s in ("_bucket", "_sum", "_count")}
        elif line and not line.startswith("#"):
            series, value = line.rsplit(" ", 1)
            samples[series] = float(value)
    return samples, only_up


def torn(samples):
    """What a whole histogram cannot be: buckets that fall, or a count that
    is not the last of them."""
    wrong, last = [], {}
    for series, value in samples.items():
        match = re.fullmatch(r'(\w+)_bucket\{(?:(.*),)?le="([^"]+)"\}',
                             series)
        if match is None:
            continue
        name, labels, bound = match.groups()
        key = name, labels or ""
        if value < last.get(key, 0):
            wrong.append(series)
        last[key] = value
        if bound == "+Inf":
            count = f"{name}_count" + (f"{{{labels}}}" if labels else "")
            if samples.get(count) != value:
                wrong.append(count)
    return wrong


class Scraper(threading.Thread):
    """Reads the page again and again, and compares it with the last."""

    def __init__(self, s):
        super().__init__()
        self.service, self.last = s, {}
        self.pages, self.wrong = 0, []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.01):
            try:
                status, _, body = self.service.request("GET", "/metrics")
            except (OSError, http.client.HTTPException):
                continue  # killed, or not there again yet
            if status == 200:
                self.look(body.decode())

    def look(self, text):
        samples, only_up = page_of(text)
        self.pages += 1
        self.wrong += torn(samples)
        for series, value in self.last.items():
            if series.partition("{")[0] in only_up and \
                    samples.get(series, -1) < value:
                self.wrong.append((series, value, samples.get(series)))
        self.last = samples


class Killer:
    """Knows what it killed."""

    def __init__(self, s, seed):
        self.service, self.random, self.kills = s, random.Random(seed), {}

    def kill_one(self):
        s = self.service
        pids = service.children_of(s.pid)
        if not pids:
            return
        pid = self.random.choice(pids)
        name = os.path.basename((service.command_of(pid) or ["?"])[0])
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[name] = self.kills.get(name, 0) + 1

    def kill_all(self):
        """By the supervisor: nothing outlives it. Then it starts again."""
        s = self.service
        tree = s.tree()
        s.process.kill()
        s.process.wait()
        s.process.stdout.close()
        wait_until(lambda: not any(map(service.is_alive, tree)),
                   "the end of all processes", 60)
        s.start()
        self.kills["supervisor"] = self.kills.get("supervisor", 0) + 1


class Chaos(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_counters_are_exact_whatever_is_killed(self):
        seed = random.randrange(1 << 32)
        print(f"# seed {seed}")
        with Service("--workers", "2") as s:
            killer, scraper = Killer(s, seed), Scraper(s)
            scraper.start()
            try:
                with Load(s, ROW) as load:
                    load.wait_more(50)
                    end = time.monotonic() + SECONDS
                    turn = 0
                    while time.monotonic() < end:
                        turn += 1
                        if turn % SUPERVISOR_EVERY == 0:
                            killer.kill_all()
                        else:
                            killer.kill_one()
                        time.sleep(KILL_EVERY)
                    s.wait_workers(2)
                    load.wait_more(50)
            finally:
                scraper.over.set()
                scraper.join()
            status, _, body = s.request("GET", "/metrics")
            self.assertEqual(status, 200)
            scraper.look(body.decode())
            answered = load.answers.pop(200)
            # Who was not let in has sent nothing that could be counted.
            lost = sum(load.answers.values()) + sum(
                not f.startswith("ConnectionRefused") for f in load.failures)
            print(f"# {answered} answered, {lost} not, {scraper.pages} pages, "
                  f"killed {killer.kills}", flush=True)
            self.assertEqual(scraper.wrong, [])
            self.assertEqual(set(load.answers) - {500, 503}, set())
            # A request may be counted and its answer die with its worker.
            for name, labels in (
                    ("ml_predictions_total", {"status": "success"}),
                    ("ml_prediction_duration_seconds_count",
                     {"model_version": "v1"}),
                    ("http_requests_total",
                     {"method": "POST", "code": "200"})):
                counted = s.metric(name, **labels)
                self.assertGreaterEqual(counted, answered, name)
                self.assertLessEqual(counted, answered + lost, name)


if __name__ == "__main__":
    tap.main()
