#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SIGUSR2: new programs without a failed request, or the old ones serve on;
and nothing is left of a service, whichever process of it is killed."""
import os
import shutil
import signal
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
        self.service = s = Service("-c", "CONFIG")
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

    def test_a_program_that_does_not_run(self):
        with self.service:
            path = self.bin / "lightscored"
            os.unlink(path)
            path.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
            path.chmod(0o755)
            self.serves_on("cannot take over: exit status 7")
            os.unlink(path)
            self.serves_on("cannot take over: exit status 127")
            self.install()
            self.upgrade()

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
