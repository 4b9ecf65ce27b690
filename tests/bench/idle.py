#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What thousands of idle connections cost those who ask: requests/s and times
of others with and without them, in turns; and what one takes of memory.

    idle.py [CONNECTIONS [ROUNDS [SECONDS [PID URL]]]]

Each has had an answer, is kept, and is counted if it is open when the others
are done. lighttpd closes it after max-keep-alive-idle, 30 s: opening all and
measuring has to be over by then. Four processes hold them, so that only the
web server's limit of descriptors (ulimit -Hn) counts. PID and URL are of a
service that runs already; without them one is started.
"""
import json
import multiprocessing
import os
import resource
import socket
import sys
import time
import urllib.request

import bench

CONNECTIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
SECONDS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
HOLDERS = 4
ASK = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def hold(port, n, pipe):
    """Open n connections, say how many were answered, close when told."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peers, answered = [], 0
    try:
        for _ in range(n):
            peer = socket.create_connection(("127.0.0.1", port), 10)
            peers.append(peer)
            peer.sendall(ASK)
            answered += b" 200 " in peer.recv(4096)
    except OSError:
        pass  # the web server takes no more
    pipe.send(answered)
    pipe.recv()
    pipe.send(sum(is_open(peer) for peer in peers))
    for peer in peers:
        peer.close()
    pipe.send(None)


def is_open(peer):
    """Whether the web server has not closed it."""
    peer.setblocking(False)
    try:
        return peer.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


class Idle:
    """with Idle(port) as idle: connections are open and idle, and idle.kept
    of them were so to the end."""

    def __init__(self, port):
        self.pipes = []
        for _ in range(HOLDERS):
            ours, theirs = multiprocessing.Pipe()
            multiprocessing.Process(
                target=hold, daemon=True,
                args=(port, CONNECTIONS // HOLDERS, theirs)).start()
            self.pipes.append(ours)
        self.kept = 0
        self.n = sum(pipe.recv() for pipe in self.pipes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pipe in self.pipes:
            pipe.send(None)
        for pipe in self.pipes:
            self.kept += pipe.recv()
            pipe.recv()


def resident(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f
                    if line.startswith("Anonymous:"))


def wait_closed(pid, most):
    """Until the process has no more descriptors than that."""
    while len(os.listdir(f"/proc/{pid}/fd")) > most:
        time.sleep(0.01)


def still_served(url):
    with urllib.request.urlopen(f"{url}/health") as answer:
        return answer.status == 200


class Running(bench.Service):
    """A service that others started, and that goes on."""

    def __init__(self, pid, url):
        self.pid, self.url = int(pid), url

    def __exit__(self, *_):
        pass

    def tree(self):
        return bench.children(self.pid)


def main():
    body = json.dumps(bench.held_out_rows()[0])
    without, among, took = [], [], []
    with (Running(*sys.argv[4:6]) if len(sys.argv) > 4
          else bench.Service("--workers", "2")) as service:
        url = f"{service.url}/v1/predict"
        port = int(service.url.rpartition(":")[2])
        web, = (pid for pid in service.tree()
                if bench.command_line(pid)[0].endswith("lighttpd"))
        bench.wrk(url, body, 16, 1)
        before = resident(web)
        for _ in range(ROUNDS):
            without.append(bench.wrk(url, body, 16, SECONDS))
            with Idle(port) as idle:
                among.append(bench.wrk(url, body, 16, SECONDS))
                memory = resident(web)
            wait_closed(web, 64)
            took.append((min(idle.n, idle.kept), memory))
        served = still_served(service.url)
    idle, memory = min(n for n, _ in took), took[0][1]
    bench.report("idle connections", idle, "", CONNECTIONS)
    bench.report("memory of lighttpd, for each",
                 (memory - before) / max(1, idle), "bytes", None)
    for name, at in (("requests/s", 0), ("p50, ms", 1), ("p99, ms", 2)):
        bench.report(f"{name}, without them",
                     bench.median([r[at] for r in without]), "", None)
        bench.report(f"{name}, with them",
                     bench.median([r[at] for r in among]), "", None)
    ratio = bench.median([x[0] / y[0] for x, y in zip(among, without)])
    bench.finish(bench.report("median ratio of requests/s", ratio, "", 0.9),
                 idle >= CONNECTIONS, served)


main()
