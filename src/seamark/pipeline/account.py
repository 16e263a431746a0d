"""Everything there is to say about one issue, in plain values: for the command line and the API."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db.models import F

from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.insight.exports.issues import as_json
from seamark.pipeline.scoring import receipt_of
from seamark.pipeline.why import why_of
from seamark.store import evidence
from seamark.store.models import AiMark, Event, Finding, Issue


def account_of(issue: Issue, *, limit: int = 100) -> dict[str, Any]:
    """Return an issue with its findings (open ones first, at most `limit`), why they are one, receipt and history."""
    rows = list(
        Finding.objects.filter(issue=issue)
        .select_related("stream", "opened_in", "closed_in", "rule")
        .order_by(F("closed_in").asc(nulls_first=True), "id")[:limit]
    )
    full = evidence.read(rows)
    return {
        **as_json(issue),
        "merged_into": f"SM-{issue.merged_into_id}" if issue.merged_into_id else None,
        "ai_evidence": mark.sentence if (mark := AiMark.objects.filter(issue=issue).first()) else None,
        "findings": [_finding(row, full.get(row.pk)) for row in rows],
        "why": msgspec.to_builtins(why_of(issue, rows, full)),
        "receipt": msgspec.to_builtins(receipt_of(issue)),
        "history": history_of(issue),
    }


def _finding(row: Finding, full: Any) -> dict[str, Any]:
    location = full.location if full is not None else None
    return {
        "finding": row.pk,
        "tool": row.stream.tool,
        "rule": row.rule.code,
        "severity": Severity(row.severity).word,
        "place": f"{row.path}:{row.line}" if row.line else row.path,
        "component": row.component or None,
        "fixed_version": row.fixed_version or None,
        "ref": row.stream.ref or None,
        "since": row.opened_in.at.date().isoformat(),
        "state": "open" if row.closed_in_id is None else "closed",
        "scan": row.opened_in_id,
        "report_index": row.report_index,
        "title": full.title if full is not None else "",
        "description": (full.description or (full.about.description if full.about else "")) if full is not None else "",
        "snippet": location.snippet if isinstance(location, CodeLocation) else "",
    }


def history_of(issue: Issue, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return what happened to an issue, newest first, each with a sentence."""
    events = Event.objects.filter(issue=issue).select_related("actor", "scan__stream").order_by("-at", "-id")[:limit]
    told = [
        {
            "at": event.at.isoformat(), "kind": event.kind, "text": sentence(event), "details": event.details,
            "actor": event.actor.get_username() if event.actor else None,
        }
        for event in events
    ]  # fmt: skip
    told.append(
        {
            "at": issue.opened_at.isoformat(),
            "kind": "opened",
            "text": f"Opened, {issue.rule}",
            "details": {},
            "actor": None,
        }
    )
    return told


def sentence(event: Event) -> str:
    """Return an event as a sentence."""
    details = event.details
    by = f" by {event.actor.get_username()}" if event.actor else ""
    tool = f" ({event.scan.stream.tool})" if event.scan else ""
    match event.kind:
        case "fixed":
            return f"Fixed: no tool reports it any more{tool}"
        case "reopened":
            return (
                f"Returned after it was fixed: a regression{tool}" if details.get("regression") else f"Reopened{tool}"
            )
        case "severity":
            return f"Severity changed from {details['before']} to {details['after']}{tool}"
        case "risk":
            return f"Risk {details['before'] / 10:.1f} → {details['after'] / 10:.1f}"
        case "state":
            why = (
                f": {details['comment']}"
                if details.get("comment")
                else (f" ({details['reason']})" if details.get("reason") else "")
            )
            return f"{details.get('before', '')} → {details.get('after', '')}{by}{why}".strip(" →")
        case "unchecked":
            return f"The rule no longer runs{tool}; it stays open"
        case "moved":
            return f"Moved from {details['before']} to {details['after']}{tool}; triage kept"
        case kind if kind in MERGE_WORDS:
            return _merge_sentence(kind, details)
        case "comment":
            return f"{details.get('comment', '')} —{by}"
        case "comment_edited":
            return f"Changed a comment: {details.get('comment', '')} —{by}"
        case "comment_deleted":
            return f"Took a comment back{by}"
        case "assigned":
            return f"Assigned to {details.get('after') or 'nobody'}{by}"
        case _:
            return f"{event.kind}{by}"


MERGE_WORDS = {
    "merged": "Merged with",
    "merged_into": "Became part of",
    "split": "Split off",
    "split_from": "Split from",
    "kept_apart": "Kept apart from",
    "apart_revoked": "No longer kept apart from",
}
"""What an event says of its issue and another one, whose reference follows."""


def _merge_sentence(kind: str, details: dict[str, Any]) -> str:
    by = f" by {details['by']}" if details.get("by") else ""
    why = f": {details['reason']}" if details.get("reason") else ""
    return f"{MERGE_WORDS[kind]} {details.get('other', 'another issue')}{by}{why}"
