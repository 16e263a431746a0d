"""Evidence: frozen and hashed, in the ledger, read with a trace, forgotten after its time; and who reads as an auditor."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound, StoreUnavailable
from seamark.governance.access.places import EVERYWHERE, Place
from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.pipeline.compliance import auditing, evidence, gaps, passing, snapshots, work
from seamark.pipeline.compliance.evidence import Use
from seamark.pipeline.compliance.scope import Scope
from seamark.pipeline.compliance.standing import control_standing
from seamark.store.access import everything, visible_to
from seamark.store.models import (
    Application,
    ComplianceEvidence,
    ComplianceGap,
    Event,
    Grant,
    LedgerEntry,
    User,
)
from seamark.store.models.people import Role
from tests.factories import make_person

pytestmark = pytest.mark.django_db
TRAINING = Use("pci-dss-4", "6.2.2")


def faults() -> list[str]:
    """Return what the live rows say otherwise than the ledger."""
    expected = Expected()
    for row in LedgerEntry.objects.order_by("number"):
        expected.learn(read_entry(row.content))
    return [one.words for one in expected.compare() if "evidence" in one.words]


@pytest.fixture
def admin(db: None) -> User:
    return make_person("ada", Role.ADMIN)


@pytest.mark.parametrize("name", snapshots.QUESTIONS)
def test_every_snapshot_is_frozen_with_its_question_and_hash(
    world: dict[str, Application], admin: User, name: str
) -> None:
    passing.run(timezone.now())
    row = snapshots.take(admin, name)
    _, content = evidence.content_for(visible_to(admin), admin, row.pk)
    told = json.loads(content)
    assert hashlib.sha256(content).hexdigest() == row.digest
    assert told["snapshot"] == name
    assert told["query"] == row.query != ""
    assert told["sources"] == row.sources != []
    assert told["at"].endswith("Z")
    assert isinstance(told["rows"], list)
    entry = read_entry(LedgerEntry.objects.get(number=row.entry).content)
    assert (entry.kind, entry.body["digest"], entry.actor) == ("evidence", row.digest, "ada")
    assert faults() == []


def test_the_same_question_gives_the_same_bytes(world: dict[str, Application]) -> None:
    now = timezone.now()
    passing.run(now)
    assert snapshots.take(None, "posture", now=now).digest == snapshots.take(None, "posture", now=now).digest


def test_a_snapshot_of_an_application_tells_of_no_other(world: dict[str, Application], admin: User) -> None:
    for name in snapshots.QUESTIONS:
        if name == snapshots.REVIEW:
            with pytest.raises(NotAllowed, match="everything at once"):
                snapshots.take(admin, name, Scope(application=world["payroll"]))
            continue
        row = snapshots.take(admin, name, Scope(application=world["payroll"]))
        _, content = evidence.content_for(everything(), None, row.pk)
        assert b"storefront" not in content, name


def test_content_that_was_changed_is_not_handed_out(admin: User) -> None:
    row = evidence.add_file(admin, "Training 2026", b"who, what, when", "training.txt", [TRAINING])
    other = evidence.add_file(admin, "Another", b"something else", "other.txt", [TRAINING])
    ComplianceEvidence.objects.filter(pk=row.pk).update(content=ComplianceEvidence.objects.get(pk=other.pk).content)
    with pytest.raises(StoreUnavailable, match="not what was frozen"):
        evidence.content_for(everything(), None, row.pk)


def test_a_row_that_was_changed_differs_from_the_ledger(admin: User) -> None:
    row = evidence.add_link(admin, "Policy", "https://wiki.example/policy", [TRAINING])
    assert faults() == []
    ComplianceEvidence.objects.filter(pk=row.pk).update(renew_by=row.frozen_at.date() + timedelta(days=5000))
    assert len(faults()) == 1


def test_evidence_closes_the_gap_and_lapses(world: dict[str, Application], admin: User) -> None:
    world["shop"].compliance = ["pci-dss-4"]
    world["shop"].save()
    now = timezone.now()
    gaps.follow_evidence(now)
    open_ = ComplianceGap.objects.filter(framework="pci-dss-4", control="6.2.2", closed_at=None)
    assert open_.count() == 1
    row = evidence.add_file(admin, "Training 2026", b"who, what, when", '../../etc/pass"wd\n.txt', [TRAINING])
    assert row.filename == "passwd.txt"
    gaps.follow_evidence(now + timedelta(seconds=1))
    assert open_.count() == 0
    scope, at = Scope(application=world["shop"]), now + timedelta(seconds=2)
    assert control_standing(everything(), "pci-dss-4", "6.2.2", scope, at).outcome == "pass"
    later = now + timedelta(days=400)
    assert control_standing(everything(), "pci-dss-4", "6.2.2", scope, later).outcome == "fail"
    gaps.follow_evidence(later)
    assert [one.outcome for one in open_] == ["fail"]


def test_what_is_given_is_bounded(admin: User) -> None:
    with pytest.raises(NotAllowed, match="bytes"):
        evidence.add_file(admin, "Empty", b"", "a.txt", [TRAINING])
    with pytest.raises(NotAllowed, match="bytes"):
        evidence.add_file(admin, "Large", b"x" * (evidence.LARGEST + 1), "a.txt", [TRAINING])
    for link in ("javascript:alert(1)", "file:///etc/passwd", "https://a.example/ b", "https://a.example/\n"):
        if link.strip() == "https://a.example/":
            continue
        with pytest.raises(NotAllowed, match="link"):
            evidence.add_link(admin, "Link", link, [TRAINING])
    with pytest.raises(NotAllowed, match="which controls"):
        evidence.add_link(admin, "Link", "https://a.example/", [])
    with pytest.raises(NotAllowed, match="at the latest"):
        evidence.add_link(
            admin, "Link", "https://a.example/", [TRAINING], renew_by=timezone.now().date() + timedelta(days=900)
        )
    with pytest.raises(NotFound):
        evidence.uses_from(["pci-dss-4/99.9"])


def test_one_file_serves_all_controls_that_need_the_same(admin: User) -> None:
    uses = evidence.uses_of_need("training")
    assert len({one.framework for one in uses}) > 5
    row = evidence.add_file(admin, "Training 2026", b"who, what, when", "t.txt", uses)
    assert row.uses.count() == len(uses)


def test_only_those_who_may_give_and_read(world: dict[str, Application], admin: User) -> None:
    viewer = make_person("vera", Role.VIEWER, application=world["payroll"])
    with pytest.raises(NotAllowed):
        evidence.add_link(viewer, "Link", "https://a.example/", [TRAINING], scope=Scope(application=world["payroll"]))
    with pytest.raises(NotAllowed):
        snapshots.take(viewer, "posture", Scope(application=world["payroll"]))
    with pytest.raises(NotAllowed):
        snapshots.take(make_person("ann", Role.ANALYST), snapshots.REVIEW)
    seen = visible_to(viewer)
    own = snapshots.take(admin, "posture", Scope(application=world["payroll"]))
    others = [snapshots.take(admin, "posture", Scope(application=world["shop"])), snapshots.take(admin, "posture")]
    review = snapshots.take(admin, snapshots.REVIEW)
    evidence.content_for(seen, viewer, own.pk)
    for row in (*others, review):
        with pytest.raises(NotFound):
            evidence.content_for(seen, viewer, row.pk)
    with pytest.raises(NotFound):
        evidence.content_for(visible_to(make_person("olga", Role.VIEWER)), None, review.pk)
    assert others[0].pk not in set(evidence.listed(seen).values_list("pk", flat=True))


def test_each_read_is_written_down_for_those_who_audit(world: dict[str, Application], admin: User) -> None:
    row = snapshots.take(admin, "posture")
    viewer = make_person("vera", Role.VIEWER)
    evidence.content_for(visible_to(viewer), viewer, row.pk)
    told = Event.objects.get(kind=evidence.READ)
    assert (told.actor, told.details["digest"]) == (viewer, row.digest)
    assert auditing.reads(visible_to(admin)).count() == 1
    with pytest.raises(NotAllowed):
        auditing.reads(visible_to(viewer))


def test_content_goes_after_its_time_and_the_hash_stays(admin: User) -> None:
    row = evidence.add_file(admin, "Training", b"who, what, when", "t.txt", [TRAINING])
    now = timezone.now()
    assert evidence.forget_old(now) == 0
    assert evidence.forget_old(now + timedelta(days=evidence.KEEP_DAYS + 1)) == 1
    with pytest.raises(NotFound, match=row.digest):
        evidence.content_for(everything(), None, row.pk)
    assert faults() == []


def test_the_worker_freezes_what_is_due_but_reviews_nothing(world: dict[str, Application]) -> None:
    now = timezone.now()
    assert work.work_once(now)
    names = set(ComplianceEvidence.objects.values_list("name", flat=True))
    assert names == set(snapshots.QUESTIONS) - {snapshots.REVIEW}
    assert snapshots.take_due(now + timedelta(days=1)) == []
    assert len(snapshots.take_due(now + timedelta(days=31))) == len(names)


def test_gaps_are_assigned_by_those_who_may(world: dict[str, Application], admin: User) -> None:
    now = timezone.now()
    passing.run(now)
    gap = ComplianceGap.objects.filter(application=world["shop"], closed_at=None)[0]
    day = now.date() + timedelta(days=9)
    gaps.assign(admin, gap, owner=admin, due=day, note="with the next release")
    gap.refresh_from_db()
    assert (gap.owner, gap.due, gap.note) == (admin, day, "with the next release")
    entry = read_entry(LedgerEntry.objects.filter(kind="gap").latest("number").content)
    assert (entry.body["owner"], entry.body["due"]) == ("ada", day.isoformat())
    viewer = make_person("vera", Role.VIEWER)
    with pytest.raises(NotAllowed):
        gaps.assign(viewer, gap, owner=None, due=None)
    with pytest.raises(NotFound):
        gaps.find(visible_to(make_person("pia", Role.ANALYST, application=world["payroll"])), gap.pk)


def test_an_auditor_reads_for_a_time_on_a_place(world: dict[str, Application], admin: User) -> None:
    auditor = make_person("otto")
    row = auditing.give(admin, auditor, Place(application=world["shop"]), days=5, reason="PCI assessment of 2026")
    seen = visible_to(auditor)
    assert [one.slug for one in seen.applications()] == ["storefront"]
    with pytest.raises(NotAllowed):
        snapshots.take(auditor, "posture", Scope(application=world["shop"]))
    assert auditing.end_expired(timezone.now()) == 0
    assert auditing.ends_on(auditor, timezone.now()) == row
    assert work.work_once(timezone.now() + timedelta(days=5, seconds=1))
    assert not visible_to(auditor).applications().exists()
    assert not Grant.objects.filter(user=auditor).exists()
    assert [one.kind for one in LedgerEntry.objects.filter(kind__in=("auditor", "grant")).order_by("number")] == [
        "grant", "auditor", "grant", "auditor",
    ]  # fmt: skip
    assert faults() == []


def test_access_that_is_there_already_is_not_made_to_end(world: dict[str, Application], admin: User) -> None:
    auditor = make_person("otto", Role.AUDITOR)
    with pytest.raises(NotAllowed, match="already"):
        auditing.give(admin, auditor, EVERYWHERE, days=5, reason="again")
    with pytest.raises(NotAllowed):
        auditing.give(make_person("ann", Role.ANALYST), make_person("oda"), EVERYWHERE, days=5, reason="x")
    with pytest.raises(NotAllowed, match="days"):
        auditing.give(admin, make_person("ole"), EVERYWHERE, days=auditing.LONGEST + 1, reason="x")
