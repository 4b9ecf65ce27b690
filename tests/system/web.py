#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The web server as we configure it: what it refuses, what it lets through,
and the configuration for those who run their own."""
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import warnings

import service
import tap
from service import Service, wait_until

ROW = service.rows()[0]
JSON = {"Content-Type": "application/json"}
SNIPPET = service.BUILDDIR / "lighttpd/conf-available/50-lightscore.conf"
NOBODY = 65534


def conf(*args):
    done = subprocess.run([str(service.LIGHTSCORED), "--web-server-conf",
                           *args], capture_output=True, text=True, check=True,
                          timeout=service.PATIENCE)
    return done.stdout


class Refusals(unittest.TestCase):
    """What the web server answers by itself looks like our own errors."""

    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--request-limit", "100k").start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def refused(self, raw, status):
        head, _, body = self.service.raw(raw).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.assertEqual(lines[0].split()[1], str(status), lines[0])
        headers = {k.lower(): v for k, v in
                   (line.split(": ", 1) for line in lines[1:])}
        self.assertEqual(headers["content-type"], "application/json")
        self.assertNotIn("server", headers)
        self.assertTrue(json.loads(body)["error"])

    def test_bad_request_line(self):
        self.refused(b"GET\r\n\r\n", 400)

    def test_no_host(self):
        self.refused(b"GET / HTTP/1.1\r\n\r\n", 400)

    def test_two_lengths(self):
        self.refused(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                     b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400)

    def test_length_and_chunks(self):
        self.refused(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                     b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"0\r\n\r\n", 400)

    def test_post_without_length(self):
        self.refused(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                     b"Connection: close\r\n\r\n", 411)

    def test_body_over_the_limit(self):
        self.refused(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                     b"Connection: close\r\nContent-Length: 102401\r\n\r\n",
                     413)

    def test_chunks_over_the_limit(self):
        chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        self.refused(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                     b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                     + chunk * 4 + b"0\r\n\r\n", 413)

    def test_header_too_large(self):
        self.refused(b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"x" * 20000 +
                     b"\r\n\r\n", 431)

    def test_version_not_supported(self):
        self.refused(b"GET / HTTP/3.7\r\nHost: t\r\n\r\n", 505)


class Requests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        service.lighttpd_or_skip()
        cls.service = Service("--queue-time", "10s").start()

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def test_our_own_errors_pass_unchanged(self):
        status, headers, body = self.service.request("GET", "/no/such")
        self.assertEqual((status, headers["Content-Type"]),
                         (404, "application/json"))
        self.assertIn("error", json.loads(body))
        status, headers, _ = self.service.request("GET", "/v1/predict")
        self.assertEqual(status, 405)
        self.assertIn("POST", headers["Allow"])

    def test_no_banner(self):
        for path in ("/health", "/metrics", "/"):
            headers = self.service.request("GET", path)[1]
            self.assertIsNone(headers["Server"], path)

    def test_chunked_body(self):
        connection = self.service.connect()
        body = json.dumps(ROW).encode()
        connection.request("POST", "/v1/predict",
                           iter([body[:10], body[10:]]), JSON,
                           encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()

    def test_large_body_by_way_of_the_upload_directory(self):
        row = json.dumps(ROW).encode()
        body = b"[" + b",".join([row] * 2000) + b"]"
        status, _, answer = self.service.request("POST", "/v1/predict", body,
                                                 JSON, timeout=60)
        self.assertEqual(status, 200)
        self.assertEqual(len(json.loads(answer)), 2000)
        uploads = self.service.state_dir / "uploads"
        wait_until(lambda: not os.listdir(uploads), "an empty directory")

    def test_only_the_exact_path_is_the_exporters(self):
        self.assertEqual(self.service.request("GET", "/metrics?x=1")[0], 200)
        self.assertEqual(self.service.request("GET", "/metricsx")[0], 404)
        self.assertEqual(self.service.request("GET", "/metrics/x")[0], 404)

    def test_path_and_query_arrive_whole(self):
        self.assertEqual(self.service.request(
            "POST", "/v1/predict?a=b", json.dumps(ROW), JSON)[0], 200)
        self.assertEqual(self.service.request(
            "POST", "/v%31/predict", json.dumps(ROW), JSON)[0], 200)

    def test_unfinished_requests_hold_no_worker(self):
        peers = []
        for _ in range(50):
            peer = socket.create_connection(("127.0.0.1", self.service.port))
            peer.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                         b"Content-Length: 100\r\n\r\n{")
            peers.append(peer)
        begun = time.monotonic()
        self.assertEqual(self.service.predict(ROW)[0], 200)
        self.assertLess(time.monotonic() - begun, 5)
        # Ours has its answer a moment before its worker is idle again.
        wait_until(lambda: self.service.metric("http_requests_in_flight") == 0,
                   "no request in a worker")
        for peer in peers:
            peer.close()

    def test_clients_that_go_away_cost_nothing(self):
        body = json.dumps([ROW] * 200).encode()
        head = (b"POST /v1/predict HTTP/1.1\r\nHost: t\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body))
        for _ in range(50):
            with socket.create_connection(
                    ("127.0.0.1", self.service.port)) as peer:
                peer.sendall(head + body)
        self.assertEqual(self.service.predict(ROW)[0], 200)
        self.assertEqual(self.service.metric(
            "ml_server_worker_exits_total"), 0)

    def test_sockets_are_for_the_owner_and_group(self):
        for name in ("worker.sock", "exporter.sock"):
            mode = os.stat(self.service.state_dir / name).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o660, name)

    def test_a_connection_carries_one_request_at_a_time(self):
        answer = self.service.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.assertIn(b" 505 ", answer.split(b"\r\n")[0])

    def test_many_idle_connections(self):
        peers = [socket.create_connection(("127.0.0.1", self.service.port))
                 for _ in range(300)]
        self.assertEqual(self.service.predict(ROW)[0], 200)
        for peer in peers:
            peer.close()


class Configuration(unittest.TestCase):
    def accepted(self, text):
        service.lighttpd_or_skip()
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(
                [service.LIGHTTPD, "-tt", "-f", file.name],
                capture_output=True, text=True, check=False,
                timeout=service.PATIENCE)
        self.assertEqual((done.returncode, done.stdout + done.stderr),
                         (0, ""))

    def test_the_installed_snippet_is_what_the_settings_say(self):
        text = SNIPPET.read_text(encoding="utf-8")
        self.assertEqual(text[text.index("# Requests"):],
                         conf("--state-dir", "/var/lib/lightscore"))

    def test_the_snippet_is_accepted_by_lighttpd(self):
        self.accepted('server.document-root = "/var/www"\n'
                      + conf("--state-dir", "/tmp"))

    def test_the_snippet_goes_with_debians_own_configuration(self):
        debian = "/etc/lighttpd/lighttpd.conf"
        if not os.path.exists(debian):
            self.skipTest("not Debian's lighttpd")
        with open(debian, encoding="utf-8") as file:
            text = file.read()
        enabled = 'include "/etc/lighttpd/conf-enabled/*.conf"'
        self.assertIn(enabled, text)
        self.accepted(text.replace(enabled, conf("--state-dir", "/tmp")))

    def test_limits_follow_the_settings(self):
        text = conf("--request-limit", "5000", "--request-timeout", "2500ms",
                    "--state-dir", "/tmp")
        self.assertIn("max-request-size = 5\n", text)
        self.assertIn('"read-timeout" => 8', text)

    def test_metrics_are_for_the_networks_allowed(self):
        service.lighttpd_or_skip()
        with Service("--metrics-allow", "127.0.0.2, fd00::/8") as s:
            for source, status in (("127.0.0.1", 403), ("127.0.0.2", 200)):
                connection = http.client.HTTPConnection(
                    "127.0.0.1", s.port, timeout=service.PATIENCE,
                    source_address=(source, 0))
                connection.request("GET", "/metrics")
                answer = connection.getresponse()
                self.assertEqual(answer.status, status, source)
                if status == 403:
                    self.assertTrue(json.loads(answer.read())["error"])
                connection.close()
            self.assertEqual(s.predict(ROW)[0], 200)

    def test_networks_that_are_none(self):
        for bad in ("localhost", "10.0.0.0/33", "10.0.0.0/", "1.2.3.4,,::",
                    '::1"', "fd00::/0"):
            done = subprocess.run(
                [str(service.LIGHTSCORED), "--web-server-conf",
                 "--metrics-allow", bad], capture_output=True, text=True,
                check=False, timeout=service.PATIENCE)
            self.assertEqual((done.returncode, done.stdout), (2, ""), bad)
            self.assertIn("--metrics-allow", done.stderr)

    def test_the_example_is_accepted_by_lighttpd(self):
        example = service.SRCDIR / "lighttpd/example.conf"
        text = example.read_text(encoding="utf-8")
        self.accepted(text.replace(
            'include "conf-available/50-lightscore.conf"',
            f'include "{SNIPPET}"'))


class Production(unittest.TestCase):
    """lightscored without a web server, behind one that others run."""

    def setUp(self):
        service.lighttpd_or_skip()
        self.web = None
        self.start()

    def start(self, *settings):
        self.service = s = Service(*settings, "--no-web-server",
                                   program=[service.LIGHTSCORED])
        s.launch()
        self.assertEqual(s.process.stdout.readline().decode(),
                         f"lightscore: ready on unix:{s.state_dir}/"
                         "worker.sock\n")

    def tearDown(self):
        if self.web is not None:
            self.web.kill()
            self.web.wait()
        self.service.close()

    def run_web_server(self, *before, more=""):
        """lighttpd with the snippet, until it answers."""
        s = self.service
        s.port = service.free_port()
        path = s.dir / "lighttpd.conf"
        installed = re.search('errorfile-prefix = "(.*)"', conf())[1]
        path.write_text(
            f'server.port = {s.port}\nserver.bind = "127.0.0.1"\n'
            f'server.document-root = "{s.dir}"\n'
            + conf("--state-dir", str(s.state_dir)).replace(
                installed, f"{service.SRCDIR}/lighttpd/errors/") + more,
            encoding="utf-8")
        self.web = subprocess.Popen(
            [*before, service.LIGHTTPD, "-D", "-f", str(path)],
            stderr=subprocess.DEVNULL)

        def answers():
            try:
                return s.request("GET", "/health")
            except ConnectionError:
                return False
        wait_until(answers, "an answer")

    def test_the_snippet_serves(self):
        s = self.service
        self.run_web_server()
        self.assertEqual(s.predict(ROW)[0], 200)
        self.assertGreaterEqual(s.metric("ml_predictions_total",
                                         status="success"), 1)
        self.assertEqual(s.stop(), 0)
        status, answer = s.predict(ROW)
        self.assertEqual(status, 503)
        self.assertTrue(answer["error"])

    def test_the_tls_example_serves(self):
        """The shipped file, with another port and a certificate of our own."""
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("openssl is not installed")
        s = self.service
        conf_text = (service.SRCDIR / "lighttpd/tls.conf").read_text(
            encoding="utf-8")
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write('server.document-root = "/"\n'
                       'server.modules += ( "mod_openssl" )\n')
            file.flush()
            if subprocess.run([service.LIGHTTPD, "-tt", "-f", file.name],
                              capture_output=True, check=False,
                              timeout=service.PATIENCE).returncode != 0:
                self.skipTest("lighttpd-mod-openssl is not installed")
        certificate, key = s.dir / "fullchain.pem", s.dir / "privkey.pem"
        subprocess.run(
            [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
             "-out", str(certificate)],
            capture_output=True, check=True, timeout=service.PATIENCE)
        port = service.free_port()
        for shipped, ours in (
                (":443", f"127.0.0.1:{port}"),
                ("/etc/lightscore/tls/fullchain.pem", str(certificate)),
                ("/etc/lightscore/tls/privkey.pem", str(key))):
            self.assertIn(f'"{shipped}"', conf_text)
            conf_text = conf_text.replace(f'"{shipped}"', f'"{ours}"')
        self.run_web_server(more=conf_text)
        trusted = ssl.create_default_context(cafile=certificate)
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=service.PATIENCE, context=trusted)
        connection.request("POST", "/v1/predict", json.dumps(ROW), JSON)
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname = False
        old.verify_mode = ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", port),
                                      service.PATIENCE) as peer:
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                old.wrap_socket(peer)

    def test_the_proxy_example_believes_the_proxy_alone(self):
        self.service.close()
        self.start("--rate-limit", "1", "--rate-burst", "1")
        s = self.service
        conf_text = (service.SRCDIR / "lighttpd/proxy.conf").read_text(
            encoding="utf-8")
        self.assertIn('"127.0.0.1" => "trust"', conf_text)
        self.run_web_server(more=conf_text)
        public, other = "203.0.113.7", "203.0.113.8"

        def ask(path, client, via, body=None):
            connection = http.client.HTTPConnection(
                "127.0.0.1", s.port, timeout=service.PATIENCE,
                source_address=(via, 0))
            connection.request("POST" if body else "GET", path, body,
                               {**JSON, "X-Forwarded-For": client})
            status = connection.getresponse().status
            connection.close()
            return status
        row = json.dumps(ROW)
        proxy, another = "127.0.0.1", "127.0.0.2"
        # /metrics: who is no proxy may say what he wants.
        self.assertEqual(ask("/metrics", public, proxy), 403)
        self.assertEqual(ask("/metrics", f"10.0.0.1, {public}", proxy), 403)
        self.assertEqual(ask("/metrics", public, another), 200)
        # Limits are those of the clients behind it.
        service.wait_until(lambda: ask("/v1/predict", public, proxy, row)
                           == 429, "a refusal")
        self.assertEqual(ask("/v1/predict", other, proxy, row), 200)
        service.wait_until(lambda: ask("/v1/predict", public, another, row)
                           == 429, "a refusal")
        service.wait_until(lambda: ask("/v1/predict", "203.0.113.9", another,
                                       row) == 429, "a refusal")

    def test_a_web_server_of_another_user_in_our_group_reaches_us(self):
        setpriv = shutil.which("setpriv")
        if os.geteuid() != 0 or setpriv is None:
            self.skipTest("needs root and setpriv")
        s = self.service
        s.dir.chmod(0o755)
        self.run_web_server(setpriv, f"--reuid={NOBODY}",
                            f"--regid={os.getegid()}", "--clear-groups")
        self.assertEqual(s.predict(ROW)[0], 200)
        self.assertGreaterEqual(s.metric("ml_predictions_total",
                                         status="success"), 1)

    def test_others_see_nothing_of_the_state(self):
        for path in [self.service.state_dir,
                     *self.service.state_dir.iterdir()]:
            self.assertEqual(path.stat().st_mode & 0o007, 0, path)
        self.assertEqual(self.service.state_dir.stat().st_mode & 0o777,
                         0o710)


if __name__ == "__main__":
    tap.main()
