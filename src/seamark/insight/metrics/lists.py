"""The list behind a number: exactly as long as the number says, by the same rule, in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from django.db.models import QuerySet
from msgspec import Struct

from seamark.core.errors import InvalidQuery
from seamark.insight.metrics.columns import AWAY, DISMISSED, FIXED, MERGED, OPEN, WRONG
from seamark.insight.metrics.measures import MEMBERS, Masks, Row, members
from seamark.insight.metrics.scope import Scope, pulls, unscanned, waivers

OUTCOMES: Final = {
    OPEN: "open", FIXED: "fixed", WRONG: "false positive", DISMISSED: "dismissed", MERGED: "part of another issue",
    AWAY: "on other branches only",
}  # fmt: skip


class Line(Struct, frozen=True, kw_only=True):
    """One line of a list."""

    kind: str
    """`issue`, `waiver`, `asset` or `pull_request`."""
    number: int
    reference: str
    title: str
    application: str
    opened: str
    """ISO time or date; empty where there is none."""
    closed: str
    words: str
    """How it stands or ended."""
    priority: int | None = None
    risk: float | None = None
    owner: str = ""
    url: str = ""


class Listed(Struct, frozen=True, kw_only=True):
    """A part of a list."""

    total: int
    lines: list[Line]
    first: int


def listed(asked: Scope, name: str, *, first: int = 0, most: int = 100) -> Listed:
    """Return a part of the list behind a number. Raises `InvalidQuery` where there is none of that name."""
    if name in MEMBERS:
        total, rows = members(Masks(asked.columns(), asked.period), name, first=first, most=most)
        return Listed(total=total, lines=_issues(asked, rows), first=first)
    if name not in _OTHERS:
        raise InvalidQuery(f"There is no list {name!r}")
    found, lines = _OTHERS[name](asked)
    return Listed(total=found.count(), lines=lines(found[first : first + most]), first=first)


def _issues(asked: Scope, rows: Sequence[Row]) -> list[Line]:
    titles = dict(asked.seen.issues().filter(pk__in={one.issue for one in rows}).values_list("pk", "title"))
    names = {one.pk: one.name for one in asked.applications}
    return [
        Line(
            kind="issue", number=one.issue, reference=f"SM-{one.issue}", title=titles.get(one.issue, ""),
            application=names.get(one.application, ""), opened=one.opened.isoformat(), closed=one.closed.isoformat() if one.closed else "",
            words=OUTCOMES[one.outcome], priority=one.priority, risk=one.risk / 10, owner=one.owner,
        )
        for one in rows
    ]  # fmt: skip


_Found = tuple[QuerySet, Callable[[QuerySet], list[Line]]]  # type: ignore[type-arg]


def _waivers(asked: Scope) -> _Found:
    def lines(rows: QuerySet) -> list[Line]:  # type: ignore[type-arg]
        return [
            Line(
                kind="waiver", number=one.pk, reference=one.reference, title=one.text[:200],
                application=one.application.name if one.application else "", opened=one.decided_at.isoformat(),
                closed=one.expires_at.isoformat(), words=one.get_state_display(),
            )
            for one in rows
        ]  # fmt: skip

    return waivers(asked).select_related("application").order_by("expires_at", "pk"), lines


def _assets(asked: Scope) -> _Found:
    def lines(rows: QuerySet) -> list[Line]:  # type: ignore[type-arg]
        return [
            Line(
                kind="asset", number=one.pk, reference=one.name or one.key, title=one.key,
                application=one.application.name if one.application else "", opened=one.first_seen.isoformat(), closed="", words=one.kind,
            )
            for one in rows
        ]  # fmt: skip

    return unscanned(asked).select_related("application").order_by("pk"), lines


def _pulls(asked: Scope) -> _Found:
    def lines(rows: QuerySet) -> list[Line]:  # type: ignore[type-arg]
        return [
            Line(
                kind="pull_request", number=one.pk, reference=f"#{one.number}", title=one.title, application=one.fix.application.name,
                opened=one.created_at.isoformat(), closed=one.finished_at.isoformat(), words=one.get_state_display(), url=one.url,
            )
            for one in rows
        ]  # fmt: skip

    return pulls(asked).select_related("fix__application").order_by("-finished_at", "-pk"), lines


_OTHERS: Final[dict[str, Callable[[Scope], _Found]]] = {"waivers": _waivers, "unscanned": _assets, "pulls": _pulls}
