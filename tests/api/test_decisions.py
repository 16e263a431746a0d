"""Decisions through the API, and run tasks as Terraform sends them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.http import HttpResponse
from django.test import Client

from seamark.core.severity import Severity
from seamark.interfaces.api import decisions
from seamark.pipeline.deployment import runtask
from seamark.pipeline.deployment.decide import forget
from seamark.pipeline.deployment.runtask import read_task
from seamark.pipeline.deployment.tasks import work_off
from seamark.store.models import Application, Exploitation, LedgerEntry, User, Verdict
from seamark.store.models.people import Role
from tests.api.conftest import ROOT, Caller
from tests.factories import code, import_findings, make_person
from tests.pipeline.test_deployment import IMAGE, NEW, NO_CRITICAL, OLD, TASK, flaw, in_force, scan

BAD, GOOD = f"{IMAGE}@{OLD}", f"{IMAGE}@{NEW}"


@pytest.fixture(autouse=True)
def policies(db: None, tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.SEAMARK_HOME = tmp_path
    forget()
    in_force(tmp_path / "p", no_critical=NO_CRITICAL, exploited="match: issue.kev && !issue.waived\nonError: warn")
    scan(OLD, flaw())
    scan(NEW)
    yield
    forget()


def ask(lone: Caller, subject: dict[str, Any], path: str = "/decisions", **more: Any) -> HttpResponse:
    return lone("POST", path, {"subject": subject, **more})


def test_an_image(lone: Caller) -> None:
    told = ask(lone, {"image": BAD}, environment="production").json()
    assert (told["outcome"], told["allowed"], told["subject"], told["application"], told["stage"]) == (
        "block",
        False,
        BAD,
        "shop",
        "deploy",
    )
    (one,) = (each for each in told["violations"] if each["effect"] == "block")
    assert (one["policy"], one["decided"], one["url"]) == (
        "no-critical",
        True,
        f"http://testserver/issues/{one['ref']}/",
    )
    assert told["id"] == Verdict.objects.get().entry
    assert told["links"]["self"] == f"http://testserver{ROOT}/decisions/{told['id']}"
    again = lone("GET", f"/decisions/{told['id']}").json()
    kept = {**told, "notes": []}
    assert again == kept
    assert ask(lone, {"image": GOOD}).json()["allowed"]


def test_a_refusal_by_its_status(lone: Caller) -> None:
    refused = ask(lone, {"image": BAD}, "/decisions?enforce=true")
    assert (refused.status_code, "no-critical" in refused.json()["detail"]) == (409, True)
    assert ask(lone, {"image": GOOD}, "/decisions?enforce=true").status_code == 200


def test_an_application(lone: Caller) -> None:
    worst = [code("sqli", "SQL injection", "a.py", 3, Severity.CRITICAL, 89)]
    import_findings("Payroll", "Semgrep", worst, repository="git.example/payroll", run={"commit": "d" * 40})
    assert ask(lone, {"application": "Payroll"}).json()["outcome"] == "block"
    assert ask(lone, {"application": "payroll", "version": "ddddddd"}).json()["outcome"] == "block"
    unknown = ask(lone, {"application": "payroll", "version": "9.9"}).json()
    assert (unknown["outcome"], len(unknown["notes"])) == ("indeterminate", 1)
    assert ask(lone, {"application": "nowhere"}).status_code == 404


def test_an_sbom_blocks_vulnerable_components_before_they_are_deployed(lone: Caller) -> None:
    Exploitation.objects.create(name="CVE-2024-1", epss=0.4)
    component = {"type": "library", "name": "openssl", "version": "3.0.1", "purl": "pkg:deb/debian/openssl@3.0.1"}
    sbom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [component],
        "metadata": {"component": {"type": "container", "name": "orders", "version": "1.4"}},
    }  # fmt: skip
    told = ask(lone, {"sbom": sbom, "application": "shop"}).json()
    assert (told["outcome"], told["subject"], told["application"]) == ("block", "orders 1.4", "shop")
    assert "CVE-2024-1 in pkg:deb/debian/openssl@3.0.1" in {
        one["ref"] for one in told["violations"] if one["policy"] == "no-critical"
    }
    by_purls = ask(lone, {"purls": ["pkg:deb/debian/openssl@3.0.1"]}).json()
    assert by_purls["outcome"] == "block"
    assert ask(lone, {"purls": ["no purl"]}).status_code == 422
    assert ask(lone, {"sbom": {"a": 1}}).status_code == 422
    assert ask(lone, {"sbom": sbom, "purls": ["pkg:npm/a@1"]}).status_code == 422
    assert ask(lone, {}).status_code == 422


def test_a_dry_run_keeps_nothing(lone: Caller) -> None:
    before = LedgerEntry.objects.count()
    told = ask(lone, {"image": BAD}, dry_run=True).json()
    assert (told["id"], told["allowed"], told["links"]["self"]) == (None, False, "")
    assert (Verdict.objects.count(), LedgerEntry.objects.count()) == (0, before)


def test_rights(lone: Caller, caller: Any) -> None:
    number = ask(lone, {"image": BAD}).json()["id"]
    nowhere = ask(lone, {"image": f"elsewhere.example/x@{OLD[:-1]}d"}).json()["id"]
    other = Application.objects.create(name="Other", slug="other")
    eve = make_person("eve", Role.DEVELOPER, application=other)
    hers: Caller = caller(eve)
    assert ask(hers, {"image": BAD}).json()["outcome"] == "indeterminate", "what she may not see she learns nothing of"
    assert ask(hers, {"application": "shop"}).status_code == 404
    for one in (number, nowhere, 10**9):
        assert hers("GET", f"/decisions/{one}").status_code == 404
    assert lone("GET", f"/decisions/{nowhere}").json()["subject"].startswith("elsewhere.example")
    reader: Caller = caller(User.objects.get(username="ada"), "read")
    assert ask(reader, {"image": BAD}).status_code == 403
    assert Caller()("POST", "/decisions", {"subject": {"image": BAD}}).status_code == 401
    other_entry = LedgerEntry.objects.exclude(kind="verdict").first()
    assert other_entry is None or lone("GET", f"/decisions/{other_entry.pk}").status_code == 404


KEY = "a key of ours"


def signed(body: bytes, key: str = KEY, path: str = f"{ROOT}/decisions/terraform") -> HttpResponse:
    signature = hmac.new(key.encode(), body, hashlib.sha512).hexdigest()
    return Client().post(path, body, content_type="application/json", headers={"X-TFC-Task-Signature": signature})


@pytest.fixture
def worked(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Set the key, and collect what would be worked off beside the request."""
    found: list[tuple[Any, ...]] = []
    settings.SEAMARK_TERRAFORM_KEY = KEY

    class AtOnce:
        def __init__(self, *, target: Any, args: tuple[Any, ...], **_: Any) -> None:
            self.args = args

        def start(self) -> None:
            found.append(self.args)

    monkeypatch.setattr(decisions.threading, "Thread", AtOnce)
    return found


