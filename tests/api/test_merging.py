"""What is one issue, through the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from seamark.store.models import Application, Finding, Issue, Match, MergeDecision
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person


@pytest.fixture
def sql(world: dict[str, Application]) -> Issue:
    """The issue that three tools report."""
    return Issue.objects.get(title__startswith="SQL injection")


@pytest.fixture
def other(world: dict[str, Application]) -> Issue:
    return Issue.objects.get(title__startswith="Path built")


@pytest.fixture
def match(sql: Issue, other: Issue) -> Match:
    return Match.objects.create(
        application=sql.application, left=sql.findings.order_by("id")[0], right=other.findings.get(), merged=False, pending=True,
        confidence=720, reasons=[["close lines", 0.35], ["sibling weaknesses", 0.37]], at=timezone.now(),
    )  # fmt: skip


def test_the_account_says_why(call: Caller, sql: Issue) -> None:
    told = call("GET", f"/issues/{sql.reference}").json()
    links = told["why"]["links"]
    assert {link["finding"] for link in links} == {one["finding"] for one in told["findings"]}
    assert [link["how"] for link in links].count("opened") == 1
    matched = [link for link in links if link["how"] == "matched"]
    assert len({link["finding"] for link in matched}) == 2
    assert all(link["confidence"] >= 0.85 and link["reasons"] for link in matched)


def test_join_and_back(call: Caller, sql: Issue, other: Issue) -> None:
    joined = call(
        "POST", f"/issues/{other.reference}/join", {"with": [sql.reference.lower()], "reason": "one helper"}
    ).json()
    assert joined["id"] == sql.reference
    assert len(joined["findings"]) == 4
    gone = call("GET", f"/issues/{other.reference}").json()
    assert (gone["merged_into"], gone["state"], gone["resolution"]) == (sql.reference, "dismissed", "duplicate")
    (decision,) = call("GET", f"/issues/{other.reference}/decisions").json()["items"]
    assert (decision["verdict"], decision["left"], decision["right"]) == ("join", sql.reference, other.reference)
    assert (decision["author"], decision["reason"], decision["by_person"]) == ("ada", "one helper", True)
    revoked = call("POST", f"/decisions/{decision['id']}/revoke").json()
    assert revoked["revoked_by"] == "ada"
    assert call("GET", f"/issues/{other.reference}").json()["state"] == "open"
    assert call("POST", f"/decisions/{decision['id']}/revoke").status_code == 409


def test_split_and_back(call: Caller, sql: Issue) -> None:
    chosen = Finding.objects.get(issue=sql, stream__tool="Bandit").pk
    split = call("POST", f"/issues/{sql.reference}/split", {"findings": [chosen], "reason": "another query"}).json()
    assert [one["finding"] for one in split["findings"]] == [chosen]
    (apart,) = call("GET", f"/issues/{sql.reference}").json()["why"]["apart"]
    assert (apart["verdict"], apart["issue"], apart["text"]) == ("split", split["id"], "another query")
    assert call("POST", f"/decisions/{apart['decision']}/revoke").status_code == 200
    assert call("GET", f"/issues/{split['id']}").json()["merged_into"] == sql.reference


def test_apart_and_back(call: Caller, sql: Issue, other: Issue) -> None:
    decision = call("POST", f"/issues/{sql.reference}/apart", {"from": other.reference}).json()
    assert (decision["verdict"], decision["left"], decision["right"]) == ("never", sql.reference, other.reference)
    assert call("POST", f"/decisions/{decision['id']}/revoke").json()["revoked_at"]


def test_suggestions_are_listed(call: Caller, match: Match, sql: Issue, other: Issue) -> None:
    told = call("GET", "/suggestions").json()
    (one,) = told["items"]
    assert told["count"] == {"number": 1, "more": False}
    assert (one["id"], one["confidence"]) == (match.pk, 0.72)
    assert (one["left"]["issue"], one["right"]["issue"]) == (sql.reference, other.reference)
    assert one["left"]["snippet"]
    assert call("GET", "/suggestions?application=payroll").json()["items"] == []
    (told,) = call("GET", f"/issues/{sql.reference}").json()["why"]["suggestions"]
    assert (told["suggestion"], told["issue"]) == (match.pk, other.reference)


def test_suggestions_are_paged_by_confidence(call: Caller, match: Match) -> None:
    for confidence in (650, 800, 720):
        Match.objects.create(
            application=match.application, left=match.left, right=match.right, merged=False, pending=True,
            confidence=confidence, reasons=[], at=timezone.now(),
        )  # fmt: skip
    found, after = [], ""
    while after is not None:
        page = call("GET", f"/suggestions?limit=1&after={after}").json()
        found += [one["confidence"] for one in page["items"]]
        after = page["next"]
    assert found == [0.8, 0.72, 0.72, 0.65]
    assert call("GET", "/suggestions?after=nonsense").status_code == 422


def test_accepted(call: Caller, match: Match, sql: Issue, other: Issue) -> None:
    kept = call("POST", f"/suggestions/{match.pk}/accept", {"reason": "looked at both"}).json()
    assert kept["id"] == sql.reference
    other.refresh_from_db()
    assert other.merged_into_id == sql.pk
    assert call("GET", "/suggestions").json()["items"] == []
    assert call("POST", f"/suggestions/{match.pk}/reject", {}).status_code == 409


def test_rejected(call: Caller, match: Match, sql: Issue, other: Issue) -> None:
    decision = call("POST", f"/suggestions/{match.pk}/reject", {}).json()
    assert (decision["verdict"], {decision["left"], decision["right"]}) == ("never", {sql.reference, other.reference})
    assert call("POST", f"/suggestions/{match.pk}/accept", {}).status_code == 409


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("join", {}), ("join", {"with": []}), ("join", {"with": ["12"]}), ("join", {"with": ["SM-999999"]}), ("join", {"with": ["SM-0"]}), ("join", {"with": "SM-1"}),
        ("join", {"with": ["SM-1"] * 101}), ("join", {"with": ["SM-999999999999999999"]}), ("join", {"with": ["SM-1"], "reason": "x" * 2001}), ("join", {"with": ["SM-1"], "reason": "a\0b"}),
        ("join", {"with": ["SM-1"], "colour": "red"}), ("split", {}), ("split", {"findings": []}), ("split", {"findings": [0]}), ("split", {"findings": [2**63]}),
        ("split", {"findings": ["x"]}), ("split", {"findings": [999_999]}), ("apart", {}), ("apart", {"from": "x"}), ("apart", {"from": "SM-999999"}), ("apart", []), ("join", "x"), ("join", None),
    ],
)  # fmt: skip
def test_what_cannot_be_right_changes_nothing(call: Caller, sql: Issue, action: str, body: Any) -> None:
    address = f"/issues/{sql.reference}/{action}"
    refused = (
        call("POST", address, data=body, content_type="application/json")
        if body is None
        else call("POST", address, body)
    )
    assert refused.status_code in {400, 422}
    assert not MergeDecision.objects.exists()


def test_itself_is_no_other_issue(call: Caller, sql: Issue) -> None:
    assert call("POST", f"/issues/{sql.reference}/join", {"with": [sql.reference]}).status_code == 422
    assert call("POST", f"/issues/{sql.reference}/apart", {"from": sql.reference}).status_code == 422


def test_what_is_not_possible_now_is_a_conflict(call: Caller, sql: Issue, other: Issue) -> None:
    every = list(sql.findings.values_list("pk", flat=True))
    assert call("POST", f"/issues/{sql.reference}/split", {"findings": every}).status_code == 409
    payroll = Issue.objects.get(application__name="Payroll")
    refused = call("POST", f"/issues/{sql.reference}/join", {"with": [payroll.reference]})
    assert refused.status_code == 409
    assert "different applications" in refused.json()["detail"]
    call("POST", f"/issues/{sql.reference}/join", {"with": [other.reference]})
    assert call("POST", f"/issues/{sql.reference}/join", {"with": [other.reference]}).status_code == 409
    assert call("POST", f"/issues/{sql.reference}/apart", {"from": other.reference}).status_code == 409


def _changes(sql: Issue, other: Issue, match: Match, decision: int) -> list[tuple[str, Any]]:
    return [
        (f"/issues/{sql.reference}/join", {"with": [other.reference]}),
        (f"/issues/{sql.reference}/split", {"findings": [sql.findings.all()[0].pk]}),
        (f"/issues/{sql.reference}/apart", {"from": other.reference}),
        (f"/suggestions/{match.pk}/accept", {}),
        (f"/suggestions/{match.pk}/reject", {}),
        (f"/decisions/{decision}/revoke", None),
    ]


@pytest.fixture
def decision(sql: Issue, other: Issue) -> int:
    return MergeDecision.objects.create(verdict="never", left=sql, right=other).pk


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.AUDITOR])
def test_who_does_not_triage_changes_nothing(
    caller: Callable[..., Caller], sql: Issue, other: Issue, match: Match, decision: int, role: Role
) -> None:
    call = caller(make_person("somebody", role))
    assert call("GET", "/suggestions").json()["count"]["number"] == 1
    for path, body in _changes(sql, other, match, decision):
        assert call("POST", path, body).status_code == 403, path
    assert MergeDecision.objects.count() == 1


@pytest.mark.parametrize("role", Role)
def test_another_applications_grant_shows_nothing(
    world: dict[str, Application], caller: Callable[..., Caller], sql: Issue, other: Issue, match: Match, decision: int, role: Role
) -> None:  # fmt: skip
    call = caller(make_person("somebody", role, application=world["payroll"]))
    assert call("GET", "/suggestions").json()["items"] == []
    assert call("GET", f"/issues/{sql.reference}/decisions").status_code == 404
    for path, body in _changes(sql, other, match, decision):
        assert call("POST", path, body).status_code == 404, path


def test_an_issue_that_one_may_not_see_is_not_named(
    world: dict[str, Application], caller: Callable[..., Caller], sql: Issue
) -> None:
    call = caller(make_person("somebody", Role.ANALYST, application=world["payroll"]))
    own = Issue.objects.get(application=world["payroll"])
    hidden, missing = (
        call("POST", f"/issues/{own.reference}/join", {"with": [reference]}).json()["detail"].replace(reference, "…")
        for reference in (sql.reference, "SM-999999")
    )
    assert hidden == missing


def test_a_token_to_read_changes_nothing(
    caller: Callable[..., Caller], sql: Issue, other: Issue, match: Match, decision: int, analyst: Any
) -> None:
    call = caller(analyst, "read")
    assert call("GET", f"/issues/{sql.reference}/decisions").status_code == 200
    for path, body in _changes(sql, other, match, decision):
        assert call("POST", path, body).status_code == 403, path


def test_numbers_that_are_none(call: Caller) -> None:
    for path in ("/suggestions/0/accept", "/decisions/0/revoke", f"/decisions/{2**63}/revoke", "/suggestions/x/reject"):
        assert call("POST", path, {}).status_code == 422
    assert call("POST", "/decisions/999999/revoke").status_code == 404
    assert call("POST", "/suggestions/999999/accept", {}).status_code == 404
