#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the machine can lack, and while it serves: room on the disk, leave to
write, descriptors, memory, processes, the right time. The service goes on or
refuses with a sentence that says what, where and how to mend it; when the
fault ends it recovers by itself; no counter falls, nothing is left by half.

Descriptors and memory are taken from the running processes by prlimit; the
rest by a preloaded library with a switch (tests/fault/switch.c).
"""
import contextlib
import itertools
import json
import mmap
import os
import pathlib
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import service
import tap
from service import Load, Service, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "soak"))
from chaos import Scraper  # noqa: E402

ROW = service.rows()[0]
LIBRARY = service.BUILDDIR / "tests/fault/switch.so"
DAY = 86400


class Switch:
    """What the processes that run with its environment lack."""
    FORMAT = "24sqI"

    def __init__(self, folder, disk):
        path = pathlib.Path(folder, "switch")
        path.write_bytes(bytes(4096))
        with open(path, "r+b") as f:
            self.page = mmap.mmap(f.fileno(), 4096)
        # The sanitizers' library wants to be the first, but need not be.
        self.env = {"LD_PRELOAD": str(LIBRARY), "LS_SWITCH": str(path),
                    "LS_SWITCH_DISK": str(disk),
                    "ASAN_OPTIONS": ":".join(filter(None, (
                        os.environ.get("ASAN_OPTIONS"),
                        "verify_asan_link_order=0")))}

    def set(self, lacks="", clock=0):
        struct.pack_into("24sq", self.page, 0, lacks.encode(), clock)

    def hits(self):
        return struct.unpack_from(self.FORMAT, self.page)[2]

    @contextlib.contextmanager
    def lacking(self, what):
        self.set(what)
        try:
            yield
        finally:
            self.set()


@contextlib.contextmanager
def limited(pid, what, soft):
    """That process may have no more of it."""
    old, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (soft, hard))
    try:
        yield
    finally:
        if service.is_alive(pid):
            resource.prlimit(pid, what, (old, hard))


def without_files(pid, but=0):
    """From the first number that is free on, or later."""
    taken = set(map(int, os.listdir(f"/proc/{pid}/fd")))
    return limited(pid, resource.RLIMIT_NOFILE,
                   min(set(range(len(taken) + 1)) - taken) + but)


class Fault(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()
        if not LIBRARY.exists():
            self.skipTest("tests/fault/switch.so is not built")
        folder = tempfile.TemporaryDirectory(prefix="lightscore-test.")
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.disk = self.dir / "disk"
        self.disk.mkdir()
        self.switch = Switch(self.dir, self.disk)
        self.asked = 0

    def service(self, *args, **named):
        state = self.disk / "state"
        if state.exists():
            shutil.rmtree(state)
        # Nobody is refused for waiting on a slow machine.
        return Service("--queue-time", "60s", *args, env=self.switch.env,
                       state_dir=state, **named)

    @contextlib.contextmanager
    def under_load(self, s, others=()):
        """What is answered meanwhile is counted, and is 200 or `others`; no
        counter falls."""
        self.asked = 0
        scraper = Scraper(s)
        scraper.start()
        try:
            with Load(s, ROW, clients=2) as load:
                load.wait_more(20)
                yield load
                load.wait_more(20)
        finally:
            scraper.over.set()
            scraper.join()
        self.assertEqual(scraper.wrong, [])
        self.assertEqual(load.failures, [])
        self.assertEqual(set(load.answers) - {200}, set(others))
        self.assertEqual(s.metric("ml_predictions_total", status="success"),
                         load.answers[200] + self.asked)

    def files(self, s):
        return sorted(str(p.relative_to(s.state_dir))
                      for p in s.state_dir.rglob("*") if not p.is_socket())

    def expect_answer(self, s):
        self.assertEqual(s.predict(ROW)[0], 200)
        self.asked += 1

    def reload(self, s):
        s.process.send_signal(signal.SIGHUP)

    def expect_refused_reload(self, s, *words):
        """The old ones serve on; where, what and how to mend it is told."""
        before = s.log().count("reload given up")
        self.reload(s)
        s.wait_log("reload given up", before + 1)
        line = [x for x in s.log().splitlines() if "reload given up" in x][-1]
        for word in words:
            self.assertIn(word, line)
        self.assertEqual(
            s.metric("ml_server_config_last_reload_successful"), 0)
        self.expect_answer(s)

    def expect_reload(self, s):
        before = s.log().count("reload done")
        self.reload(s)
        s.wait_log("reload done", before + 1)
        self.assertEqual(
            s.metric("ml_server_config_last_reload_successful"), 1)
        self.expect_answer(s)

    def refused_start(self, *args, **limits):
        """What a start fails with."""
        done = subprocess.run(
            [str(a) for a in (
                service.LIGHTSCORE, "serve", "--listen", "127.0.0.1:0",
                "--state-dir", self.disk / "state", *args)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=service.PATIENCE, env={**os.environ, **self.switch.env},
            **limits)
        self.assertIn(done.returncode, (1, 2), done)
        self.assertEqual(done.stdout, "")
        return done.stderr


class Disk(Fault):
    """Full, or read-only."""
    LACKS = (("room", "No space left on device; make room there"),
             ("writing", "Read-only file system; mount it writable, or use "
                         "another directory"))

    def test_a_start_is_refused_with_the_place_and_the_remedy(self):
        for lack, says in self.LACKS:
            for there in (False, True):
                with self.subTest(lack, there=there):
                    state = self.disk / "state"
                    if there:
                        state.mkdir()
                    with self.switch.lacking(lack):
                        line = self.refused_start()
                    self.assertIn(says, line)
                    self.assertIn(str(state), line)
                    self.assertEqual(line.count("\n"), 1)
                    self.assertEqual(
                        list(state.iterdir()) if there else
                        state.exists(), [] if there else False)
                    if there:
                        state.rmdir()

    def test_a_running_service_goes_on_and_a_reload_is_refused(self):
        for lack, says in self.LACKS:
            with self.subTest(lack), self.service("--workers", "2") as s:
                files = self.files(s)
                with self.under_load(s):
                    with self.switch.lacking(lack):
                        self.expect_refused_reload(s, says, str(s.state_dir))
                        wait_until(lambda: self.files(s) == files,
                                   f"no other files than {files}")
                    self.expect_reload(s)
                s.wait_alone(2)
                wait_until(lambda: len(self.files(s)) == len(files),
                           f"as many files as {files}")
                self.assertEqual(s.stop(), 0)

    def test_a_worker_that_dies_meanwhile_is_replaced(self):
        """It gets the counters, and the buckets of the limit, open."""
        for lack, _ in self.LACKS:
            with self.subTest(lack), self.service(
                    "--workers", "2", "--rate-limit", "100000") as s:
                with self.under_load(s), self.switch.lacking(lack):
                    # It has no request that is cut off.
                    old = s.reserve()
                    os.kill(old, signal.SIGKILL)
                    new = wait_until(lambda o=old: s.reserve() != o and
                                     s.reserve(), "another reserve")
                    s.wait_log(f"pid={new} generation")
                old = s.workers()
                with self.switch.lacking(lack):
                    os.kill(old[0], signal.SIGKILL)
                    s.wait_workers(2, but=[old[0]])
                    for _ in range(20):
                        self.expect_answer(s)
                self.assertNotIn("not started", s.log())

    def test_a_body_that_has_no_room_is_refused(self):
        batch = json.dumps([ROW] * 4000)
        headers = {"Content-Type": "application/json"}
        for lack, _ in self.LACKS:
            with self.subTest(lack), self.service() as s:
                with self.switch.lacking(lack):
                    status, _, body = s.request("POST", "/v1/predict", batch,
                                                headers)
                    self.assertIn(status, (200, 500))
                    self.assertIsInstance(json.loads(body),
                                          list if status == 200 else dict)
                    self.expect_answer(s)
                self.assertEqual(s.request("POST", "/v1/predict", batch,
                                           headers)[0], 200)



class Descriptors(Fault):
    """No more may be opened."""
    SAYS = "Too many open files; raise the limit of open files (ulimit -n)"

    def test_a_start_is_refused_with_the_remedy(self):
        def few(n):
            return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
        # Leaks are looked for through /proc.
        self.switch.env["ASAN_OPTIONS"] += ":detect_leaks=0"
        for n, user in itertools.product((4, 5, 6, 7, 8, 9, 10),
                                         ("", "root")):
            self.switch.env["LIGHTSCORE_USER"] = user
            with self.subTest(n=n, user=user):
                lines = [line for line in self.refused_start(
                    preexec_fn=few(n)).splitlines()
                    if not line.startswith("profiling:")]  # no counts
                self.assertIn("Too many open files", lines[-1])
                self.assertFalse((self.disk / "state").exists())

    def test_without_them_the_supervisor_keeps_what_serves(self):
        with self.service("--workers", "2") as s, self.under_load(s):
            with without_files(s.pid):
                self.expect_refused_reload(s, self.SAYS)
                self.expect_answer(s)
            self.expect_reload(s)

    def test_without_them_a_dead_worker_waits_for_them(self):
        with self.service("--workers", "2") as s:
            with without_files(s.pid):
                os.kill(s.workers()[0], signal.SIGKILL)
                s.wait_log("worker not started slot=0")
                self.assertIn(self.SAYS, s.log())
                self.expect_answer(s)
            s.wait_workers(2)
            self.expect_answer(s)

    def test_without_them_workers_wait_and_every_request_is_answered(self):
        with self.service("--workers", "2") as s:
            wait_until(lambda: s.metric("ml_server_workers", state="idle")
                       == 2, "workers without a connection")
            with contextlib.ExitStack() as stack:
                pids = list(s.workers().values())
                for pid in pids:
                    stack.enter_context(without_files(pid))
                answers = []
                asking = threading.Thread(
                    target=lambda: answers.append(s.predict(ROW)[0]))
                asking.start()
                s.wait_log(f"cannot accept a request for now: {self.SAYS}")
                self.assertEqual(s.request("GET", "/metrics")[0], 200)
            asking.join()
            # The process in reserve may have found that it waits too long.
            self.assertIn(answers, ([200], [503]))
            self.expect_answer(s)
            self.assertEqual(sorted(s.workers().values()), sorted(pids))

    def test_without_them_the_exporter_waits(self):
        with self.service() as s:
            exporter, = s.children("lightscore-exporter")
            answers = []
            with without_files(exporter):
                asking = threading.Thread(target=lambda: answers.append(
                    s.request("GET", "/metrics")[0]))
                asking.start()
                s.wait_log(f"cannot accept a request for now: {self.SAYS}")
                self.expect_answer(s)
            asking.join()
            self.assertEqual(answers, [200])
            self.assertEqual(s.children("lightscore-exporter"), [exporter])

    def test_without_them_the_web_server_lives_on(self):
        with self.service() as s:
            web, = s.children("lighttpd")
            with contextlib.ExitStack() as clients:
                # For a client, and not for the worker too that it is for.
                with without_files(web, but=1):
                    load = clients.enter_context(Load(s, ROW))
                    s.wait_log("Too many open files")
            with Load(s, ROW) as later:
                later.wait_more(20)
            self.assertEqual((set(later.answers), later.failures),
                             ({200}, []))
            self.assertEqual(set(load.answers) - {200, 500, 503}, set())
            self.expect_answer(s)
            self.assertEqual(s.children("lighttpd"), [web])


class Memory(Fault):
    """No more is to be had."""

    def without_memory(self, pid):
        """Of address space, as much as it has taken."""
        if "libasan" in pathlib.Path(f"/proc/{pid}/maps").read_text():
            self.skipTest("its sanitizer wants more address space")
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0])
        return limited(pid, resource.RLIMIT_AS,
                       pages * resource.getpagesize())

    def test_without_it_workers_serve_on(self):
        batch = json.dumps([ROW] * 2000)
        headers = {"Content-Type": "application/json"}
        with self.service("--workers", "2") as s:
            with self.under_load(s), contextlib.ExitStack() as stack:
                pids = list(s.workers().values())
                for pid in pids:
                    stack.enter_context(self.without_memory(pid))
                for _ in range(10):
                    status, _, _ = s.request("POST", "/v1/predict", batch,
                                             headers)
                    self.assertEqual(status, 200)
                    self.asked += 2000
            self.assertEqual(sorted(s.workers().values()), sorted(pids))

    def test_without_it_the_supervisor_keeps_what_serves(self):
        with self.service("--workers", "2") as s:
            with self.under_load(s):
                with self.without_memory(s.pid):
                    self.expect_refused_reload(s)
                self.expect_reload(s)

    def test_a_start_is_refused_with_the_remedy(self):
        with self.switch.lacking("memory"):
            line = self.refused_start()
        self.assertIn("Cannot allocate memory; free some, or raise the limit "
                      "of memory", line)
        self.assertFalse((self.disk / "state").exists())


class Processes(Fault):
    """No more may be started."""
    SAYS = "too many processes; raise the limit of them"

    def test_what_serves_serves_on_and_what_died_comes_back(self):
        with self.service("--workers", "2") as s:
            with self.switch.lacking("processes"):
                self.expect_refused_reload(s, self.SAYS)
                os.kill(s.workers()[0], signal.SIGKILL)
                s.wait_log("worker not started slot=0")
                self.expect_answer(s)
            s.wait_workers(2)
            self.expect_reload(s)

    def test_a_start_is_refused_with_the_remedy(self):
        with self.switch.lacking("processes"):
            self.assertIn(self.SAYS, self.refused_start())
        self.assertFalse((self.disk / "state").exists())


class Upgrades(Fault):
    """SIGUSR2 while something lacks: the old program serves on."""

    def service(self, *args, **named):
        return super().service("--workers", "2", "--max-growth", "0", *args,
                               program=[service.LIGHTSCORED], **named)

    def upgrade(self, s, *ends):
        """How it has ended."""
        before = s.log()
        s.process.send_signal(signal.SIGUSR2)
        end = wait_until(lambda: [e for e in ends if s.log().count(e)
                                  > before.count(e)], f"one of {ends}")[0]
        return s.log()[s.log().rindex(end):]

    def expect_refused(self, s, *words):
        pids = sorted(s.tree())
        line = self.upgrade(s, "upgrade given up, the old program serves on"
                            ).splitlines()[0]
        for word in words:
            self.assertIn(word, line)
        self.assertEqual(sorted(s.tree()), pids)
        self.expect_answer(s)

    def expect_upgrade(self, s):
        done = self.upgrade(s, "upgrade done")
        wait_until(lambda: "reload done" in s.log()[s.log().rindex(done):])
        self.expect_answer(s)

    def test_without_room_or_leave_to_write(self):
        for lack, says in Disk.LACKS:
            with self.subTest(lack), self.service() as s:
                files = self.files(s)
                with self.under_load(s):
                    with self.switch.lacking(lack):
                        self.expect_refused(s, says, str(s.state_dir))
                        wait_until(lambda: self.files(s) == files,
                                   f"no other files than {files}")
                    self.expect_upgrade(s)

    def test_without_descriptors(self):
        with self.service() as s, self.under_load(s):
            with without_files(s.pid):
                self.expect_refused(s, Descriptors.SAYS)
            with without_files(s.pid, but=2):
                self.expect_refused(s, Descriptors.SAYS)
            self.expect_upgrade(s)

    def test_without_processes(self):
        with self.service() as s, self.under_load(s):
            with self.switch.lacking("processes"):
                self.expect_refused(s, Processes.SAYS)
            self.expect_upgrade(s)


class Clock(Fault):
    def test_steps_change_nothing_but_what_is_told(self):
        with self.service("--workers", "2", "--request-timeout", "5s") as s:
            pids = sorted(s.tree())
            with self.under_load(s) as load:
                for step in (DAY, -DAY, 30 * DAY, 0):
                    self.switch.set(clock=step)
                    load.wait_more(50)
                    self.expect_answer(s)
            self.assertEqual(sorted(s.tree()), pids)
            self.switch.set(clock=-DAY)
            self.expect_reload(s)
            told = s.metric(
                "ml_server_config_last_reload_success_timestamp_seconds")
            self.assertLess(told, time.time() - DAY / 2)
            self.assertEqual(s.stop(), 0)


if __name__ == "__main__":
    tap.main()