def test_a_run_task_is_taken_where_it_is_signed(worked: list[tuple[Any, ...]], settings: Any) -> None:
    body = json.dumps(TASK).encode()
    assert signed(body).status_code == 200
    assert (worked[0][0].run_id, worked[0][1:4]) == ("run-i3Df5to9ELvibKpQ", ("", "", "app.terraform.io"))
    assert signed(body, "another key").status_code == 401
    assert Client().post(f"{ROOT}/decisions/terraform", body, content_type="application/json").status_code == 401
    assert signed(b"{}").status_code == 400
    assert signed(json.dumps({**TASK, "payload_version": 2}).encode()).status_code == 400
    assert signed(json.dumps({**TASK, "access_token": "test-token", "stage": "test"}).encode()).status_code == 200
    assert len(worked) == 1, "a test is answered and not decided"
    settings.SEAMARK_TERRAFORM_KEY = ""
    assert signed(body, "").status_code == 401, "without a key nobody has signed anything"


class Terraform:
    """A callback that remembers what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[httpx2.Request] = []
        self._statuses = list(statuses)

    def transport(self) -> httpx2.MockTransport:
        def answer(request: httpx2.Request) -> httpx2.Response:
            self.requests.append(request)
            return httpx2.Response(self._statuses.pop(0) if self._statuses else 200)

        return httpx2.MockTransport(answer)


def test_the_result_is_sent_back() -> None:
    terraform = Terraform()
    task = read_task(json.dumps(TASK).encode())
    assert work_off(task, "", "production", "app.terraform.io", "https://seamark.example", terraform.transport())
    (request,) = terraform.requests
    assert (request.method, str(request.url)) == ("PATCH", TASK["task_result_callback_url"])
    assert (request.headers["Authorization"], request.headers["Content-Type"]) == (
        "Bearer secret",
        "application/vnd.api+json",
    )
    told = json.loads(request.content)["data"]
    assert (told["type"], told["attributes"]["status"]) == ("task-results", "passed"), (
        "all of shop's open issues are in an old image"
    )
    import_findings(
        "Shop",
        "Semgrep",
        [code("sqli", "SQL injection", "a.py", 3, Severity.CRITICAL, 89)],
        repository="github.com/acme/shop",
    )
    forget()
    assert work_off(task, "", "", "app.terraform.io", "", terraform.transport())
    assert json.loads(terraform.requests[1].content)["data"]["attributes"]["status"] == "failed"


def test_a_run_of_nobody_knows_what_fails_and_other_hosts_get_nothing() -> None:
    terraform = Terraform()
    unknown = read_task(json.dumps({**TASK, "workspace_name": "x", "vcs_repo_url": None}).encode())
    assert work_off(unknown, "", "", "app.terraform.io", "", terraform.transport())
    told = json.loads(terraform.requests[0].content)["data"]["attributes"]
    assert (told["status"], "application" in told["message"]) == ("failed", True)
    before = Verdict.objects.count()
    assert not work_off(read_task(json.dumps(TASK).encode()), "", "", "terraform.example", "", terraform.transport())
    assert (len(terraform.requests), Verdict.objects.count()) == (1, before)


def test_a_speculative_run_keeps_nothing() -> None:
    terraform, before = Terraform(), LedgerEntry.objects.count()
    task = read_task(json.dumps({**TASK, "is_speculative": True}).encode())
    assert work_off(task, "shop", "", "app.terraform.io", "", terraform.transport())
    assert LedgerEntry.objects.count() == before


def test_the_same_request_sent_twice_is_one_decision(lone: Caller) -> None:
    forget()
    once = {"headers": {"Idempotency-Key": "release-7"}}
    body = {"subject": {"image": BAD}}
    first = lone("POST", "/decisions", body, **once)
    forget()
    again = lone("POST", "/decisions", body, **once)
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert Verdict.objects.count() == 1
    other = lone("POST", "/decisions", {"subject": {"image": GOOD}}, **once)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("host", "internal"), [("app.terraform.io", ()), ("terraform.corp.example", ("terraform.corp.example",))]
)
def test_only_a_host_that_the_operator_named_may_stand_inside(
    host: str, internal: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    terraform, guards = Terraform(), []

    def guarded(hosts: tuple[str, ...]) -> httpx2.MockTransport:
        guards.append(hosts)
        return terraform.transport()

    monkeypatch.setattr(runtask, "Guarded", guarded)
    task = read_task(
        json.dumps({**TASK, "task_result_callback_url": f"https://{host}/api/v2/task-results/1/callback"}).encode()
    )
    runtask.send_result(task, {"data": {}}, host)
    assert (guards, len(terraform.requests)) == ([internal], 1)
