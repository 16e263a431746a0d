"""Snapshots: questions to the platform whose answers are frozen as evidence, in the same form every time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from django.db.models import Count
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access.grants import holder_of, role_of
from seamark.governance.access.places import EVERYWHERE, Place, check_right, place_of
from seamark.governance.ledger.canonical import canonical
from seamark.governance.ledger.entry import plain
from seamark.governance.policy.kept.sync import current
from seamark.pipeline.compliance.evidence import Frozen, freeze
from seamark.pipeline.compliance.scope import WHOLE, Scope, applications
from seamark.pipeline.compliance.standing import REVIEW, check_results
from seamark.pipeline.facts import platform_facts
from seamark.store.access import Visible, everything
from seamark.store.models import ComplianceEvidence, Grant, Sbom, Token, User, Verdict
from seamark.store.models.compliance import EvidenceKind
from seamark.store.permissions import Permission
from seamark.store.query.waived import live

MOST: Final = 200_000
"""Rows of one snapshot."""
EVERY: Final = timedelta(days=30)
"""How often the worker freezes each for the whole; the review of access is people's to make."""
_Rows = Iterator[dict[str, Any]]


class Question(NamedTuple):
    """A snapshot that can be taken."""

    title: str
    query: str
    """What is asked, in words that can be asked again."""
    sources: tuple[str, ...]
    rows: Callable[[Visible, Scope, datetime], _Rows]


def take(
    actor: User | str | None, name: str, scope: Scope = WHOLE, *, now: datetime | None = None
) -> ComplianceEvidence:
    """Ask and freeze. Raises `NotFound` for an unknown name, and `NotAllowed` without `context.edit` there.

    A review of access takes `user.manage` on everything.
    """
    question = QUESTIONS.get(name)
    if question is None:
        raise NotFound(f"There is no snapshot {name!r}", hint=f"there are {', '.join(QUESTIONS)}")
    if isinstance(actor, User):
        place = Place(scope.unit, scope.application)
        check_right(
            actor,
            Permission.USER_MANAGE if name == REVIEW else Permission.CONTEXT_EDIT,
            EVERYWHERE if name == REVIEW else place,
        )
    if name == REVIEW and not scope.whole:
        raise NotAllowed("Who may do what is reviewed for everything at once")
    moment = now or timezone.now()
    rows: list[dict[str, Any]] = []
    for one in question.rows(everything(), scope, moment):
        if len(rows) >= MOST:
            raise NotAllowed(f"More than {MOST:,} rows: ask for a unit or an application")
        rows.append(plain(one))
    told = {
        "snapshot": name, "query": question.query, "sources": list(question.sources), "scope": str(scope), "at": plain(moment), "rows": rows,
    }  # fmt: skip
    frozen = Frozen(
        EvidenceKind.SNAPSHOT, question.title, canonical(told).encode(), name=name, query=question.query, sources=question.sources,
        filename=f"{name}.json",
    )  # fmt: skip
    return freeze(actor, frozen, scope=scope, now=moment, owner=actor if isinstance(actor, User) else None)


def take_due(now: datetime) -> list[str]:
    """Freeze for the whole what was not frozen for a month; return the names."""
    taken = []
    for name in QUESTIONS:
        if name == REVIEW:
            continue
        recent = ComplianceEvidence.objects.filter(name=name, application=None, unit=None, frozen_at__gt=now - EVERY)
        if not recent.exists():
            take("compliance", name, now=now)
            taken.append(name)
    return taken


def _facts(subject: str) -> Callable[[Visible, Scope, datetime], _Rows]:
    def rows(visible: Visible, scope: Scope, now: datetime) -> _Rows:
        numbers = None if scope.whole else list(applications(visible, scope).values_list("pk", flat=True))
        for one in platform_facts(visible, now=now, subjects={subject}, applications=numbers):
            told = msgspec.to_builtins(getattr(one, subject))
            yield {**told, "application": one.application.ref if one.application is not None else ""}

    return rows


def _attested(visible: Visible, scope: Scope, now: datetime) -> _Rows:
    return (one for one in _facts("build")(visible, scope, now) if one.get("attestation", "missing") != "missing")


def _policies(visible: Visible, scope: Scope, now: datetime) -> _Rows:  # noqa: ARG001 - one signature for all
    for one in current():
        yield {
            "name": one.name, "version": one.version, "digest": one.digest, "bundle": one.bundle, "commit": one.commit, "file": one.file,
        }  # fmt: skip


