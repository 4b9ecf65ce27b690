#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a web server and libfcgi are known to do wrong, one test each: it
costs the one who did it, and nobody else."""
import json
import os
import signal
import socket
import struct
import threading
import time
import unittest

import service
import tap
from service import Service, wait_until

ROW = service.rows()[0]
BODY = json.dumps(ROW).encode()
BEGIN, ABORT, PARAMS, STDIN, STDOUT, GET_VALUES = 1, 2, 4, 5, 6, 9
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONN = 1


def record(kind, content=b"", request=1, version=1, padding=0):
    return struct.pack(">BBHHBx", version, kind, request, len(content),
                       padding) + content + bytes(padding)


def begin(role=RESPONDER, flags=0, **how):
    return record(BEGIN, struct.pack(">HB5x", role, flags), **how)


def length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 1 << 31)


def pair(name, value):
    return length(len(name)) + length(len(value)) + name + value


def params(body_length=len(BODY), path=b"/v1/predict", more=()):
    return b"".join(pair(*p) for p in [
        (b"REQUEST_METHOD", b"POST"), (b"SCRIPT_NAME", path),
        (b"CONTENT_TYPE", b"application/json"),
        (b"CONTENT_LENGTH", b"%d" % body_length), *more])


def stream(kind, content, piece=65535):
    """A stream to its end: records of at most that size, an empty one."""
    return b"".join(record(kind, content[i:i + piece])
                    for i in range(0, len(content), piece)) + record(kind)


def request(body=BODY, **how):
    return begin() + stream(PARAMS, params(len(body), **how)) + stream(
        STDIN, body)


GOOD = request()
HEAD = begin() + stream(PARAMS, params())


class Peer:
    """A connection to the workers' socket, as the web server has."""

    def __init__(self, s, data=b""):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(service.PATIENCE)
        self.socket.connect(str(s.state_dir / "worker.sock"))
        self.send(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False where nobody reads it any more."""
        try:
            self.socket.sendall(data)
            return True
        except ConnectionError:
            return False

    def end(self):
        """No more from us."""
        self.socket.shutdown(socket.SHUT_WR)

    def answer(self):
        """What comes until the connection is closed; (status, body), or
        None where that is no response."""
        raw = b""
        try:
            while part := self.socket.recv(65536):
                raw += part
        except ConnectionError:
            pass  # closed in our face, as it may be
        text = b""
        while raw:
            _, kind, _, size, padding = struct.unpack(">BBHHB", raw[:7])
            if kind == STDOUT:
                text += raw[8:8 + size]
            raw = raw[8 + size + padding:]
        if not text:
            return None
        head, _, body = text.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


def memory_peak(pid):
    """Bytes of memory that a process has ever had at once."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(f.read().split("VmHWM:")[1].split()[0]) << 10


class Records(unittest.TestCase):
    """On the workers' socket, with one worker, which lives through all."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.s = Service("--workers", "1", "--request-timeout", "60s",
                        "--queue-time", "10s").start()

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    def setUp(self):
        self.worker = self.s.workers()[0]

    def tearDown(self):
        """Whatever was sent: others are served, by the same worker, which
        has taken no memory for it."""
        self.assertEqual(self.s.predict(ROW)[0], 200)
        self.assertEqual(self.s.workers(), {0: self.worker})
        self.assertLess(memory_peak(self.worker), 64 << 20)

    def rejected(self, reason):
        return self.s.metric("http_requests_rejected_total", reason=reason)

    def is_refused(self, *sent, reason="malformed", status=400, cut=False):
        """Each is answered so, or closed where not enough of it could be
        read for an answer, and counted once."""
        before = self.rejected(reason)
        for data in sent:
            with Peer(self.s, data) as peer:
                if cut:
                    peer.end()
                answer = peer.answer()
                self.assertIn(answer and answer[0], (None, status),
                              data[:80])
        wait_until(lambda: self.rejected(reason) >= before + len(sent),
                   "a count of each")
        self.assertEqual(self.rejected(reason), before + len(sent))

    def is_answered(self, data, status):
        with Peer(self.s, data) as peer:
            answer = peer.answer()
        self.assertIsNotNone(answer)
        self.assertEqual(answer[0], status, answer)
        return answer[1]

    # --- as it should be ----------------------------------------------------

    def test_a_request_in_any_pieces(self):
        whole = self.is_answered(GOOD, 200)
        pieces = begin(request=7) + b"".join(
            record(PARAMS, params()[i:i + 1], request=7, padding=i % 9)
            for i in range(len(params()))) + record(PARAMS, request=7)
        pieces += b"".join(
            record(STDIN, BODY[i:i + 3], request=7, padding=i % 256)
            for i in range(0, len(BODY), 3)) + record(STDIN, request=7)
        self.assertEqual(self.is_answered(pieces, 200), whole)

    def test_a_body_of_many_records(self):
        body = json.dumps([ROW] * 2000).encode()
        self.assertEqual(len(self.is_answered(request(body), 200)), 2000)

    def test_parameters_up_to_64_kib(self):
        more = [(b"HTTP_X%d" % i, b"v" * 8000) for i in range(7)]
        self.is_answered(request(more=more), 200)

    # --- libfcgi: management records ------------------------------------------

    def test_get_values_with_a_name_repeated(self):
        values = record(GET_VALUES, pair(b"FCGI_MAX_CONNS", b"") * 60,
                        request=0)
        self.is_refused(values, values + GOOD, begin() + values,
                        begin() + record(PARAMS, params()) + values)
        self.is_refused(HEAD + values + stream(STDIN, BODY),
                        HEAD + record(STDIN, BODY[:9]) + values,
                        HEAD + record(STDIN, BODY) + values, GOOD + values)

    def test_records_of_no_or_another_type(self):
        self.is_refused(record(0), record(11, b"?" * 8), record(255),
                        begin() + record(ABORT), begin() + record(STDOUT),
                        record(PARAMS, params()), record(STDIN, BODY),
                        HEAD + record(ABORT),
                        HEAD + record(STDIN, BODY) + record(PARAMS))

    def test_another_version_of_the_protocol(self):
        self.is_refused(begin(version=0), begin(version=2),
                        b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" * 9)

    def test_records_hidden_in_padding(self):
        # Where libfcgi does not skip it.
        hidden = record(GET_VALUES, pair(b"FCGI_MAX_CONNS", b"") * 9,
                        request=0)[:255]
        end = struct.pack(">BBHHBx", 1, PARAMS, 1, 0, len(hidden))
        head = struct.pack(">BBHHBx", 1, BEGIN, 1, 8, len(hidden))
        self.is_refused(
            head + begin()[8:] + hidden + GOOD[16:],
            begin() + record(PARAMS, params()) + end + hidden
            + stream(STDIN, BODY))

    # --- libfcgi: lengths -------------------------------------------------------

    def test_lengths_of_a_gigabyte(self):
        for name, value in ((1 << 30, 1 << 30), (1 << 30, 0), (0, 1 << 30),
                            (2**31 - 1, 2**31 - 1), (2**31 - 2, 1),
                            (65536, 1)):
            content = length(name) + length(value) + b"A" * 100
            self.is_refused(begin() + record(PARAMS, content))

    def test_parameters_past_64_kib(self):
        more = [(b"HTTP_X%d" % i, b"v" * 8000) for i in range(9)]
        self.is_refused(begin() + stream(PARAMS, params(more=more)),
                        begin() + record(PARAMS, b"\0\0" * 32000) * 3)

    def test_a_pair_cut_by_the_end_of_its_stream(self):
        for cut in (b"\4", b"\x80\0", b"\4\4NAM", b"\4\4NAMEval"):
            self.is_refused(begin() + stream(PARAMS, params() + cut))

    def test_a_begin_of_another_size(self):
        self.is_refused(record(BEGIN), record(BEGIN, bytes(7)),
                        record(BEGIN, bytes(9)),
                        record(BEGIN, bytes(65535)))

    # --- libfcgi: streams ---------------------------------------------------------

    def test_parameters_cut_at_a_record(self):
        self.is_refused(begin(), begin() + record(PARAMS, params()),
                        begin() + record(PARAMS, params()[:3]), cut=True)

    def test_a_body_cut_at_a_record(self):
        before = self.s.metric("ml_predictions_total", status="success")
        self.is_refused(HEAD, HEAD + record(STDIN, BODY),
                        HEAD + record(STDIN, BODY[:10]), cut=True)
        self.assertEqual(before, self.s.metric("ml_predictions_total",
                                               status="success"))

    def test_a_content_length_that_lies(self):
        for claimed in (0, 1, len(BODY) - 1, len(BODY) + 1, 1 << 20):
            head = begin() + stream(PARAMS, params(claimed))
            self.is_answered(head + stream(STDIN, BODY), 400)
        for text in (b"-5", b"+5", b"5 ", b"5,5", b"0x5", b"1e9", b"9" * 30):
            content = params().replace(
                pair(b"CONTENT_LENGTH", b"%d" % len(BODY)),
                pair(b"CONTENT_LENGTH", text))
            self.is_answered(begin() + stream(PARAMS, content)
                             + stream(STDIN, BODY), 400)

    def test_a_content_length_given_twice(self):
        more = [(b"CONTENT_LENGTH", b"%d" % len(BODY))]
        self.is_answered(request(more=more), 400)

    def test_a_body_past_the_limit(self):
        for claimed in ((8 << 20) + 1, 2**31, 2**63):
            self.is_answered(begin() + stream(PARAMS, params(claimed))
                             + record(STDIN, BODY), 413)

    def test_bytes_behind_the_end(self):
        self.is_refused(GOOD + GOOD, GOOD + bytes(8))

    def test_a_second_request_in_the_first(self):
        self.is_refused(begin() + begin(), begin() + begin(request=2),
                        begin() + record(PARAMS, params(), request=2),
                        begin(request=0), HEAD + begin(request=2),
                        HEAD + record(STDIN, BODY) + begin(request=2))

    def test_a_role_that_is_not_ours(self):
        self.is_refused(begin(AUTHORIZER), begin(FILTER), begin(0),
                        begin(65535))

    def test_a_connection_that_wants_to_be_kept(self):
        data = begin(flags=KEEP_CONN) + GOOD[len(begin()):]
        self.is_answered(data, 200)  # which ends with the connection

    # --- libfcgi: peers that stay, leave, or do not listen ----------------------

    def test_a_peer_that_does_not_close_after_the_answer(self):
        with Peer(self.s, GOOD) as peer:
            self.assertEqual(peer.answer()[0], 200)
            self.assertEqual(self.s.predict(ROW)[0], 200)
        with Peer(self.s, begin() + stream(PARAMS, params(9 << 20))) as peer:
            self.assertEqual(peer.answer()[0], 413)
            self.assertEqual(self.s.predict(ROW)[0], 200)

    def test_a_peer_that_goes_on_sending_after_a_refusal(self):
        with Peer(self.s, HEAD + record(ABORT)) as peer:
            while peer.send(record(STDIN, bytes(8000))):
                pass  # until the worker has closed

    def test_a_peer_that_connects_and_leaves(self):
        before = self.rejected("malformed"), self.rejected("timeout")
        for _ in range(50):
            Peer(self.s).socket.close()
        self.assertEqual(self.s.predict(ROW)[0], 200)
        self.assertEqual(before, (self.rejected("malformed"),
                                  self.rejected("timeout")))

    def test_a_peer_that_does_not_read(self):
        body = json.dumps([ROW] * 5000).encode()
        with Peer(self.s, request(body)) as peer:
            self.assertEqual(len(peer.answer()[1]), 5000)
        peers = [Peer(self.s, GOOD) for _ in range(20)]
        self.assertEqual(self.s.predict(ROW)[0], 200)
        for peer in peers:
            peer.socket.close()


class Silent(unittest.TestCase):
    """Peers that let a worker wait: it gives them up long before it would be
    ended for it. All at once, a worker each."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        # A request has half of this time to come.
        cls.s = Service("--workers", "4", "--request-timeout", "10s").start()
        workers = cls.s.workers()
        cls.answers = {}
        asking = [threading.Thread(target=cls.ask, args=case) for case in (
            ("nothing", b"", b""),
            ("eight bytes", begin()[:8], b""),
            ("half a body", HEAD + record(STDIN, BODY[:9]), b""),
            ("drip", b"", HEAD))]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        cls.status = cls.s.predict(ROW)[0]
        cls.same = cls.s.workers() == workers
        cls.late = cls.s.metric("http_requests_rejected_total",
                                reason="timeout")

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    @classmethod
    def ask(cls, name, at_once, slowly):
        with Peer(cls.s, at_once) as peer:
            for i, _ in enumerate(slowly):
                if not peer.send(slowly[i:i + 1]):
                    break
                time.sleep(0.1)
            cls.answers[name] = peer.answer()

    def test_a_peer_that_says_nothing(self):
        self.assertIsNone(self.answers["nothing"])

    def test_a_peer_that_stops_after_eight_bytes(self):
        self.assertIsNone(self.answers["eight bytes"])

    def test_a_peer_that_stops_in_its_body(self):
        self.assertEqual(self.answers["half a body"][0], 408)

    def test_a_peer_that_drips(self):
        answer = self.answers["drip"]
        self.assertIn(answer and answer[0], (None, 408))

    def test_no_worker_was_ended_for_it(self):
        self.assertTrue(self.same)
        self.assertEqual(self.status, 200)

    def test_each_was_counted(self):
        self.assertEqual(self.late, 4)


class Signals(unittest.TestCase):
    """A signal between the accept and the first byte made libfcgi spin."""

    def setUp(self):
        service.lighttpd_or_skip()

    def ends(self, signo, reason):
        # A tenth of this it waits for the first byte: so long there is to
        # see that it does.
        with Service("--workers", "1", "--request-timeout", "30s") as s:
            old = s.workers()[0]
            s.wait_idle()
            with Peer(s):
                wait_until(lambda: s.metric("ml_server_workers",
                                            state="busy") == 1,
                           "a worker that waits for the first byte")
                os.kill(old, signo)
                wait_until(lambda: not service.is_alive(old), "its end")
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(s.metric("ml_server_worker_exits_total",
                                      reason=reason), 1)

    def test_sigterm_before_the_first_byte(self):
        self.ends(signal.SIGTERM, "normal")

    def test_sigusr1_before_the_first_byte(self):
        self.ends(signal.SIGUSR1, "crash")


class WebServer(unittest.TestCase):
    """What lighttpd does with its clients and with us."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.s = Service("--workers", "1", "--max-connections", "64",
                        "--queue-time", "10s",  # a queue is wanted
                        "--request-limit", "64k").start()

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    def refused(self, data, *statuses):
        """Answered with one of these, in JSON; others are served."""
        answer = self.s.raw(data)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(int(head.split()[1]), statuses, answer)
        self.assertIn(b"application/json", head)
        self.assertIn("error", json.loads(body))
        self.assertEqual(self.s.predict(ROW)[0], 200)

    @staticmethod
    def post(*headers, body=b"", path="/v1/predict"):
        lines = [f"POST {path} HTTP/1.1", "Host: t", "Connection: close",
                 "Content-Type: application/json", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def test_a_length_and_chunks(self):
        self.refused(self.post("Content-Length: 2",
                               "Transfer-Encoding: chunked",
                               body=b"0\r\n\r\n"), 400)

    def test_lengths_that_differ(self):
        self.refused(self.post("Content-Length: 2", "Content-Length: 3",
                               body=b"{}"), 400)

    def test_a_length_that_is_none(self):
        for text in ("-1", "2x", "99999999999999999999"):
            self.refused(self.post(f"Content-Length: {text}", body=b"{}"),
                         400, 413)

    def test_no_length(self):
        self.refused(self.post(), 411)

    def test_a_body_past_the_limit(self):
        self.refused(self.post("Content-Length: 65537"), 413)

    def test_chunks_past_the_limit(self):
        self.refused(self.post(
            "Transfer-Encoding: chunked",
            body=(b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 3), 413)

    def test_chunks(self):
        answer = self.s.raw(self.post(
            "Transfer-Encoding: chunked",
            body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)))
        self.assertIn(b" 200 OK", answer)
        self.assertIn(b'"prediction"', answer)

    def test_a_header_past_the_limit(self):
        self.refused(self.post("Content-Length: 2", "X: " + "x" * 17000,
                               body=b"{}"), 431)
        self.refused(self.post("Content-Length: 2",
                               *[f"X{i}: " + "x" * 1000 for i in range(70)],
                               body=b"{}"), 400, 431)

    def test_http_2_is_not_spoken(self):
        answer = self.s.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                            + bytes.fromhex("000000040000000000"))
        self.assertFalse(answer.startswith(b"\0"), answer)
        answer = self.s.raw(b"GET /health HTTP/1.1\r\nHost: t\r\n"
                            b"Connection: close, Upgrade, HTTP2-Settings\r\n"
                            b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
                            b"\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)

    def test_a_path_that_only_begins_like_one_of_ours(self):
        for path in ("/v1/predictX", "/v1/predict/x", "/healthx",
                     "/metricsx", "/metrics/x"):
            self.assertEqual(self.s.request("GET", path)[0], 404, path)

    def test_a_proxy_header_is_nothing_to_us(self):
        answer = self.s.raw(self.post(
            f"Content-Length: {len(BODY)}", "Proxy: http://127.0.0.1:1/",
            body=BODY))
        self.assertIn(b" 200 OK", answer)

    def test_more_clients_than_connections_see_no_500(self):
        worker = self.s.workers()[0]
        answers = []
        os.kill(worker, signal.SIGSTOP)
        asking = [threading.Thread(target=lambda: answers.append(
            self.s.predict(ROW)[0])) for _ in range(150)]
        for thread in asking:
            thread.start()
        # Not by asking over HTTP: there is no connection left.
        queue = self.s.state_dir / "worker.sock"
        wait_until(lambda: waiting(queue) >= 60, "a queue")
        os.kill(worker, signal.SIGCONT)
        for thread in asking:
            thread.join()
        self.assertEqual(answers, [200] * 150)
        self.assertGreaterEqual(
            self.s.metric("ml_server_listen_queue_limit_connections"),
            min(4096, somaxconn()))


def somaxconn():
    with open("/proc/sys/net/core/somaxconn", encoding="ascii") as f:
        return int(f.read())


def waiting(path):
    """Connections to a socket file that nobody has accepted."""
    with open("/proc/net/unix", encoding="utf-8") as f:
        return sum(line.split()[5] == "02" for line in f
                   if line.rstrip().endswith(str(path)))


class Killed(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_a_kill_in_a_request_fails_that_one_only(self):
        with Service("--workers", "1", "--queue-time", "10s") as s:
            old = s.workers()[0]
            os.kill(old, signal.SIGSTOP)
            answers = []
            asking = [threading.Thread(target=lambda: answers.append(
                s.predict(ROW)[0])) for _ in range(8)]
            for thread in asking:
                thread.start()
            wait_until(lambda: s.metric(
                "ml_server_listen_queue_connections") == 8, "a queue")
            os.kill(old, signal.SIGKILL)
            for thread in asking:
                thread.join()
            self.assertEqual(answers, [200] * 8)
            # In hand: it has begun and does not come to its end.
            old = s.wait_workers(1)[0]
            s.wait_idle()
            with Peer(s, HEAD) as peer:
                wait_until(lambda: s.metric("ml_server_workers",
                                            state="busy") == 1, "a request")
                os.kill(old, signal.SIGKILL)
                self.assertIsNone(peer.answer())
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_no_worker_at_all_is_a_wait_and_no_503(self):
        with Service("--workers", "2") as s:
            for _ in range(3):
                for pid in s.wait_workers(2):
                    os.kill(pid, signal.SIGKILL)
                self.assertEqual(s.predict(ROW)[0], 200)


if __name__ == "__main__":
    tap.main()
