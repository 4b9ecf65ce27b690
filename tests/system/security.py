#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the processes of a service can reach, and who can reach them."""
import grp
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest
from unittest import mock

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
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue  # a connection that was closed meanwhile
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

    def wait_served(self):
        """Until all has been said of the start: this is the last of it."""
        self.service.wait_log("serving models")

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
        self.wait_served()
        for pid in self.service.tree():
            self.assertEqual(status_of(pid)["NoNewPrivs"], "1")

    def test_calls_are_filtered(self):
        self.wait_served()
        if "sandbox:" in self.service.log():
            self.skipTest(self.service.log().partition("sandbox: ")[2]
                          .splitlines()[0])
        for pid in self.processes():
            self.assertEqual(status_of(pid)["Seccomp"], "2", command(pid))

    def test_what_is_missing_is_said_once(self):
        self.wait_served()
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


class WebServer(unittest.TestCase):
    """lighttpd writes where it has to, and nowhere else."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def written(self, *settings):
        """Which files a program in lighttpd's place could write."""
        log = self.dir / "log"
        log.mkdir()
        probe = self.dir / "lighttpd"
        probe.write_text(f"""#!/bin/sh
for file in outside state/other state/uploads/body log/access; do
        (echo > "{self.dir}/$file") 2>/dev/null && could="$could $file"
done
echo > /dev/null && could="$could null"
echo "could write:$could" >&2
exit 1
""")
        probe.chmod(0o755)
        s = Service("--workers", "1", "--lighttpd", probe, *settings,
                    "--access-log", log / "access",
                    state_dir=self.dir / "state").launch()
        try:
            self.assertEqual(s.process.wait(service.PATIENCE), 1)
            return re.search("could write:(.*)", s.log())[1].split()
        finally:
            s.close()

    def test_bodies_and_its_log_are_all_it_can_write(self):
        with Service("--workers", "1") as s:
            s.wait_log("serving models")
            if "sandbox: files" in s.log() or "sandbox: neither" in s.log():
                self.skipTest("no Landlock here")
        self.assertEqual(self.written(),
                         ["state/uploads/body", "log/access", "null"])

    def test_unless_the_sandbox_is_off(self):
        self.assertEqual(self.written("--sandbox", "off"),
                         ["outside", "state/other", "state/uploads/body",
                          "log/access", "null"])

    def test_large_bodies_and_the_log_pass(self):
        log = self.dir / "access.log"
        with Service("--workers", "1", "--access-log", log) as s:
            rows = json.dumps([ROW] * 2000)
            self.assertGreater(len(rows), 1 << 19)
            status, _, body = s.request("POST", "/v1/predict", rows, {
                "Content-Type": "application/json"})
            self.assertEqual((status, len(json.loads(body))), (200, 2000))
            self.assertEqual(s.stop(), 0)
        self.assertIn("/v1/predict", log.read_text())


