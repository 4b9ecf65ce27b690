#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What dies or hangs is replaced, counted, and costs what it must."""
import json
import os
import signal
import socket
import struct
import subprocess
import threading
import unittest
from random import Random

import service
import tap
from service import Load, Service, wait_until

ROW = service.rows()[0]


def exits(s, reason):
    return s.metric("ml_server_worker_exits_total", reason=reason)


def successes(s):
    return s.metric("ml_predictions_total", status="success")


def status(s, how="--json"):
    """What `lightscore status` says: the document, or a first page."""
    with subprocess.Popen([service.LIGHTSCORE, "status", how, "--state-dir",
                           s.state_dir], stdout=subprocess.PIPE,
                          text=True) as shown:
        if how == "--json":
            return json.loads(shown.stdout.read())
        page = ""
        while "p99 ms" not in page:
            line = shown.stdout.readline()
            assert line, page
            page += line
        shown.terminate()
        return page


def fcgi_record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def fcgi_request(body):
    """A request as the web server sends it."""
    params = b"".join(
        bytes([len(name), len(value)]) + name + value for name, value in (
            (b"REQUEST_METHOD", b"POST"),
            (b"SCRIPT_NAME", b"/v1/predict"),
            (b"CONTENT_TYPE", b"application/json"),
            (b"CONTENT_LENGTH", b"%d" % len(body))))
    return (fcgi_record(1, struct.pack(">HB5x", 1, 0))
            + fcgi_record(4, params) + fcgi_record(4, b"")
            + fcgi_record(5, body) + fcgi_record(5, b""))


