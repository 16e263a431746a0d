"""What happened to an issue, in sentences, newest first; and how its score moved, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from seamark.governance.triage.lifecycle import RESOLUTION_WORDS
from seamark.interfaces.web.evidence import Evidence
from seamark.pipeline.account import MERGE_WORDS
from seamark.store.access import Visible
from seamark.store.models import Event, Issue
from seamark.store.models.engagements import RetestState

MOST = 100
WIDTH, HEIGHT = 300, 40
"""Of a curve, in its own units."""
_UNQUOTED = frozenset({"comment_edited", "comment_deleted", "mentioned"})
"""What is said anew stands in the conversation."""


@dataclass(frozen=True)
class Happened:
    """One entry. `quote` is what a person or the matcher gave as the reason, `change` can be undone."""

    at: datetime
    sentence: str
    quote: str = ""
    who: str = ""
    tool: str = ""
    change: str = ""
    other: str = ""
    """The reference of another issue that the sentence ends with."""
    comment: int | None = None
    """The number of the comment that it is about."""


@dataclass(frozen=True)
class Moved:
    """The score moved, in tenths. `why` are words with the points that each brought, where they were kept."""

    at: datetime
    before: int
    after: int
    why: list[tuple[str, int]] = field(default_factory=list)

    @property
    def change(self) -> int:
        """Return by how much."""
        return self.after - self.before


@dataclass(frozen=True)
class Curve:
    """A line in a field of `WIDTH` by `HEIGHT`, with where it ends."""

    points: str
    x: float
    y: float


@dataclass(frozen=True)
class Scores:
    """How a score moved, newest first, and the same as a curve from when the issue was opened."""

    moves: list[Moved]
    curve: Curve | None


def events_of(seen: Visible, issue: Issue) -> list[Event]:
    """Return the newest events of an issue, newest first."""
    return list(seen.events().filter(issue=issue).select_related("actor", "scan__stream").order_by("-id")[:MOST])


def scores_of(issue: Issue, events: Sequence[Event]) -> Scores:
    """Return how an issue's score moved, by its events."""
    moves = [moved for event in events if event.kind == "risk" and (moved := _moved(event)) is not None]
    moves.sort(key=lambda moved: moved.at, reverse=True)
    if not moves:
        return Scores([], None)
    stood = [(issue.opened_at, moves[-1].before)]
    for one in reversed(moves):
        # The score holds until it moves: a step, not a slope.
        stood += [(one.at, one.before), (one.at, one.after)]
    stood.append((timezone.now(), moves[0].after))
    return Scores(moves, curve([(at.timestamp(), score) for at, score in stood], 1000))


def _moved(event: Event) -> Moved | None:
    """Return a move of the score; None where its event does not say from where to where."""
    details: dict[str, Any] = event.details if isinstance(event.details, dict) else {}
    before, after = details.get("before"), details.get("after")
    if not isinstance(before, int) or not isinstance(after, int):
        return None
    return Moved(event.at, before, after, reasons_in(details))