def _verdicts(visible: Visible, scope: Scope, now: datetime) -> _Rows:
    rows = Verdict.objects.filter(
        application__in=applications(visible, scope).values("id"), at__gt=now - timedelta(days=92), at__lte=now
    )
    names = (
        "id",
        "application__slug",
        "stage",
        "outcome",
        "commit",
        "pull_request",
        "bundle",
        "facts_digest",
        "entry",
        "at",
    )
    yield from rows.order_by("pk").values(*names).iterator(chunk_size=2_000)


def _waivers(visible: Visible, scope: Scope, now: datetime) -> _Rows:
    rows = live(now).select_related("application", "requester", "decider", "control").order_by("pk")
    if not scope.whole:
        rows = rows.filter(application__in=applications(visible, scope).values("id"))
    for row in rows:
        yield {
            "reference": row.reference, "scope": row.scope, "application": row.application.slug if row.application else "", "policy": row.policy,
            "reason": row.reason, "text": row.text, "control": row.control_text, "requester": row.requester.get_username(),
            "decider": row.decider.get_username() if row.decider else "", "decided_at": row.decided_at, "expires_at": row.expires_at,
        }  # fmt: skip


def _access(visible: Visible, scope: Scope, now: datetime) -> _Rows:  # noqa: ARG001 - one signature for all
    for grant in Grant.objects.select_related("user", "group", "custom", "unit", "application").order_by("pk"):
        members = sorted(grant.group.members.values_list("username", flat=True)) if grant.group is not None else []
        yield {
            "grant": grant.pk, "holder": holder_of(grant), "members": members, "role": role_of(grant), "on": str(place_of(grant)),
            "since": grant.created_at,
        }  # fmt: skip
    people = User.objects.filter(left_at=None).select_related("responsible").order_by("pk")
    for person in people:
        yield {
            "account": person.get_username(), "active": person.is_active, "service": person.is_service, "last_login": person.last_login,
            "responsible": person.responsible.get_username() if person.responsible else "",
        }  # fmt: skip
    for token in Token.objects.filter(revoked_at=None, expires_at__gt=now).select_related("user").order_by("pk"):
        yield {
            "token": token.name, "of": token.user.get_username(), "scopes": token.scopes, "expires_at": token.expires_at,
            "last_used_at": token.last_used_at,
        }  # fmt: skip


def _sboms(visible: Visible, scope: Scope, now: datetime) -> _Rows:
    rows = Sbom.objects.filter(replaced_at=None, created_at__lte=now)
    if not scope.whole:
        rows = rows.filter(asset__application__in=applications(visible, scope).values("id"))
    names = ("id", "asset__kind", "asset__key", "commit", "image_digest", "digest", "created_at", "number")
    yield from rows.annotate(number=Count("entries")).order_by("pk").values(*names).iterator(chunk_size=2_000)


def _posture(visible: Visible, scope: Scope, now: datetime) -> _Rows:
    for one in check_results(visible, scope, now).values():
        yield {
            "check": one.name, "digest": one.digest, "question": one.question, "outcome": str(one.outcome), "yes": one.yes, "no": one.no,
            "unknown": one.unknown,
        }  # fmt: skip


QUESTIONS: Final = {
    "scan-coverage": Question(
        "Which assets are scanned, by what, and how long ago", "facts of the group coverage", ("scans", "inventory"), _facts("coverage")
    ),
    "policy-versions": Question("Policies in force, with their versions", "policies in force", ("policies", "bundles"), _policies),
    "verdicts": Question("Verdicts of gates of the last 92 days", "verdicts of the last 92 days", ("verdicts", "ledger"), _verdicts),
    "waivers": Question("Exceptions in force", "waivers in force", ("waivers",), _waivers),
    "sboms": Question("Inventories of software that hold now", "inventories that no newer one replaced", ("inventories",), _sboms),
    "attestations": Question("Statements of origin of builds", "facts of the group build with an attestation", ("scans", "attestations"), _attested),
    "posture": Question("What all checks come to", "checks", ("facts",), _posture),
    REVIEW: Question("Who may do what: reviewed", "grants, accounts and tokens", ("grants", "accounts", "tokens"), _access),
}  # fmt: skip
"""The snapshots that can be taken, by name."""
