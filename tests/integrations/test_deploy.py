"""What stands in integrations/deploy is well formed, names what exists, and the script does what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import resolve

from seamark.intake.discovery.infrastructure.hcl import read_hcl
from seamark.interfaces.api.decisions import DeployDecisionShape, DeployQuestion

DEPLOY = Path(__file__).parents[2] / "integrations" / "deploy"
DIGEST = "sha256:" + "a" * 64


def loaded(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def test_the_webhook_configuration() -> None:
    found = loaded("kubernetes/webhook.yaml")
    assert (found["apiVersion"], found["kind"]) == ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")
    (hook,) = found["webhooks"]
    assert (hook["admissionReviewVersions"], hook["sideEffects"]) == (["v1"], "NoneOnDryRun")
    assert 1 <= hook["timeoutSeconds"] <= 30
    assert hook["failurePolicy"] in {"Ignore", "Fail"}
    assert hook["name"].count(".") >= 2
    address = hook["clientConfig"]["url"].removeprefix("https://seamark.example")
    assert resolve(address).func.__name__ == "validate"
    resources = {one for rule in hook["rules"] for one in rule["resources"]}
    assert resources >= {
        "pods",
        "pods/ephemeralcontainers",
        "deployments",
        "statefulsets",
        "daemonsets",
        "replicasets",
        "jobs",
        "cronjobs",
    }
    assert loaded("kubernetes/admission-config.yaml")["plugins"][0]["name"] == "ValidatingAdmissionWebhook"
    assert loaded("kubernetes/seamark-webhook.kubeconfig")["users"][0]["user"]["token"]


def test_the_hook_of_argo_cd() -> None:
    job = loaded("argocd/presync-hook.yaml")
    assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PreSync"
    (script,) = job["spec"]["template"]["spec"]["containers"][0]["args"]
    assert subprocess.run(["sh", "-n"], input=script.encode(), check=False).returncode == 0
    assert resolve("/api/v1/decisions").func is not None
    assert "/api/v1/decisions?enforce=true" in script


def test_the_stage_of_spinnaker() -> None:
    stage = json.loads((DEPLOY / "spinnaker" / "webhook-stage.json").read_text())
    DeployQuestion.model_validate(stage["payload"])
    assert set(f"{stage['successStatuses']},{stage['terminalStatuses']}".split(",")) == {
        "pass",
        "warn",
        "block",
        "indeterminate",
    }
    fields = DeployDecisionShape.model_fields
    assert {stage["statusJsonPath"].split(".")[1], stage["statusUrlJsonPath"].split(".")[1]} <= fields.keys()


def test_the_run_task_of_terraform() -> None:
    text = (DEPLOY / "terraform" / "run-task.tf").read_text()
    labels = [one.labels for one in read_hcl(text.encode()) if one.type == "resource"]
    assert labels == [["tfe_organization_run_task", "seamark"], ["tfe_workspace_run_task", "seamark"]]

    address = text.split('"https://seamark.example')[1].split("?")[0]
    assert resolve(address).func is not None


class Registry(BaseHTTPRequestHandler):
    """A Seamark that answers what the test wants."""

    status = 200
    asked: list[tuple[str, Any, str]] = []  # noqa: RUF012 - one for each test

    def do_POST(self) -> None:
        """Remember the request and answer it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body, self.headers["Authorization"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"detail": "no-critical"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def seamark() -> Iterator[type[Registry]]:
    handler = type("Handler", (Registry,), {"asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    handler.address = f"http://127.0.0.1:{server.server_port}"  # type: ignore[attr-defined]
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the script asks with curl")
@pytest.mark.parametrize(("status", "code", "copied"), [(200, 0, True), (409, 1, False), (422, 2, False)])
def test_promotion(seamark: Any, tmp_path: Path, status: int, code: int, copied: bool) -> None:
    seamark.status = status
    crane = tmp_path / "crane"
    crane.write_text('#!/bin/sh\necho "$@" > "$(dirname "$0")/copied"\n')
    crane.chmod(0o755)
    done = promote(tmp_path, seamark.address, f"a.example/x@{DIGEST}", "b.example/x:1.0")
    assert done.returncode == code, done.stderr
    assert (tmp_path / "copied").exists() is copied
    (asked,) = seamark.asked
    assert asked == (
        "/api/v1/decisions?enforce=true",
        {"subject": {"image": f"a.example/x@{DIGEST}"}, "environment": "production"},
        "Bearer smk_test",
    )
    if copied:
        assert (tmp_path / "copied").read_text() == f"copy a.example/x@{DIGEST} b.example/x:1.0\n"
    if code == 1:
        assert "no-critical" in done.stderr


@pytest.mark.parametrize("image", ["a.example/x:1.0", f'a"b@{DIGEST}', "a.example/x@sha256:short"])
def test_what_names_no_digest_is_not_promoted(seamark: Any, tmp_path: Path, image: str) -> None:
    assert promote(tmp_path, seamark.address, image, "b.example/x").returncode == 2
    assert seamark.asked == []


def promote(folder: Path, address: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "SEAMARK_URL": address,
        "SEAMARK_TOKEN": "smk_test",
        "no_proxy": "*",
    }
    script = str(DEPLOY / "registry" / "promote.sh")
    return subprocess.run(
        ["sh", script, *words], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
