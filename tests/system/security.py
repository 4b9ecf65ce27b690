#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the processes of a service can reach, and who can reach them."""
import grp
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import tempfile
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


def reachable(path):
    """Whether somebody else than root gets there."""
    path = path.resolve()
    return all(p.stat().st_mode & 0o001 for p in [path, *path.parents])


class Identity(unittest.TestCase):
    """Started by root, the service is soon somebody else."""

    def setUp(self):
        service.lighttpd_or_skip()
        if os.geteuid() != 0:
            self.skipTest("needs root")
        if not reachable(service.BUILDDIR) or not reachable(service.SRCDIR):
            self.skipTest("only root can reach this build")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.dir.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.state = self.dir / "state"

    def service(self, *args):
        return Service("--workers", "1", *args, state_dir=self.state)

    def assert_is_nobody(self, pid):
        status = status_of(pid)
        name = command(pid)
        self.assertEqual(status["Uid"].split(), ["65534"] * 4, name)
        self.assertEqual(len(set(status["Gid"].split())), 1, name)
        self.assertNotIn("0", status["Gid"].split(), name)
        self.assertNotIn("0", status["Groups"].split(), name)
        for kept in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            self.assertEqual(int(status[kept], 16), 0, (name, kept))

    def test_no_process_stays_root(self):
        with self.service("--user", "nobody") as s:
            s.wait_workers(1)
            tree = s.tree()
            self.assertEqual(len(tree), 4)
            for pid in tree:
                self.assert_is_nobody(pid)
            self.assertEqual(s.predict(ROW)[0], 200)
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done")
            for pid in s.tree():
                self.assert_is_nobody(pid)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.stop(), 0)

    def test_without_a_word_it_is_not_root_either(self):
        with self.service() as s:
            for pid in s.tree():
                self.assertNotIn("0", status_of(pid)["Uid"].split())
            self.assertNotIn("still root", s.log())

    def test_files_are_its_own_and_for_nobody_else(self):
        with self.service("--user", "nobody:daemon") as s:
            daemon = grp.getgrnam("daemon").gr_gid
            for path in [self.state, *self.state.iterdir()]:
                st = path.lstat()
                self.assertEqual((st.st_uid, st.st_gid), (65534, daemon),
                                 path)
                self.assertEqual(st.st_mode & 0o007, 0, path)
            for name in ("worker.sock", "exporter.sock"):
                self.assertEqual(
                    stat.S_IMODE((self.state / name).stat().st_mode), 0o660)
            self.assertEqual(s.stop(), 0)

    def test_what_root_left_is_handed_over(self):
        with self.service("--user", "root") as s:
            self.assertEqual(status_of(s.pid)["Uid"].split()[0], "0")
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.stop(), 0)
        with self.service("--user", "nobody") as s:
            self.assert_is_nobody(s.pid)
            self.assertEqual(s.metric("ml_predictions_total",
                                      status="success"), 1)

    def test_no_link_is_followed_on_the_way(self):
        with self.service("--user", "root") as s:
            self.assertEqual(s.stop(), 0)
        victim = self.dir / "victim"
        victim.write_text("root's")
        (self.state / "link").symlink_to(victim)
        with self.service("--user", "nobody"):
            self.assertEqual(victim.stat().st_uid, 0)

    def test_a_directory_that_is_not_ours_is_not_taken(self):
        self.state.mkdir(0o700)
        self.refused("nobody", str(self.state))
        self.assertEqual(self.state.stat().st_uid, 0)

    def test_unreachable_for_the_user_named(self):
        self.dir.chmod(0o700)
        self.refused("nobody", str(self.dir))

    def test_no_such_user(self):
        self.refused("no-such-user", "no-such-user")
        self.refused("nobody:no-such-group", "no-such-group")

    def refused(self, user, said):
        s = self.service("--user", user)
        s.launch()
        try:
            self.assertEqual(s.process.wait(service.PATIENCE), 1)
            self.assertEqual(s.log().count("\n"), 1, s.log())
            self.assertIn(said, s.log())
        finally:
            s.close()

    def test_where_nobody_can_get_it_stays_root_and_says_so(self):
        self.dir.chmod(0o700)
        with self.service() as s:
            self.assertEqual(status_of(s.pid)["Uid"].split()[0], "0")
            self.assertIn("still root: ", s.log())
            self.assertEqual(s.predict(ROW)[0], 200)


class Networks(unittest.TestCase):
    """/metrics is for some networks only."""

    def setUp(self):
        service.lighttpd_or_skip()

    def test_who_somebody_says_he_is_does_not_matter(self):
        with Service("--metrics-allow", "127.0.0.2", "--workers", "1") as s:
            for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP",
                         "Client-IP", "Remote-Addr"):
                status, _, _ = s.request("GET", "/metrics", headers={
                    name: "for=127.0.0.2" if name == "Forwarded"
                    else "127.0.0.2"})
                self.assertEqual(status, 403, name)

    def test_as_shipped_this_machine_may(self):
        with Service("--workers", "1") as s:
            self.assertEqual(s.request("GET", "/metrics")[0], 200)

    def test_an_address_of_ipv4_on_a_socket_of_ipv6(self):
        if not socket.has_dualstack_ipv6():
            self.skipTest("no IPv6 here")
        with Service("--workers", "1", "--listen", "[::]:0") as s:
            self.assertEqual(s.request("GET", "/metrics")[0], 200)
        with Service("--workers", "1", "--listen", "[::]:0",
                     "--metrics-allow", "127.0.0.2") as s:
            self.assertEqual(s.request("GET", "/metrics")[0], 403)


def command(pid):
    return " ".join(service.command_of(pid)[:1])


if __name__ == "__main__":
    tap.main()
