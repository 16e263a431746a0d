"""A dismissal by somebody who could not approve a waiver takes an issue off the list, and through no gate."""

from __future__ import annotations

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.core.finding import Suppression
from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.policy.model import Stage
from seamark.governance.triage import confirming, service
from seamark.pipeline import merging
from seamark.pipeline.deployment.gather import asking
from seamark.pipeline.deployment.gather import gather as gather_deployment
from seamark.pipeline.deployment.subject import Subject
from seamark.pipeline.facts import platform_facts
from seamark.pipeline.gate.asked import Asked, gather
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, Event, Issue, LedgerEntry, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from seamark.store.query import parse, select
from tests.factories import code, import_findings, make_person

POLICY = """apiVersion: seamark.dev/v1
kind: Policy
metadata: {name: severe}
spec:
  match: issue.severity >= HIGH && issue.open && issue.state != "dismissed"
  stages: {pull_request: block, build: block, deploy: block, monitor: log}
"""


@pytest.fixture
def ada(world: dict[str, Application]) -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def tom(world: dict[str, Application]) -> User:
    return make_person("tom", Role.APPROVER)


@pytest.fixture
def issue(world: dict[str, Application], root: User) -> Issue:
    save(POLICY, actor=root, comment="", now=timezone.now())
    return Issue.objects.filter(application=world["shop"], kind=1, severity__gte=4, open=True).order_by("pk")[0]


def gates(shop: Application) -> list[set[str]]:
    """Return what stops a pull request, a build and a deployment."""
    now, bundle = timezone.now(), in_force()
    found = []
    for stage in (Stage.PULL_REQUEST, Stage.BUILD):
        asked = Asked(application=shop, stage=stage)
        found.append(
            {
                one.ref
                for one in evaluate(bundle, stage, gather(everything(), asked, bundle, now).records, now=now).violations
            }
        )
    subject = Subject(application=shop.slug)
    records = gather_deployment(everything(), subject, asking(bundle, Stage.DEPLOY, now), now).records
    found.append({one.ref for one in evaluate(bundle, Stage.DEPLOY, records, now=now).violations})
    return found


def dismiss(person: User, issue: Issue) -> None:
    service.change_state(person, Issue.objects.filter(pk=issue.pk), State.DISMISSED, "false_positive", "looked at it")


def test_gates_count_it_until_a_second_person_confirms(
    world: dict[str, Application], ada: User, tom: User, issue: Issue
) -> None:
    shop, ref = world["shop"], issue.reference
    assert all(ref in one for one in gates(shop))
    dismiss(ada, issue)
    row = Issue.objects.get(pk=issue.pk)
    assert (row.state, row.open, row.dismissal_unconfirmed) == (State.DISMISSED, False, True)
    assert all(ref in one for one in gates(shop))
    # People's lists, and what is watched for them, are without it.
    now = timezone.now()
    assert ref not in {one.ref for one in platform_facts(everything(), now=now, subjects={"issue"})}
    assert not select(everything().issues(), parse(f"app:{shop.slug}")).filter(pk=issue.pk).exists()
    assert list(select(everything().issues(), parse("dismissal:unconfirmed")).values_list("pk", flat=True)) == [
        issue.pk
    ]
    assert [one.pk for one in confirming.waiting(visible_to(tom))] == [issue.pk]
    assert not confirming.waiting(visible_to(ada)).exists()
    with pytest.raises(NotAllowed, match="approver"):
        confirming.confirm(ada, Issue.objects.filter(pk=issue.pk))
    assert confirming.confirm(tom, Issue.objects.filter(pk=issue.pk), "agreed") == 1
    assert not any(ref in one for one in gates(shop))
    assert Event.objects.filter(issue=issue, kind=confirming.CONFIRMED, actor=tom).count() == 1


def test_whoever_may_approve_needs_nobody_else(world: dict[str, Application], tom: User, issue: Issue) -> None:
    dismiss(tom, issue)
    assert not any(issue.reference in one for one in gates(world["shop"]))


