"""Asking the policies through the API: what a pull request brings, waits, and what becomes of a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import zstandard
from click.testing import CliRunner
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from seamark.core.severity import Severity
from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.governance.ledger.replaying import replay
from seamark.governance.triage import confirming, service
from seamark.interfaces.cli.main import main
from seamark.pipeline.gate import kept
from seamark.pipeline.people import make_token
from seamark.store.access import everything
from seamark.store.models import (
    Application,
    Event,
    Issue,
    LedgerEntry,
    Scan,
    User,
    Verdict,
    Violation,
    Waiver,
    WaiverIssue,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import code, import_findings, make_person

pytestmark = pytest.mark.django_db

OLD = code("sqli", "SQL built from a request", "shop/search.py", 12, Severity.CRITICAL, 89, snippet="run(q + term)")
MOVED = code("sqli", "SQL built from a request", "shop/find.py", 40, Severity.CRITICAL, 89, snippet="  run(q + term)")
FRESH = code("eval", "Text of a request is executed", "shop/admin.py", 7, Severity.CRITICAL, 95, snippet="eval(text)")


@pytest.fixture
def shop() -> Application:
    Application.objects.create(name="Shop", slug="shop", exposure="internet", criticality=1)
    import_findings("Shop", "Semgrep", [OLD], commit="a" * 40)
    return Application.objects.get(slug="shop")


def ask(call: Caller, **more: object) -> dict[str, object]:
    answer = call("POST", "/gate", {"application": "Shop", **more})
    assert answer.status_code == 200, answer.content
    told: dict[str, object] = answer.json()
    return told


def blocking(told: dict[str, object]) -> list[tuple[str, str]]:
    breaches: list[dict[str, str]] = told.get("breaches", [])  # type: ignore[assignment]
    return [(one["policy"], one["path"]) for one in breaches if one["effect"] == "block"]


@pytest.fixture
def boss(db: None) -> User:
    """Somebody whose dismissals gates believe."""
    return make_person("boss", Role.ADMIN)


@pytest.fixture
def request_7(shop: Application) -> None:
    import_findings("Shop", "Semgrep", [MOVED, FRESH], pull_request="7", commit="b" * 40)


def test_what_a_pull_request_brings_blocks_and_what_it_moves_does_not(lone: Caller, request_7: None) -> None:
    told = ask(lone, pull_request="7")
    assert told["outcome"] == "block"
    assert {path for _, path in blocking(told)} == {"shop/admin.py"}
    assert ("no-critical-in-internet-facing", "shop/admin.py") in blocking(told)
    assert (told["issues"], told["new"]) == (2, 1)


def test_a_pull_request_that_only_moves_passes(lone: Caller, shop: Application) -> None:
    import_findings("Shop", "Semgrep", [MOVED], pull_request="8", commit="c" * 40)
    told = ask(lone, pull_request="8")
    assert blocking(told) == []
    assert told.get("new", 0) == 0


def test_a_tool_that_never_looked_at_the_branch_leaves_it_open_what_is_new(lone: Caller, shop: Application) -> None:
    import_findings("Shop", "Bandit", [FRESH], pull_request="9", commit="d" * 40)
    told = ask(lone, pull_request="9")
    assert told["outcome"] == "indeterminate"
    assert told["compared"] is False


def test_the_default_branch_is_compared_with_its_own_past(lone: Caller, shop: Application) -> None:
    import_findings("Shop", "Semgrep", [OLD, FRESH], commit="e" * 40)
    told = ask(lone, stage="build", commit="e" * 40)
    assert {path for _, path in blocking(told)} == {"shop/admin.py"}
    assert told["new"] == 1


def test_the_verdict_is_kept_with_its_violations_and_stands_in_the_ledger(lone: Caller, request_7: None) -> None:
    told = ask(lone, pull_request="7")
    row = Verdict.objects.get(pk=told["verdict"])
    assert row.outcome == "block"
    assert Violation.objects.filter(verdict=row).count() == len(told["breaches"])  # type: ignore[arg-type]
    entry = LedgerEntry.objects.get(pk=row.entry)
    assert (entry.kind, entry.actor) == ("verdict", "ada")
    assert row.bundle in entry.content
    assert row.facts_digest in entry.content


def test_the_ledger_recomputes_the_verdict_bit_for_bit(lone: Caller, request_7: None) -> None:
    row = Verdict.objects.get(pk=ask(lone, pull_request="7")["verdict"])
    assert row.entry is not None
    again = replay(row.entry)
    assert again.same, (again.recorded, again.recomputed)


def test_records_that_were_changed_do_not_recompute(lone: Caller, request_7: None) -> None:
    row = Verdict.objects.get(pk=ask(lone, pull_request="7")["verdict"])
    lines = zstandard.decompress(bytes(row.facts)).replace(b'"exposure":"internet"', b'"exposure":"none"')
    Verdict.objects.filter(pk=row.pk).update(facts=zstandard.compress(lines))
    assert row.entry is not None
    assert not replay(row.entry).same


def test_after_triage_the_verdict_is_stale_and_asking_decides_anew(lone: Caller, request_7: None, boss: User) -> None:
    told = ask(lone, pull_request="7")
    fresh = Issue.objects.get(rule="eval")
    service.change_state(boss, Issue.objects.filter(pk=fresh.pk), State.DISMISSED, "false_positive", "never reached")
    exact = lone("GET", f"/gate/{told['verdict']}?exact=true").json()
    assert exact["stale"] is True
    assert exact["outcome"] == "block"
    now = lone("GET", f"/gate/{told['verdict']}").json()
    assert now["verdict"] != told["verdict"]
    assert blocking(now) == []
    assert not Verdict.objects.get(pk=told["verdict"]).latest


def test_open_pull_requests_are_decided_anew_by_themselves(lone: Caller, request_7: None, boss: User) -> None:
    first = ask(lone, pull_request="7")["verdict"]
    assert kept.refresh(everything()) == []
    fresh = Issue.objects.filter(rule="eval")
    service.change_state(boss, fresh, State.DISMISSED, "false_positive", "never reached")
    renewed = kept.refresh(everything())
    assert [one.replaces_id for one in renewed] == [first]
    assert renewed[0].outcome != "block"
    assert kept.refresh(everything()) == []


def test_a_dismissal_opens_the_gate_once_a_second_person_confirms_it(
    lone: Caller, request_7: None, analyst: User, boss: User
) -> None:
    told = ask(lone, pull_request="7")
    fresh = Issue.objects.filter(rule="eval")
    service.change_state(analyst, fresh, State.DISMISSED, "false_positive", "never reached")
    assert lone("GET", f"/gate/{told['verdict']}").json()["outcome"] == "block"
    confirming.confirm(boss, fresh, "Looked at it as well")
    assert blocking(lone("GET", f"/gate/{told['verdict']}").json()) == []


def test_a_comment_makes_nothing_stale(lone: Caller, request_7: None, analyst: User) -> None:
    row = Verdict.objects.get(pk=ask(lone, pull_request="7")["verdict"])
    service.comment(analyst, Issue.objects.get(rule="eval"), "looking at it")
    assert Event.objects.filter(kind="comment").exists()
    assert not kept.is_stale(row)


def test_severity_that_somebody_else_may_not_change_has_no_route_here(lone: Caller, shop: Application) -> None:
    answer = lone("POST", "/gate", {"application": "Shop", "waived": True})
    assert answer.status_code == 422


def test_who_may_not_import_may_not_ask(caller: Callable[..., Caller], shop: Application) -> None:
    viewer = caller(make_person("eve", Role.VIEWER))
    assert viewer("POST", "/gate", {"application": "Shop"}).status_code == 404
    assert viewer("POST", "/gate", {"application": "There is none"}).status_code == 404
    narrow = caller(make_person("ben", Role.DEVELOPER), "read")
    assert narrow("POST", "/gate", {"application": "Shop"}).status_code == 403


def test_verdicts_are_listed_for_those_who_see_the_application(
    lone: Caller, caller: Callable[..., Caller], request_7: None
) -> None:
    number = ask(lone, pull_request="7")["verdict"]
    assert [one["verdict"] for one in lone("GET", "/gate").json()["items"]] == [number]
    other = Application.objects.create(name="Other", slug="other")
    stranger = caller(make_person("sam", Role.DEVELOPER, application=other))
    assert stranger("GET", "/gate").json()["items"] == []
    assert stranger("GET", f"/gate/{number}").status_code == 404


def test_scans_are_named_or_found(lone: Caller, request_7: None) -> None:
    assert lone("POST", "/gate", {"application": "Shop", "scans": [999_999]}).status_code == 404
    assert lone("POST", "/gate", {"application": "Shop", "pull_request": "404"}).status_code == 404
    told = ask(lone, scans="latest", stage="deploy")
    assert told["stage"] == "deploy"


@pytest.fixture
def waiver(request_7: None, analyst: User) -> Waiver:
    """An approved waiver of what pull request 7 brings, for a day."""
    fresh = Issue.objects.get(rule="eval")
    now = timezone.now()
    made = Waiver.objects.create(
        scope="issue", application=fresh.application, reason="risk_accepted", text="Behind the office's network", requester=analyst, requested_at=now,
        decider=make_person("amy", Role.APPROVER), decided_at=now, state="approved", expires_at=now + timedelta(hours=1), severity=fresh.severity,
    )  # fmt: skip
    WaiverIssue.objects.create(waiver=made, issue=fresh)
    return made


def test_an_approved_waiver_opens_the_gate_until_it_ends(lone: Caller, waiver: Waiver, analyst: User) -> None:
    told = ask(lone, pull_request="7")
    assert blocking(told) == []
    row = Verdict.objects.get(pk=told["verdict"])
    late = timezone.now() + timedelta(hours=2)
    # The dates alone count: nobody has marked it as expired.
    assert kept.is_stale(row, now=late) or late.date() != row.at.date()
    again = kept.renew(everything(), row, late)
    assert again.outcome == "block"
    assert [one.pk for one in kept.refresh(everything(), late)] == []


TAMPERED: list[tuple[type[Verdict | Violation], str, object]] = [
    (Verdict, "stage", "deploy"), (Verdict, "ref", "main"), (Verdict, "base", "x"), (Verdict, "commit", "0" * 40), (Verdict, "pull_request", "8"),
    (Verdict, "scans", []), (Verdict, "outcome", "pass"), (Verdict, "content", {}), (Verdict, "bundle", "0"), (Verdict, "bundle_commit", "0"),
    (Verdict, "policies", []), (Verdict, "facts_digest", "0"), (Verdict, "issues", 99), (Verdict, "new", 99), (Verdict, "compared", False),
    (Verdict, "asked_latest", False), (Verdict, "asker", None), (Verdict, "at", datetime(2020, 1, 1, tzinfo=UTC)), (Violation, "policy", "none"),
    (Violation, "ref", "SM-0"), (Violation, "effect", "log"), (Violation, "decided", False), (Violation, "because", "waived"),
    (Violation, "content", {}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "field", "value"), TAMPERED, ids=lambda one: getattr(one, "__name__", str(one)[:20]))
def test_a_verdict_that_was_changed_afterwards_is_found(
    lone: Caller, request_7: None, model: type[Verdict | Violation], field: str, value: object
) -> None:
    row = Verdict.objects.get(pk=ask(lone, pull_request="7")["verdict"])
    expected = Expected()
    expected.learn(read_entry(LedgerEntry.objects.get(pk=row.entry).content))
    assert [fault for fault in expected.compare() if "verdict" in str(fault) or "violation" in str(fault)] == []
    target = row.pk if model is Verdict else Violation.objects.filter(verdict=row).order_by("number")[0].pk
    model._default_manager.filter(pk=target).update(**{field: value})
    faults = [str(fault) for fault in expected.compare()]
    assert any(f"store_{model.__name__.lower()}" in fault for fault in faults), faults


@pytest.mark.django_db(transaction=True)
def test_the_command_line_asks_the_server_and_ends_with_its_verdict(live_server: LiveServer, request_7: None) -> None:
    token = make_token(make_person("ci", Role.DEVELOPER), "pipeline", scopes=("import",))
    number = Scan.objects.filter(pull_request="7").values_list("id", flat=True)[0]
    words = [
        "gate",
        "--application",
        "shop",
        "--url",
        live_server.url,
        "--scan",
        str(number),
        "--pull-request",
        "7",
        "--format",
        "json",
    ]
    told = CliRunner().invoke(main, words, env={"SEAMARK_TOKEN": token})
    assert told.exit_code == 1, told.output
    outcome = json.loads(told.stdout)
    assert outcome["application"] == "Shop"
    assert {one["path"] for one in outcome["breaches"] if one["effect"] == "block"} == {"shop/admin.py"}
    assert Verdict.objects.get(pk=outcome["verdict"]).asker == User.objects.get(username="ci")
    fresh = Issue.objects.filter(rule="eval")
    service.change_state(make_person("ana", Role.ADMIN), fresh, State.DISMISSED, "false_positive", "never reached")
    assert CliRunner().invoke(main, words, env={"SEAMARK_TOKEN": token}).exit_code == 0
    # What the server refuses is not taken for its absence.
    wrong = CliRunner().invoke(main, words, env={"SEAMARK_TOKEN": "wrong"})
    assert wrong.exit_code == 2
    assert "does not accept" in wrong.output
