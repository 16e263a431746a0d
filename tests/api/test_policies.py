"""Policies over the API: what is in force, trying and keeping them, what violates them; every answer as it is described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import in_force
from seamark.pipeline import violations
from seamark.store.models import Application, Policy, StandingViolation, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import code, import_findings, make_person
from tests.policy.written import text

Make = Callable[..., Caller]
SEVERE = text(
    "issue.severity >= HIGH",
    "description: Nothing severe",
    name="severe",
    stages="{pull_request: block, monitor: ticket}",
)


@pytest.fixture
def person(world: dict[str, Application]) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def root(person: User, caller: Make) -> Caller:
    return caller(person)


@pytest.fixture
def severe(person: User) -> Policy:
    import_findings("payments", "Tool", [code("x", "Bad", "src/n.py", 3)], repository="git.example/harbour/pay")
    row = save(SEVERE, actor=person, comment="because", now=timezone.now())
    violations.run()
    return row


def told(answer: Any) -> Any:
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_list_and_one(root: Caller, severe: Policy) -> None:
    (one,) = told(root("GET", "/policies"))["items"]
    count = StandingViolation.objects.filter(until=None, policy="severe").count()
    assert (one["name"], one["mode"], one["bundle"], one["kind"], one["version"]) == (
        "severe",
        "enforce",
        "server",
        "server",
        1,
    )
    assert (one["violations"], one["trend"][-1], one["author"], one["monitored"]) == (count, count, "root", True)
    account = told(root("GET", "/policies/severe"))
    assert {name: account[name] for name in one} == one
    assert account["yaml"] == SEVERE
    assert account["facts"][0]["name"] == "issue.severity"
    assert sum(each["violations"] for each in account["applications"]) == count
    assert [(each["version"], each["comment"], each["active"]) for each in account["versions"]] == [
        (1, "because", True)
    ]
    assert root("GET", "/policies/nothing").status_code == 404


def test_kept_changed_and_withdrawn(root: Caller) -> None:
    first = told(root("POST", "/policies", {"yaml": SEVERE, "comment": "why"}))
    assert (first["name"], first["version"]) == ("severe", 1)
    stricter = SEVERE.replace("HIGH", "CRITICAL")
    clash = root("POST", "/policies", {"yaml": stricter})
    assert (clash.status_code, "already" in clash.json()["detail"]) == (409, True)
    second = told(root("POST", "/policies", {"yaml": stricter, "instead_of": first["digest"]}))
    assert second["version"] == 2
    late = root("POST", "/policies", {"yaml": SEVERE, "instead_of": first["digest"]})
    assert (late.status_code, "meanwhile" in late.json()["detail"]) == (409, True)
    assert root("POST", "/policies/severe/withdraw", {"comment": "no"}).status_code == 204
    assert root("POST", "/policies/severe/withdraw", {}).status_code == 404
    assert told(root("GET", "/policies")) == {"items": []}


def test_mistakes_have_their_places(root: Caller) -> None:
    answer = root("POST", "/policies", {"yaml": SEVERE.replace("severity", "sevrity")})
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:seamark:problem:invalid-policy")
    assert problem["fields"][0]["field"].startswith("body.yaml:5:")
    assert "did you mean issue.severity?" in problem["detail"]
    assert root("POST", "/policies/simulate", {"yaml": "a: ["}).status_code == 422


def test_simulate_and_replay(root: Caller, severe: Policy) -> None:
    found = told(root("POST", "/policies/simulate", {"yaml": SEVERE}))
    assert found["holds"] == StandingViolation.objects.filter(until=None).count() == len(found["hits"])
    assert found == told(root("POST", "/policies/simulate", {"name": "severe"}))
    shop = told(root("POST", "/policies/simulate", {"name": "severe", "application": "storefront", "limit": 1}))
    assert (list(shop["applications"]), len(shop["hits"])) == (["Storefront"], 1)
    past = told(root("POST", "/policies/replay", {"name": "severe", "stage": "deploy"}))
    assert past["blocked"] == len([one for one in past["told"] if one["outcome"] == "block"]) > 0
    assert past["sentence"].startswith(f"would have blocked {past['blocked']} of {past['builds']} builds")
    for body, status in (
        ({}, 422),
        ({"yaml": SEVERE, "name": "severe"}, 422),
        ({"name": "x"}, 404),
        ({"name": "severe", "application": "x"}, 404),
    ):
        assert root("POST", "/policies/simulate", body).status_code == status


def test_violations_are_paged(root: Caller, severe: Policy) -> None:
    everything = told(root("GET", "/violations?policy=severe"))
    assert everything["count"] == {"number": len(everything["items"]), "more": False}
    found: list[int] = []
    after = ""
    while True:
        page = told(root("GET", f"/violations?limit=2&after={after}"))
        found += [one["id"] for one in page["items"]]
        if (after := page["next"]) is None:
            break
    assert sorted(found) == sorted(StandingViolation.objects.filter(until=None).values_list("pk", flat=True))
    assert len(set(found)) == len(found)
    assert {one["application"] for one in told(root("GET", "/violations?application=storefront"))["items"]} == {
        "Storefront"
    }
    assert told(root("GET", "/violations?standing=waived"))["items"] == []
    assert told(root("GET", "/violations?ended=true&standing=any"))["items"] == []
    assert root("GET", "/violations?standing=bad").status_code == 422
    assert root("GET", "/violations?after=x").status_code == 422


def test_one_sees_only_one_s_own(severe: Policy, world: dict[str, Application], caller: Make) -> None:
    lone = caller(make_person("lone", Role.DEVELOPER, application=world["shop"]))
    mine = StandingViolation.objects.filter(application=world["shop"], until=None).count()
    assert 0 < mine < StandingViolation.objects.filter(until=None).count()
    assert told(lone("GET", "/violations"))["count"]["number"] == mine
    assert told(lone("GET", "/policies"))["items"][0]["violations"] == mine
    account = told(lone("GET", "/policies/severe"))
    assert [one["application"] for one in account["applications"]] == ["storefront"]
    assert told(lone("POST", "/policies/simulate", {"name": "severe"}))["holds"] == mine
    assert lone("POST", "/policies/simulate", {"name": "severe", "application": "payments"}).status_code == 404


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_no_other_role_changes_what_is_in_force(severe: Policy, caller: Make, role: Role) -> None:
    other = caller(make_person("other", role))
    before = in_force().digest
    weaker = SEVERE + "  mode: 'off'\n"
    assert other("POST", "/policies", {"yaml": weaker, "instead_of": severe.digest}).status_code == 403
    assert other("POST", "/policies/severe/withdraw", {}).status_code == 403
    assert in_force().digest == before


def test_tokens_and_grants(severe: Policy, person: User, caller: Make) -> None:
    reading = caller(person, "read")
    assert reading("GET", "/policies").status_code == 200
    assert reading("POST", "/policies", {"yaml": SEVERE}).status_code == 403
    nobody = caller(make_person("nobody"))
    for method, path, body in (
        ("GET", "/policies", None),
        ("GET", "/violations", None),
        ("POST", "/policies/simulate", {"name": "severe"}),
    ):
        assert nobody(method, path, body).status_code == 403
    viewer = caller(make_person("viewer", Role.VIEWER))
    assert viewer("POST", "/policies/simulate", {"name": "severe"}).status_code == 403
    assert viewer("GET", "/policies/severe").status_code == 200
