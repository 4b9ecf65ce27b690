# SPDX-License-Identifier: ISC
"""A running service for system tests: start, ask, load, look inside, stop.

Everything is waited for with a deadline; every process is known by its pid.
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
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

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import tap  # noqa: E402

SRCDIR = pathlib.Path(tap.SRCDIR)
BUILDDIR = pathlib.Path(tap.BUILDDIR)
LIGHTSCORE = BUILDDIR / "lightscore"
LIGHTSCORED = BUILDDIR / "lightscored"
LIGHTTPD = os.environ.get("LS_LIGHTTPD") or "/usr/sbin/lighttpd"
# Counts of coverage are written by those who end by themselves.
COUNTS = bool(os.environ.get("LS_COVERAGE"))
# Seconds until what should happen soon is taken for hung.
PATIENCE = float(os.environ.get("LS_PATIENCE") or 60)


def lighttpd_or_skip():
    if not os.access(LIGHTTPD, os.X_OK):
        raise unittest.SkipTest("lighttpd is not installed")


def rows():
    """Inputs of the shipped models."""
    path = SRCDIR / "models/churn/reference.ndjson"
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["input"] for line in lines]


port_names = []  # sockets that hold the names of the ports given away


def free_port():
    """A port for a program that can only be told which one. Not one of those
    that the kernel gives to connections and to whoever asks for any: it would
    be taken before the program listens there. Other tests do not take it
    either, as long as this process runs: each port's name is held."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as f:
        low, high = map(int, f.read().split())
    ports = [p for p in range(10000, 65536) if not low <= p <= high]
    for port in random.sample(ports, len(ports)):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0lightscore-test-port-{port}")
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            name.close()
            continue
        port_names.append(name)
        return port
    raise AssertionError("no port is free")


