# SPDX-License-Identifier: ISC
"""What the benchmarks share: the service, the load, the report."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile

SRCDIR = pathlib.Path(os.environ.get("LS_SRCDIR") or
                      pathlib.Path(__file__).resolve().parents[2])
BUILDDIR = pathlib.Path(os.environ.get("LS_BUILDDIR") or SRCDIR / "build")
LIGHTSCORE = BUILDDIR / "lightscore"
RESPONDER = BUILDDIR / "tests/bench/responder"
DEADLINE = 30

# FastAPI + uvicorn with ONNX Runtime, 2 workers, a logistic regression on
# the same kind of machine: the fastest of the Python stacks tried.
PEER_RPS = 3070


def median(values):
    return statistics.median(values)


def held_out_rows():
    """Clients' rows as the shipped models take them."""
    path = SRCDIR / "models/churn/reference.ndjson"
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["input"] for line in lines][:300]


def report(what, value, unit, goal, most=False):
    """One line: the figure, its goal and the ratio, above 1 is better."""
    if goal is None:
        print(f"{what:<52} {value:>12,.4g} {unit}", flush=True)
        return True
    ratio = goal / value if most else value / goal
    met = "met" if ratio >= 1 else "MISSED"
    print(f"{what:<52} {value:>12,.4g} {unit:<9} goal "
          f"{'<=' if most else '>='} {goal:<9,.4g} ratio {ratio:.2f} {met}",
          flush=True)
    return ratio >= 1


def finish(*goals):
    sys.exit(0 if all(goals) else 1)


def children(pid):
    """The process and all that descend from it."""
    parent = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as f:
                    stat = f.read()
            except OSError:
                continue
            parent[int(entry)] = int(stat[stat.rindex(b")") + 2:].split()[1])
    tree, new = [], [pid]
    while new:
        tree += new
        new = [p for p, pp in parent.items() if pp in new]
    return tree


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        return [a.decode() for a in f.read().split(b"\0")[:-1]]


def end(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Service:
    """`lightscore serve` on a free port with its state in a new folder."""

    def __init__(self, *arguments, state=None):
        self.folder = tempfile.TemporaryDirectory(prefix="lightscore-bench-")
        self.state = state or self.folder.name
        self.errors = open(f"{self.folder.name}/stderr", "w+")
        self.process = subprocess.Popen(
            [LIGHTSCORE, "serve", "--listen", "127.0.0.1:0",
             "--state-dir", self.state, *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"ready on (http://\S+)", line)
        if not found:
            end(self.process)
            self.errors.seek(0)
            sys.exit(f"serve did not start: {line}{self.errors.read()}")
        self.url = found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        self.errors.close()
        self.folder.cleanup()

    def tree(self):
        return children(self.process.pid)

    def web_server_configuration(self):
        for pid in self.tree():
            line = command_line(pid)
            if "-f" in line and "lighttpd" in line[0]:
                return line[0], line[line.index("-f") + 1]
        sys.exit("no lighttpd among the processes of the service")


def wrk(url, body, connections, seconds):
    """Load for a time; requests/s, and p50 and p99 in ms. Any answer but 200
    ends the run: a fast error is no figure."""
    if not shutil.which("wrk"):
        sys.exit("this needs wrk (apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="lightscore-wrk-") as folder:
        with open(f"{folder}/body", "w") as f:
            f.write(body)
        with open(f"{folder}/load.lua", "w") as f:
            f.write(f"""
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = io.open("{folder}/body"):read("*a")
done = function(summary, latency)
    local e = summary.errors
    print(string.format("figures %d %d %d %d %d", summary.requests,
        summary.duration, latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
""")
        said = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s",
             f"{folder}/load.lua", url],
            check=True, capture_output=True, text=True).stdout
    requests, us, p50, p99, errors = map(
        int, re.search(r"^figures (.*)", said, re.M).group(1).split())
    if errors or not requests:
        sys.exit(f"{errors} errors in {requests} requests to {url}")
    return requests * 1e6 / us, p50 / 1000, p99 / 1000
