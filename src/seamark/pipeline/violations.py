"""Keeps what violates policies now: asks those of the stage `monitor` about what changed, and opens and ends intervals."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from msgspec.structs import replace

from seamark.core.assets import AssetKind
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Violation, breaches
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.kept.sync import in_force
from seamark.governance.policy.model import Effect, Stage
from seamark.governance.waivers.effective import waived, waived_applications
from seamark.pipeline.facts import Exempt, platform_facts
from seamark.pipeline.facts.pieces import PIECE, pieces
from seamark.pipeline.watching import Due, claim, finish, look
from seamark.store import writer
from seamark.store.access import everything
from seamark.store.models import Application, Asset, Issue, StandingViolation, ViolationDay
from seamark.store.models.violations import Standing

_ESTATE: Final = frozenset({"deployment", "build"})
"""Groups of facts about what runs: they cross applications, and are looked at all at once only."""
_UNOWNED: Final = frozenset({"component", "coverage", "asset"})
"""Groups of facts that may belong to no application."""
_REFERENCE: Final = re.compile(r"SM-(\d{1,18})")
_WRITTEN: Final = (
    "standing",
    "effect",
    "severity",
    "because",
    "message",
    "details",
    "content",
    "application",
    "wants_ticket",
)


class Passed(NamedTuple):
    """What a pass came to."""

    whole: bool
    policies: int
    opened: int
    changed: int
    ended: int


class _Found(NamedTuple):
    """Something that violates a policy, as it is kept."""

    digest: str
    subject: str
    ref: str
    issue: int | None
    values: tuple[Any, ...]
    """In the order of `_WRITTEN`."""

    @property
    def effect(self) -> str:
        return str(self.values[1])

    @property
    def content(self) -> int:
        return int(self.values[6])


class _Kept(NamedTuple):
    """An interval that has not ended."""

    number: int
    content: int
    effect: str
    wants_ticket: bool

    def changed(self, one: _Found) -> tuple[Any, ...]:
        """Return the row that it becomes. A ticket is asked for when it first comes to one, not again once that was sent."""
        same = one.effect == self.effect
        return (self.number, *one.values[:-1], self.wants_ticket if same else one.values[-1])


def work_once(now: datetime | None = None) -> bool:
    """Make a pass where something changed since the last one; False where nothing did. Any number of workers may ask."""
    moment = now or timezone.now()
    due = look(moment)
    if due is None or not claim(due, moment):
        return False
    error = "it was broken off"
    try:
        run(due, moment)
        error = ""
    finally:
        finish(due, error)
    return True


def run(due: Due | None = None, now: datetime | None = None) -> Passed:
    """Ask the policies in force; without `due` about everything. Each piece is a transaction of its own."""
    moment = now or timezone.now()
    every = in_force()
    asking = [one for one in every.policies if one.effect(Stage.MONITOR, moment.date()) is not Effect.OFF]
    counts = Counter[str]()
    with transaction.atomic():
        gone = StandingViolation.objects.filter(until=None).exclude(policy__in=[one.name for one in asking])
        counts["ended"] += gone.update(until=moment, wants_ticket=False)
    if due is not None and due.policies is not None:
        asking = [one for one in asking if one.name in due.policies]
    bundle = Bundle(asking, every.commit)
    whole = due is None or due.applications is None
    applications = sorted(Application.objects.values_list("pk", flat=True)) if whole else sorted(due.applications or ())  # type: ignore[union-attr]
    for piece in pieces(applications):
        counts += _local(bundle, piece, moment)
    if whole:
        counts += _estate(bundle, moment)
    _count_day(None if whole else applications, moment)
    return Passed(whole, len(asking), counts["opened"], counts["changed"], counts["ended"])


def _local(bundle: Bundle, applications: list[int], now: datetime) -> Counter[str]:
    """Ask about applications: their issues, assets, components, coverage and scans."""
    subjects = {one.subject for one in bundle.policies} - _ESTATE
    if not subjects:
        return Counter()
    numbers = list(Issue.objects.filter(open=True, application__in=applications).values_list("pk", flat=True))
    covered = {
        number: [Exempt(*one) for one in several] for number, several in waived(numbers, now).items()
    }  # fmt: skip
    facts = platform_facts(everything(), now=now, subjects=subjects, applications=applications, exceptions=covered)
    rows = StandingViolation.objects.filter(application__in=applications).exclude(subject__in=_ESTATE)
    return _keep(bundle, _exempted(facts, applications, now), rows, now)


def _estate(bundle: Bundle, now: datetime) -> Counter[str]:
    """Ask about what runs, wherever it belongs, and about what belongs to no application."""
    subjects = {one.subject for one in bundle.policies} & (_ESTATE | _UNOWNED)
    if not subjects:
        return Counter()
    running = Asset.objects.filter(kind=AssetKind.WORKLOAD.value, gone_at=None)
    # What runs is asked about with its issues, and these cost the most to read.
    asked = subjects if running.exists() else subjects - {"deployment"}
    every = platform_facts(everything(), now=now, subjects=asked)
    facts = [one for one in every if one.subject in _ESTATE or (one.application is None and one.subject in _UNOWNED)]
    rows = StandingViolation.objects.filter(Q(subject__in=_ESTATE) | Q(application=None))
    applications = list(Application.objects.values_list("pk", flat=True))
    return _keep(bundle, _exempted(facts, applications, now), rows, now)


def _exempted(facts: Iterable[Facts], applications: Sequence[int], now: datetime) -> list[Facts]:
    """Return records with the exceptions of their applications, where they are no issues: those have their own."""
    told = waived_applications(applications, now)
    if not told:
        return list(facts)
    slugs = dict(Application.objects.filter(pk__in=list(told)).values_list("pk", "slug"))
    of = {slugs[number]: tuple((one.policy, one.reference) for one in several) for number, several in told.items()}

    def exempt(one: Facts) -> Facts:
        mine = of.get(one.application.ref or "") if one.application is not None and one.issue is None else None
        return replace(one, waived=(*one.waived, *mine)) if mine else one

    return [exempt(one) for one in facts]


def _keep(bundle: Bundle, facts: list[Facts], rows: QuerySet[StandingViolation], now: datetime) -> Counter[str]:
    """Let the intervals of some rows say what policies say of their facts: only what differs is written."""
    slugs = {slug: number for number, slug in Application.objects.values_list("pk", "slug")}
    digests = {one.name: one.digest for one in bundle.policies}
    found: dict[tuple[str, int], _Found] = {}
    for one, record in breaches(bundle, Stage.MONITOR, facts, now=now):
        found.setdefault((one.policy, _key(record)), _found(one, record, digests[one.policy], slugs))
    counts = Counter[str]()
    with transaction.atomic():
        mine = rows.filter(until=None, policy__in=list(digests))
        before = {
            (policy, key): _Kept(number, content, effect, wants)
            for policy, key, number, content, effect, wants in mine.values_list(
                "policy", "key", "pk", "content", "effect", "wants_ticket"
            )
        }
        ended = [row.number for name, row in before.items() if name not in found]
        for at in range(0, len(ended), PIECE):
            StandingViolation.objects.filter(pk__in=ended[at : at + PIECE]).update(until=now, wants_ticket=False)
        changed = [
            before[name].changed(one)
            for name, one in found.items()
            if name in before and before[name].content != one.content
        ]
        writer.update(StandingViolation, _WRITTEN, changed)
        _open([(name, one) for name, one in found.items() if name not in before], now)
    counts["ended"], counts["changed"] = len(ended), len(changed)
    counts["opened"] = len(found) - (len(before) - len(ended))
    return counts


def _open(fresh: Sequence[tuple[tuple[str, int], _Found]], now: datetime) -> None:
    columns = ("id", "policy", "digest", "subject", "key", "ref", "issue", *_WRITTEN, "since")
    numbers = writer.reserve(StandingViolation, len(fresh))
    writer.insert(
        StandingViolation,
        columns,
        (
            (number, policy, one.digest, one.subject, key, one.ref, one.issue, *one.values, now)
            for number, ((policy, key), one) in zip(numbers, fresh, strict=True)
        ),
    )


def _key(facts: Facts) -> int:
    """Return what tells one thing that violates from another, on all days."""
    asset = facts.asset.ref if facts.asset is not None else None
    application = facts.application.ref if facts.application is not None else None
    # Where an issue stands may change, and it is the same issue.
    place = ("", "") if facts.subject in {"issue", "drift"} else (asset or "", application or "")
    return _hash("\0".join((facts.subject, facts.ref, *place)))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


def _found(one: Violation, facts: Facts, digest: str, slugs: dict[str, int]) -> _Found:
    standing = Standing.WAIVED if one.waiver else Standing.VIOLATES if one.decided else Standing.UNDECIDED
    told = {"unknown": list(one.unknown), "grace_until": one.grace_until, "waiver": one.waiver}
    details = json.dumps({name: value for name, value in told.items() if value}, sort_keys=True)
    application = slugs.get(one.application)
    issue = _REFERENCE.fullmatch(facts.issue.ref or "" if facts.issue is not None else one.ref)
    effect = one.effect.value
    content = _hash("\0".join((standing, effect, one.severity, one.because, one.message, details, str(application))))
    wants = one.effect is Effect.TICKET and standing is Standing.VIOLATES
    values = (standing.value, effect, one.severity, one.because, one.message, details, content, application, wants)
    return _Found(digest, one.subject, one.ref, int(issue[1]) if issue else None, values)


def _count_day(applications: Sequence[int] | None, now: datetime) -> None:
    """Write down how many there are today, of some applications or of everything."""
    day = now.date()
    with transaction.atomic():
        rows = StandingViolation.objects.filter(until=None)
        days = ViolationDay.objects.filter(day=day)
        if applications is not None:
            rows, days = rows.filter(application__in=applications), days.filter(application__in=applications)
        told: dict[tuple[str, int | None], dict[str, int]] = defaultdict(dict)
        if applications is None:
            # A policy that nothing violates was asked, too.
            told |= {
                (one.name, None): {} for one in in_force().policies if one.effect(Stage.MONITOR, day) is not Effect.OFF
            }
        sums = rows.order_by().values_list("policy", "application", "standing").annotate(number=Count("pk"))
        for policy, application, standing, number in sums:
            told[policy, application][standing] = number
        days.delete()
        ViolationDay.objects.bulk_create(
            (
                ViolationDay(policy=policy, application_id=application, day=day, **numbers)
                for (policy, application), numbers in told.items()
            ),
            batch_size=1_000,
        )
        ViolationDay.objects.filter(day__lt=day - timedelta(days=400)).delete()