def wait_until(condition, what="it", patience=PATIENCE):
    """The condition's value once it is true; polls, with a deadline."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true in {patience} s")
        time.sleep(0.005)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def command_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return f.read().decode().split("\0")[:-1]
    except (FileNotFoundError, ProcessLookupError):
        return []


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(p) for p in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Service:
    """`lightscore serve` on a free port with a state directory of its own.

    with Service("--workers", "2") as s:
        s.request("GET", "/health")
    """

    def __init__(self, *args, state_dir=None, port=0, program=None, cwd=None,
                 pass_fds=(), env=None):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="lightscore-test."))
        self.state_dir = pathlib.Path(state_dir or self.dir / "state")
        self.args = [*(program or [LIGHTSCORE, "serve"]),
                     "--listen", f"127.0.0.1:{port}",
                     "--state-dir", self.state_dir, *args]
        self.log_path = self.dir / "log"
        self.cwd = cwd
        self.pass_fds = pass_fds
        self.env = env  # beside what is there
        self.process = None
        self.port = None

    def __enter__(self):
        return self.start()

    def __exit__(self, failure, *_):
        if failure is not None and self.log_path.exists():
            for line in self.log().splitlines()[-100:]:
                print(f"# log: {line}", flush=True)
        self.close()

    def launch(self):
        """Start it without waiting for readiness."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(a) for a in self.args], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, cwd=self.cwd,
                pass_fds=self.pass_fds,
                env={**os.environ, **(self.env or {})})
        return self

    def start(self):
        self.launch()
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.start()
        self.ready_line = self.process.stdout.readline().decode()
        timer.cancel()
        match = re.fullmatch(r"lightscore: ready on http://[^/]*:(\d+)\n",
                             self.ready_line)
        if match is None:
            code = self.process.wait(PATIENCE)
            raise AssertionError(f"not ready: {self.ready_line!r}, exit status "
                                 f"{code}, log:\n{self.log()}")
        self.port = int(match[1])
        return self

    def close(self):
        """Kill what still runs, remove what is left."""
        if self.process is not None and self.process.poll() is None:
            if COUNTS:
                self.process.terminate()
                try:
                    self.process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    pass
            self.process.kill()
            self.process.wait()
        if self.process is not None:
            self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def stop(self, signo=signal.SIGTERM, patience=PATIENCE):
        """Its exit status."""
        self.process.send_signal(signo)
        return self.process.wait(patience)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def wait_log(self, text, times=1):
        wait_until(lambda: self.log().count(text) >= times,
                   f"{text!r} in the log")

    # --- asking -----------------------------------------------------------

    def connect(self, timeout=PATIENCE):
        return http.client.HTTPConnection("127.0.0.1", self.port,
                                          timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=PATIENCE):
        """(status, headers, body) of one request on its own connection."""
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def predict(self, row, slot="v1"):
        status, _, body = self.request(
            "POST", f"/{slot}/predict", json.dumps(row),
            {"Content-Type": "application/json"})
        return status, json.loads(body)

    def raw(self, data, timeout=PATIENCE):
        """Send bytes to the public port; all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      timeout) as peer:
            peer.sendall(data)
            answer = b""
            while part := peer.recv(65536):
                answer += part
            return answer

    def metrics(self):
        """The page as {"name{labels}": value}."""
        status, _, body = self.request("GET", "/metrics")
        assert status == 200, (status, body)
        samples = {}
        for line in body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name] = float(value)
        return samples

    def metric(self, name, **labels):
        """Sum of the samples of that name with those labels."""
        total = 0
        for series, value in self.metrics().items():
            if series.partition("{")[0] == name and all(
                    f'{k}="{v}"' in series for k, v in labels.items()):
                total += value
        return total

    # --- looking inside ---------------------------------------------------

    def children(self, program):
        """pids of the children that run a program of that name."""
        return [pid for pid in children_of(self.pid)
                if os.path.basename((command_of(pid) or [""])[0]) == program]

    def workers(self):
        """{slot: pid}, without the reserve."""
        found = {}
        for pid in self.children("lightscore-worker"):
            command = command_of(pid)
            if "--slot" in command and "--reserve" not in command:
                found[int(command[command.index("--slot") + 1])] = pid
        return found

    def reserve(self):
        """The pid of the worker that only refuses, or None."""
        for pid in self.children("lightscore-worker"):
            if "--reserve" in command_of(pid):
                return pid
        return None

    def wait_idle(self):
        """Until no worker has a request in hand: the answer of the last one,
        perhaps of what asked whether it is ready, leaves before it is out of
        hand."""
        wait_until(lambda: self.metric("ml_server_workers", state="busy")
                   == 0, "idle workers")

    def wait_in_hand(self):
        """Until a request has come as far as the workers' socket."""
        wait_until(lambda: self.metric("ml_server_listen_queue_connections")
                   + self.metric("http_requests_in_flight") > 0,
                   "a request in hand")

    def wait_refused(self):
        """Until nothing listens at the public port."""
        def refused():
            try:
                self.connect(1).connect()
            except ConnectionError:
                return True
            return False
        wait_until(refused, "a refused connect")

    def tree(self):
        return [self.pid, *children_of(self.pid)]

    def wait_workers(self, n, but=()):
        """Until n workers serve, none of them one of `but`."""
        def serving():
            pids = self.workers().values()
            return (len(pids) == n and not set(pids) & set(but)
                    and self.metric("ml_server_workers", state="starting")
                    == 0 and list(pids))
        return wait_until(serving, f"{n} serving workers")

    def alone(self, workers):
        """Nobody runs but those who serve: workers of before a reload may
        answer until they are gone."""
        # The supervisor, lighttpd, the exporter, the reserve.
        return len(self.tree()) == workers + 4

    def wait_alone(self, workers):
        wait_until(lambda: self.alone(workers),
                   f"{workers} workers and no old ones")


@contextlib.contextmanager
def held_request(s):
    """One that a stopped worker has in hand; yields what lets it go on and
    returns the answer."""
    workers = list(s.workers().values())

    def finish():
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
        answer = b""
        while part := peer.recv(65536):
            answer += part
        return answer

    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    with socket.create_connection(("127.0.0.1", s.port),
                                  PATIENCE) as peer:
        peer.sendall(b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
        s.wait_in_hand()
        yield finish


class Load:
    """Clients that predict one row after the other on kept connections.

    with Load(service, row) as load: ...
    then load.answers (status -> how many) and load.failures (texts).
    """

    def __init__(self, service, row, clients=4, path="/v1/predict"):
        self.service = service
        self.body = json.dumps(row)
        self.path = path
        self.answers = {}
        self.failures = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run)
                        for _ in range(clients)]

    def run(self):
        connection = self.service.connect()
        while not self.over.is_set():
            try:
                connection.request("POST", self.path, self.body,
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                response.read()
                with self.lock:
                    n = self.answers.get(response.status, 0)
                    self.answers[response.status] = n + 1
            except (OSError, http.client.HTTPException) as error:
                with self.lock:
                    self.failures.append(repr(error))
                connection.close()
                connection = self.service.connect()
                self.over.wait(0.01)
        connection.close()

    def count(self):
        with self.lock:
            return sum(self.answers.values())

    def wait_more(self, n):
        """Until n more requests have been answered."""
        goal = self.count() + n
        wait_until(lambda: self.count() >= goal, f"{n} more answers")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
