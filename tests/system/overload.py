#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What some clients do costs the others nothing: too many requests, slow and
silent connections, too large ones, requests that two readers could read in
two ways. (How soon and how many: tests/bench/overload.py.)"""
import contextlib
import json
import os
import re
import resource
import signal
import socket
import struct
import threading
import unittest

import service
import tap
from service import Service, wait_until

ROW = service.rows()[0]
BODY = json.dumps(ROW).encode()
LENGTH = b"Content-Length: %d" % len(BODY)
IDLE = 2000
# A request of its own, should a body's end be seen where it is not.
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"


def post(*headers, body=BODY, version=b"1.1"):
    return b"\r\n".join((
        b"POST /v1/predict HTTP/" + version, b"Host: x",
        b"Content-Type: application/json", *headers, b"", body))


def get(*headers):
    return b"\r\n".join((b"GET /health HTTP/1.1", b"Host: x", *headers,
                         b"", b""))


# Refused for what they are, and the connection closed: nothing that follows
# can be taken for a request.
REFUSED = {
    "a length and chunks": post(
        LENGTH, CHUNKED, body=b"0\r\n\r\n" + HIDDEN),
    "chunks and a length": post(
        CHUNKED, LENGTH, body=b"0\r\n\r\n" + HIDDEN),
    "two lengths": post(LENGTH, b"Content-Length: 0", body=BODY + HIDDEN),
    "two equal lengths": post(LENGTH, LENGTH, body=BODY + HIDDEN),
    "a list of lengths": post(LENGTH + b", 0", body=BODY + HIDDEN),
    "a length with a sign": post(b"Content-Length: +5", body=HIDDEN),
    "a negative length": post(b"Content-Length: -1", body=HIDDEN),
    "a hexadecimal length": post(b"Content-Length: 0x5", body=HIDDEN),
    "a length with a space in it": post(b"Content-Length: 1 0", body=HIDDEN),
    "a length past 64 bits": post(
        b"Content-Length: 18446744073709551616", body=HIDDEN),
    "a space before the colon": post(
        b"Content-Length : 0", body=HIDDEN),
    "a tab before the colon": post(b"Content-Length\t: 0", body=HIDDEN),
    "a length on a folded line": post(
        b"Content-Length:\r\n 0", body=HIDDEN),
    "a length folded into another header": post(
        b" Content-Length: 0", body=HIDDEN),
    "an unknown transfer coding": post(
        b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + HIDDEN),
    "chunked and then another coding": post(
        CHUNKED, b"Transfer-Encoding: identity", body=b"0\r\n\r\n" + HIDDEN),
    "chunked twice": post(
        CHUNKED + b", chunked", body=b"0\r\n\r\n" + HIDDEN),
    "chunked behind a control character": post(
        b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n" + HIDDEN),
    "chunks in HTTP/1.0": post(
        CHUNKED, body=b"0\r\n\r\n" + HIDDEN, version=b"1.0"),
    "a negative chunk": post(CHUNKED, body=b"-1\r\n" + HIDDEN),
    "a chunk's length in C's way": post(
        CHUNKED, body=b"0x5\r\nhello\r\n0\r\n\r\n" + HIDDEN),
    "a chunk past 64 bits": post(
        CHUNKED, body=b"fffffffffffffffff\r\n" + HIDDEN),
    "a chunk longer than it says": post(
        CHUNKED, body=b"3\r\nhello\r\n0\r\n\r\n" + HIDDEN),
    "chunks with bare line feeds": post(
        CHUNKED, body=b"5\nhello\n0\n\n" + HIDDEN),
    "bare line feeds": get().replace(b"\r\n", b"\n") + HIDDEN,
    "a bare line feed in a header": get(b"X: a\nContent-Length: 0"),
    "a bare carriage return in a header": get(b"X: a\rContent-Length: 0"),
    "a NUL in a header's name": get(b"X\0: a"),
    "a NUL in a header": get(b"X: \0a"),
    "a header without a name": get(b": a"),
    "two hosts": get(b"Host: y"),
    "a GET with a body": get(LENGTH) + HIDDEN,
    "tabs for spaces": get().replace(b" /health ", b"\t/health\t"),
    "a line end in the path": get().replace(b"/health", b"/health%0d%0aX:y"),
    "HTTP/0.9": b"GET /health\r\n\r\n" + HIDDEN,
    "an unknown version": get().replace(b"1.1", b"1.9"),
}


class Everybody(unittest.TestCase):
    """One service; every test leaves it serving as it found it."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        # Where the machine is busy with something else, nothing is shed.
        cls.s = Service("--workers", "2", "--request-limit", "64k",
                        "--queue-time", "10s").start()

    @classmethod
    def tearDownClass(cls):
        cls.s.close()

    def setUp(self):
        self.open = contextlib.ExitStack()
        self.addCleanup(self.open.close)

    def connect(self, data=b""):
        peer = socket.create_connection(("127.0.0.1", self.s.port),
                                        service.PATIENCE)
        self.open.enter_context(peer)
        peer.sendall(data)
        return peer

    def expect_served(self, times=20):
        for _ in range(times):
            self.assertEqual(self.s.predict(ROW)[0], 200)

    def expect_idle(self):
        self.expect_served()
        wait_until(lambda: self.s.metric("http_requests_in_flight") == 0,
                   "idle workers")

    def exits(self):
        return self.s.metric("ml_server_worker_exits_total")

    def test_clients_that_send_their_headers_slowly(self):
        peers = [self.connect(get(b"X: y")[:-4]) for _ in range(200)]
        self.expect_served()
        for peer in peers:
            peer.sendall(b"z")
        self.expect_idle()
        peers[0].sendall(b"\r\n\r\n")
        self.assertIn(b"200 OK", peers[0].recv(4096))

    def test_clients_that_send_their_bodies_slowly(self):
        peers = [self.connect(post(LENGTH, body=BODY[:9]))
                 for _ in range(200)]
        # No worker hears of a body before it is whole.
        self.expect_idle()
        peers[0].sendall(BODY[9:])
        self.assertIn(b"200 OK", peers[0].recv(4096))

    def test_clients_that_do_not_read_their_answers(self):
        page = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
        for _ in range(50):
            peer = socket.socket()
            self.open.enter_context(peer)
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            peer.connect(("127.0.0.1", self.s.port))
            peer.sendall(page * 50)
        self.expect_idle()

    def test_clients_that_hang_up_in_the_middle(self):
        cut = [get()[:9], post(LENGTH, body=BODY[:9]), post(LENGTH)]
        for i in range(150):
            peer = self.connect(cut[i % len(cut)])
            if i % 2:  # a reset; else an ordinary end
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack("ii", 1, 0))
            peer.close()
        for _ in range(50):  # open in one direction only
            self.connect(get()[:9]).shutdown(socket.SHUT_WR)
        self.expect_served()
        self.assertEqual(self.exits(), 0)

    def test_headers_and_bodies_too_large_are_refused(self):
        large = b"x" * (1 << 20)
        for status, data in (
                (431, get(b"X: " + large[:20000])),
                (431, get(*[b"X%d: y" % i for i in range(5000)])),
                (413, post(b"Content-Length: 1000000", body=b"")),
                (413, post(CHUNKED, body=b"11170\r\n" + large[:70000])),
                (413, post(CHUNKED, body=b"fffff0\r\n"))):
            with self.subTest(data[:60]):
                peer = self.connect()
                answer = b""
                try:
                    peer.sendall(data)
                except ConnectionError:
                    pass  # refused before it was all sent
                try:
                    while part := peer.recv(65536):
                        answer += part
                except ConnectionError:
                    pass
                head, _, body = answer.partition(b"\r\n\r\n")
                self.assertIn(b" %d " % status, head.split(b"\r\n")[0])
                self.assertIn("error", json.loads(body))
        self.expect_served()

    def test_requests_that_can_be_read_in_two_ways(self):
        def hidden():
            return self.s.metric("http_requests_total", route="unmatched")
        before = hidden()
        for name, data in REFUSED.items():
            with self.subTest(name):
                answer = self.s.raw(data)
                statuses = re.findall(rb"^HTTP/1\.\d (\d+)", answer, re.M)
                self.assertEqual(len(statuses), 1, answer)
                self.assertIn(statuses[0], (b"400", b"411", b"501", b"505"))
        self.assertEqual(hidden(), before)
        self.expect_served()

    def test_idle_connections_by_the_thousand(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 4 * IDLE:
            self.skipTest(f"no more than {hard} files may be open")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4 * IDLE, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        peers = [self.connect() for _ in range(IDLE)]
        for peer in peers[:200]:  # kept after an answer
            peer.sendall(get())
            self.assertIn(b"200 OK", peer.recv(4096))
        self.expect_served()
        peers[0].sendall(get())
        self.assertIn(b"200 OK", peers[0].recv(4096))


class TooMany(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def ask(self, s, how, times):
        """(status, Retry-After) of each, asked for all at once."""
        answers, lock = [], threading.Lock()

        def one():
            status, headers, _ = s.request(*how)
            with lock:
                answers.append((status, headers.get("Retry-After")))

        threads = [threading.Thread(target=one) for _ in range(times)]
        for thread in threads:
            thread.start()
        return threads, answers

    PREDICT = ("POST", "/v1/predict", BODY,
               {"Content-Type": "application/json"})

    def waiting(self, s):
        return s.metric("ml_server_listen_queue_connections")

    def queue(self, s, n):
        wait_until(lambda: self.waiting(s) >= n, f"{n} in the queue")

    def shed(self, s):
        return s.metric("http_requests_rejected_total", reason="overload")

    def test_what_waits_too_long_is_shed_but_no_more_and_no_probe(self):
        with Service("--workers", "1", "--queue-limit", "10",
                     "--queue-time", "10s", "--request-timeout", "600s") as s:
            worker = s.workers()[0]
            os.kill(worker, signal.SIGSTOP)
            probing, probes = self.ask(s, ("GET", "/health"), 10)
            self.queue(s, 10)
            asking, answers = self.ask(s, self.PREDICT, 30)
            # The worker does nothing all the while: the oldest 30 of 40 are
            # answered by the reserve; 10 of them are probes.
            wait_until(lambda: len(probes + answers) == 30, "30 answers")
            self.assertEqual({status for status, _ in probes}, {200})
            self.assertEqual(answers, [(503, "1")] * 20)
            wait_until(lambda: self.waiting(s) == 10, "10 in the queue")
            os.kill(worker, signal.SIGCONT)
            for thread in probing + asking:
                thread.join()
            self.assertEqual([status for status, _ in answers[20:]],
                             [200] * 10)
            self.assertEqual(self.shed(s), 20)
            self.assertEqual(s.metric("ml_prediction_requests_total",
                                      outcome="overload"), 20)
            self.assertEqual(s.metric("ml_predictions_total",
                                      status="success"), 10)
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_a_refusal_comes_whatever_the_body(self):
        """The reserve leaves one of up to 64 KB unread."""
        sizes = (1, 60_000, 64 << 10, 100_000, 1_000_000)
        with Service("--workers", "1", "--queue-limit", "10",
                     "--queue-time", "10s", "--request-timeout", "600s") as s:
            worker = s.workers()[0]
            os.kill(worker, signal.SIGSTOP)
            asking = []
            for size in sizes:
                how = self.PREDICT[:2] + (b"[" * size,) + self.PREDICT[3:]
                threads, answers = self.ask(s, how, 20)
                asking += threads
                wait_until(lambda: len(answers) >= 10, "answers")
                self.assertEqual(set(answers), {(503, "1")})
                threads, others = self.ask(s, self.PREDICT, 10)
                asking += threads
                wait_until(lambda: len(answers) == 20, "all of this size")
                self.assertEqual(set(answers), {(503, "1")})
            self.assertEqual(
                s.metric("http_request_size_bytes_sum",
                         route="/{slot}/predict"),
                20 * sum(sizes) + 10 * (len(sizes) - 1) * len(BODY))
            os.kill(worker, signal.SIGCONT)
            for thread in asking:
                thread.join()

    def test_stuck_workers_do_not_fill_the_backlog(self):
        """A full one would be a 500 each, and 503 for seconds after it."""
        most = 400
        with Service("--workers", "2", "--queue-limit", "50",
                     "--queue-time", "10s", "--request-timeout", "600s") as s:
            for worker in s.workers().values():
                os.kill(worker, signal.SIGSTOP)
            asking, answers = [], []
            for _ in range(4):
                threads, some = self.ask(s, self.PREDICT, most // 4)
                asking += threads
                answers.append(some)
            wait_until(lambda: sum(map(len, answers)) == most - 50,
                       "all answers but those that may wait")
            self.assertEqual({a for some in answers for a in some},
                             {(503, "1")})
            for worker in s.workers().values():
                os.kill(worker, signal.SIGCONT)
            for thread in asking:
                thread.join()
            # At once: nobody has taken the workers for gone.
            for _ in range(20):
                self.assertEqual(s.predict(ROW)[0], 200)
            after = [a[0] for some in answers for a in some]
            self.assertEqual((after.count(200), after.count(503)),
                             (50, most - 50))

    def test_without_the_reserve_the_workers_shed(self):
        with Service("--workers", "1", "--queue-limit", "10",
                     "--queue-time", "10s", "--request-timeout", "600s") as s:
            worker, reserve = s.workers()[0], s.reserve()
            os.kill(worker, signal.SIGSTOP)
            os.kill(reserve, signal.SIGSTOP)
            asking, answers = self.ask(s, self.PREDICT, 30)
            self.queue(s, 30)
            os.kill(worker, signal.SIGCONT)
            for thread in asking:
                thread.join()
            self.assertEqual(answers.count((503, "1")), 20)
            self.assertEqual(len([a for a in answers if a[0] == 200]), 10)
            os.kill(reserve, signal.SIGCONT)

    def test_a_reserve_that_dies_is_replaced(self):
        with Service("--workers", "1") as s:
            first = s.reserve()
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: s.reserve() not in (None, first),
                       "another reserve")
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_how_many_may_wait_follows_what_requests_take(self):
        with Service("--workers", "1", "--queue-limit", "50",
                     "--queue-time", "1ms") as s:
            def may_wait():
                return s.metric("ml_server_listen_queue_shed_connections")
            wait_until(lambda: may_wait() == 50, "no limit but the first")
            rows = json.dumps([ROW] * 4000)
            for _ in range(3):
                status, _, _ = s.request(
                    "POST", "/v1/predict", rows,
                    {"Content-Type": "application/json"})
                self.assertEqual(status, 200)
            wait_until(lambda: may_wait() == 4, "the least")


if __name__ == "__main__":
    tap.main()
