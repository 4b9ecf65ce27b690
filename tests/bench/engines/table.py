# SPDX-License-Identifier: ISC
"""The tables, and the goals that the results are held against."""
import os
import platform
import statistics
import subprocess

from engines import CC, ENGINES, FLAGS, build_folder, processor, version

# Answers farther from the training library's are wrong, not rounded.
WRONG = 1e-4

TEXTS, CELLS = "Lightscore, from texts", "Lightscore"
ORT, ORT_TEXTS = "ONNX Runtime", "ONNX Runtime, from texts"
BEST = "the best of the others"

# Model, batch, ours, theirs, how many times faster we want to be.
GOALS = [
    ("a", 1, TEXTS, ORT_TEXTS, 30), ("a", 1000, TEXTS, ORT_TEXTS, 5),
    ("b", 1, TEXTS, ORT_TEXTS, 8), ("b", 1000, TEXTS, ORT_TEXTS, 5),
    ("c", 1, TEXTS, ORT_TEXTS, 25), ("c", 1000, TEXTS, ORT_TEXTS, 5),
    ("c", 1, CELLS, "TL2cgen", 1.5), ("c", 1000, CELLS, "TL2cgen", 5),
    ("d", 1, CELLS, BEST, 8), ("d", 1000, CELLS, "XGBoost", 10),
    ("e", 1, CELLS, "lleaves", 1.3), ("e", 1000, CELLS, "lleaves", 4),
    ("f", 1, CELLS, ORT, 3), ("f", 1000, CELLS, ORT, 3),
    ("g", 1, CELLS, BEST, 5), ("g", 1000, CELLS, "XGBoost", 7),
    ("h", 1, CELLS, BEST, 1), ("h", 1000, CELLS, BEST, 1),
    ("i", 1, CELLS, BEST, 1), ("i", 1000, CELLS, BEST, 1),
]


def median(result):
    return statistics.median(result["ns_per_row"])


def is_ours(result):
    return result["engine"].startswith("Lightscore")


def facts(options):
    with open("/proc/cpuinfo", encoding="ascii") as info:
        cpu = next(line.split(":")[1].strip() for line in info
                   if line.startswith("model name"))
    flags = subprocess.run(
        ["sed", "-n", "s/^C\\(FLAGS\\|C\\) = //p", build_folder() / "Makefile"],
        capture_output=True, text=True).stdout.split("\n")
    compiler = subprocess.run([CC, "--version"], capture_output=True,
                              text=True).stdout.split("\n")[0]
    packages = sorted({e.package for e in ENGINES if e.package})
    return [
        f"{cpu}, processor {processor()} of {os.cpu_count()},"
        f" Linux {platform.release()}",
        f"{compiler}; Lightscore {' '.join(flags).strip()};"
        f" the loops {' '.join(FLAGS)}",
        ", ".join(f"{p} {version(p)}" for p in packages),
        f"{options.rounds} rounds of {options.ms} ms an engine and batch;"
        " load before the run %.2f" % os.getloadavg()[0],
    ]


def in_digits(ns):
    """Three of them, and no exponent."""
    digits = 2 if ns < 10 else 1 if ns < 100 else 0
    return f"{float(f'{ns:.3g}'):,.{digits}f}"


def by_engine(results):
    rows = {}
    for result in results:
        rows.setdefault(result["engine"], []).append(result)
    return rows


def show_model(key, title, results):
    """Medians, and the least in brackets."""
    lines = by_engine(results)
    heads = [f"batch {r['batch']}" for r in next(iter(lines.values()))]
    print(f"\n{key}: {title}; ns a row\n{'':26}"
          + "".join(f"{head:>22}" for head in heads)
          + f"{'max difference':>16}")
    for engine, line in lines.items():
        difference = max(r["difference"] for r in line)
        cells = [f"{in_digits(median(r))} "
                 f"{'(' + in_digits(min(r['ns_per_row'])) + ')':>10}"
                 for r in line]
        print(f"{engine:<26}" + "".join(f"{cell:>22}" for cell in cells)
              + f"{difference:>16.1e}"
              + ("  WRONG" if difference > WRONG else ""), flush=True)


def ratio(theirs, ours):
    """The median of the ratios of single rounds."""
    return statistics.median(
        t / o for t, o in zip(theirs["ns_per_row"], ours["ns_per_row"]))


def judge(results):
    goals = []
    for key, batch, ours, theirs, wanted in GOALS:
        here = {r["engine"]: r for r in results
                if r["model"] == key and r["batch"] == batch}
        others = [r for r in here.values() if not is_ours(r)
                  and r["difference"] <= WRONG]
        against = min(others, key=median, default=None) \
            if theirs is BEST else here.get(theirs)
        if not here:
            continue
        goal = {"model": key, "batch": batch, "ours": ours, "theirs": theirs,
                "wanted": wanted, "ratio": None, "met": False}
        if ours in here and against:
            goal["theirs"] = against["engine"]
            goal["ratio"] = ratio(against, here[ours])
            goal["met"] = goal["ratio"] >= wanted
        goals.append(goal)
    return goals


def show_goals(goals):
    print("\ngoals: times as fast as the other, in the same rounds")
    for g in goals:
        has = "not run" if g["ratio"] is None else f"{g['ratio']:.2f}"
        print(f"  {g['model']} {g['batch']:>5}  {g['ours']:<24}"
              f"{g['theirs']:<26}{g['wanted']:>6} {has:>9}"
              f"  {'met' if g['met'] else 'MISSED'}")
    print(f"{sum(g['met'] for g in goals)} of {len(goals)} met")


def markdown(facts, titles, results, goals):
    lines = [f"- {fact}" for fact in facts] + [""]
    batches = sorted({r["batch"] for r in results})
    lines += ["| model | engine | " + " | ".join(
        f"batch {b}" for b in batches) + " | max difference |",
        "|---" * (len(batches) + 3) + "|"]
    for key, title in titles.items():
        mine = by_engine(r for r in results if r["model"] == key)
        for i, (engine, line) in enumerate(mine.items()):
            difference = max(r["difference"] for r in line)
            bold = "**" if engine.startswith("Lightscore") else ""
            lines.append(
                f"| {f'{key}: {title}' if i == 0 else ''} |"
                f" {bold}{engine}{bold} | " + " | ".join(
                    f"{bold}{in_digits(median(r))}{bold}" for r in line)
                + f" | {difference:.1e}"
                + (" (wrong)" if difference > WRONG else "") + " |")
    lines += ["", "| model | batch | ours | against | goal | ratio | |",
              "|---|---|---|---|---|---|---|"]
    for g in goals:
        has = "not run" if g["ratio"] is None else f"{g['ratio']:.1f}"
        lines.append(f"| {g['model']} | {g['batch']} | {g['ours']} |"
                     f" {g['theirs']} | {g['wanted']} | {has} |"
                     f" {'met' if g['met'] else 'missed'} |")
    return "\n".join(lines) + "\n"
