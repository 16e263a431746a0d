"""What had been decided by the end of a pack: the waivers in force, and what gates said in the period."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q

from seamark.governance.ledger.entry import plain
from seamark.insight.exports.pack.archive import File, as_json
from seamark.insight.exports.pack.period import begins
from seamark.insight.exports.pack.shapes import Period
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.store.access import Visible
from seamark.store.models import Verdict, Waiver
from seamark.store.query.waived import in_force

MOST: Final = 50_000
"""Verdicts in one pack, the newest."""


def decisions(visible: Visible, scope: Scope, period: Period, at: datetime) -> tuple[list[File], list[str]]:
    """Return waivers and verdicts as files of a pack, and what its reader has to know of them."""
    verdicts, more = _verdicts(visible, scope, period, at)
    about = {"scope": str(scope), "period": period.label}
    files = [
        File("decisions/waivers.json", as_json({**about, "waivers": _waivers(visible, scope, at)})),
        File("decisions/verdicts.json", as_json({**about, "complete": not more, "verdicts": verdicts})),
    ]
    notes = [f"decisions/verdicts.json has the newest {MOST:,} verdicts of the period."] if more else []
    if not scope.whole:
        notes.append("Waivers that hold everywhere are in packs of everything only.")
    return files, notes


def _waivers(visible: Visible, scope: Scope, at: datetime) -> list[object]:
    """Return the waivers that counted at a time: those of the scope's applications; in one of everything those of everywhere too."""
    rows = Waiver.objects.filter(in_force(at))
    among = Q(application__in=applications(visible, scope).values("id"))
    rows = rows.filter(among | Q(application=None) if scope.whole else among)
    told = rows.select_related("application", "requester", "decider").prefetch_related("issues").order_by("pk")
    return [
        plain({
            "reference": row.reference, "scope": row.scope, "application": row.application.slug if row.application else "", "policy": row.policy,
            "query": row.query, "issues": sorted(f"SM-{one.issue_id}" for one in row.issues.all()), "fix": row.fix_id, "reason": row.reason,
            "text": row.text, "control": row.control_text, "evidence": row.evidence, "requester": row.requester.get_username(),
            "requested_at": row.requested_at, "decider": row.decider.get_username() if row.decider else "", "decided_at": row.decided_at,
            "expires_at": row.expires_at,
        })
        for row in told
    ]  # fmt: skip


def _verdicts(visible: Visible, scope: Scope, period: Period, at: datetime) -> tuple[list[object], bool]:
    """Return what gates said in the period, oldest first, and whether there was more."""
    names = (
        "id", "application__slug", "stage", "about", "ref", "commit", "pull_request", "outcome", "bundle", "facts_digest", "issues", "new",
        "entry", "at",
    )  # fmt: skip
    among = applications(visible, scope).values("id")
    rows = Verdict.objects.filter(application__in=among, at__gte=begins(period), at__lte=at)
    found = list(rows.order_by("-pk").values(*names)[: MOST + 1])
    told = [plain({"application": one.pop("application__slug"), **one}) for one in reversed(found[:MOST])]
    return told, len(found) > MOST
