#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Starting and stopping: the ready line, one-line failures, nothing left."""
import os
import pathlib
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import service
import tap
from service import Service, held_request, wait_until

ROW = service.rows()[0]


def run_to_end(*args, program=None):
    """A start that should fail: exit status, stdout, stderr."""
    done = subprocess.run(
        [str(a) for a in [*(program or [service.LIGHTSCORE, "serve"]),
                          *args]],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=service.PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def git(*args):
    return shutil.which("git") is not None and subprocess.run(
        ["git", "-C", service.SRCDIR, *args], check=False,
        capture_output=True).returncode == 0


class Start(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_ready_line_is_all_of_stdout_and_true(self):
        with Service() as s:
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.request("GET", "/health/ready")[0], 200)
            self.assertEqual(s.stop(), 0)
            self.assertEqual(s.process.stdout.read(), b"")

    def test_shipped_models_are_served_as_v1_and_v2(self):
        with Service() as s:
            for slot in ("v1", "v2"):
                status, answer = s.predict(ROW, slot)
                self.assertEqual(status, 200)
                self.assertEqual(answer["model_version"], slot)

    def test_a_configuration_without_models_is_told(self):
        s = Service("-c", "CONFIG")
        config = s.dir / "c.yaml"
        config.write_text("workers: 1\n", encoding="utf-8")
        s.args[s.args.index("CONFIG")] = config
        with s:
            s.wait_log("c.yaml names no models: the shipped ones are served")
            self.assertEqual(s.predict(ROW)[0], 200)
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload done")
            self.assertEqual(s.log().count("names no models"), 1)

    def test_a_variable_that_is_no_setting_is_told(self):
        with Service(program=["env", "LIGHTSCORE_WORKER=3",
                              "LIGHTSCORE_WORKERS=1", service.LIGHTSCORE,
                              "serve"]) as s:
            s.wait_log("LIGHTSCORE_WORKER is set, and there is no such "
                       "setting")
            self.assertNotIn("LIGHTSCORE_WORKERS is set", s.log())

    def test_stop_leaves_counters_only(self):
        for signo in (signal.SIGTERM, signal.SIGINT):
            with Service() as s:
                pids = s.tree()
                self.assertEqual(s.stop(signo), 0)
                self.assertFalse([p for p in pids if service.is_alive(p)])
                self.assertEqual(sorted(os.listdir(s.state_dir)),
                                 ["lock", "metrics"])

    def test_the_build_is_told(self):
        with Service() as s:
            build, = [name for name in s.metrics()
                      if name.startswith("ml_server_build_info{")]
            revision = re.search(r'revision="([^"]*)"', build)[1]
            # HEAD may have moved since the build, so any commit will do.
            if (service.SRCDIR / ".git").exists() and git("rev-parse", "HEAD"):
                self.assertTrue(
                    git("cat-file", "-e", revision + "^{commit}"), build)
            else:
                self.assertEqual(revision, "")
            self.assertRegex(build,
                             r'compiler="(gcc|clang) \d+\.\d+\.\d+"')

    def test_a_free_port_leaves_no_directory_behind(self):
        with tempfile.TemporaryDirectory() as home:
            s = Service(program=["env", f"XDG_STATE_HOME={home}",
                                 service.LIGHTSCORE, "serve"])
            at = s.args.index("--state-dir")
            del s.args[at:at + 2]
            with s:
                states = pathlib.Path(home, "lightscore")
                self.assertEqual(os.listdir(states),
                                 [f"127.0.0.1-{s.port}"])
                self.assertEqual(s.predict(ROW)[0], 200)
                self.assertEqual(s.stop(), 0)
                self.assertEqual(os.listdir(states), [])

    def test_processes_told_with_the_service_are_not_dead(self):
        """A service manager may tell each of its processes to end."""
        with Service("--workers", "2") as s:
            pids = [*s.children("lightscore-exporter"), s.reserve(),
                    *s.workers().values()]
            with held_request(s) as finish:
                s.process.send_signal(signal.SIGTERM)
                s.wait_log("stop begins")
                for pid in pids:
                    os.kill(pid, signal.SIGTERM)
                wait_until(lambda: "exporter ended" in s.log()
                           and "worker ended" in s.log())
                self.assertTrue(finish().startswith(b"HTTP/1.1 200 "))
            self.assertEqual(s.process.wait(service.PATIENCE), 0)
            log = s.log()[s.log().index("stop begins"):]
            for word in ("level=warn", "died", "waits", "exporter started"):
                self.assertNotIn(word, log)
            self.assertFalse([p for p in pids if service.is_alive(p)])

    def test_stop_finishes_what_was_accepted(self):
        with Service("--workers", "1") as s:
            with held_request(s) as finish:
                s.process.send_signal(signal.SIGTERM)
                s.wait_refused()
                answer = finish()
            self.assertIn(b"200 OK", answer)
            self.assertIn(b'{"status":"ok"}', answer)
            self.assertEqual(s.process.wait(service.PATIENCE), 0)

    def test_a_service_that_stops_is_not_ready(self):
        with Service("--workers", "1") as s, \
                socket.create_connection(("127.0.0.1", s.port),
                                         service.PATIENCE) as probe:
            # lighttpd must have accepted it: later ones are refused.
            self.assertEqual(s.request("GET", "/health/ready")[0], 200)
            s.process.send_signal(signal.SIGTERM)
            s.wait_refused()
            probe.sendall(b"GET /health/ready HTTP/1.1\r\nHost: t\r\n\r\n")
            answer = b""
            while part := probe.recv(65536):
                answer += part
            self.assertIn(b" 503 ", answer)
            self.assertIn(b"Retry-After: 1", answer)
            self.assertEqual(s.process.wait(service.PATIENCE), 0)

    def test_readiness_is_asked_from_the_command_line(self):
        def ask(port):
            return run_to_end("--listen", f"0.0.0.0:{port}", program=[
                service.LIGHTSCORE, "status", "--ready"])

        with Service() as s:
            self.assertEqual(ask(s.port), (0, "", ""))
            s.stop()
            status, _, said = ask(s.port)
            self.assertEqual(status, 1)
            self.assertIn(f"cannot connect to 0.0.0.0:{s.port}", said)
        for answer, says in ((b"HTTP/1.1 503 Service Unavailable\r\n\r\n",
                              "is not ready: 503 Service Unavailable"),
                             (b"SSH-2.0-OpenSSH_9.2\r\n", "no answer"),
                             (b"", "no answer")):
            with socket.create_server(("127.0.0.1", 0)) as server:
                threading.Thread(target=self.answer_one,
                                 args=(server, answer)).start()
                status, _, said = ask(server.getsockname()[1])
            self.assertEqual(status, 1)
            self.assertIn(says, said)

    @staticmethod
    def answer_one(server, answer):
        client, _ = server.accept()
        with client:
            client.recv(65536)
            client.sendall(answer)

    def test_model_file_named_as_an_option(self):
        with tempfile.TemporaryDirectory() as top:
            shutil.copy(service.SRCDIR / "models/churn/v1.joblib",
                        pathlib.Path(top, "-o.joblib"))
            with Service("--model", "v1=-o.joblib", cwd=top) as s:
                self.assertEqual(s.request("GET", "/health/ready")[0], 200)

    def test_stop_is_over_after_its_timeout_whatever_hangs(self):
        with Service("--workers", "2", "--stop-timeout", "400ms") as s:
            pids = s.tree()
            with held_request(s):
                begun = time.monotonic()
                self.assertEqual(s.stop(), 0)
                self.assertLess(time.monotonic() - begun, 8)
            self.assertFalse([p for p in pids if service.is_alive(p)])

    def test_second_signal_ends_at_once(self):
        with Service("--workers", "1", "--stop-timeout", "10m") as s:
            with held_request(s):
                s.process.send_signal(signal.SIGTERM)
                s.wait_refused()

                def ended_when_asked_again():
                    s.process.send_signal(signal.SIGTERM)
                    return s.process.poll() is not None

                wait_until(ended_when_asked_again, "an end")
                self.assertEqual(s.process.wait(service.PATIENCE), 0)

    def test_two_signals_in_one_breath_are_one_wish(self):
        """As timeout(1) sends them: what was accepted is still answered."""
        with Service("--workers", "1") as s:
            with held_request(s) as finish:
                # Two of one kind would become one while it is stopped.
                s.process.send_signal(signal.SIGSTOP)
                s.process.send_signal(signal.SIGTERM)
                s.process.send_signal(signal.SIGINT)
                s.process.send_signal(signal.SIGCONT)
                s.wait_refused()
                self.assertIn(b'{"status":"ok"}', finish())
            self.assertEqual(s.process.wait(service.PATIENCE), 0)
            self.assertNotIn("killed", s.log())

    def test_killed_supervisor_leaves_no_process(self):
        with Service() as s:
            pids = s.tree()
            self.assertGreaterEqual(len(pids), 4)
            s.process.kill()
            s.process.wait()
            wait_until(lambda: not [p for p in pids if service.is_alive(p)],
                       "an end of all processes")

    def test_start_after_a_kill_goes_on(self):
        with Service() as s:
            s.predict(ROW)
            s.process.kill()
            s.process.wait()
            with Service(state_dir=s.state_dir) as again:
                self.assertEqual(again.predict(ROW)[0], 200)
                self.assertEqual(again.metric(
                    "ml_predictions_total", status="success"), 2)

    def test_localhost_is_reached_by_ipv4(self):
        try:
            socket.gethostbyname("localhost")
        except OSError:
            self.skipTest("no /etc/hosts: localhost is not known here")
        with Service("--listen", "localhost:0") as s:
            self.assertIn("http://localhost:", s.ready_line)
            self.assertEqual(s.request("GET", "/health")[0], 200)

    def test_counters_go_on_over_a_restart(self):
        with Service() as s:
            s.predict(ROW)
            s.predict({})
            self.assertEqual(s.stop(), 0)
            with Service(state_dir=s.state_dir) as again:
                self.assertEqual(again.metric("ml_predictions_total"), 2)
                again.predict(ROW)
                self.assertEqual(again.metric(
                    "ml_predictions_total", status="success"), 2)
                self.assertEqual(again.metric(
                    "ml_predictions_total",
                    prediction_result="validation_error")
                    + again.metric("ml_predictions_total",
                                   prediction_result="no_input"), 1)

    def test_long_state_directory(self):
        with tempfile.TemporaryDirectory() as top:
            deep = pathlib.Path(top, *["d" * 50] * 4)
            with Service(state_dir=deep) as s:
                self.assertEqual(s.predict(ROW)[0], 200)
                elsewhere = [a for a in open(
                    deep / "lighttpd.conf", encoding="utf-8").read().split('"')
                    if a.endswith("worker.sock")][0]
                self.assertEqual(s.stop(), 0)
                self.assertFalse(os.path.exists(os.path.dirname(elsewhere)))

    def test_shared_memory_is_shared(self):
        with Service("--workers", "2") as s:
            s.predict(ROW)
            wait_until(lambda: s.metric("app_memory_usage_bytes") > 0)
            self.assertLess(s.metric("app_memory_usage_bytes"), 40 << 20)


class Given(unittest.TestCase):
    """A public socket that a service manager has opened."""

    GIVE = ("import os, socket, sys\n"
            "s = socket.create_server(('127.0.0.1', 0))\n"
            "os.dup2(s.fileno(), 3)\n"
            "os.set_inheritable(3, True)\n"
            "os.environ.update(LISTEN_PID=str(os.getpid()),"
            " LISTEN_FDS=sys.argv[1])\n"
            "os.execv(sys.argv[2], sys.argv[2:])\n")

    def setUp(self):
        service.lighttpd_or_skip()

    def given(self, n):
        return [sys.executable, "-c", self.GIVE, n, service.LIGHTSCORE,
                "serve"]

    def test_a_given_socket_is_served(self):
        with Service(program=self.given("1"), port=1) as s:
            self.assertNotEqual(s.port, 1)  # which it would not get
            self.assertEqual(s.predict(ROW)[0], 200)
            for pid in s.tree()[1:]:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    self.assertNotIn(b"LISTEN_FDS", f.read())
            self.assertEqual(s.stop(), 0)

    def test_two_sockets_are_refused(self):
        with tempfile.TemporaryDirectory() as top:
            status, _, said = run_to_end(
                "--state-dir", pathlib.Path(top, "s"),
                program=self.given("2"))
            self.assertEqual(status, 1)
            self.assertIn("give one listening TCP socket", said)


class Manager(unittest.TestCase):
    """What a service manager is told, as sd_notify(3) has it."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = tempfile.mkdtemp(prefix="lightscore-test.")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(service.PATIENCE)

    def tearDown(self):
        self.socket.close()
        shutil.rmtree(self.dir)

    def told(self):
        return self.socket.recv(4096).decode()

    def lives(self, path, name):
        self.socket.bind(path)
        with Service(program=["env", f"NOTIFY_SOCKET={name}",
                              service.LIGHTSCORE, "serve"]) as s:
            self.assertEqual(self.told(), "READY=1")
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            s.process.send_signal(signal.SIGHUP)
            word, _, at = self.told().partition("\nMONOTONIC_USEC=")
            self.assertEqual(word, "RELOADING=1")
            self.assertGreaterEqual(int(at), before)
            self.assertEqual(self.told(), "READY=1")
            s.stop()
            self.assertEqual(self.told(), "STOPPING=1")

    def test_a_life_is_told_to_a_path(self):
        self.lives(f"{self.dir}/notify", f"{self.dir}/notify")

    def test_a_life_is_told_to_an_abstract_name(self):
        name = f"lightscore-test-{os.getpid()}"
        self.lives("\0" + name, "@" + name)

    def test_a_watchdog_is_fed_as_long_as_the_supervisor_turns(self):
        self.socket.bind(f"{self.dir}/notify")
        with Service(program=["env", f"NOTIFY_SOCKET={self.dir}/notify",
                              "WATCHDOG_USEC=100000",
                              service.LIGHTSCORE, "serve"]) as s:
            self.assertEqual(self.told(), "READY=1")
            for _ in range(5):
                self.assertEqual(self.told(), "WATCHDOG=1")
            for pid in s.tree()[1:]:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    self.assertNotIn(b"NOTIFY_SOCKET", f.read())
            os.kill(s.pid, signal.SIGSTOP)
            self.socket.settimeout(1)
            with self.assertRaises(TimeoutError):
                while True:
                    self.told()
            os.kill(s.pid, signal.SIGCONT)

    def test_a_socket_that_is_not_there_changes_nothing(self):
        with Service(program=["env", f"NOTIFY_SOCKET={self.dir}/none",
                              service.LIGHTSCORE, "serve"]) as s:
            self.assertEqual(s.predict(ROW)[0], 200)


class Terminal(unittest.TestCase):
    """In the foreground of a terminal."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.dir = tempfile.TemporaryDirectory()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execv(service.LIGHTSCORE, [
                "lightscore", "serve", "--listen", "127.0.0.1:0",
                "--state-dir", self.dir.name + "/state"])
        said = b""
        while b"ready on" not in said:
            said += os.read(self.terminal, 4096)
        self.children = service.children_of(self.pid)

    def tearDown(self):
        self.dir.cleanup()

    def ends_well(self):
        def status():
            pid, code = os.waitpid(self.pid, os.WNOHANG)
            return [code] if pid else None
        self.assertEqual(wait_until(status, "an end"), [0])
        self.assertFalse([p for p in self.children if service.is_alive(p)])
        self.assertEqual(sorted(os.listdir(self.dir.name + "/state")),
                         ["lock", "metrics"])

    def test_control_c_stops(self):
        os.write(self.terminal, b"\x03")
        self.ends_well()
        os.close(self.terminal)

    def test_a_closed_terminal_stops(self):
        os.close(self.terminal)
        self.ends_well()


