"""Asking for waivers and deciding about them: each step checked, kept for good, and a leaf of the ledger with what there was to see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.waivers.limits import latest_day, latest_end, most_days
from seamark.governance.waivers.scope import Reach, check, reach_of
from seamark.governance.waivers.steps import take
from seamark.governance.waivers.words import LONGEST, NEEDS_CONTROL, REASONS, Asked
from seamark.store.access import APPROVES_WAIVERS, REQUESTS_WAIVERS, visible_to
from seamark.store.models import Application, User, Waiver, WaiverIssue
from seamark.store.models.waivers import Scope, WaiverState
from seamark.store.permissions import Permission, needed
from seamark.store.query.waived import MOST_QUERIES, live

Reaching = Callable[[Waiver], Reach]
_SLACK: Final = timedelta(days=1)
"""Whoever chooses a day means the whole of it."""


@transaction.atomic
def request(
    actor: User, asked: Asked, *, renews: Waiver | None = None, code: str = "", reaching: Reaching = reach_of, now: datetime | None = None
) -> Waiver:  # fmt: skip
    """Ask for a waiver. `renews` names the one in whose place it shall come.

    Raises `NotAllowed` where the person may not, or where what is asked for cannot be: the sentence says why.
    """
    moment = now or timezone.now()
    _check_person(actor)
    application = check(visible_to(actor), asked)
    _check_right(actor, REQUESTS_WAIVERS, application)
    _check_words(asked, application)
    row = Waiver.objects.create(
        scope=asked.scope, application=application, policy=asked.policy, fix_id=asked.fix if asked.scope == Scope.FIX else None,
        query=asked.query.strip() if asked.scope == Scope.QUERY else "", reason=asked.reason, text=asked.text.strip(), control=asked.control,
        control_text=asked.control_text.strip() or (asked.control.name if asked.control is not None else ""), evidence=asked.evidence.strip(),
        expires_at=asked.expires_at, requester=actor, requested_at=moment, renews=renews, code=code,
    )  # fmt: skip
    if asked.scope == Scope.ISSUE:
        WaiverIssue.objects.bulk_create(
            WaiverIssue(waiver=row, issue_id=number) for number in sorted(set(asked.issues))
        )
    reach = reaching(row)
    if not reach.count and row.scope != Scope.POLICY:
        raise NotAllowed("It would cover no open issue: there is nothing to waive")
    _check_end(row.expires_at, reach, moment)
    take(row, "requested", actor, moment, asked.text.strip(), reach)
    return row


@transaction.atomic
def approve(
    actor: User, waiver: Waiver, comment: str = "", *, expires_at: datetime | None = None, seen: int | None = None,
    reaching: Reaching = reach_of, now: datetime | None = None,
) -> Waiver:  # fmt: skip
    """Approve a waiver; it counts from now on. The approver may let it end sooner than it was asked for.

    `seen` is how many issues the approver was shown: where there are more by now nothing is approved. Raises `NotAllowed`.
    """
    moment = now or timezone.now()
    row = _locked(waiver)
    _check_decider(actor, row)
    _check_text(comment)
    end = row.expires_at if expires_at is None else expires_at
    if end > row.expires_at:
        raise NotAllowed("An approver can let a waiver end sooner than it was asked for, not later")
    reach = reaching(row)
    if not reach.count and row.scope != Scope.POLICY:
        raise NotAllowed("It covers no open issue any more: refuse it, or leave it")
    if seen is not None and reach.count > seen:
        raise NotAllowed(f"It covers {reach.count:,} by now, not {seen:,}: look at it again")
    _check_end(end, reach, moment)
    if row.scope == Scope.QUERY and live(moment).filter(scope=Scope.QUERY).count() >= MOST_QUERIES:
        raise NotAllowed(f"{MOST_QUERIES} waivers by query are in force, which is the most; revoke some first")
    row.state, row.decider, row.decided_at, row.severity, row.expires_at = (
        WaiverState.APPROVED,
        actor,
        moment,
        reach.severity,
        end,
    )
    row.save(update_fields=["state", "decider", "decided_at", "severity", "expires_at"])
    take(row, "approved", actor, moment, comment, reach)
    if row.renews is not None:
        _replaced(row.renews, actor, moment)
    return row


@transaction.atomic
def refuse(
    actor: User, waiver: Waiver, comment: str, *, reaching: Reaching = reach_of, now: datetime | None = None
) -> Waiver:
    """Refuse a waiver that was asked for, with the reason. Raises `NotAllowed`."""
    moment = now or timezone.now()
    row = _locked(waiver)
    _check_decider(actor, row)
    _check_reason(comment, "Say why it is refused")
    row.state, row.decider, row.decided_at = WaiverState.REFUSED, actor, moment
    row.save(update_fields=["state", "decider", "decided_at"])
    take(row, "refused", actor, moment, comment, reaching(row))
    return row


@transaction.atomic
def revoke(
    actor: User, waiver: Waiver, comment: str, *, reaching: Reaching = reach_of, now: datetime | None = None
) -> Waiver:
    """End a waiver before its day, or withdraw one that nobody has decided about: what it covered counts again at once.

    Takes the right to approve; whoever asked for it may take it back as well. Raises `NotAllowed`.
    """
    moment = now or timezone.now()
    row = _locked(waiver)
    if row.requester_id != actor.pk:
        _check_right(actor, APPROVES_WAIVERS, row.application)
    elif not actor.is_active:
        raise NotAllowed("This account is not active")
    if row.state not in {WaiverState.REQUESTED, WaiverState.APPROVED} or (
        row.expires_at <= moment and row.decided_at is not None
    ):
        raise NotAllowed(f"{row.reference} does not count any more: it is {_stand(row, moment)}")
    _check_reason(comment, "Say why it is revoked")
    reach = reaching(row)
    row.state, row.ended_at = WaiverState.REVOKED, moment
    row.save(update_fields=["state", "ended_at"])
    take(row, "revoked", actor, moment, comment, reach)
    return row


def renew(
    actor: User, waiver: Waiver, text: str, expires_at: datetime, *, reaching: Reaching = reach_of, now: datetime | None = None
) -> Waiver:  # fmt: skip
    """Ask for the same once more: a waiver of its own, to be decided about anew. The old one counts until then, or its end.

    Raises `NotAllowed`.
    """
    if waiver.state not in {WaiverState.APPROVED, WaiverState.EXPIRED}:
        raise NotAllowed(f"Only what was approved is renewed; {waiver.reference} is {waiver.get_state_display()}")
    if waiver.renewals.filter(state__in=[WaiverState.REQUESTED, WaiverState.APPROVED]).exists():
        raise NotAllowed(f"{waiver.reference} is renewed already, or somebody has asked for it")
    named = tuple(waiver.issues.values_list("issue", flat=True))
    asked = Asked(
        Scope(waiver.scope), waiver.reason, text, expires_at, application=waiver.application, issues=named, fix=waiver.fix_id,
        policy=waiver.policy, query=waiver.query, control=waiver.control, control_text=waiver.control_text, evidence=waiver.evidence,
    )  # fmt: skip
    return request(actor, asked, renews=waiver, reaching=reaching, now=now)


def may_decide(actor: User, waiver: Waiver) -> str:
    """Return why somebody may not approve or refuse a waiver; empty where they may."""
    try:
        _check_decider(actor, waiver)
    except NotAllowed as error:
        return str(error)
    return ""


def _replaced(old: Waiver, actor: User, now: datetime) -> None:
    row = Waiver.objects.select_for_update().get(pk=old.pk)
    if row.state == WaiverState.APPROVED:
        row.state, row.ended_at = WaiverState.RENEWED, min(now, row.expires_at)
        row.save(update_fields=["state", "ended_at"])
        take(row, "renewed", actor, now, "", None)


def _locked(waiver: Waiver) -> Waiver:
    return (
        Waiver.objects.select_for_update(of=("self",))
        .select_related("application", "requester", "renews")
        .get(pk=waiver.pk)
    )


def _check_person(actor: User) -> None:
    """Refuse service accounts: who stands behind one cannot be told, and might be the other pair of eyes."""
    if actor.is_service or not actor.is_active:
        raise NotAllowed("Waivers are asked for and decided about by people, not by service accounts")


def _check_right(actor: User, right: Permission, application: Application | None) -> None:
    if not visible_to(actor).may(right, application):
        raise NotAllowed(needed(right, application if application is not None else "everything"))


def _check_decider(actor: User, row: Waiver) -> None:
    _check_person(actor)
    _check_right(actor, APPROVES_WAIVERS, row.application)
    if row.state != WaiverState.REQUESTED:
        raise NotAllowed(f"{row.reference} is {row.get_state_display()} already")
    if same_person(actor, row.requester):
        raise NotAllowed("It takes a second person: whoever asks for a waiver does not decide about it")


def same_person(one: User, other: User) -> bool:
    """Tell whether two accounts are one person's, as far as can be told: the same account, or the same address."""
    addresses = {account.email.strip().casefold() for account in (one, other)}
    return one.pk == other.pk or (len(addresses) == 1 and "" not in addresses)