class Killed(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_counters_are_exact_over_kills_under_load(self):
        kills = 8
        with Service("--workers", "2") as s:
            with Load(s, ROW) as load:
                for i in range(kills):
                    load.wait_more(200)
                    workers = wait_until(lambda: len(s.workers()) == 2
                                         and s.workers(), "two workers")
                    os.kill(workers[i % 2], signal.SIGKILL)
                    wait_until(lambda n=i + 1: exits(s, "crash") == n,
                               "a counted crash")
                load.wait_more(200)
            answered = load.answers.pop(200)
            failed = sum(load.answers.values()) + len(load.failures)
            self.assertLessEqual(failed, kills, (load.answers, load.failures))
            self.assertGreaterEqual(successes(s), answered)
            self.assertLessEqual(successes(s) - answered, kills)
            self.assertEqual(exits(s, "crash"), kills)
            wait_until(lambda: s.metric("ml_server_worker_starts_total")
                       == 3 + kills, "a start for each, the reserve too")

    def test_a_worker_that_dies_again_and_again_waits_longer(self):
        with Service("--workers", "1") as s:
            for deaths, delay in ((1, 100), (2, 200), (3, 400)):
                os.kill(s.wait_workers(1)[0], signal.SIGKILL)
                s.wait_log(f"worker waits slot=0 ms={delay} deaths={deaths}: "
                           "signal 9 (Killed)")
            s.wait_workers(1)
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_what_keeps_dying_is_shown_with_the_reason(self):
        with Service("--workers", "1") as s:
            def row():
                for pid in s.workers().values():
                    os.kill(pid, signal.SIGKILL)
                return [p for p in status(s)["processes"]
                        if p["state"] == "waiting"]

            def line():
                for pid in s.workers().values():
                    os.kill(pid, signal.SIGKILL)
                page = status(s, "--watch")
                return "waiting, died " in page and page

            waiting, = wait_until(row, "a worker that waits")
            self.assertEqual(
                (waiting["role"], waiting["pid"], waiting["slot"],
                 waiting["last_death"]),
                ("worker", None, 0, "signal 9 (Killed)"))
            self.assertGreater(waiting["deaths"], 0)
            self.assertGreaterEqual(waiting["next_start_seconds"], 0)
            self.assertRegex(wait_until(line, "a line of it"),
                             r"waiting, died \d+ in a row: signal 9 "
                             r"\(Killed\); started again in ")

    def test_a_worker_told_to_end_by_hand_is_replaced_without_a_failure(self):
        with Service("--workers", "2") as s:
            with Load(s, ROW) as load:
                for _ in range(3):
                    load.wait_more(100)
                    old = s.wait_workers(2)
                    os.kill(old[0], signal.SIGTERM)
                    s.wait_workers(2, but=old[:1])
            self.assertEqual((set(load.answers), load.failures),
                             ({200}, []))
            self.assertEqual(exits(s, "normal"), 3)
            self.assertEqual(exits(s, "crash"), 0)

    def test_workers_are_replaced_after_max_requests(self):
        with Service("--workers", "2", "--max-requests", "50") as s:
            with Load(s, ROW) as load:
                load.wait_more(1000)
            self.assertEqual((set(load.answers), load.failures),
                             ({200}, []))
            self.assertGreaterEqual(exits(s, "max_requests"), 15)
            self.assertEqual(successes(s), load.answers[200])

    def test_a_worker_that_has_grown_too_much_is_replaced(self):
        grown = 2 << 10  # KiB
        batch = [ROW] * 8000  # more than that, while it is in hand
        with Service("--workers", "2", "--max-growth", f"{grown}k",
                     "--request-timeout", "60s") as s:
            with Load(s, batch, clients=3) as load:
                wait_until(lambda: exits(s, "max_growth") > 0, "it")
                load.wait_more(2)
            self.assertEqual((set(load.answers), load.failures),
                             ({200}, []))
            self.assertEqual(successes(s), load.count() * len(batch))
            self.assertRegex(
                s.log(), r"worker replaced slot=\d pid=\d+: it has grown "
                rf"by \d+ KiB, more than max_growth of {grown} KiB")
            s.wait_workers(2)
            self.assertEqual((exits(s, "crash"), exits(s, "timeout")),
                             (0, 0))

    def test_every_process_is_shown(self):
        with Service("--workers", "2") as s:
            s.predict(ROW)
            shown = status(s)
            self.assertEqual((shown["running"], shown["phase"]),
                             (True, "serving"))
            roles = {}
            for process in shown["processes"]:
                roles.setdefault(process["role"], set()).add(process["pid"])
                self.assertIn(process["state"],
                              ("serving", "idle", "busy", "reserve"))
                self.assertEqual(process["deaths"], 0)
            self.assertEqual(roles, {
                "supervisor": {s.pid},
                "exporter": set(s.children("lightscore-exporter")),
                "web server": set(s.children("lighttpd")),
                "worker": {*s.workers().values(), s.reserve()}})
            self.assertEqual([p["pid"] for p in shown["processes"]
                              if p["state"] == "reserve"], [s.reserve()])
            self.assertEqual([(m["slot"], m["requests"])
                              for m in shown["models"]],
                             [("v1", 1), ("v2", 0)])
            s.stop()
            shown = status(s)
            self.assertEqual(
                (shown["running"], shown["phase"],
                 {p["state"] for p in shown["processes"]}),
                (False, "ended", {"free"}))

    def test_exporter_comes_back(self):
        with Service() as s:
            old, = s.children("lightscore-exporter")
            os.kill(old, signal.SIGKILL)
            wait_until(lambda: s.children("lightscore-exporter")
                       not in ([], [old]), "another exporter")
            self.assertEqual(s.request("GET", "/metrics")[0], 200)

    def test_web_server_comes_back_and_no_connect_is_refused(self):
        refused, over = [], threading.Event()

        def dial():
            while not over.is_set():
                try:
                    socket.create_connection(("127.0.0.1", s.port),
                                             service.PATIENCE).close()
                except ConnectionRefusedError as error:
                    refused.append(error)
                except OSError:
                    pass  # reset by the kill: it was accepted

        with Service() as s:
            dialer = threading.Thread(target=dial)
            dialer.start()
            try:
                for _ in range(3):
                    old, = wait_until(lambda: s.children("lighttpd"))
                    os.kill(old, signal.SIGKILL)
                    wait_until(lambda gone=old: s.children("lighttpd")
                               not in ([], [gone]), "another lighttpd")
                    self.assertEqual(s.predict(ROW)[0], 200)
            finally:
                over.set()
                dialer.join()
            self.assertEqual(refused, [])


class Stuck(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_metrics_are_answered_with_all_workers_stopped(self):
        with Service("--workers", "2") as s:
            s.predict(ROW)
            for pid in s.workers().values():
                os.kill(pid, signal.SIGSTOP)
            self.assertEqual(successes(s), 1)
            for pid in s.workers().values():
                os.kill(pid, signal.SIGKILL)
            self.assertEqual(successes(s), 1)

    def test_a_stopped_worker_is_replaced_and_the_request_answered(self):
        with Service("--workers", "1", "--request-timeout", "1s") as s:
            old = s.workers()[0]
            os.kill(old, signal.SIGSTOP)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(exits(s, "timeout"), 1)
            self.assertNotEqual(s.workers()[0], old)

    def test_one_stopped_worker_of_two_is_replaced_and_fails_nothing(self):
        with Service("--workers", "2", "--request-timeout", "2s") as s:
            old = s.workers()[0]
            os.kill(old, signal.SIGSTOP)
            with Load(s, ROW) as load:
                s.wait_log(f"worker died slot=0 pid={old}")
                load.wait_more(100)
            self.assertEqual((set(load.answers), load.failures),
                             ({200}, []))
            self.assertEqual(exits(s, "timeout"), 1)

    def test_a_request_past_its_deadline_is_ended_and_counted(self):
        # Half of this it waits for the end: so long there is to stop it.
        with Service("--workers", "1", "--request-timeout", "6s") as s:
            old = s.workers()[0]
            s.wait_idle()
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(service.PATIENCE)
                peer.connect(str(s.state_dir / "worker.sock"))
                # All but its end: in hand, and on its way.
                peer.sendall(fcgi_request(b"{}")[:-8])
                wait_until(lambda: s.metric("ml_server_workers",
                                            state="busy") == 1, "a request")
                os.kill(old, signal.SIGSTOP)
                s.wait_log(f"worker told to give up slot=0 pid={old}")
                os.kill(old, signal.SIGCONT)
                answer = b""
                try:
                    while part := peer.recv(65536):
                        answer += part
                except ConnectionError:
                    pass
            # Unless it was killed before it went on.
            self.assertTrue(answer == b"" or
                            b"Status: 504 Gateway Timeout" in answer, answer)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(exits(s, "timeout"), 1)
            self.assertEqual(s.metric("http_requests_rejected_total",
                                      reason="timeout"), 1)
            # As others that are refused: an answer is counted by its code.
            self.assertEqual(s.metric("http_requests_total", code="504"),
                             b"504" in answer)

    def test_silent_connections_hold_nobody_up_for_long(self):
        with Service("--workers", "1") as s:
            peers = [socket.socket(socket.AF_UNIX) for _ in range(3)]
            for peer in peers:
                peer.connect(str(s.state_dir / "worker.sock"))
            self.assertEqual(s.predict(ROW)[0], 200)
            for peer in peers:
                peer.close()
            self.assertEqual(exits(s, "timeout"), 0)

    def test_garbage_on_the_socket_does_not_end_the_service(self):
        begin = struct.pack(">BBHHBxHB5x", 1, 1, 1, 8, 0, 1, 0)
        broken = [
            b"GET / HTTP/1.1\r\n\r\n",
            bytes(range(256)),
            begin + struct.pack(">BBHHBx", 1, 4, 1, 8, 0) + b"\xff" * 8,
            begin + struct.pack(">BBHHBx", 1, 4, 1, 4, 0) + b"\x05\x05ab",
            begin + struct.pack(">BBHHBx", 1, 5, 1, 65535, 255),
            begin + begin,
            struct.pack(">BBHHBx", 1, 9, 0, 12, 0) + b"\x04\x00NAME" * 2,
            struct.pack(">BBHHBx", 9, 1, 1, 8, 0) + bytes(8),
        ]
        with Service("--workers", "2") as s:
            for data in broken * 5:
                self.send(s, data)
            self.assertEqual(s.predict(ROW)[0], 200)
            self.assertEqual(successes(s), 1)

    def test_bent_requests_on_the_socket_do_not_end_the_service(self):
        random = Random(1)
        good = fcgi_request(json.dumps(ROW).encode())
        with Service("--workers", "2") as s:
            self.send(s, good)
            wait_until(lambda: successes(s) == 1, "an answer to a good one")
            for _ in range(500):
                bent = bytearray(good)
                for _ in range(random.randrange(1, 6)):
                    bent[random.randrange(len(bent))] = random.randrange(256)
                self.send(s, bytes(bent[:random.randrange(len(bent) + 1)]))
            self.assertEqual(s.predict(ROW)[0], 200)
            s.wait_workers(2)
            self.assertEqual(exits(s, "timeout"), 0)

    @staticmethod
    def send(s, data):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(service.PATIENCE)
            peer.connect(str(s.state_dir / "worker.sock"))
            try:
                peer.sendall(data)
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(65536):
                    pass
            except ConnectionError:
                pass  # closed in our face, as it may be


class Overloaded(unittest.TestCase):
    def setUp(self):
        service.lighttpd_or_skip()

    def test_what_waits_beyond_the_limit_is_answered_503(self):
        answers = []

        def ask():
            status, headers, body = s.request(
                "POST", "/v1/predict", "{}",
                {"Content-Type": "application/json"})
            answers.append((status, headers.get("Retry-After"),
                            headers["Content-Type"], body))

        with Service("--workers", "1", "--queue-limit", "5",
                     "--request-timeout", "600s") as s:
            worker = s.workers()[0]
            os.kill(worker, signal.SIGSTOP)
            asking = [threading.Thread(target=ask) for _ in range(30)]
            for thread in asking:
                thread.start()
            # While the worker does nothing.
            wait_until(lambda: len(answers) == 25, "25 answers")
            os.kill(worker, signal.SIGCONT)
            for thread in asking:
                thread.join()
            shed = [a for a in answers if a[0] == 503]
            self.assertGreaterEqual(len(shed), 25)
            for answer in shed:
                self.assertEqual(answer[1], "1")
                self.assertEqual(answer[2], "application/json")
                self.assertIn(b'"error"', answer[3])
            self.assertEqual({a[0] for a in answers} - {503}, {400} & {
                a[0] for a in answers})
            self.assertEqual(s.metric("http_requests_rejected_total",
                                      reason="overload"), len(shed))


if __name__ == "__main__":
    tap.main()