class Importer(unittest.TestCase):
    """It has the files that it was named, and nobody to speak to."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        with Service("--workers", "1") as s:
            s.wait_log("serving models")
            if "sandbox: " in s.log():
                self.skipTest(s.log().partition("sandbox: ")[2]
                              .splitlines()[0])

    def status(self, *flags, env=None):
        """Of an import that waits for its reference data."""
        data = self.dir / "data.csv"
        os.mkfifo(data)
        process = subprocess.Popen(
            [service.LIGHTSCORE, "import", *flags,
             service.SRCDIR / "models/churn/v1.joblib", "-o",
             self.dir / "v1.lsm", "--reference", data],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, **(env or {})})

        def opened():
            try:
                return os.open(data, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return None  # nobody reads it yet
        try:
            fd = wait_until(opened, "a reader")
            try:
                return status_of(process.pid)
            finally:
                os.close(fd)
        finally:
            process.kill()
            process.wait()
            data.unlink()

    def test_it_is_in_the_sandbox_unless_told_otherwise(self):
        ours = status_of(os.getpid())["Seccomp"]
        self.assertEqual(self.status()["Seccomp"], "2")
        self.assertEqual(self.status()["NoNewPrivs"], "1")
        self.assertEqual(self.status("--no-sandbox")["Seccomp"], ours)
        self.assertEqual(self.status(env={"LIGHTSCORE_SANDBOX": "off"})
                         ["Seccomp"], ours)


class Setting(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_off(self):
        with Service("--sandbox", "off", "--workers", "1") as s:
            s.wait_log("serving models")
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
                self.assertEqual(s.stop(), 0)
                self.assertNotIn("sandbox: ", s.log())
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
        # A run for coverage keeps the user; here it is what is tried.
        environment = mock.patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop("LIGHTSCORE_USER", None)
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
            self.assertEqual(len(tree), 5)
            for pid in tree:
                self.assert_is_nobody(pid)
            self.assertEqual(s.predict(ROW)[0], 200)
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done")
            s.wait_alone(1)
            for pid in s.tree():
                self.assert_is_nobody(pid)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.stop(), 0)

    def test_without_a_word_it_is_not_root_either(self):
        with self.service() as s:
            s.wait_log("serving models")
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

    def test_it_gives_root_up_with_all_settings_as_shipped(self):
        """Root's home is closed to whom it becomes; its counters are not
        there, but under /var/lib, here one of our own."""
        unshare = shutil.which("unshare")
        home = self.dir / "root"
        home.mkdir(0o700)
        lib = self.dir / "lib"
        lib.mkdir(0o755)
        inside = ["sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', lib,
                  "env", "-u", "XDG_STATE_HOME", f"HOME={home}",
                  service.LIGHTSCORE, "serve"]
        if unshare is None or subprocess.run(
                [unshare, "-m", "mount", "--bind", str(lib), "/var/lib"],
                capture_output=True, check=False).returncode != 0:
            self.skipTest("no mounts can be made here")
        s = Service(program=[unshare, "-m", *inside])
        at = s.args.index("--state-dir")
        del s.args[at:at + 2]
        with s:
            s.wait_log("serving models")
            self.assertNotIn("still root", s.log())
            for pid in s.tree():
                self.assertNotIn("0", status_of(pid)["Uid"].split())
            state = lib / "lightscore" / f"127.0.0.1-{s.port}"
            self.assertEqual(lib.stat().st_uid, 0)
            self.assertEqual(state.parent.stat().st_uid, 0)
            self.assertNotEqual(state.stat().st_uid, 0)
            self.assertEqual(stat.S_IMODE(state.stat().st_mode), 0o710)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.stop(), 0)
            self.assertEqual(os.listdir(state), [])
            self.assertEqual(os.listdir(home), [])

    def test_a_link_in_the_place_of_the_state_is_not_root_s_to_follow(self):
        victim = self.dir / "victim"
        victim.mkdir(0o755)
        (victim / "lock").touch(0o600)
        self.state.symlink_to(victim)
        self.refused("nobody", str(self.state))
        self.assertEqual(victim.stat().st_uid, 0)
        self.assertEqual((victim / "lock").stat().st_uid, 0)

    def test_where_nobody_can_get_it_stays_root_and_says_so(self):
        self.dir.chmod(0o700)
        with self.service() as s:
            self.assertEqual(status_of(s.pid)["Uid"].split()[0], "0")
            s.wait_log("still root: ")
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


class Keys(unittest.TestCase):
    """Predictions for those who show a key."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.file = self.dir / "keys"

    def make(self, name):
        done = subprocess.run(
            [service.LIGHTSCORE, "key", self.file, name], check=True,
            capture_output=True, text=True, timeout=service.PATIENCE)
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, r"^lsk_[0-9a-f]{64}\n$")
        self.assertNotIn(done.stdout[4:-1], self.file.read_text())
        return done.stdout.strip()

    def ask(self, s, **headers):
        return s.request("POST", "/v1/predict", json.dumps(ROW), {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value
               for name, value in headers.items()}})

    def test_only_with_a_key(self):
        alice, bob = self.make("alice"), self.make("bob")
        with Service("--api-keys", self.file, "--workers", "1") as s:
            for key in (alice, bob):
                self.assertEqual(
                    self.ask(s, Authorization=f"Bearer {key}")[0], 200)
                self.assertEqual(self.ask(s, X_API_Key=key)[0], 200)
            refused = [{}, {"X_API_Key": ""}, {"X_API_Key": alice[:-1]},
                       {"X_API_Key": alice.upper()},
                       {"Authorization": alice},
                       {"Authorization": f"Basic {alice}"},
                       {"Authorization": "Bearer "},
                       {"Authorization": "Bearer wrong", "X_API_Key": bob}]
            for headers in refused:
                status, answer, body = self.ask(s, **headers)
                self.assertEqual(status, 401, headers)
                self.assertIn("Bearer", answer["WWW-Authenticate"])
                self.assertIn("API key", json.loads(body)["error"])
            self.assertEqual(s.metric("http_requests_rejected_total",
                                      reason="unauthorized"), len(refused))
            self.assertEqual(s.metric("http_requests_total", code="401"),
                             len(refused))
            self.assertEqual(s.metric("ml_prediction_requests_total"), 4)
            for path in ("/health", "/health/ready", "/info", "/metrics",
                         "/openapi.json", "/"):
                self.assertEqual(s.request("GET", path)[0], 200, path)
            api = json.loads(s.request("GET", "/openapi.json")[2])
            post = api["paths"]["/v1/predict"]["post"]
            self.assertEqual(post["security"], [{"bearer": []}, {"key": []}])
            self.assertIn("401", post["responses"])
            self.assertEqual(set(api["components"]["securitySchemes"]),
                             {"bearer", "key"})
            self.assertNotIn(alice, s.log())

    def test_without_the_setting_nobody_is_asked(self):
        with Service("--workers", "1") as s:
            self.assertEqual(self.ask(s)[0], 200)
            self.assertEqual(self.ask(s, X_API_Key="anything")[0], 200)
            api = json.loads(s.request("GET", "/openapi.json")[2])
            self.assertNotIn("securitySchemes", api["components"])

    def test_keys_change_without_a_failed_request(self):
        old = self.make("old")
        with Service("--api-keys", self.file, "--workers", "2") as s:
            self.assertEqual(self.ask(s, X_API_Key=old)[0], 200)
            new = self.make("new")
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done")
            s.wait_alone(2)
            self.assertEqual(self.ask(s, X_API_Key=old)[0], 200)
            self.assertEqual(self.ask(s, X_API_Key=new)[0], 200)
            lines = self.file.read_text().splitlines()
            self.file.write_text(lines[1] + "\n")
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done", 2)
            s.wait_alone(2)
            self.assertEqual(self.ask(s, X_API_Key=old)[0], 401)
            self.assertEqual(self.ask(s, X_API_Key=new)[0], 200)

    def test_a_broken_file_changes_nothing(self):
        key = self.make("only")
        with Service("--api-keys", self.file, "--workers", "1") as s:
            self.file.write_text("not a hash\n")
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload given up")
            self.assertIn("line 1 is no hashed key", s.log())
            self.assertNotIn("not a hash", s.log())
            self.assertEqual(self.ask(s, X_API_Key=key)[0], 200)
            self.assertEqual(self.ask(s)[0], 401)

    def test_a_file_without_keys_lets_nobody_think_there_are_some(self):
        for text in (None, "", "# later\n"):
            if text is not None:
                self.file.write_text(text)
            s = Service("--api-keys", self.file).launch()
            try:
                self.assertEqual(s.process.wait(service.PATIENCE), 1)
                self.assertIn("api_keys", s.log())
                self.assertIn(str(self.file), s.log())
            finally:
                s.close()