class Failure(unittest.TestCase):
    """One line that names what is wrong, no process, no file."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.state = pathlib.Path(self.dir.name, "state")

    def tearDown(self):
        self.dir.cleanup()

    def fails(self, *args, status=1, says=(), leaves=(), program=None):
        code, out, err = run_to_end("--state-dir", self.state, *args,
                                    program=program)
        self.assertEqual(code, status, err)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        for word in says:
            self.assertIn(word, err)
        self.assertFalse(self.state.exists(), "the state directory is left")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.fails("--listen", f"127.0.0.1:{port}",
                       says=[str(port), "in use", "--listen"])

    def test_model_that_is_not_there(self):
        self.fails("--listen", "127.0.0.1:0", "--model", "a=/no/such.joblib",
                   says=["/no/such.joblib"])

    def test_model_that_is_none(self):
        bad = pathlib.Path(self.dir.name, "bad.joblib")
        bad.write_bytes(b"\x80\x04this is no model")
        self.fails("--listen", "127.0.0.1:0", "--model", f"a={bad}",
                   says=["model a", "bad.joblib"])

    def test_image_that_is_none(self):
        bad = pathlib.Path(self.dir.name, "bad.lsm")
        bad.write_bytes(b"nothing of ours")
        self.fails("--listen", "127.0.0.1:0", "--model", f"a={bad}",
                   says=["model a", "bad.lsm"])

    def test_a_directory_that_was_there_is_left_as_it_was(self):
        code, _, err = run_to_end("--state-dir", self.dir.name, "--listen",
                                  "127.0.0.1:0", "--lighttpd", "/bin/false")
        self.assertEqual((code, os.listdir(self.dir.name)), (1, []), err)

    def test_a_worker_called_by_hand_and_wrongly(self):
        worker = service.BUILDDIR / "lightscore-worker"
        good = ["--metrics", str(self.state), "--slot", "0"]
        for args in ([], ["--no-such"], [*good, "more"], good[:2], good[2:],
                     [*good, "--slot", "1024"], [*good, "--slot", "-1"],
                     [*good, "--rows-limit", "ten"],
                     [*good, "--model", "no-file-of-it"]):
            done = subprocess.run([worker, *args], capture_output=True,
                                  text=True, timeout=60, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""), args)
            self.assertIn("usage: lightscore-worker", done.stderr, args)
        done = subprocess.run([worker, *good], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)  # it may come
        self.assertIn(str(self.state), done.stderr)
        done = subprocess.run([worker, "--help"], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("usage: lightscore-worker", done.stdout)

    def test_unknown_flag(self):
        self.fails("--no-such-flag", status=2, says=["--no-such-flag"])

    def test_value_out_of_range(self):
        self.fails("--workers", "0.5", status=2, says=["workers"])

    def test_configuration_whose_models_are_none(self):
        path = pathlib.Path(self.dir.name, "c.yaml")
        path.write_text("workers: 1\nmodels: {}\n", encoding="utf-8")
        self.fails("-c", path, status=2,
                   says=["c.yaml:2: models: no model is named: give SLOT"])

    def test_configuration_that_is_no_yaml(self):
        path = pathlib.Path(self.dir.name, "c.yaml")
        path.write_text("workers: [1\n", encoding="utf-8")
        self.fails("-c", path, status=2, says=["c.yaml"])

    def test_web_server_that_is_not_there(self):
        self.fails("--listen", "127.0.0.1:0", "--lighttpd", "/no/lighttpd",
                   says=["/no/lighttpd"])

    def test_web_server_that_does_not_start(self):
        self.fails("--listen", "127.0.0.1:0", "--lighttpd", "/bin/false",
                   says=["web server"])

    def test_access_log_that_cannot_be_written(self):
        service.lighttpd_or_skip()
        self.fails("--listen", "127.0.0.1:0", "--access-log", "/nope/a",
                   says=["--access-log: access_log: cannot write /nope/a"])

    def test_state_directory_in_use(self):
        service.lighttpd_or_skip()
        with Service(state_dir=self.state) as first:
            code, out, err = run_to_end("--state-dir", self.state,
                                        "--listen", "127.0.0.1:0")
            self.assertEqual((code, out, err.count("\n")), (1, "", 1), err)
            self.assertIn("in use by another", err)
            self.assertEqual(first.predict(ROW)[0], 200)
            first.stop()


if __name__ == "__main__":
    tap.main()