def reasons_in(details: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the reasons that an event of a score keeps; none for events from before they were kept."""
    told = details.get("why")
    return [
        (str(one[0]), one[1])
        for one in (told if isinstance(told, list) else [])
        if isinstance(one, list) and len(one) == 2 and isinstance(one[1], int)
    ]


def curve(points: Sequence[tuple[float, float]], most: float) -> Curve | None:
    """Return points of time and value, from 0 to `most`, as a curve; None for fewer than two."""
    if len(points) < 2 or most <= 0:
        return None
    first, last = points[0][0], points[-1][0]
    wide = (last - first) or 1.0
    drawn = [
        (round((at - first) / wide * WIDTH, 1), round((1 - min(1.0, max(0.0, value / most))) * (HEIGHT - 4) + 2, 1))
        for at, value in points
    ]
    return Curve(" ".join(f"{x},{y}" for x, y in drawn), *drawn[-1])


def history_of(issue: Issue, evidence: Evidence, events: Sequence[Event]) -> list[Happened]:
    """Return what happened: the events, and the scans that first reported it."""
    # What was changed or taken back since is no longer quoted. That happened later, and so is among the newest events as well.
    changed = {event.details.get("of") for event in events if event.kind in {"comment_edited", "comment_deleted"}}
    entries = [_entry(event, quoted=event.pk not in changed) for event in events]
    opened: dict[tuple[datetime, str], None] = {}
    for one in evidence.said:
        opened.setdefault((one.row.opened_in.at, one.row.stream.tool))
    first = min((at for at, _ in opened), default=issue.opened_at)
    for at, tool in opened:
        entries.append(
            Happened(
                at, (gettext("Opened by %(tool)s") if at == first else gettext("Reported by %(tool)s")) % {"tool": tool}
            )
        )
    if not opened:
        entries.append(Happened(issue.opened_at, gettext("Opened")))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _entry(event: Event, *, quoted: bool) -> Happened:
    details: dict[str, Any] = event.details if isinstance(event.details, dict) else {}
    decided = event.kind in MERGE_WORDS
    told = quoted and event.kind not in _UNQUOTED
    quote = str(details.get("reason" if decided else "comment") or "") if told else ""
    return Happened(
        event.at,
        _sentence(event.kind, details),
        quote=quote,
        who=event.actor.username
        if event.actor
        else str(details.get("by") or "")
        if decided or event.kind == "retest"
        else "",
        tool=event.scan.stream.tool if event.scan else "",
        change=str(details.get("change", "")) if event.kind == "state" else "",
        other=str(details.get("other") or "") if decided else "",
        comment=event.pk if event.kind == "comment" else None,
    )


def _sentence(kind: str, details: dict[str, Any]) -> str:
    if kind in MERGE_WORDS:
        return gettext(MERGE_WORDS[kind])
    before, after = details.get("before"), details.get("after")
    match kind:
        case "state":
            return _state_sentence(before, after, details)
        case "fixed":
            return gettext("Fixed: no tool reports it any more")
        case "reopened":
            return (
                gettext("Came back after it was fixed (regression)")
                if details.get("regression")
                else gettext("Reported again")
            )
        case "moved":
            if not (before and after):
                return gettext("Moved; triage kept")
            return gettext("Moved from %(before)s to %(after)s; triage kept") % {"before": before, "after": after}
        case "severity":
            return gettext("Severity: %(before)s → %(after)s") % {
                "before": gettext(str(before)),
                "after": gettext(str(after)),
            }
        case "risk" if isinstance(before, int) and isinstance(after, int):
            why = "; ".join(words for words, _ in reasons_in(details)[:3])
            moved = gettext("Risk: %(before)s → %(after)s") % {
                "before": f"{before / 10:.0f}",
                "after": f"{after / 10:.0f}",
            }
            return moved + (f" ({why})" if why else "")
        case "retest":
            return _retest_sentence(str(before or ""), str(after or ""), str(details.get("engagement") or ""))
        case "assigned":
            return (gettext("Assigned to %(name)s") if after else gettext("Taken from %(name)s")) % {
                "name": after or before
            }
        case "unchecked":
            tool = details.get("tool") or gettext("the tool")
            return gettext("No longer checked: %(tool)s does not run this rule any more") % {"tool": tool}
        case "comment":
            return gettext("Comment")
        case "comment_edited":
            return gettext("Comment changed")
        case "comment_deleted":
            return gettext("Comment deleted")
        case "mentioned":
            return gettext("%(name)s is named in a comment") % {"name": details.get("person") or gettext("Somebody")}
    return gettext(kind.replace("_", " ").capitalize())


def _retest_sentence(before: str, after: str, engagement: str) -> str:
    """Return what a step of a retest came to: somebody says that it is mended, takes that back, or a tester looked again."""
    name = {"name": engagement or gettext("a penetration test")}
    if after == RetestState.READY.label:
        return gettext("Said to be mended: waits for the retest of %(name)s") % name
    if after == RetestState.PASSED.label:
        return gettext("Retest of %(name)s passed: it is gone") % name
    if after == RetestState.FAILED.label:
        return gettext("Retest of %(name)s failed: it is still there") % name
    if before == RetestState.READY.label:
        return gettext("No longer said to be mended: waits for no retest of %(name)s") % name
    return gettext("Retest of %(name)s: %(after)s") % {**name, "after": after}


def _state_sentence(before: object, after: object, details: dict[str, Any]) -> str:
    reason, words = str(details.get("reason") or ""), gettext(str(after))
    if reason:
        told = gettext(RESOLUTION_WORDS.get(reason, reason.replace("_", " ")).lower())
        words = gettext("%(state)s as %(reason)s") % {"state": words, "reason": told}
    if details.get("undoes"):
        return gettext("Undone: %(words)s again") % {"words": words}
    was = gettext(str(before))
    return f"{was[:1].upper()}{was[1:]} → {words}"
