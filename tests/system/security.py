#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the processes of a service can reach, and who can reach them."""
import os
import re
import signal
import unittest

import service
import tap
from service import Service, wait_until

ROW = service.rows()[0]


def status_of(pid):
    """/proc/PID/status as {name: text}."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file
                    if ":\t" in line)


def descriptors_of(pid):
    """What each open descriptor is: {number: "socket", "pipe", path...}."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        found[int(name)] = re.sub(r"^(socket|pipe):.*", r"\1", target)
    return found


class Sandbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        # Left open by whoever starts us: it must not come through.
        cls.leak = os.open("/etc/passwd", os.O_RDONLY)
        os.set_inheritable(cls.leak, True)
        cls.service = Service("--workers", "2", pass_fds=[cls.leak]).start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        os.close(cls.leak)

    def processes(self):
        return [*self.service.wait_workers(2),
                *self.service.children("lightscore-exporter")]

    def test_nothing_is_open_but_socket_log_and_epoll(self):
        pids = self.processes()
        self.assertEqual(len(pids), 3)
        wanted = ["socket", "/dev/null", str(self.service.log_path),
                  "anon_inode:[eventpoll]"]
        for pid in pids:
            # A request in hand has a connection besides.
            wait_until(lambda pid=pid: [
                what for _, what in sorted(descriptors_of(pid).items())]
                == wanted, f"{wanted} of {command(pid)}")

    def test_nothing_is_mapped_but_programs_the_model_and_the_metrics(self):
        for pid in self.service.wait_workers(2):
            with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
                mapped = {line.split(None, 5)[5].strip() for line in file
                          if len(line.split(None, 5)) == 6}
            data = {path for path in mapped if path.startswith("/")
                    and not re.search(r"\.so|lightscore-worker$", path)}
            state = str(self.service.state_dir)
            self.assertEqual(
                {re.sub(r"\.\d+\.", ".N.", path) for path in data},
                {f"{state}/metrics", f"{state}/models/v1.N.lsm",
                 f"{state}/models/v2.N.lsm"})

    def test_the_web_server_got_only_what_it_needs(self):
        pids = self.service.children(os.path.basename(service.LIGHTTPD))
        self.assertEqual(len(pids), 1)
        self.assertNotIn("/etc/passwd", descriptors_of(pids[0]).values())
        self.assertEqual(status_of(pids[0])["NoNewPrivs"], "1")

    def test_no_new_privileges(self):
        for pid in self.processes():
            self.assertEqual(status_of(pid)["NoNewPrivs"], "1")

    def test_calls_are_filtered(self):
        if "sandbox:" in self.service.log():
            self.skipTest(self.service.log().partition("sandbox: ")[2]
                          .splitlines()[0])
        for pid in self.processes():
            self.assertEqual(status_of(pid)["Seccomp"], "2", command(pid))

    def test_what_is_missing_is_said_once(self):
        self.assertLessEqual(self.service.log().count("sandbox: "), 1)

    def test_a_worker_that_is_refused_a_call_is_counted_and_replaced(self):
        s = self.service
        before = s.metric("ml_server_worker_exits_total", reason="sandbox")
        victim = s.wait_workers(2)[0]
        os.kill(victim, signal.SIGSYS)
        s.wait_workers(2, but=[victim])
        self.assertEqual(s.metric("ml_server_worker_exits_total",
                                  reason="sandbox"), before + 1)
        self.assertEqual(s.predict(ROW)[0], 200)


class Setting(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_off(self):
        with Service("--sandbox", "off", "--workers", "1") as s:
            pids = [*s.wait_workers(1), *s.children("lightscore-exporter")]
            for pid in pids:
                self.assertEqual(status_of(pid)["Seccomp"],
                                 status_of(os.getpid())["Seccomp"])
            self.assertNotIn("sandbox: ", s.log())
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_required_is_all_or_nothing(self):
        s = Service("--sandbox", "require", "--workers", "1").launch()
        try:
            if s.process.stdout.readline():
                self.assertNotIn("sandbox: ", s.log())
                self.assertEqual(s.stop(), 0)
            else:
                self.assertEqual(s.process.wait(service.PATIENCE), 1)
                self.assertIn("sandbox is required, but ", s.log())
        finally:
            s.close()


def command(pid):
    return " ".join(service.command_of(pid)[:1])


if __name__ == "__main__":
    tap.main()
