#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The files that deploy the service: the stack's ports and pins said alike,
deploy/kubernetes complete, made of what it is made of, right by promtool and,
where kubernetes-validate is installed, by Kubernetes' schemas."""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import tap

SRC = pathlib.Path(tap.SRCDIR)
HERE = SRC / "deploy/kubernetes"
OPERATOR = {"rules.yaml", "servicemonitor.yaml"}  # no schema of Kubernetes'


def listed(path, key):
    """The items of a list at the top of a kustomization."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^ +- (\S+)$",
                      re.search(rf"(?m)^ *{key}:\n((?: +- .*\n)+)",
                                text)[1], re.M)


class Stack(unittest.TestCase):
    def setUp(self):
        self.compose = (SRC / "docker-compose.yml").read_text()

    def test_every_image_is_pinned(self):
        images = re.findall(r"^ +image: (\S+)$", self.compose, re.M)
        self.assertGreater(len(images), 4)
        for image in images:
            if image != "lightscore:latest":  # built here
                self.assertRegex(image, r":v?\d+\.\d+")

    def test_every_port_is_this_machines_and_forwarded_with_a_name(self):
        published = re.findall(r'^ +- "(.*):\d+"$', self.compose, re.M)
        ports = set()
        for text in published:
            self.assertRegex(text, r"^\$\{BIND:-127\.0\.0\.1\}:"
                                   r"\$\{[A-Z]+_PORT:-\d+\}$")
            ports.add(int(text.rpartition("-")[2].rstrip("}")))
        told = json.loads(
            (SRC / ".devcontainer/devcontainer.json").read_text())
        self.assertEqual(set(told["forwardPorts"]), ports)
        self.assertEqual({int(p) for p in told["portsAttributes"]}, ports)
        for port in ports:
            self.assertTrue(told["portsAttributes"][str(port)]["label"])
            self.assertIn(f" {port} ", self.compose.partition("x-service")[0])


class Manifests(unittest.TestCase):
    def test_every_file_is_listed(self):
        self.assertEqual(
            set(listed(HERE / "kustomization.yaml", "resources")),
            {p.name for p in HERE.glob("*.yaml")} - {"kustomization.yaml"}
            | {"../../grafana"})

    def test_every_dashboard_is_listed(self):
        self.assertEqual(
            set(listed(SRC / "grafana/kustomization.yaml", "files")),
            {f"dashboards/{p.name}"
             for p in (SRC / "grafana/dashboards").glob("*.json")})

    def test_the_rules_are_those_of_prometheus(self):
        made = subprocess.run([sys.executable, HERE / "rules.py"],
                              capture_output=True, text=True, check=True)
        self.assertEqual((HERE / "rules.yaml").read_text(), made.stdout)

    def test_promtool_takes_the_rules(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        spec = (HERE / "rules.yaml").read_text().partition("\nspec:\n")[2]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
            f.write(textwrap.dedent(spec))
            f.flush()
            done = subprocess.run(["promtool", "check", "rules", f.name],
                                  capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_ports_and_users_are_those_of_the_image(self):
        image = (SRC / "docker/Dockerfile").read_text()
        text = (HERE / "deployment.yaml").read_text()
        user, group = re.search(r"^USER (\d+):(\d+)$", image, re.M).groups()
        self.assertIn(f"runAsUser: {user}\n", text)
        self.assertIn(f"runAsGroup: {group}\n", text)
        port, = re.findall(r"^EXPOSE (\d+)$", image, re.M)
        self.assertIn(f"containerPort: {port}\n", text)
        self.assertIn(f"port: {port}\n", (HERE / "service.yaml").read_text())
        state, = re.findall(r"^VOLUME (\S+)$", image, re.M)
        self.assertIn(f"mountPath: {state}\n", text)

    def test_kubernetes_schemas_hold(self):
        if importlib.util.find_spec("kubernetes_validate") is None:
            self.skipTest("kubernetes-validate is not installed")
        import kubernetes_validate
        import yaml
        for path in sorted(HERE.glob("*.yaml")):
            if path.name in OPERATOR | {"kustomization.yaml"}:
                continue
            with self.subTest(path.name):
                kubernetes_validate.validate(
                    yaml.safe_load(path.read_text()),
                    kubernetes_validate.latest_version(), strict=True)


if __name__ == "__main__":
    tap.main()
