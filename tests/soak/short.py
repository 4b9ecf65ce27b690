#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The shortest soak, and that a soak sees what it is there for."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]
import measure
import mixture
import service
import tap


class Short(unittest.TestCase):
    maxDiff = None  # what was wrong is in it

    def test_twenty_reloads_in_mixed_traffic_leave_nothing_behind(self):
        service.lighttpd_or_skip()
        done = subprocess.run([sys.executable, HERE / "soak"], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=900, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)


class Judging(unittest.TestCase):
    HELD = dict.fromkeys(measure.FIGURES, 1000)

    def grown(self, role, **changes):
        return list(measure.grown(role, self.HELD, {**self.HELD, **changes}))

    def test_what_stays_or_shrinks_is_no_growth(self):
        self.assertEqual(self.grown("supervisor", anonymous=10, rss=9000), [])
        self.assertEqual(self.grown("worker 0", rss=3000), [])

    def test_memory_of_25_kib_a_reload_is_seen(self):
        self.assertEqual(
            self.grown("supervisor", anonymous=1000 + 25 * 21),
            ["supervisor: 1000 KiB anonymous before, 1525 after"])

    def test_one_descriptor_thread_or_file_is_seen(self):
        before = {"held": {"lighttpd": self.HELD}, "files": {"lock": 0}}
        self.assertEqual(measure.left(before, before), [])
        self.assertEqual(measure.left(before, {
            "held": {"lighttpd": {**self.HELD, "descriptors": 1001,
                                  "threads": 1002}},
            "files": {"v1.#.lsm": 9}}), [
                "lighttpd: 1000 descriptors before, 1001 after",
                "lighttpd: 1000 threads before, 1002 after",
                "lock in the state directory only before",
                "v1.#.lsm in the state directory only after"])

    def test_a_slow_leak_has_a_slope_and_a_burst_has_none(self):
        leak, burst = measure.Series(), measure.Series()
        for second in range(600):
            leak.add(second, {"rss": 4000 + second})
            burst.add(second, {"rss": 9000 if 300 < second < 320 else 4000})
        self.assertEqual(leak.slope("rss"), 3600)
        self.assertEqual(burst.slope("rss"), 0)
        self.assertEqual(list(measure.rising("exporter", {
            ("rss", "steady"): leak.slope("rss"),
            ("rss", "reloads"): burst.slope("rss")})),
            ["exporter: 3600 KiB rss more an hour, steady"])

    def test_an_image_of_the_next_generation_has_the_same_name(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in "v1.7.lsm", "lock":
                (pathlib.Path(folder) / name).touch()
            first = measure.listing(folder)
            os.rename(f"{folder}/v1.7.lsm", f"{folder}/v1.12.lsm")
            self.assertEqual(measure.listing(folder), first)
            (pathlib.Path(folder) / "left").touch()
            self.assertNotEqual(measure.listing(folder), first)

    def test_a_counter_that_falls_or_is_gone_is_seen(self):
        page = ("# TYPE a counter\na_total 0\na 5\n# TYPE h histogram\n"
                'h_bucket{le="1"} 2\nh_count 3\n# TYPE g gauge\ng 9\n')
        counters = mixture.Counters()
        counters.take(page)
        counters.take(page.replace("g 9", "g 1").replace("a 5", "a 6"))
        self.assertEqual(counters.problems, [])
        counters.take(page.replace("h_count 3\n", ""))
        self.assertEqual(counters.problems, ["a went from 6.0 to 5.0",
                                             "h_count is gone"])


if __name__ == "__main__":
    tap.main()
