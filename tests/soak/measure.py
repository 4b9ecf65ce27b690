# SPDX-License-Identifier: ISC
"""What a process holds, sample by sample, and whether it grows."""
import os
import statistics

FIGURES = "rss", "pss", "anonymous", "descriptors", "maps", "threads"
MEMORY = "rss", "anonymous"  # those judged

# KiB that a process may hold more at the end than after the warm-up: of what
# it has written itself, where nothing but reloads and scrapes could make it
# write; and of all, since the largest requests fall to one worker or another.
GROWTH = {"supervisor": ("anonymous", 512), "exporter": ("anonymous", 512)}
GROWTH_OTHERS = "rss", 4096
# ... and may gain in an hour of a phase that took minutes.
SLOPE = 1024


def held(pid):
    """{figure: value} of a process, memory in KiB; None where it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            rollup = {line.split()[0][:-1].lower(): int(line.split()[1])
                      for line in list(f)[1:]}
        with open(f"/proc/{pid}/maps", "rb") as f:
            maps = len(f.readlines())
        return {"rss": rollup["rss"], "pss": rollup["pss"],
                "anonymous": rollup["anonymous"] + rollup["swap"],
                "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
                "maps": maps,
                "threads": len(os.listdir(f"/proc/{pid}/task"))}
    except (FileNotFoundError, ProcessLookupError, KeyError, IndexError):
        return None


def is_sanitized(pid):
    """Whether it was built with what keeps freed memory for its reports."""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        return "libasan" in f.read()


def listing(folder):
    """{path: size} below a folder; sockets have none. A generation's number
    is #."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(top, name)
            try:
                size = os.lstat(path).st_size
            except FileNotFoundError:
                continue
            stem = os.path.relpath(path, folder)
            parts = ["#" if p.isdigit() else p for p in stem.split(".")]
            found[".".join(parts)] = found.get(".".join(parts), 0) + size
    return found


def slope(samples):
    """What [(seconds, value)] gains in an hour: the median of the slopes
    between all pairs half the time apart (Theil-Sen, thinned), which a
    single burst does not move."""
    half = len(samples) // 2
    if half < 2:
        return 0.0
    return 3600 * statistics.median(
        (b[1] - a[1]) / (b[0] - a[0])
        for a, b in zip(samples, samples[half:]) if b[0] > a[0])


class Series:
    """Samples of all processes of one role over replacements."""

    def __init__(self):
        self.samples = []  # (seconds, {figure: value})

    def add(self, at, figures):
        self.samples.append((at, figures))

    def peak(self, figure):
        return max((f[figure] for _, f in self.samples), default=0)

    def slope(self, figure, since=0.0, until=float("inf")):
        return slope([(at, f[figure]) for at, f in self.samples
                      if since <= at <= until])


def left(before, after):
    """One line for each descriptor, thread or file that was left behind
    between two times of rest, or has gone."""
    found = []
    for role, held_after in after["held"].items():
        for figure in "descriptors", "threads":
            then, now = before["held"][role][figure], held_after[figure]
            if now > then:
                found.append(f"{role}: {then} {figure} before, {now} after")
    for name in sorted(before["files"].keys() ^ after["files"].keys()):
        found.append(f"{name} in the state directory only "
                     + ("after" if name in after["files"] else "before"))
    return found


def grown(role, before, after):
    """One line for the memory that a process at rest holds more."""
    figure, most = GROWTH.get(role, GROWTH_OTHERS)
    if after[figure] - before[figure] > most:
        yield (f"{role}: {before[figure]} KiB {figure} before, "
               f"{after[figure]} after")


def rising(role, slopes):
    """One line for each of {(figure, phase): KiB an hour} that is too much."""
    for (figure, phase), gained in slopes.items():
        if gained > SLOPE:
            yield (f"{role}: {gained:.0f} KiB {figure} more an hour, "
                   f"{phase}")
