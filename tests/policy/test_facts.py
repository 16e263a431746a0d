"""Facts out of the store: what they say, that unknown stays unknown, who sees what, and how many statements it takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.core.kind import Kind
from seamark.core.severity import Severity
from seamark.governance.policy.bundle import Bundle, starter
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import Facts, encode
from seamark.governance.policy.model import Stage
from seamark.pipeline.facts import DEFAULT, Exempt, platform_facts, replay, simulate
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Asset, Component, Event, Exploitation, Issue, Sbom, SbomComponent, Scan
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person, make_world, package

from .written import MATCH, bundle, text

pytestmark = pytest.mark.django_db
INTERNET = text(MATCH, "newOnly: true", name="internet")


def by_ref(facts: list[Facts], subject: str = "issue") -> dict[str, Facts]:
    """Return records about a subject, by reference."""
    return {one.ref: one for one in facts if one.subject == subject}


def now_facts(**more: object) -> list[Facts]:
    return platform_facts(everything(), now=timezone.now(), **more)  # type: ignore[arg-type]


def test_issues_say_what_is_known_of_them() -> None:
    make_world()
    Exploitation.objects.update(kev_due=timezone.now().date() - timedelta(days=10))
    log4j = Issue.objects.filter(kev=True).order_by("id")[0]
    one = by_ref(now_facts())[log4j.reference]
    assert one.issue is not None
    assert one.application is not None
    assert one.asset is not None
    assert (one.issue.kev, one.issue.ransomware, one.issue.kev_overdue_days) == (True, True, 10)
    assert "CVE-2021-44228" in (one.issue.vulnerabilities or ())
    assert (one.application.name, one.application.unit, one.application.criticality) == ("Storefront", "Retail", 1)
    assert "tier-1" in (one.application.tags or ())
    assert (one.asset.kind, one.asset.exposure) == ("repository", "internet")
    assert (one.issue.new, one.issue.ai_written, one.issue.waived) == (None, False, False)
    code_issue = by_ref(now_facts())[Issue.objects.get(place__startswith="orders/search.py", tools=3).reference]
    assert code_issue.issue is not None
    assert (code_issue.issue.path, code_issue.issue.line, code_issue.issue.owasp) == ("orders/search.py", 118, "A03")
    assert set(code_issue.issue.tools or ()) == {"Semgrep", "CodeQL", "Bandit"}
    assert len(code_issue.issue.findings or ()) == 3


def test_what_is_not_known_is_left_out() -> None:
    import_findings("Lonely", "Trivy", [package("CVE-2025-1", "npm/x", "1", "2", Severity.HIGH, 8.0, "x")])
    (one,) = by_ref(now_facts()).values()
    assert one.issue is not None
    assert (one.issue.kev, one.issue.epss, one.issue.reach) == (None, None, None)
    assert one.asset is not None
    assert one.asset.exposure is None
    assert b"exposure" not in encode(one)


def test_the_first_sentence_on_real_findings() -> None:
    worst = [code("sqli", "SQL injection", "a.py", 3, Severity.CRITICAL, 89)]
    for name, exposure in (("Open", "internet"), ("Closed", "internal"), ("Unclear", "")):
        Application.objects.create(name=name, slug=name.lower(), exposure=exposure)
        import_findings(name, "Semgrep", worst, repository=f"git.example/{name}")
    policy = Bundle.compile(starter()).named("no-critical-in-internet-facing")
    assert policy is not None
    verdict = evaluate(Bundle([policy]), Stage.MONITOR, now_facts(), now=timezone.now() + timedelta(days=8))
    assert [(one.application, one.decided) for one in verdict.violations] == [("open", True), ("unclear", False)]
    (found,) = simulate(everything(), [policy], now=timezone.now())
    assert (found.holds, found.undecided, found.applications, found.looked_at) == (1, 1, {"Open": 1}, 3)
    assert found.doubts[0].unknown == ("asset.exposure",)


def test_exceptions_are_told() -> None:
    make_world()
    first, second = Issue.objects.filter(open=True).order_by("id")[:2]
    given = {first.pk: [Exempt("*", "W-1", 5)], second.pk: [Exempt("kev-overdue", "W-2", 9)]}
    found = by_ref(now_facts(exceptions=given))
    whole, single = found[first.reference], found[second.reference]
    assert whole.issue is not None
    assert single.issue is not None
    assert (whole.issue.waived, whole.issue.waiver_days_left, whole.waived) == (True, 5, (("*", "W-1"),))
    assert (single.issue.waived, single.waived) == (False, (("kev-overdue", "W-2"),))


def test_people_see_facts_of_their_applications_only() -> None:
    world = make_world()
    ada = make_person("ada", Role.DEVELOPER, application=world["payroll"])
    found = platform_facts(visible_to(ada), now=timezone.now(), subjects=DEFAULT | {"finding"})
    assert {one.application.name for one in found if one.application is not None} == {"Payroll"}
    assert not [one for one in found if one.application is None]
    nobody = make_person("eve")
    assert platform_facts(visible_to(nobody), now=timezone.now()) == []
    chosen = now_facts(applications=[world["payroll"].pk])
    assert {one.application.name for one in chosen if one.application is not None} == {"Payroll"}


def test_findings_are_records_of_their_own_where_they_are_asked_for() -> None:
    make_world()
    found = now_facts(subjects={"finding"})
    assert {one.subject for one in found} == {"finding"}
    assert all(one.issue is not None and one.ref for one in found)


def test_components_with_their_licences() -> None:
    make_world()
    asset = Asset.objects.get(key="git.example/harbour/shop")
    sbom = Sbom.objects.create(asset=asset, digest="a" * 64)
    for number, (licences, scope) in enumerate([(["MIT"], "required"), (["AGPL-3.0"], "development"), ([], "")]):
        part = Component.objects.create(
            purl=f"pkg:npm/p{number}@1", package=f"npm/p{number}", name=f"p{number}", version="1"
        )
        SbomComponent.objects.create(sbom=sbom, component=part, ref=str(number), licences=licences, scope=scope)
    facts = now_facts(subjects={"component", "application"})
    told = {one.ref: one.component for one in facts if one.component is not None}
    assert {ref: (one.licence_class, one.shipped) for ref, one in told.items() if one} == {
        "pkg:npm/p0@1": ("permissive", True), "pkg:npm/p1@1": ("network_copyleft", False), "pkg:npm/p2@1": (None, None),
    }  # fmt: skip
    shop = by_ref(facts, "application")["storefront"].application
    assert shop is not None
    assert len(shop.components or ()) == 3
    assert shop.open_issues == Issue.objects.filter(open=True, application__name="Storefront").count()


def test_coverage() -> None:
    make_world()
    Scan.objects.filter(stream__tool="Semgrep", stream__application__name="Payroll").update(
        started_at=timezone.now() - timedelta(days=12)
    )
    found = [one for one in now_facts(subjects={"coverage"}) if one.coverage is not None]
    secrets = {
        one.asset.name: one.coverage for one in found if one.asset and one.coverage and one.coverage.kind == "secret"
    }
    assert secrets
    assert all(
        one.scanned is False and one.age_days is None for name, one in secrets.items() if name and "payroll" in name
    )


def test_drift() -> None:
    finding = code(
        "drift/never-scanned",
        "An image runs that was never scanned: shop/web",
        "w",
        1,
        Severity.HIGH,
        kind=Kind.MISCONFIGURATION,
    )
    import_findings("Shop", "Seamark drift", [finding])
    (one,) = [each.drift for each in now_facts(subjects={"drift"}) if each.drift is not None]
    assert (one.state, one.image, one.severity, one.ref) == (
        "never-scanned",
        "shop/web",
        Severity.HIGH,
        Issue.objects.get().reference,
    )


def test_a_bigger_company_takes_no_more_statements() -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            now_facts()
        return len(seen)

    import_findings("One", "Semgrep", [code("r", "t", "a.py", 1)], repository="git.example/one")
    before = statements()
    for number in range(6):
        findings = [code(f"r{at}", "t", f"{at}.py", 1) for at in range(30)]
        import_findings(f"App {number}", "Semgrep", findings, repository=f"git.example/{number}")
    assert statements() <= before + 2


def scan(*findings: object, commit: str, day: int) -> None:
    """Import a scan of a commit on a day."""
    at = datetime(2026, 5, day, tzinfo=UTC)
    import_findings("Shop", "Semgrep", findings, run={"commit": commit * 40, "started": at.isoformat()})  # type: ignore[arg-type]


def test_replay_tells_which_builds_would_have_been_blocked() -> None:
    Application.objects.create(name="Shop", slug="shop", exposure="internet")
    old = code("sqli", "SQL injection", "old.py", 3, Severity.CRITICAL, 89, snippet="old()")
    fresh = code("cmdi", "Command injection", "fresh.py", 9, Severity.CRITICAL, 78, snippet="fresh()")
    minor = code("style", "Style", "minor.py", 1, Severity.LOW, snippet="minor()")
    for day, (commit, findings) in enumerate(
        [("a", [minor]), ("b", [minor, old]), ("c", [old]), ("d", [old, fresh]), ("e", [fresh])], start=1
    ):
        scan(*findings, commit=commit, day=day)
    policies = bundle(INTERNET, text('drift.state == "scanned"', name="drifted"))
    found = replay(everything(), policies, Stage.PULL_REQUEST, now=timezone.now())
    assert (found.builds, found.blocked, found.waived_later, found.complete) == (5, 2, 0, True)
    assert [one.commit[0] for one in found.told if one.outcome == "block"] == ["d", "b"]
    assert found.sentence == "would have blocked 2 of 5 builds, 0 of them later waived"
    assert found.not_replayed == ("drifted",)
    assert found.told[0].blocking == (f"internet {Issue.objects.get(place__startswith='fresh').reference}",)
    totals = bundle(text(MATCH, name="internet"))
    assert replay(everything(), totals, Stage.PULL_REQUEST, now=timezone.now()).blocked == 4
    assert replay(everything(), policies, Stage.PULL_REQUEST, now=timezone.now(), most=2).builds == 2
    assert not replay(everything(), policies, Stage.PULL_REQUEST, now=timezone.now(), most=2).complete


def test_replay_knows_what_was_waived_afterwards_and_before() -> None:
    Application.objects.create(name="Shop", slug="shop", exposure="internet")
    worst = code("sqli", "SQL injection", "old.py", 3, Severity.CRITICAL, 89, snippet="old()")
    scan(worst, commit="a", day=1)
    scan(worst, commit="b", day=10)
    issue = Issue.objects.get()
    details = {"before": "open", "after": State.DISMISSED.label, "reason": "accepted"}
    Event.objects.create(
        issue=issue, application=issue.application, kind="state", details=details, at=datetime(2026, 5, 5, tzinfo=UTC)
    )
    totals = bundle(text(MATCH, name="internet"))
    found = replay(everything(), totals, Stage.PULL_REQUEST, now=timezone.now())
    assert (found.builds, found.blocked, found.waived_later) == (2, 1, 1)
    Event.objects.filter(kind="state").delete()
    waived = replay(
        everything(),
        totals,
        Stage.PULL_REQUEST,
        now=timezone.now(),
        exceptions={issue.pk: [Exempt("internet", "W-1", 3)]},
    )
    assert (waived.blocked, waived.waived_later) == (2, 2)


def test_replay_asks_as_if_a_policy_had_been_enforced() -> None:
    Application.objects.create(name="Shop", slug="shop", exposure="internet")
    scan(code("sqli", "SQL injection", "old.py", 3, Severity.CRITICAL, 89), commit="a", day=1)
    later = bundle(text(MATCH, "mode: off", "schedule: {warn: 2030-01-01}"))
    assert replay(everything(), later, Stage.PULL_REQUEST, now=timezone.now()).blocked == 1
