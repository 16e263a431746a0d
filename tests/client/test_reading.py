"""The client against the API itself: lists page by page, failures as sentences, bulk changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from click.testing import CliRunner
from django.test import Client as Browser

from seamark.client import Bulk, Client, Done, Issue, Job
from seamark.core.errors import InvalidQuery, NotFound, RemoteFailure
from seamark.insight.exports.issues import as_json
from seamark.interfaces.cli import remote
from seamark.interfaces.cli.commands import issues_, show_
from seamark.pipeline import jobs
from seamark.pipeline.people import SCOPES, make_token
from seamark.store import models
from seamark.store.models.people import Role
from tests.factories import make_person, make_world


class InProcess(httpx2.BaseTransport):
    """Leads requests to the API without a network, and counts them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        headers = {
            name: value for name, value in request.headers.items() if name.lower() not in {"content-length", "host"}
        }
        query = f"?{request.url.query.decode()}" if request.url.query else ""
        answer = Browser(raise_request_exception=False).generic(
            request.method, request.url.path + query, request.read(), request.headers.get("content-type", ""), headers=headers
        )  # fmt: skip
        return httpx2.Response(answer.status_code, headers=dict(answer.items()), content=answer.content)


@pytest.fixture
def network() -> InProcess:
    return InProcess()


@pytest.fixture
def client(db: None, network: InProcess) -> Client:
    make_world()
    token = make_token(make_person("ada", Role.ANALYST), "tests", scopes=SCOPES)
    return Client("http://seamark.example", token, transport=network, sleep=lambda _: None)


@pytest.fixture
def asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call a command as if its server were this one."""
    token = client._client.headers["Authorization"].partition(" ")[2]
    transport = client._client._transport
    monkeypatch.setattr("seamark.client.Client", lambda url, _: Client(url, token, transport=transport))
    runner = CliRunner(env={"SEAMARK_URL": "http://seamark.example", "SEAMARK_TOKEN": "smk_x"})
    return lambda command, *words: runner.invoke(command, words)


def test_lists_are_read_page_by_page(client: Client, network: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seamark.client.client._PAGE", 4)
    rows = list(client.issues("state:any"))
    assert [one.id for one in rows] == [
        f"SM-{pk}" for pk in models.Issue.objects.order_by("-risk", "-id").values_list("pk", flat=True)
    ]
    assert len(network.asked) == -(-len(rows) // 4)
    assert [one.risk for one in client.issues(limit=5)] == sorted((one.risk for one in rows), reverse=True)[:5]
    assert client.count("app:payroll") == (1, False)


def test_only_what_was_asked_for_is_filled(client: Client) -> None:
    row = next(client.issues("kev:true", fields="id,kev", limit=1))
    assert row == Issue(id=row.id, kev=True)


def test_other_lists_and_one_issue_in_full(client: Client) -> None:
    assert {one.name for one in client.applications()} == {"Storefront", "Payroll"}
    assert next(client.fixes(application="storefront")).application
    reference = next(client.issues("sql")).id
    assert {one.tool for one in client.findings(reference)} >= {"Semgrep"}
    assert client.issue(reference)["receipt"]["parts"]


def test_failures_are_those_of_the_house(client: Client) -> None:
    with pytest.raises(NotFound):
        client.issue("SM-999999")
    with pytest.raises(InvalidQuery) as caught:
        list(client.issues("app:shop colour:red"))
    assert caught.value.position == 9
    with pytest.raises(RemoteFailure, match="not one of Seamark's"):
        list(Client("http://x.example", "smk_x", transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json={"items": 5}))).issues())  # fmt: skip


def test_many_issues_are_changed_and_put_back(client: Client) -> None:
    change = Bulk(q="app:storefront", state="confirmed")
    outlook = client.preview(change)
    done = client.triage(change)
    assert isinstance(done, Done)
    assert done.moved == outlook.changes > 5
    assert client.undo(done.changes) == done.moved


def test_a_job_is_asked_for_until_it_is_finished(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seamark.pipeline.bulk.AT_ONCE", 1)
    job = client.triage(Bulk(q="", assignee="ada"))
    assert isinstance(job, Job)
    assert not job.finished
    monkeypatch.undo()
    jobs.work_once()
    assert client.job(job.id).finished


def test_a_write_is_held_back_where_something_changed(client: Client) -> None:
    path = f"/issues/{next(client.issues()).id}"
    with pytest.raises(RemoteFailure, match="412"):
        client.write("PATCH", path, {"comment": "Late."}, etag='"old"')
    assert client.write("PATCH", path, {"comment": "In time."})["history"]


def test_the_command_line_lists_what_a_server_has(client: Client, asked: Callable[..., Any]) -> None:
    told = asked(issues_.command, "app:storefront", "--limit", "3")
    assert told.exit_code == 0, told.output
    assert "SQL injection" in asked(issues_.command, "sql").output
    assert "3 of" in told.output
    lines = [json.loads(line) for line in asked(issues_.command, "--json").output.splitlines()]
    rows = models.Issue.objects.filter(open=True).order_by("-risk", "-id").select_related("application")
    assert [one["id"] for one in lines] == [one.reference for one in rows]
    assert as_json(rows[0]).items() <= lines[0].items()
    assert "No issue fits" in asked(issues_.command, "colourless").output
    wrong = asked(issues_.command, "colour:red")
    assert wrong.exit_code == 2
    assert "^" in wrong.output


def test_the_command_line_shows_an_issue_of_a_server(client: Client, asked: Callable[..., Any]) -> None:
    reference = next(client.issues("sql")).id
    told = asked(show_.command, reference)
    assert told.exit_code == 0, told.output
    assert "Evidence" in told.output
    assert json.loads(asked(show_.command, reference, "--json").output)["id"] == reference


def test_where_the_server_and_its_token_come_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("SEAMARK_URL", "SEAMARK_TOKEN", "SEAMARK_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert remote.client() is None
    runner = CliRunner().invoke(issues_.command, ["--url", "http://127.0.0.1:9"])
    assert runner.exit_code == 2
    assert "SEAMARK_TOKEN" in runner.output
    (tmp_path / "token").write_text("smk_file\n")
    monkeypatch.setenv("SEAMARK_TOKEN_FILE", str(tmp_path / "token"))
    made = remote.client("http://127.0.0.1:9")
    assert made is not None
    assert made._client.headers["Authorization"] == "Bearer smk_file"
    made.close()
    given = remote.client("http://127.0.0.1:9", "smk_option")
    assert given is not None
    assert given._client.headers["Authorization"] == "Bearer smk_option"
    given.close()
    monkeypatch.setenv("SEAMARK_TOKEN_FILE", str(tmp_path / "none"))
    assert CliRunner().invoke(issues_.command, ["--url", f"http://x?{urlencode({'a': 1})}"]).exit_code == 2
