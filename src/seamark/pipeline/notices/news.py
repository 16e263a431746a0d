"""Finding what is new and urgent: each thing is written as news once, whatever it does afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, Max, Model, OuterRef, Q

from seamark.pipeline.notices.kinds import WATCHED
from seamark.store.models import Event, Group, Issue, IssueClock, Mention, News, RuleWish, User
from seamark.store.models.automation import WishKind

PIECE: Final = 5_000
_OVERLAP: Final = timedelta(hours=1)
"""Rows that are written side by side become visible out of order: for so long they are looked through again."""


def collect(seen: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Write what is new as news; return how far it came. `seen` is what the pass before returned."""
    first = not seen
    marks = {name: _mark(seen.get(name), model, now) for name, model in (("event", Event), ("mention", Mention))}
    _urgent(None if first else now)
    _late(now, None if first else now)
    if not first:
        _events(marks["event"]["settled"], now)
        _mentions(marks["mention"]["settled"], now)
        _watched(marks["event"]["settled"], now)
    _wished(now)
    return marks


def _mark(mark: dict[str, Any] | None, model: type[Model], now: datetime) -> dict[str, Any]:
    """Return up to which row everything was looked at: what is new since the mark is older than the overlap."""
    newest = model._default_manager.aggregate(newest=Max("pk"))["newest"] or 0  # noqa: SLF001 - Django's documented name
    if mark is None:
        return {"settled": newest, "newest": newest, "at": now.isoformat()}
    if now - datetime.fromisoformat(mark["at"]) > _OVERLAP:
        return {"settled": mark["newest"], "newest": newest, "at": now.isoformat()}
    return mark


def _write(rows: Iterable[News]) -> None:
    News.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def _urgent(at: datetime | None) -> None:
    """Write issues that are P0, or known to be exploited, and were never told as such. Without `at` they are as old as the issues."""
    known = News.objects.filter(issue=OuterRef("pk"))
    for kind, condition, told in (("kev", Q(kev=True), ["kev"]), ("p0", Q(priority=0), ["p0", "kev"])):
        rows = Issue.objects.filter(condition, ~Exists(known.filter(kind__in=told)), open=True).order_by("pk")
        found = list(rows.values_list("pk", "application", "opened_at"))
        _write(_about(kind, f"{kind}:SM-{issue}", issue, application, at or then) for issue, application, then in found)


def _late(now: datetime, at: datetime | None) -> None:
    """Write issues whose time is over, by their agreement or by the day that somebody set."""
    known = News.objects.filter(issue=OuterRef("pk"), kind="sla")
    clocks = IssueClock.objects.filter(issue=OuterRef("pk"), ended_at=None)
    over = Exists(clocks.filter(due_at__lt=now, stopped_since=None)) | (Q(due__lt=now.date()) & ~Exists(clocks))
    rows = Issue.objects.filter(over, ~Exists(known), open=True).order_by("pk")
    found = list(rows.values_list("pk", "application", "opened_at"))
    _write(_about("sla", f"sla:SM-{issue}", issue, application, at or then) for issue, application, then in found)


def _about(kind: str, key: str, issue: int, application: int | None, now: datetime, **more: Any) -> News:
    return News(key=key, kind=kind, issue_id=issue, application_id=application, at=now, **more)


def _events(settled: int, now: datetime) -> None:
    """Write what came back and is urgent, and what was handed to somebody by somebody else."""
    rows = Event.objects.filter(pk__gt=settled, kind__in=["reopened", "assigned"], issue__isnull=False).order_by("pk")
    found = list(
        rows.values_list(
            "pk", "kind", "issue", "application", "actor__username", "details", "issue__kev", "issue__priority"
        )
    )
    people = dict(
        User.objects.filter(username__in={str(one[5].get("after", "")) for one in found}).values_list("username", "pk")
    )
    told = []
    for number, kind, issue, application, actor, details, kev, priority in found:
        if kind == "reopened" and (kev or priority == 0):
            sort = "kev" if kev else "p0"
            told.append(_about(sort, f"{sort}:SM-{issue}:{number}", issue, application, now, details={"again": True}))
        elif kind == "assigned" and (name := details.get("after")) in people and name != actor:
            told.append(
                _about(
                    "assigned",
                    f"assigned:{number}",
                    issue,
                    application,
                    now,
                    person_id=people[name],
                    details={"by": actor or ""},
                )
            )
    _write(told)


def _mentions(settled: int, now: datetime) -> None:
    rows = Mention.objects.filter(pk__gt=settled).order_by("pk")
    found = rows.values_list("comment", "person", "issue", "issue__application", "comment__actor__username")
    _write(
        _about(
            "mention",
            f"mention:{comment}:{person}",
            issue,
            application,
            now,
            person_id=person,
            details={"by": by or ""},
        )
        for comment, person, issue, application, by in found
    )


def _watched(settled: int, now: datetime) -> None:
    """Write what others did to issues that somebody watches. Whom a comment names hears of it as a mention."""
    rows = Event.objects.filter(pk__gt=settled, kind__in=WATCHED, issue__watches__isnull=False).order_by("pk")
    found = list(
        rows.values_list(
            "pk", "kind", "issue", "application", "actor", "actor__username", "at", "issue__watches__person",
            "issue__watches__since",
        )
    )  # fmt: skip
    comments = {one[0] for one in found if one[1] == "comment"}
    named = set(Mention.objects.filter(comment__in=comments).values_list("comment", "person"))
    _write(
        _about("watch", f"watch:{number}:{person}", issue, application, now, person_id=person, details={"by": by or "", "what": kind})
        for number, kind, issue, application, actor, by, at, person, since in found
        if actor != person and at >= since and (number, person) not in named
    )  # fmt: skip


def _wished(now: datetime) -> None:
    """Write what triage rules want somebody to know. Whom they name may be a person, a team, or whoever has the issue."""
    rows = (
        RuleWish.objects.filter(kind=WishKind.NOTIFY, taken_at=None, ended_at=None)
        .select_related("issue")
        .order_by("pk")
    )
    for wish in rows[:PIECE]:
        person, group = _meant(wish)
        details = {"rule": wish.rule, **({"group": group} if group is not None else {})}
        with transaction.atomic():
            _write(
                [
                    _about(
                        "rule",
                        f"rule:{wish.pk}",
                        wish.issue_id,
                        wish.issue.application_id,
                        now,
                        person_id=person,
                        details=details,
                    )
                ]
            )
            RuleWish.objects.filter(pk=wish.pk).update(taken_at=now)


def _meant(wish: RuleWish) -> tuple[int | None, int | None]:
    name = wish.target.strip().removeprefix("@")
    if name in {"", "owner", "assignee"}:
        return wish.issue.assignee_id, None
    person = User.objects.filter(Q(username=name) | Q(email__iexact=name), is_active=True).first()
    group = Group.objects.filter(name__iexact=name.removeprefix("team:")).first() if person is None else None
    return person.pk if person else None, group.pk if group else None
