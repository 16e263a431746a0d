"""Packs of a period that is over: they show its end, whatever is imported, decided and changed afterwards."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.severity import Severity
from seamark.governance.compliance.kept import framework
from seamark.governance.ledger.note import Signer
from seamark.governance.triage import confirming, service
from seamark.governance.waivers import service as waivers
from seamark.governance.waivers.words import Asked
from seamark.insight.exports.pack.period import read_period
from seamark.pipeline import merging, people
from seamark.pipeline.compliance import evidence, gaps, pack, pack_verify, passing
from seamark.pipeline.compliance.past_software import software_at
from seamark.pipeline.compliance.scope import WHOLE, Scope, scope_of
from seamark.pipeline.software import document_of
from seamark.store.access import everything, visible_to
from seamark.store.models import (
    Application,
    Asset,
    CheckStanding,
    ComplianceGap,
    Component,
    Issue,
    LedgerEntry,
    Report,
    Sbom,
    SbomComponent,
    User,
    Verdict,
    Waiver,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.models.waivers import Scope as WaiverScope
from tests.compliance.packs.conftest import PCI
from tests.factories import code, import_findings, make_person, package

AUGUST = datetime(2026, 8, 10, 9, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 5, 9, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 2, 9, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 10, 9, tzinfo=UTC)
QUARTER = read_period("2026-Q3")
END = datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC)
Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, db: None) -> Clock:
    """Set the time, which goes on by a second with each look."""
    at = [AUGUST]

    def now() -> datetime:
        at[0] += timedelta(seconds=1)
        return at[0]

    def turn(moment: datetime) -> None:
        at[0] = moment

    monkeypatch.setattr(timezone, "now", now)
    return turn


@pytest.fixture
def ada(clock: Clock) -> User:
    people.add_user("ada", Role.ADMIN)
    return User.objects.get(username="ada")


@pytest.fixture
def bob(clock: Clock) -> User:
    people.add_user("bob", Role.ADMIN)
    return User.objects.get(username="bob")


def scan(requests: str, *more: str) -> None:
    """Import what a scanner says of packages: `requests` in a version, and flaws in urllib3."""
    flaws = [
        package("CVE-2024-35195", "pypi/requests", requests, "2.32.0", Severity.HIGH, 7.5, "Checks stay off"),
        *(package(one, "pypi/urllib3", "1.26.0", "1.26.9", Severity.CRITICAL, 9.8, "Smuggling") for one in more),
    ]
    import_findings("Payments", "Grype", flaws)


def inventory(**versions: str) -> None:
    """Keep an inventory of the repository in the place of the one before."""
    repository = Asset.objects.filter(application__name="Payments", kind="repository").get()
    now = timezone.now()
    Sbom.objects.filter(asset=repository, replaced_at=None).update(replaced_at=now)
    made = Sbom.objects.create(asset=repository, created_at=now)
    for name, version in versions.items():
        fields = {"name": name, "version": version}
        part, _ = Component.objects.get_or_create(purl=f"pkg:pypi/{name}@{version}", defaults=fields)
        SbomComponent.objects.create(sbom=made, component=part, ref=name, licences=["MIT"])


def of(cve: str) -> Any:
    return Issue.objects.filter(vulnerability__names__name=cve)


def planned(number: int) -> ComplianceGap:
    """Return a gap of the framework."""
    names = {name for one in framework(PCI).controls.values() for name in one.checks}
    return ComplianceGap.objects.filter(check_name__in=names).order_by("pk")[number]


def waive(asker: User, approver: User, issue: Issue, days: int) -> Waiver:
    """Have somebody ask for a waiver, and somebody else approve it."""
    asked = Asked(
        scope=WaiverScope.ISSUE, reason="no_fix", text="The vendor has promised one",
        expires_at=timezone.now() + timedelta(days=days), issues=(issue.pk,),
    )  # fmt: skip
    row = waivers.request(asker, asked)
    return waivers.approve(approver, row, "as said")


@pytest.fixture
def quarter(clock: Clock, ada: User, bob: User) -> Scope:
    """What Payments was by the end of the third quarter: scanned in August, worked on in September."""
    clock(AUGUST)
    scan("2.31.0", "CVE-2023-0001", "CVE-2023-0002")
    import_findings("Payments", "Semgrep", [code("sqli", "SQL injection", "a.py", 1, Severity.CRITICAL, cwe=89)])
    application = Application.objects.get(name="Payments")
    application.compliance = [PCI]
    application.save()
    inventory(requests="2.31.0", urllib3="1.26.0", flask="3.0.0")
    scope = scope_of(everything(), application="payments")
    evidence.add_file(None, "Policy", b"Write safe code.", "policy.txt", [evidence.Use(PCI, "6.1.1")], scope=scope)
    passing.run(timezone.now())
    clock(SEPTEMBER)
    service.change_state(
        ada, of("CVE-2023-0001"), State.DISMISSED, "not_affected", "Never called", "vulnerable_code_not_in_execute_path"
    )
    service.change_state(ada, of("CVE-2024-35195"), State.CONFIRMED)
    waive(ada, bob, of("CVE-2024-35195").get(), 7)
    waive(ada, bob, Issue.objects.get(rule="sqli"), 14)
    row = planned(0)
    gaps.assign(ada, row, owner=bob, due=(SEPTEMBER + timedelta(days=3)).date(), note="Bob looks")
    passing.run(timezone.now())
    return scope


def later(clock: Clock, ada: User, bob: User, scope: Scope) -> None:
    """Let the fourth quarter be busy: imports, triage, waivers, gaps, inventories, evidence, another application."""
    clock(OCTOBER + timedelta(days=20))
    scan("2.31.1", "CVE-2023-0001", "CVE-2023-0003")
    inventory(requests="2.31.1", urllib3="1.26.0", django="5.2.0")
    service.change_state(ada, of("CVE-2023-0001"), State.OPEN)
    service.change_state(ada, of("CVE-2024-35195"), State.DISMISSED, "false_positive", "Seen")
    waive(ada, bob, of("CVE-2023-0003").get(), 7)
    row = planned(0)
    gaps.assign(ada, row, owner=None, due=None, note="Somebody else")
    gaps.assign(ada, planned(1), owner=ada, due=NOVEMBER.date(), note="Ada looks")
    evidence.add_link(None, "Training", "https://wiki.example/t", [evidence.Use(PCI, "6.2.2")], scope=scope)
    import_findings("Elsewhere", "Semgrep", [code("hash", "Weak", "b.py", 2)], repository="git.example/else")
    passing.run(timezone.now())


def opened(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: json.loads(archive.read(name)) if name.endswith(".json") else archive.read(name)
            for name in archive.namelist()
        }


@pytest.mark.parametrize("whole", [False, True], ids=["application", "everything"])
def test_the_same_quarter_is_the_same_bytes_whatever_happens_later(
    quarter: Scope, clock: Clock, ada: User, bob: User, signer: Signer, whole: bool
) -> None:
    scope = WHOLE if whole else quarter
    clock(OCTOBER)
    first = pack.make(everything(), PCI, scope, QUARTER)
    later(clock, ada, bob, quarter)
    clock(NOVEMBER)
    again = pack.make(everything(), PCI, scope, QUARTER)
    one, other = opened(first.content), opened(again.content)
    assert [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)] == []
    assert again.content == first.content
    assert again.entry == first.entry, "the same pack has the same entry of the ledger"
    running = opened(pack.make(everything(), PCI, scope, read_period("2026-Q4")).content)
    assert running["software/payments/sbom.cdx.json"] != one["software/payments/sbom.cdx.json"]


def test_a_quarter_that_is_over_shows_what_was_known_at_its_end(
    quarter: Scope, clock: Clock, ada: User, bob: User, signer: Signer
) -> None:
    later(clock, ada, bob, quarter)
    clock(NOVEMBER)
    found = opened(pack.make(everything(), PCI, quarter, QUARTER).content)
    parts = {one["purl"] for one in found["software/payments/sbom.cdx.json"]["components"] if "purl" in one}
    assert parts == {"pkg:pypi/requests@2.31.0", "pkg:pypi/urllib3@1.26.0", "pkg:pypi/flask@3.0.0"}
    said = {one["vulnerability"]["name"]: one for one in found["software/payments/vex.openvex.json"]["statements"]}
    assert {name: one["status"] for name, one in said.items()} == {
        "CVE-2023-0001": "not_affected", "CVE-2023-0002": "under_investigation", "CVE-2024-35195": "affected",
    }  # fmt: skip
    assert said["CVE-2023-0001"]["justification"] == "vulnerable_code_not_in_execute_path"
    part = said["CVE-2024-35195"]["products"][0]["subcomponents"][0]["@id"]
    assert part == "pkg:pypi/requests@2.31.0", "a later report names another version"
    assert found["software/payments/vex.openvex.json"]["timestamp"] < "2026-10"
    assert [one["issues"] for one in found["decisions/waivers.json"]["waivers"]] == []
    first, second = found["report.json"]["gaps"][:2]
    assert (first["owner"], first["due"], first["note"]) == ("bob", "2026-09-08", "Bob looks")
    assert first["overdue"] is True
    assert (second["owner"], second["due"], second["note"]) == ("", "2026-09-09", ""), "as the pass had set it"
    assert found["report.json"]["scope"]["applications"] == ["payments"]
    assert all(one["taken_at"] < "2026-10" for one in found["report.json"]["evidence"])
    assert any("No history is kept of some things" in one for one in found["report.json"]["notes"])


def test_waivers_and_verdicts_are_those_of_the_end(
    quarter: Scope, clock: Clock, ada: User, bob: User, signer: Signer
) -> None:
    clock(END - timedelta(days=2))
    kept = waive(ada, bob, of("CVE-2023-0002").get(), 7)
    clock(OCTOBER)
    waivers.revoke(bob, kept, "not needed")
    found = opened(pack.make(everything(), PCI, quarter, QUARTER).content)
    (row,) = found["decisions/waivers.json"]["waivers"]
    assert (row["reference"], row["requester"], row["decider"]) == (kept.reference, "ada", "bob")
    assert row["issues"] == [of("CVE-2023-0002").get().reference]
    running = opened(pack.make(everything(), PCI, quarter, read_period("2026-Q4")).content)
    assert running["decisions/waivers.json"]["waivers"] == []
    assert found["decisions/verdicts.json"]["complete"] is True


def test_a_waiver_of_everywhere_and_verdicts_are_in_the_pack(
    quarter: Scope, clock: Clock, ada: User, bob: User, signer: Signer
) -> None:
    clock(END - timedelta(days=2))
    kept = waive(ada, bob, of("CVE-2023-0002").get(), 7)
    Waiver.objects.filter(pk=kept.pk).update(application=None)
    fields: dict[str, Any] = {
        "application": quarter.application, "stage": "deploy", "outcome": "block", "content": {}, "bundle": "b" * 64, "facts_digest": "f" * 64,
        "facts": b"",
    }  # fmt: skip
    for at, commit in ((AUGUST - timedelta(days=60), "a"), (SEPTEMBER, "b"), (OCTOBER, "c")):
        Verdict.objects.create(**fields, at=at, commit=commit)
    clock(OCTOBER + timedelta(days=1))
    part = opened(pack.make(everything(), PCI, quarter, QUARTER).content)
    whole = opened(pack.make(everything(), PCI, WHOLE, QUARTER).content)
    assert [one["commit"] for one in part["decisions/verdicts.json"]["verdicts"]] == ["b"]
    assert part["decisions/waivers.json"]["waivers"] == []
    assert any("Waivers that hold everywhere" in one for one in part["report.json"]["notes"])
    assert [one["reference"] for one in whole["decisions/waivers.json"]["waivers"]] == [kept.reference]


def test_a_pack_of_somebody_who_sees_a_part_is_no_fault_beside_the_database(
    quarter: Scope, clock: Clock, signer: Signer, key: str, tmp_path: Path
) -> None:
    clock(OCTOBER)
    people.add_user("olga", Role.AUDITOR, application=quarter.application)
    olga = User.objects.get(username="olga")
    path = tmp_path / "part.zip"
    path.write_bytes(pack.make(visible_to(olga), PCI, quarter, QUARTER, by=olga).content)
    assert pack_verify.beside(everything(), path, key).faults == ()


def test_what_is_over_and_what_runs_say_the_same_at_the_same_moment(quarter: Scope, ada: User) -> None:
    assert quarter.application is not None
    then = software_at(everything(), quarter.application, timezone.now())
    assert then.document == document_of(everything(), quarter.application)
    assert (then.unread, then.unjustified) == (0, 0)
    assert len(then.document.statements) == 3


def test_merges_that_came_later_are_not_seen(quarter: Scope, clock: Clock, ada: User) -> None:
    assert quarter.application is not None
    before = software_at(everything(), quarter.application, END).document
    clock(OCTOBER)
    one, other = of("CVE-2023-0002").get(), of("CVE-2024-35195").get()
    joined = merging.join_issues(ada, [one, other], "one change clears both")
    assert software_at(everything(), quarter.application, END).document == before
    clock(NOVEMBER)
    at_november = software_at(everything(), quarter.application, timezone.now()).document
    assert at_november == document_of(everything(), quarter.application)
    mine = [row.pk for row in joined.findings.all() if row.component.startswith("urllib3")]
    merging.split_issue(ada, joined, mine, "they are two after all")
    assert software_at(everything(), quarter.application, END).document == before
    assert software_at(everything(), quarter.application, OCTOBER + timedelta(days=9)).document == at_november
    assert quarter.application is not None
    clock(NOVEMBER + timedelta(days=1))
    assert software_at(everything(), quarter.application, timezone.now()).document == document_of(
        everything(), quarter.application
    )


def test_a_dismissal_waits_for_as_long_as_nobody_confirmed_it(quarter: Scope, clock: Clock, bob: User) -> None:
    assert quarter.application is not None
    eve = make_person("eve", Role.ANALYST, application=quarter.application)
    clock(SEPTEMBER + timedelta(days=10))
    service.change_state(eve, of("CVE-2023-0002"), State.DISMISSED, "false_positive", "Not ours")
    clock(OCTOBER)
    assert confirming.confirm(bob, of("CVE-2023-0002")) == 1
    states = {}
    for at in (END, timezone.now()):
        told = software_at(everything(), quarter.application, at).document.statements
        states[at] = {one.vulnerability: one.vex.state.value for one in told}["CVE-2023-0002"]
    assert list(states.values()) == ["under_investigation", "false_positive"]


def test_what_was_taken_back_is_as_it_was(quarter: Scope, clock: Clock, ada: User) -> None:
    assert quarter.application is not None
    clock(SEPTEMBER + timedelta(days=1))
    change = service.change_state(ada, of("CVE-2023-0001"), State.OPEN)
    clock(SEPTEMBER + timedelta(days=2))
    service.undo(ada, change)
    clock(OCTOBER)
    service.change_state(ada, of("CVE-2023-0001"), State.CONFIRMED)
    told = {one.vulnerability: one.vex for one in software_at(everything(), quarter.application, END).document.statements}  # fmt: skip
    assert told["CVE-2023-0001"].justification == "vulnerable_code_not_in_execute_path"


def test_what_cannot_be_told_is_said_and_not_guessed(
    quarter: Scope, clock: Clock, ada: User, bob: User, signer: Signer
) -> None:
    later(clock, ada, bob, quarter)
    clock(NOVEMBER)
    Report.objects.update(created_at=NOVEMBER)
    row = planned(1)
    CheckStanding.objects.filter(check_name=row.check_name).delete()
    found = opened(pack.make(everything(), PCI, quarter, QUARTER).content)
    notes = found["report.json"]["notes"]
    assert "payments: VEX leaves out 3 findings." in " ".join(notes)
    assert any(f"When {row.reference} had to be closed at first is not kept" in one for one in notes)
    assert [one["due"] for one in found["report.json"]["gaps"] if one["number"] == row.reference] == [""]
    assert found["README.txt"].decode().count("payments: VEX leaves out") == 1
    assert "CVE-2024-35195" not in str(found.get("software/payments/vex.cdx.json"))


def test_a_changed_past_is_a_fault(
    quarter: Scope, clock: Clock, signer: Signer, key: str, tmp_path: Path, unguarded: None
) -> None:
    clock(OCTOBER)
    path = tmp_path / "past.zip"
    path.write_bytes(pack.make(everything(), PCI, quarter, QUARTER).content)
    assert pack_verify.beside(everything(), path, key).faults == ()
    SbomComponent.objects.filter(ref="flask").delete()
    told = pack_verify.beside(everything(), path, key)
    assert "software/payments/sbom.cdx.json would be written otherwise now" in told.faults
    assert not told.ok


def test_what_an_application_that_was_renamed_would_say_is_a_note(
    quarter: Scope, clock: Clock, signer: Signer, key: str, tmp_path: Path
) -> None:
    clock(OCTOBER)
    path = tmp_path / "past.zip"
    path.write_bytes(pack.make(everything(), PCI, quarter, QUARTER).content)
    Application.objects.filter(slug="payments").update(name="Payment")
    told = pack_verify.beside(everything(), path, key)
    assert any("would be written otherwise" in one for one in told.since)
    assert not any("written otherwise" in one for one in told.faults)


def test_a_report_that_comes_late_changes_nothing_though_it_is_dated_early(
    quarter: Scope, clock: Clock, signer: Signer
) -> None:
    clock(OCTOBER)
    first = pack.make(everything(), PCI, quarter, QUARTER)
    flaws = [package("CVE-2020-1", "pypi/flask", "3.0.0", "", Severity.HIGH, 7.5, "Old")]
    import_findings("Payments", "Trivy", flaws, run={"started": SEPTEMBER.isoformat()})
    assert of("CVE-2020-1").get().opened_at < END
    assert pack.make(everything(), PCI, quarter, QUARTER).content == first.content
    assert LedgerEntry.objects.filter(kind="compliance_pack").count() == 1