class Rate(unittest.TestCase):
    """So many predictions a second for each client, and no more."""

    # Slow enough that no machine is slower, and a full bucket at the start.
    SLOW = ("--rate-limit", "1", "--rate-burst", "5")

    def setUp(self):
        service.lighttpd_or_skip()

    def ask(self, s, source="127.0.0.1", path="/v1/predict", row=True,
            **headers):
        connection = http.client.HTTPConnection(
            "127.0.0.1", s.port, timeout=service.PATIENCE,
            source_address=(source, 0))
        self.addCleanup(connection.close)
        connection.request("POST" if row else "GET", path,
                           json.dumps(ROW) if row else None, {
                               "Content-Type": "application/json",
                               **{name.replace("_", "-"): value
                                  for name, value in headers.items()}})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, answer.headers, body

    def exhaust(self, s, **how):
        """Ask until it is refused; how often it was not, and the refusal."""
        def refused():
            nonlocal asked
            answer = self.ask(s, **how)
            asked += answer[0] != 429
            return answer if answer[0] == 429 else None
        asked = 0
        return wait_until(refused, "a refusal"), asked

    def test_a_client_is_refused_and_the_others_are_not(self):
        with Service("--workers", "2", *self.SLOW) as s:
            (_, headers, body), asked = self.exhaust(s)
            self.assertGreaterEqual(asked, 5)
            self.assertEqual(headers["Retry-After"], "1")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertEqual(list(json.loads(body)), ["error"])
            for path in ("/v1/predict", "/v2/predict"):
                status = self.ask(s, "127.0.0.2", path)[0]
                self.assertEqual(status, 200, path)
            self.assertEqual(
                s.metric("http_requests_rejected_total",
                         reason="rate_limit"), 1)
            self.assertEqual(s.metric("http_requests_total", code="429",
                                      route="/{slot}/predict"), 1)
            # Not a prediction that failed: nobody is to be woken by it.
            self.assertEqual(s.metric("ml_prediction_requests_total"),
                             asked + 2)
            # Nor overload of the service.
            self.assertEqual(s.metric("http_requests_rejected_total",
                                      reason="overload"), 0)

    def test_who_somebody_says_he_is_does_not_matter(self):
        with Service("--workers", "1", *self.SLOW) as s:
            self.exhaust(s)
            for name in ("X-Forwarded-For", "X-Real-IP", "Remote-Addr",
                         "Forwarded"):
                wait_until(lambda name=name: self.ask(
                    s, **{name: "192.0.2.1"})[0] == 429, name)

    def test_only_predictions_are_limited(self):
        with Service("--workers", "1", *self.SLOW) as s:
            for path in ("/health", "/info", "/openapi.json", "/", "/metrics",
                         "/v1/predict"):
                for _ in range(20):
                    self.assertIn(self.ask(s, path=path, row=False)[0],
                                  (200, 405), path)
            self.exhaust(s)
            self.assertEqual(self.ask(s, path="/health", row=False)[0], 200)

    def test_a_key_is_a_client_and_without_one_the_address(self):
        with tempfile.TemporaryDirectory(prefix="lightscore-test.") as name:
            file = pathlib.Path(name) / "keys"
            alice, bob = [subprocess.run(
                [service.LIGHTSCORE, "key", file, who], check=True,
                capture_output=True, text=True,
                timeout=service.PATIENCE).stdout.strip()
                for who in ("alice", "bob")]
            with Service("--workers", "2", "--api-keys", file,
                         *self.SLOW) as s:
                self.exhaust(s, X_API_Key=alice)
                # From anywhere, in any header.
                wait_until(lambda: self.ask(
                    s, "127.0.0.3", Authorization=f"Bearer {alice}")[0]
                    == 429, "a refusal")
                self.assertEqual(self.ask(s, X_API_Key=bob)[0], 200)
                # Who tries keys that do not hold spends his address's.
                _, asked = self.exhaust(s, X_API_Key=alice[:-1] + "x")
                self.assertGreaterEqual(asked, 5)
                self.assertEqual(self.ask(s, X_API_Key=bob)[0], 200)

    def test_it_is_set_by_a_reload(self):
        with tempfile.TemporaryDirectory(prefix="lightscore-test.") as name:
            conf = pathlib.Path(name) / "conf.yaml"
            conf.write_text("rate_limit: 1\n")
            with Service("--workers", "1", "-c", conf) as s:
                self.exhaust(s)
                api = json.loads(s.request("GET", "/openapi.json")[2])
                self.assertIn("429", api["paths"]["/v1/predict"]["post"]
                              ["responses"])
                self.assertEqual(
                    [p.name for p in (s.state_dir / "models").iterdir()
                     if p.name.startswith("rate")], ["rate.1"])
                conf.write_text("{}\n")
                s.process.send_signal(signal.SIGHUP)
                s.wait_log("reload done")
                s.wait_alone(1)
                for _ in range(20):
                    self.assertEqual(self.ask(s)[0], 200)
                api = json.loads(s.request("GET", "/openapi.json")[2])
                self.assertNotIn("429", api["paths"]["/v1/predict"]["post"]
                                 ["responses"])
                self.assertEqual(
                    [p.name for p in (s.state_dir / "models").iterdir()
                     if p.name.startswith("rate")], [])


