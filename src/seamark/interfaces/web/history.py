"""What happened to an issue, in sentences, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from seamark.governance.triage.lifecycle import RESOLUTIONS
from seamark.interfaces.web.evidence import Evidence
from seamark.pipeline.account import MERGE_WORDS
from seamark.store.access import Visible
from seamark.store.models import Event, Issue

MOST = 100


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


def history_of(seen: Visible, issue: Issue, evidence: Evidence) -> list[Happened]:
    """Return what happened: the events, and the scans that first reported it."""
    events = seen.events().filter(issue=issue).select_related("actor", "scan__stream").order_by("-id")[:MOST]
    entries = [_entry(event) for event in events]
    opened: dict[tuple[datetime, str], None] = {}
    for one in evidence.said:
        opened.setdefault((one.row.opened_in.at, one.row.stream.tool))
    first = min((at for at, _ in opened), default=issue.opened_at)
    for at, tool in opened:
        entries.append(Happened(at, f"Opened by {tool}" if at == first else f"Reported by {tool}"))
    if not opened:
        entries.append(Happened(issue.opened_at, "Opened"))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _entry(event: Event) -> Happened:
    details: dict[str, Any] = event.details if isinstance(event.details, dict) else {}
    decided = event.kind in MERGE_WORDS
    quote = str(details.get("reason" if decided else "comment") or "")
    return Happened(
        event.at,
        _sentence(event.kind, details),
        quote=quote,
        who=event.actor.username if event.actor else str(details.get("by") or "") if decided else "",
        tool=event.scan.stream.tool if event.scan else "",
        change=str(details.get("change", "")) if event.kind == "state" else "",
        other=str(details.get("other") or "") if decided else "",
    )


def _sentence(kind: str, details: dict[str, Any]) -> str:
    if kind in MERGE_WORDS:
        return MERGE_WORDS[kind]
    before, after = details.get("before"), details.get("after")
    match kind:
        case "state":
            return _state_sentence(before, after, details)
        case "fixed":
            return "Fixed: no tool reports it any more"
        case "reopened":
            return "Came back after it was fixed (regression)" if details.get("regression") else "Reported again"
        case "moved":
            return f"Moved from {before} to {after}; triage kept" if before and after else "Moved; triage kept"
        case "severity":
            return f"Severity: {before} → {after}"
        case "risk" if isinstance(before, int) and isinstance(after, int):
            return f"Risk: {before / 10:.0f} → {after / 10:.0f}"
        case "assigned":
            return f"Assigned to {after}" if after else f"Taken from {before}"
        case "unchecked":
            return f"No longer checked: {details.get('tool') or 'the tool'} does not run this rule any more"
        case "comment":
            return "Comment"
    return kind.replace("_", " ").capitalize()


def _state_sentence(before: object, after: object, details: dict[str, Any]) -> str:
    reason = str(details.get("reason") or "")
    words = f"{after} as {RESOLUTIONS.get(reason, reason.replace('_', ' ')).lower()}" if reason else str(after)
    return f"Undone: {words} again" if details.get("undoes") else f"{str(before).capitalize()} → {words}"