def test_nobody_confirms_what_they_dismissed(ada: User, issue: Issue) -> None:
    dismiss(ada, issue)
    ada.grants.update(role=Role.APPROVER)
    with pytest.raises(NotAllowed, match="in your name"):
        confirming.confirm(User.objects.get(pk=ada.pk), Issue.objects.filter(pk=issue.pk))


def test_undo_makes_nothing_surer(world: dict[str, Application], ada: User, tom: User, issue: Issue) -> None:
    rows = Issue.objects.filter(pk=issue.pk)
    dismiss(tom, issue)
    change = service.change_state(ada, rows, State.OPEN)
    assert service.undo(ada, change) == 1
    assert rows.get().dismissal_unconfirmed
    assert all(issue.reference in one for one in gates(world["shop"]))
    confirming.confirm(tom, rows)
    change = service.change_state(tom, rows, State.OPEN)
    service.undo(tom, change)
    assert not rows.get().dismissal_unconfirmed


def test_a_merge_into_what_is_dismissed_passes_nothing(
    world: dict[str, Application], ada: User, tom: User, issue: Issue
) -> None:
    other = Issue.objects.filter(application=world["shop"], kind=1).exclude(pk=issue.pk).order_by("pk")[0]
    Issue.objects.filter(pk=other.pk).update(severity=5)
    dismiss(tom, other)
    kept = merging.join_issues(ada, [issue, other], "one")
    assert kept.state == State.DISMISSED
    assert kept.dismissal_unconfirmed
    assert all(kept.reference in one for one in gates(world["shop"]))


def test_what_scanners_say_is_evidence(world: dict[str, Application], issue: Issue) -> None:
    """A suppression in the source, or a VEX statement in a report, settles that tool's finding: whoever may import could leave it out."""
    said = Suppression(origin="source", justification="nosec")
    found = [code("x1", "Suppressed", "src/sup.py", 3, suppression=said), code("x2", "Not", "src/not.py", 3)]
    import_findings("Storefront", "Alpha", found)
    row = Issue.objects.get(title="Suppressed")
    assert (row.state, row.resolution, row.dismissal_unconfirmed) == (State.DISMISSED, "suppressed", False)
    # What another tool reports stays: one tool's word settles its own findings only.
    assert Issue.objects.get(pk=issue.pk).open


def test_the_ledger_tells_who_took_the_mark_off(ada: User, issue: Issue) -> None:
    dismiss(ada, issue)
    Issue.objects.filter(pk=issue.pk).update(dismissal_unconfirmed=False)
    expected = Expected()
    for one in LedgerEntry.objects.order_by("number"):
        expected.learn(read_entry(one.content))
    assert any("dismissal_unconfirmed" in str(fault) for fault in expected.compare())


def test_verified_fixes(world: dict[str, Application]) -> None:
    dev = make_person("dev", Role.DEVELOPER)
    findings = [code("r1", "One", "src/one.py", 3), code("r2", "Two", "src/two.py", 3)]
    import_findings("Storefront", "Alpha", findings)
    import_findings("Storefront", "Alpha", findings[:1])
    rows = Issue.objects.filter(title="Two")
    with pytest.raises(NotAllowed, match="only what is fixed"):
        service.verify(dev, Issue.objects.filter(title="One"), "tried it")
    with pytest.raises(NotAllowed, match="Say how"):
        service.verify(dev, rows, " ")
    assert service.verify(dev, rows, "tried it") == 1
    assert rows.get().resolution == "verified"
    import_findings("Storefront", "Alpha", findings)
    assert (rows.get().state, rows.get().regression, rows.get().resolution) == (State.OPEN, True, "")


def test_justifications(tom: User, issue: Issue) -> None:
    rows = Issue.objects.filter(pk=issue.pk)
    word = "vulnerable_code_not_present"
    with pytest.raises(NotAllowed, match="not affected"):
        service.change_state(tom, rows, State.DISMISSED, "false_positive", "no", word)
    with pytest.raises(NotAllowed, match="one of"):
        service.change_state(tom, rows, State.DISMISSED, "not_affected", "no", "because")
    change = service.change_state(tom, rows, State.DISMISSED, "not_affected", "no", word)
    assert rows.get().justification == word
    service.undo(tom, change)
    assert rows.get().justification == ""
