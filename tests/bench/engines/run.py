#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Lightscore against the engines that one would else pick: README.md."""
import argparse
import importlib.metadata
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
BATCHES = (1, 32, 1000)


def missing():
    """What requirements.txt names and this Python lacks."""
    lacks = []
    for line in (HERE / "requirements.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if not version:
            continue
        try:
            has = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            lacks.append(line)
            continue
        if has != version:
            print(f"# {name} is {has}, not {version}")
    return lacks


def start(model, work):
    """The engines that take the model, and how far their answers are off."""
    import numpy
    from engines import ENGINES, Running

    started = []
    for engine in ENGINES:
        if model.key not in engine.models:
            continue
        try:
            running = Running(engine, model, work)
            off = [float(numpy.abs(running.score(batch)
                                   - model.answers).max())
                   for batch in BATCHES]
        except (OSError, RuntimeError) as error:
            print(f"# {model.key}: no {engine.name}: {error}", flush=True)
        else:
            started += [(running, batch, difference)
                        for batch, difference in zip(BATCHES, off)]
    return started


def measure(model, started, rounds, ns):
    """Turns: a round takes every engine once, from another one on each
    time, so that what the machine does meanwhile hits all alike."""
    results = [{"model": model.key, "engine": running.engine.name,
                "batch": batch, "difference": difference, "ns_per_row": []}
               for running, batch, difference in started]
    for i in range(-1, rounds):
        for k in range(len(results)):
            at = (k + i * len(BATCHES)) % len(results)
            running, batch, _ = started[at]
            taken = running.time(batch, ns)
            if i >= 0:  # the first round only warms up
                results[at]["ns_per_row"].append(taken)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="", help="such as ade; else all")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--ms", type=int, default=20,
                        help="that each engine runs in a round (%(default)s)")
    parser.add_argument("--work", type=pathlib.Path,
                        default=pathlib.Path("bench-engines"),
                        help="folder of trained and compiled models"
                             " (%(default)s)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--markdown", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()

    lacks = missing()
    if lacks:
        sys.exit("bench-engines: " + sys.executable + " lacks "
                 + ", ".join(lacks) + f"; see {HERE}/README.md")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = True
    import models
    import table

    work = options.work.resolve()
    work.mkdir(exist_ok=True)
    facts = table.facts(options)
    print("\n".join(f"# {line}" for line in facts), flush=True)
    titles, results = {}, []
    for key in options.models or models.KEYS:
        model = models.get(key, work)
        started = start(model, work)
        new = measure(model, started, options.rounds, options.ms * 1000000)
        for running in {running for running, _, _ in started}:
            running.end()
        titles[key] = model.title
        results += new
        table.show_model(key, model.title, new)
        # After every model: who stops the run keeps what there is.
        goals = table.judge(results)
        if options.json:
            options.json.write_text(json.dumps(
                {"facts": facts, "titles": titles, "results": results,
                 "goals": goals}, indent=1) + "\n")
        if options.markdown:
            options.markdown.write_text(
                table.markdown(facts, titles, results, goals))
    table.show_goals(goals)
    sys.exit(not all(goal["met"] for goal in goals))


if __name__ == "__main__":
    main()
