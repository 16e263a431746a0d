"""Risk profiles through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from seamark.analysis.risk import default_profile
from seamark.pipeline import outlook, profiles, rescoring
from seamark.pipeline.profile_yaml import dump
from seamark.store.models import Application, Issue, ProfileUse, RiskProfile
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person

Make = Callable[..., Caller]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    outlook.forget()


@pytest.fixture
def admin(world: dict[str, Application], caller: Make) -> Caller:
    return caller(make_person("root", Role.ADMIN))


def ours(version: int = 1, **more: Any) -> dict[str, Any]:
    own = default_profile()
    return msgspec.to_builtins(replace(own, name="ours", version=version, intercept=own.intercept + 0.7, **more))


def test_kept_previewed_applied_and_gone_back_from(admin: Caller) -> None:
    text = "# Ours.\n" + dump(profiles.profile_yaml.check(ours()))
    made = admin("POST", "/risk/profiles", {"yaml": text, "comment": "try"}).json()
    assert (made["standing"], made["yaml"], made["author"], made["content"]) == ("draft", text, "root", ours())
    assert admin("POST", "/risk/profiles", {"content": ours()}).json()["id"] == made["id"]
    assert admin("GET", f"/risk/profiles/{made['id']}").json() == made

    before = dict(Issue.objects.values_list("pk", "risk"))
    seen = admin("POST", "/risk/profiles/preview", {"yaml": text}).json()
    assert dict(Issue.objects.values_list("pk", "risk")) == before
    applied = admin("POST", f"/risk/profiles/{made['id']}/apply", {"comment": "since the audit"})
    assert applied.status_code == 200
    use = applied.json()
    assert (use["state"], use["actor"], use["comment"], use["unit"]) == ("done", "root", "since the audit", None)
    moved = {pk for pk, risk in Issue.objects.values_list("pk", "risk") if risk != before[pk]}
    assert seen["moved"] == Issue.objects.filter(open=True, pk__in=moved).count() > 0
    first = seen["moves"][0]
    issue = Issue.objects.get(pk=int(first["reference"].removeprefix("SM-")))
    assert (first["title"], first["before"] * 10, first["after"] * 10) == (issue.title, before[issue.pk], issue.risk)

    held = RiskProfile.objects.get(name="default")
    assert admin("POST", f"/risk/profiles/{held.pk}/apply", {}).status_code == 200
    assert dict(Issue.objects.values_list("pk", "risk")) == before
    history = admin("GET", "/risk/profiles/history").json()["items"]
    assert [one["profile"] for one in history] == [str(held), "ours v1", str(held)]
    assert {one["name"]: one["standing"] for one in admin("GET", "/risk/profiles").json()["items"]} == {
        "default": "holds for everything",
        "ours": "applied before",
    }


def test_a_unit_follows_its_own_and_gives_it_back(admin: Caller) -> None:
    made = admin("POST", "/risk/profiles", {"content": ours()}).json()
    assert admin("POST", f"/risk/profiles/{made['id']}/apply", {"unit": "retail"}).json()["unit"] == "Retail"
    assert admin("GET", f"/risk/profiles/{made['id']}").json()["standing"] == "holds for Retail"
    back = admin("POST", "/risk/profiles/withdraw", {"unit": "Retail"}).json()
    assert (back["profile"], back["before"], back["state"]) == (None, "ours v1", "done")
    assert admin("POST", "/risk/profiles/withdraw", {"unit": "Retail"}).status_code == 409


def test_a_large_estate_is_left_to_a_worker(admin: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rescoring, "AT_ONCE", 0)
    made = admin("POST", "/risk/profiles", {"content": ours()}).json()
    answer = admin("POST", f"/risk/profiles/{made['id']}/apply", {})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert rescoring.work_once()
    newest = admin("GET", "/risk/profiles/history").json()["items"][0]
    assert (newest["state"], newest["progress"]) == ("done", 100)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "send either yaml or content"),
        ({"yaml": "a: 1", "content": {}}, "send either yaml or content"),
        ({"yaml": "a: [1"}, "body.yaml: The risk profile is no YAML: line 1"),
        ({"content": {"name": "x"}}, "body.content: "),
        ({"content": {**ours(), "weights": {"epsss": 1}}}, "do you mean epss?"),
        ({"yaml": "\x00"}, "special characters"),
        ({"content": {"\x00": 1}}, "is no name"),
        ({"content": {"\ud800": 1}}, "is no name"),
        ({"content": {**ours(), "name": "\ud800"}}, "1 to 100 letters"),
        ({"content": ours(), "more": 1}, "Extra inputs"),
        ({"yaml": "x" * 200_000}, "100000"),
    ],
)
def test_what_is_no_profile_is_refused(admin: Caller, body: dict[str, Any], said: str) -> None:
    for path in ("/risk/profiles", "/risk/profiles/preview"):
        answer = admin("POST", path, body)
        assert answer.status_code == 422
        assert said in answer.json()["detail"]


def test_a_version_never_changes(admin: Caller) -> None:
    assert admin("POST", "/risk/profiles", {"content": ours()}).status_code == 200
    refused = admin("POST", "/risk/profiles", {"content": {**ours(), "intercept": 0}})
    assert refused.status_code == 409
    assert "make it version 2" in refused.json()["detail"]


def test_what_cannot_be_is_refused(admin: Caller) -> None:
    held = profiles.active_profile().pk
    assert admin("POST", f"/risk/profiles/{held}/apply", {}).status_code == 409
    assert admin("POST", "/risk/profiles/4711/apply", {}).status_code == 404
    assert admin("GET", f"/risk/profiles/{10**30}").status_code == 404
    assert admin("POST", f"/risk/profiles/{held}/apply", {"unit": "Nowhere"}).status_code == 422
    assert admin("POST", f"/risk/profiles/{held}/apply", {"comment": "\x00"}).status_code == 422
    assert admin("GET", "/risk/profiles?after=x").status_code == 422


def test_it_takes_the_right(world: dict[str, Application], call: Caller, caller: Make) -> None:
    held = profiles.active_profile()
    draft = profiles.draft(None, profiles.profile_yaml.check(ours()))
    nobody = caller(make_person("nemo"))
    assert nobody("GET", "/risk/profiles").status_code == 403
    listed = call("GET", "/risk/profiles").json()["items"]
    assert {one["id"] for one in listed} == {held.pk, draft.pk}
    for path, body in (
        ("/risk/profiles", {"content": ours(2)}),
        ("/risk/profiles/preview", {"content": ours()}),
        (f"/risk/profiles/{draft.pk}/apply", {}),
        (f"/risk/profiles/{draft.pk}/apply", {"unit": "Retail"}),
        (f"/risk/profiles/{draft.pk}/apply", {"unit": "Nowhere"}),
        ("/risk/profiles/withdraw", {"unit": "Retail"}),
    ):
        assert call("POST", path, body).status_code == 403
    assert ProfileUse.objects.count() == 1

    rita = caller(make_person("rita", Role.ADMIN, unit=world["shop"].unit))
    assert rita("POST", f"/risk/profiles/{draft.pk}/apply", {}).status_code == 403
    seen = rita("POST", "/risk/profiles/preview", {"content": ours(), "unit": "Retail"}).json()
    assert seen["issues"] == Issue.objects.filter(open=True, application=world["shop"]).count()
    assert rita("POST", f"/risk/profiles/{draft.pk}/apply", {"unit": "Retail"}).status_code == 200
    reading = caller(make_person("dora", Role.ADMIN), "read")
    assert reading("POST", "/risk/profiles/preview", {"content": ours()}).status_code == 200
    assert reading("POST", f"/risk/profiles/{draft.pk}/apply", {}).status_code == 403
    vera = caller(make_person("vera", Role.VIEWER, application=world["payroll"]))
    assert [one["id"] for one in vera("GET", "/risk/profiles").json()["items"]] == [held.pk]
    assert vera("GET", f"/risk/profiles/{draft.pk}").status_code == 404
