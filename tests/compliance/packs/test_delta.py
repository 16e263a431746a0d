"""A day's changes: what is told, and what is left out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.compliance.outcome import Outcome
from seamark.insight.exports.pack.delta import Changed, Delta, markdown
from seamark.insight.exports.pack.shapes import Gap
from seamark.pipeline.compliance.pack_delta import delta_of
from seamark.pipeline.compliance.scope import Scope
from seamark.store.access import everything
from seamark.store.models import CheckStanding, ComplianceEvidence, ComplianceGap
from tests.compliance.packs.conftest import PCI

CHECK = "critical-packages-in-30-days"


@pytest.fixture
def yesterday(payments: Scope) -> datetime:
    """Everything of the application was so for ten days; yesterday a check began to fail."""
    now = timezone.now()
    before, changed = now - timedelta(days=10), now - timedelta(days=1)
    CheckStanding.objects.update(since=before)
    ComplianceGap.objects.update(opened_at=before, due=(now + timedelta(days=20)).date())
    ComplianceEvidence.objects.update(frozen_at=before)
    row = CheckStanding.objects.get(check_name=CHECK, application=payments.application)
    fields: dict[str, Any] = {"check_name": CHECK, "digest": row.digest, "application": payments.application}
    CheckStanding.objects.filter(pk=row.pk).update(outcome="pass", yes=1, no=0, unknown=0, until=changed)
    CheckStanding.objects.create(**fields, outcome="fail", no=1, since=changed)
    ComplianceGap.objects.filter(check_name=CHECK).delete()
    ComplianceGap.objects.create(
        check_name=CHECK, application=payments.application, outcome="fail", opened_at=changed, due=now.date()
    )
    return changed


def test_a_day_tells_what_changed_on_it(payments: Scope, yesterday: datetime) -> None:
    told = delta_of(everything(), PCI, payments, yesterday.date())
    (check,) = told.checks
    assert (check.id, check.before, check.after) == (CHECK, Outcome.PASS, Outcome.FAIL)
    assert [one.check for one in told.opened] == [CHECK]
    assert (told.closed, told.overdue, told.quiet) == ((), (), False)
    assert sum(told.before.values()) == sum(told.after.values())
    text = markdown(told)
    assert "pass → **fail**" in text
    assert told.opened[0].number in text


def test_the_day_before_was_quiet(payments: Scope, yesterday: datetime) -> None:
    told = delta_of(everything(), PCI, payments, yesterday.date() - timedelta(days=1))
    assert told.quiet
    assert "Nothing changed." in markdown(told)
    assert told.before == told.after


def test_what_becomes_overdue_and_what_is_done_is_told(payments: Scope, yesterday: datetime) -> None:
    kept, done = ComplianceGap.objects.filter(framework=PCI).order_by("pk")[:2]
    ComplianceGap.objects.filter(pk=kept.pk).update(due=yesterday.date() - timedelta(days=1))
    ComplianceGap.objects.filter(pk=done.pk).update(closed_at=yesterday)
    told = delta_of(everything(), PCI, payments, yesterday.date())
    assert [one.number for one in told.overdue] == [kept.reference]
    assert [one.number for one in told.closed] == [done.reference]
    later = delta_of(everything(), PCI, payments, yesterday.date() + timedelta(days=1))
    assert kept.reference not in [one.number for one in later.overdue], "once is enough"


def test_what_lapses_soon_is_told(payments: Scope, yesterday: datetime) -> None:
    ComplianceEvidence.objects.filter(kind="file").update(renew_by=yesterday.date() + timedelta(days=3))
    told = delta_of(everything(), PCI, payments, yesterday.date())
    assert len(told.lapsing) == 1
    assert told.evidence == ()


def test_days_to_come_and_frameworks_that_there_are_not_are_refused(payments: Scope) -> None:
    with pytest.raises(NotAllowed):
        delta_of(everything(), PCI, payments, timezone.now().date() + timedelta(days=2))
    with pytest.raises(NotFound):
        delta_of(everything(), "nothing", payments, timezone.now().date())


def test_words_are_no_markup() -> None:
    told = Delta(
        framework="own", title="# <b>x</b>", scope="a", day="2026-01-01", until="2026-01-01T23:59:59Z", before={}, after={},
        controls=(Changed("A|1", "[x](http://evil)\n# head", Outcome.PASS, Outcome.NOT_KNOWN),), checks=(),
        opened=(Gap(number="G-1", title="`x`", controls=("A",)),), closed=(), overdue=(), evidence=(), lapsing=(),
    )  # fmt: skip
    text = markdown(told)
    assert "\n# head" not in text
    assert "[x](" not in text
    assert "\\`x\\`" in text
    assert "nobody's" in text
