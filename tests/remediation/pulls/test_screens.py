"""Pull requests over the API, the web and the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from django.test import Client, RequestFactory

from seamark.interfaces.cli.main import main
from seamark.interfaces.web.templatetags.pulls import pull_of
from seamark.pipeline.pulls import asking, repositories
from seamark.pipeline.pulls import work as worker
from seamark.store.models import Asset, Fix, PullRepository, PullRequest, User
from seamark.store.models.people import Role
from seamark.store.models.pulls import PullState
from tests.api.conftest import Caller, caller
from tests.factories import import_findings, make_person
from tests.web.conftest import logged_in

from .conftest import CVE, flaw
from .served import NAME, TOKEN, Forge

__all__ = ["caller", "logged_in"]


@pytest.fixture
def dev(db: None) -> User:
    return make_person("dev", Role.DEVELOPER)


def test_api(forge: Forge, repository: PullRepository, fix: Fix, dev: User, caller: Callable[..., Caller]) -> None:
    call, root = caller(dev), caller(make_person("root", Role.ADMIN))
    made = call("POST", "/pull-requests", json.dumps({"fix": fix.pk}))
    assert (made.status_code, made.json()["state"], made.json()["by"]) == (201, "queued", "dev")
    assert call("POST", "/pull-requests", json.dumps({"fix": fix.pk})).json()["id"] == made.json()["id"]
    assert call("POST", "/pull-requests", json.dumps({"fix": 10**9})).status_code == 404
    assert worker.work_once()
    shown = call("GET", f"/pull-requests/{made.json()['id']}").json()
    assert (shown["state"], shown["number"], shown["clears"]) == ("open", "1", [CVE])
    assert shown["moves"] == [["jinja2", "2.10", "2.10.1", "patch"]]
    assert [one["id"] for one in call("GET", f"/pull-requests?state=open&fix={fix.pk}").json()["items"]] == [
        shown["id"]
    ]
    assert call("GET", "/pull-requests?state=merged").json()["items"] == []
    found = call("GET", "/pull-repositories")
    assert (found.json()["items"][0]["secrets"], TOKEN in found.content.decode()) == (["token"], False)
    here = f"/pull-repositories/{repository.pk}"
    assert call("PUT", f"{here}/merging", json.dumps({"on": True})).status_code == 403
    assert root("PUT", f"{here}/merging", json.dumps({"on": True})).json()["merging"] is True
    assert call("PUT", f"{here}/merging", json.dumps({"on": False})).json()["merging"] is False
    assert call("PUT", "/pull-stop", json.dumps({"stopped": True})).status_code == 403
    assert root("PUT", "/pull-stop", json.dumps({"stopped": True, "why": "Incident"})).json() == {"stopped": True}
    body = {
        "asset": repository.asset_id,
        "forge": "github",
        "api": forge.api,
        "remote": forge.remote,
        "name": NAME,
        "terms": {"most_open": 2},
    }
    assert root("POST", "/pull-repositories", json.dumps(body)).json()["terms"]["most_open"] == 2
    assert root("POST", "/pull-repositories", json.dumps({**body, "terms": {"nothing": 1}})).status_code == 403
    assert root("POST", "/pull-repositories", json.dumps({**body, "asset": 10**9})).status_code == 404
    assert root("DELETE", here).status_code == 204
    assert not PullRequest.objects.exists()


def test_who_sees_nothing(repository: PullRepository, fix: Fix, caller: Callable[..., Caller]) -> None:
    row = asking.ask(None, fix)
    import_findings("payroll", "Scanner", [flaw()], repository="git.example/harbour/payroll")  # type: ignore[list-item]
    other = Asset.objects.get(key="git.example/harbour/payroll").application
    call = caller(make_person("eve", Role.ADMIN, application=other))
    assert call("GET", "/pull-requests").json()["items"] == []
    assert call("GET", f"/pull-requests/{row.pk}").status_code == 404
    assert call("POST", "/pull-requests", json.dumps({"fix": fix.pk})).status_code == 404
    assert call("PUT", f"/pull-repositories/{repository.pk}/merging", json.dumps({"on": True})).status_code == 404


def test_web(forge: Forge, repository: PullRepository, fix: Fix, dev: User, logged_in: Callable[..., Client]) -> None:
    client = logged_in(dev)
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert "Open a pull request" in page
    assert client.get("/pulls/").status_code == 200
    assert client.post("/pulls/open/", {"fix": fix.pk, "next": f"/fixes/{fix.pk}/"}).status_code == 302
    assert worker.work_once()
    page = client.get(f"/fixes/{fix.pk}/").content.decode()
    assert f"{NAME} 1</a>: open" in page
    assert "Open a pull request" not in page
    listed = client.get("/pulls/?state=open").content.decode()
    assert "Security: jinja2: 2.10 → 2.10.1" in listed
    assert "Security: jinja2" not in client.get("/pulls/?state=merged").content.decode()
    places = client.get("/pulls/repositories/").content.decode()
    assert NAME in places
    assert "Add a repository" not in places
    assert "Stop all" not in places
    client.post("/pulls/repositories/", {"action": "remove", "repository": repository.pk})
    client.post("/pulls/repositories/", {"action": "stop"})
    client.post("/pulls/repositories/", {"action": "merging", "repository": repository.pk})
    repository.refresh_from_db()
    assert (repository.merging, repositories.is_stopped()) == (False, False)


def test_web_of_those_who_manage(forge: Forge, repository: PullRepository, logged_in: Callable[..., Client]) -> None:
    repository.delete()
    client = logged_in(make_person("root", Role.ADMIN))
    asset = Asset.objects.get(kind="repository")
    form = {"action": "put", "asset": asset.pk, "forge": "github", "api": forge.api, "remote": forge.remote, "name": NAME, "token": TOKEN, "terms": 'labels: ["security", "seamark"]\nmost_open: 3'}  # fmt: skip
    assert "Add a repository" in client.get("/pulls/repositories/").content.decode()
    client.post("/pulls/repositories/", form)
    kept = PullRepository.objects.get()
    assert (kept.details["labels"], kept.details["most_open"], repositories.secrets_kept(kept)) == (
        ["security", "seamark"],
        3,
        ["token"],
    )
    page = client.get("/pulls/repositories/").content.decode()
    assert TOKEN not in page
    client.post("/pulls/repositories/", {"action": "merging", "repository": kept.pk})
    client.post("/pulls/repositories/", {"action": "stop", "why": "Incident"})
    kept.refresh_from_db()
    assert (kept.merging, repositories.is_stopped()) == (True, True)
    for wrong in (
        {"forge": "sourceforge"},
        {"api": "http://10.0.0.1/"},
        {"name": "x"},
        {"remote": "file:///etc"},
        {"action": "?"},
    ):
        client.post("/pulls/repositories/", {**form, **wrong})
        assert PullRepository.objects.get().name == NAME
    client.post("/pulls/repositories/", {"action": "remove", "repository": kept.pk})
    assert not PullRepository.objects.exists()


def test_the_part_of_the_page_by_right(repository: PullRepository, fix: Fix, dev: User, rf: RequestFactory) -> None:
    def shown(who: User) -> tuple[object, object]:
        request = rf.get("/fixes/1/")
        request.user = who
        told = pull_of({"request": request}, fix)
        return told["row"], told["may"]

    assert shown(dev) == (None, True)
    assert shown(make_person("eve", Role.VIEWER)) == (None, False)
    row = asking.ask(None, fix)
    assert shown(dev) == (row, False)


def test_command_line(forge: Forge, fix: Fix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEAMARK_URL", raising=False)
    run = CliRunner()
    waits = run.invoke(main, ["fix", "pr", str(fix.pk)])
    assert (waits.exit_code, waits.output.startswith("queued: seamark/jinja2-")) == (0, True), waits.output
    made = run.invoke(main, ["fix", "pr", str(fix.pk), "--now", "--json"])
    told = json.loads(made.output)
    assert (made.exit_code, told["state"], told["number"]) == (0, "open", "1")
    assert run.invoke(main, ["fix", "pr", "999999"]).exit_code == 1
    assert (
        run.invoke(main, ["fix", "pr", str(fix.pk), "--now", "--url", "https://x.example", "--token", "t"]).exit_code
        == 2
    )
    PullRequest.objects.update(state=PullState.GONE)
    forge.git("update-ref", "refs/heads/main", forge.git("commit-tree", "-m", "Empty", forge.git("mktree", given=b"")))
    assert run.invoke(main, ["fix", "pr", str(fix.pk), "--now"]).exit_code == 1
