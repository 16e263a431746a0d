"""Tells which issues rules have to look at again, and lets one worker at a time do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, F, Max, Q
from django.utils import timezone

from seamark.governance.automation.rules import lacking, policies, rules
from seamark.governance.policy.model import Type
from seamark.pipeline.automation import clocks
from seamark.pipeline.automation.passing import NOTHING, PIECE, Law, Passed, around_of, law, look_at
from seamark.pipeline.scoring import rescore
from seamark.store.models import (
    Event,
    FeedState,
    Finding,
    Grant,
    Group,
    Issue,
    PolicyWatch,
    ProfileUse,
    RuleEffect,
    RuleStand,
    Scan,
    Survey,
    User,
)
from seamark.store.models.issues import State

PAUSE: Final = timedelta(seconds=5)
WHOLE: Final = timedelta(hours=1)
"""After which everything is looked at again where anything changed: some facts cross applications."""
LEASE: Final = timedelta(minutes=30)
_NAME: Final = "rules"


def work_once(now: datetime | None = None) -> bool:
    """Look at what was touched since the last time; False where nothing was, or somebody else is at it."""
    moment = now or timezone.now()
    row, _ = PolicyWatch.objects.get_or_create(name=_NAME)
    if row.asked_at is not None and timedelta(0) <= moment - row.asked_at < PAUSE:
        return False
    seen = _seen(moment)
    if seen == row.seen:
        return False
    if not _concerned(row, seen):
        PolicyWatch.objects.filter(name=_NAME, lease_until=None).update(asked_at=moment, seen=seen)
        return False
    free = PolicyWatch.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=moment), name=_NAME, asked_at=row.asked_at
    )
    if not free.update(lease_until=moment + LEASE, asked_at=moment):
        return False
    error = "it was broken off"
    try:
        run(_touched(row, seen, moment), moment)
        error = ""
    finally:
        mine = PolicyWatch.objects.filter(name=_NAME)
        if error:
            mine.update(lease_until=None, error=error)
        else:
            # What this very look wrote is nothing new.
            mine.update(lease_until=None, error="", seen={**seen, "event": max(seen["event"], _own(seen["event"]))})
    return True


def _concerned(row: PolicyWatch, seen: dict[str, Any]) -> bool:
    """Tell whether there is anything to do at all: rules and agreements, or what former ones left behind."""
    return bool(seen["policies"] or row.seen.get("policies")) or RuleEffect.objects.filter(held=False).exists()


def run(numbers: Sequence[int] | None = None, now: datetime | None = None) -> Passed:
    """Bring issues in line with the rules in force; without `numbers` all of them. Each piece is a transaction of its own."""
    moment = now or timezone.now()
    acts = law(moment)
    whole = numbers is None
    listed = _all() if numbers is None else sorted(set(numbers))
    around = around_of(listed, acts.wanted, moment)
    passed = NOTHING
    for at in range(0, len(listed), PIECE):
        passed = passed + look_at(listed[at : at + PIECE], acts, around, moment)
    clocks.end()
    if passed.back:
        # Scans have their say of what was put back: what was fixed meanwhile is fixed.
        back = sorted(set(passed.back))
        rescore(back)
        for at in range(0, len(back), PIECE):
            look_at(back[at : at + PIECE], acts, around, moment)
    _tell(acts, passed, moment, whole=whole)
    return passed


def _all() -> list[int]:
    """Return the issues that need work, and those that rules or clocks still hold something of."""
    found = set(Issue.objects.filter(state__lte=State.IN_PROGRESS).values_list("id", flat=True))
    found |= set(RuleEffect.objects.filter(held=False).order_by().values_list("issue", flat=True).distinct())
    return sorted(found)


def _tell(acts: Law, passed: Passed, now: datetime, *, whole: bool) -> None:
    """Keep what each rule came to, and say of those that stopped why, once."""
    held = RuleEffect.objects.filter(held=False).order_by().values_list("rule").annotate(number=Count("pk"))
    effects = Counter(dict(held)) if whole else Counter[str]()
    known = {one.digest: one for one in RuleStand.objects.filter(digest__in=[one.rule.digest for one in acts.rules])}
    for one in acts.rules:
        row, rule = known.get(one.rule.digest), one.rule
        if row is None:
            continue
        where = passed.lacking.get(rule.name, frozenset())
        why = lacking(rule, one.rights, where)
        if (why != row.stopped) and (whole or why):
            row.stopped, row.stopped_at = why, now if why else None
            row.save(update_fields=["stopped", "stopped_at"])
            if why:
                details = {"rule": rule.name, "digest": rule.digest, "reason": why}
                Event.objects.create(kind="rule_stopped", details=details, actor=None, at=now)
        if whole:
            told = {"matched": passed.matched[rule.name], "effects": effects[rule.name], "run_at": now}
            RuleStand.objects.filter(pk=row.pk).update(**told)


def _seen(now: datetime) -> dict[str, Any]:
    acting = [f"{one.name} {one.digest}" for one in rules(now)]
    acting += [f"{one.name} {one.digest}" for one in policies(Type.SLA)]
    stands = RuleStand.objects.aggregate(taken=Max("taken_at"), approved=Max("approved_at"))
    return {
        "day": now.date().isoformat(), "event": _last(Event), "scan": _last(Scan), "survey": _last(Survey), "issue": _last(Issue),
        "policies": acting, "stands": [str(stands["taken"]), str(stands["approved"])],
        "feeds": str(FeedState.objects.aggregate(last=Max("loaded_at"))["last"]),
        "profiles": str(ProfileUse.objects.aggregate(last=Max("finished_at"))["last"]),
        "rights": _rights(),
    }  # fmt: skip


def _rights() -> list[int]:
    """Return something that is another when what people may do is."""
    return [
        _last(Grant), Grant.objects.count(), User.objects.filter(is_active=True).count(), Group.members.through.objects.count(),
    ]  # fmt: skip


def _last(model: Any) -> int:
    return int(model.objects.aggregate(last=Max("pk"))["last"] or 0)


def _own(since: int) -> int:
    """Return the newest event up to which all since one were written by rules."""
    rows = Event.objects.filter(pk__gt=since).order_by("pk").values_list("pk", "details")
    last = since
    for number, details in rows.iterator():
        if "rule" not in details:
            break
        last = number
    return last


def _touched(row: PolicyWatch, seen: dict[str, Any], now: datetime) -> list[int] | None:
    """Return the issues to which something happened; None for all of them."""
    before = row.seen
    alike = ("day", "policies", "stands", "feeds", "profiles", "rights")
    if (
        not before
        or row.whole_at is None
        or now - row.whole_at >= WHOLE
        or any(seen[name] != before.get(name) for name in alike)
    ):
        PolicyWatch.objects.filter(name=_NAME).update(whole_at=F("asked_at"))
        return None
    if Survey.objects.filter(pk__gt=before["survey"], application=None).exists():
        return None
    found = set(Issue.objects.filter(pk__gt=before["issue"]).values_list("id", flat=True))
    events = Event.objects.filter(pk__gt=before["event"])
    found |= set(events.exclude(issue=None).order_by().values_list("issue", flat=True).distinct())
    scans = list(Scan.objects.filter(pk__gt=before["scan"]).values_list("id", flat=True))
    for at in range(0, len(scans), PIECE):
        piece = scans[at : at + PIECE]
        rows_of = Finding.objects.filter(Q(opened_in__in=piece) | Q(closed_in__in=piece))
        found |= set(rows_of.order_by().values_list("issue", flat=True).distinct())
    whole = set(
        events.filter(issue=None).exclude(application=None).order_by().values_list("application", flat=True).distinct()
    )
    whole |= set(
        Survey.objects.filter(pk__gt=before["survey"]).order_by().values_list("application", flat=True).distinct()
    )
    rows = Issue.objects.filter(state__lte=State.IN_PROGRESS, application__in=[one for one in whole if one is not None])
    found |= set(rows.values_list("id", flat=True))
    return sorted(number for number in found if number is not None)


def waiting_rules(now: datetime) -> list[RuleStand]:
    """Return the rules in force that do not act, or not everywhere."""
    return [one.stand for one in rules(now) if one.stand.stopped or one.stand.holder_id is None]
