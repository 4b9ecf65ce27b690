#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""SIGHUP: new configuration and models without a failed request, or the old
ones serve on."""
import os
import shutil
import signal
import unittest

import service
import tap
from service import Load, Service, wait_until

ROW = service.rows()[0]
CHURN = service.BUILDDIR / "models/churn"


class Configured(unittest.TestCase):
    """A service with a configuration file and models that a test changes."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.service = Service("-c", "CONFIG")
        s = self.service
        self.models = s.dir / "models"
        shutil.copytree(CHURN.resolve(), self.models)
        self.config = s.dir / "lightscore.yaml"
        s.args[s.args.index("CONFIG")] = self.config
        self.slots = {"v1": "models/v1.joblib", "v2": "models/v2.joblib"}
        self.write(workers=2)

    def tearDown(self):
        self.service.close()

    def write(self, **settings):
        lines = [f"{name}: {value}" for name, value in settings.items()]
        lines.append("models:")
        for slot, path in self.slots.items():
            lines += [f"  {slot}: {path}"]
        self.config.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def reload(self, expect="reload done"):
        """SIGHUP; what the log says of its end."""
        before = self.service.log().count(expect)
        self.service.process.send_signal(signal.SIGHUP)
        self.service.wait_log(expect, before + 1)

    def serves(self, slot="v1"):
        status, answer = self.service.predict(ROW, slot)
        self.assertEqual((status, answer.get("model_version")), (200, slot))

    def reloads(self, result):
        return {slot: self.service.metric("ml_model_reloads_total",
                                          model_version=slot, result=result)
                for slot in self.slots}

    def reload_ok(self):
        return self.service.metric("ml_server_config_last_reload_successful")


class Reload(Configured):
    def test_reloads_under_load_fail_no_request(self):
        with self.service as s:
            first = set(s.workers().values())
            with Load(s, ROW) as load:
                for _ in range(6):
                    load.wait_more(100)
                    self.reload()
                load.wait_more(100)
            self.assertEqual((set(load.answers), load.failures),
                             ({200}, []))
            self.assertEqual(
                s.metric("ml_predictions_total", status="success"),
                load.answers[200])
            s.wait_workers(2, but=first)
            self.assertEqual(s.metric("ml_model_reloads_total",
                                      model_version="v1",
                                      result="success"), 6)
            self.assertEqual(self.reload_ok(), 1)
            self.assertEqual(s.metric("ml_server_worker_exits_total",
                                      reason="crash"), 0)
            self.assertEqual(s.stop(), 0)

    def test_signals_in_a_row_end_in_one_state(self):
        with self.service as s:
            for _ in range(20):
                s.process.send_signal(signal.SIGHUP)
            self.reload()
            s.wait_workers(2)
            self.serves()

    def test_a_stop_during_a_reload_ends_well(self):
        with self.service as s:
            s.process.send_signal(signal.SIGHUP)
            s.wait_log("reload begins")
            self.assertEqual(s.stop(), 0)
            self.assertEqual(sorted(os.listdir(s.state_dir)),
                             ["lock", "metrics"])

    def test_images_of_the_past_are_removed(self):
        with self.service as s:
            self.reload()
            self.reload()
            wait_until(lambda: sorted(os.listdir(s.state_dir / "models"))
                       == ["v1.3.lsm", "v2.3.lsm"], "the last images only")

    def test_a_model_is_added_and_taken_away(self):
        with self.service as s:
            self.slots["third"] = "models/v1.joblib"
            self.write(workers=2)
            self.reload()
            # An old worker may take one more request before it ends.
            wait_until(lambda: s.predict(ROW, "third")[0] == 200, "a 200")
            self.serves("third")
            self.assertEqual(s.metric("model_loaded", model_version="third"),
                             1)
            del self.slots["third"]
            del self.slots["v2"]
            self.write(workers=2)
            self.reload()
            wait_until(lambda: s.predict(ROW, "third")[0] == 404, "a 404")
            self.serves("v1")
            self.assertEqual(s.metric("model_loaded", model_version="v2"), 0)

    def test_settings_that_take_a_restart_are_told_each_time(self):
        fixed = {"web_server": "off", "lighttpd": "/no/lighttpd"}
        with self.service as s:
            for times in (1, 2):
                self.write(workers=1, **fixed)
                self.reload()
                for name in fixed:
                    self.assertEqual(s.log().count(
                        f"setting {name} takes a restart: the old value "
                        "stays"), times, s.log())
                self.serves()
            self.write(workers=1)
            self.reload()
            self.assertEqual(s.log().count("takes a restart"), 4)

    def test_the_number_of_workers_changes(self):
        with self.service as s:
            for n in (4, 1, 3):
                self.write(workers=n)
                self.reload()
                s.wait_workers(n)
                self.serves()
                self.assertEqual(s.metric("ml_server_workers_limit"), n)

    def test_a_limit_of_the_web_server_changes(self):
        with self.service as s:
            body = b"[" + b" " * 5000 + b"]"
            self.write(workers=1, request_limit=4096)
            self.reload()
            wait_until(lambda: s.request(
                "POST", "/v1/predict", body,
                {"Content-Type": "application/json"})[0] == 413, "a 413")
            self.write(workers=1, request_limit="1m")
            self.reload()
            wait_until(lambda: s.request(
                "POST", "/v1/predict", body,
                {"Content-Type": "application/json"})[0] == 200, "a 200")
            wait_until(lambda: len(s.children("lighttpd")) == 1,
                       "the old web server gone")

    def test_a_stuck_worker_does_not_stop_a_reload(self):
        with self.service as s:
            self.write(workers=2, stop_timeout="500ms")
            self.reload()
            stopped = s.workers()
            for pid in stopped.values():
                os.kill(pid, signal.SIGSTOP)
            self.reload()
            self.serves()
            s.wait_workers(2, but=stopped.values())


