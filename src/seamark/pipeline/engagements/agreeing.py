"""Agreeing on an engagement: its words and days, its testers, its end. Each step is in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.ledger.attested import removed, row_of
from seamark.governance.ledger.entry import Attested
from seamark.governance.ledger.record import record
from seamark.pipeline.engagements.rights import check_manages, check_open, manages
from seamark.store.access import READS, visible_to
from seamark.store.models import Application, Asset, Engagement, EngagementTester, User
from seamark.store.models.engagements import RetestState

LONGEST: Final = 20_000
LONGEST_NAME: Final = 200
MOST_ASSETS: Final = 200
MOST_TESTERS: Final = 50
RETEST_DAYS: Final = 90
"""How long after its last day testers test again, where nobody says otherwise."""


class Terms(Struct, frozen=True, kw_only=True):
    """What is agreed."""

    name: str
    starts: date
    ends: date
    retest_until: date | None = None
    """None: `RETEST_DAYS` after the end."""
    scope: str = ""
    rules: str = ""
    assets: tuple[int, ...] = ()
    """Numbers of assets of the application; none stands for all of them."""


@transaction.atomic
def create(actor: User | None, application: Application, terms: Terms) -> Engagement:
    """Agree on an engagement with an application. Raises `NotAllowed`."""
    check_manages(actor, application)
    terms = _checked(terms)
    row = Engagement.objects.create(
        application=application, created_by=actor, created_at=timezone.now(), **_columns(terms)
    )
    row.assets.set(_assets(row, terms.assets))
    _record(actor, row, "created", _words(row, terms))
    return row


@transaction.atomic
def edit(actor: User | None, row: Engagement, terms: Terms) -> Engagement:
    """Change what was agreed. Raises `NotAllowed`."""
    check_manages(actor, row.application)
    row = _locked(row)
    check_open(row)
    terms = _checked(terms)
    for name, value in _columns(terms).items():
        setattr(row, name, value)
    row.save()
    row.assets.set(_assets(row, terms.assets))
    _record(actor, row, "changed", _words(row, terms))
    return row


@transaction.atomic
def close(actor: User | None, row: Engagement) -> Engagement:
    """End an engagement: nobody reports or tests for it any more. Raises `NotAllowed` while something waits for a retest."""
    check_manages(actor, row.application)
    row = _locked(row)
    check_open(row)
    waiting = row.findings.filter(state=RetestState.READY).count()
    if waiting:
        raise NotAllowed(f"{waiting} of its findings wait for a retest: say first what testing again showed")
    row.closed_at = timezone.now()
    row.save(update_fields=["closed_at"])
    states = {str(state): row.findings.filter(state=state).count() for state in RetestState.values}
    _record(actor, row, "closed", {"findings": states})
    return row


@transaction.atomic
def reopen(actor: User | None, row: Engagement) -> Engagement:
    """Take up a closed engagement again. Its days stay as they are. Raises `NotAllowed`."""
    check_manages(actor, row.application)
    row = _locked(row)
    if row.closed_at is None:
        raise NotAllowed(f"{row.reference} is not closed")
    row.closed_at = None
    row.save(update_fields=["closed_at"])
    _record(actor, row, "reopened", {})
    return row


@transaction.atomic
def add_tester(actor: User | None, row: Engagement, person: User) -> bool:
    """Let somebody test, and return whether that is new. It gives no right beside this engagement. Raises `NotAllowed`."""
    check_manages(actor, row.application)
    row = _locked(row)
    check_open(row)
    if not person.is_active:
        raise NotAllowed(f"{person.get_username()} is switched off")
    if row.testers.filter(person=person).exists():
        return False
    if row.testers.count() >= MOST_TESTERS:
        raise NotAllowed(f"An engagement has at most {MOST_TESTERS} testers")
    made = EngagementTester.objects.create(engagement=row, person=person, added_by=actor, added_at=timezone.now())
    _record(actor, row, "tester added", {"tester": person.get_username()}, (row_of(made),))
    return True


@transaction.atomic
def remove_tester(actor: User | None, row: Engagement, person: User) -> bool:
    """Let somebody test no longer, and return whether they did. Raises `NotAllowed`."""
    check_manages(actor, row.application)
    held = EngagementTester.objects.filter(engagement=row, person=person).first()
    if held is None:
        return False
    _record(actor, row, "tester removed", {"tester": person.get_username()}, (removed(held),))
    held.delete()
    return True


def candidates(actor: User, application: Application) -> Sequence[Asset]:
    """Return the assets of an application that an engagement may name, for a form."""
    rows = visible_to(actor).assets().filter(application=application)
    return list(rows.order_by("kind", "name")[:MOST_ASSETS])


def person_named(name: str) -> User:
    """Return an active person, by user name. Raises `NotFound`."""
    found = User.objects.filter(username__iexact=name.strip()[:150], is_active=True, is_service=False).first()
    if found is None:
        raise NotFound(f"There is no active person {name.strip()[:150]!r}")
    return found


def applications(actor: User) -> list[Application]:
    """Return the applications with which somebody may agree on engagements."""
    seen = visible_to(actor)
    rows = seen.applications(READS).order_by("name")[:500]
    return [row for row in rows if manages(seen, row)]


def _locked(row: Engagement) -> Engagement:
    Engagement.objects.select_for_update().filter(pk=row.pk).only("id").first()
    return Engagement.objects.select_related("application").get(pk=row.pk)


def _checked(terms: Terms) -> Terms:
    name = " ".join(terms.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotAllowed(f"An engagement's name has 1 to {LONGEST_NAME} printable characters")
    texts = [text.replace("\0", "").strip() for text in (terms.scope, terms.rules)]
    if max(map(len, texts)) > LONGEST:
        raise NotAllowed(f"Scope and rules have at most {LONGEST:,} characters each")
    if terms.ends < terms.starts:
        raise NotAllowed("An engagement ends on or after the day on which it starts")
    if terms.ends > date(9000, 1, 1):
        raise NotAllowed("That end is too far away")
    until = terms.retest_until or terms.ends + timedelta(days=RETEST_DAYS)
    if until < terms.ends:
        raise NotAllowed("Testing again ends on or after the last day of the engagement")
    return Terms(
        name=name, starts=terms.starts, ends=terms.ends, retest_until=until, scope=texts[0], rules=texts[1],
        assets=tuple(sorted(set(terms.assets))),
    )  # fmt: skip


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "name": terms.name, "scope": terms.scope, "rules": terms.rules, "starts": terms.starts, "ends": terms.ends,
        "retest_until": terms.retest_until,
    }  # fmt: skip


def _assets(row: Engagement, numbers: Sequence[int]) -> list[Asset]:
    if len(numbers) > MOST_ASSETS:
        raise NotAllowed(f"An engagement names at most {MOST_ASSETS} assets")
    found = list(Asset.objects.filter(pk__in=numbers, application=row.application_id))
    if len(found) < len(numbers):
        raise NotAllowed(f"Not all of these are assets of {row.application}")
    return found


def _words(row: Engagement, terms: Terms) -> dict[str, Any]:
    return {
        "application": row.application.slug, "name": row.name, "scope": row.scope, "rules": row.rules, "starts": row.starts,
        "ends": row.ends, "retest_until": row.retest_until, "assets": list(terms.assets),
    }  # fmt: skip


def _record(
    actor: User | None, row: Engagement, step: str, body: dict[str, Any], more: tuple[Attested, ...] = ()
) -> None:
    record("engagement", row.reference, {"step": step, **body}, actor=actor, rows=(row_of(row), *more))
