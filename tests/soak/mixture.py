# SPDX-License-Identifier: ISC
"""The mixed traffic of a soak: what clients send, well meant or not, and what
they must be answered. Each kind is a thread; what was wrong is collected."""
import collections
import http.client
import itertools
import json
import socket
import struct
import threading
import time

JSON = {"Content-Type": "application/json"}
SLOTS = "v1", "v2", "v3"
KEPT = 50  # requests of a connection
ROWS_MOST = 200  # of a request


def bad_requests(row):
    """(method, path, headers, body) that must be refused, none by a 5xx."""
    less = {k: v for k, v in row.items() if k != "tenure"}
    bodies = [
        b"", b"{", b"[", b"nothing", b"[]]", b'{"a":1}{"a":1}', b"\xff\xfe{}",
        b'{"tenure": NaN}', b"[1]", b'"text"', b"null", b"1", b"[[]]",
        b"[" * 5000 + b"]" * 5000, b'{"a":' * 500 + b"1" + b"}" * 500,
        json.dumps(less).encode(), json.dumps([row, less]).encode(),
        json.dumps({**row, "tenure": "long"}).encode(),
        json.dumps({**row, "tenure": [1]}).encode(),
        json.dumps({**row, "tenure": 10 ** 400}).encode(),
        json.dumps({**row, "Contract": {"a": "x" * 3000}}).encode(),
        json.dumps([row] * 20 + ["row"]).encode(),
        b"[" + b"{}," * 10000 + b"{}]",
        b'{"invalid": "data"}',
    ]
    for slot, body in zip(itertools.cycle(SLOTS), bodies):
        yield "POST", f"/{slot}/predict", JSON, body
    good = json.dumps(row).encode()
    yield "POST", "/v1/predict", {"Content-Type": "text/plain"}, good
    yield ("POST", "/v1/predict", {**JSON, "Content-Encoding": "gzip"},
           b"\x1f\x8b" + good)
    yield "POST", "/nobody/predict", JSON, good
    yield "POST", "/" + "a" * 3000, JSON, good
    yield "GET", "/v1/predict", {}, None
    yield "DELETE", "/v1/predict", {}, None
    yield "POST", "/health", JSON, good
    yield "POST", "/metrics", JSON, good
    yield "GET", "/../../etc/passwd", {}, None
    yield "GET", "/%00%ff", {}, None
    yield "BREW", "/v1/predict", JSON, good
    yield "GET", "/health", {"X-Long": "x" * 20000}, None


def bad_bytes(body):
    """What is no proper request at all; each ends its connection."""
    head = b"POST /v1/predict HTTP/1.1\r\nHost: a\r\n"
    yield b"\r\n\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64
    yield b"GET / HTTP/9.9\r\n\r\n"
    yield b"GET\r\n\r\n"
    yield b"GET /health HTTP/1.1\r\n\r\n"
    yield head + b"Content-Length: -1\r\n\r\n"
    yield head + b"Content-Length: 99999999999999999999\r\n\r\n"
    yield head + b"Content-Length: 1073741824\r\n\r\n"
    yield (head + b"Content-Length: 4\r\nContent-Length: 5\r\n"
           b"Connection: close\r\n\r\nabcde")
    yield (head + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"
           b"Connection: close\r\n\r\n0\r\n\r\n")
    yield head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
    yield head + b"No colon\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def exchange(peer, data):
    """What comes back, until the peer ends it in its way."""
    said = b""
    try:
        peer.sendall(data)
        peer.shutdown(socket.SHUT_WR)
    except OSError:  # it has refused already
        pass
    try:
        while part := peer.recv(65536):
            said += part
    except ConnectionError:
        pass
    return said


class Counters:
    """Every counter of /metrics over many scrapes: none may go down or be
    gone."""

    def __init__(self):
        self.last = {}
        self.problems = []

    def take(self, page):
        seen, kinds = {}, {}
        for line in page.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                kinds[name] = kind
            elif line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                seen[name] = float(value)
        totals = {name: value for name, value in seen.items()
                  if counts(name.partition("{")[0], kinds)}
        for name, value in self.last.items():
            if name not in totals:
                self.problems.append(f"{name} is gone")
            elif totals[name] < value:
                self.problems.append(f"{name} went from {value} to "
                                     f"{totals[name]}")
        self.last = totals
        return seen


def counts(name, kinds):
    if kinds.get(name) == "counter":
        return True
    family, _, part = name.rpartition("_")
    return (kinds.get(family) == "histogram"
            and part in ("bucket", "count", "sum"))


class Client:
    """One connection after another, some requests on each."""

    def __init__(self, port):
        self.port = port
        self.left = 0
        self.connection = None
        self.again = 0  # a kept connection was ended before the request

    def ask(self, method, path, body=None, headers=None):
        """(status, body)"""
        for attempt in range(2):
            kept = self.left > 0
            if not kept:
                self.close()
                self.connection = http.client.HTTPConnection(
                    "127.0.0.1", self.port, timeout=60)
                self.left = KEPT
            self.left -= 1
            try:
                self.connection.request(method, path, body, headers or {})
                response = self.connection.getresponse()
                said = response.read()
                if response.will_close:
                    self.left = 0
                return response.status, said
            except (OSError, http.client.HTTPException):
                self.left = 0
                if attempt or not kept:
                    raise
                self.again += 1

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.left = 0