class Silence(unittest.TestCase):
    """What clients send is in no log, no file, and no error."""

    def test_a_log_does_not_grow_with_what_strangers_send(self):
        service.lighttpd_or_skip()
        bad = (b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
               b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        with Service("--workers", "1") as s:
            from_ = time.monotonic()
            for _ in range(300):
                self.assertIn(b" 400 ", s.raw(bad))
            s.wait_log("left out")
            minutes = (time.monotonic() - from_) // 60 + 2
            lines = s.log().count("chunked header")
            self.assertGreaterEqual(lines, 1)
            self.assertLessEqual(lines, 20 * minutes)
            self.assertLessEqual(s.log().count("left out"), 2 * minutes)
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_all_of_it_is_told_to_who_looks_for_it(self):
        service.lighttpd_or_skip()
        bad = (b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
               b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        with Service("--workers", "1", "--log-level", "debug") as s:
            for _ in range(50):
                self.assertIn(b" 400 ", s.raw(bad))
            s.wait_log("chunked header", 50)

    def test_logs_hold_no_payload(self):
        service.lighttpd_or_skip()
        marker = "m4rker-of-a-secret"
        row = json.dumps({**ROW, "gender": marker})
        with Service("--workers", "1", "--log-level", "debug") as s:
            sent = {"Content-Type": "application/json",
                    "Authorization": f"Bearer {marker}",
                    "Cookie": f"a={marker}", "X-Other": marker}
            asked = [
                ("POST", f"/v1/predict?q={marker}", row),
                ("POST", "/v1/predict", json.dumps([{marker: marker}])),
                ("POST", "/v1/predict", '{"' + marker),
                ("POST", f"/{marker}/predict", row),
                ("GET", f"/{marker}", None),
                ("GET", f"/metrics?name[]={marker}", None),
                ("DELETE", "/v1/predict", row),
            ]
            for method, path, body in asked:
                status, _, answer = s.request(method, path, body, sent)
                self.assertLess(status, 500, (method, path))
                self.assertNotIn(marker, answer.decode(), (method, path))
            s.raw(b"GET /" + marker.encode() + b"\r\n\r\n")
            s.raw(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                  b"Content-Length: 5\r\nContent-Length: 6\r\nX: "
                  + marker.encode() + b"\r\n\r\n")
            self.assertEqual(s.stop(), 0)
            self.assertNotIn(marker, s.log())
            kept = [path for path in s.state_dir.rglob("*")
                    if path.is_file()
                    and marker.encode() in path.read_bytes()]
            self.assertEqual(kept, [])


def command(pid):
    return " ".join(service.command_of(pid)[:1])


if __name__ == "__main__":
    tap.main()