class Refused(Configured):
    def settled(self):
        """Two workers, once those that an earlier reload ended are gone."""
        def two():
            pids = self.service.children("lightscore-worker")
            return (len(pids) == 3  # one is the reserve
                    and sorted(self.service.workers().values()))
        return wait_until(two, "two workers")

    def keeps_serving(self, says):
        s = self.service
        before = self.settled()
        with Load(s, ROW, clients=2) as load:
            load.wait_more(50)
            self.reload(expect="reload given up")
            load.wait_more(50)
        self.assertEqual((set(load.answers), load.failures), ({200}, []))
        self.assertIn(says, s.log())
        self.assertEqual(self.settled(), before)
        self.assertEqual(self.reload_ok(), 0)

    def test_a_model_that_does_not_load(self):
        with self.service as s:
            (self.models / "v2.joblib").write_bytes(b"\x80\x04bad")
            self.keeps_serving("v2.joblib")
            self.serves("v2")
            self.assertEqual(s.metric("ml_model_last_reload_successful",
                                      model_version="v2"), 0)
            self.assertEqual(self.reloads("failure"), {"v1": 0, "v2": 1})
            shutil.copy(CHURN / "v2.joblib", self.models)
            self.reload()
            self.assertEqual(self.reloads("failure"), {"v1": 0, "v2": 1})
            self.assertEqual(self.reloads("success"), {"v1": 1, "v2": 1})
            self.assertEqual(self.reload_ok(), 1)
            self.assertEqual(s.metric("ml_model_last_reload_successful",
                                      model_version="v2"), 1)

    def test_a_model_that_is_gone(self):
        with self.service:
            os.unlink(self.models / "v1.joblib")
            self.keeps_serving("v1.joblib")
            self.serves("v1")

    def test_a_model_that_nobody_will_ever_write(self):
        """A FIFO: to open it must not hold the supervisor."""
        with self.service:
            for name in ("v1.joblib", "v1.lsm"):
                path = self.models / name
                path.unlink(missing_ok=True)
                os.mkfifo(path)
                self.slots["v1"] = f"models/{name}"
                self.write(workers=2)
                self.keeps_serving(f"{name} is not a regular file")
                self.serves("v1")

    def test_a_configuration_that_is_wrong(self):
        with self.service:
            self.config.write_text("workers: many\n", encoding="utf-8")
            self.keeps_serving("workers")

    def test_an_access_log_that_cannot_be_written(self):
        with self.service as s:
            web = s.children("lighttpd")
            self.write(workers=2, access_log="/nope/a")
            self.keeps_serving("lightscore.yaml:2: access_log: cannot write "
                               "/nope/a")
            self.assertEqual(s.children("lighttpd"), web)
            self.write(workers=2, access_log=s.dir / "access.log")
            self.reload()
            self.serves()
            wait_until(lambda: s.children("lighttpd") not in ([], web) and
                       len(s.children("lighttpd")) == 1, "a new web server")
            self.serves() # by the new one, which flushes now and then
            wait_until(lambda: (s.dir / "access.log").stat().st_size > 0,
                       "a line in the access log")
            self.assertEqual(self.reload_ok(), 1)

    def test_a_web_server_that_does_not_come_up(self):
        for why, body in (
                ("the web server does not start: exec has failed",
                 "echo '(x.c.1) exec has failed' >&2; exit 1"),
                ("the web server does not start in 10 s", "exec sleep 60")):
            with self.subTest(why):
                self.refuse_by_web_server(why, body)

    def refuse_by_web_server(self, why, body):
        """The program fails whoever starts it with the next limit."""
        self.tearDown()
        self.setUp()
        script = self.service.dir / "lighttpd"
        script.write_text(
            "#!/bin/sh\n"
            f"grep -q 'max-request-size = 4$' \"$3\" && {{ {body}; }}\n"
            f"exec {service.LIGHTTPD} \"$@\"\n", encoding="utf-8")
        script.chmod(0o755)
        self.service.args += ["--lighttpd", script]
        with self.service as s:
            web = s.children("lighttpd")
            self.write(workers=2, request_limit=4096)
            self.keeps_serving(why)
            self.assertEqual(s.children("lighttpd"), web)
            self.assertNotIn("lighttpd.conf.next", os.listdir(s.state_dir))
            os.kill(web[0], signal.SIGKILL)
            wait_until(lambda: s.children("lighttpd") not in ([], web),
                       "another web server")
            self.serves()

    def test_a_configuration_that_names_no_model_any_more(self):
        for text in ("workers: 2\n", "models: {}\n"):
            with self.subTest(text), self.service as s:
                self.write(workers=2)
                self.reload()
                self.config.write_text(text, encoding="utf-8")
                self.keeps_serving("no model is named")
                self.serves()
            self.tearDown()
            self.setUp()

    def test_a_configuration_that_is_gone(self):
        with self.service:
            os.unlink(self.config)
            self.keeps_serving("lightscore.yaml")


if __name__ == "__main__":
    tap.main()