def _check_words(asked: Asked, application: Application | None) -> None:
    if asked.reason not in REASONS:
        raise NotAllowed(f"The reason is one of {', '.join(REASONS)}, not {asked.reason!r}")
    _check_reason(asked.text, "Say why, in a sentence that another person can check later")
    for text in (asked.control_text, asked.evidence):
        _check_text(text)
    if asked.control is not None and (application is None or asked.control.application_id != application.pk):
        raise NotAllowed("The compensating control is one of another application")
    told = bool(asked.control is not None or asked.control_text.strip())
    if asked.reason in NEEDS_CONTROL and not (told and asked.evidence.strip()):
        raise NotAllowed("Name the control that makes up for it, and what shows that it works")


def _check_reason(text: str, sentence: str) -> None:
    if not text.strip():
        raise NotAllowed(sentence)
    _check_text(text)


def _check_text(text: str) -> None:
    if len(text) > LONGEST or "\0" in text:
        raise NotAllowed(f"A text may have {LONGEST:,} characters at most, and no NUL character")


def _check_end(end: datetime, reach: Reach, now: datetime) -> None:
    if end <= now:
        raise NotAllowed("A waiver ends in the future")
    if end > latest_end(reach.priority, now) + _SLACK:
        days = most_days()[reach.priority]
        raise NotAllowed(
            f"What covers an issue of P{reach.priority} may last {days} days at most, until {latest_day(reach.priority, now)}"
        )


def _stand(row: Waiver, now: datetime) -> str:
    return "expired" if row.state == WaiverState.APPROVED and row.expires_at <= now else row.get_state_display()
