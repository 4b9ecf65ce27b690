#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SIGUSR2: new programs without a failed request, or the old ones serve on;
and nothing is left of a service, whichever process of it is killed."""
import os
import re
import resource
import select
import shutil
import signal
import socket
import sys
import unittest

import service
import tap
from service import Load, Service, wait_until

ROW = service.rows()[0]
PROGRAMS = ("lightscore", "lightscored", "lightscore-worker",
            "lightscore-exporter")


class Installed(unittest.TestCase):
    """A service whose programs a test replaces."""

    def setUp(self):
        service.lighttpd_or_skip()
        # No worker is replaced but by what a test does: sanitizers grow.
        self.service = s = Service("-c", "CONFIG", "--max-growth", "0")
        self.bin = s.dir / "bin"
        self.config = s.dir / "lightscore.yaml"
        self.config.write_text("workers: 2\n", encoding="utf-8")
        s.args[s.args.index("CONFIG")] = self.config
        s.args[:2] = [self.bin / "lightscored"]
        (self.bin / "lighttpd").mkdir(parents=True)
        os.symlink(service.BUILDDIR / "models", self.bin / "models")
        os.symlink(service.BUILDDIR / "lighttpd/errors",
                   self.bin / "lighttpd/errors")
        self.install()

    def tearDown(self):
        self.service.close()

    def install(self):
        """Each program anew, under its old name."""
        for name in PROGRAMS:
            shutil.copy(service.BUILDDIR / name, self.bin / "new")
            os.rename(self.bin / "new", self.bin / name)

    def upgrade(self, times=1):
        s = self.service
        before = s.log().count("upgrade done")
        s.process.send_signal(signal.SIGUSR2)
        s.wait_log("upgrade done", before + times)
        wait_until(lambda: s.log().rfind("reload done")
                   > s.log().rfind("upgrade done"), "the new workers")
        wait_until(lambda: all(self.is_new(pid) for pid in s.tree()
                               if pid not in s.children("lighttpd")),
                   "new programs only")

    def kill_each_role(self):
        """SIGKILL one of each, which is replaced while requests are
        answered; the pids of all that were there."""
        s = self.service
        seen = set(s.tree())
        for name in ("lightscore-worker", "lightscore-exporter",
                     "lighttpd"):
            old = s.children(name)[0]
            os.kill(old, signal.SIGKILL)
            wait_until(lambda n=name, o=old: s.children(n) and
                       o not in s.children(n), f"another {name}")
            self.assertEqual(s.predict(ROW)[0], 200)
            seen |= set(s.tree())
        s.wait_workers(2)
        return seen | set(s.tree())

    def is_new(self, pid):
        """Whether it runs what is installed now, not a file that is gone."""
        try:
            return os.stat(f"/proc/{pid}/exe").st_ino in [
                (self.bin / name).stat().st_ino for name in PROGRAMS]
        except FileNotFoundError:
            return True  # it has ended meanwhile

    def serves_on(self, says):
        """An upgrade is given up for that, and nothing has changed."""
        s = self.service
        before = sorted(s.tree())
        with Load(s, ROW, clients=2) as load:
            load.wait_more(50)
            s.process.send_signal(signal.SIGUSR2)
            s.wait_log(says)
            load.wait_more(50)
        self.assertEqual((set(load.answers), load.failures), ({200}, []))
        self.assertNotIn("upgrade done", s.log())
        wait_until(lambda: sorted(s.tree()) == before, "the old processes")


class Upgrade(Installed):
    def test_upgrades_under_load_fail_no_request_and_lose_no_count(self):
        with self.service as s:
            pid, web = s.pid, s.children("lighttpd")
            with Load(s, ROW) as load:
                for _ in range(3):
                    load.wait_more(100)
                    self.install()
                    self.upgrade()
                load.wait_more(100)
            self.assertEqual((set(load.answers), load.failures), ({200}, []))
            self.assertEqual(
                s.metric("ml_predictions_total", status="success"),
                load.answers[200])
            self.assertEqual(s.metric("ml_server_worker_exits_total",
                                      reason="crash"), 0)
            self.assertEqual((s.pid, s.children("lighttpd")), (pid, web))
            s.wait_workers(2)
            self.assertEqual(len(s.children("lightscore-exporter")), 1)
            self.assertEqual(s.stop(), 0)
            self.assertEqual(sorted(os.listdir(s.state_dir)),
                             ["lock", "metrics"])

    def test_what_was_taken_over_is_kept_alive(self):
        with self.service:
            self.install()
            self.upgrade()
            self.kill_each_role()

    def test_a_reload_after_an_upgrade(self):
        with self.service as s:
            self.install()
            self.upgrade()
            self.config.write_text("workers: 3\nrequest_limit: 1m\n",
                                   encoding="utf-8")
            before = s.log().count("reload done")
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done", before + 1)
            s.wait_workers(3)
            wait_until(lambda: sorted(os.listdir(s.state_dir / "models"))
                       == ["v1.3.lsm", "v2.3.lsm"], "the last images only")

    def test_an_upgrade_in_a_reload_comes_after_it(self):
        with self.service as s:
            self.install()
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload begins")
            self.upgrade()
            self.assertLess(s.log().find("reload done"),
                            s.log().find("takes over"))

    def install_script(self, *lines):
        path = self.bin / "lightscored"
        path.unlink(missing_ok=True)
        path.write_text("\n".join((*lines, "")), encoding="utf-8")
        path.chmod(0o755)
        return path

    def test_a_program_that_does_not_run(self):
        with self.service:
            path = self.install_script("#!/bin/sh", "exit 7")
            self.serves_on("cannot take over: exit status 7")
            self.install_script("#!/bin/sh", "kill -ABRT $$")
            self.serves_on("cannot take over: signal 6")
            path.chmod(0o644)
            self.serves_on(f"cannot run {path}: Permission denied")
            path.unlink()
            self.serves_on(f"cannot run {path}: No such file or directory")
            self.install()
            self.upgrade()

    def hang(self):
        """The pid of a program that is tried and does not end."""
        s = self.service
        self.install_script("#!/bin/sh", "exec sleep 3600")
        s.process.send_signal(signal.SIGUSR2)
        hung, = wait_until(lambda: s.children("sleep"))
        return hung

    def test_a_program_that_hangs_when_it_is_tried(self):
        """Neither requests wait for it nor a reload; and an upgrade that is
        asked for meanwhile is done after it."""
        with self.service as s:
            hung = self.hang()
            self.assertEqual(s.predict(ROW)[0], 200)
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done")
            self.install()
            s.process.send_signal(signal.SIGUSR2)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.children("sleep"), [hung])
            os.kill(hung, signal.SIGKILL)
            s.wait_log("cannot take over: signal 9")
            s.wait_log("upgrade done")
            wait_until(lambda: "reload done" in
                       s.log()[s.log().rindex("upgrade done"):])

    def test_a_program_that_hangs_when_it_is_tried_ends_with_a_stop(self):
        with self.service as s:
            hung = self.hang()
            self.assertEqual(s.stop(), 0)
            wait_until(lambda: not service.is_alive(hung), "its end")

    def hinder(self):
        """Two descriptors are all that the next program may open. It is
        there when this returns, and cannot go on."""
        s = self.service
        self.install()
        os.rename(self.bin / "lightscored", self.bin / "lightscored.real")
        self.install_script(
            f"#!{sys.executable}",
            "import os, resource, sys",
            "if sys.argv[1:2] != ['--takes-over']:",
            "    # Leaks are looked for through /proc.",
            "    os.environ['ASAN_OPTIONS'] = os.environ.get(",
            "        'ASAN_OPTIONS', '') + ':detect_leaks=0'",
            "    kept = {n for n in range(1000) if os.path.exists(",
            "        f'/proc/self/fd/{n}') and os.get_inheritable(n)}",
            "    free = [n for n in range(1000) if n not in kept]",
            "    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]",
            "    resource.setrlimit(resource.RLIMIT_NOFILE, (free[2], hard))",
            f"    os.execv({str(self.bin / 'lightscored.real')!r}, sys.argv)")
        s.process.send_signal(signal.SIGUSR2)
        s.wait_log("upgrade not done yet, the old processes serve on, ")

    def test_a_takeover_that_fails_is_tried_again(self):
        with self.service as s:
            with Load(s, ROW) as load:
                load.wait_more(50)
                self.hinder()
                self.assertIn("Too many open files", s.log())
                load.wait_more(50)
                # Its end is not told to whoever is not there to hear it.
                os.kill(s.reserve(), signal.SIGKILL)
                s.wait_log("next try in", 3)
                self.assertEqual(re.findall(r"next try in (\d+) ms",
                                            s.log())[:3],
                                 ["100", "200", "400"])
                limit = resource.prlimit(0, resource.RLIMIT_NOFILE)
                resource.prlimit(s.pid, resource.RLIMIT_NOFILE, limit)
                s.wait_log("upgrade done")
                load.wait_more(50)
            self.assertEqual((set(load.answers), load.failures), ({200}, []))
            self.assertEqual(
                s.metric("ml_predictions_total", status="success"),
                load.answers[200])
            s.wait_log("reload done")
            s.wait_alone(2)
            self.install()
            self.upgrade()
            self.assertEqual(s.stop(), 0)

    def test_a_takeover_that_fails_can_be_stopped(self):
        with self.service as s:
            self.hinder()
            pids = s.tree()
            self.assertEqual(s.stop(), 1)
            wait_until(lambda: not [p for p in pids if service.is_alive(p)],
                       "an end of all processes")

    def test_a_takeover_that_fails_gives_signs_of_life(self):
        s = self.service
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(s.dir / "notify"))
            manager.settimeout(service.PATIENCE)
            s.env = {"NOTIFY_SOCKET": str(s.dir / "notify"),
                     "WATCHDOG_USEC": "100000"}
            with s:
                self.hinder()
                times = s.log().count("next try in")
                s.wait_log("next try in", times + 1)
                while select.select([manager], [], [], 0)[0]:
                    manager.recv(4096)  # some may be from before
                for _ in range(3):
                    self.assertEqual(manager.recv(4096), b"WATCHDOG=1")

    def test_a_configuration_that_is_wrong(self):
        with self.service:
            self.config.write_text("workers: many\n", encoding="utf-8")
            self.serves_on("lightscore.yaml:1: workers: ")

    def test_the_configuration_that_the_new_program_reads(self):
        with self.service as s:
            self.config.write_text("workers: 1\n", encoding="utf-8")
            self.install()
            self.upgrade()
            s.wait_workers(1)
            self.assertEqual(s.metric("ml_server_workers_limit"), 1)


class Orphans(Installed):
    """SIGKILL of any one process."""

    def test_of_the_supervisor_after_an_upgrade(self):
        with self.service as s:
            self.install()
            self.upgrade()
            pids = s.tree()
            self.assertGreaterEqual(len(pids), 5)
            s.process.kill()
            s.process.wait()
            wait_until(lambda: not [p for p in pids if service.is_alive(p)],
                       "an end of all processes")

    def test_of_each_role_in_turn(self):
        with self.service as s:
            seen = self.kill_each_role()
            self.assertEqual(s.stop(), 0)
            self.assertFalse([p for p in seen if service.is_alive(p)])

    def test_of_the_supervisor_while_models_are_imported(self):
        with self.service as s:
            s.process.send_signal(signal.SIGHUP)
            pids = set(s.tree())
            s.wait_log("reload begins")
            pids |= set(s.tree())
            s.process.kill()
            s.process.wait()
            wait_until(lambda: not [p for p in pids if service.is_alive(p)],
                       "an end of all processes")


if __name__ == "__main__":
    tap.main()
