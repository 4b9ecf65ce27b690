# SPDX-License-Identifier: ISC
"""What loop.c is, for engines that can only be called from Python: the same
commands, the same answers. Their figures include Python's call."""
import sys
import time

CHUNK_NS = 50000


def measure(predict, n, batch, ns):
    begun = now = time.process_time_ns()
    calls, done, at = 1, 0, 0
    while now - begun < ns:
        before = now
        for _ in range(calls):
            if at + batch > n:
                at = 0
            predict(at, batch)
            at += batch
        done += calls * batch
        now = time.process_time_ns()
        if now - before < CHUNK_NS:
            calls *= 2
    return (now - begun) / done


def serve(n, predict, time_batch=None):
    """Obey commands. `predict` scores rows (first, n) and returns an array;
    `time_batch` (batch, ns) is for engines that bring their own loop."""
    import numpy

    print("ready", flush=True)
    for line in sys.stdin:
        command, batch, rest = line.split(maxsplit=2)
        batch = int(batch)
        if command == "answers":
            numpy.concatenate(
                [predict(i, min(batch, n - i)) for i in range(0, n, batch)]
            ).astype(float).tofile(rest.strip())
            print("ok", flush=True)
        elif time_batch:
            print(time_batch(batch, int(rest)), flush=True)
        else:
            print(measure(predict, n, batch, int(rest)), flush=True)