class Mixture:
    """All kinds at once, from `start` to `stop`, as often as wanted.

    `turns`: how often each kind has come round; `rows`: predictions answered;
    `unsure`: predictions asked whose answer nobody waited for."""

    def __init__(self, port, rows, pause):
        self.port = port
        self.inputs = rows
        self.pause = pause  # seconds between two requests of a kind
        self.turns = collections.Counter()
        self.problems = []
        self.rows = self.unsure = self.requests = 0
        self.counters = Counters()
        self.lock = threading.Lock()
        self.threads = []

    def start(self):
        self.over = threading.Event()
        self.threads = [
            threading.Thread(target=self.run, args=(kind,))
            for kind in (self.singles, self.batches, self.bad, self.broken,
                         self.scrapes, self.pages, self.cut, self.slow)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.threads = []

    def done(self):
        """The turns of the kind that came round least."""
        with self.lock:
            return min((self.turns[k] for k in (
                "singles", "batches", "bad", "broken", "scrapes", "pages",
                "cut", "slow")))

    def run(self, kind):
        client = Client(self.port)
        try:
            while not self.over.is_set():
                kind(client)
                with self.lock:
                    self.turns[kind.__name__] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.wrong(f"{kind.__name__}: {error!r}")
        finally:
            client.close()
            with self.lock:
                self.unsure += client.again * ROWS_MOST

    def wrong(self, text):
        with self.lock:
            self.problems.append(text)

    def rest(self):
        """Between two requests; false once it is over."""
        with self.lock:
            self.requests += 1
        return not self.over.wait(self.pause)

    def predicted(self, client, slot, rows):
        status, said = client.ask("POST", f"/{slot}/predict",
                                  json.dumps(rows), JSON)
        answer = json.loads(said)
        n = len(rows) if isinstance(rows, list) else 1
        if status != 200 or (n != 1 and len(answer) != n):
            self.wrong(f"{n} rows to {slot}: {status} {said[:200]}")
        else:
            with self.lock:
                self.rows += n

    def singles(self, client):
        for row, slot in zip(self.inputs[:24], itertools.cycle(SLOTS)):
            self.predicted(client, slot, row)
            if not self.rest():
                return

    def batches(self, client):
        for n, slot in zip((2, ROWS_MOST, 32, 5, 100, 64), SLOTS * 2):
            self.predicted(client, slot, self.inputs[:n])
            if not self.rest():
                return

    def bad(self, client):
        for method, path, headers, body in bad_requests(self.inputs[0]):
            try:
                status, said = client.ask(method, path, body, headers)
            except ConnectionError:  # a refusal too
                continue
            if not 400 <= status < 500 and status != 501:
                self.wrong(f"{method} {path[:40]} {(body or b'')[:60]}: "
                           f"{status} {said[:100]}")
            if not self.rest():
                return

    def broken(self, _):
        body = json.dumps(self.inputs[0]).encode()
        for data in bad_bytes(body):
            with socket.create_connection(("127.0.0.1", self.port),
                                          60) as peer:
                said = exchange(peer, data)
            status = said.split(b" ")[1:2]
            if status and not status[0].startswith((b"4", b"505")):
                self.wrong(f"{data[:80]}: {said[:100]}")
            if not self.rest():
                return

    def scrapes(self, client):
        status, page = client.ask("GET", "/metrics")
        if status != 200:
            self.wrong(f"/metrics: {status}")
        else:
            self.counters.take(page.decode())
        status, page = client.ask("GET", "/metrics", headers={
            "Accept": "application/openmetrics-text;version=1.0.0"})
        if status != 200 or not page.endswith(b"\n# EOF\n"):
            self.wrong(f"/metrics as OpenMetrics: {status} {page[-60:]}")
        self.rest()

    def pages(self, client):
        for method, path in (
                ("GET", "/health"), ("GET", "/health/live"),
                ("GET", "/health/ready"), ("GET", "/info"), ("GET", "/"),
                ("GET", "/openapi.json"), ("GET", "/apidocs/"),
                ("HEAD", "/info"), ("GET", "/metrics?name[]=model_loaded")):
            status, said = client.ask(method, path)
            if status != 200:
                self.wrong(f"{method} {path}: {status} {said[:100]}")
            if not self.rest():
                return

    def cut(self, _):
        """Connections that end at any point, softly or by a reset."""
        body = json.dumps(self.inputs[:20]).encode()
        whole = (b"POST /v1/predict HTTP/1.1\r\nHost: a\r\n"
                 b"Content-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body)) + body
        for n in (0, 1, 30, 90, 200, len(whole) - 1, len(whole)):
            for reset in False, True:
                with socket.create_connection(("127.0.0.1", self.port),
                                              60) as peer:
                    if reset:
                        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
                    peer.sendall(whole[:n])
                    if n == len(whole):
                        with self.lock:
                            self.unsure += 20
                if not self.rest():
                    return

    def slow(self, _):
        """A request in small parts over seconds, its answer read likewise."""
        body = json.dumps(self.inputs[0]).encode()
        data = (b"POST /v2/predict HTTP/1.1\r\nHost: a\r\n"
                b"Connection: close\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)) + body
        with socket.create_connection(("127.0.0.1", self.port), 60) as peer:
            step = max(1, len(data) // 20)
            for at in range(0, len(data), step):
                peer.sendall(data[at:at + step])
                time.sleep(self.pause * 2)
            said = b""
            while part := peer.recv(16):
                said += part
        if not said.startswith(b"HTTP/1.1 200 "):
            self.wrong(f"slow: {said[:100]}")
        with self.lock:
            self.rows += 1
            self.requests += 1
